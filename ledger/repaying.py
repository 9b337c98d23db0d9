"""Taking repayments in 还款, and back 冲正."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from domain.actor import Actor
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.money import Fen
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class RecordRepayment(Frozen):
    """`bank_reference` is the bank's own number of the payment, unique within the bank."""

    loan_no: str
    amount_fen: Fen
    value_date: date
    bank_reference: str = Field(max_length=100, pattern=PLAIN)


class ReverseRepayment(Frozen):
    """`version` is the repayment's version in the loan's stream; `confirmed_by` is the second person."""

    loan_no: str
    version: int
    value_date: date
    reason: str = Field(max_length=500, pattern=PLAIN)
    confirmed_by: Actor


def record_repayment(ledger: Ledger, command: RecordRepayment, context: CommandContext) -> Receipt | None:
    """Raises UnknownLoan, NothingDisbursed, ReferenceUsed, DatedInFuture, InvalidInput."""

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        reference = f"{loan.contract.bank}|{command.bank_reference}"
        loan.repay(context.moment, amount=command.amount_fen, value_date=command.value_date, bank_reference=reference)
        return [loan]

    return ledger.perform(command, context, decide)


def reverse_repayment(ledger: Ledger, command: ReverseRepayment, context: CommandContext) -> Receipt | None:
    """Raises UnknownLoan, UnknownRepayment, AlreadyReversed, SamePerson, DatedInFuture, InvalidInput."""

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        loan.reverse_repayment(
            context.moment,
            version=command.version,
            value_date=command.value_date,
            reason=command.reason,
            requested_by=context.actor,
            confirmed_by=command.confirmed_by,
        )
        return [loan]

    return ledger.perform(command, context, decide)
