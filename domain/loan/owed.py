"""What is owed 应还: on a day, by what it is and since when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from domain.money import Fen


class Overdue(NamedTuple):
    """The oldest unpaid due day, and the days since; none if nothing is overdue."""

    since: date | None
    days: int


@dataclass(frozen=True)
class Owed:
    """In fen: costs, what is overdue, what is due, what has accrued and is not due yet, and the principal to come; `refundable` was paid beyond,
    and what is negative of it was refunded and turned out not to have been paid, so that it is owed."""

    costs: Fen = 0
    penalty: Fen = 0
    overdue_interest: Fen = 0
    overdue_principal: Fen = 0
    due_interest: Fen = 0
    due_principal: Fen = 0
    accrued: Fen = 0
    future: Fen = 0
    refundable: Fen = 0
    oldest_due: date | None = None

    @property
    def principal(self) -> Fen:
        return self.overdue_principal + self.due_principal + self.future

    @property
    def interest(self) -> Fen:
        return self.overdue_interest + self.due_interest + self.accrued

    @property
    def everything(self) -> Fen:
        """What pays the loan off on the day 结清金额."""
        return self.principal + self.interest + self.penalty + self.costs + max(-self.refundable, 0)
