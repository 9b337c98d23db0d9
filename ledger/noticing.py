"""Noticing at the end of a day how one loan stands 逾期、账龄、分类; closing the day does it for the book."""

from __future__ import annotations

from datetime import date

from domain.frozen import Frozen
from domain.guarantee_fund.fund import GuaranteeFund
from domain.loan.loan import Loan
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class NoticeOverdue(Frozen):
    loan_no: str
    day: date


def notice_overdue(ledger: Ledger, command: NoticeOverdue, context: CommandContext) -> Receipt | None:
    """What has changed of the loan by the end of `day`: overdue or not, ageing, category, whether it may be claimed; None if nothing.

    Raises UnknownLoan, DatedInFuture.
    """

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        fund = loan.fund
        standing: GuaranteeFund | None = ledger.find(GuaranteeFund.create_id(fund)) if fund else None
        claim_after = standing.method.claims.overdue_days if standing else None
        loan.close_day(context.moment, command.day, claim_after=claim_after)
        return [loan]

    return ledger.perform(command, context, decide)
