"""One loan as of an earlier day, replayed from its facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection

from api.bench import book
from api.bench.contest import Contest, Effort, race
from api.bench.databases import as_role, fresh
from api.bench.importing import fill
from domain.loan.loan import Loan
from projections.keeper import connect
from projections.log import stream

PAYMENTS = 38
"""With contract and disbursement a loan has forty events."""
LOANS = 50
_STATES = b"SELECT state FROM ledger.stored_events WHERE originator_id = %b ORDER BY originator_version"


@contextmanager
def replays(server: str, effort: Effort) -> Iterator[Contest]:
    """Reading a loan's forty facts, folding them and telling its state of a day, against reading the same rows only."""
    with fresh(server, migrated=True) as dsn:
        fill(dsn, [fact for number in range(LOANS) for fact in book.renamed(f"replayed-{number}", PAYMENTS)])
        loans = [book.stream(f"replayed-{number}") for number in range(LOANS)]
        with connect(as_role(dsn, "projector")) as reader:
            turns = loans * max(1, int(40 * effort.seconds * 10))
            yield Contest(
                lambda: race(lambda loan: _as_of(reader, loan, book.due(20)), [turns], effort.seconds),
                lambda: race(lambda loan: _read(reader, loan), [turns], effort.seconds),
            )


def _as_of(reader: Connection[Any], loan: UUID, day: date) -> None:
    folded: Loan | None = None
    for recorded in stream(reader, loan):
        folded = recorded.fact.mutate(folded)
    assert folded is not None and folded.state(day)["balances"]


def _read(reader: Connection[Any], loan: UUID) -> None:
    with reader.cursor(binary=True) as cursor:
        assert cursor.execute(_STATES, (loan,), prepare=True).fetchall()
