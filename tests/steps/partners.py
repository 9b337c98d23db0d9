"""Steps of rural partners and their projects 乡村振兴合伙人: the county's office, its partners by name, the projects by theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_bdd import given, then, when

from domain.money import Fen
from ledger import landing, partnering
from ledger.keystore import Keystore
from ledger.registering import RegisterBorrower, register_borrower
from projections import log
from projections.querying import Question, ask, projection
from tests.steps.applying import Hall
from tests.steps.deciding import all_passed, approved
from tests.steps.lending import sign_for
from tests.steps.office import Office
from tests.steps.words import as_rows, step

PEOPLE = {
    "Li": ("李桃", "379999198201010010"),
    "Wang": ("王杏", "379999198502020028"),
    "Zhao": ("赵枣", "379999197903030038"),
}
SOMEBODY_ELSE = ("孙梨", "379999199004040047")
KINDS = {
    "entrepreneur": "entrepreneur",
    "founder": "founder",
    "expert": "expert",
    "founding team": "founding_team",
    "large grower": "large_grower",
    "prosperity leader": "prosperity_leader",
    "skilled worker": "skilled_worker",
    "heritage bearer": "heritage_bearer",
}
WAYS = {
    "found an industry": "found_industry",
    "invest capital": "invest_capital",
    "contribute technology": "contribute_technology",
    "create culture": "cultural_creation",
    "lend expertise": "flexible_expertise",
}
SISHUI = "370831"


@dataclass
class Village:
    """Where partners are recruited and projects land; each is known by name, and in the record by number."""

    office: Office
    keystore: Keystore
    numbers: dict[str, str] = field(default_factory=dict)

    def number(self, name: str, kind: str = "P") -> str:
        return self.numbers.setdefault(name, f"{kind}-{len(self.numbers) + 1}")

    def recruit(self, number: str, person: tuple[str, str], day: date, **more: Any) -> None:
        name, id_number = person
        who = {"kind": "large_grower", "way": "found_industry", "county": SISHUI, **more}
        command = partnering.RecruitPartner.model_validate(
            {"partner_no": number, "persons": [{"name": name, "id_number": id_number}], "value_date": day, **who}
        )
        office = self.office
        office.act(lambda: partnering.recruit_partner(office.ledger, self.keystore, command, office.by("clerk", "hr")))

    def borrower(self, who: str, day: date) -> UUID:
        """Their pseudonym, as somebody who borrows."""
        name, id_number = PEOPLE.get(who, SOMEBODY_ELSE)
        registration = RegisterBorrower(name=name, id_number=id_number, value_date=day)
        return register_borrower(self.office.ledger, self.keystore, registration, self.office.by("clerk", "hr"))

    def register(self, name: str, partners: Sequence[str], day: date) -> None:
        command = landing.RegisterProject(
            project_no=self.number(name, "X"),
            title=name,
            industry="orchard",
            county=SISHUI,
            partners=tuple(self.number(partner) for partner in partners),
            value_date=day,
        )
        office = self.office
        office.act(lambda: landing.register_project(office.ledger, command, office.by("clerk", "hr")))

    def verify(self, jobs: int, name: str, roster: str, day: date, subject: str | None = None) -> None:
        command = landing.VerifyProjectJobs(
            project_no=self.number(name),
            jobs=jobs,
            evidence=(hashlib.sha256(roster.encode()).hexdigest(),),
            value_date=day,
        )
        by = self.office.by("hr_officer", "hr", subject)
        self.office.act(lambda: landing.verify_project_jobs(self.office.ledger, command, by))

    def register_of(self, name: str, **question: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What a register says, brought up to date first."""
        assert self.office.engine.catch_up() == {}
        answer = ask(self.office.reader, projection(name), Question(**question))
        assert answer.as_of_position == log.head(self.office.reader)
        return answer.rows, answer.totals

    def partner(self, who: str, as_of: date | None = None) -> dict[str, Any] | None:
        rows, _ = self.register_of("partner_register", where={"partner_no": self.number(who)}, as_of=as_of)
        return rows[0] if rows else None

    def project(self, name: str, as_of: date | None = None) -> dict[str, Any]:
        rows, _ = self.register_of("project_register", where={"project_no": self.number(name)}, as_of=as_of)
        return rows[0]


@pytest.fixture
def village(office: Office, empty_database: str, tmp_path: Path) -> Village:
    return Village(office, Keystore(empty_database, tmp_path / "keys" / "master.key"))


# Partners.


@given(step("{who:word} of Sishui was recruited as a partner on {day:day}"))
def was_recruited(village: Village, who: str, day: date) -> None:
    village.recruit(village.number(who), PEOPLE[who], day)
    village.office.recorded()


@given(step("{one:word} and {other:word} of Sishui were recruited as partners on {day:day}"))
def were_recruited(village: Village, one: str, other: str, day: date) -> None:
    was_recruited(village, one, day)
    was_recruited(village, other, day)


