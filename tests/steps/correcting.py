"""Steps of putting a loan right 更正: dates, rates, costs, waivers, refunds; and of reading its account 对账单 and what differs 差异说明."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pytest_bdd import given, parsers, then, when

from api.differences import Seen, difference
from api.statements import statement
from domain.actor import Actor
from domain.loan.loan import Loan
from domain.money import Fen, parse_yuan
from ledger.altering import (
    FindMisuse,
    Refund,
    ResetRate,
    RestructureLoan,
    find_misuse,
    refund,
    reset_rate,
    restructure_loan,
)
from ledger.correcting import ChargeCost, CorrectDate, Waive, charge_cost, correct_date, waive
from projections import log
from tests.steps.office import GUARANTOR, Office
from tests.steps.repaying import payment_of
from tests.steps.words import as_rows, in_people_s_notation, shown, step

SHOWN = {"evidence": ["0" * 64]}
WHAT = {
    "due": "fell due",
    "disbursed": "paid out",
    "repaid": "repaid",
    "refunded": "refunded",
    "cost_charged": "cost",
    "waived": "waived",
    "reversed": "taken back",
}
CAUSES = {
    "recorded": "became known",
    "fell_due": "fell due",
    "became_overdue": "became overdue",
    "time": "interest ran",
}
MOVED = {"loan.repaid": "was paid", "loan.cost_charged": "was charged"}
_METHODS = {"equal parts of principal": "equal_principal", "equal instalments": "equal_instalment"}


def by_two(office: Office, why: str) -> dict[str, Any]:
    second = Actor(subject="second", role="bank_supervisor", institution=office.bank, region="rencheng")
    return {"reason": why, "confirmed_by": second}


def tell(office: Office, use_case: Any, command: Any, day: date, said: Mapping[str, Any]) -> None:
    given_ = command.model_validate({"loan_no": office.loan_no, "value_date": day, **said})
    office.act(lambda: use_case(office.ledger, given_, office.by("bank_officer", office.bank)))


@when(step("the bank charges a cost of {amount:yuan} on {day:day}, because {why}"))
def charge(office: Office, amount: Fen, day: date, why: str) -> None:
    tell(office, charge_cost, ChargeCost, day, {"amount_fen": amount, "reason": why, **SHOWN})


@given(step("the bank charged a cost of {amount:yuan} on {day:day}, because {why}"))
def charged(office: Office, amount: Fen, day: date, why: str) -> None:
    charge(office, amount, day, why)
    office.recorded()


@when(step("the bank waives {amount:yuan} of {part:word} on {day:day}, because {why}"))
def waives(office: Office, amount: Fen, part: str, day: date, why: str) -> None:
    tell(office, waive, Waive, day, {"part": part, "amount_fen": amount, **by_two(office, why), **SHOWN})


@given(step("the bank waived {amount:yuan} of {part:word} on {day:day}, because {why}"))
def waived(office: Office, amount: Fen, part: str, day: date, why: str) -> None:
    waives(office, amount, part, day, why)
    office.recorded()


@when(step("the payment of {paid_on:day} is corrected to {day:day}, because {why}"))
def corrects(office: Office, paid_on: date, day: date, why: str) -> None:
    said = {"version": payment_of(office, paid_on), **by_two(office, why), **SHOWN}
    tell(office, correct_date, CorrectDate, day, said)


@when(step("the bank refunds {amount:yuan} on {day:day}"))
def refunds(office: Office, amount: Fen, day: date) -> None:
    tell(office, refund, Refund, day, {"amount_fen": amount, "bank_reference": f"B{office.number()}"})


@when(step("the bank sets the rate to {rate:percent} from {day:day} on"))
def resets(office: Office, rate: Decimal, day: date) -> None:
    tell(office, reset_rate, ResetRate, day, {"annual_rate": str(rate), **by_two(office, "the LPR"), **SHOWN})


@when(step("the loan is paid in {number:count} {method} from {day:day} on"))
def restructures(office: Office, number: int, method: str, day: date) -> None:
    consent = Actor(subject="consent", role="guarantor_officer", institution=GUARANTOR, region="rencheng")
    said = {
        "instalments": number,
        "method": _METHODS[method],
        "consented_by": consent,
        **by_two(office, "a flood"),
        **SHOWN,
    }
    tell(office, restructure_loan, RestructureLoan, day, said)


@when(step("it is found that the money was misused from {day:day} on"))
def misuses(office: Office, day: date) -> None:
    tell(office, find_misuse, FindMisuse, day, {**by_two(office, "it bought a car"), **SHOWN})


@then(step("the account to {day:day} reads"))
def account(office: Office, day: date, datatable: Sequence[Sequence[str]]) -> None:
    assert lines(office, day, None) == as_rows(datatable)


@then(step("by the {name:word} report the account to {day:day} reads"))
def account_then(office: Office, name: str, day: date, datatable: Sequence[Sequence[str]]) -> None:
    assert lines(office, day, office.reports[name].position) == as_rows(datatable)


@then(
    parsers.re(
        r"between the (?P<first>\w+) and the (?P<second>\w+) report what was owed on (?P<day>[0-9-]+) differs because"
    )
)
def differs(office: Office, first: str, second: str, day: str, datatable: Sequence[Sequence[str]]) -> None:
    on = date.fromisoformat(day)
    looks = [Seen(on, office.reports[name].position, office.ledger.calendar) for name in (first, second)]
    assert steps(office, *looks) == as_rows(datatable)


@then(step("between {first:day} and {second:day} what is owed differs because"))
def differs_in_time(office: Office, first: date, second: date, datatable: Sequence[Sequence[str]]) -> None:
    assert steps(office, *(Seen(day, None, office.ledger.calendar) for day in (first, second))) == as_rows(datatable)


def lines(office: Office, day: date, known_at: int | None) -> list[dict[str, str]]:
    """What the customer's statement says, with nothing where there is nothing."""
    facts = office.facts(Loan.create_id(office.loan_no), known_at)
    said = statement(facts, office.ledger.calendar, None, day)["lines"]
    return [
        {
            "date": line["date"],
            "what": WHAT[line["entry"]],
            "due": in_people_s_notation(line["amount"]) if line["entry"] in ("due", "cost_charged") else "",
            "paid": "" if line["entry"] in ("due", "cost_charged") else in_people_s_notation(line["amount"]),
            "balance": in_people_s_notation(line["balance"]),
        }
        for line in said
    ]


def steps(office: Office, first: Seen, second: Seen) -> list[dict[str, str]]:
    """Of every step what it did to what pays the loan off."""
    told = log.stream(office.reader, Loan.create_id(office.loan_no))
    said = difference(told, first, second)["steps"]
    rows = []
    for one in said:
        changed = {change["figure"]: change for change in one["changes"]}
        if (payoff := changed.get("payoff")) is None:
            continue
        before, after = (shown(parse_yuan(payoff[when])) for when in ("before", "after"))
        because = CAUSES.get(one["cause"]) or MOVED[one["topic"]]
        rows.append({"day": one["day"], "because": because, "owed before": before, "owed after": after})
    return rows
