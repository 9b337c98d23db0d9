"""A whole command: load a loan of at most twenty events, decide, save."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from api.bench import book, library
from api.bench.contest import Contest, Effort, race
from api.bench.databases import as_role, fresh
from ledger.ledger import Ledger
from ledger.repaying import RecordRepayment, record_repayment

PAYMENTS = 18
"""With contract and disbursement a loan has twenty events."""
CEILING = 3000
TOGETHER = 3
"""Loans in turn, so that a slot meets every length from two events to twenty."""


@contextmanager
def commands(server: str, effort: Effort) -> Iterator[Contest]:
    """The product's own repayment command, its key given, against the library's get, decide and save.

    Fair because both loans have the same terms and allocate with the same functions, both applications cache as many
    aggregates, and both take the same loans in the same turn. Ours does more: it digests the request and keeps its key
    and the bank's reference once for ever, keeps every dated change, and proves the leaf.
    """
    slots = count()
    loans = max(2, int(CEILING * effort.seconds / PAYMENTS))
    with (
        fresh(server, migrated=True) as ours,
        fresh(server, migrated=False) as plain,
        Ledger(as_role(ours, "application"), digest_key=book.DIGEST_KEY) as ledger,
        library.application(plain) as other,
    ):

        def our_slot() -> float:
            salt = f"{next(slots)}"
            context = book.context()
            ledger.save(*(book.opened(f"{salt}-{n}") for n in range(loans)), context=context, digest=bytes(32))
            return race(lambda step: _repay(ledger, salt, *step), [_steps(loans)], effort.seconds)

        def plain_slot() -> float:
            salt = f"{next(slots)}"
            for n in range(loans):
                other.save(library.opened(f"{salt}-{n}"))
            return race(lambda step: _plain_repay(other, salt, *step), [_steps(loans)], effort.seconds)

        yield Contest(our_slot, plain_slot)


def _steps(loans: int) -> list[tuple[int, int]]:
    """Which loan pays next, and which of its payments: a few loans in turn to their twenty events, then others."""
    groups = [range(first, min(first + TOGETHER, loans)) for first in range(0, loans, TOGETHER)]
    return [(loan, payment) for group in groups for payment in range(1, PAYMENTS + 1) for loan in group]


def _repay(ledger: Ledger, salt: str, loan: int, payment: int) -> None:
    name = f"{salt}-{loan}-{payment}"
    command = RecordRepayment(
        loan_no=f"{salt}-{loan}", amount_fen=book.REPAYMENT, value_date=book.due(payment), bank_reference=name
    )
    assert record_repayment(ledger, command, book.context(key=name)) is not None


def _plain_repay(other: library.PlainLoans, salt: str, loan: int, payment: int) -> None:
    found: library.PlainLoan = other.repository.get(library.PlainLoan.create_id(f"{salt}-{loan}"))
    found.repay(book.REPAYMENT, book.due(payment), f"{salt}-{loan}-{payment}")
    other.save(found)
