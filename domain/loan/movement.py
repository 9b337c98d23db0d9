"""Movements 资金变动: money of a loan that moved, as far as what is owed depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.loan.events import Allocation, Prepayment
from domain.money import Fen


@dataclass(frozen=True)
class Movement:
    """Money that moved, as far as allocation needs to know; `order` breaks ties within a day (the fact's version)."""

    value_date: date
    order: int
    kind: Literal["disbursed", "repaid", "charged_off", "claim_approved", "claim_ended", "taken_over"]
    fen: Fen
    stated: Allocation | None = None
    prepayment: Prepayment | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Movement:
        return self
