"""Noticing at the end of a day that a loan is overdue 逾期, or no longer."""

from __future__ import annotations

from datetime import date

from domain.frozen import Frozen
from domain.loan.loan import Loan
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class NoticeOverdue(Frozen):
    loan_no: str
    day: date


def notice_overdue(ledger: Ledger, command: NoticeOverdue, context: CommandContext) -> Receipt | None:
    """Record a change of the loan's being overdue at the end of `day`; None if there is none. Raises UnknownLoan."""

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        loan.notice_overdue(context.moment, command.day)
        return [loan]

    return ledger.perform(command, context, decide)
