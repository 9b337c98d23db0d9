"""The facts of subsidies 贴息: of the subsidy fund that the levels pay into, and of the batches by which banks' loans are subsidised."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.guarantee_fund.events import Level
from domain.money import Fen
from domain.policy.pin import PolicyPin
from domain.subsidy.lines import LevelAmount, SubsidyLine

Office: TypeAlias = Literal["hr", "finance"]
Route: TypeAlias = Literal["bank", "social_security_card", "company_account"]
"""Who is paid: the bank, which passes it on (R-SUB-6); persons on their social-security cards, or companies (R-SUB-7)."""
Outcome: TypeAlias = Literal["upheld", "dismissed", "left_out"]


class SubsidyFundOpened(OpeningFact):
    """贴息资金设立: the budget's money for subsidies, kept apart from the guarantee fund (R-FUND-1); `operator` is the body that runs it."""

    TOPIC = "subsidy_fund.opened"
    originator_topic = "subsidy_fund"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    fund: str
    title: str
    operator: str


class SubsidyMethodAdopted(Fact):
    """贴息办法施行: batches that are begun from now on go by this text."""

    TOPIC = "subsidy_fund.method_adopted"

    fund: str
    method: str
    digest: str
    rules: int
    assumed: int
    text: str


class SubsidyCashFact(Fact):
    """Money on the subsidy fund's account at a bank 贴息专户, of a fiscal level; `county` where the level is a county."""

    fund: str
    level: Level
    county: str | None = None
    bank: str
    amount_fen: Fen = Field(gt=0)
    bank_reference: str


class FiscalAllocationReceived(SubsidyCashFact):
    """财政拨款到账: a level paid what it owes, or in advance (R-SUB-9)."""

    TOPIC = "subsidy_fund.allocation_received"


class ReturnedToBudget(SubsidyCashFact):
    """缴回财政: what was clawed back went to the level that had paid it."""

    TOPIC = "subsidy_fund.returned"

    confirmed_by: str


class LevelSettled(Frozen):
    """A level's account with the fund at a year's end, in fen: due before + granted − received = due; negative where the fund owes the level.

    `granted` is net of what was clawed back; `offset` is what the fund held for the level and what the level owed, set off against each other.
    """

    level: Level
    county: str | None = None
    due_before_fen: Fen
    granted_fen: Fen
    received_fen: Fen
    due_fen: Fen
    offset_fen: Fen = Field(default=0, ge=0)


class YearSettled(Fact):
    """年终清算 between the levels, by the books that are closed up to the year's end, as they stood at `at_position`."""

    TOPIC = "subsidy_fund.year_settled"

    fund: str
    year: int
    at_position: int
    trial_balance: str
    levels: tuple[LevelSettled, ...]


class SubsidyBatchOpened(OpeningFact):
    """贴息批次: a bank's loans in a quarter, from `first` up to `until`, which does not count; by the method that is pinned."""

    TOPIC = "subsidy_batch.opened"
    originator_topic = "subsidy_batch"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    batch: str
    fund: str
    bank: str
    quarter: str
    first: date
    until: date
    method: PolicyPin
    calculated_by: str


class SubsidyCalculated(Fact):
    """贴息测算: lines of the batch, at most two hundred a fact; a later line of the same loan and quarter replaces the earlier one."""

    TOPIC = "subsidy_batch.calculated"

    lines: tuple[SubsidyLine, ...]
    calculated_by: str


class LineFact(Fact):
    """Something of one line: a loan, and the quarter that the line is about."""

    loan_no: str
    quarter: str


class LineDisputed(LineFact):
    """贴息异议: by the bank or an office; nothing is confirmed or approved meanwhile."""

    TOPIC = "subsidy_batch.line_disputed"

    disputed_by: str


class LineDisputeSettled(LineFact):
    """异议处理: upheld, and the line is worked out anew; dismissed, and it stays; or left out, and a later batch tells of it."""

    TOPIC = "subsidy_batch.dispute_settled"

    outcome: Outcome
    settled_by: str


class BatchConfirmed(Fact):
    """银行确认: so many lines and so much, in fen."""

    TOPIC = "subsidy_batch.confirmed"

    lines: int
    amount_fen: Fen = Field(ge=0)
    confirmed_by: str


class BatchApproved(Fact):
    """贴息审批: by the human resources office 人社, then by finance 财政, with which the levels owe their shares."""

    TOPIC = "subsidy_batch.approved"

    office: Office
    lines: int
    amount_fen: Fen = Field(ge=0)
    approved_by: str


class LinePaid(Frozen):
    """What of a payment is a line's."""

    loan_no: str
    quarter: str
    fen: Fen


class SubsidyPaid(Fact):
    """贴息拨付 from the account at `bank`, by a route."""

    TOPIC = "subsidy_batch.paid"

    fund: str
    bank: str
    amount_fen: Fen = Field(gt=0)
    bank_reference: str
    route: Route
    lines: tuple[LinePaid, ...]
    paid_by: str


class SubsidyPaymentFailed(LineFact):
    """贴息退票: what was paid for a line came back to the account at `bank`; it is owed again."""

    TOPIC = "subsidy_batch.payment_failed"

    fund: str
    bank: str
    amount_fen: Fen = Field(gt=0)
    bank_reference: str


class ClawbackRaised(LineFact):
    """追回贴息: what was granted of a line and should not have been. What of it is not paid yet (`cut_fen`) is not paid any more; the rest is owed back.

    `levels` divide what is cut.
    """

    TOPIC = "subsidy_batch.clawback_raised"

    amount_fen: Fen = Field(gt=0)
    cut_fen: Fen = Field(default=0, ge=0)
    levels: tuple[LevelAmount, ...] = ()
    raised_by: str


class ClawbackCollected(LineFact):
    """追回贴息到账 on the account at `bank`; `levels` are those that had paid it, and get it back."""

    TOPIC = "subsidy_batch.clawback_collected"

    fund: str
    bank: str
    amount_fen: Fen = Field(gt=0)
    bank_reference: str
    levels: tuple[LevelAmount, ...]


class ClawbackWaived(LineFact):
    """免予追回, by two people."""

    TOPIC = "subsidy_batch.clawback_waived"

    amount_fen: Fen = Field(gt=0)
    waived_by: str
    confirmed_by: str
