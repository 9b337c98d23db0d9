"""Our recorder at the library's seam: one call of one database function an append, reads with named columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    Notification,
    OperationalError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.rows import tuple_row

from ledger import arrays
from ledger.context import CommandContext
from ledger.guards import SlotMove, TotalMove, slot_moves, total_moves
from ledger.leaf import JOINT, Envelope, leaf_hash
from ledger.mapper import StoredFact
from ledger.store import LedgerDatastore

RETRY_SECONDS = 40.0
"""Longer than the failover of a three-node cluster (up to 20 s, scale.md §2)."""

_FACTS = (
    "%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::date[], %b::text[], %b::text, %b::text, %b::text, %b::text, %b::text,"
    " %b::text, %b::text, %b::text, %b::bytea, %b::text, %b::text, %b::bytea"
)
_GUARDS = "%b::text[], %b::text[], %b::text[], %b::text[], %b::int[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::boolean[]"
_APPEND = f"SELECT first_position, recorded_at, leaves FROM ledger.append_events({_FACTS})"
_APPEND_GUARDED = f"SELECT first_position, recorded_at, leaves FROM ledger.append_events({_FACTS}, {_GUARDS})"
_COLUMNS = "originator_id, originator_version, topic, state"

T = TypeVar("T")


class LeafMismatch(Exception):
    """The server's leaf and ours differ: a defect or a forged function, never an ordinary answer."""


class LedgerRecorder(PostgresApplicationRecorder):
    """Saves facts through `ledger.append_events` and nothing else.

    `insert_events` takes `context`, `digest`, `totals` (capacity moves) and `answers` (a list that gets the first position, the
    server's time and the last leaf); it returns the positions. A retry carries the same idempotency key, so a commit whose
    acknowledgement was lost comes back as AlreadyRecorded.
    """

    datastore: LedgerDatastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if not stored_events:
            return None
        facts = [event for event in stored_events if isinstance(event, StoredFact)]
        assert len(facts) == len(stored_events), "only facts of our mapper can be appended"
        context: CommandContext = kwargs["context"]
        parameters = _parameters(facts, context, kwargs["digest"], kwargs.get("totals", ()))
        first, recorded_at, leaves = retried(lambda: self._append(parameters), self.datastore.renew)
        _compare(facts, context, first, recorded_at, leaves)
        if "answers" in kwargs:
            kwargs["answers"].append((first, recorded_at, leaves[-1]))
        return range(first, first + len(facts))

    def _append(self, parameters: Sequence[Any]) -> tuple[int, datetime, list[bytes]]:
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            statement = _APPEND if len(parameters) == _FACTS.count("%b") else _APPEND_GUARDED
            row = cursor.execute(statement.encode(), parameters, prepare=True, binary=True).fetchone()
        assert row is not None
        return row

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        order = "DESC" if desc else "ASC"
        statement = (
            f"SELECT {_COLUMNS} FROM ledger.stored_events WHERE originator_id = %b::uuid AND originator_version > %b::bigint"
            f" AND originator_version <= %b::bigint ORDER BY originator_version {order} LIMIT %b::bigint"
        )
        upto = lte if lte is not None else 2**62
        return [StoredEvent(*row) for row in self._select(statement, (originator_id, gt or 0, upto, limit))]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 1 if start is None else start if inclusive_of_start else start + 1
        last = stop if stop is not None else 2**62
        statement = (
            f"SELECT {_COLUMNS}, notification_id FROM ledger.stored_events WHERE notification_id BETWEEN %b::bigint AND %b::bigint"
            " AND (cardinality(%b::text[]) = 0 OR topic = ANY(%b::text[])) ORDER BY notification_id LIMIT %b::bigint"
        )
        rows = self._select(statement, (first, last, list(topics), list(topics), limit))
        return [Notification(*row) for row in rows]

    def _select(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        def select() -> list[Any]:
            with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
                return cursor.execute(statement.encode(), parameters, prepare=True, binary=True).fetchall()

        return retried(select, self.datastore.renew)


def retried(act: Callable[[], T], renew: Callable[[], None], seconds: float = RETRY_SECONDS) -> T:
    """Do it again, with connections renewed, while the server is away; a failover ends within the time, a lasting fault is then raised."""
    give_up, wait = time.monotonic() + seconds, 0.05
    while True:
        try:
            return act()
        except (InterfaceError, OperationalError):
            if time.monotonic() + wait > give_up:
                raise
            time.sleep(wait)
            wait = min(wait * 2, 2.0)
            renew()


def is_version_conflict(problem: IntegrityError) -> bool:
    """Another writer came first on the same stream."""
    cause = problem.__cause__
    return isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "stored_events_pkey"


def _parameters(
    facts: Sequence[StoredFact], context: CommandContext, digest: bytes, totals: Sequence[TotalMove]
) -> tuple[Any, ...]:
    """The arguments of the append function; those for guards only where a guard is moved."""
    slots = slot_moves(stored.fact for stored in facts)
    totals = [*total_moves(stored.fact for stored in facts), *totals]
    columns = context.columns
    parameters = (
        arrays.uuids(f.originator_id for f in facts),
        arrays.bigints(f.originator_version for f in facts),
        arrays.texts(f.topic for f in facts),
        arrays.bytestrings(f.state for f in facts),
        arrays.dates(f.value_date for f in facts),
        arrays.texts(_joined(f.scopes) for f in facts),
        *columns[:8],
        digest,
        *columns[8:],
    )
    return parameters if not slots and not totals else (*parameters, *_guards(slots, totals))


def _guards(slots: Sequence[SlotMove], totals: Sequence[TotalMove]) -> tuple[Any, ...]:
    return (
        arrays.texts(s.move for s in slots),
        arrays.texts(s.guard for s in slots),
        arrays.texts(s.key for s in slots),
        arrays.texts(s.holder for s in slots),
        arrays.integers(s.limit for s in slots),
        arrays.texts(t.guard for t in totals),
        arrays.texts(t.key for t in totals),
        arrays.bigints(t.used for t in totals),
        arrays.bigints(t.capacity for t in totals),
        arrays.booleans(t.binding for t in totals),
    )


def _joined(scopes: Sequence[str]) -> str:
    assert not any(JOINT in scope or not scope for scope in scopes), "a scope is a non-empty word"
    return JOINT.join(scopes)


def _compare(
    facts: Sequence[StoredFact], context: CommandContext, first: int, recorded_at: datetime, leaves: Sequence[bytes]
) -> None:
    for offset, (stored, leaf) in enumerate(zip(facts, leaves, strict=True)):
        fact = stored.fact
        envelope = Envelope(
            first + offset,
            recorded_at,
            fact.originator_id,
            fact.originator_version,
            stored.topic,
            stored.value_date,
            stored.scopes,
        )
        if leaf_hash(envelope, context.hashed, stored.state) != leaf:
            raise LeafMismatch(f"position {envelope.position}: the server's leaf is not the leaf of what was sent")
