"""What a loan bore and when 计息区间: the days on which its principal bore the contract rate, and those on which it was overdue, by all that is known.

Days are counted as interest is: the first counts, the last does not (R-INT-8). A loan is overdue from the day after a due day that was not met
by the last day to pay (domain.md §5.4) until the day on which all arrears are paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.loan.allocation import begun
from domain.loan.movement import IN_ORDER, Movement
from domain.loan.servicing import ServicedCourse
from domain.loan.terms import RepaymentTerms
from domain.money import Fen
from domain.working_days import WorkCalendar

_A_DAY = timedelta(days=1)


class Stretch(NamedTuple):
    """From `first` up to `until`, which does not count: `principal` that was not due yet bore `annual_rate`, for the parts of a year."""

    first: date
    until: date
    principal: Fen
    annual_rate: Decimal
    year_parts: tuple[tuple[int, int], ...]


class Bearing(NamedTuple):
    """In order of days. The overdue days are stretches from a day up to one that does not count; they may overlap."""

    stretches: tuple[Stretch, ...]
    overdue: tuple[tuple[date, date], ...]


def bearing(
    terms: RepaymentTerms,
    movements: Iterable[Movement],
    calendar: WorkCalendar,
    first: date,
    until: date,
    at: Iterable[date] = (),
) -> Bearing:
    """Of the days from `first` up to `until`; a stretch ends wherever anything changes, and on the days of `at`.

    What falls due before `until` is looked at up to its last day to pay. `terms` are the contract's and say how it is run.
    """
    course, moves = begun(terms, calendar), sorted(movements, key=IN_ORDER)
    assert isinstance(course, ServicedCourse), "it is run by rules"
    wanted = {first, until, *at}
    borne, overdue = list[Stretch](), list[tuple[date, date]]()
    since: date | None = None
    day, place, end = moves[0].value_date if moves else until, 0, until
    while day <= end:
        while place < len(moves) and moves[place].value_date <= day:
            course.come_to(moves[place])
            since = since or _overdue_since(course)
            course.move(moves[place])
            place += 1
        course.advance(day)
        since = since or _overdue_since(course)
        if since is not None and not course.late:
            overdue.append((since, day))
            since = None
        if day >= until:
            end = max([until, *(due.pay_by + _A_DAY for due in course.waiting if due.day + _A_DAY < until)])
        following = [*wanted, *_changes(course), *(move.value_date for move in moves[place : place + 1])]
        stop = min((other for other in following if other > day), default=end + _A_DAY)
        if first <= day < until and course.future and course.periods is not None:
            parts = tuple(course.periods.parts(day, stop))
            borne.append(Stretch(day, stop, course.future, course.terms.annual_rate, parts))
        day = stop
    if since is not None:
        overdue.append((since, max(end, since)))
    return Bearing(tuple(borne), tuple(overdue))


def _overdue_since(course: ServicedCourse) -> date | None:
    return course.late[0].day + _A_DAY if course.late else None


def _changes(course: ServicedCourse) -> Iterator[date]:
    """The days on which something may change by itself: what falls due next, and when what waits becomes overdue."""
    yield from course.lapses_next()
    if course.periods is not None and course.number <= course.terms.instalments:
        yield course.periods.due(course.number)