@when(step("somebody is recruited as {kind} to {way}"))
def recruit_somebody(village: Village, kind: str, way: str) -> None:
    who = {"kind": KINDS[kind], "way": WAYS[way]}
    village.recruit(village.number("somebody"), SOMEBODY_ELSE, village.office.today, **who)


@when(step("{who:word} is recruited again under another number"))
def recruit_again(village: Village, who: str) -> None:
    village.recruit("P-999", PEOPLE[who], village.office.today)


@given(step("{who:word} was qualified on {day:day}"))
def was_qualified(village: Village, who: str, day: date) -> None:
    office, command = village.office, partnering.QualifyPartner(partner_no=village.number(who), value_date=day)
    office.act(lambda: partnering.qualify_partner(office.ledger, command, office.by("hr_officer", "hr")))
    office.recorded()


@given(step("the qualification of {who:word} was taken back on {day:day}"))
def was_disqualified(village: Village, who: str, day: date) -> None:
    command = partnering.DisqualifyPartner(partner_no=village.number(who), reason="evaluation", value_date=day)
    office = village.office
    office.act(lambda: partnering.disqualify_partner(office.ledger, command, office.by("hr_officer", "hr")))
    office.recorded()


@when(step("{who:word} leaves on {day:day}"))
def leaves(village: Village, who: str, day: date) -> None:
    command = partnering.LetPartnerLeave(partner_no=village.number(who), reason="moved away", value_date=day)
    office = village.office
    office.act(lambda: partnering.let_partner_leave(office.ledger, command, office.by("clerk", "hr")))


@given(step("{who:word} left on {day:day}"))
def left(village: Village, who: str, day: date) -> None:
    leaves(village, who, day)
    village.office.recorded()


@given(step("a 乡村贷 of {amount:yuan} was signed by {who:word} on {day:day}"))
def was_lent(village: Village, amount: Fen, who: str, day: date) -> None:
    sign_for(village.office, village.borrower(who, day), "rural_partner", amount, day)


@given(step("a 乡村贷 of {amount:yuan} was signed by somebody else on {day:day}"))
def was_lent_to_another(village: Village, amount: Fen, day: date) -> None:
    was_lent(village, amount, "somebody else", day)


@given(step("{who:word}'s application for a 乡村贷 of {amount:yuan} for {name:quoted} was approved on {day:day}"))
def was_approved(village: Village, hall: Hall, who: str, amount: Fen, name: str, day: date) -> None:
    hall.known[who] = village.borrower(who, day)
    as_partner = {"product": "rural_partner", "group": "rural_partner", "partner_no": village.number(who)}
    hall.submit(who, amount, 24, day, **as_partner, project_no=village.number(name))
    hall.complete(day)
    hall.accept(day)
    all_passed(hall, day)
    approved(hall, day)


@then(step("the new loan is linked to {who:word} for {name:quoted}"))
def is_linked(village: Village, hall: Hall, who: str, name: str) -> None:
    """By the same append that signed it."""
    receipt = village.office.recorded()
    appended = [fact.topic for fact in log.page(village.office.reader, receipt.first_position - 1)]
    used = ["application.contracted", "application.capacity_released"]
    assert appended == [*used, "loan.contract_signed", "partner.loan_linked", "project.loan_linked"]
    partner, project = village.partner(who), village.project(name)
    assert partner is not None
    assert (partner["loans"], project["loans"]) == (1, 1)


@when(step("the loan is linked to {who:word} on {day:day}"))
def link(village: Village, who: str, day: date, project: str | None = None) -> None:
    office = village.office
    command = partnering.LinkLoan(
        partner_no=village.number(who),
        loan_no=office.loan_no,
        project_no=project and village.number(project),
        value_date=day,
    )
    office.act(lambda: partnering.link_loan(office.ledger, command, office.by("bank_officer", office.bank)))


@given(step("the loan was linked to {who:word} on {day:day}"))
def linked(village: Village, who: str, day: date) -> None:
    link(village, who, day)
    village.office.recorded()


@given(step("the loan was linked to {who:word} for {name:quoted} on {day:day}"))
def linked_for(village: Village, who: str, name: str, day: date) -> None:
    link(village, who, day, name)
    village.office.recorded()


# Projects.


@given(step("the project {name:quoted} of {who:word} was registered on {day:day}"))
def was_registered(village: Village, name: str, who: str, day: date) -> None:
    village.register(name, [who], day)
    village.office.recorded()


@when(step("the project {name:quoted} of {one:word} and {other:word} is registered on {day:day}"))
def register_of_two(village: Village, name: str, one: str, other: str, day: date) -> None:
    village.register(name, [one, other], day)


@when(step("{name:quoted} lands on {day:day}"))
def lands(village: Village, name: str, day: date) -> None:
    office, command = village.office, landing.LandProject(project_no=village.number(name), value_date=day)
    office.act(lambda: landing.land_project(office.ledger, command, office.by("clerk", "hr")))


