"""Claiming 风险补偿申请: filed by the bank, verified, confirmed by the parties, endorsed by the offices, approved; and the loan told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from eventsourcing.application import AggregateNotFoundError
from pydantic import Field

from domain.compensation import events, refusals
from domain.compensation.claim import Claim
from domain.errors import InvalidInput
from domain.facts import EventSourced, Moment
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.money import YUAN, Fen, parse_yuan
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

BANK = ("bank_officer", "operator")
VERIFIERS = ("hr_officer", "fund_officer", "operator")
REJECTORS = (*VERIFIERS, "finance_officer", "pboc_officer")
CONFIRMERS = {"bank": "bank_officer", "guarantor": "guarantor_officer"}

Code: TypeAlias = Annotated[str, Field(max_length=64, pattern=PLAIN)]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a document, as hexadecimal digits."""
Words: TypeAlias = Annotated[str, Field(max_length=500, pattern=PLAIN)]


class FileClaim(Frozen):
    """`documents` are digests by the codes of the fund's method; `excluded_fen` is penalty interest and costs, which nobody covers."""

    loan_no: str
    claim_no: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x20\x7f/]+$")
    documents: dict[Code, Digest] = Field(default={}, max_length=20)
    excluded_fen: Fen = Field(default=0, ge=0)
    value_date: date


class ReturnMaterials(Frozen):
    """`missing` are codes of documents that are not there or do not do."""

    claim_no: str
    missing: tuple[Code, ...] = Field(min_length=1, max_length=20)
    reason: Words | None = None
    value_date: date


class ResubmitClaim(Frozen):
    claim_no: str
    documents: dict[Code, Digest] = Field(max_length=20)
    value_date: date


class Deduction(Frozen):
    """What is not honoured: its amount in yuan as a text, or in fen, and why, in words."""

    amount: str | None = Field(default=None, pattern=YUAN)
    fen: Fen | None = Field(default=None, gt=0)
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]


class VerifyClaim(Frozen):
    """Amounts left out: honoured as claimed. What is honoured less has a deduction, with its reason, for every fen."""

    claim_no: str
    principal_fen: Fen | None = Field(default=None, ge=0)
    interest_fen: Fen | None = Field(default=None, ge=0)
    deductions: tuple[Deduction, ...] = Field(default=(), max_length=20)
    value_date: date


class DisputeClaim(Frozen):
    claim_no: str
    party: Code
    reason: Words
    value_date: date


class SettleDispute(Frozen):
    """`upheld`: it is verified anew; `dismissed`: it goes on as it was verified."""

    claim_no: str
    outcome: Literal["upheld", "dismissed"]
    reason: Words
    value_date: date


class ConfirmShare(Frozen):
    claim_no: str
    party: Code
    value_date: date


class EndorseClaim(Frozen):
    claim_no: str
    office: Code
    value_date: date


class RejectClaim(Frozen):
    claim_no: str
    ground: events.Ground = "other"
    reason: Words
    value_date: date


class WithdrawClaim(Frozen):
    claim_no: str
    reason: Words
    value_date: date


def file_claim(ledger: Ledger, command: FileClaim, context: CommandContext) -> Receipt | None:
    """代偿申请, under the method that the loan's fund goes by (R-FUND-9); claim and loan in one append, so that there is one at a time.

    Raises UnknownLoan, UnknownFund, ClaimExists, UnderClaim, LoanEnded, NotPermitted, and what `Claim.file` refuses.
    """
    context.actor.must_be(*BANK, action="file a claim")

    def decide() -> list[Loan | Claim]:
        loan = ledger.loan(command.loan_no)
        if ledger.knows(Claim.create_id(command.claim_no)):
            raise refusals.ClaimExists(field="claim_no", claim_no=command.claim_no)
        loan.be_claimed(context.moment, claim_no=command.claim_no, value_date=command.value_date)
        claim = Claim.file(
            context.moment,
            loan=loan,
            claim_no=command.claim_no,
            method=ledger.fund(_fund_of(loan)).method,
            documents=command.documents,
            excluded=command.excluded_fen,
            actor=context.actor,
            value_date=command.value_date,
        )
        return [loan, claim]

    return ledger.perform(command, context, decide)


