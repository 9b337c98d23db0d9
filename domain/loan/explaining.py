"""What lies between two points 差异说明: of a loan at two pairs of value date and knowledge, which figures differ, and step by step why.

The way leads through the facts that became known, looked at on the first day, and then through the days with what is known at the
second point. The steps follow on each other, from the figures of the one to those of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Literal, TypeAlias

from domain.facts import Fact
from domain.loan.allocation import Course, begun
from domain.loan.loan import Loan
from domain.loan.movement import IN_ORDER, Movement
from domain.loan.owed import Owed
from domain.loan.servicing import ServicedCourse
from domain.money import Fen
from domain.state import replayed
from domain.working_days import WorkCalendar

Figures: TypeAlias = Mapping[str, Fen | date | None]
"""By name, in fen; `oldest_due` is a day, `payoff` everything that is owed."""
Cause: TypeAlias = Literal["recorded", "calendar", "moved", "fell_due", "became_overdue", "time"]


@dataclass(frozen=True)
class Point:
    """A value date, and what was known then: the loan's facts up to a position, none if it had not begun, and the working calendar."""

    as_of: date
    facts: Sequence[Fact]
    calendar: WorkCalendar = field(default_factory=lambda: WorkCalendar({}))


@dataclass(frozen=True)
class Step:
    """Why figures changed: fact `version` was `recorded`, or what it says `moved` on its day; another `calendar` was published; on a day something `fell_due` or
    `became_overdue`; until a day interest and penalty ran (`time`). `before` and `after` are of the figures that changed."""

    cause: Cause
    day: date
    version: int | None
    before: Figures
    after: Figures


_NAMES = {"accrued": "accrued_interest", "future": "principal_to_come"}


def figures(owed: Owed) -> Figures:
    """All of them, by name."""
    said = {_NAMES.get(one.name, one.name): getattr(owed, one.name) for one in fields(owed)}
    return {**said, "payoff": owed.everything}


def at(point: Point) -> Figures:
    """The figures at a point."""
    return figures(_owed(point.facts, point.as_of, point.calendar))


def between(start: Point, end: Point) -> Iterator[Step]:
    """The steps that change something, from one point to the other; backward where that is earlier, or knew less."""
    yield from _learnt(start.facts, end.facts, start.as_of, start.calendar)
    same, other = (figures(_owed(end.facts, start.as_of, each)) for each in (start.calendar, end.calendar))
    yield from _step("calendar", start.as_of, None, same, other)
    yield from _passed(end.facts, start.as_of, end.as_of, end.calendar)


def differing(before: Figures, after: Figures) -> tuple[Figures, Figures]:
    """Of each those that the other has otherwise."""
    names = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def _owed(facts: Sequence[Fact], day: date, calendar: WorkCalendar) -> Owed:
    loan: Loan | None = replayed(facts)
    if loan is None:
        return Owed()
    loan.calendar = calendar
    return loan.owed(day)


def _learnt(before: Sequence[Fact], after: Sequence[Fact], day: date, calendar: WorkCalendar) -> Iterable[Step]:
    """Fact by fact, what it changed of the figures of a day."""
    fewer, more = sorted((before, after), key=len)
    loan: Loan | None = replayed(fewer)
    known, steps = figures(_owed(fewer, day, calendar)), list[Step]()
    for fact in more[len(fewer) :]:
        loan = fact.mutate(loan)
        assert loan is not None, "a fact has a stream"
        loan.calendar = calendar
        then = figures(loan.owed(day))
        steps += _step("recorded", fact.value_date, fact.originator_version, known, then)
        known = then
    return steps if fewer is before else _backward(steps)


def _passed(facts: Sequence[Fact], start: date, end: date, calendar: WorkCalendar) -> Iterable[Step]:
    """Day by day, what ran, fell due and moved."""
    loan: Loan | None = replayed(facts)
    if loan is None:
        return []
    first, last = sorted((start, end))
    course, steps = begun(loan.contract.terms, calendar), list[Step]()
    movements = sorted(loan.movements, key=IN_ORDER)
    for movement in (movement for movement in movements if movement.value_date <= first):
        course.come_to(movement)
        course.move(movement)
    course.advance(first)
    for movement in (movement for movement in movements if first < movement.value_date <= last):
        steps += _waited(course, movement.value_date, movement)
        known = figures(course.owed())
        course.move(movement)
        steps += _step("moved", movement.value_date, movement.order, known, figures(course.owed()))
    steps += _waited(course, last)
    return steps if first == start else _backward(steps)


def _waited(course: Course, until: date, then: Movement | None = None) -> Iterator[Step]:
    """What ran, fell due and became overdue up to a day, on which what moves `then` moves."""
    while halt := _next_halt(course, course.before(then) if then else until):
        cause, day = halt
        known = figures(course.owed())
        course.advance(day)
        yield from _step(cause, day, None, known, figures(course.owed()))
    known = figures(course.owed())
    if then is None:
        course.advance(until)
    else:
        course.come_to(then)
    yield from _step("time", until, None, known, figures(course.owed()))


def _next_halt(course: Course, until: date) -> tuple[Cause, date] | None:
    """The next day up to `until` on which something falls due, or is overdue since nobody paid by the day before."""
    if not isinstance(course, ServicedCourse) or course.periods is None:
        return None
    halts: list[tuple[date, Cause]] = [(due.pay_by + timedelta(days=1), "became_overdue") for due in course.waiting]
    if course.number <= course.terms.instalments:
        halts.append((course.periods.due(course.number), "fell_due"))
    day, cause = min(halts, default=(date.max, "time"))
    return (cause, day) if day <= until else None


def _step(cause: Cause, day: date, version: int | None, before: Figures, after: Figures) -> Iterator[Step]:
    old, new = differing(before, after)
    if old:
        yield Step(cause, day, version, old, new)


def _backward(steps: Sequence[Step]) -> list[Step]:
    return [replace(step, before=step.after, after=step.before) for step in reversed(steps)]
