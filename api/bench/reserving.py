"""Reservations: guarantees promised at once by many, against contracts that no fund stands behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from api.bench import book
from api.bench.contest import Contest, Effort, race
from api.bench.databases import as_role, fresh
from domain.guarantee_fund.method import shipped_method
from domain.ratio import ShareScheme, zheng_yin_dan
from ledger.contracting import SignContract, sign_contract
from ledger.funding import InjectCapital, OpenFund, inject_capital, open_fund
from ledger.ledger import Ledger

CEILING = 1500
FUND = "fund-bench"
CAPITAL = 10**15
"""Fen: room for every contract of a run, so that nobody is refused."""


@contextmanager
def reservations(server: str, effort: Effort, *, threads: int) -> Iterator[Contest]:
    """The product's own signing by so many threads: with a share that one fund holds ready, and without any.

    Every reservation locks and moves the fund's one row of room until its append is there, so this is what promising public
    money never twice costs.
    """
    slots = count()
    with (
        fresh(server, migrated=True) as database,
        Ledger(as_role(database, "application"), digest_key=book.DIGEST_KEY) as ledger,
    ):
        opening = {
            "fund": FUND,
            "title": "bench",
            "operator": "hr",
            "method": shipped_method(),
            "value_date": book.SIGNED,
        }
        open_fund(ledger, OpenFund.model_validate(opening), book.context())
        given = {"fund": FUND, "level": "city", "bank": "bank-jining", "amount_fen": CAPITAL, "bank_reference": "C-1"}
        inject_capital(ledger, InjectCapital.model_validate(given | {"value_date": book.SIGNED}), book.context())

        def slot(scheme: ShareScheme) -> float:
            salt, each = next(slots), max(2, int(CEILING * effort.seconds / threads))
            steps = [[f"{salt}-{thread}-{number}" for number in range(each)] for thread in range(threads)]
            command = _contract(scheme)
            return race(lambda loan_no: _sign(ledger, command, loan_no), steps, effort.seconds)

        backed = zheng_yin_dan(FUND, "bank-jining", "guarantor-jining")
        yield Contest(lambda: slot(backed), lambda: slot(book.SCHEME))


def _contract(scheme: ShareScheme) -> SignContract:
    """The book's contract under another scheme."""
    contract = book.opened("template").contract
    given = {name: getattr(contract, name) for name in SignContract.model_fields}
    return SignContract.model_validate(given | {"share_scheme": scheme})


def _sign(ledger: Ledger, command: SignContract, loan_no: str) -> None:
    signed = command.model_copy(update={"loan_no": loan_no})
    assert sign_contract(ledger, signed, book.context(key=loan_no)) is not None
