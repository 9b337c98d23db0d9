"""Guards 约束行: what the facts of an append do to the rules that span streams. A pure function of the facts, so the rows can be rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from domain.compensation.events import RecoveryReceived
from domain.facts import Fact
from domain.loan.events import Disbursed, Repaid
from domain.loan_application.events import (
    Approved,
    Contracted,
    CounterGuaranteeRegistered,
    CounterGuaranteeReleased,
    Expired,
    Rejected,
    Submitted,
    Withdrawn,
)
from domain.rural_partner.events import (
    PartnerLeft,
    PartnerLoanLinked,
    PartnerRecruited,
    ProjectJobsVerified,
)

LIVE, LOANS, GUARANTEES = "live_application", "loans_of_person", "guarantees_of_person"
PARTNER, PARTNER_LOAN, JOBS_EVIDENCE = "partner_of_person", "partner_of_loan", "project_of_evidence"


@dataclass(frozen=True)
class SlotMove:
    """Take one of `limit` slots of a key (refused when none is left), record one in any case, or free the holder's."""

    move: Literal["take", "record", "free"]
    guard: str
    key: str
    holder: str
    limit: int


@dataclass(frozen=True)
class TotalMove:
    """Use up, or add to, a capacity in fen; a binding move is refused when more is used than there is."""

    guard: str
    key: str
    used: int
    capacity: int
    binding: bool


def slot_moves(facts: Iterable[Fact]) -> list[SlotMove]:
    """What the facts do to the places that are counted over all streams."""
    return [move for fact in facts if type(fact) in _MOVES for move in _MOVES[type(fact)](fact)]


def _reference(fact: Disbursed | Repaid | RecoveryReceived) -> list[SlotMove]:
    """A bank's reference is recorded once, for whichever loan or claim (domain.md §5.23)."""
    if fact.bank_reference is None:
        return []
    holder = f"{fact.originator_id}:{fact.originator_version}"
    return [SlotMove("take", "bank_reference", fact.bank_reference, holder, 1)]


def _place(guard: str, person: UUID, holder: str, most: int | None) -> SlotMove:
    """A place among `most`; a fact that states no bound is recorded whatever stands there."""
    return SlotMove("record" if most is None else "take", guard, str(person), holder, most or 0)


def _opened(fact: Submitted) -> list[SlotMove]:
    """One live application a household: each of its members has one place (domain.md §2)."""
    return [_place(LIVE, person, str(fact.originator_id), fact.live_most) for person in fact.members]


def _counted(fact: Approved) -> list[SlotMove]:
    """A loan counts from its approval on for everybody who borrows: at most three a person (R-LIM-6)."""
    return [_place(LOANS, person, str(fact.originator_id), fact.loans_most) for person in fact.counted]


def _ended(fact: Rejected | Withdrawn | Expired | Contracted) -> list[SlotMove]:
    """The household may apply again; an approval that was never used does not count (domain.md §5.19)."""
    holder = str(fact.originator_id)
    counted = fact.counted if isinstance(fact, Withdrawn | Expired) else ()
    return [
        *(SlotMove("free", LIVE, str(person), holder, 0) for person in fact.members),
        *(SlotMove("free", LOANS, str(person), holder, 0) for person in counted),
    ]


def _stands(fact: CounterGuaranteeRegistered) -> list[SlotMove]:
    """A person stands for so many loans at most (R-ELI-9)."""
    if fact.person is None:
        return []
    holder = f"{fact.originator_id}:{fact.originator_version}"
    return [_place(GUARANTEES, fact.person, holder, fact.most)]


def _released(fact: CounterGuaranteeReleased) -> list[SlotMove]:
    if fact.person is None:
        return []
    return [SlotMove("free", GUARANTEES, str(fact.person), f"{fact.originator_id}:{fact.registered_version}", 0)]


def _recruited(fact: PartnerRecruited) -> list[SlotMove]:
    """A person is one partner at a time, so that partners are counted once (R-RP-4)."""
    return [SlotMove("take", PARTNER, str(one.person), str(fact.originator_id), 1) for one in fact.persons]


def _left(fact: PartnerLeft) -> list[SlotMove]:
    return [SlotMove("free", PARTNER, str(person), str(fact.originator_id), 0) for person in fact.persons]


def _linked(fact: PartnerLoanLinked) -> list[SlotMove]:
    """A loan is linked once, to one partner and at most one project."""
    holder = f"{fact.originator_id}:{fact.originator_version}"
    return [SlotMove("take", PARTNER_LOAN, fact.loan_no, holder, 1)]


def _proved(fact: ProjectJobsVerified) -> list[SlotMove]:
    """A document proves the jobs of one project (domain.md §5.30: counted once); of that one as often as it is looked at."""
    return [SlotMove("take", JOBS_EVIDENCE, digest, str(fact.originator_id), 1) for digest in fact.evidence]


_MOVES: Mapping[type[Fact], Callable[[Any], list[SlotMove]]] = {
    Disbursed: _reference,
    Repaid: _reference,
    RecoveryReceived: _reference,
    Submitted: _opened,
    Approved: _counted,
    Rejected: _ended,
    Withdrawn: _ended,
    Expired: _ended,
    Contracted: _ended,
    CounterGuaranteeRegistered: _stands,
    CounterGuaranteeReleased: _released,
    PartnerRecruited: _recruited,
    PartnerLeft: _left,
    PartnerLoanLinked: _linked,
    ProjectJobsVerified: _proved,
}
