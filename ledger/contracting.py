"""Signing a loan contract 签订借款合同."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan.refusals import LoanExists
from domain.loan.schedule import schedule
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms
from domain.money import Fen
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
    approved_fen: Fen = Field(gt=0)
    guaranteed_fen: Fen = Field(ge=0)
    terms: RepaymentTerms
    rate_basis: RateBasis
    policy: PolicyPin
    share_scheme: ShareScheme
    value_date: date


def sign_contract(ledger: Ledger, command: SignContract, context: CommandContext) -> Receipt | None:
    """Open the loan with everything pinned. Raises LoanExists, ScheduleNotOffered, DatedInFuture."""

    def decide() -> list[Loan]:
        if ledger.knows(Loan.create_id(command.loan_no)):
            raise LoanExists(field="loan_no", loan_no=command.loan_no)
        schedule(command.approved_fen, command.value_date, command.terms)
        return [Loan.sign(context.moment, **{name: getattr(command, name) for name in type(command).model_fields})]

    return ledger.perform(command, context, decide)
