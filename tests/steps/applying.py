"""Steps of applying 申请与受理: the hall with its desk, its folder of outside answers, and Zhang's application on it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg.conninfo import make_conninfo
from pytest_bdd import given, then, when

from domain.loan_application import events
from domain.loan_application.application import LoanApplication
from domain.money import Fen
from ledger import applying
from ledger.approving import ExpireApplication, expire_application
from ledger.desk import Desk
from ledger.fetching import FetchData, fetch_data
from ledger.keystore import Keystore
from ledger.ledger import Receipt
from ledger.materials import MaterialStore
from ledger.outside import FixtureSource, NoSource, OutsideSource
from ledger.publishing import PolicyBook, publish_policy, shipped
from ledger.registering import RegisterBorrower, register_borrower
from tests.papers import pdf
from tests.steps.office import BANK, GUARANTOR, Office
from tests.steps.words import step

CIVIL = "civil_affairs"
PEOPLE = {
    "Zhang": ("张三", "379999199001012112"),
    "the spouse of Zhang": ("李四", "37999919920303212X"),
    "Wang": ("王五", "37999919850505213X"),
}
DOCUMENT = pdf("signed")


@dataclass
class Hall:
    """Where applications are taken in."""

    office: Office
    desk: Desk
    folder: Path
    case_no: str = "A-2025-1"
    count: int = 1
    known: dict[str, UUID] = field(default_factory=dict)

    @property
    def application(self) -> LoanApplication:
        return self.desk.ledger.application(self.case_no)

    def person(self, who: str) -> UUID:
        if who not in self.known:
            name, number = PEOPLE[who]
            command = RegisterBorrower(name=name, id_number=number, value_date=date(2025, 1, 2))
            clerk = self.office.by("clerk", "hall")
            self.known[who] = register_borrower(self.desk.ledger, self.desk.keystore, command, clerk)
        return self.known[who]

    def connected(self, source: OutsideSource) -> None:
        self.desk = Desk(self.desk.ledger, self.desk.book, self.desk.keystore, self.desk.materials, source)

    def submit(self, who: str, amount: Fen, months: int, day: date, **more: Any) -> None:
        household = [self.person("Zhang"), self.person("the spouse of Zhang")]
        applicant = self.person(who)
        asked = {
            "case_no": self.case_no,
            "kind": "individual",
            "applicant": applicant,
            "spouse": next((one for one in household if applicant in household and one != applicant), None),
            "product": "zheng_yin_dan",
            "group": "returning_migrant",
            "amount_fen": amount,
            "months": months,
            "channel": "hall",
            "bank": BANK,
            "guarantor": GUARANTOR,
            "county": "370811",
            "value_date": day,
            **more,
        }
        self.office.act(
            lambda: applying.submit_application(
                self.desk, applying.SubmitApplication.model_validate(asked), self.office.by("clerk", "hall")
            )
        )

    def another(self) -> None:
        self.count += 1
        self.case_no = f"A-2025-{self.count}"

    def add(self, kind: str, day: date, name: str = "document.pdf", content: bytes = DOCUMENT) -> str:
        file = self.folder / name
        file.write_bytes(content)
        command = applying.AddMaterial(case_no=self.case_no, kind=kind, value_date=day)
        digests = list[str]()

        def act() -> Receipt | None:
            digests.append(applying.add_material(self.desk, command, file, self.office.by("clerk", "hall")))
            return None

        self.office.act(act)
        return digests[0] if digests else ""

    def complete(self, day: date) -> None:
        """Every document is there, and what the sources would say is entered by hand."""
        form = self.add("form", day)
        self.add("identity", day, content=pdf("identity"))
        for source, figures in (
            ("market_regulator", {"status": "in_business"}),
            (CIVIL, {"marital": "married" if self.application.opening.spouse else "single"}),
            ("credit_registry", {"overdue": "no", "loans": ""}),
        ):
            self.enter(source, figures, form, day)
        if spouse := self.application.opening.spouse:
            self.enter("credit_registry", {"overdue": "no"}, form, day, spouse)

    def enter(self, source: str, figures: dict[str, str], form: str, day: date, person: UUID | None = None) -> None:
        command = applying.EnterData.model_validate(
            {
                "case_no": self.case_no,
                "source": source,
                "figures": figures,
                "material": form,
                "reason": "the source is not connected",
                "person": person,
                "value_date": day,
            }
        )
        self.office.act(lambda: applying.enter_data(self.desk, command, self.office.by("clerk", "hall")))

    def accept(self, day: date) -> None:
        command = applying.AcceptApplication(case_no=self.case_no, value_date=day)
        self.office.act(lambda: applying.accept_application(self.desk, command, self.office.by("clerk", "hall")))

    def line(self) -> dict[str, Any]:
        """The application's line in the register; it agrees with its own history."""
        (row,) = self.office.rows("application_register", where={"case_no": self.case_no}, of_loan=False)
        assert row["status"] == self.application.status()
        return row

    def waiting(self) -> str:
        """Whom the queue waits for; it agrees with the application itself."""
        (row,) = self.office.rows("application_queue", where={"case_no": self.case_no}, of_loan=False)
        said: str = row["waiting_for"]
        assert said == "+".join(self.application.waits_for())
        return said


