"""Compensating 代偿: a loss charged off and answered by its guarantee at once; or the shares of an approved claim, paid one by one."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.refusals import ClaimExists, ClaimFirst, NotGuaranteed, OtherParty
from domain.facts import EventSourced, Fact
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan.refusals import OtherBank
from domain.money import Fen
from ledger.claiming import BANK, Code, claim_of, followed
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

OFFICERS = {
    "fund": ("fund_officer", "finance_officer"),
    "bank": ("bank_officer",),
    "guarantor": ("guarantor_officer",),
}
"""Who acts for a party; the operator may for each."""


class ChargeOff(Frozen):
    """`claim_no` opens the claim on a guarantor whom no fund stands beside; left out, the bank bears the loss alone."""

    loan_no: str
    amount_fen: Fen
    value_date: date
    claim_no: str | None = Field(default=None, min_length=1, max_length=80, pattern=r"^[^\x00-\x20\x7f/]+$")


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
    """呆账转销 by the loan's own bank; the shares of a guarantor without a fund in the same append. What a fund bears is claimed from it.

    Raises UnknownLoan, NotPermitted, OtherBank, NotGuaranteed, ClaimFirst, ClaimExists, UnderClaim, MoreThanOwed, DatedInFuture, InvalidInput.
    """
    context.actor.must_be(*BANK, action="charge a loan off")
    amount, day, claim_no = command.amount_fen, command.value_date, command.claim_no

    def decide() -> list[Loan | Claim]:
        loan = ledger.loan(command.loan_no)
        bank, actor = loan.contract.bank, context.actor
        if actor.role != "operator" and actor.institution != bank:
            raise OtherBank(field="loan_no", loan_no=command.loan_no, expected=bank, institution=actor.institution)
        loan.charge_off(context.moment, amount=amount, value_date=day, claim_no=claim_no)
        if claim_no is None:
            return [loan]
        scheme = loan.contract.share_scheme
        if scheme is None:
            raise NotGuaranteed(field="loan_no", loan_no=command.loan_no)
        if any(share.party == "fund" for share in scheme.parties):
            raise ClaimFirst(field="claim_no", loan_no=command.loan_no)
        if ledger.knows(Claim.create_id(claim_no)):
            raise ClaimExists(field="claim_no", claim_no=claim_no)
        return [loan, Claim.of_charge_off(loan, claim_no, amount, day, context.moment)]

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
