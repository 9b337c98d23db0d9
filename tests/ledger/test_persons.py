"""Of whom something is known: the applicant, the spouse, each partner; by their own consent, under their own key, in their own figures."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.errors import InvalidInput
from domain.loan_application import events
from domain.loan_application.refusals import ConsentMissing, MaterialsMissing
from ledger import applying
from ledger.disbursing import Disburse, disburse
from ledger.fetching import FetchData, fetch_data
from ledger.outside import Request
from ledger.registering import Person
from ledger.repaying import RecordRepayment, record_repayment
from tests.ledger.deciding import BANK, MONDAY, Counter, counter
from tests.persons import id_number

REGISTRY = "credit_registry"


class Registry:
    """Answers about whom it is asked; whoever's number is in `indebted` has a loan for a business."""

    def __init__(self, *indebted: str) -> None:
        self.indebted, self.asked = indebted, list[Request]()

    def ask(self, request: Request) -> bytes:
        self.asked.append(request)
        loans = [{"kind": "business", "amount": "900000.00"}] if request.id_number in self.indebted else []
        return json.dumps({"id_number": request.id_number, "overdue": bool(loans), "loans": loans}).encode()


def consent(counter: Counter, case_no: str, person: UUID | None = None, until: date = date(2025, 12, 31)) -> None:
    signed = counter.document(case_no, "consent")
    said = {"case_no": case_no, "source": REGISTRY, "document": signed, "person": person, "expires_on": until}
    command = applying.GiveConsent.model_validate({**said, "value_date": MONDAY})
    applying.give_consent(counter.desk, command, counter.by("clerk"))


def fetch(counter: Counter, case_no: str, person: UUID | None = None) -> None:
    command = FetchData(case_no=case_no, source="credit_registry", person=person, value_date=MONDAY)
    fetch_data(counter.desk, command, counter.by("clerk"))


def married(counter: Counter, **figures: Any) -> tuple[str, UUID]:
    """Everything but what the registry says of the spouse."""
    spouse = counter.person(male=False)
    case_no = counter.submitted(counter.person(), spouse=spouse)
    return counter.completed(case_no, civil_affairs={"marital": "married"}, **figures), spouse


def test_the_spouse_is_asked_too_and_does_not_take_the_borrower_s_place(counter: Counter) -> None:
    """R-ELI-5."""
    case_no, spouse = married(counter, credit_registry={"overdue": "yes", "loans": "business:900000.00:borrower"})
    with pytest.raises(MaterialsMissing, match="credit_registry:spouse"):
        counter.accept(case_no)
    counter.enter(case_no, REGISTRY, {"overdue": "no"}, person=spouse)
    assert counter.eligibility(counter.accept(case_no)) == ["other_loans.allowed", "repeats.overdue"]


def test_what_the_spouse_owes_counts_once_by_the_spouse_s_own_report(counter: Counter) -> None:
    case_no, spouse = married(counter, credit_registry={"overdue": "no", "loans": "consumer:30000.00:spouse"})
    counter.enter(case_no, REGISTRY, {"overdue": "yes", "loans": "consumer:50000.00:borrower"}, person=spouse)
    assert counter.eligibility(counter.accept(case_no)) == []
    case_no, spouse = married(counter)
    counter.enter(case_no, REGISTRY, {"overdue": "no", "loans": "business:1.00:borrower"}, person=spouse)
    assert counter.eligibility(counter.accept(case_no)) == ["other_loans.allowed"]


def test_nobody_is_asked_about_by_another_s_consent_and_each_answer_is_under_its_own_key(counter: Counter) -> None:
    numbers = [id_number("19850303", 901), id_number("19860404", 902)]
    applicant, spouse = [counter.person(number=number) for number in numbers]
    registry = Registry(numbers[0])
    counter = counter.connected(registry)
    case_no = counter.submitted(applicant, spouse=spouse)
    consent(counter, case_no, spouse)
    with pytest.raises(ConsentMissing):
        fetch(counter, case_no)
    fetch(counter, case_no, spouse)
    consent(counter, case_no)
    fetch(counter, case_no)
    assert [asked.id_number for asked in registry.asked] == [numbers[1], numbers[0]]
    application = counter.application(case_no)
    assert application.figures()[REGISTRY]["overdue"] == "yes"
    assert application.figures(spouse)[REGISTRY]["overdue"] == "no"
    for fact, person in zip(application.facts_of(events.DataFetched), (spouse, applicant), strict=True):
        assert fact.person == person
        assert counter.desk.materials.open(fact.digest, counter.desk.keystore.key(person))


def test_a_stranger_is_not_asked_about(counter: Counter) -> None:
    case_no = counter.submitted(counter.person())
    for act in (fetch, consent):
        with pytest.raises(InvalidInput, match="not of this application"):
            act(counter, case_no, counter.person())


def test_a_consent_that_has_run_out_is_none_whatever_day_is_written_down(counter: Counter) -> None:
    """Today is 30 June 2025."""
    registry = Registry()
    counter = counter.connected(registry)
    case_no = counter.submitted(counter.person())
    consent(counter, case_no, until=date(2025, 6, 29))
    with pytest.raises(ConsentMissing, match="2025-06-30"):
        fetch(counter, case_no)
    assert registry.asked == []


