"""Days 日期: the city's own day, months counted from the first date, and the fraction of a year that interest runs for."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

from domain.errors import InvalidInput

CITY = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Asia/Shanghai has had no other offset since 1991; later moments are all that the ledger's clock can show."""


def city_day(moment: datetime) -> date:
    """The day in the city at an instant."""
    return moment.astimezone(CITY).date()


def add_months(start: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day (31 January + 1 = 28 or 29 February)."""
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def parse_day(text: str, *, field: str = "date") -> date:
    """Read `YYYY-MM-DD`. Raises InvalidInput."""
    try:
        day = date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError(text)
        return day
    except ValueError:
        raise InvalidInput(field=field, problem=f"{text[:40]!a} is not a day", expected="YYYY-MM-DD") from None


def year_parts(start: date, end: date, *, year: str, month: str) -> list[tuple[int, int]]:
    """The time from `start` (counted) to `end` (not counted) as days, each with the length of its year.

    `year` is `360`, `364`, `365` or `actual` (each calendar year by its own length); `month` is `actual` or `30`.
    """
    if month == "30":
        days = (end.year - start.year) * 360 + (end.month - start.month) * 30 + min(end.day, 30) - min(start.day, 30)
        return [(days, 360 if year == "actual" else int(year))]
    if year != "actual":
        return [((end - start).days, int(year))]
    parts = []
    while start < end:
        stop = min(end, date(start.year + 1, 1, 1))
        parts.append(((stop - start).days, 366 if calendar.isleap(start.year) else 365))
        start = stop
    return parts


def year_fraction(start: date, end: date, *, year: str, month: str) -> Fraction:
    """The same time as a part of a year, exactly."""
    return sum((Fraction(*part) for part in year_parts(start, end, year=year, month=month)), Fraction(0))
