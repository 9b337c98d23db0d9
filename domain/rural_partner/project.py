"""A partners' project 合伙人项目 as an aggregate: who takes part, its steps, and the jobs that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import Actor
from domain.errors import InvalidInput, SamePerson
from domain.facts import Fact, Moment
from domain.loan.loan import Loan
from domain.rural_partner import events, refusals
from domain.rural_partner.standing import STEPS, ProjectStanding


class PartnerProject(ProjectStanding):
    TOPIC = "project"
    Event = Fact
    ProjectRegistered = events.ProjectRegistered
    ProjectPartnerJoined = events.ProjectPartnerJoined
    ProjectPartnerParted = events.ProjectPartnerParted
    ProjectLanded = events.ProjectLanded
    ProjectSuspended = events.ProjectSuspended
    ProjectResumed = events.ProjectResumed
    ProjectEnded = events.ProjectEnded
    ProjectJobsReported = events.ProjectJobsReported
    ProjectJobsVerified = events.ProjectJobsVerified
    ProjectLoanLinked = events.ProjectLoanLinked

    @staticmethod
    def create_id(project_no: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/projects/{project_no}")

    @classmethod
    def register(
        cls, moment: Moment, *, project_no: str, partners: Sequence[str], value_date: date, **what: Any
    ) -> PartnerProject:
        """项目登记, of one partner or several (domain.md §5.32). Raises InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        if not partners or len(set(partners)) < len(partners):
            problem = "somebody is named twice" if partners else "there is nobody"
            raise InvalidInput(field="partners", problem=problem, expected="every partner who takes part, once")
        named = {"project_no": project_no, "partners": tuple(partners), "value_date": value_date}
        return cls.opened(events.ProjectRegistered, cls.create_id(project_no), moment, **named, **what)

    def scopes(self) -> tuple[str, ...]:
        return (f"county:{self.opening.county}",)

    # Decisions: may refuse, change nothing themselves.

    def land(self, moment: Moment, *, value_date: date) -> None:
        """项目落地. Raises StepOutOfOrder, ProjectStepTooEarly."""
        self._step(events.ProjectLanded, moment, value_date)

    def suspend(self, moment: Moment, *, reason: str, value_date: date) -> None:
        """项目暂停. Raises StepOutOfOrder, ProjectStepTooEarly, InvalidInput."""
        self._step(events.ProjectSuspended, moment, value_date, reason)

    def resume(self, moment: Moment, *, value_date: date) -> None:
        """项目恢复. Raises StepOutOfOrder, ProjectStepTooEarly."""
        self._step(events.ProjectResumed, moment, value_date)

    def end(self, moment: Moment, *, reason: str, value_date: date) -> None:
        """项目终止; its loans stand (domain.md §5.30). Raises StepOutOfOrder, ProjectStepTooEarly, InvalidInput."""
        self._step(events.ProjectEnded, moment, value_date, reason)

    def join(self, moment: Moment, *, partner_no: str, value_date: date) -> None:
        """One more partner takes part. Raises TakesPartAlready, ProjectOver, ProjectStepTooEarly."""
        self._concerning(moment, value_date, partner_no)
        if partner_no in self.partners():
            raise refusals.TakesPartAlready(field="partner_no", partner_no=partner_no, project_no=self.project_no)
        self.tell(events.ProjectPartnerJoined, moment, value_date=value_date, partner_no=partner_no)

    def part(self, moment: Moment, *, partner_no: str, value_date: date, reason: str | None = None) -> None:
        """A partner takes part no longer; the project stands. Raises TakesNoPart, ProjectOver, ProjectStepTooEarly."""
        self._concerning(moment, value_date, partner_no)
        self._must_take_part(partner_no)
        self.tell(events.ProjectPartnerParted, moment, value_date=value_date, partner_no=partner_no, reason=reason)

    def report_jobs(self, moment: Moment, *, jobs: int, actor: Actor, value_date: date) -> None:
        """带动就业上报; a late report is recorded with its own day. Raises NotLanded, ProjectOver."""
        self._while_it_gives_work(moment, value_date)
        self.tell(events.ProjectJobsReported, moment, value_date=value_date, jobs=jobs, reporter=actor.subject)

    def verify_jobs(
        self, moment: Moment, *, jobs: int, evidence: Sequence[str], actor: Actor, value_date: date
    ) -> None:
        """带动就业核实: the last report by that day, proved by documents and by somebody else than who made it.

        Raises NothingReported, MoreThanReported, EvidenceMissing, SamePerson, NotLanded, ProjectOver; EvidenceUsed is said by the ledger.
        """
        self._while_it_gives_work(moment, value_date)
        report = self.report(value_date)
        if report is None:
            raise refusals.NothingReported(field="value_date", project_no=self.project_no, day=value_date)
        if actor.subject == report.reporter:
            raise SamePerson(field="actor", subject=actor.subject)
        if jobs > report.jobs:
            raise refusals.MoreThanReported(field="jobs", jobs=jobs, reported=report.jobs, project_no=self.project_no)
        if not evidence:
            raise refusals.EvidenceMissing(field="evidence", project_no=self.project_no)
        self.tell(
            events.ProjectJobsVerified,
            moment,
            value_date=value_date,
            jobs=jobs,
            reported=report.jobs,
            report_version=report.originator_version,
            verifier=actor.subject,
            evidence=tuple(evidence),
        )

    def link_loan(self, moment: Moment, *, loan: Loan, partner_no: str, value_date: date) -> None:
        """A partner's loan is for this project. Raises TakesNoPart, DatedInFuture."""
        moment.not_before(value_date)
        self._must_take_part(partner_no, ever=True)
        self.tell(
            events.ProjectLoanLinked,
            moment,
            value_date=value_date,
            loan=loan.id,
            loan_no=loan.contract.loan_no,
            partner_no=partner_no,
        )

    def _step(self, kind: type[Fact], moment: Moment, value_date: date, reason: str | None = None) -> None:
        moment.not_before(value_date)
        _, needed = STEPS[kind]
        if self.status() not in needed:
            raise refusals.StepOutOfOrder(
                project_no=self.project_no,
                status=self.status(),
                needed=" or ".join(needed),
                step=kind.TOPIC.removeprefix("project."),
            )
        self._not_earlier(value_date, self._steps[-1].value_date)
        if reason is not None and not reason.strip():
            raise InvalidInput(field="reason", problem="it is empty", expected="why, in words")
        self.tell(kind, moment, value_date=value_date, reason=reason)

    def _concerning(self, moment: Moment, value_date: date, partner_no: str) -> None:
        moment.not_before(value_date)
        self._not_over(value_date)
        moves = [day for day, number, _ in self._moves if number == partner_no]
        self._not_earlier(value_date, max([self.opening.value_date, *moves]))

    def _while_it_gives_work(self, moment: Moment, value_date: date) -> None:
        moment.not_before(value_date)
        self._not_over(value_date)
        if self.status(value_date) in (None, "registered"):
            raise refusals.NotLanded(field="value_date", project_no=self.project_no, day=value_date)

    def _not_over(self, value_date: date) -> None:
        if self.status() == "ended" and value_date > (ended := self._steps[-1].value_date):
            raise refusals.ProjectOver(field="value_date", project_no=self.project_no, ended=ended)

    def _not_earlier(self, value_date: date, last: date) -> None:
        if value_date < last:
            raise refusals.ProjectStepTooEarly(
                field="value_date", value_date=value_date, project_no=self.project_no, last=last
            )

    def _must_take_part(self, partner_no: str, *, ever: bool = False) -> None:
        known = {number for _, number, _ in self._moves} if ever else self.partners()
        if partner_no not in known:
            raise refusals.TakesNoPart(field="partner_no", partner_no=partner_no, project_no=self.project_no)
