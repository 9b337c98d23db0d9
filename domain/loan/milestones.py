"""Milestones 途中节点: the course of a loan, kept after every so many movements, so that a day or a late fact costs what came after it.

They, and what each movement did on the way, are worked out of the movements on the way to an answer, shared by every copy of the loan,
and never stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter

from domain.loan.allocation import Course, Effect, begun, effect
from domain.loan.movement import IN_ORDER, Movement
from domain.loan.terms import RepaymentTerms
from domain.ratio import ShareScheme
from domain.working_days import WorkCalendar

APART = 32
"""Movements from one milestone to the next."""
_DAY = attrgetter("value_date")


class Milestones:
    """Of one loan by one set of movements; `before` are those of an earlier set, whose common beginning is taken over."""

    def __init__(
        self, terms: RepaymentTerms | None, scheme: ShareScheme | None, before: Milestones | None = None
    ) -> None:
        self._terms, self._scheme = terms, scheme
        self._before: Milestones | None = None
        if before is not None:
            self._before = before if before._movements is not None else before._before
        self._movements: Sequence[Movement] | None = None
        self._calendar: WorkCalendar | None = None
        self._reached: dict[int, Course] = {}
        self._effects: dict[int, Effect] = {}
        self._foreseen: Milestones | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Milestones:
        return self

    def in_order(self, movements: Iterable[Movement]) -> Sequence[Movement]:
        """The movements by day, then as they were recorded; asked for once, with those that it is of."""
        if self._movements is None:
            ordered = sorted(movements, key=IN_ORDER)
            before, self._before = self._before, None
            if before is not None:
                foreseen = before._foreseen
                kept = foreseen if foreseen is not None and foreseen._movements == ordered else before
                common = in_common(kept._movements or (), ordered)
                self._calendar = kept._calendar
                self._reached = {after: course for after, course in kept._reached.items() if after <= common}
                self._effects = {place: done for place, done in kept._effects.items() if place < common}
            self._movements = ordered
        return self._movements

    def foresee(self, movements: Iterable[Movement]) -> Milestones:
        """Those of other movements that a decision looks at; a loan that is then told of them goes on from there."""
        self._foreseen = Milestones(self._terms, self._scheme, self)
        self._foreseen.in_order(movements)
        return self._foreseen

    def after(self, count: int, calendar: WorkCalendar) -> Course:
        """The course after the first so many movements, the caller's own."""
        self._by(calendar)
        return self._go(count, count)

    def effects(self, start: int, calendar: WorkCalendar) -> Iterator[tuple[date, Effect]]:
        """What each movement from the `start`-th on did, and on which day."""
        self._by(calendar)
        movements = self._in_order
        missing = (place for place in range(start, len(movements)) if place not in self._effects)
        if (first := next(missing, None)) is not None:
            self._go(len(movements), first)
        for place in range(start, len(movements)):
            yield movements[place].value_date, self._effects[place]

    def on(self, day: date, calendar: WorkCalendar) -> Course:
        """The course on a day, by the movements dated on or before it: interest has run on every earlier day."""
        course = self.after(bisect_right(self._in_order, day, key=_DAY), calendar)
        course.advance(day)
        return course

    @property
    def _in_order(self) -> Sequence[Movement]:
        assert self._movements is not None, "in_order comes first"
        return self._movements

    def _by(self, calendar: WorkCalendar) -> None:
        """What was worked out by another calendar is forgotten."""
        if self._calendar != calendar:
            self._calendar, self._reached, self._effects = calendar, {}, {}

    def _go(self, count: int, noting: int) -> Course:
        """From the nearest milestone to after so many movements, with note of what those from the `noting`-th on did."""
        assert self._calendar is not None
        reached, movements = self._reached, self._in_order
        start = max((after for after in reached if after <= min(count, noting)), default=0)
        course = reached[start].copy() if start else begun(self._terms, self._calendar)
        for place in range(start, count):
            if place >= noting:
                self._effects[place] = effect(course, self._scheme, movements[place])
            else:
                course.come_to(movements[place])
                course.move(movements[place])
            if (place + 1) % APART == 0 and place + 1 not in reached:
                reached[place + 1] = course.copy()
        return course


def in_common(some: Sequence[Movement], others: Sequence[Movement]) -> int:
    """How many movements both begin with."""
    for count, (one, other) in enumerate(zip(some, others, strict=False)):
        if one is not other and one != other:
            return count
    return min(len(some), len(others))
