"""Rebuilding the loan book: our engine against the library's runner, and against only reading the log's bytes."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.projection import ProjectionRunner
from psycopg import Connection

from api.bench import book, library
from api.bench.contest import Contest, Effort, timed
from api.bench.databases import as_role, fresh
from api.bench.importing import fill
from projections.keeper import connect
from projections.loan_book import LoanBook
from projections.rebuilding import rebuild

PAYMENTS = 18
_COPY_OUT = b"COPY (SELECT state FROM ledger.stored_events ORDER BY notification_id) TO STDOUT (FORMAT BINARY)"


@contextmanager
def against_runner(server: str, effort: Effort) -> Iterator[Contest]:
    """A whole rebuild of the loan book against the library's runner over its first events.

    Fair, if anything to the runner: its table has one line a loan and no dated changes, so it answers less; its clock
    starts after it is built, when its reader is already running.
    """
    with _filled(server, effort) as (_, projector), fresh(server, migrated=False) as plain:
        recorded = _record(plain, effort.followed)
        yield Contest(lambda: _rebuilt(projector), lambda: _followed(plain, recorded))


@contextmanager
def against_copy_out(server: str, effort: Effort) -> Iterator[Contest]:
    """A whole rebuild of the loan book against the fastest way to read every fact's bytes, which are thrown away."""
    with (
        _filled(server, effort) as (dsn, projector),
        psycopg.connect(as_role(dsn, "projector"), autocommit=True) as reader,
    ):
        events = _rows(reader)
        yield Contest(lambda: _rebuilt(projector), lambda: timed(lambda: _copy_out(reader), events))


@contextmanager
def _filled(server: str, effort: Effort) -> Iterator[tuple[str, Connection[Any]]]:
    """A log with the whole book, and the projector's connection to it."""
    with fresh(server, migrated=True) as dsn:
        fill(dsn, book.facts(effort.loans, "book"))
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute("VACUUM (ANALYZE) ledger.stored_events")
        with connect(as_role(dsn, "projector")) as projector:
            yield dsn, projector


def _rebuilt(projector: Connection[Any]) -> float:
    """Events a second from empty tables to the last fact; the digest that follows is not part of it."""
    gc.collect()
    rebuilt = rebuild(projector, LoanBook(), switch=False)
    return rebuilt.events / rebuilt.seconds


def _copy_out(reader: Connection[Any]) -> None:
    with reader.cursor().copy(_COPY_OUT) as copy:
        for _ in copy:
            pass


def _rows(reader: Connection[Any]) -> int:
    row = reader.execute("SELECT count(*) FROM ledger.stored_events").fetchone()
    assert row is not None
    return int(row[0])


def _record(plain: str, events: int) -> int:
    """Loans of twenty events in the library's own table, up to about so many events; returns how many there are."""
    loans = max(1, events // (PAYMENTS + 2))
    with library.application(plain) as application:
        for number in range(loans):
            application.save(library.grown(f"followed-{number}", PAYMENTS))
    return loans * (PAYMENTS + 2)


def _followed(plain: str, events: int) -> float:
    """Events a second of the library's runner from nothing to the last event."""
    gc.collect()
    with psycopg.connect(plain, autocommit=True) as owner:
        owner.execute("DROP TABLE IF EXISTS plain_loan_book, plain_loan_book_tracking")
    runner = ProjectionRunner[library.PlainLoans, library.LoanTable](
        application_class=library.PlainLoans,
        projection_class=library.PlainLoanBook,
        view_class=library.LoanTable,
        env=library.environment(plain),
    )
    begun = time.perf_counter()
    try:
        with runner:
            while runner.view.position < events and not runner.is_interrupted.is_set():
                time.sleep(0.001)
            seconds = time.perf_counter() - begun
    finally:
        runner.view.datastore.close()
    return events / seconds
