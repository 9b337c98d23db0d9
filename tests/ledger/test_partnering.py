"""Partners and projects through their use cases: rules that span streams hold under concurrency, and no name stands in the clear."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.actor import Actor
from domain.errors import InvalidInput, NotPermitted, Refusal, SamePerson
from domain.facts import Moment
from domain.loan.refusals import UnknownLoan
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms
from domain.ratio import zheng_yin_dan
from domain.rural_partner import refusals
from domain.rural_partner.events import PartnerRecruited
from ledger import landing, partnering
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.keystore import Keystore
from ledger.ledger import Ledger, Receipt
from ledger.registering import RegisterBorrower, register_borrower
from projections.keeper import connect
from tests.conftest import as_role
from tests.funds import open_with_capital
from tests.ledger.test_mapper import in_a_fresh_process

RECRUITED, SIGNED, LANDED = date(2024, 1, 10), date(2024, 3, 1), date(2024, 4, 1)
LI, WANG = "379999197001010011", "379999198002020021"
ROSTER = "a" * 64


@pytest.fixture
def keystore(empty_database: str, tmp_path: Path) -> Keystore:
    return Keystore(empty_database, tmp_path / "keys" / "master.key")


class Office:
    """The ledger with short ways of saying what the tests say."""

    def __init__(self, ledger: Ledger, keystore: Keystore, moment: Moment) -> None:
        self.ledger, self.keystore, self.moment = ledger, keystore, moment

    def by(self, role: str = "partner_officer", subject: str | None = None, key: str | None = None) -> CommandContext:
        actor = Actor(subject=subject or f"{role}-1", role=role, institution="hr", region="370831")
        return CommandContext(actor, self.moment, given_key=key)

    def recruit(self, number: str, *id_numbers: str, key: str | None = None, **more: Any) -> Receipt | None:
        given = {"kind": "large_grower", "way": "found_industry", "county": "370831", "value_date": RECRUITED, **more}
        people = [{"name": "李桃", "id_number": one, "phone": "13905370001"} for one in id_numbers or (LI,)]
        command = partnering.RecruitPartner.model_validate({"partner_no": number, "persons": people, **given})
        return partnering.recruit_partner(self.ledger, self.keystore, command, self.by(key=key))

    def qualify(self, number: str, day: date = RECRUITED) -> None:
        command = partnering.QualifyPartner(partner_no=number, value_date=day)
        partnering.qualify_partner(self.ledger, command, self.by("hr_officer"))

    def leave(self, number: str, day: date) -> None:
        command = partnering.LetPartnerLeave(partner_no=number, reason="moved away", value_date=day)
        partnering.let_partner_leave(self.ledger, command, self.by())

    def lend(self, loan_no: str, id_number: str = LI, product: str = "rural_partner") -> None:
        registration = RegisterBorrower(name="李桃", id_number=id_number, value_date=SIGNED)
        borrower = register_borrower(self.ledger, self.keystore, registration, self.by("clerk"))
        contract = SignContract(
            loan_no=loan_no,
            borrower=borrower,
            bank="jining_rcb",
            county="370831",
            product=product,
            approved_fen=30_000_000,
            guaranteed_fen=21_000_000,
            terms=RepaymentTerms(annual_rate=Decimal("0.0395"), instalments=12),
            rate_basis=RateBasis(lpr_published_on=date(2024, 2, 20), lpr=Decimal("0.0345"), margin_bp=50),
            policy=PolicyPin(edition="jining_2024", digest="0" * 64),
            share_scheme=zheng_yin_dan("fund", "jining_rcb", "guarantor"),
            value_date=SIGNED,
        )
        sign_contract(self.ledger, contract, self.by("bank_officer"))

    def link(self, number: str, loan_no: str, project_no: str | None = None, key: str | None = None) -> Receipt | None:
        command = partnering.LinkLoan(
            partner_no=number, loan_no=loan_no, project_no=project_no, value_date=date(2024, 4, 2)
        )
        return partnering.link_loan(self.ledger, command, self.by(key=key))

    def project(self, number: str, *partners: str, day: date = LANDED) -> None:
        command = landing.RegisterProject(
            project_no=number, title="贡桃园", industry="orchard", county="370831", partners=partners, value_date=day
        )
        landing.register_project(self.ledger, command, self.by())

    def landed(self, number: str, *partners: str) -> None:
        self.project(number, *partners)
        landing.land_project(self.ledger, landing.LandProject(project_no=number, value_date=LANDED), self.by())

    def report(self, number: str, jobs: int) -> None:
        command = landing.ReportProjectJobs(project_no=number, jobs=jobs, value_date=LANDED)
        landing.report_project_jobs(self.ledger, command, self.by("clerk"))

    def verify(self, number: str, jobs: int, *evidence: str, subject: str | None = None) -> Receipt | None:
        command = landing.VerifyProjectJobs(
            project_no=number, jobs=jobs, evidence=evidence or (ROSTER,), value_date=LANDED
        )
        return landing.verify_project_jobs(self.ledger, command, self.by("hr_officer", subject))

    def facts(self) -> int:
        return int(self.ledger.recorder.max_notification_id() or 0)

    def refuses(self, refusal: type[Refusal], act: Callable[[], object]) -> Refusal:
        """The rule says no, in its own words, and nothing is recorded."""
        before = self.facts()
        with pytest.raises(refusal) as caught:
            act()
        assert caught.type is refusal
        assert self.facts() == before
        return caught.value


@pytest.fixture
def office(ledger: Ledger, keystore: Keystore, moment: Moment) -> Office:
    open_with_capital(ledger, moment, "fund")
    return Office(ledger, keystore, moment)


# Partners.


def test_a_team_is_recruited_and_its_names_are_sealed_each_under_its_own_key(
    office: Office, database: str, keystore: Keystore
) -> None:
    office.recruit("P-1", LI, WANG, kind="founding_team")
    partner = partnering.partner_of(office.ledger, "P-1")
    fact: PartnerRecruited = partner.opening
    assert [one.person for one in fact.persons] == [keystore.person_of(LI), keystore.person_of(WANG)]
    for place, (one, number) in enumerate(zip(fact.persons, (LI, WANG), strict=True)):
        key = keystore.key(one.person)
        assert key.open(one.id_number, stream=partner.id, version=1, field=f"persons.{place}.id_number") == number
        assert key.open(one.name, stream=partner.id, version=1, field=f"persons.{place}.name") == "李桃"
    with connect(as_role(database, "projector")) as reading:
        (stored,) = reading.execute("SELECT state FROM ledger.stored_events").fetchone() or (b"",)
    assert not any(secret.encode() in bytes(stored) for secret in (LI, WANG, "李桃", "13905370001"))


def test_somebody_who_borrows_and_is_a_partner_is_one_person(office: Office, keystore: Keystore) -> None:
    office.recruit("P-1", LI)
    office.lend("L-1", LI)
    borrower = office.ledger.loan("L-1").contract.borrower
    assert partnering.partner_of(office.ledger, "P-1").persons == (borrower,)


def test_a_number_is_given_once_and_a_repeat_gets_the_first_answer(office: Office) -> None:
    first = office.recruit("P-1", LI, key="once")
    again = office.recruit("P-1", LI, key="once")
    assert first is not None and again is not None
    assert (again.position, again.repeated) == (first.position, True)
    office.refuses(refusals.PartnerExists, lambda: office.recruit("P-1", WANG))


def test_a_person_is_one_partner_at_a_time(office: Office) -> None:
    office.recruit("P-1", LI)
    office.refuses(refusals.PersonIsPartner, lambda: office.recruit("P-2", WANG, LI))
    office.leave("P-1", date(2025, 1, 1))
    office.recruit("P-2", WANG, LI, value_date=date(2025, 2, 1))
    office.refuses(refusals.PersonIsPartner, lambda: office.recruit("P-3", LI))


def test_of_eight_who_recruit_a_person_at_once_one_succeeds(office: Office) -> None:
    def recruit(number: int) -> str:
        try:
            office.recruit(f"P-{number}", LI)
        except refusals.PersonIsPartner:
            return "refused"
        return "recruited"

    with ThreadPoolExecutor(8) as at_once:
        answers = sorted(at_once.map(recruit, range(8)))
    assert answers == ["recruited", *["refused"] * 7]


def test_whether_a_partner_may_borrow_as_one(office: Office, keystore: Keystore) -> None:
    office.recruit("P-1", LI)
    assert not partnering.qualified_partner(office.ledger, "P-1")
    office.qualify("P-1", SIGNED)
    li, wang = (keystore.persons([number])[number].person for number in (LI, WANG))
    office.leave("P-1", date(2025, 1, 1))
    answers: dict[tuple[date | None, UUID | None], bool] = {
        (None, None): False,
        (SIGNED, None): True,
        (SIGNED, li): True,
        (SIGNED, wang): False,
        (date(2024, 2, 29), li): False,
        (date(2024, 12, 31), li): True,
        (date(2025, 1, 1), li): False,
    }
    asked = {(on, who): partnering.qualified_partner(office.ledger, "P-1", on=on, person=who) for on, who in answers}
    assert asked == answers
    assert not partnering.qualified_partner(office.ledger, "P-9")


def test_who_may_do_what(office: Office) -> None:
    office.recruit("P-1", LI)
    office.landed("X-1", "P-1")
    qualification = partnering.QualifyPartner(partner_no="P-1", value_date=RECRUITED)
    office.refuses(
        NotPermitted, lambda: partnering.qualify_partner(office.ledger, qualification, office.by("bank_officer"))
    )
    jobs = landing.ReportProjectJobs(project_no="X-1", jobs=3, value_date=LANDED)
    office.refuses(NotPermitted, lambda: landing.report_project_jobs(office.ledger, jobs, office.by("hr_officer")))
    assert landing.report_project_jobs(office.ledger, jobs, office.by("partner"))
    proof = landing.VerifyProjectJobs(project_no="X-1", jobs=3, evidence=(ROSTER,), value_date=LANDED)
    office.refuses(NotPermitted, lambda: landing.verify_project_jobs(office.ledger, proof, office.by("clerk")))


# Loans.


def test_a_loan_is_linked_to_partner_and_project_in_one_append(office: Office) -> None:
    office.recruit("P-1", LI)
    office.qualify("P-1")
    office.project("X-1", "P-1")
    office.lend("L-1")
    receipt = office.link("P-1", "L-1", "X-1", key="once")
    assert receipt is not None
    assert receipt.position == receipt.first_position + 1
    assert partnering.partner_of(office.ledger, "P-1").state()["loans"] == ["L-1"]
    assert partnering.project_of(office.ledger, "X-1").state()["loans"] == ["L-1"]
    again = office.link("P-1", "L-1", "X-1", key="once")
    assert again is not None and again.repeated
    office.refuses(refusals.LoanLinkedAlready, lambda: office.link("P-1", "L-1"))


def test_what_is_linked_to_nobody(office: Office) -> None:
    office.recruit("P-1", LI)
    office.lend("L-1")
    office.refuses(refusals.NotQualified, lambda: office.link("P-1", "L-1"))
    office.qualify("P-1")
    office.lend("L-2", WANG)
    office.lend("L-3", product="talent")
    office.recruit("P-2", WANG)
    office.project("X-2", "P-2")
    for refusal, arguments in (
        (refusals.UnknownPartner, ("P-9", "L-1")),
        (UnknownLoan, ("P-1", "L-9")),
        (refusals.NotPartnersLoan, ("P-1", "L-2")),
        (refusals.NotRuralLoan, ("P-1", "L-3")),
        (refusals.UnknownProject, ("P-1", "L-1", "X-9")),
        (refusals.TakesNoPart, ("P-1", "L-1", "X-2")),
    ):
        office.refuses(refusal, lambda a=arguments: office.link(*a))  # type: ignore[misc]
    assert office.link("P-1", "L-1")


def test_of_eight_links_of_a_loan_at_once_one_is_recorded(office: Office) -> None:
    office.recruit("P-1", LI)
    office.qualify("P-1")
    office.lend("L-1")

    def link(_: int) -> str:
        try:
            office.link("P-1", "L-1")
        except refusals.LoanLinkedAlready:
            return "refused"
        return "linked"

    with ThreadPoolExecutor(8) as at_once:
        answers = sorted(at_once.map(link, range(8)))
    assert answers == ["linked", *["refused"] * 7]
    assert partnering.partner_of(office.ledger, "P-1").state()["loans"] == ["L-1"]


# Projects.


def test_only_partners_who_are_there_take_part(office: Office) -> None:
    office.recruit("P-1", LI)
    office.recruit("P-2", WANG)
    office.leave("P-2", LANDED)
    office.refuses(refusals.UnknownPartner, lambda: office.project("X-1", "P-1", "P-9"))
    office.refuses(refusals.PartnerGone, lambda: office.project("X-1", "P-1", "P-2"))
    office.refuses(refusals.PartnerStepTooEarly, lambda: office.project("X-1", "P-1", day=date(2024, 1, 9)))
    office.refuses(InvalidInput, lambda: office.project("X-1"))
    office.project("X-1", "P-1")
    office.refuses(refusals.ProjectExists, lambda: office.project("X-1", "P-1"))
    joining = landing.JoinProject(project_no="X-1", partner_no="P-2", value_date=LANDED)
    office.refuses(refusals.PartnerGone, lambda: landing.join_project(office.ledger, joining, office.by()))


def test_a_roster_proves_the_jobs_of_one_project(office: Office) -> None:
    office.recruit("P-1", LI)
    for number in ("X-1", "X-2"):
        office.landed(number, "P-1")
        office.report(number, 10)
    office.verify("X-1", 9)
    office.refuses(refusals.EvidenceUsed, lambda: office.verify("X-2", 9))
    office.refuses(refusals.EvidenceUsed, lambda: office.verify("X-2", 9, "b" * 64, ROSTER))
    office.verify("X-2", 4, "b" * 64)
    office.verify("X-1", 8)  # the same project may be looked at again with the same document
    figures = [partnering.project_of(office.ledger, number).jobs_verified() for number in ("X-1", "X-2")]
    assert figures == [8, 4]


def test_whoever_reported_does_not_verify(office: Office) -> None:
    office.recruit("P-1", LI)
    office.landed("X-1", "P-1")
    office.report("X-1", 10)
    office.refuses(SamePerson, lambda: office.verify("X-1", 10, subject="clerk-1"))


def test_a_digest_is_sixty_four_hexadecimal_digits() -> None:
    with pytest.raises(ValueError, match="pattern"):
        landing.VerifyProjectJobs(project_no="X-1", jobs=1, evidence=("roster.pdf",), value_date=LANDED)


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "tourist"},
        {"way": "charity"},
        {"persons": []},
        {"persons": [{"name": "", "id_number": LI}]},
        {"persons": [{"name": "李\n桃", "id_number": LI}]},
        {"persons": [{"name": "李桃", "id_number": "12"}]},
        {"partner_no": "P/1"},
        {"partner_no": ""},
        {"county": " "},
        {"shoe_size": 43},
    ],
)
def test_a_form_that_says_nonsense_is_no_command(bad: dict[str, Any]) -> None:
    good = {
        "partner_no": "P-1",
        "kind": "expert",
        "way": "flexible_expertise",
        "county": "370831",
        "persons": [{"name": "李桃", "id_number": LI}],
        "value_date": RECRUITED,
    }
    assert partnering.RecruitPartner.model_validate(good)
    with pytest.raises(ValueError, match="validation error"):
        partnering.RecruitPartner.model_validate(good | bad)


def test_a_fresh_process_replays_partner_and_project_to_the_same_state(office: Office, database: str) -> None:
    office.recruit("P-1", LI)
    office.qualify("P-1")
    office.landed("X-1", "P-1")
    office.report("X-1", 10)
    office.verify("X-1", 9)
    office.lend("L-1")
    office.link("P-1", "L-1", "X-1")
    streams = partnering.partner_of(office.ledger, "P-1"), partnering.project_of(office.ledger, "X-1")
    here = [[type(one).__name__, one.version, dict(one.state())] for one in streams]
    assert in_a_fresh_process(database, *(one.id for one in streams))[-2:] == here


def test_guard_rows_are_what_the_facts_say(office: Office, database: str) -> None:
    office.recruit("P-1", LI, WANG)
    office.recruit("P-2", "379999199003030031")
    office.leave("P-1", SIGNED)
    with psycopg.connect(database) as owner:
        rows = owner.execute(
            "SELECT guard, count(*) FROM ledger.guard_slot WHERE guard <> 'bank_reference' GROUP BY guard"
        ).fetchall()
    assert rows == [("partner_of_person", 1)]
