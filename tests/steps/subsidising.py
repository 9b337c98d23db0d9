"""Steps of the interest subsidy 贴息."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import uuid5

from pytest_bdd import given, then

from domain.loan.loan import Loan
from domain.loan.terms import RateBasis, RepaymentTerms, Servicing
from domain.money import Fen
from domain.policy.rules import Kind
from domain.ratio import zheng_yin_dan
from domain.subsidy.explaining import explained
from domain.subsidy.method import read_method, shipped_method
from ledger.contracting import SignContract, sign_contract
from ledger.disbursing import Disburse, disburse
from ledger.publishing import PolicyBook, publish_policy, shipped
from ledger.subsidising import Calculated, calculated, quarter_of
from tests.steps.office import GUARANTOR, Office
from tests.steps.words import shown, step

METHOD = read_method(shipped_method())
WHOSE: dict[str, Kind] = {"individual's": "individual", "enterprise's": "small_enterprise"}


@given("Jining's policies are published")
def published(office: Office) -> None:
    publish_policy(office.ledger, shipped(), office.by("policy_officer", "city"))


@given(
    step(
        "an {whose} loan of {amount:yuan} for {months:count} months was paid out on {day:day} at {rate} %, the LPR being {lpr} %"
    )
)
def bullet_loan(office: Office, whose: str, amount: Fen, months: int, day: date, rate: str, lpr: str) -> None:
    _lend(office, whose, amount, day, rate, lpr, instalments=1, every=months, method="bullet")


@given(
    step(
        "an {whose} loan of {amount:yuan} with interest every month was paid out on {day:day} at {rate} %, the LPR being {lpr} %"
    )
)
def monthly_loan(office: Office, whose: str, amount: Fen, day: date, rate: str, lpr: str) -> None:
    _lend(office, whose, amount, day, rate, lpr, instalments=12, method="interest_only")


@then(step("of {quarter} the budget bears {budget:yuan} and the borrower {borrower:yuan}"))
def budget_bears(office: Office, quarter: str, budget: Fen, borrower: Fen) -> None:
    office.quarter = quarter
    subsidy = _of(office).subsidy
    assert (subsidy.subsidy, subsidy.borrower) == (budget, borrower)


@then("of it these levels bear")
def levels_bear(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    subsidy = _of(office).subsidy
    borne = METHOD.levels.divide(subsidy.shared, subsidy.local)
    assert {level: shown(fen) for level, fen in borne.items()} == {row[0]: row[1] for row in datatable}


@then(step('it is told as "{words}"'))
def told_as(office: Office, words: str) -> None:
    found = _of(office)
    assert [words in explained(span, found.formula, found.lpr)["en"] for span in found.spans] == [True]


@then(step("{local:yuan} of it is the local budget's alone"))
def local_alone(office: Office, local: Fen) -> None:
    assert _of(office).subsidy.local == local


@then(step("of {quarter} these days are subsidised, or not"))
def days_are(office: Office, quarter: str, datatable: Sequence[Sequence[str]]) -> None:
    office.quarter = quarter
    found = list[list[str]]()
    for cause, stretches in groupby(_of(office).spans, key=lambda span: span.cause):
        together = list(stretches)
        last = together[-1].stretch.until - timedelta(days=1)
        found.append([together[0].stretch.first.isoformat(), last.isoformat(), cause or ""])
    assert found == [list(row) for row in datatable]


def _of(office: Office) -> Calculated:
    book = PolicyBook(office.ledger)
    return calculated(office.ledger, book, METHOD, office.loan_no, quarter_of(office.quarter), office.today)


def _lend(office: Office, whose: str, amount: Fen, day: date, rate: str, lpr: str, **terms: Any) -> None:
    kind, at = WHOSE[whose], {name: Decimal(said) / 100 for name, said in (("rate", rate), ("lpr", lpr))}
    edition = PolicyBook(office.ledger).edition_on(day)
    margin = int((at["rate"] - at["lpr"]) * 10_000)
    agreed = RepaymentTerms(annual_rate=at["rate"], servicing=Servicing(), **terms)
    contract = SignContract(
        loan_no=office.loan_no,
        borrower=uuid5(Loan.create_id(office.loan_no), "borrower"),
        bank=office.bank,
        county="rencheng",
        product="plain",
        borrower_kind=kind,
        approved_fen=amount,
        guaranteed_fen=0,
        terms=agreed,
        rate_basis=RateBasis(lpr_published_on=day, lpr=at["lpr"], margin_bp=margin),
        policy=edition.pin,
        share_scheme=zheng_yin_dan(office.fund, office.bank, GUARANTOR),
        value_date=day,
    )
    bank = office.by("bank_officer", office.bank)
    sign_contract(office.ledger, contract, bank)
    paid = Disburse(loan_no=office.loan_no, amount_fen=amount, bank_reference="D-1", value_date=day)
    disburse(office.ledger, paid, office.by("bank_officer", office.bank))
