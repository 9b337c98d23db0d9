"""Allocation with hindsight 还款分配: what every payment paid, worked out from the dated movements and nothing else.

A late fact is never squeezed into what was recorded before it: the allocation is computed with and without it, and the fact
carries the difference, each part on its own date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeAlias

from domain.loan.balances import Balance, BalanceChange, DatedTotals, difference
from domain.loan.movement import IN_ORDER, Movement
from domain.loan.plain import PlainCourse
from domain.loan.servicing import ServicedCourse
from domain.loan.terms import RepaymentTerms
from domain.money import Fen
from domain.ratio import ShareScheme
from domain.working_days import WorkCalendar

Course: TypeAlias = PlainCourse | ServicedCourse


def begun(terms: RepaymentTerms | None, calendar: WorkCalendar) -> Course:
    """A loan before its first movement, run by the rules that its contract pins, if it pins any."""
    if terms is not None and terms.servicing is not None:
        return ServicedCourse(terms, terms.servicing, calendar)
    return PlainCourse(terms)


def course_at(terms: RepaymentTerms | None, movements: Iterable[Movement], day: date, calendar: WorkCalendar) -> Course:
    """A loan on a day, by the movements dated on or before it: interest has run on every earlier day."""
    course = begun(terms, calendar)
    for movement in sorted(movements, key=IN_ORDER):
        if movement.value_date > day:
            break
        course.advance(movement.value_date)
        course.move(movement)
    course.advance(day)
    return course


def changes_between(
    terms: RepaymentTerms | None,
    scheme: ShareScheme | None,
    before: Iterable[Movement],
    after: Iterable[Movement],
    calendar: WorkCalendar = WorkCalendar({}),  # noqa: B008 - it never changes
) -> tuple[BalanceChange, ...]:
    """The dated balance changes that lead from the allocation of some movements to that of others, both with hindsight.

    Without terms no interest runs. Exposure is every guaranteeing party's share(after) − share(before) of the principal,
    never the share of a payment (domain.md §3). What both begin with is gone through once.
    """
    old, new = sorted(before, key=IN_ORDER), sorted(after, key=IN_ORDER)
    course, common = begun(terms, calendar), 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        course.advance(one.value_date)
        course.move(one)
        common += 1
    return changes_after(course, scheme, old[common:], new[common:])


def changes_after(
    course: Course, scheme: ShareScheme | None, before: Iterable[Movement], after: Iterable[Movement]
) -> tuple[BalanceChange, ...]:
    """The same from where both have a loan that has come so far: what `before` and `after` make of it, each in order."""
    fork = course.copy()
    return difference(_allocated(course, scheme, before), _allocated(fork, scheme, after))


def _allocated(course: Course, scheme: ShareScheme | None, movements: Iterable[Movement]) -> DatedTotals:
    """The changes that the movements make together to a loan so far on its way, summed by (date, balance, party)."""
    totals = DatedTotals()
    borne = None if scheme is None else _borne(course, scheme)
    for movement in movements:
        course.advance(movement.value_date)
        before = course.principal, course.released
        for balance, fen in course.move(movement).items():
            if fen:
                _add(totals, (movement.value_date, balance, None), fen)
        if scheme is not None and borne is not None and (course.principal, course.released) != before:
            bearing = _borne(course, scheme)
            for share, old, new in zip(scheme.parties, borne, bearing, strict=True):
                if share.party != "bank" and new != old:
                    _add(totals, (movement.value_date, Balance.EXPOSURE, share.party), new - old)
            borne = bearing
    return totals


def _borne(course: Course, scheme: ShareScheme) -> list[Fen]:
    """What each party stands for, in the order of the scheme; nobody does once a claim on it is approved (domain.md §3)."""
    return scheme.parts(0 if course.released else course.principal)


def _add(totals: DatedTotals, key: tuple[date, Balance, str | None], fen: Fen) -> None:
    totals[key] = totals.get(key, 0) + fen
