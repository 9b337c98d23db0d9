"""Interest periods 计息期: the days on which instalments fall due, and how much of a year interest runs for between any two days."""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from math import lcm

from domain.calendar import add_months, year_length, year_parts
from domain.errors import Refusal
from domain.loan.terms import RepaymentTerms

LAST_DAY = date(9999, 12, 31)
_MONTHS = {"months": 1, "years": 12}
_DAYS = {"days": 1, "weeks": 7}
_A_YEAR = {"months": 12, "weeks": 52, "years": 1}
"""Periods of a year where interest runs by the instalment's own period; of days, as many as the year of the day count has."""


class ScheduleNotOffered(Refusal):
    """The terms contradict themselves, or lead out of the calendar."""

    code = "schedule.not_offered"
    en = "{field} = {value} gives no schedule; give {offered}"
    zh = "{field} = {value} 无法排出还款计划；请改为：{offered}"


@dataclass(frozen=True)
class Periods:
    """The periods of a loan first paid out on `start`; they go on after the last instalment, because interest on arrears does.

    A period runs from one due day (counted) to the next (not counted). By actual days every day weighs the same in its year; by months of
    30 days, or by the instalment's own period, a whole period weighs what its name says and a part of it its days out of the period's.
    """

    start: date
    terms: RepaymentTerms
    _known: list[date] = field(default_factory=list, compare=False)

    def due(self, number: int) -> date:
        """The number-th due day: counted from the first one, never from the one before (31 January, 29 February, 31 March).

        The last of those on a `due_day` falls on the end of the term if that is earlier. Raises ScheduleNotOffered.
        """
        while len(self._known) < number:
            self._known.append(self._due(len(self._known) + 1))
        return self._known[number - 1]

    def dates(self) -> list[date]:
        """Every due day of the schedule. Raises ScheduleNotOffered."""
        known = self._known
        known += [self._due(number) for number in range(len(known) + 1, self.terms.instalments + 1)]
        return known[: self.terms.instalments]

    def whole(self, number: int) -> tuple[int, int]:
        """What the number-th period weighs of a year."""
        first, last = self.begins(number), self.due(number)
        return _sum(self._days(first, last) or [self._part(number, first, last, first, last)])

    def begins(self, number: int) -> date:
        """The first day of the number-th period."""
        return self.start if number == 1 else self.due(number - 1)

    def part(self, start: date, end: date) -> tuple[int, int]:
        """The time as one part of a year."""
        return _sum(self.parts(start, end))

    def parts(self, start: date, end: date) -> list[tuple[int, int]]:
        """The time from `start` (counted) to `end` (not counted) as parts of a year, each a numerator and a denominator."""
        return self._days(start, end) or [self._part(*period, start, end) for period in self._between(start, end)]

    @cached_property
    def _by_days(self) -> bool:
        return self.terms.interest_period == "daily" and self.terms.day_count.month == "actual"

    @cached_property
    def _by_calendar(self) -> bool:
        """Whether days weigh what the calendar says, whatever period they are in."""
        year_of_its_own = self.terms.day_count.year == "actual" and (
            self.terms.style == "cumulative" or self.terms.leap
        )
        return self._by_days and not year_of_its_own

    def _days(self, start: date, end: date) -> list[tuple[int, int]]:
        return year_parts(start, end, year=self.terms.day_count.year) if self._by_calendar else []

    def _between(self, start: date, end: date) -> Iterator[tuple[int, date, date]]:
        """The periods that overlap the time, each with its number."""
        number = 1
        if self._known and start >= self._known[0]:
            number = bisect_right(self._known, start) + 1
        while True:
            first, last = self.begins(number), self.due(number)
            if last > start:
                yield number, first, last
            if last >= end:
                return
            number += 1

    def _part(self, number: int, first: date, last: date, start: date, end: date) -> tuple[int, int]:
        """What the overlap of a period with a time weighs."""
        days = (min(last, end) - max(first, start)).days
        if self._by_days:
            return days, self._year(first, last)
        over, under = self._nominal(first)
        return over * days, under * self._regular(number, first, last)

    def _nominal(self, first: date) -> tuple[int, int]:
        """What a whole period weighs."""
        every, unit = self.terms.every, self.terms.unit
        if self.terms.interest_period == "same_as_repayment":
            return every, _A_YEAR.get(unit) or self._year(first, first)
        days = every * (30 * _MONTHS[unit] if unit in _MONTHS else _DAYS[unit])
        return days, self._year(first, first)

    def _year(self, first: date, last: date) -> int:
        """How long the year is that a period counts in."""
        if self.terms.day_count.year != "actual":
            return int(self.terms.day_count.year)
        if self.terms.leap == "feb_29_period_only":
            return 366 if any(_is_leap_day_in(year, first, last) for year in range(first.year, last.year + 1)) else 365
        return year_length(self.start.year if self.terms.style == "cumulative" else first.year)

    def _regular(self, number: int, first: date, last: date) -> int:
        """The days of the period as it would be if it were whole: the first may be broken, and the last of those on a `due_day`, and
        then the one after it."""
        end = self.terms.instalments
        broken = self.terms.due_day if number >= end else self.terms.due_day or self.terms.first_due
        if broken and number in (1, end, end + 1):
            first = _shifted(last, -self.terms.every, self.terms.unit)
        return (last - first).days

    def _due(self, number: int) -> date:
        terms = self.terms
        try:
            if terms.first_due is not None:
                if terms.first_due <= self.start:
                    raise ScheduleNotOffered(field="first_due", value=terms.first_due, offered="a day after the start")
                if number == 1:
                    return terms.first_due
                return self._on_due_day(_shifted(terms.first_due, (number - 1) * terms.every, terms.unit))
            whole = _shifted(self.start, number * terms.every, terms.unit)
            on_day = self._on_due_day(whole)
            return min(on_day, whole) if number == terms.instalments else on_day
        except (ValueError, OverflowError):
            raise ScheduleNotOffered(
                field="instalments", value=terms.instalments, offered="a last day before 10000-01-01"
            ) from None

    def _on_due_day(self, day: date) -> date:
        if self.terms.due_day is None:
            return day
        if self.terms.unit not in _MONTHS:
            raise ScheduleNotOffered(field="due_day", value=self.terms.due_day, offered="a unit of months or years")
        return day.replace(day=min(self.terms.due_day, calendar.monthrange(day.year, day.month)[1]))


def _shifted(day: date, steps: int, unit: str) -> date:
    if unit in _MONTHS:
        return add_months(day, steps * _MONTHS[unit])
    return day + timedelta(days=steps * _DAYS[unit])


def _sum(parts: list[tuple[int, int]]) -> tuple[int, int]:
    if len(parts) == 1:
        return parts[0]
    whole = lcm(*(under for _, under in parts))
    return sum(over * (whole // under) for over, under in parts), whole


def _is_leap_day_in(year: int, first: date, last: date) -> bool:
    """Whether 29 February lies in a period, its first day left out and its last counted."""
    return calendar.isleap(year) and first < date(year, 2, 29) <= last
