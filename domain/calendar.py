"""Days 日期: the city's own day, months counted from the first date, and the fraction of a year that interest runs for."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone

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
    day = start.day if start.day <= 28 else min(start.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day)


def parse_day(text: str, *, field: str = "date") -> date:
    """Read `YYYY-MM-DD`. Raises InvalidInput."""
    try:
        day = date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError(text)
        return day
    except ValueError:
        raise InvalidInput(field=field, problem=f"{text[:40]!a} is not a day", expected="YYYY-MM-DD") from None


def year_length(year: int) -> int:
    return 366 if calendar.isleap(year) else 365


def year_parts(start: date, end: date, *, year: str) -> list[tuple[int, int]]:
    """The time from `start` (counted) to `end` (not counted) as days, each with the length of its year.

    `year` is `360`, `364`, `365` or `actual`: each calendar year by its own length. A time across New Year is split at 31 December, so
    that this day already weighs as one of the new year (peers.md §B.3; ISDA splits at 1 January).
    """
    if year != "actual":
        return [((end - start).days, int(year))]
    parts = []
    while start < end:
        turn = date(start.year, 12, 31)
        within = start.year if start < turn else start.year + 1
        stop = min(end, turn if start < turn else date(within, 12, 31))
        parts.append(((stop - start).days, year_length(within)))
        start = stop
    return parts
