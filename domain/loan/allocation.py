"""Allocation with hindsight 还款分配: what every payment paid, worked out from the dated movements and nothing else.

A late fact is never squeezed into what was recorded before it: the allocation is computed with and without it, and the fact
carries the difference, each part on its own date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        course.come_to(movement)
        course.move(movement)
    course.advance(day)
    return course


Effect: TypeAlias = Mapping[tuple[Balance, str | None], Fen]
"""What a movement changed of each balance, and of each party's exposure."""


def effect(course: Course, scheme: ShareScheme | None, movement: Movement) -> Effect:
    """Let a movement move a loan that has come so far, on its day.

    Exposure is every guaranteeing party's share(after) − share(before) of the principal, never the share of a payment (domain.md §3);
    nobody stands for it once a claim on it is approved.
    """
    course.come_to(movement)
    stood_for = 0 if course.released else course.principal
    done: dict[tuple[Balance, str | None], Fen] = {
        (balance, None): fen for balance, fen in course.move(movement).items() if fen
    }
    stands_for = 0 if course.released else course.principal
    if scheme is not None and stands_for != stood_for:
        shares = zip(scheme.parties, scheme.parts(stood_for), scheme.parts(stands_for), strict=True)
        for share, old, new in shares:
            if share.party != "bank" and new != old:
                done[Balance.EXPOSURE, share.party] = new - old
    return done


def dated(effects: Iterable[tuple[date, Effect]]) -> DatedTotals:
    """Effects of movements in order, summed by day, balance and party."""
    totals = DatedTotals()
    for day, done in effects:
        for (balance, party), fen in done.items():
            key = (day, balance, party)
            totals[key] = totals.get(key, 0) + fen
    return totals


def changes_between(
    terms: RepaymentTerms | None,
    scheme: ShareScheme | None,
    before: Iterable[Movement],
    after: Iterable[Movement],
    calendar: WorkCalendar = WorkCalendar({}),  # noqa: B008 - it never changes
) -> tuple[BalanceChange, ...]:
    """The dated balance changes that lead from the allocation of some movements to that of others, both with hindsight.

    Without terms no interest runs.
    """
    old, new = (_effects(begun(terms, calendar), scheme, movements) for movements in (before, after))
    return difference(dated(old), dated(new))


def _effects(
    course: Course, scheme: ShareScheme | None, movements: Iterable[Movement]
) -> Iterable[tuple[date, Effect]]:
    return ((movement.value_date, effect(course, scheme, movement)) for movement in sorted(movements, key=IN_ORDER))
