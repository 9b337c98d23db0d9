"""The facts of an application, in the order of its life."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.loan.events import TapeRow
from domain.money import Fen
from domain.policy.finding import Finding
from domain.policy.pin import PolicyPin

BorrowerKind: TypeAlias = Literal["individual", "partnership", "small_enterprise"]
Channel: TypeAlias = Literal["hall", "outlet", "online"]
Review: TypeAlias = Literal["eligibility", "guarantee", "credit"]
Source: TypeAlias = Literal["market_regulator", "civil_affairs", "credit_registry"]
Ending: TypeAlias = Literal["approved", "rejected", "withdrawn", "expired"]


class Enterprise(Frozen):
    """What a small enterprise states of itself: its staff, and those whom it hired within the year before."""

    credit_code: str
    staff: int = Field(ge=0)
    hired: int = Field(ge=0)
    wages_owed: bool = False


class Submitted(OpeningFact):
    """申请: somebody asks for a loan, at a hall, at any bank outlet or online.

    `members` are the persons of the household, by pseudonym: in any one of them only `live_most` applications may be open.
    A history from a tape has its row in `tape` and states nothing else of ours.
    """

    TOPIC = "application.submitted"
    originator_topic = "application"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    case_no: str
    kind: BorrowerKind | None = None
    applicant: UUID | None = None
    spouse: UUID | None = None
    partners: tuple[UUID, ...] = ()
    members: tuple[UUID, ...] = ()
    live_most: int | None = Field(default=None, gt=0)
    enterprise: Enterprise | None = None
    product: str | None = None
    group: str | None = None
    amount_fen: Fen = Field(ge=0)
    months: int | None = Field(default=None, ge=0)
    channel: Channel | None = None
    outlet: str | None = None
    bank: str | None = None
    guarantor: str | None = None
    city: str | None = None
    county: str | None = None
    township: str | None = None
    partner_no: str | None = None
    project_no: str | None = None
    resubmits: str | None = None
    policy: PolicyPin | None = None
    source_status: str | None = None
    weekdays_only: bool = False
    """Where it was decided every Monday to Friday was a working day."""
    tape: TapeRow | None = None


class MaterialAdded(Fact):
    """材料: an electronic document, known by the digest of its content (SHA-256); no paper copy exists."""

    TOPIC = "application.material_added"

    kind: str
    digest: str
    media_type: str
    size: int = Field(gt=0)


class ConsentGiven(Fact):
    """授权: a person lets the office ask a source about them until a day."""

    TOPIC = "application.consent_given"

    person: UUID
    source: Source
    document: str
    expires_on: date


class DataFetched(Fact):
    """数据共享: what an outside system answered about `person`, or the applicant where nobody is named.

    The answer itself is a material, here stand its digest and the figures used.
    """

    TOPIC = "application.data_fetched"

    source: Source
    consent: str
    digest: str
    figures: dict[str, str]
    person: UUID | None = None


class DataNotFetched(Fact):
    """数据共享未成: an outside system gave no answer that can be used; the clerk may go on by hand.

    `consent_expired` is never recorded: without a consent that holds nobody is asked.
    """

    TOPIC = "application.data_not_fetched"

    source: Source
    problem: Literal["late", "unreachable", "malformed", "contradictory", "consent_expired", "refused"]
    detail: str
    person: UUID | None = None


class DataEntered(Fact):
    """人工录入: figures of `person`, or of the applicant, that a clerk read from a document because the source could not be asked."""

    TOPIC = "application.data_entered"

    source: Source
    figures: dict[str, str]
    material: str
    """The digest of the document."""
    person: UUID | None = None


class Accepted(Fact):
    """受理: the materials are complete; the working-day clock starts. `policy` is the edition that eligibility is judged by."""

    TOPIC = "application.accepted"

    materials: tuple[str, ...]
    working_days: int
    due_on: date
    provisional_years: tuple[int, ...] = ()
    """Years for which no calendar was published yet."""
    policy: PolicyPin | None = None


class CorrectionRequested(Fact):
    """补正通知: what is missing, asked for once; the clock stands still."""

    TOPIC = "application.correction_requested"

    missing: tuple[str, ...]


class Corrected(Fact):
    """补正: what was missing is there; the clock runs on, to a later day."""

    TOPIC = "application.corrected"

    due_on: date


class Reviewed(Fact):
    """One institution's review: what it looked at and what it says. `reviewer` is its person, by pseudonym."""

    outcome: Literal["passed", "rejected"]
    findings: tuple[Finding, ...] = ()
    policy: PolicyPin
    reviewer: str
    institution: str
    conditions: tuple[str, ...] = ()
    note: str | None = None


