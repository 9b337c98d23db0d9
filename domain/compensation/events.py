"""The facts of a claim, in the order of its life. Whatever moves money of the fund names the fund and the bank of the account."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.money import Fen
from domain.policy.pin import PolicyPin
from domain.ratio import PartyAmount, ShareScheme

Ground: TypeAlias = Literal["guarantor_released", "misuse_known", "other"]


class ClaimRecorded(OpeningFact):
    """代偿记录: a charge-off answered by its guarantee, its shares as they were; history, not decided again."""

    TOPIC = "claim.recorded"
    originator_topic = "claim"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    claim_no: str
    loan: UUID
    loan_no: str
    county: str | None = None
    covered_fen: Fen = Field(ge=0)
    charged_off_on: date
    scheme: ShareScheme
    shares: tuple[PartyAmount, ...]


class ClaimFiled(OpeningFact):
    """代偿申请: the bank asks the guarantors of a loan that is overdue for too long to bear their shares.

    The rule that it is filed under is pinned: the method, the offices that endorse, the documents that it requires.
    `documents` are digests by code; `excluded_fen` is what the bank is owed besides and no guarantee covers (penalty interest, costs).
    """

    TOPIC = "claim.filed"
    originator_topic = "claim"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    claim_no: str
    loan: UUID
    loan_no: str
    county: str | None = None
    bank: str
    fund: str
    scheme: ShareScheme
    method: PolicyPin
    endorsed_by: tuple[str, ...]
    package: tuple[str, ...]
    documents: dict[str, str]
    overdue_since: date
    overdue_days: int = Field(gt=0)
    principal_fen: Fen = Field(ge=0)
    interest_fen: Fen = Field(ge=0)
    excluded_fen: Fen = Field(default=0, ge=0)
    filed_by: str


class ClaimMaterialsReturned(Fact):
    """代偿材料退回: what of the package is missing or does not do, by code."""

    TOPIC = "claim.materials_returned"

    missing: tuple[str, ...]
    returned_by: str


class ClaimResubmitted(Fact):
    """代偿材料补正: digests by code."""

    TOPIC = "claim.resubmitted"

    documents: dict[str, str]
    resubmitted_by: str


class Deduction(Frozen):
    """A part of what was claimed that is not honoured, and why."""

    fen: Fen = Field(gt=0)
    reason: str


class ClaimVerified(Fact):
    """代偿核实: how much of the claim is honoured. Whatever was confirmed or endorsed before was of another amount."""

    TOPIC = "claim.verified"

    principal_fen: Fen = Field(ge=0)
    interest_fen: Fen = Field(ge=0)
    deductions: tuple[Deduction, ...] = ()
    verifier: str


class ClaimDisputed(Fact):
    """代偿异议, by a party of the scheme; until it is settled nothing is approved."""

    TOPIC = "claim.disputed"

    party: str
    disputed_by: str


class ClaimDisputeSettled(Fact):
    """异议处理: upheld, and the claim is verified anew; or dismissed, and it goes on."""

    TOPIC = "claim.dispute_settled"

    outcome: Literal["upheld", "dismissed"]
    settled_by: str


class ShareConfirmed(Fact):
    """分担确认: a party confirms its share of the verified amount."""

    TOPIC = "claim.share_confirmed"

    party: str
    amount_fen: Fen = Field(ge=0)
    confirmed_by: str


class ClaimEndorsed(Fact):
    """代偿会签: one of the offices that the method names says yes."""

    TOPIC = "claim.endorsed"

    office: str
    endorsed_by: str


class ClaimApproved(Fact):
    """代偿批准: every office has endorsed and every party confirmed. The bank's share is borne from here on, without a payment."""

    TOPIC = "claim.approved"

    loan: UUID
    fund: str
    bank: str
    covered_fen: Fen = Field(ge=0)
    shares: tuple[PartyAmount, ...]


class ClaimRejected(Fact):
    """代偿驳回: `ground` is its kind (R-FUND-15: the guarantor was released), `reason` says it in words."""

    TOPIC = "claim.rejected"

    ground: Ground
    rejected_by: str


class ClaimWithdrawn(Fact):
    """代偿撤回: by the bank; or it has lapsed, because the borrower has repaid all that it covered."""

    TOPIC = "claim.withdrawn"

    lapsed: bool = False
    withdrawn_by: str | None = None


class ClaimAdjusted(Fact):
    """代偿调整: the borrower paid, or a payment was taken back, before any share was paid.

    `principal_fen` and `interest_fen` are what is still owed of what was filed. `share_changes` is what the shares of an
    approved claim change by; empty while it is not approved.
    """

    TOPIC = "claim.adjusted"

    loan: UUID
    fund: str
    bank: str
    principal_fen: Fen = Field(ge=0)
    interest_fen: Fen = Field(ge=0)
    covered_fen: Fen = Field(ge=0)
    share_changes: tuple[PartyAmount, ...] = ()