def return_materials(ledger: Ledger, command: ReturnMaterials, context: CommandContext) -> Receipt | None:
    """代偿材料退回. Raises UnknownClaim, NotPermitted, and what `Claim.return_materials` refuses."""
    context.actor.must_be(*REJECTORS, action="return the materials of a claim")
    return _told(ledger, command, context, Claim.return_materials, missing=command.missing)


def resubmit_claim(ledger: Ledger, command: ResubmitClaim, context: CommandContext) -> Receipt | None:
    """代偿材料补正. Raises UnknownClaim, NotPermitted, and what `Claim.resubmit` refuses."""
    context.actor.must_be(*BANK, action="hand in the materials of a claim")
    return _told(ledger, command, context, Claim.resubmit, documents=command.documents)


def verify_claim(ledger: Ledger, command: VerifyClaim, context: CommandContext) -> Receipt | None:
    """代偿核实. Raises UnknownClaim, NotPermitted, InvalidInput, and what `Claim.verify` refuses."""
    context.actor.must_be(*VERIFIERS, action="verify a claim")
    deductions = [_deducted(place, said) for place, said in enumerate(command.deductions)]
    said = {"principal": command.principal_fen, "interest": command.interest_fen, "deductions": deductions}
    return _told(ledger, command, context, Claim.verify, **said)


def dispute_claim(ledger: Ledger, command: DisputeClaim, context: CommandContext) -> Receipt | None:
    """代偿异议. Raises UnknownClaim, NotPermitted, and what `Claim.dispute` refuses."""
    context.actor.must_be(*CONFIRMERS.values(), action="dispute a claim")
    return _told(ledger, command, context, Claim.dispute, party=command.party, reason=command.reason)


def settle_dispute(ledger: Ledger, command: SettleDispute, context: CommandContext) -> Receipt | None:
    """异议处理. Raises UnknownClaim, NotPermitted, and what `Claim.settle_dispute` refuses."""
    context.actor.must_be(*VERIFIERS, action="settle a dispute")
    return _told(ledger, command, context, Claim.settle_dispute, outcome=command.outcome, reason=command.reason)


def confirm_share(ledger: Ledger, command: ConfirmShare, context: CommandContext) -> Receipt | None:
    """分担确认. Raises UnknownClaim, NotPermitted, and what `Claim.confirm` refuses."""
    role = CONFIRMERS.get(command.party)
    context.actor.must_be(*([role] if role else CONFIRMERS.values()), action="confirm a share")
    return _told(ledger, command, context, Claim.confirm, party=command.party)


def endorse_claim(ledger: Ledger, command: EndorseClaim, context: CommandContext) -> Receipt | None:
    """代偿会签, by an officer of the office. Raises UnknownClaim, NotPermitted, and what `Claim.endorse` refuses."""
    context.actor.must_be(f"{command.office}_officer", action="endorse a claim for this office")
    return _told(ledger, command, context, Claim.endorse, office=command.office)


def reject_claim(ledger: Ledger, command: RejectClaim, context: CommandContext) -> Receipt | None:
    """代偿驳回, for example because the guarantor was released (R-FUND-15). Raises UnknownClaim, NotPermitted, and what `Claim.reject` refuses."""
    context.actor.must_be(*REJECTORS, action="reject a claim")
    return _told(ledger, command, context, Claim.reject, ground=command.ground, reason=command.reason)


def withdraw_claim(ledger: Ledger, command: WithdrawClaim, context: CommandContext) -> Receipt | None:
    """代偿撤回. Raises UnknownClaim, NotPermitted, and what `Claim.withdraw` refuses."""
    context.actor.must_be(*BANK, action="withdraw a claim")
    return _told(ledger, command, context, Claim.withdraw, reason=command.reason)


