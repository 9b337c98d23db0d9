"""The Chinese working calendar: the shipped years are those of `chinesecalendar`, and counting is the same one way and the other."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]  # the library has no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.shipped import shipped_calendars
from domain.working_days import CalendarUnreadable, CalendarYear, WorkCalendar, read_calendar

YEARS = {year.year: year for year in shipped_calendars()}
CALENDAR = WorkCalendar(YEARS)
DAY = timedelta(days=1)
SHIPPED = st.dates(date(2016, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("year", range(2016, 2027))
def test_every_day_of_the_shipped_years_is_what_the_oracle_says(year: int) -> None:
    days = [date(year, 1, 1) + DAY * n for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    assert [day for day in days if CALENDAR.is_working(day) != chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2024, 2, 4), True),  # a Sunday made up for before the Spring Festival
        (date(2024, 2, 12), False),
        (date(2024, 2, 18), True),
        (date(2024, 9, 29), True),
        (date(2024, 10, 7), False),
        (date(2024, 10, 12), True),
        (date(2024, 10, 13), False),
        (date(2020, 1, 31), False),  # the holiday prolonged in the epidemic
    ],
)
def test_make_up_days_work_and_holidays_do_not(day: date, working: bool) -> None:
    assert CALENDAR.is_working(day) is working


def test_fifteen_working_days_across_the_national_day_of_2024() -> None:
    """R-PRO-3: the day of acceptance is not counted; Saturday 12 October is."""
    assert CALENDAR.add(date(2024, 9, 27), 15) == date(2024, 10, 23)
    assert CALENDAR.between(date(2024, 9, 27), date(2024, 10, 23)) == 15
    assert WorkCalendar({}).add(date(2024, 9, 27), 15) == date(2024, 10, 18)


@given(start=SHIPPED, count=st.integers(0, 60))
def test_as_many_days_lie_between_as_were_added_and_the_last_one_is_a_working_day(start: date, count: int) -> None:
    end = CALENDAR.add(start, count)
    assert CALENDAR.between(start, end) == count
    assert CALENDAR.is_working(end) if count else end == start


@given(start=SHIPPED, first=st.integers(0, 40), second=st.integers(0, 40))
def test_days_between_add_up(start: date, first: int, second: int) -> None:
    middle, end = start + DAY * first, start + DAY * (first + second)
    assert CALENDAR.between(start, end) == CALENDAR.between(start, middle) + CALENDAR.between(middle, end)


def test_nothing_lies_before_the_start() -> None:
    assert CALENDAR.between(date(2024, 3, 4), date(2024, 3, 4)) == 0
    assert CALENDAR.between(date(2024, 3, 4), date(2024, 3, 1)) == 0


@given(day=st.dates(date(2027, 1, 1), date(2099, 12, 31)))
def test_a_year_without_a_calendar_counts_monday_to_friday_and_is_named(day: date) -> None:
    assert CALENDAR.is_working(day) is (day.weekday() < 5)
    assert day.year in CALENDAR.provisional_years(date(2026, 12, 31), day)


def test_only_years_without_a_calendar_are_provisional() -> None:
    assert CALENDAR.provisional_years(date(2016, 1, 1), date(2026, 12, 31)) == ()
    assert CALENDAR.provisional_years(date(2015, 12, 31), date(2028, 1, 1)) == (2015, 2027, 2028)
    assert WorkCalendar({}).provisional_years(date(2024, 5, 1), date(2024, 5, 2)) == (2024,)


def test_a_published_year_without_holidays_is_no_provisional_one() -> None:
    empty = CalendarYear(year=2030, holidays=frozenset(), make_up=frozenset())
    assert WorkCalendar({2030: empty}).provisional_years(date(2030, 1, 1), date(2030, 2, 1)) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("year = 2027\nholidays = []", "make_up: Field required"),
        ("year = 2027\nholidays = [2026-01-01]\nmake_up = []", "2026-01-01 is not of 2027"),
        ("year = 2027\nholidays = [2027-01-02]\nmake_up = []", "2027-01-02 is a weekend day"),
        ("year = 2027\nholidays = []\nmake_up = [2027-01-04]", "2027-01-04 is a weekday"),
        ("year = 12027\nholidays = []\nmake_up = []", "year: Input should be less than"),
        ("year = 2027\nholidays = [2027-02-30]\nmake_up = []", "Invalid date"),
        ("year = 2027\nholidays = []\nmake_up = []\nlunar = 1", "lunar: Extra inputs"),
    ],
)
def test_what_is_no_calendar_is_refused(text: str, said: str) -> None:
    with pytest.raises(CalendarUnreadable, match=said):
        read_calendar(text)
