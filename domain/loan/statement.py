"""The entries of a loan's account 账户明细: what fell due, what was paid out and paid, and what each payment met, by all that is known.

A payment that came late stands on its own day, and those after it met what was left then: hindsight, not the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from domain.loan.allocation import Course, begun
from domain.loan.balances import Balance
from domain.loan.movement import IN_ORDER, Movement
from domain.loan.servicing import ServicedCourse
from domain.loan.terms import RepaymentTerms
from domain.money import Fen
from domain.working_days import WorkCalendar

Kind: TypeAlias = Literal[
    "due", "disbursed", "repaid", "refunded", "cost_charged", "waived", "charged_off", "taken_over", "reversed"
]
_MOVES_MONEY: Mapping[str, Kind] = {
    "disbursed": "disbursed",
    "repaid": "repaid",
    "refunded": "refunded",
    "cost_charged": "cost_charged",
    "waived": "waived",
    "charged_off": "charged_off",
    "taken_over": "taken_over",
}


@dataclass(frozen=True)
class Entry:
    """One line, in fen: `principal`, `interest`, `penalty`, `costs` are what fell due, was charged or was met, `charged_off` what was met of
    what had been given up; `amount` of a waiver is what it came to; `balance` is the principal owed after it.

    `version` is the fact's in the loan's stream; none fell due by a fact.
    """

    day: date
    kind: Kind
    amount: Fen
    principal: Fen = 0
    interest: Fen = 0
    penalty: Fen = 0
    costs: Fen = 0
    charged_off: Fen = 0
    refundable: Fen = 0
    balance: Fen = 0
    version: int | None = None


def entries(
    terms: RepaymentTerms | None, movements: Iterable[Movement], calendar: WorkCalendar, until: date
) -> Iterator[Entry]:
    """In order, up to and including `until`; what falls due on a day stands before what is paid on it."""
    course = begun(terms, calendar)
    for movement in sorted(movements, key=IN_ORDER):
        if movement.value_date > until:
            break
        yield from _due(course, course.before(movement))
        course.come_to(movement)
        met = course.move(movement)
        if movement.kind in _MOVES_MONEY:
            yield Entry(
                movement.value_date,
                _MOVES_MONEY[movement.kind],
                met.get(Balance.WAIVED, 0) if movement.kind == "waived" else movement.fen,
                abs(met.get(Balance.PRINCIPAL, 0)),
                -met.get(Balance.INTEREST, 0),
                -met.get(Balance.PENALTY, 0),
                abs(met.get(Balance.COSTS, 0)),
                -met.get(Balance.CHARGED_OFF, 0) if movement.kind == "repaid" else 0,
                met.get(Balance.REFUNDABLE, 0),
                course.principal,
                movement.order,
            )
    yield from _due(course, until)


def _due(course: Course, until: date) -> Iterator[Entry]:
    """What falls due up to a day, if nothing moves before."""
    if not isinstance(course, ServicedCourse):
        return
    while course.periods is not None and course.number <= course.terms.instalments:
        day = course.periods.due(course.number)
        if day > until:
            return
        known = {id(due) for due in course.waiting}
        course.advance(day)
        for due in course.waiting:
            if id(due) not in known:
                amount = due.principal + due.interest
                yield Entry(day, "due", amount, due.principal, due.interest, balance=course.principal)
