"""Steps of the guarantee fund 担保基金."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date

from pytest_bdd import given, then, when

from api.periods import PaperBooks, checked
from domain.errors import SamePerson
from domain.money import Fen, parse_yuan
from ledger import closing_books, funding
from ledger.context import CommandContext
from tests.funds import open_with_capital
from tests.steps.lending import other_bank, sign
from tests.steps.office import Office
from tests.steps.words import in_people_s_notation, shown, step

STANDINGS = {"within its limits": "within", "warned": "warned", "breached": "breached"}


@given(step("a fund with {capital:yuan} of the city's capital, which may promise {times:count} times what it has"))
def a_fund(office: Office, capital: Fen, times: int) -> None:
    office.fund = "county_fund"
    open_with_capital(office.ledger, office.moment, office.fund, capital)
    assert office.ledger.fund(office.fund).method.capacity.multiplier == times


@given(step("a contract of {amount:yuan} for somebody else was signed on {day:day}"))
def another_contract(office: Office, amount: Fen, day: date) -> None:
    desk = office.loan_no
    sign(office, amount, day)
    office.recorded()
    office.loan_no = desk


@when(step("a contract of {amount:yuan} is signed on {day:day}"))
def contract_is_signed(office: Office, amount: Fen, day: date) -> None:
    sign(office, amount, day)


@when(step("a contract of {amount:yuan} is signed with another bank on {day:day}"))
def contract_is_signed_elsewhere(office: Office, amount: Fen, day: date) -> None:
    other_bank(office)
    sign(office, amount, day)


@when(step("the city brings {amount:yuan} into the fund on {day:day}"))
def brings_in(office: Office, amount: Fen, day: date) -> None:
    command = funding.InjectCapital.model_validate(_cash(office, amount, day))
    office.act(lambda: funding.inject_capital(office.ledger, command, office.by("finance_officer", "finance")))


@when(step("the city takes {amount:yuan} out of the fund on {day:day}"))
def takes_out(office: Office, amount: Fen, day: date) -> None:
    command = funding.WithdrawCapital.model_validate({**_cash(office, amount, day), "confirmed_by": "head-of-finance"})
    office.act(lambda: funding.withdraw_capital(office.ledger, command, office.by("finance_officer", "finance")))


@when(step("it is looked at on {day:day} whether the rest has lapsed"))
def looked_at(office: Office, day: date) -> None:
    command = funding.LapseReservation(loan_no=office.loan_no, value_date=day)
    office.act(lambda: funding.lapse_reservation(office.ledger, command, office.by("system", "day_close")))


@given(step("the fund gives no new guarantees at the bank since {day:day}"))
def suspended(office: Office, day: date) -> None:
    said = {"fund": office.fund, "scope": "bank", "code": office.bank, "reason": "under review", "value_date": day}
    command = funding.SuspendGuarantees.model_validate(said)
    office.act(lambda: funding.suspend_guarantees(office.ledger, command, office.by("fund_officer", "hr")))
    office.recorded()


@when(step("the bank's claims of a year are {claims:yuan} of a balance of {balance:yuan}"))
def figures(office: Office, claims: Fen, balance: Fen) -> None:
    since = office.today.replace(year=office.today.year - 1)
    told = [funding.Claimed("bank", office.bank, compensated_fen=claims, balance_fen=balance, since=since)]
    watch = funding.WatchFund(fund=office.fund)
    office.act(
        lambda: funding.watch_fund(office.ledger, lambda fund, today: told, watch, office.by("system", "day_close"))
    )


@then(step("the fund holds {reserved:yuan} ready, stands for {exposure:yuan} and has {headroom:yuan} left to promise"))
def position_is(office: Office, reserved: Fen, exposure: Fen, headroom: Fen) -> None:
    said = {"reserved": reserved, "exposure": exposure, "headroom": headroom}
    assert {name: _position(office)[name] for name in said} == {name: shown(fen) for name, fen in said.items()}


@then(step("the fund is {standing}, and has {headroom:yuan} left to promise"))
def fund_is(office: Office, standing: str, headroom: Fen) -> None:
    assert office.ledger.fund(office.fund).standing == STANDINGS[standing]
    assert _position(office)["headroom"] == shown(headroom)


@then(step("the fund is {standing}, and has -{beyond:yuan} left to promise"))
def fund_is_beyond(office: Office, standing: str, beyond: Fen) -> None:
    fund_is(office, standing, -beyond)


@then(step("guarantees at the bank are {state:word}"))
def guarantees_are(office: Office, state: str) -> None:
    stopped = ("bank", office.bank) in office.ledger.fund(office.fund).suspended
    assert stopped == {"suspended": True, "given": False}[state]


@given(step("the fund's account has borne {amount:yuan} of interest on {day:day}"))
@when(step("the fund's account has borne {amount:yuan} of interest on {day:day}"))
def interest_is_borne(office: Office, amount: Fen, day: date) -> None:
    said = {name: value for name, value in _cash(office, amount, day).items() if name != "level"}
    office.act(
        lambda: funding.receive_interest(office.ledger, funding.ReceiveInterest.model_validate(said), _finance(office))
    )
    office.recorded()


@given(step("finance has closed the books up to {until:day}"))
@when(step("finance closes the books up to {until:day}"))
def books_are_closed(office: Office, until: date) -> None:
    books = _books(office)
    command = closing_books.ClosePeriod(fund=office.fund, until=until)
    office.act(lambda: closing_books.close_period(office.ledger, books, command, _finance(office)))
    office.recorded()


@when(step("finance opens the books of {until:day} again alone"))
def opened_alone(office: Office, until: date) -> None:
    _reopen(office, until, _finance(office).actor.subject)


@when(step("finance opens the books of {until:day} again with the head of finance"))
def opened_by_two(office: Office, until: date) -> None:
    _reopen(office, until, "head-of-finance")


@then("it is refused: the second person has to be another one")
def same_person(office: Office) -> None:
    office.refused(SamePerson)


@then(step("the accumulated result of {day:day} is {result:yuan}"))
def result_is(office: Office, day: date, result: Fen) -> None:
    where = {"fund": office.fund, "account": "G3101"}
    assert (
        sum(parse_yuan(row["credit"]) for row in office.rows("trial_balance", of_loan=False, where=where, as_of=day))
        == result
    )


@then(step("what was recorded last is of {day:day} and booked on {booked:day}"))
def booked_on(office: Office, day: date, booked: date) -> None:
    last = office.rows("general_ledger", of_loan=False, where={"fund": office.fund})[-1]
    assert (last["value_date"], last["booked_on"]) == (day.isoformat(), booked.isoformat())


@then("what was sealed still comes out of the books")
def sealed(office: Office) -> None:
    periods = list(checked(_books(office), office.ledger.fund(office.fund).closings))
    assert periods and all(period["holds"] for period in periods)


def _reopen(office: Office, until: date, second: str) -> None:
    said = {"fund": office.fund, "until": until, "confirmed_by": second, "reason": "a finding of the audit"}
    command = closing_books.ReopenPeriod.model_validate(said)
    office.act(lambda: closing_books.reopen_period(office.ledger, command, _finance(office)))


def _books(office: Office) -> PaperBooks:
    return PaperBooks(lambda: nullcontext(office.reader), office.engine.catch_up)


def _finance(office: Office) -> CommandContext:
    return office.by("finance_officer", "finance")


def _cash(office: Office, amount: Fen, day: date) -> dict[str, object]:
    reference = f"CASH-{office.number()}"
    where = {"fund": office.fund, "level": "city", "bank": "jining_rcb", "bank_reference": reference}
    return {**where, "amount_fen": amount, "value_date": day}


def _position(office: Office) -> dict[str, str]:
    """The whole fund's line, as the paper of all banks, counties and levels adds it up."""
    lines = office.rows("fund_position", of_loan=False, where={"fund": office.fund}, group_by=("fund",))
    return {
        name: in_people_s_notation(value) for name, value in lines[0].items() if isinstance(value, str) and "." in value
    }
