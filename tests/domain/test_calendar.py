"""Days are the city's own; months are counted from the first date; a part of a year is exact."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import add_months, city_day, parse_day
from domain.errors import DatedInFuture, InvalidInput
from domain.facts import Moment

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2024, 2, 28, 15, 59, 59, tzinfo=UTC), date(2024, 2, 28)),
        (datetime(2024, 2, 28, 16, 0, 0, tzinfo=UTC), date(2024, 2, 29)),
    ],
)
def test_a_day_begins_at_midnight_in_the_city(moment: datetime, day: date) -> None:
    assert city_day(moment) == day
    assert Moment(now=moment).today == day


def test_today_may_be_recorded_and_tomorrow_may_not() -> None:
    moment = Moment(now=datetime(2024, 2, 28, 16, tzinfo=UTC))
    moment.not_before(date(2024, 2, 29))
    with pytest.raises(DatedInFuture) as refused:
        moment.not_before(date(2024, 3, 1))
    assert "2024-03-01" in str(refused.value) and "2024-02-29" in refused.value.message("zh")


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 1, 31), 2, date(2024, 3, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 11, 30), 0, date(2024, 11, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(start: date, months: int, expected: date) -> None:
    assert add_months(start, months) == expected


@given(DAYS, st.integers(0, 600))
def test_adding_months_keeps_the_day_unless_the_month_is_too_short(start: date, months: int) -> None:
    later = add_months(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == min(start.day, calendar.monthrange(later.year, later.month)[1])


@given(DAYS)
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert parse_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    ["", "2024-02-30", "2023-02-29", "2024-13-01", "2024-2-1", "20240201", "01.02.2024", "2024/02/01", "２０２４-02-01", "2024-02-01T00:00", "0000-01-01"],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_day(text, field="value_date")
    assert refused.value.field == "value_date"


def test_a_week_of_the_year_is_no_day() -> None:
    with pytest.raises(InvalidInput):
        parse_day("2024-W01-1")
