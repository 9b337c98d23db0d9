"""A keeper folds facts into one projection's tables, each fact exactly once, live or in a rebuild: the same code.

A page of facts and the tracking of its last position are written in one transaction. A fact that cannot be folded is found and
named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier

from projections.projection import Projection

LIVE, REBUILD = "projections", "projections_rebuild"
LOG = "ledger"
"""The name under which the log is tracked."""


class OneConnection(PostgresDatastore):
    """The library's datastore over a connection that is already open."""

    def __init__(self, connection: Connection[Any], schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema)
        self._connection = connection

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        row_factory, self._connection.row_factory = self._connection.row_factory, dict_row
        try:
            yield self._connection
        finally:
            self._connection.row_factory = row_factory


class Keeper(PostgresTrackingRecorder):
    """Keeps one projection's tables in one schema, with the library's tracking beside them."""

    def __init__(self, connection: Connection[Any], projection: Projection[Any], schema: str = LIVE) -> None:
        super().__init__(OneConnection(connection, schema), tracking_table_name=f"{projection.name}_tracking")
        self.connection, self.projection, self.schema = connection, projection, schema

    def create(self) -> None:
        """Make the tables, empty, at the projection's code version."""
        with self.datastore.transaction(commit=True) as cursor:
            self._create_table(cursor)
            self.connection.execute(self.projection.ddl.format(schema=self.schema).encode())
            self.connection.execute(
                SQL("COMMENT ON TABLE {}.{} IS {}").format(
                    Identifier(self.schema), Identifier(self.tracking_table_name), str(self.projection.version)
                )
            )

    def built_version(self) -> int | None:
        """The code version of the tables; None if there are none."""
        row = self.connection.execute(
            "SELECT obj_description(to_regclass(%s), 'pg_class')", (f"{self.schema}.{self.tracking_table_name}",)
        ).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def position(self) -> int:
        """Up to where the facts are folded."""
        return self.max_tracking_id(LOG) or 0

    def fold(self, facts: Sequence[Any], upto: int, *, settle: bool = True) -> None:
        """Fold facts, and advance to `upto`, in one transaction. Tracking is taken first, so every order of locks is the same.

        Whoever goes on at once with the next page settles after the last one.
        """
        concerning = [fact for fact in facts if self.projection.concerns(fact)]
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, Tracking(LOG, upto))
            if concerning:
                self.projection.write(cursor, self.schema, concerning)
            if settle:
                self.projection.settle(cursor, self.schema, upto)
            cursor.execute("SELECT pg_notify('projections', %s)", (self.projection.name,))

    def settle(self, upto: int) -> None:
        """After the last page, where that was full."""
        with self.datastore.transaction(commit=True) as cursor:
            self.projection.settle(cursor, self.schema, upto)
            cursor.execute("SELECT pg_notify('projections', %s)", (self.projection.name,))


class Stopped(Exception):
    """A projection met a fact that it cannot fold."""

    def __init__(self, name: str, fact: str, problem: str) -> None:
        self.name, self.fact, self.problem = name, fact, problem
        super().__init__(f"projection {name} stopped at {fact}: {problem}")


def connect(conninfo: str) -> Connection[Any]:
    """A connection whose text output is the same everywhere, as digests need."""
    connection = psycopg.connect(conninfo, autocommit=True)
    connection.execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET client_encoding = 'UTF8'")
    return connection


def advance(
    keeper: Keeper, upto: int | None = None, page_size: int = 5000, told: Callable[[int], None] | None = None
) -> int:
    """Fold everything recorded so far (or up to a position), page by page; returns the position. Raises Stopped."""
    position, full = keeper.position(), False
    while facts := keeper.projection.page(keeper.connection, position, page_size, upto):
        try:
            keeper.fold(facts, facts[-1].position, settle=len(facts) < page_size)
        except IntegrityError:
            pass  # the tables were switched meanwhile and are further on
        except Exception as problem:
            if _is_the_servers(problem):
                raise
            _fold_singly(keeper, facts)
        position = keeper.position()
        if told is not None:
            told(position)
        full = len(facts) == page_size
    if full:
        keeper.settle(position)
    return position


def _fold_singly(keeper: Keeper, facts: Sequence[Any]) -> None:
    """Find the fact that a page failed on: what stands before it is folded, it is named."""
    for fact in facts:
        try:
            keeper.fold([fact], fact.position)
        except IntegrityError:
            return
        except Exception as problem:
            if _is_the_servers(problem):
                raise
            named = f"position {fact.position} ({fact.topic}, stream {fact.stream}, version {fact.version})"
            raise Stopped(
                keeper.projection.name, named, (str(problem) or type(problem).__name__).splitlines()[0]
            ) from problem


def _is_the_servers(problem: Exception) -> bool:
    """Lost, locked, full or shutting down: no fault of a fact, unlike a row that is too large to be kept."""
    return isinstance(problem, psycopg.OperationalError) and not isinstance(
        problem, psycopg.errors.ProgramLimitExceeded
    )
