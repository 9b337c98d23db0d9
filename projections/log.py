"""Reading the log 读取台账: facts with their envelopes, by position in pages, or stream by stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from domain.recorded import Recorded
from domain.stored_form import body_of

PAGE = 2000


COLUMNS = (
    "notification_id, recorded_at, originator_id, originator_version, topic, value_date, scopes, actor_subject, actor_role,"
    " actor_institution, actor_region, authority, correlation, causation, idempotency_key, credential, channel, actor_signature,"
    " leaf_hash, state"
)


def head(connection: psycopg.Connection[Any]) -> int:
    """The last position of the log; 0 when it is empty."""
    row = connection.execute("SELECT coalesce(max(notification_id), 0) FROM ledger.stored_events").fetchone()
    assert row is not None
    return int(row[0])


def page(connection: psycopg.Connection[Any], after: int, limit: int = PAGE, upto: int | None = None) -> list[Recorded]:
    """The next facts after a position, in order."""
    statement = (
        f"SELECT {COLUMNS} FROM ledger.stored_events WHERE notification_id > %b::bigint AND notification_id <= %b::bigint"
        " ORDER BY notification_id LIMIT %b::bigint"
    )
    return _rows(connection, statement, (after, upto if upto is not None else 2**62, limit))


class Told(NamedTuple):
    """What a read model needs of a fact: its place and its body."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes

    @property
    def body(self) -> dict[str, Any]:
        """As the fact's published schema describes it. Raises Unreadable."""
        return body_of(self.topic, self.state)


def told(connection: psycopg.Connection[Any], after: int, limit: int = PAGE, upto: int | None = None) -> list[Told]:
    """The next facts after a position, in order, without their envelopes."""
    statement = (
        "SELECT notification_id, originator_id::text, originator_version, topic, state FROM ledger.stored_events"
        " WHERE notification_id > %b::bigint AND notification_id <= %b::bigint ORDER BY notification_id LIMIT %b::bigint"
    )
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        rows = cursor.execute(statement, (after, upto if upto is not None else 2**62, limit), prepare=True).fetchall()
    return list(map(Told._make, rows))


def everything(connection: psycopg.Connection[Any], after: int = 0, limit: int = PAGE) -> Iterator[Recorded]:
    """The log from a position on, a page at a time."""
    while facts := page(connection, after, limit):
        yield from facts
        after = facts[-1].position


def stream(connection: psycopg.Connection[Any], stream_id: UUID, known_at: int | None = None) -> list[Recorded]:
    """One stream's facts, as known at a position."""
    statement = (
        f"SELECT {COLUMNS} FROM ledger.stored_events WHERE originator_id = %b::uuid AND notification_id <= %b::bigint"
        " ORDER BY originator_version"
    )
    return _rows(connection, statement, (stream_id, known_at if known_at is not None else 2**62))


def streams(
    connection: psycopg.Connection[Any], stream_ids: Sequence[str], upto: int, topics: Iterable[str]
) -> list[Recorded]:
    """The facts of some streams that are of some topics, stream by stream, as known at a position."""
    statement = (
        f"SELECT {COLUMNS} FROM ledger.stored_events WHERE originator_id = ANY(%b::uuid[]) AND notification_id <= %b::bigint"
        " AND topic = ANY(%b::text[]) ORDER BY originator_id, originator_version"
    )
    return _rows(connection, statement, (list(stream_ids), upto, list(topics)))


def position_at(connection: psycopg.Connection[Any], moment: datetime) -> int:
    """The last position recorded by then. Time and position rise together, so the search halves the log."""
    low, high = 0, head(connection)
    while low < high:
        middle = (low + high + 1) // 2
        row = connection.execute(
            "SELECT recorded_at FROM ledger.stored_events WHERE notification_id = %s", (middle,)
        ).fetchone()
        assert row is not None, "positions have no gap"
        low, high = (middle, high) if row[0] <= moment else (low, middle - 1)
    return low


def _rows(connection: psycopg.Connection[Any], statement: str, parameters: tuple[object, ...]) -> list[Recorded]:
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        rows = cursor.execute(statement.encode(), parameters, prepare=True).fetchall()
    return [Recorded(*row) for row in rows]
