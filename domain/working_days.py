"""Working days 工作日: the Chinese working calendar, with its holidays and its make-up Saturdays and Sundays (调休), as data by year."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import Field, PlainSerializer, ValidationError, model_validator

from domain.errors import BadInput
from domain.frozen import Frozen

_DAY = timedelta(days=1)


Days = Annotated[frozenset[date], PlainSerializer(lambda days: sorted(map(str, days)), list[str], when_used="json")]
"""In JSON in their order, so that the same days are the same text in every process."""


class CalendarYear(Frozen):
    """One year as the State Council publishes it: weekdays off, and weekend days on."""

    year: int = Field(ge=1949, le=2099)
    holidays: Days
    make_up: Days

    @model_validator(mode="after")
    def _are_of_the_year(self) -> Self:
        if strange := sorted(day for day in self.holidays | self.make_up if day.year != self.year):
            raise ValueError(f"{strange[0]} is not of {self.year}")
        if wrong := sorted(day for day in self.holidays if day.weekday() > 4):
            raise ValueError(f"{wrong[0]} is a weekend day and no working day in any case")
        if wrong := sorted(day for day in self.make_up if day.weekday() < 5):
            raise ValueError(f"{wrong[0]} is a weekday and a working day in any case")
        return self


class WorkCalendar:
    """Calendars by year; a year without a published one counts Monday to Friday and is provisional, never an error."""

    def __init__(self, years: Mapping[int, CalendarYear]) -> None:
        self._years = dict(years)

    def __deepcopy__(self, memo: dict[int, object]) -> WorkCalendar:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkCalendar) and self._years == other._years

    __hash__ = None  # type: ignore[assignment]  # it is compared, never looked up

    def is_working(self, day: date) -> bool:
        published = self._years.get(day.year)
        if published is not None and day in published.holidays:
            return False
        if published is not None and day in published.make_up:
            return True
        return day.weekday() < 5

    def add(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; `day` itself where none are left."""
        while count > 0:
            day += _DAY
            count -= self.is_working(day)
        return day

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; 0 where `end` is not later."""
        return sum(self.is_working(start + _DAY * step) for step in range(1, (end - start).days + 1))

    def provisional_years(self, start: date, end: date) -> tuple[int, ...]:
        """Years of the span for which no calendar has been published."""
        return tuple(year for year in range(start.year, end.year + 1) if year not in self._years)


class CalendarUnreadable(BadInput):
    code = "policy.calendar_unreadable"
    en = "{field}: {problem}; give year, holidays (weekdays off) and make_up (weekend days on)"
    zh = "{field}：{problem}；请提供 year、holidays（工作日放假）和 make_up（周末上班）"


def read_calendar(text: str, *, field: str = "file") -> CalendarYear:
    """One year's calendar from TOML. Raises CalendarUnreadable."""
    try:
        return CalendarYear.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise CalendarUnreadable(field=field, problem=str(problem)) from None
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise CalendarUnreadable(field=field, problem=said) from None
