"""Steps of the interest subsidy 贴息."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid5

from pytest_bdd import given, then, when

from domain.errors import SamePerson
from domain.loan.loan import Loan
from domain.loan.terms import RateBasis, RepaymentTerms, Servicing
from domain.money import Fen, parse_yuan, yuan
from domain.policy.rules import Kind
from domain.ratio import zheng_yin_dan
from domain.subsidy import refusals
from domain.subsidy.batch import SubsidyBatch
from domain.subsidy.explaining import explained
from domain.subsidy.method import read_method, shipped_method
from ledger import allocating, granting
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.desk import Desk
from ledger.disbursing import Disburse, disburse
from ledger.keystore import Keystore
from ledger.materials import MaterialStore
from ledger.outside import NoSource
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


# Batches.

FUND = "jining_subsidy"
ACCOUNT = "treasury_bank"
_REFUSED = {
    "lines are disputed": refusals.LinesDisputed,
    "a batch goes step by step": refusals.BatchOutOfOrder,
    "a second person has to": SamePerson,
    "nothing was granted too much": refusals.NothingOverpaid,
}


@given(step("a subsidy fund that the city paid {amount:yuan} into on {day:day}"))
def subsidy_fund(office: Office, amount: Fen, day: date) -> None:
    said: dict[str, Any] = {"fund": FUND, "title": "贴息资金", "operator": "finance", "method": shipped_method()}
    opening = allocating.OpenSubsidyFund.model_validate({**said, "value_date": day})
    allocating.open_subsidy_fund(office.ledger, opening, office.by("finance_officer", "finance"))
    cash: dict[str, Any] = {
        "fund": FUND,
        "level": "city",
        "bank": ACCOUNT,
        "bank_reference": "A-1",
        "amount_fen": amount,
    }
    allocation = allocating.ReceiveAllocation.model_validate({**cash, "value_date": day})
    allocating.receive_allocation(office.ledger, allocation, office.by("finance_officer", "finance"))


@given(step("the batch of {quarter} is calculated on {day:day}"), target_fixture="desk")
@when(step("the batch of {quarter} is calculated on {day:day}"), target_fixture="desk")
def batch_calculated(office: Office, empty_database: str, tmp_path: Path, quarter: str, day: date) -> Desk:
    keystore = Keystore(empty_database, tmp_path / "master.key")
    desk = Desk(office.ledger, PolicyBook(office.ledger), keystore, MaterialStore(tmp_path / "materials"), NoSource())
    command = granting.CalculateSubsidies(fund=FUND, bank=office.bank, quarter=quarter, value_date=day)
    office.quarter = quarter
    office.act(lambda: granting.calculate_subsidies(desk, command, office.by("hr_officer", "hr", "calculator")))
    office.recorded()
    return desk


@given(step("the batch is confirmed and approved on {day:day}"))
@when(step("the batch is confirmed and approved on {day:day}"))
def batch_approved(office: Office, day: date) -> None:
    bank_confirms(office, day)
    for role, office_name in (("hr_officer", "hr"), ("finance_officer", "finance")):
        _approve(office, office.by(role, "city", f"{office_name}-head"), office_name, day)
    office.recorded()


@when(step("the bank confirms the batch on {day:day}"))
def bank_confirms(office: Office, day: date) -> None:
    command = granting.ConfirmBatch(batch=_batch(office), value_date=day)
    office.act(lambda: granting.confirm_batch(office.ledger, command, office.by("bank_officer", office.bank)))


@when(step("who calculated approves the batch on {day:day}"))
def calculator_approves(office: Office, day: date) -> None:
    _approve(office, office.by("hr_officer", "hr", "calculator"), "hr", day)


@given(step("the batch is paid by the bank on {day:day}"))
@when(step("the batch is paid by the bank on {day:day}"))
def batch_paid(office: Office, day: date) -> None:
    said: dict[str, Any] = {"route": "bank", "bank": ACCOUNT, "bank_reference": "P-1", "value_date": day}
    command = granting.PaySubsidies.model_validate({"batch": _batch(office), **said})
    office.act(lambda: granting.pay_subsidies(office.ledger, command, office.by("finance_officer", "finance")))
    office.recorded()


@when(step("the loan's payment comes back on {day:day}"))
def payment_back(office: Office, day: date) -> None:
    said: dict[str, Any] = {"bank": ACCOUNT, "bank_reference": "B-1", "reason": "account closed", "value_date": day}
    command = granting.FailPayment.model_validate({"batch": _batch(office), "loan_no": office.loan_no, **said})
    office.act(lambda: granting.fail_payment(office.ledger, command, office.by("finance_officer", "finance")))
    office.recorded()


@given(step("the bank disputes the loan's line on {day:day}"))
def line_disputed(office: Office, day: date) -> None:
    said = {"batch": _batch(office), "loan_no": office.loan_no, "reason": "days", "value_date": day}
    command = granting.DisputeLine.model_validate(said)
    office.act(lambda: granting.dispute_line(office.ledger, command, office.by("bank_officer", office.bank, "b2")))
    office.recorded()


@when(step("the dispute is dismissed on {day:day}"))
def dispute_dismissed(office: Office, desk: Desk, day: date) -> None:
    said = {"loan_no": office.loan_no, "outcome": "dismissed", "reason": "as agreed", "value_date": day}
    command = granting.SettleLineDispute.model_validate({"batch": _batch(office), **said})
    office.act(lambda: granting.settle_line_dispute(desk, command, office.by("hr_officer", "hr", "settler")))
    office.recorded()


@when(step("the loan's subsidy is stopped from {day:day}"))
def subsidy_stopped(office: Office, day: date) -> None:
    command = granting.StopSubsidy(loan_no=office.loan_no, reason="employed", evidence=("1" * 64,), value_date=day)
    office.act(lambda: granting.stop_subsidy(office.ledger, command, office.by("hr_officer", "hr")))
    office.recorded()


@when(step("what was granted too much is clawed back on {day:day}"))
def clawed_back(office: Office, desk: Desk, day: date) -> None:
    said = {"batch": _batch(office), "loan_no": office.loan_no, "reason": "employed", "value_date": day}
    command = granting.ClawBack.model_validate(said)
    office.act(lambda: granting.claw_back(desk, command, office.by("hr_officer", "hr")))


@when(step("{amount:yuan} of it comes in on {day:day}"))
def collected(office: Office, amount: Fen, day: date) -> None:
    said: dict[str, Any] = {"amount_fen": amount, "bank": ACCOUNT, "bank_reference": "C-1", "value_date": day}
    command = granting.CollectClawback.model_validate({"batch": _batch(office), "loan_no": office.loan_no, **said})
    office.act(lambda: granting.collect_clawback(office.ledger, command, office.by("finance_officer", "finance")))
    office.recorded()


@then(step("it is refused because {reason}"))
def batch_refused(office: Office, reason: str) -> None:
    office.refused(_REFUSED[reason])


@then("book S says")
def book_says(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    rows = office.rows("trial_balance", of_loan=False, where={"fund": FUND, "book": "S"}, group_by=("account",))
    balances = {row["account"]: parse_yuan(row["balance"], negative=True) for row in rows}
    said = {row[0].split()[0]: row[1].replace("¥", "").replace(",", "") for row in datatable}
    assert {account: yuan(fen) for account, fen in balances.items() if fen} == said


@then(step('the register of subsidies says "{status}" of the loan\'s {quarter}'))
def register_says(office: Office, status: str, quarter: str) -> None:
    (row,) = office.rows("subsidy_register", where={"quarter": quarter})
    assert row["status"] == status


@then("these levels are held money for")
def levels_held(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    where = {"fund": FUND, "account": "S2101"}
    rows = office.rows("trial_balance", of_loan=False, where=where, group_by=("level",))
    held = {row["level"]: shown(-parse_yuan(row["balance"], negative=True)) for row in rows}
    assert held == {row[0]: row[1] for row in datatable}


def _approve(office: Office, context: CommandContext, office_name: str, day: date) -> None:
    command = granting.ApproveBatch.model_validate({"batch": _batch(office), "office": office_name, "value_date": day})
    office.act(lambda: granting.approve_batch(office.ledger, command, context))


def _batch(office: Office) -> str:
    return SubsidyBatch.number(FUND, office.quarter, office.bank)
