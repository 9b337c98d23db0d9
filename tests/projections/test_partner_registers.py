"""What the registers of partners and projects say at any two times is what the facts add up to; and each job is counted once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.errors import Refusal
from domain.facts import Fact, Moment
from domain.loan.loan import Loan
from domain.rural_partner.partner import RuralPartner
from domain.rural_partner.project import PartnerProject
from domain.state import state_as_of
from ledger.ledger import Ledger
from projections import log
from projections.engine import Engine
from projections.keeper import connect
from projections.partner_register import PartnerRegister
from projections.project_register import ProjectRegister
from projections.querying import Answer, Question, ask
from projections.rebuilding import rebuild
from tests import conftest
from tests.conftest import as_role
from tests.domain.lending import signed
from tests.domain.partnering import CLERK, VERIFIER, person
from tests.ledger.writing import NOW, append, open_ledger

MOMENT = Moment(now=NOW)
START = date(2024, 3, 1)
DAYS = 300
REGISTERS = (PartnerRegister(), ProjectRegister())

_numbers = count(1)


@dataclass(frozen=True)
class Step:
    """One thing that is tried: of which partner, of which project, how many, and on which day."""

    kind: str
    partner: int
    project: int
    jobs: int
    day: date


KINDS = (
    "qualify", "disqualify", "leave", "link", "land", "land", "suspend", "resume", "end", "join", "part",
    "report", "report", "verify", "verify",
)  # fmt: skip
DATES = st.integers(-10, DAYS + 10).map(lambda n: START + timedelta(days=n))
STEPS = st.builds(
    Step,
    kind=st.sampled_from(KINDS),
    partner=st.integers(0, 2),
    project=st.integers(0, 1),
    jobs=st.integers(0, 9),
    day=st.integers(0, DAYS).map(lambda n: START + timedelta(days=n)),
)
HISTORIES = st.lists(STEPS, min_size=5, max_size=30)


@dataclass
class Course:
    """Three partners and two projects of theirs (the third partner begins without any), in a county of their own."""

    number: int = field(default_factory=lambda: next(_numbers))
    partners: list[RuralPartner] = field(default_factory=list)
    projects: list[PartnerProject] = field(default_factory=list)

    def begun(self) -> list[Fact]:
        for place in range(3):
            partner = RuralPartner.recruit(
                MOMENT,
                partner_no=f"P-{self.number}-{place}",
                value_date=START + timedelta(days=place),
                kind="founder",
                way="invest_capital",
                county=self.county,
                persons=(person(f"{self.number}-{place}"),),
            )
            self.partners.append(partner)
        for place, partners in enumerate((("0", "1"), ("0",))):
            project = PartnerProject.register(
                MOMENT,
                project_no=f"X-{self.number}-{place}",
                partners=tuple(f"P-{self.number}-{partner}" for partner in partners),
                value_date=START + timedelta(days=3 + place),
                title=f"园区\t{place}\\",
                industry="orchard",
                county=self.county,
            )
            self.projects.append(project)
        return self.collected()

    @property
    def county(self) -> str:
        return f"county-{self.number}"

    def take(self, step: Step) -> list[Fact]:
        """The facts of a step; none if a rule refuses it."""
        partner, project = self.partners[step.partner], self.projects[step.project]
        acts: dict[str, Callable[[], object]] = {
            "qualify": lambda: partner.qualify(MOMENT, actor=VERIFIER, value_date=step.day),
            "disqualify": lambda: partner.disqualify(MOMENT, actor=VERIFIER, reason="r", value_date=step.day),
            "leave": lambda: partner.leave(MOMENT, reason="r", value_date=step.day),
            "link": lambda: self._link(partner, project, step),
            "land": lambda: project.land(MOMENT, value_date=step.day),
            "suspend": lambda: project.suspend(MOMENT, reason="r", value_date=step.day),
            "resume": lambda: project.resume(MOMENT, value_date=step.day),
            "end": lambda: project.end(MOMENT, reason="r", value_date=step.day),
            "join": lambda: project.join(MOMENT, partner_no=partner.partner_no, value_date=step.day),
            "part": lambda: project.part(MOMENT, partner_no=partner.partner_no, value_date=step.day),
            "report": lambda: project.report_jobs(MOMENT, jobs=step.jobs, actor=CLERK, value_date=step.day),
            "verify": lambda: self._verify(project, step),
        }
        with suppress(Refusal):
            acts[step.kind]()
        return self.collected()

    def _link(self, partner: RuralPartner, project: PartnerProject, step: Step) -> None:
        loan = rural_loan(f"L-{self.number}-{next(_numbers)}", partner.persons[0], START)
        partner.link_loan(MOMENT, loan=loan, project_no=project.project_no, value_date=step.day)
        project.link_loan(MOMENT, loan=loan, partner_no=partner.partner_no, value_date=step.day)

    def _verify(self, project: PartnerProject, step: Step) -> None:
        evidence = (f"{next(_numbers):064x}",)
        project.verify_jobs(MOMENT, jobs=step.jobs, evidence=evidence, actor=VERIFIER, value_date=step.day)

    def collected(self) -> list[Fact]:
        return [fact for told in (*self.partners, *self.projects) for fact in told.collect_events()]


def rural_loan(loan_no: str, borrower: UUID, signed_on: date) -> Loan:
    loan = signed(borrower=borrower, product="rural_partner")
    contract = loan.contract.model_copy(update={"loan_no": loan_no, "value_date": signed_on})
    loan.contract = contract
    return loan


@dataclass
class Book:
    """A ledger that histories are recorded in, its registers, and who reads them."""

    ledger: Ledger
    engine: Engine
    reading: Connection[Any]

    @property
    def head(self) -> int:
        return log.head(self.reading)

    def record(self, facts: Sequence[Fact]) -> None:
        if facts:
            append(self.ledger, facts)
        assert self.engine.catch_up() == {}

    def ask(self, place: int, course: Course, **question: Any) -> Answer:
        return ask(self.reading, REGISTERS[place], Question(where={"county": course.county}, **question))


@pytest.fixture(scope="module")
def book(server: str, template: str) -> Iterator[Book]:
    name = f"{template}_partners"
    dsn = conftest._create(server, name, template)
    with (
        open_ledger(dsn) as ledger,
        Engine(as_role(dsn, "projector"), REGISTERS) as engine,
        connect(as_role(dsn, "projector")) as reading,
    ):
        engine.catch_up()
        yield Book(ledger, engine, reading)
    conftest._drop(server, name)


THOROUGHLY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.target],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@THOROUGHLY
@given(steps=HISTORIES, asked=st.lists(st.tuples(DATES, st.integers(0, 40)), min_size=3, max_size=6))
def test_the_registers_at_any_two_times_are_the_streams_replayed(
    book: Book, steps: list[Step], asked: list[tuple[date, int]]
) -> None:
    course, before = Course(), book.head
    book.record([*course.begun(), *(fact for step in steps for fact in course.take(step))])
    for as_of, ahead in asked:
        partners, projects = replayed(book, course, as_of, before + ahead)
        times = {"as_of": as_of, "known_at": before + ahead}
        assert book.ask(0, course, **times).rows == partners, (as_of, ahead)
        assert book.ask(1, course, **times).rows == projects, (as_of, ahead)


def replayed(
    book: Book, course: Course, as_of: date, known_at: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lines of both registers from the streams' own states as known then."""

    def dated(stream: UUID) -> list[Fact]:
        return [row.fact for row in log.stream(book.reading, stream, known_at)]

    projects = [
        _project_line(facts, as_of)
        for project in course.projects
        if (facts := dated(project.id)) and state_as_of(facts, as_of)
    ]
    theirs = {line["project_no"]: (line, state) for line, state in projects}
    partners = []
    for partner in course.partners:
        facts = dated(partner.id)
        if state := dict(state_as_of(facts, as_of)) if facts else {}:
            taking_part = [line for line, told in theirs.values() if state["partner_no"] in told["partners"]]
            partners.append(_partner_line(facts, state, taking_part, as_of))
    return partners, [line for line, _ in projects]