class EligibilityReviewed(Reviewed):
    """资格审核: the human-resources office finds whether the applicant belongs to the scheme."""

    TOPIC = "application.eligibility_reviewed"


class GuaranteeReviewed(Reviewed):
    """担保审核: the guarantor's due diligence 尽职调查."""

    TOPIC = "application.guarantee_reviewed"

    most_fen: Fen | None = None


class CreditReviewed(Reviewed):
    """授信审核: the bank's own credit decision, at its own risk; `margin_bp` over the LPR."""

    TOPIC = "application.credit_reviewed"

    most_fen: Fen | None = None
    rating: str | None = None
    margin_bp: int | None = None


class CounterGuaranteeRegistered(Fact):
    """反担保登记: security given to the guarantor; a person who guarantees takes one of `most` places."""

    TOPIC = "application.counter_guarantee_registered"

    form: str
    person: UUID | None = None
    member: bool = False
    value_fen: Fen | None = None
    material: str | None = None
    most: int | None = Field(default=None, gt=0)


class CounterGuaranteeWaived(Fact):
    """免除反担保: by a rule of the edition."""

    TOPIC = "application.counter_guarantee_waived"

    finding: Finding


class CounterGuaranteeReleased(Fact):
    """解除反担保: the registration of that version no longer binds anybody."""

    TOPIC = "application.counter_guarantee_released"

    registered_version: int
    person: UUID | None = None


class Approved(Fact):
    """审批通过: all three concur, and somebody who made none of the reviews says yes.

    `counted` are the persons for whom the loan counts (at most `loans_most` each) until the approval lapses unused.
    """

    TOPIC = "application.approved"

    amount_fen: Fen = Field(gt=0)
    months: int = Field(gt=0)
    margin_bp: int
    conditions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    policy: PolicyPin
    reviews: tuple[int, ...]
    approver: str
    expires_on: date
    counted: tuple[UUID, ...] = ()
    loans_most: int | None = Field(default=None, gt=0)


class CapacityReserved(Fact):
    """担保额度预留: the guarantee fund holds its own share of the approved amount ready until the approval is used or ends."""

    TOPIC = "application.capacity_reserved"

    fund: str
    scheme: str
    amount_fen: Fen = Field(gt=0)
    expires_on: date


class CapacityReleased(Fact):
    """担保额度释放: the approval was used for a loan, which holds it from now on, or ended unused."""

    TOPIC = "application.capacity_released"

    fund: str
    amount_fen: Fen = Field(gt=0)
    because: Literal["contracted", "withdrawn", "expired"]


class Rejected(Fact):
    """不予通过: with the findings and reasons that the applicant is told."""

    TOPIC = "application.rejected"

    findings: tuple[Finding, ...] = ()
    policy: PolicyPin | None = None
    reviews: tuple[int, ...] = ()
    decided_by: str
    notify_by: date | None = None
    members: tuple[UUID, ...] = ()


class Withdrawn(Fact):
    """撤回: by the applicant."""

    TOPIC = "application.withdrawn"

    members: tuple[UUID, ...] = ()
    counted: tuple[UUID, ...] = ()


class ClockRanOut(Fact):
    """办理超时: established at the end of the value date that the decision is late; names who it waited for. A notice."""

    TOPIC = "application.clock_ran_out"

    due_on: date
    waits_for: tuple[str, ...]


class Expired(Fact):
    """失效: it was never completed, a correction never came, an approval was not used, or of a contract nothing was drawn in time."""

    TOPIC = "application.expired"

    of: Literal["approval", "correction", "intake", "contract"]
    members: tuple[UUID, ...] = ()
    counted: tuple[UUID, ...] = ()


class Contracted(Fact):
    """签约: the approval was used for a loan; `guarantors` are the persons who stood for it then."""

    TOPIC = "application.contracted"

    loan_no: str
    members: tuple[UUID, ...] = ()
    guarantors: tuple[UUID, ...] = ()


class HistoryRecorded(Fact):
    """历史记录: a step of an application in another system, kept as its source has it; `ending` where the step ends the case.

    Order is `sequence`, never the time; the value date is the day of `occurred_at` in its own offset.
    """

    TOPIC = "application.history_recorded"

    activity: str
    sequence: int = Field(ge=0)
    occurred_at: datetime
    status: Literal["in_review"] | None = None
    ending: Ending | None = None
    resource: str | None = None
    row: int
