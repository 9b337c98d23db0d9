"""Hindsight: a receipt that arrives forty days late, and a look at what is owed, of a loan with many facts, against one with ten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from api.bench import book
from api.bench.contest import Contest, Effort, race
from api.bench.databases import as_role, fresh
from api.owing import owing
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms, Servicing
from ledger.closing import CloseDay
from ledger.ledger import Ledger
from ledger.repaying import RecordRepayment, record_repayment

FEW, SPAN = 10, 1200
"""Facts of the loan that is compared with, and the days over which payments are spread."""
SHORT = 60
_LATE = {
    "reason": "the bank's file came late",
    "evidence": ["0" * 64],
    "confirmed_by": {"subject": "second", "role": "bank_supervisor", "institution": "b", "region": "c"},
}
LAST = book.SIGNED + timedelta(days=SPAN + 10)
_TERMS = RepaymentTerms(annual_rate=Decimal("0.0395"), instalments=60, servicing=Servicing(next_working_day=False))


@contextmanager
def late_receipts(server: str, effort: Effort, *, facts: int) -> Iterator[Contest]:
    """Receipts a second, saved, each forty days late; what is kept of the loan is warm on both sides."""
    with _lent(server, effort, facts) as (ledger, many, few):
        numbers = count(1)

        def record(loan_no: str) -> None:
            said = {
                "amount_fen": 100,
                "value_date": LAST - timedelta(days=40),
                "bank_reference": f"late-{next(numbers)}",
                **_LATE,
            }
            record_repayment(ledger, RecordRepayment.model_validate({"loan_no": loan_no, **said}), book.context())

        yield Contest(
            lambda: race(record, [[many] * 5000], effort.seconds), lambda: race(record, [[few] * 5000], effort.seconds)
        )


@contextmanager
def looks(server: str, effort: Effort, *, facts: int) -> Iterator[Contest]:
    """What is owed, the payoff and the instalments to come, asked of the ledger by number, as `loan show` does."""
    with _lent(server, effort, facts) as (ledger, many, few):

        def look(loan_no: str) -> None:
            owing(ledger.loan(loan_no), LAST)

        yield Contest(
            lambda: race(look, [[many] * 50_000], effort.seconds), lambda: race(look, [[few] * 50_000], effort.seconds)
        )


@contextmanager
def _lent(server: str, effort: Effort, facts: int) -> Iterator[tuple[Ledger, str, str]]:
    """A loan with so many facts, and one with few, by their numbers."""
    size = facts if effort.rounds > 1 else min(facts, SHORT)
    with (
        fresh(server, migrated=True) as database,
        Ledger(as_role(database, "application"), digest_key=book.DIGEST_KEY) as ledger,
    ):
        for loan_no, many in (("many", size), ("few", FEW)):
            loan = _grown(loan_no, many - 2)
            ledger.perform(CloseDay(value_date=book.SIGNED), book.context(), lambda loan=loan: [loan])  # type: ignore[misc]
        yield ledger, "many", "few"


def _grown(loan_no: str, payments: int) -> Loan:
    said = {"bank": "b", "county": "c", "product": "p", "approved_fen": book.APPROVED * 1000, "guaranteed_fen": 0}
    loan = Loan.sign(
        book.MOMENT, loan_no=loan_no, value_date=book.SIGNED, terms=_TERMS, share_scheme=book.SCHEME, **said
    )
    loan.disburse(book.MOMENT, amount=book.APPROVED * 1000, value_date=book.SIGNED)
    for number in range(payments):
        loan.repay(book.MOMENT, amount=10_000 + number, value_date=_day(number, payments))
    return loan


def _day(number: int, payments: int) -> date:
    return book.SIGNED + timedelta(days=1 + number * SPAN // max(payments, 1))
