"""Landing projects 项目落地: partners' projects registered, begun, suspended, ended, and the jobs that they give."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pydantic import Field

from domain.frozen import PLAIN, Frozen
from domain.rural_partner.project import PartnerProject
from domain.rural_partner.refusals import ProjectExists
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt
from ledger.partnering import OFFICE, Code, Digest, Words, partner_of, project_of

REPORTERS = (*OFFICE, "partner")
VERIFIERS = ("operator", "partner_officer", "hr_officer")


class RegisterProject(Frozen):
    """`title` is the project's, never a person's name; `partners` take part from the start."""

    project_no: Code
    title: str = Field(max_length=200, pattern=PLAIN)
    industry: str = Field(max_length=64, pattern=PLAIN)
    county: Code
    township: Code | None = None
    partners: tuple[str, ...] = Field(max_length=100)
    value_date: date


class OnProject(Frozen):
    """A command that concerns one project."""

    project_no: str
    value_date: date


class LandProject(OnProject):
    pass


class ResumeProject(OnProject):
    pass


class SuspendProject(OnProject):
    reason: Words


class EndProject(OnProject):
    reason: Words


class JoinProject(OnProject):
    partner_no: str


class PartFromProject(OnProject):
    partner_no: str
    reason: Words | None = None


class ReportProjectJobs(OnProject):
    """`jobs` are those who work in the project on the day, all of them."""

    jobs: int = Field(ge=0, le=1_000_000)


class VerifyProjectJobs(OnProject):
    """`evidence` are digests (SHA-256) of the documents that prove the jobs, such as rosters and insurance statements."""

    jobs: int = Field(ge=0, le=1_000_000)
    evidence: tuple[Digest, ...] = Field(max_length=20)


def register_project(ledger: Ledger, command: RegisterProject, context: CommandContext) -> Receipt | None:
    """项目登记. Raises ProjectExists, UnknownPartner, PartnerGone, PartnerStepTooEarly, NotPermitted, InvalidInput, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="register a project")

    def decide() -> list[PartnerProject]:
        if ledger.knows(PartnerProject.create_id(command.project_no)):
            raise ProjectExists(field="project_no", project_no=command.project_no)
        for partner_no in command.partners:
            partner_of(ledger, partner_no).must_be_there(command.value_date)
        what = {name: getattr(command, name) for name in type(command).model_fields}
        return [PartnerProject.register(context.moment, **what)]

    return ledger.perform(command, context, decide)


def land_project(ledger: Ledger, command: LandProject, context: CommandContext) -> Receipt | None:
    """项目落地. Raises UnknownProject, StepOutOfOrder, ProjectStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="land a project")

    def land(project: PartnerProject) -> None:
        project.land(context.moment, value_date=command.value_date)

    return _told(ledger, command, context, land)


def suspend_project(ledger: Ledger, command: SuspendProject, context: CommandContext) -> Receipt | None:
    """项目暂停. Raises UnknownProject, StepOutOfOrder, ProjectStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="suspend a project")

    def suspend(project: PartnerProject) -> None:
        project.suspend(context.moment, reason=command.reason, value_date=command.value_date)

    return _told(ledger, command, context, suspend)


def resume_project(ledger: Ledger, command: ResumeProject, context: CommandContext) -> Receipt | None:
    """项目恢复. Raises UnknownProject, StepOutOfOrder, ProjectStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="resume a project")

    def resume(project: PartnerProject) -> None:
        project.resume(context.moment, value_date=command.value_date)

    return _told(ledger, command, context, resume)


def end_project(ledger: Ledger, command: EndProject, context: CommandContext) -> Receipt | None:
    """项目终止. Raises UnknownProject, StepOutOfOrder, ProjectStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="end a project")

    def end(project: PartnerProject) -> None:
        project.end(context.moment, reason=command.reason, value_date=command.value_date)

    return _told(ledger, command, context, end)


def join_project(ledger: Ledger, command: JoinProject, context: CommandContext) -> Receipt | None:
    """One more partner takes part. Raises UnknownProject, UnknownPartner, PartnerGone, TakesPartAlready, ProjectOver, NotPermitted."""
    context.actor.must_be(*OFFICE, action="let a partner join a project")

    def join(project: PartnerProject) -> None:
        partner_of(ledger, command.partner_no).must_be_there(command.value_date)
        project.join(context.moment, partner_no=command.partner_no, value_date=command.value_date)

    return _told(ledger, command, context, join)


def part_from_project(ledger: Ledger, command: PartFromProject, context: CommandContext) -> Receipt | None:
    """A partner takes part no longer. Raises UnknownProject, TakesNoPart, ProjectOver, ProjectStepTooEarly, NotPermitted."""
    context.actor.must_be(*OFFICE, action="let a partner part from a project")

    def part(project: PartnerProject) -> None:
        project.part(
            context.moment, partner_no=command.partner_no, reason=command.reason, value_date=command.value_date
        )

    return _told(ledger, command, context, part)


def report_project_jobs(ledger: Ledger, command: ReportProjectJobs, context: CommandContext) -> Receipt | None:
    """带动就业上报. Raises UnknownProject, NotLanded, ProjectOver, NotPermitted, DatedInFuture."""
    context.actor.must_be(*REPORTERS, action="report jobs")

    def report(project: PartnerProject) -> None:
        project.report_jobs(context.moment, jobs=command.jobs, actor=context.actor, value_date=command.value_date)

    return _told(ledger, command, context, report)


def verify_project_jobs(ledger: Ledger, command: VerifyProjectJobs, context: CommandContext) -> Receipt | None:
    """带动就业核实, by another person.

    Raises UnknownProject, NothingReported, MoreThanReported, EvidenceMissing, EvidenceUsed, SamePerson, NotLanded, ProjectOver,
    NotPermitted, DatedInFuture.
    """
    context.actor.must_be(*VERIFIERS, action="verify jobs")

    def verify(project: PartnerProject) -> None:
        project.verify_jobs(
            context.moment,
            jobs=command.jobs,
            evidence=command.evidence,
            actor=context.actor,
            value_date=command.value_date,
        )

    return _told(ledger, command, context, verify)


def _told(
    ledger: Ledger, command: OnProject, context: CommandContext, tell: Callable[[PartnerProject], None]
) -> Receipt | None:
    def decide() -> list[PartnerProject]:
        project = project_of(ledger, command.project_no)
        tell(project)
        return [project]

    return ledger.perform(command, context, decide)
