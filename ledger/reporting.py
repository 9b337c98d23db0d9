"""Recording the jobs 带动就业 that a borrower reports."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from domain.frozen import Frozen
from domain.loan.loan import Loan
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class ReportJobs(Frozen):
    loan_no: str
    created: int = Field(ge=0)
    retained: int = Field(ge=0)
    value_date: date


def report_jobs(ledger: Ledger, command: ReportJobs, context: CommandContext) -> Receipt | None:
    """Raises UnknownLoan, DatedInFuture."""

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        loan.report_jobs(
            context.moment, created=command.created, retained=command.retained, value_date=command.value_date
        )
        return [loan]

    return ledger.perform(command, context, decide)
