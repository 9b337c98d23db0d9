"""A schedule pays the loan back to the fen, on the days that the contract says."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import mortgagemath as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loan.schedule import Instalment, ScheduleNotOffered, due_dates, schedule
from domain.loan.terms import DayCount, Grace, RepaymentTerms
from domain.money import Fen, yuan
from tests.domain.lending import fen, terms

STARTS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
RATES = st.decimals(0, 1, places=4)
ROUNDINGS = {
    "half_even": oracle.PaymentRounding.ROUND_HALF_EVEN,
    "half_up": oracle.PaymentRounding.ROUND_HALF_UP,
    "up": oracle.PaymentRounding.ROUND_UP,
    "down": oracle.PaymentRounding.ROUND_DOWN,
}


@st.composite
def any_terms(draw: st.DrawFn) -> RepaymentTerms:
    """Terms of any convention that is computed, ended within the calendar."""
    count = DayCount(
        year=draw(st.sampled_from(["360", "364", "365", "actual"])), month=draw(st.sampled_from(["actual", "30"]))
    )
    return RepaymentTerms(
        annual_rate=draw(RATES),
        instalments=draw(st.integers(1, 60)),
        every=draw(st.integers(1, 4)),
        unit=draw(st.sampled_from(["days", "weeks", "months", "years"])),
        method=draw(st.sampled_from(["equal_instalment", "bullet"])),
        day_count=count,
        rounding=draw(st.sampled_from(sorted(ROUNDINGS))),
    )


@given(st.integers(1, 10**11), STARTS, any_terms())
def test_the_principals_sum_to_the_amount_and_the_last_balance_is_nothing(
    amount: Fen, start: date, agreed: RepaymentTerms
) -> None:
    rows = schedule(amount, start, agreed)
    assert sum(row.principal for row in rows) == amount
    assert rows[-1].balance == 0
    assert all(row.balance >= 0 and row.principal >= 0 and row.interest >= 0 for row in rows)
    balances = [amount, *(row.balance for row in rows)]
    assert all(a - row.principal == b for a, b, row in zip(balances, balances[1:], rows, strict=False))


@given(st.integers(10**6, 10**10), STARTS, st.integers(2, 36), RATES.filter(lambda rate: rate < 1))
def test_the_instalments_but_the_last_are_equal(amount: Fen, start: date, number: int, rate: Decimal) -> None:
    rows = schedule(amount, start, terms(str(rate), number))
    paid = {row.principal + row.interest for row in rows[:-1]}
    assert len(paid) == 1
    assert abs(rows[-1].principal + rows[-1].interest - paid.pop()) <= len(rows) * 8


@given(st.integers(1, 10**10), STARTS, st.integers(1, 600))
def test_without_interest_the_amount_is_divided_evenly(amount: Fen, start: date, number: int) -> None:
    rows = schedule(amount, start, terms("0", number))
    assert sum(row.principal for row in rows) == amount
    assert all(row.interest == 0 for row in rows)
    assert len({row.principal for row in rows[:-1]} - {0}) <= 2


def test_one_fen_over_six_hundred_months_is_paid_once() -> None:
    rows = schedule(1, date(2024, 1, 31), terms("0.0395", 600))
    assert len(rows) == 600
    assert [row.principal for row in rows if row.principal] == [1]


@pytest.mark.parametrize("method", ["equal_instalment", "bullet"])
def test_no_instalments_give_no_rows(method: str) -> None:
    assert schedule(100, date(2024, 1, 1), terms("0.04", 0, method=method)) == []


def test_six_hundred_instalments_come_to_an_end() -> None:
    rows = schedule(fen("200000.00"), date(2024, 1, 31), terms("0.0395", 600))
    assert (len(rows), rows[-1].due, rows[-1].balance) == (600, date(2074, 1, 31), 0)


@pytest.mark.parametrize(
    ("start", "unit", "every", "expected"),
    [
        (date(2024, 1, 31), "months", 1, [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]),
        (date(2023, 1, 30), "months", 1, [date(2023, 2, 28), date(2023, 3, 30), date(2023, 4, 30)]),
        (date(2024, 2, 29), "years", 1, [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28)]),
        (date(2024, 2, 27), "days", 2, [date(2024, 2, 29), date(2024, 3, 2), date(2024, 3, 4)]),
        (date(2024, 12, 25), "weeks", 1, [date(2025, 1, 1), date(2025, 1, 8), date(2025, 1, 15)]),
        (date(2024, 11, 30), "months", 3, [date(2025, 2, 28), date(2025, 5, 30), date(2025, 8, 30)]),
    ],
)
def test_due_days_are_counted_from_the_first_day(start: date, unit: Any, every: int, expected: list[date]) -> None:
    assert due_dates(start, terms("0", 3, unit=unit, every=every)) == expected
    assert [row.due for row in schedule(300, start, terms("0", 3, unit=unit, every=every))] == expected


def test_a_bullet_is_one_row_with_the_interest_of_the_whole_time() -> None:
    rows = schedule(fen("300000.00"), date(2024, 3, 5), terms("0.0395", 1, every=12, method="bullet"))
    assert rows == [Instalment(date(2025, 3, 5), fen("300000.00"), fen("12014.58"), 0)]


def test_equal_instalments_by_actual_days_as_worked_out_on_paper() -> None:
    """29, 31 and 30 days of 360; the equal payment in exact fractions is 67,097.6..., its last fen falls on the last row."""
    rows = schedule(fen("200000.00"), date(2024, 1, 31), terms("0.0395", 3))
    assert [(row.due, yuan(row.principal), yuan(row.interest), yuan(row.balance)) for row in rows] == [
        (date(2024, 2, 29), "66467.19", "636.39", "133532.81"),
        (date(2024, 3, 31), "66649.38", "454.20", "66883.43"),
        (date(2024, 4, 30), "66883.43", "220.16", "0.00"),
    ]


@settings(max_examples=60)
@given(
    st.integers(10_000, 10**10),
    st.dates(date(2000, 1, 1), date(2060, 12, 28)).filter(lambda day: day.day <= 28),
    st.integers(1, 120),
    st.decimals(0, Decimal("0.03"), places=5).map(lambda monthly: monthly * 12),
    st.sampled_from(sorted(ROUNDINGS)),
)
def test_months_of_thirty_days_are_paid_as_an_independent_program_pays_them(
    amount: Fen, start: date, number: int, rate: Decimal, rounding: str
) -> None:
    """With rates whose twelfth is a finite decimal: the other program rounds the twelfth, ours is exact."""
    agreed = terms(str(rate), number, day_count=DayCount(year="360", month="30"), rounding=rounding)
    ours = [(row.principal, row.interest, row.balance) for row in schedule(amount, start, agreed)]
    theirs = _theirs(amount, rate, number, ROUNDINGS[rounding])
    assert ours[: len(theirs)] == theirs
    assert all(row == (0, 0, 0) for row in ours[len(theirs) :])


def _theirs(amount: Fen, rate: Decimal, number: int, rounding: oracle.PaymentRounding) -> list[tuple[Fen, Fen, Fen]]:
    loan = oracle.LoanParams(
        Decimal(amount) / 100, rate * 100, number, payment_rounding=rounding, interest_rounding=rounding
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", oracle.EarlyPayoffWarning)
        rows = oracle.amortization_schedule(loan)[1:]
    return [(int(r.principal * 100), int(r.interest * 100), int(r.balance * 100)) for r in rows]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "equal_principal"),
        ("method", "interest_only"),
        ("interest", "flat"),
        ("interest_period", "same_as_repayment"),
        ("leap", "feb_29_period_only"),
        ("multiple_of_fen", 100),
        ("grace", Grace(principal=1)),
        ("style", "cumulative"),
        ("recalculate_overdue", True),
        ("first_due", date(2024, 5, 1)),
        ("due_day", 20),
    ],
)
def test_a_convention_that_is_not_computed_is_refused_and_never_guessed(name: str, value: object) -> None:
    with pytest.raises(ScheduleNotOffered) as refused:
        schedule(100, date(2024, 1, 1), terms("0.04", 3, **{name: value}))
    assert name in str(refused.value)


@given(STARTS, any_terms())
def test_due_days_rise(start: date, agreed: RepaymentTerms) -> None:
    dates = due_dates(start, agreed)
    assert all(b - a >= timedelta(days=1) for a, b in zip([start, *dates], dates, strict=False))
