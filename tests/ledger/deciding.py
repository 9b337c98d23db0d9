"""What the tests of decisions share: a desk with Jining's policy and fund, made-up persons, and an application step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg.conninfo import make_conninfo

from domain.actor import LOCAL_OPERATOR, Actor
from domain.facts import Moment
from domain.loan_application.application import LoanApplication
from ledger import applying, approving, reviewing
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.looking_up import Shown
from ledger.materials import MaterialStore
from ledger.outside import NoSource, OutsideSource
from ledger.publishing import PolicyBook, publish_policy, shipped
from ledger.registering import RegisterBorrower, register_borrower
from tests.funds import open_with_capital
from tests.persons import id_number

MOMENT = Moment(now=datetime(2025, 6, 30, 4, tzinfo=UTC))
MONDAY = date(2025, 3, 3)
FUND, BANK, GUARANTOR = "jining_guarantee_fund", "rural_commercial", "jining_guarantee"
FIGURES: Mapping[str, Mapping[str, str]] = {
    "market_regulator": {"status": "in_business"},
    "civil_affairs": {"marital": "single"},
    "credit_registry": {"overdue": "no", "loans": ""},
}


@dataclass
class Counter:
    """Takes applications through as everybody would whose work it is."""

    desk: Desk
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def by(self, role: str, institution: str = "hall") -> CommandContext:
        return CommandContext(Actor(subject=role, role=role, institution=institution, region="370811"), MOMENT)

    def person(self, born: str = "19850303", *, male: bool = True, number: str | None = None) -> UUID:
        given = number or id_number(born, 2 * next(self.numbers) + male)
        command = RegisterBorrower(name="张三", id_number=given, value_date=date(2016, 1, 4))
        return register_borrower(self.desk.ledger, self.desk.keystore, command, self.by("clerk"))

    def connected(self, source: OutsideSource) -> Counter:
        return replace(self, desk=replace(self.desk, source=source))

    def submitted(self, applicant: UUID, day: date = MONDAY, **more: Any) -> str:
        asked = {
            "case_no": f"A-{next(self.numbers)}",
            "kind": "individual",
            "applicant": applicant,
            "product": "zheng_yin_dan",
            "group": "returning_migrant",
            "amount_fen": 20_000_000,
            "months": 24,
            "channel": "hall",
            "bank": BANK,
            "guarantor": GUARANTOR,
            "county": "370811",
            "value_date": day,
            **more,
        }
        command = applying.SubmitApplication.model_validate(asked)
        applying.submit_application(self.desk, command, self.by("clerk"))
        return command.case_no

    def document(self, case_no: str, kind: str, day: date = MONDAY) -> str:
        applicant = self.application(case_no).opening.applicant
        assert applicant is not None
        content = f"%PDF-1.7 {kind} {case_no}".encode()
        kept = self.desk.materials.take(content, "application/pdf", self.desk.keystore.key(applicant))
        command = applying.AddMaterial(case_no=case_no, kind=kind, value_date=day)
        applying.record_material(self.desk, command, kept, self.by("clerk"))
        return kept.digest

    def enter(self, case_no: str, source: str, figures: Mapping[str, str], day: date = MONDAY, **more: Any) -> None:
        material = self.document(case_no, "form", day)
        command = applying.EnterData.model_validate(
            {"case_no": case_no, "source": source, "figures": dict(figures), "material": material, "reason": "by hand"}
            | {"value_date": day}
            | more
        )
        applying.enter_data(self.desk, command, self.by("clerk"))

    def completed(self, case_no: str, day: date = MONDAY, **figures: Mapping[str, str]) -> str:
        """Every document is there, and every figure entered by hand; `figures` by source instead of the ordinary ones."""
        for kind in ("form", "identity", "licence", "roster", "statement"):
            self.document(case_no, kind, day)
        for source, ordinary in FIGURES.items():
            self.enter(case_no, source, figures.get(source, ordinary), day)
        return case_no

    def accept(self, case_no: str, day: date = MONDAY) -> str:
        command = applying.AcceptApplication(case_no=case_no, value_date=day)
        applying.accept_application(self.desk, command, self.by("clerk"))
        return case_no

    def accepted(self, applicant: UUID, day: date = MONDAY, **more: Any) -> str:
        return self.accept(self.completed(self.submitted(applicant, day, **more), day), day)

    def secured(self, case_no: str, day: date = MONDAY, fen: int = 400_000_000) -> None:
        command = reviewing.RegisterCounterGuarantee(case_no=case_no, form="mortgage", value_fen=fen, value_date=day)
        reviewing.register_counter_guarantee(self.desk, command, self.by("guarantor_officer", GUARANTOR))

    def eligibility(self, case_no: str, day: date = MONDAY, **shown: Any) -> list[str]:
        """The rules that speak against it, in their order."""
        command = reviewing.ReviewEligibility(case_no=case_no, shown=Shown.model_validate(shown), value_date=day)
        reviewing.review_eligibility(self.desk, command, self.by("hr_officer", "human_resources"))
        return [f.rule for f in self.application(case_no).reviews["eligibility"].findings if not f.holds]

    def credit(self, case_no: str, day: date = MONDAY, margin_bp: int = 50, **more: Any) -> None:
        command = reviewing.ReviewCredit(case_no=case_no, margin_bp=margin_bp, value_date=day, **more)
        reviewing.review_credit(self.desk, command, self.by("bank_officer", BANK))

    def reviewed(self, case_no: str, day: date = MONDAY, **shown: Any) -> str:
        self.secured(case_no, day)
        assert self.eligibility(case_no, day, **shown) == []
        guarantee = reviewing.ReviewGuarantee(case_no=case_no, value_date=day)
        reviewing.review_guarantee(self.desk, guarantee, self.by("guarantor_officer", GUARANTOR))
        self.credit(case_no, day)
        return case_no

    def approve(self, case_no: str, day: date = MONDAY, **more: Any) -> str:
        command = approving.ApproveApplication(case_no=case_no, value_date=day, **more)
        approving.approve_application(self.desk, command, self.by("approver", "human_resources"))
        return case_no

    def sign(self, case_no: str, day: date = MONDAY) -> str:
        """The loan's number."""
        command = approving.SignApproved(case_no=case_no, loan_no=f"L-{case_no}", value_date=day)
        approving.sign_approved(self.desk, command, self.by("bank_officer", BANK))
        return command.loan_no

    def expire(self, case_no: str, day: date) -> None:
        command = approving.ExpireApplication(case_no=case_no, value_date=day)
        approving.expire_application(self.desk, command, self.by("approver", "human_resources"))

    def application(self, case_no: str) -> LoanApplication:
        return self.desk.ledger.application(case_no)


@pytest.fixture
def counter(ledger: Ledger, empty_database: str, tmp_path: Path) -> Counter:
    publish_policy(ledger, shipped(), CommandContext(LOCAL_OPERATOR, MOMENT))
    open_with_capital(ledger, MOMENT, FUND)
    keystore = Keystore(make_conninfo(empty_database), tmp_path / "master.key")
    return Counter(Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(tmp_path / "materials"), NoSource()))
