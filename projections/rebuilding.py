"""Rebuilding 重建: a projection is made anew beside the live one and takes its place in one transaction, readers and writers going on.

A digest over canonical rows proves that what was rebuilt is what was live.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections.keeper import LIVE, REBUILD, Keeper, advance
from projections.projection import Projection

SWITCH_ATTEMPTS = 60


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild found; `equal` is None when there was nothing live to compare with."""

    name: str
    events: int
    seconds: float
    rows: int
    digest: str
    equal: bool | None


def rebuild(
    connection: Connection[Any],
    projection: Projection[Any],
    *,
    switch: bool = True,
    told: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Fold the whole log beside the live tables, compare at the live position, and switch over unless told not to."""
    connection.execute("SELECT pg_advisory_lock(hashtext('loan-ledger rebuild'), hashtext(%s))", (projection.name,))
    try:
        return _rebuild(connection, projection, switch, told)
    finally:
        connection.execute(
            "SELECT pg_advisory_unlock(hashtext('loan-ledger rebuild'), hashtext(%s))", (projection.name,)
        )


def digest(connection: Connection[Any], projection: Projection[Any], schema: str) -> tuple[str, int]:
    """SHA-256 over every row of the projection's tables, in the order of their keys, and the number of rows."""
    hashed, rows = hashlib.sha256(), 0
    with connection.cursor() as cursor:
        for table, order in projection.tables.items():
            hashed.update(f"{table}\n".encode())
            with cursor.copy(f"COPY (SELECT * FROM {schema}.{table} ORDER BY {order}) TO STDOUT".encode()) as copy:
                for block in copy:
                    hashed.update(block)
                    rows += bytes(block).count(b"\n")
    return hashed.hexdigest(), rows


def _rebuild(
    connection: Connection[Any], projection: Projection[Any], switch: bool, told: Callable[[int], None] | None
) -> Rebuilt:
    live, beside = Keeper(connection, projection), Keeper(connection, projection, REBUILD)
    _drop(connection, projection, REBUILD)
    position, live_digest = _live(connection, live)
    started = time.monotonic()
    beside.create()
    events = advance(beside, position, page_size=20000, told=told)
    seconds = time.monotonic() - started
    rebuilt, rows = digest(connection, projection, REBUILD)
    if switch:
        _switch(connection, live, beside)
    else:
        _drop(connection, projection, REBUILD)
    return Rebuilt(
        projection.name, events, seconds, rows, rebuilt, None if live_digest is None else live_digest == rebuilt
    )


def _live(connection: Connection[Any], live: Keeper) -> tuple[int | None, str | None]:
    """The live position and digest, in one snapshot; nothing if the live tables are of another code version."""
    if live.built_version() != live.projection.version:
        return None, None
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return live.position(), digest(connection, live.projection, LIVE)[0]


def _switch(connection: Connection[Any], live: Keeper, beside: Keeper) -> None:
    """Catch up, then take the live tables' place. A reader in the way delays the switch and is not cancelled."""
    for attempt in range(1, SWITCH_ATTEMPTS + 1):
        advance(beside)
        try:
            with connection.transaction():
                _take_place(connection, live, beside)
            return
        except psycopg.errors.LockNotAvailable:
            if attempt == SWITCH_ATTEMPTS:
                raise
            time.sleep(0.05 * attempt)


def _take_place(connection: Connection[Any], live: Keeper, beside: Keeper) -> None:
    """With the live tracking locked nobody folds further; locks are taken tracking first, as every fold and every reader does."""
    connection.execute("SET LOCAL lock_timeout = '500ms'")
    if live.built_version() is not None:
        tracking = SQL("LOCK TABLE {}.{} IN ACCESS EXCLUSIVE MODE").format(
            Identifier(LIVE), Identifier(live.tracking_table_name)
        )
        connection.execute(tracking)
        advance(beside, max(live.position(), beside.position()))
    _drop(connection, live.projection, LIVE)
    for table in (live.tracking_table_name, *live.projection.tables):
        moved = SQL("ALTER TABLE {}.{} SET SCHEMA {}").format(Identifier(REBUILD), Identifier(table), Identifier(LIVE))
        connection.execute(moved)


def _drop(connection: Connection[Any], projection: Projection[Any], schema: str) -> None:
    for table in (f"{projection.name}_tracking", *projection.tables):
        connection.execute(SQL("DROP TABLE IF EXISTS {}.{}").format(Identifier(schema), Identifier(table)))
