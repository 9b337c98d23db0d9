"""Signing a loan contract 签订借款合同."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan.refusals import LoanExists
from domain.loan.schedule import must_be_serviced
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms
from domain.money import Fen
from domain.policy.rules import Kind
from domain.ratio import ShareScheme
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class SignContract(Frozen):
    """`approved_fen` is the contract amount, `guaranteed_fen` the part of it that is guaranteed."""

    loan_no: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f/]+$")
    borrower: UUID
    bank: str = Field(max_length=64, pattern=PLAIN)
    guarantor: str | None = Field(default=None, max_length=64, pattern=PLAIN)
    county: str = Field(max_length=64, pattern=PLAIN)
    state: str | None = Field(default=None, max_length=64, pattern=PLAIN)
    product: str = Field(max_length=64, pattern=PLAIN)
    borrower_kind: Kind | None = None
    approved_fen: Fen = Field(gt=0)
    guaranteed_fen: Fen = Field(ge=0)
    terms: RepaymentTerms
    rate_basis: RateBasis
    policy: PolicyPin
    share_scheme: ShareScheme
    value_date: date


def held_ready(ledger: Ledger, scheme: ShareScheme, amount: Fen, signed_on: date) -> dict[str, Any]:
    """What the scheme's guarantee fund holds ready for a loan, and until when; nothing where no fund bears anything. Raises UnknownFund."""
    if scheme.fund is None:
        return {}
    days = ledger.fund(scheme.fund).method.drawing.within_days
    return {"reserved_fen": scheme.part("fund", amount), "draw_until": signed_on + timedelta(days=days)}


def sign_contract(ledger: Ledger, command: SignContract, context: CommandContext) -> Receipt | None:
    """Open the loan with everything pinned; the fund of its scheme holds its share ready until the last day for drawing.

    Raises LoanExists, UnknownFund, FundCapacityExceeded, GuaranteesAreSuspended, TermsNotServiced, ScheduleNotOffered, DatedInFuture.
    """

    def decide() -> list[Loan]:
        if ledger.knows(Loan.create_id(command.loan_no)):
            raise LoanExists(field="loan_no", loan_no=command.loan_no)
        must_be_serviced(command.approved_fen, command.value_date, command.terms)
        contract = {name: getattr(command, name) for name in type(command).model_fields}
        held = held_ready(ledger, command.share_scheme, command.approved_fen, command.value_date)
        return [Loan.sign(context.moment, **contract, **held)]

    return ledger.perform(command, context, decide)
