"""Guards 约束行: what the facts of an append do to the rules that span streams. A pure function of the facts, so the rows can be rebuilt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from domain.compensation.events import RecoveryReceived
from domain.facts import Fact
from domain.loan.events import Disbursed, Repaid


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
    """A bank's reference is recorded once, for whichever loan or claim (domain.md §5.23)."""
    return [
        SlotMove("take", "bank_reference", fact.bank_reference, f"{fact.originator_id}:{fact.originator_version}", 1)
        for fact in facts
        if isinstance(fact, Disbursed | Repaid | RecoveryReceived) and fact.bank_reference is not None
    ]
