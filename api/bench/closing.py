"""Closing days: a book of loans with twenty-four instalments that nobody pays, against reading the same loans and deciding nothing.

The days are those of a peer's published workload: 1, 7, 30, 100, 300 and 700 after the first due day. And how it grows: the next day of a
book of a million loans, of which some fall due every day, against that of a hundredth of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, partial
from itertools import count
from pathlib import Path
from uuid import UUID

from api.bench import book
from api.bench.contest import Contest, Effort, timed
from api.bench.databases import as_role, fresh
from api.bench.importing import fill
from domain.facts import Fact
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms, Servicing
from ledger.bulk import CHUNK
from ledger.closing import PART, Closed, CloseDay, close_day, loaded
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook

LOANS = 1000
FIRST_DUE = date(2022, 4, 1)
DAYS = tuple(FIRST_DUE + timedelta(days=after) for after in (1, 7, 30, 100, 300, 700))
_TERMS = RepaymentTerms(
    annual_rate=Decimal("0.0395"), instalments=24, method="equal_principal", servicing=Servicing(next_working_day=False)
)


MANY = 1_000_000
_A_MONTH = 28
"""Loans of the large book fall due on so many days of the month, and are paid out on as many."""


@contextmanager
def growing(server: str, effort: Effort) -> Iterator[Contest]:
    """Loans of the book a second, a day closed that is the next one; what was established of every loan at first warms up both sides."""
    loans = MANY if effort.rounds > 1 else effort.loans
    with _book(server, loans) as large, _book(server, max(loans // 100, 10)) as small:
        yield Contest(partial(next, large), partial(next, small))


@contextmanager
def _office(server: str) -> Iterator[tuple[str, Desk]]:
    """A database of its own, and the desk over it."""
    with (
        fresh(server, migrated=True) as database,
        fresh(server, migrated=False) as keys,
        tempfile.TemporaryDirectory() as folder,
        closing(Keystore(keys, Path(folder) / "master.key")) as keystore,
        Ledger(as_role(database, "application"), digest_key=book.DIGEST_KEY) as ledger,
    ):
        yield (
            database,
            Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(Path(folder) / "materials"), NoSource()),
        )


@contextmanager
def _book(server: str, loans: int) -> Iterator[Iterator[float]]:
    """A book of its own, and the rates at which its days are closed, one day after the other."""
    with _office(server) as (database, desk):
        for start in range(0, loans, CHUNK // 2):
            fill(database, [fact for n in range(start, min(start + CHUNK // 2, loans)) for fact in _due_in_turn(n)])
        another = partial(Ledger, as_role(database, "application"), digest_key=book.DIGEST_KEY)
        many = os.cpu_count() or 1
        yield (
            timed(lambda day=day: _closed(desk, day, another, many), events=loans)  # type: ignore[misc]
            for day in (FIRST_DUE + timedelta(days=after) for after in count(31))
        )


def _due_in_turn(number: int) -> Iterator[Fact]:
    """The so-many-th loan, signed and paid out on its day of the month."""
    loan = book.stream(f"due-{number}")
    opening, *others = _paid_out(number % _A_MONTH)
    yield opening.model_copy(update={"originator_id": loan, "loan_no": f"due-{number}"})
    for fact in others:
        yield fact.model_copy(update={"originator_id": loan})


@cache
def _paid_out(later: int) -> tuple[Fact, ...]:
    return tuple(_loan("template", book.SIGNED + timedelta(days=later)).collect_events())


@contextmanager
def closings(server: str, effort: Effort) -> Iterator[Contest]:
    """Loans a second, each looked at on each of the days; every round has a book of its own."""
    with _office(server) as (_, desk):
        ledger = desk.ledger
        loans, rounds = min(LOANS, effort.loans), iter(range(1, 1_000_000))
        last = list[UUID]()

        def ours() -> float:
            last[:] = _lent(ledger, loans, next(rounds))
            return timed(lambda: [_closed(desk, day) for day in DAYS], events=loans * len(DAYS))

        def plain() -> float:
            parts = [last[start : start + PART] for start in range(0, len(last), PART)]
            return timed(lambda: [list(loaded(ledger, part)) for _ in DAYS for part in parts], events=loans * len(DAYS))

        yield Contest(ours, plain)


def _closed(desk: Desk, day: date, another: Callable[[], Ledger] | None = None, workers: int = 1) -> Closed:
    return close_day(desk, CloseDay(value_date=day), book.context(), another=another, workers=workers)


def _lent(ledger: Ledger, loans: int, salt: int) -> list[UUID]:
    """So many more loans, signed and paid out."""
    streams = list[UUID]()
    for start in range(0, loans, PART):
        part = [_loan(f"{salt}-{number}") for number in range(start, min(start + PART, loans))]
        ledger.perform(CloseDay(value_date=book.SIGNED), book.context(), lambda part=part: part)  # type: ignore[misc]
        streams += [loan.id for loan in part]
    return streams


def _loan(loan_no: str, signed: date = book.SIGNED) -> Loan:
    opened, *_ = book.renamed(loan_no, 0)
    assert isinstance(opened, Loan.ContractSigned)
    said = {name: getattr(opened, name) for name in ("bank", "county", "product", "approved_fen", "guaranteed_fen")}
    loan = Loan.sign(book.MOMENT, loan_no=loan_no, value_date=signed, terms=_TERMS, **said)
    loan.disburse(book.MOMENT, amount=book.APPROVED, value_date=signed)
    return loan
