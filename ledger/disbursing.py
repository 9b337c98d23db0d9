"""Paying a loan out 放款, in one or several disbursements."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.money import Fen
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class Disburse(Frozen):
    loan_no: str
    amount_fen: Fen
    value_date: date
    bank_reference: str = Field(max_length=100, pattern=PLAIN)


def disburse(ledger: Ledger, command: Disburse, context: CommandContext) -> Receipt | None:
    """Raises UnknownLoan, BeyondContract, BeforeContract, LoanEnded, ReferenceUsed, DatedInFuture, InvalidInput."""

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        reference = f"{loan.contract.bank}|{command.bank_reference}"
        loan.disburse(
            context.moment, amount=command.amount_fen, value_date=command.value_date, bank_reference=reference
        )
        return [loan]

    return ledger.perform(command, context, decide)
