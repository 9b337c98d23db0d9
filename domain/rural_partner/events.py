"""The facts of a rural partner and of a partners' project, in the order of their lives."""

from __future__ import annotations

from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.personal_data import Sealed

Kind: TypeAlias = Literal[
    "entrepreneur",
    "founder",
    "expert",
    "founding_team",
    "large_grower",
    "prosperity_leader",
    "skilled_worker",
    "heritage_bearer",
]
"""Who is recruited (R-RP-2): 海内外企业家 创业者 专家学者 创业团队 种养大户 致富带头人 技术能手 非遗传承人."""

Way: TypeAlias = Literal[
    "found_industry", "invest_capital", "contribute_technology", "cultural_creation", "flexible_expertise"
]
"""How they take part (R-RP-3): 创办产业 资金入股 技术参股 文化创意 柔性引才."""

PartnerStatus: TypeAlias = Literal["recruited", "qualified", "disqualified", "left"]
ProjectStatus: TypeAlias = Literal["registered", "landed", "suspended", "ended"]


class PartnerPerson(Frozen):
    """One of the people that a partner is: a pseudonym, and who it is under the person's own key."""

    person: UUID
    name: Sealed
    id_number: Sealed
    phone: Sealed | None = None


class PartnerRecruited(OpeningFact):
    """合伙人招募: somebody, or a team, is taken in as a partner of a county; not yet qualified for anything."""

    TOPIC = "partner.recruited"
    originator_topic = "partner"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    partner_no: str
    kind: Kind
    way: Way
    county: str
    township: str | None = None
    persons: tuple[PartnerPerson, ...]


class PartnerQualified(Fact):
    """合伙人认定: found to be what the recruiting rules ask for; from this day the partner may borrow as one (R-LIM-9)."""

    TOPIC = "partner.qualified"

    assessor: str


class PartnerDisqualified(Fact):
    """取消认定: an evaluation took the qualification back; loans that were signed before stand."""

    TOPIC = "partner.disqualified"

    assessor: str


class PartnerLeft(Fact):
    """合伙人退出: no partner any more; `persons` may be recruited anew. Loans and projects stand (domain.md §5.30)."""

    TOPIC = "partner.left"

    persons: tuple[UUID, ...]


class PartnerLoanLinked(Fact):
    """贷款关联: a 乡村贷 of one of the partner's people, signed while the partner was qualified; `project_no` is what it is for."""

    TOPIC = "partner.loan_linked"

    loan: UUID
    loan_no: str
    project_no: str | None = None


class ProjectRegistered(OpeningFact):
    """项目登记: what partners mean to do, and where. `partners` are the numbers of those who take part from the start."""

    TOPIC = "project.registered"
    originator_topic = "project"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    project_no: str
    title: str
    """The project's, never a person's name."""
    industry: str
    county: str
    township: str | None = None
    partners: tuple[str, ...]


class ProjectPartnerJoined(Fact):
    """合伙人加入项目: one more partner takes part."""

    TOPIC = "project.partner_joined"

    partner_no: str


class ProjectPartnerParted(Fact):
    """合伙人退出项目: a partner takes part no longer; the project stands, if need be without any."""

    TOPIC = "project.partner_parted"

    partner_no: str


class ProjectLanded(Fact):
    """项目落地: it has begun on the ground; from this day it can give work."""

    TOPIC = "project.landed"


class ProjectSuspended(Fact):
    """项目暂停: work stands still for a time."""

    TOPIC = "project.suspended"


class ProjectResumed(Fact):
    """项目恢复: work goes on."""

    TOPIC = "project.resumed"


class ProjectEnded(Fact):
    """项目终止: it is over. Its loans stand (domain.md §5.30)."""

    TOPIC = "project.ended"


class ProjectJobsReported(Fact):
    """带动就业上报: how many work in the project on a day, as its partners say; a later report replaces an earlier one."""

    TOPIC = "project.jobs_reported"

    jobs: int = Field(ge=0)
    reporter: str


class ProjectJobsVerified(Fact):
    """带动就业核实: how many of those reported are proved, by documents (`evidence`) and by somebody else than who reported."""

    TOPIC = "project.jobs_verified"

    jobs: int = Field(ge=0)
    reported: int = Field(ge=0)
    """What was looked at: the jobs of the report of that version."""
    report_version: int
    verifier: str


class ProjectLoanLinked(Fact):
    """项目贷款关联: a partner's loan is for this project."""

    TOPIC = "project.loan_linked"

    loan: UUID
    loan_no: str
    partner_no: str
