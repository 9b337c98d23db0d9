"""Closing days: a book of loans with twenty-four instalments that nobody pays, against reading the same loans and deciding nothing.

The days are those of a peer's published workload: 1, 7, 30, 100, 300 and 700 after the first due day.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from api.bench import book
from api.bench.contest import Contest, Effort, timed
from api.bench.databases import as_role, fresh
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms, Servicing
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


@contextmanager
def closings(server: str, effort: Effort) -> Iterator[Contest]:
    """Loans a second, each looked at on each of the days; every round has a book of its own."""
    with (
        fresh(server, migrated=True) as database,
        fresh(server, migrated=False) as keys,
        tempfile.TemporaryDirectory() as folder,
        closing(Keystore(keys, Path(folder) / "master.key")) as keystore,
        Ledger(as_role(database, "application"), digest_key=book.DIGEST_KEY) as ledger,
    ):
        desk = Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(Path(folder) / "materials"), NoSource())
        loans, rounds = min(LOANS, effort.loans), iter(range(1, 1_000_000))
        last = list[UUID]()

        def ours() -> float:
            last[:] = _lent(ledger, loans, next(rounds))
            return timed(lambda: [_closed(desk, day) for day in DAYS], events=loans * len(DAYS))

        def plain() -> float:
            parts = [last[start : start + PART] for start in range(0, len(last), PART)]
            return timed(lambda: [list(loaded(ledger, part)) for _ in DAYS for part in parts], events=loans * len(DAYS))

        yield Contest(ours, plain)


def _closed(desk: Desk, day: date) -> Closed:
    return close_day(desk, CloseDay(value_date=day), book.context())


def _lent(ledger: Ledger, loans: int, salt: int) -> list[UUID]:
    """So many more loans, signed and paid out."""
    streams = list[UUID]()
    for start in range(0, loans, PART):
        part = [_loan(f"{salt}-{number}") for number in range(start, min(start + PART, loans))]
        ledger.perform(CloseDay(value_date=book.SIGNED), book.context(), lambda part=part: part)  # type: ignore[misc]
        streams += [loan.id for loan in part]
    return streams


def _loan(loan_no: str) -> Loan:
    opened, *_ = book.renamed(loan_no, 0)
    assert isinstance(opened, Loan.ContractSigned)
    said = {name: getattr(opened, name) for name in ("bank", "county", "product", "approved_fen", "guaranteed_fen")}
    loan = Loan.sign(book.MOMENT, loan_no=loan_no, value_date=book.SIGNED, terms=_TERMS, **said)
    loan.disburse(book.MOMENT, amount=book.APPROVED, value_date=book.SIGNED)
    return loan
