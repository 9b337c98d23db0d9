"""A partnership and a small enterprise, from the form to the money, typed at the command line."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from api.settings import Settings
from api.wiring import Installation
from domain.actor import parse_actor
from domain.facts import Moment
from domain.money import parse_yuan
from ledger.context import CommandContext
from ledger.disbursing import Disburse, disburse
from tests.api.test_application_commands import APPROVER, BANK, FORM, GUARANTOR, HR, Clerk, clerk, office
from tests.api.test_command_line import BAD_INPUT, REFUSED, home, say, undisturbed
from tests.papers import pdf

PARTNER = {"name": "王五", "id_number": "37999919850505213X"}
PARTNERSHIP: dict[str, Any] = {"kind": "partnership", "partners": [PARTNER], "amount": "660000.00"}
ENTERPRISE: dict[str, Any] = {
    "kind": "small_enterprise",
    "product": "small_enterprise",
    "group": None,
    "amount": "4000000.00",
    "enterprise": {"credit_code": "91370811MA3C00000G", "staff": 15, "hired": 2},
}
OF_ENTERPRISES = ("form", "licence", "roster", "statement")
DAY = ("--on", "2025-03-04")


def reviewed(clerk: Clerk) -> dict[str, Any]:
    """All three reviews, with a mortgage; what the last of them shows."""
    clerk.done("application", "counter-guarantee", "A-1", "mortgage", "--value", "4000000.00", *DAY, by=GUARANTOR)
    clerk.done("application", "review", "A-1", "credit", "--margin-bp", "40", *DAY, by=BANK)
    clerk.done("application", "review", "A-1", "guarantee", *DAY, by=GUARANTOR)
    return clerk.done("application", "review", "A-1", "eligibility", *DAY, by=HR)


def signed(clerk: Clerk, *method: str) -> list[dict[str, Any]]:
    """Approved and signed; the application's facts."""
    clerk.done("application", "approve", "A-1", "--on", "2025-03-05", by=APPROVER)
    clerk.done("application", "sign", "A-1", "JN-1", *method, "--on", "2025-03-10", by=BANK)
    events: list[dict[str, Any]] = clerk.done("replay", "application/A-1")["events"]
    return events


def paid_out(clerk: Clerk, *amounts: str) -> dict[str, Any]:
    """What the loan book says when the bank has paid these out."""
    bank, moment = parse_actor(BANK), Moment(now=datetime.now(UTC))
    with Installation(Settings.read(data=clerk.home.data)) as installation:
        for part, amount in enumerate(amounts, 1):
            order = Disburse(
                loan_no="JN-1",
                amount_fen=parse_yuan(amount),
                value_date=date(2025, 3, 12),
                bank_reference=f"P-{part}",
            )
            disburse(installation.ledger, order, CommandContext(bank, moment))
    (line,) = clerk.done("query", "loan_book", "--where", "loan_no=JN-1")["rows"]
    return dict(line)


def against(shown: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in shown["findings"] if not finding["holds"]]


def test_a_partnership_borrows_what_its_partners_may_together_and_a_tenth_more(clerk: Clerk) -> None:
    clerk.accepted(**PARTNERSHIP)
    alone = clerk.form(case_no="A-2", applicant=PARTNER, spouse=None)
    assert clerk("application", "submit", alone, *DAY).error["code"] == "application.household_has_one"
    wang = clerk.paper("wang.json", json.dumps(PARTNER))
    stands = ("application", "counter-guarantee", "A-1", "civil_servant", "--person", wang)
    said = clerk(*stands, *DAY, by=GUARANTOR)
    assert (said.status, said.error["field"]) == (BAD_INPUT, "person"), "a partner borrows too"
    assert reviewed(clerk)["reviews"] == {"eligibility": "passed", "guarantee": "passed", "credit": "passed"}
    bodies = {event["topic"]: event["body"] for event in signed(clerk)}
    submitted, approved = bodies["application.submitted"], bodies["application.approved"]
    assert approved["counted"] == [submitted["applicant"], *submitted["partners"]], "the loan counts for both"
    line = paid_out(clerk, "660000.00")
    assert (line["status"], line["approved"], line["guaranteed"]) == ("active", "660000.00", "462000.00")
    assert line["outstanding"] == line["disbursed"] == "660000.00"


def test_a_partner_s_own_figures_count(clerk: Clerk) -> None:
    clerk.accepted(**PARTNERSHIP)
    paper = clerk.done("application", "add", "A-1", "credit_report", clerk.paper("r.pdf", pdf("report")), *DAY)[
        "digest"
    ]
    read = ("--from", paper, "--reason", "not connected", "--partner", "1")
    clerk.done("application", "enter", "A-1", "credit_registry", "overdue=yes", *read, *DAY)
    shown = clerk.done("application", "review", "A-1", "eligibility", *DAY, by=HR)
    assert [finding["figures"] for finding in shown["findings"] if not finding["holds"]] == [{"partner": "1"}]


def test_a_partnership_that_asks_for_a_fen_more_is_refused(clerk: Clerk) -> None:
    clerk.accepted(**PARTNERSHIP | {"amount": "660000.01"})
    shown = reviewed(clerk)
    assert (shown["reviews"]["eligibility"], against(shown)) == ("rejected", ["limit.kind"])
    said = clerk("application", "approve", "A-1", "--on", "2025-03-05", by=APPROVER)
    assert (said.status, said.error["code"]) == (REFUSED, "application.reviews_missing")


def test_an_enterprise_that_hires_borrows_up_to_its_own_limit(clerk: Clerk) -> None:
    clerk.accepted(OF_ENTERPRISES, ("status=in_business", "staff=15", "hired=2"), **ENTERPRISE)
    shown = reviewed(clerk)
    assert against(shown) == []
    rules = {finding["rule"]: finding["figures"] for finding in shown["findings"]}
    assert rules["hire.ratio"] == {"hired": "2", "staff": "15", "least": "2", "percent": "10"}
    assert not {"age.least", "group.listed"} & set(rules), "what is asked of persons is not asked of an enterprise"
    signed(clerk, "--method", "bullet")
    line = paid_out(clerk, "2500000.00", "1500000.00")
    assert (line["product"], line["status"], line["guaranteed"]) == ("small_enterprise", "active", "2800000.00")
    assert line["outstanding"] == line["disbursed"] == "4000000.00"


def test_what_the_market_regulator_knows_goes_before_what_an_enterprise_says(clerk: Clerk) -> None:
    clerk.accepted(OF_ENTERPRISES, ("status=in_business", "staff=15", "hired=1"), **ENTERPRISE)
    shown = reviewed(clerk)
    assert (shown["reviews"]["eligibility"], against(shown)) == ("rejected", ["hire.ratio"])
    rejected = clerk.done("application", "reject", "A-1", "--on", "2025-03-05", by=APPROVER)
    assert (rejected["status"], rejected["waits_for"]) == ("rejected", [])


def test_an_enterprise_brings_four_documents(clerk: Clerk) -> None:
    clerk.done("application", "submit", clerk.form(**ENTERPRISE), *DAY)
    said = clerk("application", "accept", "A-1", *DAY)
    assert (said.status, said.error["code"]) == (REFUSED, "application.materials_missing")
    assert all(kind in said.error["message"]["en"] for kind in OF_ENTERPRISES)
