"""Rural partners of the demonstration 乡村振兴合伙人演示: whoever borrowed as one, what they brought to the village, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, get_args

from api.demo.playing import CHANNEL, Player
from api.demo.scene import Life
from domain.actor import Actor
from domain.rural_partner.events import Kind, Way
from domain.rural_partner.partner import RURAL_LOAN, RuralPartner
from domain.rural_partner.refusals import PersonIsPartner
from ledger import landing, partnering
from ledger.context import CommandContext
from ledger.registering import Person

_PROJECTS = (
    ("orchard", "果园示范基地"),
    ("vegetables", "设施蔬菜园"),
    ("livestock", "生态养殖场"),
    ("processing", "农产品加工坊"),
    ("tourism", "乡村文旅"),
    ("craft", "非遗工坊"),
)
SHARES_EVERY, WITHOUT_EVERY = 4, 7
"""Every fourth partner joins the project of the one before, every seventh has none: neither figure follows from the other."""


def play_partners(player: Player, lives: Sequence[Life], seed: int) -> None:
    """A partner for every 乡村贷 of the lives as they were played, with a project, jobs and the link."""
    played = [life for life in lives if life.product == RURAL_LOAN]
    others = iter([life for life in lives if life.product != RURAL_LOAN])
    before: _Partner | None = None
    for place, life in enumerate(played, 1):
        partner = _partner(player, life, seed)
        if partner.is_introduced():
            partner.project_no = project_no(life)
        elif partner.recruit(others):
            partner.take_up(place, before)
        else:
            continue
        partner.go_on()
        before = partner


def introduce(player: Player, life: Life, seed: int) -> None:
    """A partner with a project before either is named in an application. Raises PersonIsPartner."""
    partner = _partner(player, life, seed)
    partner.appear([life])
    partner.begin()


def partner_no(life: Life) -> str:
    return f"HH-{life.loan_no}"


def project_no(life: Life) -> str:
    """Of the project that the partner began."""
    return f"XM-{life.loan_no}"


def _partner(player: Player, life: Life, seed: int) -> _Partner:
    return _Partner(player, life, Random(f"{seed}/{life.loan_no}"))


@dataclass
class _Partner:
    player: Player
    life: Life
    chance: Random
    project_no: str | None = None

    @property
    def partner_no(self) -> str:
        return partner_no(self.life)

    def is_introduced(self) -> bool:
        """Whether the loan began with an application that named the partner."""
        return self.player.ledger.knows(RuralPartner.create_id(self.partner_no))

    def recruit(self, others: Iterator[Life]) -> bool:
        """One person or a team; False if somebody of them is a partner already."""
        kind = self.chance.choice(get_args(Kind))
        try:
            self.appear([self.life, *([next(others, self.life)] if kind == "founding_team" else [])], kind)
        except PersonIsPartner:
            return False
        return True

    def appear(self, people: Sequence[Life], kind: Kind = "founder") -> None:
        """Recruited and qualified before the loan was signed. Raises PersonIsPartner."""
        persons = {one.id_number: Person(name=one.name, id_number=one.id_number) for one in people}
        recruitment = partnering.RecruitPartner(
            partner_no=self.partner_no,
            kind=kind,
            way=self.chance.choice(get_args(Way)),
            county=self.life.county,
            persons=tuple(persons.values()),
            value_date=self._day(-90),
        )
        partnering.recruit_partner(self.player.ledger, self.player.keystore, recruitment, self._by("partner_officer"))
        qualification = partnering.QualifyPartner(partner_no=self.partner_no, value_date=self._day(-30))
        partnering.qualify_partner(self.player.ledger, qualification, self._by("hr_officer"))

    def take_up(self, place: int, before: _Partner | None) -> None:
        """A project of one's own, another's, or none; and the loan linked."""
        if place % SHARES_EVERY == 0 and before is not None and before.project_no is not None:
            self._join(before)
        elif place % WITHOUT_EVERY:
            self.begin()
        link = partnering.LinkLoan(
            partner_no=self.partner_no,
            loan_no=self.life.loan_no,
            project_no=self.project_no,
            value_date=self.life.signed_on,
        )
        partnering.link_loan(self.player.ledger, link, self._by("partner_officer"))

    def _join(self, other: _Partner) -> None:
        """On the later of both partners' first days, if the project has not ended by then."""
        assert other.project_no is not None
        project = partnering.project_of(self.player.ledger, other.project_no)
        day = max(self._day(-15), other._day(-15))
        if project.status(day) != "ended" and day <= self.life.signed_on:
            joining = landing.JoinProject(project_no=other.project_no, partner_no=self.partner_no, value_date=day)
            landing.join_project(self.player.ledger, joining, self._by("partner_officer"))
            self.project_no = other.project_no

    def begin(self) -> None:
        """A project of one's own."""
        industry, title = self.chance.choice(_PROJECTS)
        self.project_no = project_no(self.life)
        registration = landing.RegisterProject(
            project_no=self.project_no,
            title=f"{self.life.county}{title}",
            industry=industry,
            county=self.life.county,
            partners=(self.partner_no,),
            value_date=self._day(-20),
        )
        landing.register_project(self.player.ledger, registration, self._by("partner_officer"))

    def go_on(self) -> None:
        """It lands, reports, is verified; some stand still, some end, some partners leave."""
        own = self.project_no == project_no(self.life)
        if own and self._when(30, landing.land_project, landing.LandProject):
            jobs = sum(self.life.jobs)
            if self._when(120, landing.report_project_jobs, landing.ReportProjectJobs, role="clerk", jobs=jobs):
                self._verify(jobs - jobs // 4)
            self._fate()
        if self.chance.random() < 0.05 and self._day(500) <= self.player.moment.today:
            leaving = partnering.LetPartnerLeave(
                partner_no=self.partner_no, reason="迁出 moved away", value_date=self._day(500)
            )
            partnering.let_partner_leave(self.player.ledger, leaving, self._by("partner_officer"))

    def _verify(self, jobs: int) -> None:
        roster = hashlib.sha256(f"roster of {self.project_no}".encode()).hexdigest()
        proved = {"jobs": jobs, "evidence": (roster,)}
        self._when(150, landing.verify_project_jobs, landing.VerifyProjectJobs, role="hr_officer", **proved)

    def _fate(self) -> None:
        fate = self.chance.random()
        if fate < 0.15:
            self._when(200, landing.suspend_project, landing.SuspendProject, reason="汛期停工 flood season")
            self._when(260, landing.resume_project, landing.ResumeProject)
        elif fate < 0.25:
            self._when(400, landing.end_project, landing.EndProject, reason="合作期满 agreed term is over")

    def _when(
        self, days: int, act: Callable[..., object], command: type[Any], *, role: str = "partner_officer", **said: Any
    ) -> bool:
        """Do it that many days after signing, if that day has come."""
        day = self._day(days)
        if day > self.player.moment.today:
            return False
        act(self.player.ledger, command(project_no=self.project_no, value_date=day, **said), self._by(role))
        return True

    def _day(self, days: int) -> date:
        return self.life.signed_on + timedelta(days=days)

    def _by(self, role: str) -> CommandContext:
        actor = Actor(subject=f"{role}-{self.life.county}", role=role, institution="hr", region=self.life.county)
        return CommandContext(actor, self.player.moment, channel=CHANNEL)
