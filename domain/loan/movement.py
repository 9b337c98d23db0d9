"""Movements 资金变动: money of a loan that moved, as far as what is owed depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Literal, TypeAlias

from domain.loan.events import Allocation, Prepayment
from domain.loan.terms import RepaymentTerms
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
]


@dataclass(frozen=True)
class Movement:
    """Money that moved, or what else changes what is owed, as far as allocation needs to know; `order` breaks ties within a day (the fact's version).

    `terms` hold from the day on; `released`: nobody stands for the loan any more.
    """

    value_date: date
    order: int
    kind: MovementKind
    fen: Fen
    stated: Allocation | None = None
    prepayment: Prepayment | None = None
    terms: RepaymentTerms | None = None
    released: bool = False

    @property
    def rank(self) -> int:
        """Within a day: what holds from the day on stands before the money that moves on it, whenever each was recorded."""
        return 0 if self.kind in ("terms_changed", "misused") else 1

    def __deepcopy__(self, memo: dict[int, object]) -> Movement:
        return self


IN_ORDER = attrgetter("value_date", "rank", "order")
"""By day, then as they were recorded."""
