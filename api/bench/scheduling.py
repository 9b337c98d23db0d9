"""Schedules: ours, by every convention, against an independent program that knows whole months of thirty days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import Any

from api.bench.contest import Contest, Effort, race
from domain.errors import BadInput
from domain.loan.schedule import schedule
from domain.loan.terms import DayCount, RepaymentTerms

CEILING = 20_000
START, MONTHS = date(2024, 3, 15), 36


class NeedsPackage(BadInput):
    code = "bench.needs_package"
    en = "this benchmark measures against {package}, which is not installed; install it beside the program"
    zh = "该基准测试需与 {package} 对比，但未安装；请先安装"


@contextmanager
def schedules(server: str, effort: Effort) -> Iterator[Contest]:
    """The same thirty-six equal instalments on the same amounts, every row; theirs has no dates. Raises NeedsPackage."""
    try:
        other: Any = import_module("mortgagemath")
    except ImportError:
        raise NeedsPackage(field="name", package="mortgagemath") from None
    terms = RepaymentTerms(
        annual_rate=Decimal("0.036"), instalments=MONTHS, day_count=DayCount(month="30"), style="cumulative"
    )
    amounts = [10_000_000 + number for number in range(max(1, int(CEILING * effort.seconds)))]

    def theirs(amount: int) -> None:
        rounding = other.PaymentRounding.ROUND_HALF_EVEN
        loan = other.LoanParams(
            Decimal(amount) / 100, Decimal("3.6"), MONTHS, payment_rounding=rounding, interest_rounding=rounding
        )
        assert other.amortization_schedule(loan)[-1].balance == 0

    def ours(amount: int) -> None:
        assert schedule(amount, START, terms)[-1].balance == 0

    yield Contest(lambda: race(ours, [amounts], effort.seconds), lambda: race(theirs, [amounts], effort.seconds))
