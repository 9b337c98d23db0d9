"""Closing a period 结账: the trial balance that is sealed, the result that goes over to the fund, and where a late fact is booked.

A closed period is never edited: what turns out later to have been true in it is booked on the first open day, under its own value date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from domain.guarantee_fund.events import ResultTransferred
from domain.money import Fen

RESULT_CLASSES = ("4", "5")
"""Income and expense; every other account goes on."""


class AccountBalance(NamedTuple):
    """What was posted on either side of an account of a fund, in fen; "" where a bank, county or level is not said."""

    account: str
    bank: str
    county: str
    level: str
    debit: Fen
    credit: Fen


def digest_of(balances: Iterable[AccountBalance]) -> str:
    """SHA-256 of a trial balance: one line an account at a place, sorted, its parts between tabs, amounts in fen."""
    lines = ("\t".join(map(str, balance)) + "\n" for balance in sorted(balances))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def results_of(balances: Iterable[AccountBalance]) -> tuple[ResultTransferred, ...]:
    """What income and expense come to, account by account and place by place; of nothing none."""
    return tuple(
        ResultTransferred(
            account=b.account, bank=b.bank or None, county=b.county or None, amount_fen=b.debit - b.credit
        )
        for b in sorted(balances)
        if b.account.startswith("G") and b.account[1] in RESULT_CLASSES and b.debit != b.credit
    )


def booked_on(day: date, closed_until: date | None) -> date:
    """The day itself or, where that is closed, the first open day."""
    return day if closed_until is None or day > closed_until else closed_until + timedelta(days=1)
