"""Taking repayments in 还款, and back 冲正."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from domain.actor import Actor
from domain.facts import EventSourced
from domain.frozen import PLAIN, Frozen
from domain.loan.events import Prepayment
from domain.money import Fen
from ledger.claiming import adjusted
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class RecordRepayment(Frozen):
    """`bank_reference` is the bank's own number of the payment, unique within the bank.

    `prepayment` is what the borrower chose for principal paid ahead: fewer instalments (`shorten`) or `lower` ones; left out, it pays
    the next instalments.
    """

    loan_no: str
    amount_fen: Fen
    value_date: date
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    prepayment: Prepayment | None = None


class ReverseRepayment(Frozen):
    """`version` is the repayment's version in the loan's stream; `confirmed_by` is the second person."""

    loan_no: str
    version: int
    value_date: date
    reason: str = Field(max_length=500, pattern=PLAIN)
    confirmed_by: Actor


def record_repayment(ledger: Ledger, command: RecordRepayment, context: CommandContext) -> Receipt | None:
    """With it the claim that stands on the loan, if one does, is adjusted in the same append (domain.md §5.7).

    Raises UnknownLoan, NothingDisbursed, IsTakenOver, SharesArePaid, ReferenceUsed, DatedInFuture, InvalidInput.
    """

    def decide() -> list[EventSourced[Any]]:
        loan = ledger.loan(command.loan_no)
        reference = f"{loan.contract.bank}|{command.bank_reference}"
        loan.repay(
            context.moment,
            amount=command.amount_fen,
            value_date=command.value_date,
            bank_reference=reference,
            prepayment=command.prepayment,
        )
        return adjusted(ledger, loan, context.moment, command.value_date, received=True)

    return ledger.perform(command, context, decide)


def reverse_repayment(ledger: Ledger, command: ReverseRepayment, context: CommandContext) -> Receipt | None:
    """As `record_repayment`, a claim is adjusted. Raises UnknownLoan, UnknownRepayment, AlreadyReversed, SamePerson, DatedInFuture, InvalidInput."""

    def decide() -> list[EventSourced[Any]]:
        loan = ledger.loan(command.loan_no)
        loan.reverse_repayment(
            context.moment,
            version=command.version,
            value_date=command.value_date,
            reason=command.reason,
            requested_by=context.actor,
            confirmed_by=command.confirmed_by,
        )
        return adjusted(ledger, loan, context.moment, command.value_date, received=False)

    return ledger.perform(command, context, decide)
