"""Movements 资金变动: money of a loan that moved, as far as what is owed depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Literal, TypeAlias

from domain.loan import events
from domain.loan.terms import RepaymentTerms, TermsChange
from domain.money import Fen

MovementKind: TypeAlias = Literal[
    "disbursed",
    "repaid",
    "refunded",
    "charged_off",
    "claim_approved",
    "claim_ended",
    "taken_over",
    "terms_changed",
    "misused",
    "cost_charged",
    "waived",
]


@dataclass(frozen=True)
class Movement:
    """Money that moved, or what else changes what is owed, as far as allocation needs to know; `order` breaks ties within a day (the fact's version).

    `terms` hold from the day on, as far as `change` is about them; `released`: nobody stands for the loan any more; `part` is what is waived.
    """

    value_date: date
    order: int
    kind: MovementKind
    fen: Fen
    stated: events.Allocation | None = None
    prepayment: events.Prepayment | None = None
    terms: RepaymentTerms | None = None
    change: TermsChange | None = None
    released: bool = False
    part: events.Waivable | None = None

    @property
    def rank(self) -> int:
        """Within a day, whenever each was recorded: what holds from the day on, what is owed more, what is asked for less, what is paid, and
        what is given up of the rest."""
        return _RANKS[self.kind]

    def __deepcopy__(self, memo: dict[int, object]) -> Movement:
        return self


_RANKS: Mapping[MovementKind, int] = {
    "terms_changed": 0,
    "misused": 0,
    "disbursed": 1,
    "cost_charged": 2,
    "waived": 3,
    "repaid": 4,
    "refunded": 5,
    "claim_approved": 6,
    "claim_ended": 6,
    "charged_off": 7,
    "taken_over": 8,
}
IN_ORDER = attrgetter("value_date", "rank", "order")
"""By day, then as they were recorded."""

_KINDS: Mapping[type[events.MoneyFact], MovementKind] = {
    events.Disbursed: "disbursed",
    events.Repaid: "repaid",
    events.Refunded: "refunded",
    events.ChargedOff: "charged_off",
    events.LoanClaimApproved: "claim_approved",
    events.LoanClaimEnded: "claim_ended",
    events.TakenOver: "taken_over",
    events.TermsChanged: "terms_changed",
    events.MisuseFound: "misused",
    events.CostCharged: "cost_charged",
    events.Waived: "waived",
}
_PUT_RIGHT = (events.RepaymentReversed, events.EntryReversed, events.DateCorrected)
MOVING = frozenset(kind.TOPIC for kind in _KINDS) | {kind.TOPIC for kind in _PUT_RIGHT}
"""The topics of the facts that movements follow."""


def follow(movements: dict[int, Movement], fact: events.MoneyFact) -> None:
    """Bring the movements of a loan, by the versions of their facts, to what holds after its next fact."""
    match fact:
        case events.RepaymentReversed() | events.EntryReversed():
            movements.pop(fact.reverses_version, None)
        case events.Recalculated():
            pass
        case events.DateCorrected():
            moved = movements[fact.corrects_version]
            movements[fact.corrects_version] = replace(moved, value_date=fact.value_date)
        case _:
            movements[fact.originator_version] = _movement(fact)


def _movement(fact: events.MoneyFact) -> Movement:
    day, version, kind, fen = fact.value_date, fact.originator_version, _KINDS[type(fact)], fact.amount_fen
    match fact:
        case events.Repaid():
            return Movement(day, version, kind, fen, stated=fact.stated, prepayment=fact.prepayment)
        case events.ChargedOff() | events.TakenOver():
            return Movement(day, version, kind, fen, stated=fact.stated)
        case events.TermsChanged():
            released = fact.guarantor_released
            return Movement(day, version, kind, fen, terms=fact.terms, change=fact.change, released=released)
        case events.Waived():
            return Movement(day, version, kind, fen, part=fact.part)
        case _:
            return Movement(day, version, kind, fen)
