"""How much of a year interest runs for, by every convention; against an independent library where it means the same."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
import QuantLib as Ql
from hypothesis import given
from hypothesis import strategies as st

from domain.loan.periods import Periods
from domain.loan.terms import DayCount
from tests.domain.lending import terms

DAYS = st.dates(date(1995, 1, 1), date(2090, 12, 31))
START = date(2024, 1, 15)


def part(start: date, end: date, first: date = START, **given: Any) -> Fraction:
    year, month = given.pop("year", "360"), given.pop("month", "actual")
    periods = Periods(first, terms("0.04", 12, day_count=DayCount(year=year, month=month), **given))
    return sum((Fraction(*one) for one in periods.parts(start, end)), Fraction(0))


@pytest.mark.parametrize(
    ("start", "end", "given", "expected"),
    [
        (date(2024, 4, 1), date(2024, 6, 21), {}, Fraction(81, 360)),
        (date(2024, 2, 28), date(2024, 3, 1), {"year": "365"}, Fraction(2, 365)),
        (date(2024, 1, 1), date(2024, 12, 30), {"year": "364"}, Fraction(1)),
        (date(2024, 1, 1), date(2024, 12, 31), {"year": "actual"}, Fraction(365, 366)),
        (date(2023, 12, 12), date(2024, 1, 12), {"year": "actual"}, Fraction(19, 365) + Fraction(12, 366)),
        (date(2023, 12, 31), date(2024, 1, 2), {"year": "actual"}, Fraction(2, 366)),
        (date(2024, 1, 15), date(2024, 3, 15), {"month": "30"}, Fraction(60, 360)),
        (date(2024, 1, 15), date(2024, 1, 20), {"month": "30"}, Fraction(5 * 30, 31 * 360)),
        (date(2024, 2, 1), date(2024, 3, 1), {"month": "30"}, Fraction(14, 31 * 12) + Fraction(15, 29 * 12)),
        (date(2024, 1, 15), date(2025, 1, 15), {"month": "30", "year": "365"}, Fraction(360, 365)),
        (date(2025, 1, 15), date(2025, 3, 15), {"month": "30"}, Fraction(60, 360)),
        (date(2024, 1, 15), date(2024, 2, 15), {"interest_period": "same_as_repayment"}, Fraction(1, 12)),
        (date(2024, 1, 15), date(2024, 1, 29), {"interest_period": "same_as_repayment", "unit": "weeks"}, Fraction(2, 52)),
        (date(2024, 1, 15), date(2024, 1, 29), {"interest_period": "same_as_repayment", "unit": "days"}, Fraction(14, 360)),
        (date(2024, 1, 15), date(2024, 2, 15), {"year": "actual", "leap": "feb_29_period_only"}, Fraction(31, 365)),
        (date(2024, 2, 15), date(2024, 3, 15), {"year": "actual", "leap": "feb_29_period_only"}, Fraction(29, 366)),
        (date(2024, 12, 15), date(2025, 2, 15), {"year": "actual", "style": "cumulative"}, Fraction(62, 366)),
    ],
)  # fmt: skip
def test_the_part_of_a_year_by_each_convention(
    start: date, end: date, given: dict[str, Any], expected: Fraction
) -> None:
    assert part(start, end, **given) == expected


@given(
    DAYS,
    st.integers(0, 900),
    st.integers(0, 900),
    st.integers(0, 900),
    st.sampled_from(["360", "364", "365", "actual"]),
    st.sampled_from(["30", "actual"]),
    st.sampled_from(["daily", "same_as_repayment"]),
    st.sampled_from([None, "feb_29_period_only"]),
    st.none() | st.integers(1, 31),
)
def test_the_parts_of_a_time_make_up_the_whole(
    first: date,
    before: int,
    one: int,
    more: int,
    year: str,
    month: str,
    counted: str,
    leap: str | None,
    due_day: int | None,
) -> None:
    given: dict[str, Any] = {"year": year, "month": month, "interest_period": counted, "leap": leap, "due_day": due_day}
    start = first + timedelta(days=before)
    middle, end = start + timedelta(days=one), start + timedelta(days=one + more)
    assert part(start, middle, first, **given) + part(middle, end, first, **given) == part(start, end, first, **given)


@pytest.mark.parametrize(("year", "theirs"), [("360", Ql.Actual360()), ("365", Ql.Actual365Fixed())])
@given(start=DAYS, days=st.integers(0, 4000))
def test_actual_days_of_a_fixed_year_count_as_a_library_of_the_markets_counts(
    year: str, theirs: Ql.DayCounter, start: date, days: int
) -> None:
    end = start + timedelta(days=days)
    assert float(part(start, end, start, year=year)) == pytest.approx(_theirs(theirs, start, end), rel=1e-12)


@given(start=DAYS, days=st.integers(0, 364))
def test_actual_over_actual_differs_from_isda_by_the_weight_of_one_day_at_new_year(start: date, days: int) -> None:
    """Theirs splits at 1 January, so 31 December weighs in the old year; ours at 31 December (peers.md §B.3)."""
    end = start + timedelta(days=days)
    apart = part(start, end, start, year="actual") - Fraction(
        _theirs(Ql.ActualActual(Ql.ActualActual.ISDA), start, end)
    )
    turns = start <= date(start.year, 12, 31) < end
    expected = Fraction(1, _length(start.year + 1)) - Fraction(1, _length(start.year)) if turns else 0
    assert float(apart) == pytest.approx(float(expected), abs=1e-12)


@given(
    start=st.dates(date(1995, 1, 1), date(2090, 12, 31)).filter(lambda day: day.day <= 28), months=st.integers(0, 60)
)
def test_whole_months_of_thirty_days_count_as_a_library_of_the_markets_counts(start: date, months: int) -> None:
    """Between due days only: inside a month ours weighs by actual days, theirs by days of a month of thirty."""
    end = Periods(start, terms("0.04", 60)).due(months) if months else start
    theirs = _theirs(Ql.Thirty360(Ql.Thirty360.BondBasis), start, end)
    assert float(part(start, end, start, month="30")) == pytest.approx(theirs, rel=1e-12)


def _theirs(count: Ql.DayCounter, start: date, end: date) -> float:
    return float(count.yearFraction(*(Ql.Date(day.day, day.month, day.year) for day in (start, end))))


def _length(year: int) -> int:
    return 366 if Ql.Date.isLeap(year) else 365
