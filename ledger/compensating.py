"""Charging a loan off 转销, with the claim 代偿 that answers it, and what is recovered 追偿."""

from __future__ import annotations

from datetime import date

from eventsourcing.application import AggregateNotFoundError
from pydantic import Field

from domain.compensation.claim import Claim
from domain.errors import Refusal
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.money import Fen
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class NotGuaranteed(Refusal):
    code = "claim.not_guaranteed"
    en = "loan {loan_no} pinned no risk-sharing scheme, so no guarantee answers its loss; charge it off without a claim"
    zh = "贷款 {loan_no} 未约定风险分担方案，无担保可代偿；请不经代偿直接转销"


class ClaimExists(Refusal):
    code = "claim.exists"
    en = "claim {claim_no} is already recorded; give this one a number of its own"
    zh = "代偿案 {claim_no} 已登记；请另编号码"


class UnknownClaim(Refusal):
    code = "claim.unknown"
    en = "there is no claim {claim_no}; check the number"
    zh = "没有代偿案 {claim_no}；请核对编号"


class ChargeOff(Frozen):
    loan_no: str
    amount_fen: Fen
    value_date: date
    claim_no: str = Field(max_length=80, pattern=PLAIN)


class RecordRecovery(Frozen):
    """`bank` is where the money came in, `bank_reference` its own number of the payment."""

    claim_no: str
    gross_fen: Fen
    cost_fen: Fen
    value_date: date
    bank: str = Field(max_length=64, pattern=PLAIN)
    bank_reference: str = Field(max_length=100, pattern=PLAIN)


def charge_off(ledger: Ledger, command: ChargeOff, context: CommandContext) -> Receipt | None:
    """The loss and its shares, in one append. Raises UnknownLoan, NotGuaranteed, ClaimExists, MoreThanOwed, DatedInFuture, InvalidInput."""

    def decide() -> list[Loan | Claim]:
        loan = ledger.loan(command.loan_no)
        scheme = loan.contract.share_scheme
        if scheme is None:
            raise NotGuaranteed(field="loan_no", loan_no=command.loan_no)
        if ledger.knows(Claim.create_id(command.claim_no)):
            raise ClaimExists(field="claim_no", claim_no=command.claim_no)
        loan.charge_off(
            context.moment, amount=command.amount_fen, value_date=command.value_date, claim_no=command.claim_no
        )
        claim = Claim.of_charge_off(loan, command.claim_no, command.amount_fen, command.value_date, context.moment)
        return [loan, claim]

    return ledger.perform(command, context, decide)


def record_recovery(ledger: Ledger, command: RecordRecovery, context: CommandContext) -> Receipt | None:
    """Raises UnknownClaim, RecoversTooMuch, ReferenceUsed, DatedInFuture, InvalidInput."""

    def decide() -> list[Claim]:
        try:
            claim: Claim = ledger.repository.get(Claim.create_id(command.claim_no))
        except AggregateNotFoundError:
            raise UnknownClaim(field="claim_no", claim_no=command.claim_no) from None
        claim.recover(
            context.moment,
            gross=command.gross_fen,
            cost=command.cost_fen,
            value_date=command.value_date,
            bank_reference=f"{command.bank}|{command.bank_reference}",
        )
        return [claim]

    return ledger.perform(command, context, decide)
