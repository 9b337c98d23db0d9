"""Compensating 代偿: a loss charged off and answered by its guarantee at once; or the shares of an approved claim, paid one by one."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.refusals import ClaimExists, NotGuaranteed, OtherParty
from domain.facts import EventSourced, Fact
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.money import Fen
from ledger.claiming import Code, claim_of, followed
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

OFFICERS = {
    "fund": ("fund_officer", "finance_officer"),
    "bank": ("bank_officer",),
    "guarantor": ("guarantor_officer",),
}
"""Who acts for a party; the operator may for each."""


class ChargeOff(Frozen):
    loan_no: str
    amount_fen: Fen
    value_date: date
    claim_no: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x20\x7f/]+$")


class PayShare(Frozen):
    """`party` pays, whole, what the scheme's route says.

    `bank` is where the account is that pays (the fund's) or is paid, the loan's own bank if left out; `bank_reference` its number of the
    payment.
    """

    claim_no: str
    party: Code
    bank: str | None = Field(default=None, max_length=64, pattern=PLAIN)
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    value_date: date


def charge_off(ledger: Ledger, command: ChargeOff, context: CommandContext) -> Receipt | None:
    """The loss and its shares, in one append. Raises UnknownLoan, NotGuaranteed, ClaimExists, UnderClaim, MoreThanOwed, DatedInFuture, InvalidInput."""

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


def pay_share(ledger: Ledger, command: PayShare, context: CommandContext) -> Receipt | None:
    """代偿支付; with the last payment the loan is taken over, in the same append.

    Raises UnknownClaim, OtherParty, ReferenceUsed, NotPermitted, and what `Claim.pay` refuses.
    """

    def decide() -> list[EventSourced[Fact]]:
        claim = claim_of(ledger, command.claim_no)
        must_act_for(claim, command.party, context.actor, "pay a share")
        bank = command.bank or claim.filing.bank
        claim.pay(
            context.moment,
            party=command.party,
            bank=bank,
            bank_reference=f"{bank}|{command.bank_reference}",
            value_date=command.value_date,
        )
        return followed(ledger, claim, context.moment)

    return ledger.perform(command, context, decide)


def must_act_for(claim: Claim, party: str, actor: Actor, action: str) -> None:
    """Each party pays and collects for itself; the fund by whoever works for it. Raises NotPermitted, OtherParty."""
    actor.must_be(*OFFICERS.get(party, ()), "operator", action=f"{action} for the {party}"[:200])
    must_be_of(claim, party, actor, field="actor")


def must_be_of(claim: Claim, party: str, actor: Actor, *, field: str) -> None:
    """Somebody of the party's own institution, where it has one; the operator is of each. Raises OtherParty."""
    institution = next((share.institution for share in claim.scheme.parties if share.party == party), None)
    if party in ("bank", "guarantor") and actor.role != "operator" and institution not in (None, actor.institution):
        said = {"expected": institution, "institution": actor.institution}
        raise OtherParty(field=field, claim_no=claim.claim_no, **said)