# Partnerships (R-LIM-3, R-LIM-6).


def test_everybody_on_the_form_is_somebody_else(counter: Counter) -> None:
    one, other, third = (counter.person() for _ in range(3))
    for field, more in (
        ("partners.0", {"partners": (one, other)}),
        ("partners.1", {"partners": (other, other)}),
        ("partners.0", {"partners": (third,), "spouse": third}),
        ("spouse", {"partners": (other,), "spouse": one}),
    ):
        with pytest.raises(InvalidInput) as refused:
            counter.submitted(one, kind="partnership", **more)
        assert refused.value.field == field
    with pytest.raises(InvalidInput, match="only a partnership"):
        counter.submitted(one, partners=(other,))


def repaid(counter: Counter, person: UUID, times: int = 1) -> None:
    """Loans that a person had and repaid."""
    for _ in range(times):
        loan_no = counter.sign(counter.approve(counter.reviewed(counter.accepted(person))))
        bank = counter.by("bank_officer", BANK)
        paid = {"loan_no": loan_no, "amount_fen": 20_000_000, "value_date": MONDAY}
        disburse(counter.desk.ledger, Disburse.model_validate(paid | {"bank_reference": f"P-{loan_no}"}), bank)
        repayment = RecordRepayment.model_validate(paid | {"bank_reference": f"R-{loan_no}"})
        record_repayment(counter.desk.ledger, repayment, counter.by("bank_officer", BANK))


def test_each_partner_s_loans_count_for_that_partner(counter: Counter) -> None:
    people = [counter.person() for _ in range(3)]
    for one in people:
        repaid(counter, one)
    case_no = counter.accepted(people[0], kind="partnership", partners=people[1:])
    assert counter.eligibility(case_no) == []


def test_what_is_known_of_a_partner_speaks_against_the_partnership(counter: Counter) -> None:
    old, indebted = counter.person("19650601"), counter.person()
    case_no = counter.completed(counter.submitted(counter.person(), kind="partnership", partners=(old, indebted)))
    counter.enter(case_no, REGISTRY, {"overdue": "yes", "loans": "business:1.00:borrower"}, person=indebted)
    counter.eligibility(counter.accept(case_no))
    found = counter.application(case_no).reviews["eligibility"].findings
    assert {(f.rule, f.figures["partner"]) for f in found if not f.holds} == {
        ("age.retirement", "1"),
        ("other_loans.allowed", "2"),
        ("repeats.overdue", "2"),
    }


# Birthdays (R-ELI-4, GB 11643).


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("379999199913455115", "no day of birth"),
        ("379999199902302127", "no day of birth"),
        ("379999199001012110", "last digit"),
        ("37999919900101211x", "last digit"),
    ],
)
def test_an_id_number_says_a_day_and_ends_with_its_check_digit(number: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Person(name="张三", id_number=number)


@pytest.mark.parametrize(
    "number", [id_number("20000229", 212), "37999919900307101x", "H12345678", "91370800MA3ABCDE1X"]
)
def test_right_numbers_and_other_papers_are_taken(number: str) -> None:
    assert Person(name="张三", id_number=number).id_number == number


def test_whose_papers_say_no_birthday_shows_it(counter: Counter) -> None:
    case_no = counter.accepted(counter.person(number="H12345678"), group="hk_mo_tw_youth")
    assert counter.eligibility(case_no) == ["age.known"]
    case_no = counter.accepted(counter.person(number="H12345679"), group="hk_mo_tw_youth")
    assert counter.eligibility(case_no, births=[{"born": "1990-01-01", "sex": "female"}]) == []
    partners = (counter.person(), counter.person(number="H12345670"))
    case_no = counter.accepted(counter.person(), kind="partnership", partners=partners)
    births = [{"born": "1965-06-01", "sex": "male", "partner": 2}, {"born": "1965-06-01", "sex": "male", "partner": 1}]
    assert counter.eligibility(case_no, births=births) == ["age.retirement"]


# What contradicts (R-ELI-5, R-ELI-7, R-PRO-4).


def test_figures_that_contradict_the_form_speak_against_it(counter: Counter) -> None:
    against: dict[str, Any] = {"civil_affairs": {"marital": "married"}, "market_regulator": {"status": "revoked"}}
    case_no = counter.accept(counter.completed(counter.submitted(counter.person()), **against))
    assert counter.eligibility(case_no) == ["household.matches", "business.open"]


def test_an_enterprise_cannot_have_hired_more_than_it_employs(counter: Counter) -> None:
    enterprise = {"credit_code": "91370811MA3C00000G", "staff": 0, "hired": 500}
    asked: dict[str, Any] = {
        "kind": "small_enterprise",
        "product": "small_enterprise",
        "group": None,
        "enterprise": enterprise,
    }
    assert counter.eligibility(counter.accepted(counter.person(), **asked)) == ["hire.counted"]


def test_nobody_pays_for_lending(counter: Counter) -> None:
    """The LPR of the day is 3.10 %."""
    case_no = counter.accepted(counter.person())
    with pytest.raises(InvalidInput, match="at least -310"):
        counter.credit(case_no, margin_bp=-311)
    counter.credit(case_no, margin_bp=-310)
