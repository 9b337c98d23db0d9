"""Steps of signing, paying out and reporting jobs 放款."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from pytest_bdd import given, then, when

from domain.errors import Refusal
from domain.loan.loan import Loan
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms, Servicing
from domain.money import Fen
from domain.ratio import zheng_yin_dan
from ledger.contracting import SignContract, sign_contract
from ledger.disbursing import Disburse, disburse
from ledger.reporting import ReportJobs, report_jobs
from tests.steps.office import BANK, FUND, GUARANTOR, OTHER_BANK, Office
from tests.steps.words import KINDS, as_rows, in_people_s_notation, shown, step

RATE = Decimal("0.0395")
YEAR = RepaymentTerms(annual_rate=RATE, instalments=1, every=12, method="bullet")
POLICY = PolicyPin(edition="SD-2023-12", digest="0" * 64)


@given(step("today is {today:day}"))
def today_is(office: Office, today: date) -> None:
    office.today = today


@given(step("a contract of {amount:yuan} was signed on {signed_on:day}"))
def a_contract(office: Office, amount: Fen, signed_on: date) -> None:
    sign(office, amount, signed_on)
    office.recorded()


@given(step("another contract of {amount:yuan} was signed with the same bank on {signed_on:day}"))
def another_contract_with_the_bank(office: Office, amount: Fen, signed_on: date) -> None:
    a_contract(office, amount, signed_on)


@given(step("another contract of {amount:yuan} was signed with another bank on {signed_on:day}"))
def another_contract_with_another_bank(office: Office, amount: Fen, signed_on: date) -> None:
    other_bank(office)
    a_contract(office, amount, signed_on)


@given(step("a loan of {amount:yuan} at {rate:percent} was paid out on {day:day}"))
def a_loan(office: Office, amount: Fen, rate: Decimal, day: date) -> None:
    terms = YEAR.model_copy(update={"annual_rate": rate})
    lend(office, amount, day, terms)


@given(step("a loan of {amount:yuan} at {rate:percent} in {number:count} instalments was paid out on {day:day}"))
def a_loan_in_instalments(office: Office, amount: Fen, rate: Decimal, number: int, day: date) -> None:
    lend(office, amount, day, RepaymentTerms(annual_rate=rate, instalments=number))


@given(
    step(
        "a loan of {amount:yuan} at {rate:percent} in {number:count} equal parts of principal was paid out on {day:day}"
    )
)
def a_serviced_loan(office: Office, amount: Fen, rate: Decimal, number: int, day: date) -> None:
    """With the rules that contracts pin today."""
    terms = RepaymentTerms(annual_rate=rate, instalments=number, method="equal_principal", servicing=Servicing())
    lend(office, amount, day, terms)


@when(step("a contract of {amount:yuan} is signed again under the same number"))
def sign_again(office: Office, amount: Fen) -> None:
    _sign(office, amount, office.today, YEAR)


@when(step("the bank pays out {amount:yuan} on {day:day}"))
def pay_out(office: Office, amount: Fen, day: date) -> None:
    pay_out_under(office, amount, day, f"D{office.number()}")


@given(step("the bank paid out {amount:yuan} on {day:day}"))
def paid_out(office: Office, amount: Fen, day: date) -> None:
    pay_out(office, amount, day)
    office.recorded()


@when(step("the bank pays out {amount:yuan} on {day:day} under its reference {reference:quoted}"))
def pay_out_under(office: Office, amount: Fen, day: date, reference: str) -> None:
    order = Disburse(loan_no=office.loan_no, amount_fen=amount, value_date=day, bank_reference=reference)
    office.act(lambda: disburse(office.ledger, order, office.by("bank_officer", office.bank)))


@given(step("the bank paid out {amount:yuan} on {day:day} under its reference {reference:quoted}"))
def paid_out_under(office: Office, amount: Fen, day: date, reference: str) -> None:
    pay_out_under(office, amount, day, reference)
    office.recorded()


@when(step("the bank pays out {amount:yuan} on {day:day} for a loan that nobody signed"))
def pay_out_unsigned(office: Office, amount: Fen, day: date) -> None:
    _new_loan(office, office.bank)
    pay_out(office, amount, day)


@when(step("the borrower reports {created:count} jobs created and {retained:count} kept on {day:day}"))
def report(office: Office, created: int, retained: int, day: date) -> None:
    jobs = ReportJobs(loan_no=office.loan_no, created=created, retained=retained, value_date=day)
    office.act(lambda: report_jobs(office.ledger, jobs, office.by("clerk", FUND)))


@given(step("the borrower reported {created:count} jobs created and {retained:count} kept on {day:day}"))
def reported(office: Office, created: int, retained: int, day: date) -> None:
    report(office, created, retained, day)
    office.recorded()


@then(step("it is recorded"))
def is_recorded(office: Office) -> None:
    office.recorded()


@then(step("it is refused: {why:reason}"))
def is_refused(office: Office, why: type[Refusal]) -> None:
    office.refused(why)


@then(step("{amount:yuan} is outstanding"))
def outstanding(office: Office, amount: Fen) -> None:
    line = office.book()
    assert line is not None
    assert in_people_s_notation(line["outstanding"]) == shown(amount)


@then(step("{amount:yuan} was outstanding on {day:day}"))
def outstanding_on(office: Office, amount: Fen, day: date) -> None:
    line = office.book(as_of=day)
    assert line is not None
    assert in_people_s_notation(line["outstanding"]) == shown(amount)


@then(step("the loan is {state:state}"))
def loan_is(office: Office, state: str) -> None:
    line = office.book()
    assert line is not None
    assert line["status"] == state


@then(step("the loan was {state:state} on {day:day}"))
def loan_was(office: Office, state: str, day: date) -> None:
    line = office.book(as_of=day)
    assert line is not None
    assert line["status"] == state


@then(step("the fund answers for {fund:yuan} and the guarantee company for {guarantor:yuan}"))
def exposures(office: Office, fund: Fen, guarantor: Fen) -> None:
    balances = office.history()["balances"]
    said = [balances.get(f"exposure:{party}", "0.00") for party in ("fund", "guarantor")]
    assert [in_people_s_notation(amount) for amount in said] == [shown(fund), shown(guarantor)]
    assert "exposure:bank" not in balances


@then("the history of the loan reads")
def history_reads(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    said = [
        {"date": row["value_date"], "what": KINDS[row["kind"]], "amount": in_people_s_notation(row["amount"])}
        for row in office.rows("repayment_history")
    ]
    assert said == as_rows(datatable)


@then(step("the loan has created {created:count} jobs and kept {retained:count}"))
def jobs_are(office: Office, created: int, retained: int) -> None:
    line = office.book()
    assert line is not None
    assert (line["jobs_created"], line["jobs_retained"]) == (created, retained)


@then(step("by {day:day} the loan had created {created:count} jobs and kept {retained:count}"))
def jobs_were(office: Office, day: date, created: int, retained: int) -> None:
    line = office.book(as_of=day)
    assert line is not None
    assert (line["jobs_created"], line["jobs_retained"]) == (created, retained)


def _new_loan(office: Office, bank: str) -> None:
    """Put a loan that has no number yet on the desk."""
    office.loan_no, office.bank = f"JN-2024-{office.number():04d}", bank


def lend(office: Office, amount: Fen, day: date, terms: RepaymentTerms, **more: object) -> None:
    """A contract under a new number, put on the desk and paid out."""
    _new_loan(office, office.bank)
    _sign(office, amount, day.replace(day=1), terms, **more)
    paid_out(office, amount, day)


def sign(office: Office, amount: Fen, signed_on: date) -> None:
    """A contract of somebody new, put on the desk."""
    _new_loan(office, office.bank)
    _sign(office, amount, signed_on, YEAR)


def other_bank(office: Office) -> None:
    office.bank = OTHER_BANK if office.bank == BANK else BANK


def sign_for(office: Office, borrower: UUID, product: str, amount: Fen, signed_on: date) -> None:
    """A contract of somebody who is known, put on the desk."""
    _new_loan(office, office.bank)
    _sign(office, amount, signed_on, YEAR, borrower=borrower, product=product)
    office.recorded()


def _sign(office: Office, amount: Fen, signed_on: date, terms: RepaymentTerms, **more: object) -> None:
    contract = SignContract(
        loan_no=office.loan_no,
        borrower=uuid5(Loan.create_id(office.loan_no), "borrower"),
        bank=office.bank,
        county="rencheng",
        product="individual",
        approved_fen=amount,
        guaranteed_fen=amount * 70 // 100,
        terms=terms,
        rate_basis=RateBasis(lpr_published_on=date(2024, 2, 20), lpr=Decimal("0.0345"), margin_bp=50),
        policy=POLICY,
        share_scheme=zheng_yin_dan(office.fund, office.bank, GUARANTOR),
        value_date=signed_on,
    ).model_copy(update=more)
    office.act(lambda: sign_contract(office.ledger, contract, office.by("bank_officer", office.bank)))
