"""A loan's money from the command line: paid out, repaid with the borrower's choice, taken back, looked at on any day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg.conninfo import conninfo_to_dict

from api.command_line.app import BAD_INPUT, CLEAN, REFUSED
from domain.actor import LOCAL_OPERATOR
from domain.facts import Moment
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms, Servicing
from domain.ratio import zheng_yin_dan
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.ledger import Ledger
from tests import conftest
from tests.api.test_command_line import Say, say
from tests.funds import open_with_capital

__all__ = ["say"]

TERMS = RepaymentTerms(
    annual_rate=Decimal("0.036"), instalments=12, method="equal_principal", servicing=Servicing(next_working_day=False)
)
OUT = ("loan", "disburse", "JN-1", "12000.00", "--reference", "D-1", "--on", "2024-03-05")


@pytest.fixture
def home(
    ledger: Ledger, database: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, ...]]:
    """The options of an installation with one contract that was signed."""
    moment = Moment(now=datetime.now(UTC))
    open_with_capital(ledger, moment, "fund")
    contract = SignContract(
        loan_no="JN-1",
        borrower=uuid4(),
        bank="rcb",
        county="370811",
        share_scheme=zheng_yin_dan("fund", "rcb", "guarantor"),
        product="plain",
        approved_fen=1_200_000,
        guaranteed_fen=0,
        terms=TERMS,
        rate_basis=RateBasis(lpr_published_on=date(2024, 2, 20), lpr=Decimal("0.0345"), margin_bp=15),
        policy=PolicyPin(edition="e", digest="0" * 64),
        value_date=date(2024, 3, 1),
    )
    sign_contract(ledger, contract, CommandContext(LOCAL_OPERATOR, moment, channel="python"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.delenv("KEYSTORE_URL", raising=False)
    yield ("--data", str(tmp_path / "data"), "--json")
    conftest._drop(server, f"{conninfo_to_dict(database)['dbname']}_keys")


def owed(said: dict[str, Any], *names: str) -> list[str]:
    return [said[name] for name in names]


def test_what_is_owed_on_a_day_what_pays_it_off_and_what_is_to_come(say: Say, home: tuple[str, ...]) -> None:
    assert say(*home, *OUT).status == CLEAN
    late = say(*home, "loan", "show", "JN-1", "--on", "2024-04-20").document
    assert owed(late, "overdue_principal", "overdue_interest", "penalty", "accrued_interest", "principal_to_come") == [
        "1000.00",
        "37.20",
        "2.33",
        "16.50",
        "11000.00",
    ]
    assert (late["payoff"], late["oldest_due"]) == ("12056.03", "2024-04-05")
    assert len(late["instalments"]) == 11
    assert late["instalments"][0] == {
        "due": "2024-05-05",
        "principal": "1000.00",
        "interest": "33.00",
        "balance": "10000.00",
    }
    paid = say(*home, "loan", "repay", "JN-1", "12056.03", "--reference", "R-1", "--on", "2024-04-20").document
    assert (paid["status"], paid["payoff"], paid["instalments"]) == ("settled", "0.00", [])


@pytest.mark.parametrize(("choice", "left", "first"), [("shorten", 9, "1000.00"), ("lower", 11, "818.18")])
def test_a_borrower_chooses_what_money_paid_ahead_does(
    say: Say, home: tuple[str, ...], choice: str, left: int, first: str
) -> None:
    say(*home, *OUT)
    paying = ("loan", "repay", "JN-1", "3037.20", "--reference", "R-1", "--on", "2024-04-05", "--prepayment", choice)
    assert say(*home, *paying).status == CLEAN
    shown = say(*home, "loan", "show", "JN-1", "--on", "2024-04-05").document
    asking = [row for row in shown["instalments"] if row["principal"] != "0.00"]
    assert (len(asking), asking[0]["principal"]) == (left, first)


def test_a_repayment_is_taken_back_by_two(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    say(*home, "loan", "repay", "JN-1", "1037.20", "--reference", "R-1", "--on", "2024-04-05")
    taking = ("loan", "reverse", "JN-1", "3", "--reason", "returned", "--on", "2024-04-08", *SHOWN, "--confirmed-by")
    alone = say(*home, "--as", "bank_officer:li@rcb", *taking, "bank_officer:li@rcb")
    assert (alone.status, alone.error["field"]) == (REFUSED, "confirmed_by")
    assert say(*home, "--as", "bank_officer:li@rcb", *taking, "bank_supervisor:wu@rcb").status == CLEAN
    shown = say(*home, "loan", "show", "JN-1", "--on", "2024-04-20").document
    assert shown["overdue_principal"] == "1000.00"


def test_jobs_are_reported(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    assert say(*home, "loan", "jobs", "JN-1", "2", "3").status == CLEAN
    assert say(*home, "replay", "loan/JN-1").document["state"]["jobs_created"] == 2


def test_what_a_fund_bears_is_claimed_and_what_the_bank_bears_is_charged_off(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    losing = ("loan", "charge-off", "JN-1", "1.00")
    assert say(*home, *losing, "--claim", "C-1").error["field"] == "claim_no"
    assert say(*home, *losing).status == CLEAN
    assert say(*home, "replay", "loan/JN-1").document["events"][-1]["topic"] == "loan.charged_off"


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (("repay", "JN-1", "1e3", "--reference", "R"), BAD_INPUT, "amount"),
        (("repay", "JN-1", "0", "--reference", "R"), BAD_INPUT, "amount"),
        (("repay", "JN-1", "1", "--reference", "R", "--prepayment", "vanish"), BAD_INPUT, "prepayment"),
        (("repay", "JN-9", "1", "--reference", "R"), REFUSED, "loan_no"),
        (("repay", "JN-1", "1", "--reference", "R", "--on", "2999-01-01"), REFUSED, "value_date"),
        (("disburse", "JN-1", "12000.01", "--reference", "R", "--on", "2024-03-05"), REFUSED, "amount"),
        (("show", "JN-1", "--on", "tomorrow"), BAD_INPUT, "on"),
        (("show", "JN-9"), REFUSED, "loan_no"),
    ],
)
def test_bad_input_names_its_field(
    say: Say, home: tuple[str, ...], arguments: tuple[str, ...], status: int, named: str
) -> None:
    said = say(*home, "loan", *arguments)
    assert (said.status, said.error["field"]) == (status, named), said.out


def test_a_day_is_closed_from_the_command_line(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    first = say(*home, "close-day", "2024-07-05")
    assert first.status == CLEAN
    assert (first.document["loans"], first.document["told"]["loan.claim_became_due"]) == (1, 1)
    assert say(*home, "close-day", "2024-07-05").document["facts"] == 0
    row = say(*home, "query", "overdue_list", "--as-of", "2024-07-10", "--where", "ageing=over_90").document["rows"][0]
    assert (row["days"], row["category"], row["file_by"]) == (96, "substandard", "2024-09-30")
    refused = say(*home, "close-day", "2024-13-05")
    assert (refused.status, refused.error["field"]) == (BAD_INPUT, "DATE")
    assert say(*home, "--as", "clerk:x@y", "close-day", "2024-07-05").status == REFUSED


TWO = ("--reason", "flood", "--confirmed-by", "bank_supervisor:wu@rcb", "--on")
BANKER = ("--as", "bank_officer:li@rcb")
SHOWN = ("--evidence", "a" * 64)


def test_a_contract_changes_from_the_command_line(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    consent = ("--consented-by", "guarantor_officer:sun@guarantor")
    extended = say(*home, *BANKER, "loan", "extend", "JN-1", "6", *SHOWN, *TWO, "2024-06-01", *consent)
    assert extended.status == CLEAN
    state = say(*home, "replay", "loan/JN-1").document["state"]
    assert (state["matures_on"], state["guarantor_released"]) == ("2025-09-05", False)
    again = say(*home, *BANKER, "loan", "extend", "JN-1", "6", *TWO, "2024-06-01")
    assert (again.status, again.error["code"]) == (REFUSED, "loan.extended_already")
    assert say(*home, *BANKER, "loan", "reset-rate", "JN-1", "0.0345", *TWO, "2024-07-01").status == CLEAN
    plan = say(
        *home, *BANKER, "loan", "restructure", "JN-1", "18", "interest_only", *SHOWN, *TWO, "2024-08-01", *consent
    )
    assert plan.status == CLEAN
    found = ("loan", "misuse", "JN-1", "--evidence", "a" * 64, *TWO, "2024-08-05")
    assert say(*home, *BANKER, *found).status == CLEAN
    assert say(*home, "--as", "clerk:x@y", *found).status == REFUSED
    assert say(*home, *BANKER, "loan", "died", "JN-1", "--on", "2024-09-01").status == CLEAN
    assert say(*home, *BANKER, "loan", "closed", "JN-1", "--on", "2024-09-01").status == CLEAN
    topics = [event["topic"] for event in say(*home, "replay", "loan/JN-1").document["events"]]
    assert topics[2:] == ["loan.terms_changed"] * 3 + [
        "loan.misuse_found",
        "loan.borrower_died",
        "loan.business_closed",
    ]
    history = say(*home, "query", "repayment_history", "--where", "kind=terms_changed").document["rows"]
    assert len(history) == 3


def test_what_was_paid_too_much_is_refunded_once(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    say(*home, "loan", "repay", "JN-1", "13000.00", "--reference", "R-1", "--on", "2024-04-05")
    balances = say(*home, "replay", "loan/JN-1").document["state"]["balances"]
    back = ("loan", "refund", "JN-1", balances["refundable"], "--on", "2024-04-06", "--reference")
    assert say(*home, *BANKER, *back, "B-1").status == CLEAN
    assert say(*home, *BANKER, *back, "B-2").error["code"] == "loan.more_than_refundable"
    lines = say(*home, "loan", "statement", "JN-1", "--to", "2024-04-30").document["lines"]
    assert lines[-1]["entry"] == "refunded"


def test_a_preview_shows_every_figure_and_records_nothing(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    say(*home, "loan", "repay", "JN-1", "1100.00", "--reference", "R-2", "--on", "2024-05-20")
    late = ("loan", "repay", "JN-1", "1037.20", "--reference", "R-1", *SHOWN, *TWO, "2024-04-05")
    alone = say(*home, *late[:6], "--on", "2024-04-05")
    assert (alone.status, alone.error["code"], alone.error["field"]) == (REFUSED, "loan.late_receipt", "reason")
    before = say(*home, "replay", "loan/JN-1").document
    seen = say(*home, "--preview", *late).document
    assert say(*home, "replay", "loan/JN-1").document == before, "nothing was recorded"
    assert [fact["topic"] for fact in seen["facts"]] == ["loan.repaid"]
    figures = {(change["stream"], change["figure"]): change for change in seen["changes"]}
    principal = figures["loan/JN-1", "balances.principal"]
    assert say(*home, *late).status == CLEAN
    after = say(*home, "replay", "loan/JN-1").document["state"]
    assert (principal["before"], principal["after"]) == (
        before["state"]["balances"]["principal"],
        after["balances"]["principal"],
    )
    refused = say(*home, "--preview", "loan", "repay", "JN-1", "0", "--reference", "R")
    assert (refused.status, refused.error["field"]) == (BAD_INPUT, "amount")
    assert say(*home, "--preview", "demo").error["field"] == "--preview"


def test_one_receipt_for_several_loans_is_recorded_whole_or_not(
    say: Say, home: tuple[str, ...], ledger: Ledger
) -> None:
    signed = ledger.loan("JN-1").contract
    said = {name: getattr(signed, name) for name in SignContract.model_fields if name != "loan_no"}
    other = SignContract.model_validate(said | {"loan_no": "JN-2"})
    sign_contract(ledger, other, CommandContext(LOCAL_OPERATOR, Moment(now=datetime.now(UTC)), channel="python"))
    say(*home, *OUT)
    receipt = ("loan", "receipt", "JN-1=1037.20", "JN-2=500.00", "--reference", "B-1", "--on", "2024-04-05")
    assert say(*home, *receipt).error["code"] == "loan.nothing_disbursed", "of neither"
    assert say(*home, "replay", "loan/JN-1").document["events"][-1]["topic"] == "loan.disbursed"
    say(*home, "loan", "disburse", "JN-2", "12000.00", "--reference", "D-2", "--on", "2024-03-05")
    assert say(*home, *receipt).status == CLEAN
    rows = say(*home, "query", "repayment_history", "--where", "kind=repaid").document["rows"]
    assert [(row["loan_no"], row["amount"]) for row in rows] == [("JN-1", "1037.20"), ("JN-2", "500.00")]
    assert say(*home, *receipt).error["code"] == "bank_reference.used"
    twice = say(*home, "loan", "receipt", "JN-1=1.00", "JN-1=1.00", "--reference", "B-2")
    assert (twice.status, twice.error["field"]) == (BAD_INPUT, "parts")
    shown = say(
        *home, "loan", "show", "JN-2", "--on", "2024-07-10", "--known-at", str(rows[0]["position"] - 1)
    ).document
    assert (shown["overdue_days"], shown["ageing"], shown["category"]) == (96, "over_90", "substandard")


def test_what_was_recorded_is_corrected_and_the_difference_explained(say: Say, home: tuple[str, ...]) -> None:
    say(*home, *OUT)
    shown, two = SHOWN, ("--reason", "system down", "--confirmed-by", "bank_supervisor:wu@rcb")
    say(*home, "loan", "repay", "JN-1", "1037.20", "--reference", "R-1", "--on", "2024-04-25")
    known = say(*home, "replay", "loan/JN-1").document["events"][-1]["position"]
    dated = ("loan", "correct-date", "JN-1", "3", *two, *shown, "--on", "2024-04-05")
    seen = say(*home, *BANKER, "--preview", *dated).document
    assert [fact["topic"] for fact in seen["facts"]] == ["loan.date_corrected"]
    assert say(*home, *BANKER, *dated).status == CLEAN
    assert (
        say(*home, *BANKER, "loan", "cost", "JN-1", "50.00", "--reason", "court", *shown, "--on", "2024-05-10").status
        == CLEAN
    )
    waiving = ("loan", "waive", "JN-1", "costs", "20.00", *two, *shown, "--on", "2024-05-11")
    assert say(*home, *BANKER, *waiving).document["costs"] == "30.00"
    alone = say(*home, *BANKER, *waiving[:8], "bank_officer:li@rcb", *waiving[9:])
    assert (alone.status, alone.error["field"]) == (REFUSED, "confirmed_by")
    assert say(*home, *BANKER, *waiving[:3], "principal", *waiving[4:]).error["field"] == "part"
    looks = ("loan", "difference", "JN-1", "--from", "2024-04-30", "--from-known-at", str(known), "--to", "2024-05-11")
    said = say(*home, *looks).document
    assert [(step["cause"], step.get("topic")) for step in said["steps"]] == [
        ("recorded", "loan.date_corrected"),
        ("fell_due", None),
        ("became_overdue", None),
        ("time", None),
        ("moved", "loan.cost_charged"),
        ("time", None),
        ("moved", "loan.waived"),
    ]
    first = {change["figure"]: (change["before"], change["after"]) for change in said["steps"][0]["changes"]}
    assert first["oldest_due"] == ("2024-04-05", None)
    figures = {change["figure"]: change["after"] for change in said["changes"]}
    assert figures["costs"] == "30.00"
    assert "转为逾期" in say("--data", home[1], "--lang", "zh", *looks).out
    rows = say(*home, "query", "repayment_history", "--where", "kind=date_corrected").document["rows"]
    assert [(row["value_date"], row["amount"]) for row in rows] == [
        ("2024-04-05", "1037.20"),
        ("2024-04-25", "-1037.20"),
    ]
    assert say(*home, "loan", "difference", "JN-9", "--from", "2024-04-30").error["field"] == "loan_no"
    assert (
        say(*home, "loan", "difference", "JN-1", "--from", "2024-04-30", "--to-known-at", "x").error["field"]
        == "--to-known-at"
    )