@given(step("the project {name:quoted} of {who:word} landed on {day:day}"))
def landed(village: Village, name: str, who: str, day: date) -> None:
    """Registered a month before."""
    was_registered(village, name, who, day - timedelta(days=31))
    lands(village, name, day)
    village.office.recorded()


@given(step("{name:quoted} was suspended on {day:day} and resumed on {again:day}"))
def was_suspended(village: Village, name: str, day: date, again: date) -> None:
    office, number = village.office, village.number(name)
    pause = landing.SuspendProject(project_no=number, reason="flood", value_date=day)
    office.act(lambda: landing.suspend_project(office.ledger, pause, office.by("clerk", "hr")))
    office.recorded()
    go_on = landing.ResumeProject(project_no=number, value_date=again)
    office.act(lambda: landing.resume_project(office.ledger, go_on, office.by("clerk", "hr")))
    office.recorded()


@when(step("{name:quoted} ends on {day:day}"))
def ends(village: Village, name: str, day: date) -> None:
    office = village.office
    command = landing.EndProject(project_no=village.number(name), reason="harvested", value_date=day)
    office.act(lambda: landing.end_project(office.ledger, command, office.by("clerk", "hr")))


@given(step("{name:quoted} ended on {day:day}"))
def ended(village: Village, name: str, day: date) -> None:
    ends(village, name, day)
    village.office.recorded()


@when(step("{name:quoted} reports {jobs:count} jobs on {day:day}"))
def reports(village: Village, name: str, jobs: int, day: date) -> None:
    office = village.office
    command = landing.ReportProjectJobs(project_no=village.number(name, "X"), jobs=jobs, value_date=day)
    office.act(lambda: landing.report_project_jobs(office.ledger, command, office.by("clerk", "township", "reporter")))


@given(step("{name:quoted} reported {jobs:count} jobs on {day:day}"))
def reported(village: Village, name: str, jobs: int, day: date) -> None:
    reports(village, name, jobs, day)
    village.office.recorded()


@when(step("{jobs:count} jobs of {name:quoted} are verified by the roster {roster:quoted} on {day:day}"))
def verify(village: Village, jobs: int, name: str, roster: str, day: date) -> None:
    village.verify(jobs, name, roster, day)


@given(step("{jobs:count} jobs of {name:quoted} were verified by the roster {roster:quoted} on {day:day}"))
def verified(village: Village, jobs: int, name: str, roster: str, day: date) -> None:
    village.verify(jobs, name, roster, day)
    village.office.recorded()


@when(step("the reporter verifies {jobs:count} jobs of {name:quoted} by the roster {roster:quoted} on {day:day}"))
def reporter_verifies(village: Village, jobs: int, name: str, roster: str, day: date) -> None:
    village.verify(jobs, name, roster, day, subject="reporter")


# What the registers say.


@then(step("the register of partners says of {who:word}"))
def register_says_of_partner(village: Village, who: str, datatable: Sequence[Sequence[str]]) -> None:
    for row in as_rows(datatable):
        line = village.partner(who, date.fromisoformat(row["on"])) or {"status": "", "loans": "", "projects": ""}
        said = {
            "on": row["on"],
            "standing": line["status"],
            "loans": str(line["loans"]),
            "projects": str(line["projects"]),
        }
        assert said == row


@then(step("the register of projects says of {name:quoted}"))
def register_says_of_project(village: Village, name: str, datatable: Sequence[Sequence[str]]) -> None:
    for row in as_rows(datatable):
        assert village.project(name, date.fromisoformat(row["on"]))["status"] == row["standing"], row["on"]


@then(step("{name:quoted} is landed"))
def is_landed(village: Village, name: str) -> None:
    assert village.project(name)["status"] == "landed"


@then(step("there are {partners:count} partners and {projects:count} project"))
def there_are(village: Village, partners: int, projects: int) -> None:
    counted = [village.register_of(f"{kind}_register")[1]["count"] for kind in ("partner", "project")]
    assert counted == [partners, projects]


@then(step("{partners:count} partners take part in {name:quoted}"))
def take_part(village: Village, partners: int, name: str) -> None:
    assert village.project(name)["partners"] == partners


@then(step("{name:quoted} gives {reported:count} jobs as reported and {verified:count} as verified"))
def gives(village: Village, name: str, reported: int, verified: int) -> None:
    line = village.project(name)
    assert (line["jobs_reported"], line["jobs_verified"]) == (reported, verified)


@then(step("by {day:day} {name:quoted} gave {reported:count} jobs as reported and {verified:count} as verified"))
def gave(village: Village, day: date, name: str, reported: int, verified: int) -> None:
    line = village.project(name, day)
    assert (line["jobs_reported"], line["jobs_verified"]) == (reported, verified)


@then(step("all projects give {reported:count} jobs as reported and {verified:count} as verified"))
def all_give(village: Village, reported: int, verified: int) -> None:
    _, totals = village.register_of("project_register")
    assert (totals["jobs_reported"], totals["jobs_verified"]) == (reported, verified)
