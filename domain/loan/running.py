"""A running loan 贷款计息: what falls due and what is borne as its days pass, by the rules that its contract pins.

On every due day the interest of the period is rounded once and falls due with the instalment's principal; what is not paid by then, or by the
next working day, bears the penalty rate from its due day on.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple, Self

from domain.loan.movement import Movement
from domain.loan.owed import Owed
from domain.loan.periods import Periods
from domain.loan.schedule import Instalment, Rate, rounded
from domain.loan.terms import RepaymentTerms, Servicing, changed
from domain.money import Fen
from domain.working_days import WorkCalendar


@dataclass
class Due:
    """What fell due on a day and is not paid yet; it is late once its last day to pay is over."""

    day: date
    pay_by: date
    principal: Fen
    interest: Fen


class _Rates(NamedTuple):
    """What is overdue bears `overdue`, or `misuse` where that is higher; what is not bears
    `contract`, and `beside` it where it is misused (R-INT-7: the higher of the two, never both)."""

    contract: Rate
    overdue: Rate
    misuse: Rate
    beside: Rate


@lru_cache(maxsize=64)
def _rates(annual_rate: Decimal, rules: Servicing) -> _Rates:
    rate = Fraction(annual_rate)
    higher = max(rules.overdue_surcharge, rules.misuse_surcharge)
    surcharges = (1 + Fraction(said) for said in (0, rules.overdue_surcharge, higher))
    times = [*surcharges, Fraction(rules.misuse_surcharge)]
    return _Rates(*((rate * factor).as_integer_ratio() for factor in times))


def _add(parts: dict[int, int], fen: int, of_year: int, rate: Rate) -> None:
    """Interest on fen × a part of a year, which `of_year` divides, at a rate."""
    over, under = rate
    parts[of_year * under] = parts.get(of_year * under, 0) + fen * over


@dataclass
class RunningCourse:
    """The loan as far as it has come.

    `number` is the next instalment's, `plan` the principal of every instalment, `equal` what the plan's instalments have in common, and `last`
    the last that asks for principal since the borrower shortened it; `late` are the dues that are overdue, `waiting` the others, `bearing` what
    of the late ones bears the penalty rate, `principal` all that is owed; `lent` is what interest the running period has borne, in fen by what
    divides them, and `taken` what was paid of it; `penal` is what penalty has run, likewise, `fined` what was paid of it, and `fines` from which
    day on which rate bears. `unguaranteed` by a change of the contract, `compensated` by a claim; `given_up`: principal, and not received since.
    `was_late`: something of it was overdue once.
    """

    terms: RepaymentTerms
    rules: Servicing
    calendar: WorkCalendar
    periods: Periods | None = None
    day: date = date.min
    number: int = 1
    future: Fen = 0
    plan: list[Fen] = field(default_factory=list)
    equal: Fen | None = None
    last: int | None = None
    late: list[Due] = field(default_factory=list)
    waiting: list[Due] = field(default_factory=list)
    bearing: Fen = 0
    principal: Fen = 0
    lent: dict[int, int] = field(default_factory=dict)
    taken: Fen = 0
    penal: dict[int, int] = field(default_factory=dict)
    fined: Fen = 0
    fines: list[tuple[date, Rate]] = field(default_factory=list)
    costs: Fen = 0
    refundable: Fen = 0
    given_up: Fen = 0
    unguaranteed: bool = False
    compensated: bool = False
    misused: date | None = None
    was_late: bool = False

    def copy(self) -> Self:
        other = copy(self)
        other.late, other.waiting = [copy(due) for due in self.late], [copy(due) for due in self.waiting]
        other.plan, other.lent, other.penal = list(self.plan), dict(self.lent), dict(self.penal)
        other.fines = list(self.fines)
        return other

    @property
    def released(self) -> bool:
        """Whether nobody stands for it any more."""
        return self.unguaranteed or self.compensated

    def owed(self) -> Owed:
        return Owed(
            costs=self.costs,
            penalty=self._penalty,
            overdue_interest=sum(due.interest for due in self.late),
            overdue_principal=sum(due.principal for due in self.late),
            due_interest=sum(due.interest for due in self.waiting),
            due_principal=sum(due.principal for due in self.waiting),
            accrued=self._accrued,
            future=self.future,
            refundable=self.refundable,
            oldest_due=self.late[0].day if self.late else None,
        )

    def coming(self) -> list[Instalment]:
        """The instalments to come, if each is paid on its day and nothing besides."""
        course, rows = self.copy(), list[Instalment]()
        course.late, course.waiting = [], []
        while course.periods is not None and course.number <= self.terms.instalments:
            course.advance(course.periods.due(course.number))
            rows += [Instalment(due.day, due.principal, due.interest, course.future) for due in course.waiting]
            course.waiting = []
        return rows

    def lapses_next(self) -> list[date]:
        """The days after those by which what is due, and what falls due next, is to be paid: none of it is overdue before."""
        waiting = [due.pay_by for due in self.waiting]
        if self.periods is not None and self.number <= self.terms.instalments:
            waiting.append(self._pay_by(self.periods.due(self.number)))
        return [day + timedelta(days=1) for day in waiting]

    # Time.

    def advance(self, day: date) -> None:
        """To the given day: what falls due by then has, and every day before it has borne interest (R-INT-8: the last day bears none)."""
        self._fall_due_by(day)
        self._pass(day)

    def before(self, movement: Movement) -> date:
        """The last day whose dues stand before a movement: its own; the day before where it puts off the end on the very day of the end."""
        day, end = movement.value_date, self.terms.instalments
        if movement.change is None or movement.terms is None or self.periods is None:
            return day
        longer = changed(self.terms, movement.change, movement.terms).instalments > end
        return day - timedelta(days=1) if longer and end and self.periods.due(end) == day else day

    def come_to(self, movement: Movement) -> None:
        """To the day on which it moves, past what stands before it."""
        self._fall_due_by(self.before(movement))
        self._pass(movement.value_date)

    def _fall_due_by(self, day: date) -> None:
        while self.periods is not None and self.number <= self.terms.instalments:
            due = self.periods.due(self.number)
            if due > day:
                break
            self._pass(due)
            self._fall_due(due)

    def _pass(self, day: date) -> None:
        """Days on which nothing new falls due; what was not paid by its last day is overdue from its due day on."""
        while self.waiting and self.waiting[0].pay_by < day:
            self._bear(self.waiting[0].pay_by)
            self._lapse(self.waiting.pop(0))
        self._bear(day)

    def _bear(self, day: date) -> None:
        """Interest on what bears the contract rate, penalty on what is overdue."""
        if self.periods is None or day <= self.day:
            self.day = max(self.day, day)
            return
        overdue, rates = self.bearing, self._rates
        for part, of_year in self.periods.parts(self.day, day):
            _add(self.lent, self.future * part, of_year, rates.contract)
            if overdue:
                _add(self.penal, overdue * part, of_year, self._fine)
            if self.misused:
                _add(self.penal, self.future * part, of_year, rates.beside)
        self.day = day

    def _fall_due(self, due: date) -> None:
        last = self.number == self.terms.instalments
        if last or self.terms.method != "bullet":
            principal = self.future if last else min(self.plan[self.number - 1], self.future)
            interest = self._accrued
            self._close_period()
            self.future -= principal
            if principal or interest:
                self.waiting.append(Due(due, self._pay_by(due), principal, interest))
        self.number += 1

    def _close_period(self) -> None:
        self.lent, self.taken = {}, 0

    def _lapse(self, due: Due) -> None:
        """It bears the penalty rate from its due day on; what was paid in time bore nothing since."""
        assert self.periods is not None
        self.late.append(due)
        self.bearing += self._bears(due)
        self.was_late = True
        ends = [*(since for since, _ in self.fines[1:]), self.day]
        for (since, rate), until in zip(self.fines, ends, strict=True):
            start, end = max(since, due.day), min(until, self.day)
            for part, of_year in self.periods.parts(start, end) if start < end else ():
                _add(self.penal, self._bears(due) * part, of_year, rate)

    def _bears(self, due: Due) -> Fen:
        """Unpaid interest bears the penalty rate too, where the contract says so (复利, R-INT-6)."""
        return due.principal + (due.interest if self.rules.compound else 0)

    def _pay_by(self, due: date) -> date:
        """The due day, or the next working day where it is none (domain.md §5.4)."""
        if not self.rules.next_working_day or self.calendar.is_working(due):
            return due
        return self.calendar.add(due, 1)

    @property
    def _accrued(self) -> Fen:
        """What of the running period's interest is unpaid: rounded once."""
        return max(self._rounded(self.lent) - self.taken, 0)

    @property
    def _penalty(self) -> Fen:
        """What of the penalty is unpaid: rounded once (R-INT-7)."""
        return max(self._rounded(self.penal) - self.fined, 0)

    def _rounded(self, parts: Mapping[int, int]) -> Fen:
        """Fen by what divides them, together and rounded once."""
        if not parts:
            return 0
        whole = lcm(*parts)
        return rounded(sum(fen * (whole // divided) for divided, fen in parts.items()), whole, self.terms.rounding)

    @property
    def _fine(self) -> Rate:
        """What is overdue bears it today."""
        return self._rates.misuse if self.misused else self._rates.overdue

    def _fines_from_now(self) -> None:
        self.fines.append((self.day, self._fine))

    @property
    def _rates(self) -> _Rates:
        return _rates(self.terms.annual_rate, self.rules)