@pytest.fixture
def hall(office: Office, tmp_path: Path, empty_database: str) -> Hall:
    keystore = Keystore(make_conninfo(empty_database), tmp_path / "keys" / "master.key")
    desk = Desk(office.ledger, PolicyBook(office.ledger), keystore, MaterialStore(tmp_path / "materials"), NoSource())
    (tmp_path / "answers" / CIVIL).mkdir(parents=True)
    return Hall(office, desk, tmp_path)


@given(step("Jining's policy is published"))
def policy_is_published(hall: Hall) -> None:
    publish_policy(hall.desk.ledger, shipped(), hall.office.by("policy_officer", "city"))


@when(step("Zhang asks for {amount:yuan} over {months:count} months through the {door:word} on {day:day}"))
def ask_through(hall: Hall, amount: Fen, months: int, door: str, day: date) -> None:
    hall.submit("Zhang", amount, months, day, channel=door, outlet="outlet-1" if door == "outlet" else None)


@when(step("the spouse of Zhang asks for {amount:yuan} over {months:count} months on {day:day}"))
def spouse_asks(hall: Hall, amount: Fen, months: int, day: date) -> None:
    hall.another()
    hall.submit("the spouse of Zhang", amount, months, day)


@given(step("Zhang asked for {amount:yuan} over {months:count} months on {day:day}"))
def asked(hall: Hall, amount: Fen, months: int, day: date) -> None:
    hall.submit("Zhang", amount, months, day)
    hall.office.recorded()


@when(step("Zhang asks for the package {package:quoted} on {day:day}"))
def ask_for_package(hall: Hall, package: str, day: date) -> None:
    hall.submit("Zhang", 10_000_000, 12, day, product=package)


@given(step("Zhang withdrew the application on {day:day}"))
def withdrew(hall: Hall, day: date) -> None:
    command = applying.WithdrawApplication(case_no=hall.case_no, value_date=day)
    hall.office.act(lambda: applying.withdraw_application(hall.desk, command, hall.office.by("applicant", "online")))
    hall.office.recorded()


@given(step("the documents and the figures are there on {day:day}"))
def complete(hall: Hall, day: date) -> None:
    hall.complete(day)


@when(step("the clerk accepts the application on {day:day}"))
def accept(hall: Hall, day: date) -> None:
    hall.accept(day)


@given(step("Zhang's application was accepted on {day:day}"))
def accepted(hall: Hall, day: date) -> None:
    hall.submit("Zhang", 20_000_000, 24, day)
    hall.complete(day)
    hall.accept(day)
    hall.office.recorded()


@when(step("the clerk adds a program as {name:quoted} on {day:day}"))
def add_program(hall: Hall, name: str, day: date) -> None:
    hall.add("form", day, name, b"MZ\x90\x00")


@given(step("the clerk added the {kind:quoted} on {day:day}"))
def added(hall: Hall, kind: str, day: date) -> None:
    hall.add(kind, day, content=pdf(kind))


@given(step("Zhang consented to civil affairs until {until:day}"))
def consented(hall: Hall, until: date) -> None:
    day = date(2025, 3, 3)
    signed = hall.add("consent", day)
    command = applying.GiveConsent.model_validate(
        {"case_no": hall.case_no, "source": CIVIL, "document": signed, "expires_on": until, "value_date": day}
    )
    hall.office.act(lambda: applying.give_consent(hall.desk, command, hall.office.by("clerk", "hall")))
    hall.office.recorded()


