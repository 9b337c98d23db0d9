"""The working calendar in a read model: a table of the days that differ from Monday to Friday, and the count of working days in SQL.

A year's calendar that is published again takes the place of the earlier one, for whoever asks from its position on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from psycopg import Cursor

from domain.policy.events import CalendarPublished
from projections.log import Told
from projections.projection import copy_rows


def calendar_ddl(name: str) -> str:
    return (
        f"CREATE TABLE {{schema}}.{name}_calendar (year int NOT NULL, position bigint NOT NULL, day date NOT NULL,"
        " difference int NOT NULL, PRIMARY KEY (year, position, day));"
    )


def fold_calendars(cursor: Cursor[Any], schema: str, name: str, facts: Iterable[Told]) -> None:
    """A weekday off takes one from the count, a weekend day on adds one; a year without either keeps a row that says so."""
    rows = [row for fact in facts if fact.topic == CalendarPublished.TOPIC for row in _rows(fact)]
    copy_rows(cursor, f"{schema}.{name}_calendar", "year, position, day, difference", rows)


def working_days(name: str, start: str, end: str, *, weekdays_only: str = "false") -> str:
    """SQL for the working days from `start` (counted) to `end` (not counted); 0 where the end is not later."""
    newest = (
        f"SELECT c.day, c.difference FROM projections.{name}_calendar c WHERE c.position = (SELECT max(n.position)"
        f" FROM projections.{name}_calendar n WHERE n.year = c.year AND n.position <= %(known_at)s)"
    )
    moved = f"(SELECT coalesce(sum(m.difference), 0) FROM ({newest}) m WHERE m.day >= {start} AND m.day < {end})"
    plain = f"({_weekdays(end)} - {_weekdays(start)})"
    return f"CASE WHEN {end} <= {start} THEN 0 WHEN {weekdays_only} THEN {plain} ELSE {plain} + {moved} END::int"


def _weekdays(day: str) -> str:
    """Mondays to Fridays before a day, counted from a Monday long ago."""
    since = f"({day} - date '{date(1900, 1, 1).isoformat()}')"
    return f"({since} / 7 * 5 + least({since} %% 7, 5))"


def _rows(fact: Told) -> Iterable[tuple[Any, ...]]:
    body, first = fact.body, f"{fact.body['year']}-01-01"
    differences = {first: 0} | dict.fromkeys(body["holidays"], -1) | dict.fromkeys(body["make_up"], 1)
    yield from ((body["year"], fact.position, day, difference) for day, difference in differences.items())
