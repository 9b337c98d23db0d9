"""Allocation with hindsight 还款分配: what every payment paid, worked out from the dated movements and nothing else.

A late fact is never squeezed into what was recorded before it: the allocation is computed with and without it, and the fact
carries the difference, each part on its own date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from math import lcm
from operator import attrgetter
from typing import Literal

from domain.loan.balances import Balance, BalanceChange, DatedTotals, difference
from domain.loan.events import Allocation
from domain.loan.periods import Periods
from domain.loan.terms import RepaymentTerms
from domain.money import Fen
from domain.ratio import ShareScheme


@dataclass(frozen=True)
class Movement:
    """Money that moved, as far as allocation needs to know; `order` breaks ties within a day (the fact's version)."""

    value_date: date
    order: int
    kind: Literal["disbursed", "repaid", "charged_off", "claim_approved", "claim_ended", "taken_over"]
    fen: Fen
    stated: Allocation | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Movement:
        return self


_IN_ORDER = attrgetter("value_date", "order")


@dataclass
class _Course:
    """A loan on its way through the movements; `lent` is principal × time, in fen-years, by the parts that a year is counted in.

    `released`: a claim on it was approved, so nobody stands for it any more (domain.md §3).
    """

    terms: RepaymentTerms | None
    periods: Periods | None = None
    day: date = date.min
    principal: Fen = 0
    released: bool = False
    lent: dict[int, int] = field(default_factory=dict)
    interest_paid: Fen = 0

    def advance(self, day: date) -> None:
        """Interest runs on the principal, the first day counted and the last not (R-INT-8, assumed)."""
        if self.periods is not None and self.principal and day > self.day:
            for part, of_year in self.periods.parts(self.day, day):
                self.lent[of_year] = self.lent.get(of_year, 0) + self.principal * part
        self.day = day

    def interest_due(self) -> Fen:
        """What has accrued and is unpaid: the accrued total is rounded, half to even, never its parts."""
        if self.terms is None or not self.lent:
            return 0
        rate, per = self.terms.annual_rate.as_integer_ratio()
        year = lcm(*self.lent)
        accrued = Fraction(rate * sum(lent * (year // length) for length, lent in self.lent.items()), per * year)
        return max(round(accrued) - self.interest_paid, 0)

    def borne(self, scheme: ShareScheme) -> list[Fen]:
        """What each party stands for, in the order of the scheme."""
        return scheme.parts(0 if self.released else self.principal)

    def split(self, movement: Movement) -> Allocation:
        """Interest is met first, then principal; or as the source stated it."""
        if movement.stated is not None:
            return movement.stated
        interest = min(movement.fen, self.interest_due())
        return Allocation(interest_fen=interest, principal_fen=min(movement.fen - interest, self.principal))


def changes_between(
    terms: RepaymentTerms | None, scheme: ShareScheme | None, before: Iterable[Movement], after: Iterable[Movement]
) -> tuple[BalanceChange, ...]:
    """The dated balance changes that lead from the allocation of some movements to that of others, both with hindsight.

    Without terms no interest runs. Exposure is every guaranteeing party's share(after) − share(before) of the principal,
    never the share of a payment (domain.md §3). What both begin with is gone through once.
    """
    old, new = sorted(before, key=_IN_ORDER), sorted(after, key=_IN_ORDER)
    course, common = _Course(terms), 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        course.advance(one.value_date)
        _changes(course, one)
        common += 1
    fork = replace(course, lent=dict(course.lent))
    return difference(_allocated(course, scheme, old[common:]), _allocated(fork, scheme, new[common:]))


def _allocated(course: _Course, scheme: ShareScheme | None, movements: Iterable[Movement]) -> DatedTotals:
    """The changes that the movements make together to a loan so far on its way, summed by (date, balance, party)."""
    totals = DatedTotals()
    borne = None if scheme is None else course.borne(scheme)
    for movement in movements:
        course.advance(movement.value_date)
        before = course.principal, course.released
        for balance, fen in _changes(course, movement).items():
            if fen:
                _add(totals, (movement.value_date, balance, None), fen)
        if scheme is not None and borne is not None and (course.principal, course.released) != before:
            bearing = course.borne(scheme)
            for share, old, new in zip(scheme.parties, borne, bearing, strict=True):
                if share.party != "bank" and new != old:
                    _add(totals, (movement.value_date, Balance.EXPOSURE, share.party), new - old)
            borne = bearing
    return totals


def interest_due(terms: RepaymentTerms | None, movements: Iterable[Movement], day: date) -> Fen:
    """The unpaid interest at the start of `day`, in fen."""
    course = _Course(terms)
    for movement in sorted(movements, key=_IN_ORDER):
        if movement.value_date > day:
            break
        course.advance(movement.value_date)
        _changes(course, movement)
    course.advance(day)
    return course.interest_due()


def _changes(course: _Course, movement: Movement) -> dict[Balance, Fen]:
    if movement.kind == "disbursed":
        if course.terms is not None and course.periods is None:
            course.periods = Periods(movement.value_date, course.terms)
        course.principal += movement.fen
        return {Balance.PRINCIPAL: movement.fen}
    if movement.kind == "charged_off":
        given_up = movement.stated.principal_fen if movement.stated else min(movement.fen, course.principal)
        course.principal -= given_up
        return {Balance.PRINCIPAL: -given_up, Balance.CHARGED_OFF: movement.fen}
    if movement.kind in ("claim_approved", "claim_ended"):
        course.released = movement.kind == "claim_approved"
        return {}
    split = course.split(movement)
    if movement.kind == "taken_over":
        gone = min(split.principal_fen, course.principal)
        course.principal -= gone
        course.interest_paid += split.interest_fen
        return {Balance.PRINCIPAL: -gone, Balance.INTEREST: -split.interest_fen}
    course.principal -= split.principal_fen
    course.interest_paid += split.interest_fen
    beyond = movement.fen - split.principal_fen - split.interest_fen - split.penalty_fen
    return {
        Balance.PRINCIPAL: -split.principal_fen,
        Balance.INTEREST: -split.interest_fen,
        Balance.PENALTY: -split.penalty_fen,
        Balance.REFUNDABLE: beyond,
    }


def _add(totals: DatedTotals, key: tuple[date, Balance, str | None], fen: Fen) -> None:
    totals[key] = totals.get(key, 0) + fen
