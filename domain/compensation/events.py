"""The facts of a claim."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.money import Fen
from domain.ratio import PartyAmount, ShareScheme


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


class SharePaid(Fact):
    """代偿支付: one party bore its share."""

    TOPIC = "claim.share_paid"

    loan: UUID
    party: str
    institution: str | None = None
    amount_fen: Fen = Field(ge=0)


class RecoveryReceived(Fact):
    """追偿到账: money came back. Costs are met first; the net is split on the cumulative amount."""

    TOPIC = "claim.recovery_received"

    loan: UUID
    gross_fen: Fen = Field(ge=0)
    cost_fen: Fen = Field(ge=0)
    net_before_fen: Fen
    shares: tuple[PartyAmount, ...]
    bank_reference: str | None = None
