"""What the tests of the log write with, and the questions they ask of the log afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, LiteralString, TypeVar, cast
from uuid import UUID, uuid4

import psycopg

from domain.actor import LOCAL_OPERATOR
from domain.facts import Fact, Moment
from domain.loan.events import JobsReported, Repaid
from domain.loan.loan import Loan
from ledger.context import CommandContext
from ledger.guards import TotalMove
from ledger.ledger import Ledger
from ledger.recorder import LedgerRecorder
from tests.conftest import DIGEST_KEY, as_role

PROJECT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY = date(2026, 3, 1)
DIGEST = bytes(range(32))

T = TypeVar("T")

PARAMETERS = {
    "p_ids": "uuid[]",
    "p_versions": "bigint[]",
    "p_topics": "text[]",
    "p_states": "bytea[]",
    "p_value_dates": "date[]",
    "p_scopes": "text[]",
    "p_subject": "text",
    "p_role": "text",
    "p_institution": "text",
    "p_region": "text",
    "p_authority": "text",
    "p_correlation": "text",
    "p_causation": "text",
    "p_key": "text",
    "p_digest": "bytea",
    "p_credential": "text",
    "p_channel": "text",
    "p_signature": "bytea",
    "p_slot_moves": "text[]",
    "p_slot_guards": "text[]",
    "p_slot_keys": "text[]",
    "p_slot_holders": "text[]",
    "p_slot_limits": "int[]",
    "p_total_guards": "text[]",
    "p_total_keys": "text[]",
    "p_total_used": "bigint[]",
    "p_total_capacity": "bigint[]",
    "p_total_binding": "boolean[]",
}
"""Every parameter of the append function and its type."""

TABLES: dict[str, LiteralString] = {
    "stored_events": "SELECT * FROM ledger.stored_events",
    "log_head": "SELECT position, nullif(recorded_at, '-infinity') FROM ledger.log_head",
    "command_outcome": "SELECT * FROM ledger.command_outcome",
    "guard_slot": "SELECT * FROM ledger.guard_slot",
    "guard_total": "SELECT * FROM ledger.guard_total",
}


@dataclass(frozen=True)
class Answer:
    """What the log said to an append."""

    positions: Sequence[int]
    recorded_at: datetime
    last_leaf: bytes


def open_ledger(database: str, **env: str) -> Ledger:
    return Ledger(as_role(database, "application"), digest_key=DIGEST_KEY, env=env)


def recorder_of(ledger: Ledger) -> LedgerRecorder:
    assert isinstance(ledger.recorder, LedgerRecorder)
    return ledger.recorder


def said_under(key: str | None = None, **more: Any) -> CommandContext:
    return CommandContext(LOCAL_OPERATOR, Moment(now=NOW), given_key=key, **more)


def jobs(stream: UUID, version: int, *, created: int = 1, **more: Any) -> JobsReported:
    given = {"timestamp": NOW, "value_date": DAY, "retained": 0, **more}
    return JobsReported(originator_id=stream, originator_version=version, created=created, **given)


def several(count: int, stream: UUID | None = None, first: int = 1, **more: Any) -> list[Fact]:
    """A stream's facts, one after the other."""
    into = stream or uuid4()
    return [jobs(into, version, **more) for version in range(first, first + count)]


def repaid(stream: UUID, version: int, reference: str | None) -> Repaid:
    return Repaid(
        originator_id=stream,
        originator_version=version,
        timestamp=NOW,
        value_date=DAY,
        amount_fen=100,
        changes=(),
        bank_reference=reference,
    )


def loan(loan_no: str) -> Loan:
    """A loan about to be recorded: its contract as a tape would give it."""
    return Loan.sign(
        Moment(now=NOW), loan_no=loan_no, value_date=DAY, bank="ICBC", product="p", approved_fen=100, guaranteed_fen=0
    )


def append(
    ledger: Ledger,
    facts: Sequence[Fact],
    context: CommandContext | None = None,
    digest: bytes = DIGEST,
    totals: Sequence[TotalMove] = (),
) -> Answer:
    """Save the facts through the recorder, as a command does."""
    answers: list[tuple[int, datetime, bytes]] = []
    stored = [ledger.mapper.to_stored_event(fact) for fact in facts]
    positions = ledger.recorder.insert_events(
        stored, context=context or said_under(), digest=digest, totals=totals, answers=answers
    )
    assert positions is not None
    (first, recorded_at, leaf) = answers[0]
    assert first == positions[0]
    return Answer(positions, recorded_at, leaf)


def call_append(connection: psycopg.Connection, **given: Any) -> tuple[int, datetime, list[bytes]]:
    """Call the append function itself: one fact of a new stream under a new key, except for what is given."""
    values = dict.fromkeys(PARAMETERS) | one_fact() | given
    arguments = ", ".join(f"{name} => %({name})s::{kind}" for name, kind in PARAMETERS.items())
    statement = f"SELECT first_position, recorded_at, leaves FROM ledger.append_events({arguments})"
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row


def one_fact() -> dict[str, Any]:
    return {
        "p_ids": [uuid4()],
        "p_versions": [1],
        "p_topics": ["loan.jobs_reported"],
        "p_states": [b'{"v":1}'],
        "p_value_dates": [DAY],
        "p_scopes": [""],
        "p_subject": "local",
        "p_role": "operator",
        "p_institution": "local",
        "p_region": "local",
        "p_correlation": "c",
        "p_key": str(uuid4()),
        "p_digest": DIGEST,
        "p_channel": "python",
    }


def contents(database: str) -> Mapping[str, list[Any]]:
    """Every row of every table of the log."""
    with psycopg.connect(database) as connection:
        return {table: sorted(connection.execute(rows).fetchall(), key=repr) for table, rows in TABLES.items()}


def length_if_sound(database: str) -> int:
    """How many facts the log has; fails unless positions, times, leaves, streams and outcomes hold together."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT position, recorded_at, leaf_recomputes, idempotency_key FROM ledger.readable_events ORDER BY position"
        ).fetchall()
        head = connection.execute("SELECT position, nullif(recorded_at, '-infinity') FROM ledger.log_head").fetchone()
        outcomes = connection.execute(
            "SELECT idempotency_key, first_position, facts FROM ledger.command_outcome"
        ).fetchall()
        broken = connection.execute(
            "SELECT originator_id FROM ledger.stored_events GROUP BY 1"
            " HAVING max(originator_version) <> count(*) OR min(originator_version) <> 1"
        ).fetchall()
    positions, times = [row[0] for row in rows], [row[1] for row in rows]
    assert positions == list(range(1, len(rows) + 1)), "positions have no gap and none is given twice"
    assert times == sorted(times), "server time does not run backwards"
    assert all(row[2] for row in rows), "every leaf recomputes"
    assert head is not None
    assert head[0] == len(rows), "the counter stands at the last position"
    assert not rows or head[1] == times[-1]
    assert broken == [], "no stream has a hole"
    keys = [key for _, first, facts in sorted(outcomes, key=lambda o: o[1]) for key in [_] * facts if first]
    assert keys == [row[3] for row in rows], "every fact belongs to one command, whose facts stand together"
    return len(rows)


def within(seconds: float, act: Callable[[], T]) -> T:
    """What `act` returns, or a failure if it does not return in time."""
    said: Queue[tuple[T | None, BaseException | None]] = Queue()

    def run() -> None:
        try:
            said.put((act(), None))
        except BaseException as problem:
            said.put((None, problem))

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"it did not finish within {seconds} s"
    result, problem = said.get()
    if problem is not None:
        raise problem
    return cast("T", result)


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """The results of `act` in so many threads at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))