class SharePaid(Fact):
    """代偿支付: one party bore its share. `party` pays and `payee` (a party too) is paid; a history names no payee.

    `advanced_fen` is the part of the amount that stands in for other parties, who refund it. `bank` is where the fund's account
    is debited, or the bank that is paid.
    """

    TOPIC = "claim.share_paid"

    loan: UUID
    party: str
    institution: str | None = None
    amount_fen: Fen = Field(ge=0)
    payee: str | None = None
    advanced_fen: Fen = Field(default=0, ge=0)
    fund: str | None = None
    bank: str | None = None
    bank_reference: str | None = None


class ClaimSubrogated(Fact):
    """代位求偿: every share is paid; the debt now belongs to the parties, by their shares."""

    TOPIC = "claim.subrogated"

    loan: UUID
    covered_fen: Fen = Field(ge=0)
    shares: tuple[PartyAmount, ...]


class RecoveryReceived(Fact):
    """追偿到账: money came back. Costs are met first; the net is split on the cumulative amount.

    `shares` is what falls to the parties, `after_write_off` the part of it that they had written off. What comes in beyond the loss
    is first the bank's that no guarantee covered (`excluded_fen`), then the borrower's (`refundable_fen`). `collected_by` is the party
    that holds the money, on an account at `bank`.
    """

    TOPIC = "claim.recovery_received"

    loan: UUID
    gross_fen: Fen = Field(ge=0)
    cost_fen: Fen = Field(ge=0)
    net_before_fen: Fen
    shares: tuple[PartyAmount, ...]
    bank_reference: str | None = None
    after_write_off: tuple[PartyAmount, ...] = ()
    excluded_fen: Fen = 0
    refundable_fen: Fen = 0
    collected_by: str | None = None
    fund: str | None = None
    bank: str | None = None


class RecoveryRemitted(Fact):
    """追偿分配: the party that holds a recovery passes on what belongs to another, or to the borrower.

    `bank` is where the fund's account is, or where the money goes.
    """

    TOPIC = "claim.recovery_remitted"

    loan: UUID
    party: str
    payee: str
    amount_fen: Fen = Field(gt=0)
    fund: str | None = None
    bank: str
    bank_reference: str | None = None


class RecoveryReversed(Fact):
    """追偿冲正: a recovery did not hold; names it, the reason and two people.

    The parts are the cumulative difference, so they are negative. `gross_fen` and `cost_fen` are those of the recovery.
    """

    TOPIC = "claim.recovery_reversed"

    loan: UUID
    reverses_version: int
    gross_fen: Fen = Field(ge=0)
    cost_fen: Fen = Field(ge=0)
    net_before_fen: Fen
    shares: tuple[PartyAmount, ...]
    after_write_off: tuple[PartyAmount, ...] = ()
    excluded_fen: Fen = 0
    refundable_fen: Fen = 0
    collected_by: str | None = None
    fund: str | None = None
    bank: str | None = None
    requested_by: str
    confirmed_by: str


class AssetTakenOver(Fact):
    """以物抵债: a party took an asset over for what is owed, at `value_fen`, by evidence and two people; it is shared as a recovery of so much is.

    `asset` is its code. `collected_by` holds it, and owes the others their parts when it is sold.
    """

    TOPIC = "claim.asset_taken_over"

    loan: UUID
    asset: str
    value_fen: Fen = Field(gt=0)
    net_before_fen: Fen
    shares: tuple[PartyAmount, ...]
    after_write_off: tuple[PartyAmount, ...] = ()
    excluded_fen: Fen = 0
    refundable_fen: Fen = 0
    collected_by: str
    fund: str | None = None
    requested_by: str
    confirmed_by: str


class AssetSold(Fact):
    """抵债资产处置: an asset that had been taken over at `value_fen` was sold. The parts are what the net proceeds differ from that, shared on the
    cumulative amount; negative where it brought less."""

    TOPIC = "claim.asset_sold"

    loan: UUID
    asset: str
    value_fen: Fen = Field(gt=0)
    gross_fen: Fen = Field(ge=0)
    cost_fen: Fen = Field(ge=0)
    net_before_fen: Fen
    shares: tuple[PartyAmount, ...]
    after_write_off: tuple[PartyAmount, ...] = ()
    excluded_fen: Fen = 0
    refundable_fen: Fen = 0
    collected_by: str
    fund: str | None = None
    bank: str
    bank_reference: str


Recovered: TypeAlias = RecoveryReceived | RecoveryReversed | AssetTakenOver | AssetSold
"""What came back, or did not: each with its parts on the cumulative amount."""


class ShareWrittenOff(Fact):
    """代偿核销: a party gives up what it has not got back; the claim is kept on file 账销案存 (R-FUND-18)."""

    TOPIC = "claim.written_off"

    loan: UUID
    party: str
    amount_fen: Fen = Field(gt=0)
    fund: str | None = None
    proposed_by: str
    approved_by: str