@given(step("civil affairs knows Zhang as {marital:word}"))
def civil_affairs_knows(hall: Hall, marital: str) -> None:
    _answers(hall, {"id_number": PEOPLE["Zhang"][1], "marital": marital})


@given(step("civil affairs is not connected"))
def not_connected(hall: Hall) -> None:
    hall.connected(NoSource())


@given(step("civil affairs answers with nonsense"))
def nonsense(hall: Hall) -> None:
    _answers(hall, ["nonsense"])


@given(step("civil affairs answers about somebody else"))
def about_another(hall: Hall) -> None:
    _answers(hall, {"id_number": PEOPLE["Wang"][1], "marital": "married"})


@when(step("the clerk asks civil affairs on {day:day}"))
def ask_civil_affairs(hall: Hall, day: date) -> None:
    command = FetchData(case_no=hall.case_no, source="civil_affairs", value_date=day)
    hall.office.act(lambda: fetch_data(hall.desk, command, hall.office.by("clerk", "hall")))


@when(step("the clerk enters {name:quoted} as {value:quoted} for civil affairs by hand on {day:day}"))
def enter_by_hand(hall: Hall, name: str, value: str, day: date) -> None:
    form = hall.add("form", day)
    hall.enter(CIVIL, {name: value}, form, day)


@then(step("{name:quoted} is known as {value:quoted} from civil affairs"))
def is_known(hall: Hall, name: str, value: str) -> None:
    hall.office.recorded()
    assert hall.application.figures()[CIVIL][name] == value


@then(step("it is recorded that the answer was {problem:word}"))
def answer_was(hall: Hall, problem: str) -> None:
    hall.office.recorded()
    assert [fact.problem for fact in hall.application.facts_of(events.DataNotFetched)] == [problem]
    assert CIVIL not in hall.application.figures()


@given(step("the clerk asked for the {kind:quoted} on {day:day}"))
def asked_for(hall: Hall, kind: str, day: date) -> None:
    ask_for(hall, kind, day)
    hall.office.recorded()


@when(step("the clerk asks for the {kind:quoted} on {day:day}"))
def ask_for(hall: Hall, kind: str, day: date) -> None:
    command = applying.RequestCorrection(case_no=hall.case_no, missing=(kind,), value_date=day)
    hall.office.act(lambda: applying.request_correction(hall.desk, command, hall.office.by("clerk", "hall")))


@when(step("the correction is confirmed on {day:day}"))
def confirm(hall: Hall, day: date) -> None:
    command = applying.ConfirmCorrection(case_no=hall.case_no, value_date=day)
    hall.office.act(lambda: applying.confirm_correction(hall.desk, command, hall.office.by("clerk", "hall")))


@given(step("the correction was confirmed on {day:day}"))
def confirmed(hall: Hall, day: date) -> None:
    confirm(hall, day)
    hall.office.recorded()


@when(step("the office looks for what has lapsed on {day:day}"))
def look_for_lapsed(hall: Hall, day: date) -> None:
    command = ExpireApplication(case_no=hall.case_no, value_date=day)
    hall.office.act(lambda: expire_application(hall.desk, command, hall.office.by("system", "day_close")))


@then(step("the application is {status}"))
def application_is(hall: Hall, status: str) -> None:
    hall.office.recorded()
    assert hall.line()["status"] == status.replace(" ", "_")


@given(step("it waits for the {whom:word}"))
@then(step("it waits for the {whom:word}"))
def waits_for(hall: Hall, whom: str) -> None:
    assert hall.waiting() == whom


@then(step("it is due on {day:day}"))
def is_due(hall: Hall, day: date) -> None:
    hall.office.recorded()
    (row,) = hall.office.rows("application_queue", where={"case_no": hall.case_no}, of_loan=False)
    assert row["due_on"] == day.isoformat()


def _answers(hall: Hall, answer: object) -> None:
    folder = hall.folder / "answers"
    (folder / CIVIL / f"{PEOPLE['Zhang'][1]}.json").write_text(json.dumps(answer))
    hall.connected(FixtureSource(folder))
