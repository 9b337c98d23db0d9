"""Recovering 追偿: what comes back of a claim, shared and passed on; taken back where it did not hold; written off where nothing will come."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.events import RecoveryReceived
from domain.frozen import PLAIN, Frozen
from domain.money import Fen
from ledger.claiming import Code, Digest, Words, claim_of
from ledger.compensating import must_act_for, must_be_of
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

WRITE_OFF_APPROVERS = ("finance_officer",)


class RecordRecovery(Frozen):
    """`bank` is where the money came in, `bank_reference` its own number of the payment.

    `collected_by` is the party that holds it: the guarantor, or else the bank, if left out.
    """

    claim_no: str
    gross_fen: Fen
    cost_fen: Fen
    value_date: date
    bank: str = Field(max_length=64, pattern=PLAIN)
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    collected_by: Code | None = None


class RemitRecovery(Frozen):
    """`party` passes on to `payee` (a party, or `borrower`). `bank` is where the money goes, or where the fund's account is that pays."""

    claim_no: str
    party: Code
    payee: Code
    amount_fen: Fen
    bank: str = Field(max_length=64, pattern=PLAIN)
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    value_date: date


class ReverseRecovery(Frozen):
    """`version` is the recovery's version in the claim's stream; `confirmed_by` is the second person."""

    claim_no: str
    version: int
    reason: Words
    confirmed_by: Actor
    value_date: date


class TakeOverAsset(Frozen):
    """`asset` is its code, `value_fen` what evidence shows that it is worth; `collected_by` holds it: the guarantor, or else the bank, if left out.
    `confirmed_by` is the second person."""

    claim_no: str
    asset: Code
    value_fen: Fen
    reason: Words
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    collected_by: Code | None = None
    confirmed_by: Actor
    value_date: date


class SellAsset(Frozen):
    """`bank` is where the money came in, `bank_reference` its own number of the payment."""

    claim_no: str
    asset: Code
    gross_fen: Fen
    cost_fen: Fen
    bank: str = Field(max_length=64, pattern=PLAIN)
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    value_date: date


class WriteOffShare(Frozen):
    """`amount_fen` left out: all that the party has outstanding. `evidence` are digests; whoever acts proposes, a finance officer approves."""

    claim_no: str
    party: Code
    amount_fen: Fen | None = Field(default=None, gt=0)
    reason: Words
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    approved_by: Actor
    value_date: date


def record_recovery(ledger: Ledger, command: RecordRecovery, context: CommandContext) -> Receipt | None:
    """追偿到账. Raises UnknownClaim, OtherParty, ReferenceUsed, NotPermitted, and what `Claim.recover` refuses."""

    def recover(claim: Claim) -> None:
        collector = command.collected_by or claim.leader
        must_act_for(claim, collector, context.actor, "collect a recovery")
        claim.recover(
            context.moment,
            gross=command.gross_fen,
            cost=command.cost_fen,
            value_date=command.value_date,
            collected_by=collector,
            bank=command.bank,
            bank_reference=f"{command.bank}|{command.bank_reference}",
        )

    return _told(ledger, command, context, recover)


def remit_recovery(ledger: Ledger, command: RemitRecovery, context: CommandContext) -> Receipt | None:
    """追偿分配. Raises UnknownClaim, OtherParty, ReferenceUsed, NotPermitted, and what `Claim.remit` refuses."""

    def remit(claim: Claim) -> None:
        must_act_for(claim, command.party, context.actor, "remit a recovery")
        claim.remit(
            context.moment,
            party=command.party,
            payee=command.payee,
            amount=command.amount_fen,
            bank=command.bank,
            bank_reference=f"{command.bank}|{command.bank_reference}",
            value_date=command.value_date,
        )

    return _told(ledger, command, context, remit)


def reverse_recovery(ledger: Ledger, command: ReverseRecovery, context: CommandContext) -> Receipt | None:
    """追偿冲正, by whoever collected it and a second person of theirs.

    Raises UnknownClaim, NotPermitted, OtherParty, and what `Claim.reverse_recovery` refuses.
    """

    def reverse(claim: Claim) -> None:
        received = {fact.originator_version: fact.collected_by for fact in claim.facts_of(RecoveryReceived)}
        collector = received.get(command.version) or claim.leader
        must_act_for(claim, collector, context.actor, "take a recovery back")
        must_be_of(claim, collector, command.confirmed_by, field="confirmed_by")
        claim.reverse_recovery(
            context.moment,
            version=command.version,
            value_date=command.value_date,
            reason=command.reason,
            requested_by=context.actor,
            confirmed_by=command.confirmed_by,
        )

    return _told(ledger, command, context, reverse)


def take_over_asset(ledger: Ledger, command: TakeOverAsset, context: CommandContext) -> Receipt | None:
    """以物抵债, by whoever will hold it and a second person of theirs. Raises UnknownClaim, NotPermitted, OtherParty, and what `Claim.take_over_asset` refuses."""

    def take_over(claim: Claim) -> None:
        collector = command.collected_by or claim.leader
        must_act_for(claim, collector, context.actor, "take an asset over")
        must_be_of(claim, collector, command.confirmed_by, field="confirmed_by")
        claim.take_over_asset(
            context.moment,
            asset=command.asset,
            value=command.value_fen,
            value_date=command.value_date,
            reason=command.reason,
            evidence=command.evidence,
            collected_by=collector,
            requested_by=context.actor,
            confirmed_by=command.confirmed_by,
        )

    return _told(ledger, command, context, take_over)


def sell_asset(ledger: Ledger, command: SellAsset, context: CommandContext) -> Receipt | None:
    """抵债资产处置, by whoever holds it. Raises UnknownClaim, NotPermitted, OtherParty, ReferenceUsed, and what `Claim.sell_asset` refuses."""

    def sell(claim: Claim) -> None:
        holders = {asset.asset: asset.collected_by for asset in claim.assets()}
        if command.asset in holders:
            must_act_for(claim, holders[command.asset], context.actor, "sell an asset")
        claim.sell_asset(
            context.moment,
            asset=command.asset,
            gross=command.gross_fen,
            cost=command.cost_fen,
            value_date=command.value_date,
            bank=command.bank,
            bank_reference=f"{command.bank}|{command.bank_reference}",
        )

    return _told(ledger, command, context, sell)


def write_off_share(ledger: Ledger, command: WriteOffShare, context: CommandContext) -> Receipt | None:
    """代偿核销 (R-FUND-18). Raises UnknownClaim, NotPermitted, and what `Claim.write_off` refuses."""
    command.approved_by.must_be(*WRITE_OFF_APPROVERS, action="approve a write-off")

    def write_off(claim: Claim) -> None:
        must_act_for(claim, command.party, context.actor, "propose a write-off")
        claim.write_off(
            context.moment,
            party=command.party,
            amount=command.amount_fen,
            evidence=command.evidence,
            reason=command.reason,
            proposed_by=context.actor,
            approved_by=command.approved_by,
            value_date=command.value_date,
        )

    return _told(ledger, command, context, write_off)


def _told(ledger: Ledger, command: Any, context: CommandContext, tell: Any) -> Receipt | None:
    def decide() -> list[Claim]:
        claim = claim_of(ledger, command.claim_no)
        tell(claim)
        return [claim]

    return ledger.perform(command, context, decide)
