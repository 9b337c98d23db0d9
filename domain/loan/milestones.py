"""Milestones 途中节点: the course of a loan, kept after every so many movements, so that a day or a late fact costs what came after it.

They are worked out of the movements on the way to an answer, shared by every copy of the loan, and never stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter

from domain.loan.allocation import Course, begun
from domain.loan.movement import IN_ORDER, Movement
from domain.loan.terms import RepaymentTerms
from domain.working_days import WorkCalendar

APART = 32
"""Movements from one milestone to the next."""
_DAY = attrgetter("value_date")


class Milestones:
    """Of one loan by one set of movements; `before` are those of an earlier set, whose common beginning is taken over."""

    def __init__(self, terms: RepaymentTerms | None, before: Milestones | None = None) -> None:
        self._terms = terms
        self._before: Milestones | None = None
        if before is not None:
            self._before = before if before._movements is not None else before._before
        self._movements: Sequence[Movement] | None = None
        self._calendar: WorkCalendar | None = None
        self._reached: dict[int, Course] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> Milestones:
        return self

    def in_order(self, movements: Iterable[Movement]) -> Sequence[Movement]:
        """The movements by day, then as they were recorded; asked for once, with those that it is of."""
        if self._movements is None:
            ordered = sorted(movements, key=IN_ORDER)
            if (before := self._before) is not None:
                common = in_common(before._movements or (), ordered)
                self._calendar, self._before = before._calendar, None
                self._reached = {after: course for after, course in before._reached.items() if after <= common}
            self._movements = ordered
        return self._movements

    def after(self, count: int, calendar: WorkCalendar) -> Course:
        """The course after the first so many movements, the caller's own."""
        assert self._movements is not None, "in_order comes first"
        if self._calendar != calendar:
            self._calendar, self._reached = calendar, {}
        reached = self._reached
        start = max((after for after in reached if after <= count), default=0)
        course = reached[start].copy() if start else begun(self._terms, calendar)
        for place in range(start, count):
            course.advance(self._movements[place].value_date)
            course.move(self._movements[place])
            if (place + 1) % APART == 0:
                reached[place + 1] = course.copy()
        return course

    def on(self, day: date, calendar: WorkCalendar) -> Course:
        """The course on a day, by the movements dated on or before it: interest has run on every earlier day."""
        assert self._movements is not None, "in_order comes first"
        course = self.after(bisect_right(self._movements, day, key=_DAY), calendar)
        course.advance(day)
        return course


def in_common(some: Sequence[Movement], others: Sequence[Movement]) -> int:
    """How many movements both begin with."""
    for count, (one, other) in enumerate(zip(some, others, strict=False)):
        if one is not other and one != other:
            return count
    return min(len(some), len(others))