def _partner_line(
    facts: Sequence[Fact], state: dict[str, Any], projects: list[dict[str, Any]], as_of: date
) -> dict[str, Any]:
    def days(topic: str) -> list[str]:
        return [f.value_date.isoformat() for f in facts if topic == f.TOPIC and f.value_date <= as_of]

    return {
        **{name: state[name] for name in ("partner_no", "kind", "way", "county")},
        "township": None,
        "status": state["status"],
        "recruited_on": days("partner.recruited")[0],
        "qualified_on": max(days("partner.qualified"), default=None),
        "left_on": max(days("partner.left"), default=None),
        "projects": len(projects),
        "jobs_reported": sum(line["jobs_reported"] for line in projects),
        "jobs_verified": sum(line["jobs_verified"] for line in projects),
        "loans": len(state["loans"]),
    }


def _project_line(facts: Sequence[Fact], as_of: date) -> tuple[dict[str, Any], dict[str, Any]]:
    state = dict(state_as_of(facts, as_of))

    def day(topic: str) -> str | None:
        return next((f.value_date.isoformat() for f in facts if topic == f.TOPIC and f.value_date <= as_of), None)

    line = {
        **{name: state[name] for name in ("project_no", "title")},
        "industry": "orchard",
        "county": state["county"],
        "township": None,
        "status": state["status"],
        "registered_on": day("project.registered"),
        "landed_on": day("project.landed"),
        "ended_on": day("project.ended"),
        "partners": len(state["partners"]),
        "jobs_reported": state["jobs_reported"],
        "jobs_verified": state["jobs_verified"],
        "loans": len(state["loans"]),
    }
    return line, state


