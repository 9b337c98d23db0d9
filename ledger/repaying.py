"""Taking repayments in 还款, and back 冲正."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import EventSourced
from domain.frozen import PLAIN, Frozen
from domain.loan.events import Prepayment
from domain.loan.refusals import OtherBank
from domain.money import YUAN, Fen, parse_yuan
from ledger.claiming import Digest, Words, adjusted
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class RecordRepayment(Frozen):
    """`bank_reference` is the bank's own number of the payment, unique within the bank.

    `prepayment` is what the borrower chose for principal paid ahead: fewer instalments (`shorten`) or `lower` ones; left out, it pays
    the next instalments. Where money of a later day was recorded before it, `reason`, `evidence` (digests) and `confirmed_by`, the second
    person, are asked for.
    """

    loan_no: str
    amount_fen: Fen
    value_date: date
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    prepayment: Prepayment | None = None
    reason: Words | None = None
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    confirmed_by: Actor | None = None


class ReceiptPart(Frozen):
    """What of a receipt is for one loan, in yuan as a text."""

    loan_no: str = Field(max_length=64, pattern=PLAIN)
    amount: str = Field(pattern=YUAN)


class RecordReceipt(Frozen):
    """One receipt under the bank's own number of the payment, for several loans of that bank, each named once; a late one as a repayment."""

    parts: tuple[ReceiptPart, ...] = Field(min_length=1, max_length=100)
    bank_reference: str = Field(max_length=95, pattern=PLAIN)
    value_date: date
    reason: Words | None = None
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    confirmed_by: Actor | None = None


class ReverseRepayment(Frozen):
    """`version` is the fact's in the loan's stream: a repayment, a payout, a refund, a cost, a waiver, a change of terms, misuse, a death or a
    closure; `evidence` are digests, one at least; `confirmed_by` is the second person."""

    loan_no: str
    version: int
    value_date: date
    reason: str = Field(max_length=500, pattern=PLAIN)
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    confirmed_by: Actor


def record_repayment(ledger: Ledger, command: RecordRepayment, context: CommandContext) -> Receipt | None:
    """With it the claim that stands on the loan, if one does, is adjusted in the same append (domain.md §5.7).

    Raises UnknownLoan, LateReceipt, SamePerson, NothingDisbursed, IsTakenOver, SharesArePaid, ReferenceUsed, DatedInFuture, InvalidInput.
    """

    def decide() -> list[EventSourced[Any]]:
        loan = ledger.loan(command.loan_no)
        reference = f"{loan.contract.bank}|{command.bank_reference}"
        loan.receive(
            context.moment,
            amount=command.amount_fen,
            value_date=command.value_date,
            bank_reference=reference,
            prepayment=command.prepayment,
            **_late(command, context),
        )
        return adjusted(ledger, loan, context.moment, command.value_date, received=True)

    return ledger.perform(command, context, decide)


def record_receipt(ledger: Ledger, command: RecordReceipt, context: CommandContext) -> Receipt | None:
    """一笔回款分还多笔贷款: all of its parts in one append, or none; the number is taken once.

    Raises UnknownLoan, OtherBank, LateReceipt, SamePerson, NothingDisbursed, IsTakenOver, SharesArePaid, ReferenceUsed, DatedInFuture, InvalidInput.
    """
    numbers = [part.loan_no for part in command.parts]
    if len(set(numbers)) < len(numbers):
        raise InvalidInput(field="parts", problem="a loan is named twice", expected="each loan once")

    def decide() -> list[EventSourced[Any]]:
        changed, bank = list[EventSourced[Any]](), ledger.loan(numbers[0]).contract.bank
        for place, part in enumerate(command.parts):
            loan = ledger.loan(part.loan_no)
            if loan.contract.bank != bank:
                said = {"loan_no": part.loan_no, "expected": loan.contract.bank, "institution": bank}
                raise OtherBank(field=f"parts.{place}.loan_no", **said)
            reference = f"{bank}|{command.bank_reference}" + (f"#{place + 1}" if place else "")
            amount = parse_yuan(part.amount, field=f"parts.{place}.amount", zero=False)
            payment: dict[str, Any] = {"amount": amount, "value_date": command.value_date, "bank_reference": reference}
            loan.receive(context.moment, **payment, **_late(command, context))
            changed += adjusted(ledger, loan, context.moment, command.value_date, received=True)
        return changed

    return ledger.perform(command, context, decide)


def _late(command: RecordRepayment | RecordReceipt, context: CommandContext) -> dict[str, Any]:
    said = {"reason": command.reason, "evidence": command.evidence, "confirmed_by": command.confirmed_by}
    return {**said, "requested_by": context.actor}


def reverse_repayment(ledger: Ledger, command: ReverseRepayment, context: CommandContext) -> Receipt | None:
    """冲正. As for `record_repayment`, a claim is adjusted. Raises UnknownLoan, SharesArePaid, and what `Loan.reverse_repayment` refuses."""

    def decide() -> list[EventSourced[Any]]:
        loan = ledger.loan(command.loan_no)
        loan.reverse_repayment(
            context.moment,
            version=command.version,
            value_date=command.value_date,
            reason=command.reason,
            evidence=command.evidence,
            requested_by=context.actor,
            confirmed_by=command.confirmed_by,
        )
        return adjusted(ledger, loan, context.moment, command.value_date, received=False)

    return ledger.perform(command, context, decide)