def claim_of(ledger: Ledger, claim_no: str) -> Claim:
    """Raises UnknownClaim."""
    try:
        return ledger.repository.get(Claim.create_id(claim_no))
    except AggregateNotFoundError:
        raise refusals.UnknownClaim(field="claim_no", claim_no=claim_no) from None


def followed(ledger: Ledger, claim: Claim, moment: Moment, loan: Loan | None = None) -> list[EventSourced[Any]]:
    """The claim, and its loan told of what the claim's new facts mean for it: to be saved in one append."""
    changed: list[EventSourced[Any]] = [claim]
    for fact in claim.pending_events:
        if isinstance(fact, _MEANT_FOR_THE_LOAN):
            loan = loan or ledger.loan(claim.opening.loan_no)
            if isinstance(fact, events.ClaimApproved):
                loan.be_released(moment, covered=fact.covered_fen, value_date=fact.value_date)
            elif isinstance(fact, events.ClaimSubrogated):
                loan.be_taken_over(moment, interest=claim.honoured[1], value_date=fact.value_date)
            else:
                loan.end_claim(moment, value_date=fact.value_date)
    return [*changed, loan] if loan is not None else changed


_MEANT_FOR_THE_LOAN = (events.ClaimApproved, events.ClaimSubrogated, events.ClaimRejected, events.ClaimWithdrawn)


def adjusted(
    ledger: Ledger, loan: Loan, moment: Moment, value_date: date, *, received: bool
) -> list[EventSourced[Any]]:
    """The loan, and the claim that stands on it told of what is still owed, and claimed (domain.md §5.7); nothing of it once it turns out
    that the bank knew of misuse, or that nobody stood for the loan. Raises SharesArePaid."""
    if loan.claim_no is None:
        return [loan]
    claim = claim_of(ledger, loan.claim_no)
    principal, interest = loan.owed_of(claim.filing.value_date)
    if (
        loan.bank_knew_of_misuse
        or loan.guarantor_is_released
        or (
            received
            and not claim.stands_on(loan, ledger.fund(claim.filing.fund).pinned(claim.filing.method), value_date)
        )
    ):
        principal = interest = 0
    claim.adjust(moment, principal=principal, interest=interest, value_date=value_date, received=received)
    return followed(ledger, claim, moment, loan)


def _deducted(place: int, said: Deduction) -> events.Deduction:
    """Raises InvalidInput."""
    if (said.amount is None) == (said.fen is None):
        problem = "it is left out" if said.fen is None else "amount and fen are both given"
        raise InvalidInput(field=f"deductions.{place}.amount", problem=problem, expected="the amount, once")
    if not said.reason.strip():
        raise InvalidInput(field=f"deductions.{place}.reason", problem="it is empty", expected="why, in words")
    fen = said.fen or parse_yuan(said.amount or "", field=f"deductions.{place}.amount", zero=False)
    return events.Deduction(fen=fen, reason=said.reason)


def _fund_of(loan: Loan) -> str:
    """Raises NotGuaranteed, NoFundBehind."""
    loan_no, scheme = loan.contract.loan_no, loan.contract.share_scheme
    if scheme is None:
        raise refusals.NotGuaranteed(field="loan_no", loan_no=loan_no)
    if loan.fund:
        return loan.fund
    raise refusals.NoFundBehind(field="loan_no", loan_no=loan_no)


def _told(
    ledger: Ledger, command: Any, context: CommandContext, tell: Callable[..., None], **said: Any
) -> Receipt | None:
    def decide() -> list[EventSourced[Any]]:
        claim = claim_of(ledger, command.claim_no)
        tell(claim, context.moment, actor=context.actor, value_date=command.value_date, **said)
        return followed(ledger, claim, context.moment)

    return ledger.perform(command, context, decide)