@THOROUGHLY
@given(steps=HISTORIES, later=HISTORIES, as_of=DATES)
def test_what_was_known_then_never_changes_and_now_is_the_end_of_both_times(
    book: Book, steps: list[Step], later: list[Step], as_of: date
) -> None:
    course = Course()
    book.record([*course.begun(), *(fact for step in steps for fact in course.take(step))])
    known_at = book.head
    then = [book.ask(place, course, as_of=as_of, known_at=known_at) for place in (0, 1)]
    for place in (0, 1):
        assert book.ask(place, course).rows == book.ask(place, course, as_of=date.max, known_at=known_at).rows
    book.record([fact for step in later for fact in course.take(step)])
    for place in (0, 1):
        again = book.ask(place, course, as_of=as_of, known_at=known_at)
        assert (again.rows, again.totals) == (then[place].rows, then[place].totals)


def test_rebuilt_beside_themselves_they_are_the_same_to_the_byte(book: Book) -> None:
    course = Course()
    steps = [
        Step(kind, 0, 0, 5, START + timedelta(days=10 + n)) for n, kind in enumerate(("qualify", "land", "report"))
    ]
    book.record([*course.begun(), *(fact for step in steps for fact in course.take(step))])
    rebuilt = [rebuild(book.engine.connection, register) for register in REGISTERS]
    assert [paper.equal for paper in rebuilt] == [True, True]
    assert all(paper.rows for paper in rebuilt)


# Counted once.


def brought(book: Book, *steps: tuple[str, int, int, int]) -> Course:
    """A course of which each step (kind, partner, project, jobs) follows ten days after the one before."""
    course = Course()
    facts = course.begun()
    for place, (kind, partner, project, jobs) in enumerate(steps, 1):
        told = course.take(Step(kind, partner, project, jobs, START + timedelta(days=10 * place)))
        assert told, (kind, partner, project)
        facts += told
    book.record(facts)
    return course


def test_jobs_of_a_partner_with_two_projects_and_of_a_project_with_two_partners_are_counted_once(book: Book) -> None:
    course = brought(
        book,
        ("land", 0, 0, 0),
        ("land", 0, 1, 0),
        ("report", 0, 0, 9),
        ("report", 0, 1, 4),
        ("verify", 0, 0, 7),
    )
    projects, partners = book.ask(1, course), book.ask(0, course)
    assert (projects.totals["jobs_reported"], projects.totals["jobs_verified"]) == (13, 7)
    assert [(line["jobs_reported"], line["jobs_verified"]) for line in partners.rows] == [(13, 7), (9, 7), (0, 0)]
    assert "jobs_reported" not in partners.totals, "jobs are not added up over partners, who share projects"
    (grouped,) = book.ask(0, course, group_by=("county",)).rows
    assert "jobs_verified" not in grouped


def test_partners_and_projects_are_counted_apart(book: Book) -> None:
    """545 partners and 476 projects (R-RP-4): neither figure follows from the other (domain.md §5.32)."""
    course = brought(book)
    partners, projects = book.ask(0, course), book.ask(1, course)
    assert (partners.totals["count"], projects.totals["count"]) == (3, 2)
    assert [line["projects"] for line in partners.rows] == [2, 1, 0]
    assert [line["partners"] for line in projects.rows] == [2, 1]


def test_a_partner_who_leaves_keeps_loans_and_projects(book: Book) -> None:
    """The loan stands (domain.md §5.30)."""
    course = Course()
    facts = course.begun()
    facts += course.take(Step("qualify", 0, 0, 0, START))
    facts += course.take(Step("link", 0, 0, 0, START + timedelta(days=5)))
    facts += course.take(Step("leave", 0, 0, 0, START + timedelta(days=90)))
    facts += course.take(Step("end", 0, 0, 0, START + timedelta(days=91)))
    book.record(facts)
    partner, project = book.ask(0, course).rows[0], book.ask(1, course).rows[0]
    assert (partner["status"], partner["loans"], partner["projects"]) == ("left", 1, 2)
    assert (project["status"], project["loans"], project["partners"]) == ("ended", 1, 2)
