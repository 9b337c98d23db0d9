"""A script that knows only the document's operations brings an application through its whole life."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from domain.calendar import city_day
from domain.subsidy.method import shipped_method
from ledger.approving import FUND
from tests.api.http.calling import (
    APPROVER,
    BANK,
    FUNDS,
    GUARANTOR,
    HR,
    OTHER_BANKER,
    Caller,
    approved,
    claimed,
    lent,
    paid,
)
from tests.ledger.test_statements import CSV


@pytest.mark.usefixtures("policy", "working")
def test_from_the_request_over_three_reviews_to_payout_repayment_and_loss(call: Caller) -> None:
    approved(call)
    standing = call.done("getApplication", "A-1").resource
    assert standing["reviews"] == {"eligibility": "passed", "guarantee": "passed", "credit": "passed"}
    assert (standing["status"], standing["waits_for"]) == ("approved", ["contract"])
    assert all(finding["holds"] and finding["en"] and finding["zh"] for finding in standing["findings"])
    signed = call.done("signApproved", "A-1", by=BANK, loan_no="JN-1", value_date="2025-03-10")
    assert signed.status == 201 and signed.headers["Location"] == "/api/v1/loans/JN-1"
    assert signed.resource["status"] == "contracted"
    paid: dict[str, Any] = {"bank_reference": "r-1", "value_date": "2025-03-11"}
    out = call.done("disburse", "JN-1", by=BANK, amount="200000.00", **paid)
    assert out.resource["status"] == "active"
    back = call.done(
        "recordRepayment", "JN-1", by=BANK, amount="9000.00", bank_reference="r-2", value_date="2025-04-10"
    )
    line = call.done("getLoan", "JN-1", query={"wait_for": back.receipt["position"]}).json
    assert line["loan"]["disbursed"] == "200000.00"
    assert line["loan"]["outstanding"] == back.resource["balances"]["principal"]
    assert line["version"] == int(back.headers["ETag"].strip('"'))
    before = call.done("getLoan", "JN-1", query={"as_of": "2025-03-31"}).json["loan"]
    assert before["outstanding"] == "200000.00"
    lost = call.done("chargeOff", "JN-1", by=BANK, amount=line["loan"]["outstanding"], value_date="2025-10-10")
    assert lost.resource["status"] == "charged_off"
    book = call.done("listLoans", query={"status": "charged_off", "wait_for": lost.receipt["position"]}).json
    assert [row["charged_off"] for row in book["rows"]] == [line["loan"]["outstanding"]]
    assert book["as_of_position"] >= lost.receipt["position"]
    story = call.done("replayStream", "application", "A-1").json
    told = ["approved", "capacity_reserved", "contracted", "capacity_released"]
    assert [event["topic"] for event in story["events"]][-4:] == [f"application.{what}" for what in told]
    assert {event["channel"] for event in story["events"]} == {"http"}


@pytest.mark.usefixtures("policy", "working")
def test_from_the_request_over_default_to_a_claim_paid_and_two_recoveries(call: Caller, database: str) -> None:
    """风险补偿 by 9/30/61; finance then reads of the fund what plain SQL sums from the facts alone."""
    endorsed = claimed(call)
    assert sorted(endorsed.resource["waits_for"]) == ["fund", "guarantor"]
    shares = paid(call)
    assert shares.resource["status"] == "paid"
    account: dict[str, Any] = {"bank": "rural_commercial", "collected_by": "guarantor"}
    for n, (gross, cost) in enumerate((("51260.07", "1260.00"), ("12345.29", "0.00")), 1):
        day, reference = f"2025-1{n}-10", f"Z-{n}"
        back = call.done(
            "recordRecovery",
            "C-1",
            by=GUARANTOR,
            gross=gross,
            cost=cost,
            bank_reference=reference,
            value_date=day,
            **account,
        )
    assert back.resource["recovered"] == {"fund": "5611.08", "bank": "18703.61", "guarantor": "38030.67"}
    remitted = {"party": "guarantor", "payee": "fund", "amount": "4500.01", "bank": "rural_commercial"}
    last = call.done("remitRecovery", "C-1", by=GUARANTOR, **remitted, bank_reference="T-1", value_date="2025-12-11")
    query = {"wait_for": last.receipt["position"], "fund": FUND}
    lines = call.done("listFundPositions", query=query).json["rows"]
    told = {name: sum(Decimal(line[name]) for line in lines) for name in ("claims_paid", "recovered", "cash")}
    summed = plain_sums(database)
    assert told == {name: Decimal(fen) / 100 for name, fen in summed.items()}
    assert all(line["exposure"] == line["reserved"] == "0.00" for line in lines)
    call.done("listPostings", query={"wait_for": last.receipt["position"], "limit": "1"})
    rolled = call.done("getRollForward", FUND, query={"from": "2025-01-01"}).json["totals"]
    assert Decimal(rolled["opening"]) + Decimal(rolled["claims"]) - Decimal(rolled["recovered"]) == Decimal(
        rolled["closing"]
    )
    assert Decimal(rolled["claims"]) == told["claims_paid"]
    assert call("getRollForward", FUND).json["field"] == "from"
    (claim,) = call.done("listClaims", query={"wait_for": last.receipt["position"]}).json["rows"]
    assert (claim["status"], Decimal(claim["fund_share"])) == ("paid", told["claims_paid"])


@pytest.mark.usefixtures("policy", "working")
def test_finance_closes_a_month_and_two_people_open_it_again(call: Caller) -> None:
    interest = {"bank": "rural_commercial", "bank_reference": "I-1", "value_date": "2025-03-21"}
    call.done("receiveInterest", FUND, amount="12.34", **interest)
    closed = call.done("closePeriod", FUND, until="2025-03-31")
    assert closed.resource["closed_until"] == "2025-03-31"
    assert call("closePeriod", FUND, until="2025-03-31").code == "fund.period_closed"
    assert call("closePeriod", FUND, until="2025-04-29").code == "fund.period_not_over"
    (period,) = call.done("listPeriods", FUND).json["periods"]
    assert (period["result"], period["holds"]) == ("12.34", True)
    assert period["at_position"] + 1 == closed.receipt["position"]
    late = call.done("receiveInterest", FUND, amount="1.00", **interest | {"bank_reference": "I-2"})
    query = {
        "fund": FUND,
        "as_of": "2025-03-31",
        "wait_for": late.receipt["position"],
        "account": "G1001",
        "totals": True,
    }
    assert call.done("listTrialBalance", query=query).json["totals"]["debit"] == "5000012.34"
    again = call.done("reopenPeriod", FUND, until="2025-03-31", confirmed_by="head", reason="a finding")
    assert again.resource["closed_until"] is None
    assert call.done("listPeriods", FUND).json["periods"] == []


@pytest.mark.usefixtures("policy", "working")
def test_what_the_budget_bears_of_a_loan_s_quarter(call: Caller) -> None:
    lent(call)
    said = call.done("getSubsidy", "JN-1", query={"quarter": "2025Q1"}).json
    assert (said["from"], said["to"], said["regime"]) == ("2024-12-21", "2025-03-20", "C")
    (line,) = said["lines"]
    assert (line["from"], line["days"], line["principal"]) == ("2025-03-11", 10, "200000.00")
    assert said["interest"] == f"{Decimal(200_000) * Decimal(line['rate']) * 10 / 360:.2f}"
    assert sum(map(Decimal, said["levels"].values())) == Decimal(said["subsidy"])
    assert call("getSubsidy", "JN-1", query={"quarter": "2025Q5"}).json["field"] == "quarter"
    assert call("getSubsidy", "JN-1").json["field"] == "quarter"
    this_year = city_day(datetime.now(UTC)).year
    running = call("getSubsidy", "JN-1", query={"quarter": f"{this_year + 1}Q1"})
    assert (running.code, running.json["field"]) == ("input.invalid", "quarter"), "nothing is said of days to come"
    assert call("getSubsidy", "JN-2", query={"quarter": "2025Q1"}).code == "loan.unknown"


@pytest.mark.usefixtures("policy", "working")
def test_a_subsidy_batch_from_the_calculation_to_the_year_s_settlement(call: Caller) -> None:
    lent(call)
    fund = "jining_subsidy"
    day: dict[str, Any] = {"value_date": "2025-04-01"}
    call.done(
        "openSubsidyFund",
        fund=fund,
        title="贴息资金",
        operator="finance",
        method=shipped_method(),
        value_date="2025-01-02",
    )
    cash: dict[str, Any] = {"bank": "treasury", "level": "city", **day}
    funded = call.done("receiveAllocation", fund, amount="5000.00", bank_reference="A-1", **cash)
    assert funded.resource["received"] == {"city": "5000.00"}
    opened = call.done("calculateSubsidies", fund=fund, bank="rural_commercial", quarter="2025Q1", by=HR, **day)
    batch = opened.resource["batch"]
    assert opened.status == 201 and opened.headers["Location"] == f"/api/v1/subsidy-batches/{batch}"
    assert call.done("getSubsidyBatch", batch).resource["amount"] == opened.resource["amount"]
    (line,) = call.done("listSubsidyLines", batch, query={"loan_no": "JN-1"}).json["lines"]
    granted = opened.resource["amount"]
    assert line["amount"] == granted == call.done("getSubsidy", "JN-1", query={"quarter": "2025Q1"}).json["subsidy"]
    said: dict[str, Any] = {"loan_no": "JN-1", "reason": "the days", **day}
    call.done("disputeLine", batch, by=BANK, **said)
    assert call("confirmBatch", batch, by=OTHER_BANKER, **day).code == "subsidy_batch.disputed"
    call.done("settleLineDispute", batch, by="hr_officer:he@hr/370800", outcome="upheld", **said)
    assert call.done("recalculateSubsidies", batch, by=HR, **day).json["receipt"] is None
    assert call("confirmBatch", batch, by="bank_officer:a@elsewhere/1", **day).code == "subsidy_batch.other_bank"
    call.done("confirmBatch", batch, by=OTHER_BANKER, **day)
    call.done("approveBatch", batch, by="hr_officer:ma@hr/370800", office="hr", **day)
    approved_now = call.done("approveBatch", batch, by="finance_officer:lu@finance/370800", office="finance", **day)
    assert approved_now.resource["to_pay"] == granted
    pay: dict[str, Any] = {"route": "social_security_card", "bank": "treasury", **day}
    assert call.done("paySubsidies", batch, bank_reference="P-1", **pay).resource["paid"] == granted
    failed: dict[str, Any] = {"loan_no": "JN-1", "bank": "treasury", "bank_reference": "B-1", "reason": "closed", **day}
    assert call.done("failPayment", batch, **failed).resource["to_pay"] == granted
    call.done("paySubsidies", batch, bank_reference="P-2", **pay)
    stopped: dict[str, Any] = {"reason": "employed", "evidence": ["1" * 64]}
    call.done("stopSubsidy", "JN-1", by=HR, value_date="2025-03-11", **stopped)
    (excess,) = call.done("listOverpaid", fund, query={"bank": "rural_commercial"}).json["lines"]
    assert excess["excess"] == granted
    assert call("listOverpaid", fund).json["field"] == "bank"
    raised = call.done("clawBack", batch, by=HR, loan_no="JN-1", **stopped, **day)
    assert raised.resource["owed_back"] == granted
    some: dict[str, Any] = {"loan_no": "JN-1", **day}
    call.done("waiveClawback", batch, amount="1.00", confirmed_by="head", reason="hardship", **some)
    rest = str(Decimal(granted) - 1)
    collected = call.done("collectClawback", batch, amount=rest, bank="treasury", bank_reference="C-1", **some)
    assert collected.resource["owed_back"] == "0.00"
    call.done("resumeSubsidy", "JN-1", by=HR, reason="left the post", value_date="2025-03-21")
    back: dict[str, Any] = {"confirmed_by": "head", "bank_reference": "R-1", **cash}
    assert call("returnToBudget", fund, amount=rest, **back).code == "subsidy_fund.nothing_to_return"
    assert call.done("returnToBudget", fund, amount="0.50", **back).resource["returned"] == {"city": "0.50"}
    query = {"fund": fund, "wait_for": collected.receipt["position"]}
    (row,) = call.done("listSubsidies", query=query).json["rows"]
    assert (row["collected"], row["clawed_back"], row["owed_back"]) == (rest, rest, "0.00")
    call.done("closeSubsidyPeriod", fund, until="2025-11-30")
    assert (
        call.done("reopenSubsidyPeriod", fund, until="2025-11-30", confirmed_by="head", reason="a finding").resource[
            "closed_until"
        ]
        is None
    )
    assert call("settleSubsidyYear", fund, year=2025).code == "subsidy_fund.year_not_closed"
    call.done("closeSubsidyPeriod", fund, until="2025-12-31")
    (settled,) = call.done("settleSubsidyYear", fund, year=2025).resource["settlements"]
    assert {one["level"] for one in settled["levels"]} == {"central", "province", "city", "county"}
    call.done("adoptSubsidyMethod", fund, method=shipped_method().replace("bank_days = 3", "bank_days = 4"), **day)
    story = call.done("replayStream", "subsidy_batch", batch).json["events"]
    assert story[1]["body"]["lines"][0]["trace"][0]["principal_fen"] == 20_000_000


@pytest.mark.usefixtures("policy", "working")
def test_a_watch_suspends_whoever_reached_the_stop(call: Caller) -> None:
    claimed(call)
    assert call.done("watchFund", FUND, by=FUNDS).json["receipt"] is None, "nothing is paid yet"
    today = city_day(datetime.now(UTC)).isoformat()
    call.done(
        "injectCapital",
        FUND,
        amount="1000000.00",
        level="city",
        bank="other_bank",
        bank_reference="C-9",
        value_date=today,
    )
    shares = paid(call, today, bank="other_bank")
    call.done("listFundPositions", query={"wait_for": shares.receipt["position"]})
    lines = call.done("listFundPositions", query={"fund": FUND}).json["rows"]
    assert [line["bank"] for line in lines if line["claims_paid"] != "0.00"] == ["rural_commercial"], (
        "whose loan it was"
    )
    cash = [Decimal(line["cash"]) for line in lines if line["bank"] == "other_bank"]
    (share,) = (Decimal(line["claims_paid"]) for line in lines if line["claims_paid"] != "0.00")
    assert sum(cash) == 1_000_000 - share, "from where it was paid"
    pages, query = list[Any](), {"fund": FUND, "limit": "1"}
    while True:
        page = call.done("listFundPositions", query=query).json
        pages += page["rows"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert pages == lines, "page by page nothing is lost, be it without a bank, a county or a level"
    watched = call.done("watchFund", FUND, by=FUNDS, key="watch")
    assert watched.resource["suspended"] == ["bank rural_commercial", "county 370811"]
    story = call.done("replayStream", "fund", FUND).json["events"]
    assert [event["topic"] for event in story[-2:]] == ["fund.guarantees_suspended"] * 2
    assert call.done("watchFund", FUND, by=FUNDS, key="watch").receipt["repeated"]
    assert call.done("watchFund", FUND, by=FUNDS).json["receipt"] is None
    assert call("watchFund", FUND, by=BANK).code == "actor.not_permitted"
    assert call("watchFund", "nowhere", by=FUNDS).code == "fund.unknown"


def plain_sums(database: str) -> dict[str, int]:
    """Of the fund, in fen, by SQL over the bytes of the facts and nothing of ours."""
    with psycopg.connect(database) as auditor:
        row = auditor.execute(
            """
            WITH fact AS (SELECT topic, convert_from(state, 'UTF8')::jsonb AS said FROM ledger.stored_events),
              amount AS (SELECT topic, (said ->> 'amount_fen')::bigint AS fen, said FROM fact)
            SELECT sum(fen) FILTER (WHERE topic = 'fund.capital_injected'),
                   sum(fen) FILTER (WHERE topic = 'claim.share_paid' AND said ->> 'party' = 'fund'),
                   sum(fen) FILTER (WHERE topic = 'claim.recovery_remitted' AND said ->> 'payee' = 'fund'),
                   (SELECT sum((share ->> 'fen')::bigint) FROM fact, jsonb_array_elements(said -> 'shares') share
                    WHERE topic = 'claim.recovery_received' AND share ->> 'party' = 'fund')
            FROM amount
            """
        ).fetchone()
    assert row is not None
    capital, paid, collected, recovered = (int(fen) for fen in row)
    return {"claims_paid": paid, "recovered": recovered, "cash": capital - paid + collected}


@pytest.mark.usefixtures("policy", "working")
def test_a_loan_is_read_as_it_was_and_as_it_was_known(call: Caller) -> None:
    lent(call)
    early = call.done("getLoan", "JN-1", query={"wait_for": _head(call)}).json["as_of_position"]
    paid = call.done("recordRepayment", "JN-1", by=BANK, amount="9000.00", bank_reference="p", value_date="2025-04-10")
    asked = {"wait_for": paid.receipt["position"]}
    now = call.done("getLoan", "JN-1", query=asked)
    then = call.done("getLoan", "JN-1", query=asked | {"known_at": early})
    assert then.json["loan"]["outstanding"] == "200000.00" != now.json["loan"]["outstanding"]
    assert then.json["version"] == now.json["version"] - 1
    by_time = call.done("getLoan", "JN-1", query=asked | {"known_at": paid.receipt["recorded_at"]})
    assert by_time.json["loan"] == now.json["loan"]
    known = call.done("replayStream", "loan", "JN-1", query={"known_at": early}).json
    assert known["state"]["balances"]["principal"] == "200000.00"
    day = call.done("getApplication", "A-1", query={"as_of": "2025-03-03"}).resource
    assert day["reviews"] == {}
    assert call("getLoan", "JN-1", query={"known_at": 1}).status == 404


@pytest.mark.usefixtures("policy")
def test_what_is_owed_is_told_of_any_day_as_known_at_any_position(call: Caller) -> None:
    lent(call)
    early = _head(call)
    before = call.done("getOwed", "JN-1", query={"as_of": "2025-04-20"}).json
    assert (before["overdue_principal"], before["oldest_due"]) != ("0.00", None)
    due = call.done("getOwed", "JN-1", query={"as_of": "2025-04-11"}).json
    asked = Decimal(due["due_principal"]) + Decimal(due["due_interest"])
    call.done("recordRepayment", "JN-1", by=BANK, amount=str(asked), bank_reference="p", value_date="2025-04-11")
    now = call.done("getOwed", "JN-1", query={"as_of": "2025-04-20"}).json
    assert (now["overdue_principal"], now["penalty"], now["oldest_due"]) == ("0.00", "0.00", None)
    assert call.done("getOwed", "JN-1", query={"as_of": "2025-04-20", "known_at": early}).json == before
    assert len(now["instalments"]) == len(before["instalments"])
    assert call("getOwed", "JN-9").code == "loan.unknown"
    assert call("getOwed", "JN-1", query={"known_at": 1}).code == "loan.unknown"
    ahead = call.done(
        "recordRepayment",
        "JN-1",
        by=BANK,
        amount="50000.00",
        bank_reference="q",
        value_date="2025-04-20",
        prepayment="lower",
    )
    assert ahead.resource["status"] == "active"
    wrong = call(
        "recordRepayment", "JN-1", by=BANK, amount="1.00", bank_reference="r", value_date="2025-04-20", prepayment="x"
    )
    assert (wrong.status, wrong.json["field"]) == (422, "prepayment")


def _head(call: Caller) -> int:
    return int(call.client.get("/health/ready").json()["log_head"])


@pytest.mark.usefixtures("policy")
def test_the_reviewer_does_not_approve(call: Caller) -> None:
    approved(call)
    refused = call("rejectApplication", "A-1", by=APPROVER, value_date="2025-03-05")
    assert (refused.status, refused.code) == (409, "application.ended")
    bank = call("approveApplication", "A-1", by=BANK, value_date="2025-03-05")
    assert (bank.status, bank.code) == (403, "actor.not_permitted")


@pytest.mark.usefixtures("policy", "working")
def test_a_claim_of_the_longest_number_is_reached_and_a_deduction_is_said_in_yuan(call: Caller) -> None:
    number = "C" * 80
    lent(call)
    package = {code: f"{n:064x}" for n, code in enumerate(("claim_form", "dunning", "contract"), 1)}
    said: dict[str, Any] = {"loan_no": "JN-1", "documents": package, "value_date": "2025-08-01"}
    assert call("fileClaim", by=BANK, claim_no=number + "C", **said).status == 422
    assert call.done("fileClaim", by=BANK, claim_no=number, **said).headers["Location"].endswith(number)
    step: dict[str, Any] = {"by": HR, "value_date": "2025-08-04"}
    less: dict[str, Any] = {"principal": "199999.00", "deductions": [{"amount": "1.00", "reason": "dunned late"}]}
    mute = call("verifyClaim", number, **step, **less | {"deductions": [{"amount": "1.00", "reason": ""}]})
    assert (mute.status, mute.json["field"]) == (422, "deductions.0.reason")
    short = call("verifyClaim", number, **step, **less | {"deductions": [{"amount": "0.99", "reason": "dunned late"}]})
    assert (short.code, short.json["field"]) == ("claim.more_than_claimed", "deductions")
    call.done("verifyClaim", number, **step, **less)
    out_of_order = call("verifyClaim", number, **step, **less)
    assert (out_of_order.code, out_of_order.json["field"]) == ("claim.step_out_of_order", "claim_no")
    assert out_of_order.json["detail_zh"].endswith("状态为 已核实（verified）；核实须为 已申请（filed）")


@pytest.mark.usefixtures("policy", "working")
def test_a_fund_passes_on_what_is_on_its_account(call: Caller) -> None:
    claimed(call)
    paid(call)
    account: dict[str, Any] = {"bank": "rural_commercial", "bank_reference": "Z-1", "value_date": "2025-09-01"}
    call.done("recordRecovery", "C-1", by=FUNDS, gross="1000.00", cost="0.00", collected_by="fund", **account)
    passed: dict[str, Any] = {"by": FUNDS, "party": "fund", "payee": "bank", "amount": "300.00"}
    empty = account | {"bank": "elsewhere", "bank_reference": "Z-2"}
    assert call("remitRecovery", "C-1", **passed, **empty).code == "fund.cash_short"
    assert call.done("remitRecovery", "C-1", **passed, **account | {"bank_reference": "Z-2"}).status == 200


@pytest.mark.usefixtures("policy", "working")
def test_a_day_is_closed_and_the_overdue_list_says_by_when_to_claim(call: Caller) -> None:
    lent(call)
    closed = call.done("closeDay", value_date="2025-08-01").json
    assert (closed["loans"], closed["told"]["loan.became_overdue"]) == (1, 1)
    assert call.done("closeDay", value_date="2025-08-01").json["facts"] == 0
    query = {"wait_for": _head(call), "as_of": "2025-08-01", "category": "substandard"}
    (row,) = call.done("listOverdueLoans", query=query).json["rows"]
    assert (row["loan_no"], row["ageing"], row["file_by"]) == ("JN-1", "over_90", "2025-09-30")
    future = call("closeDay", value_date="2199-01-01")
    assert (future.status, future.code) == (409, "value_date.in_future")
    assert call("closeDay", by=BANK, value_date="2025-08-01").code == "actor.not_permitted"


@pytest.mark.usefixtures("policy", "working")
def test_a_statement_of_account_in_every_form(call: Caller) -> None:
    lent(call)
    call.done("recordRepayment", "JN-1", by=BANK, amount="9000.00", bank_reference="p", value_date="2025-04-10")
    said = call.done("getStatement", "JN-1", query={"to": "2025-04-30"}).json
    assert ("repaid", "p") in [(line["entry"], line["bank_reference"]) for line in said["lines"]]
    assert said["totals"]["repaid"] == "9000.00"
    for form, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF-")):
        answer = call.done("getStatement", "JN-1", query={"to": "2025-04-30", "format": form})
        assert answer.response.content.startswith(begins)
        assert answer.headers["Content-Disposition"] == f'attachment; filename="statement.{form}"'
    early = call("getStatement", "JN-1", query={"from": "2025-05-01", "to": "2025-04-30"})
    assert (early.status, early.json["field"]) == (422, "from")
    assert call("getStatement", "nowhere").status == 404
    assert call("getStatement", "JN-1", query={"format": "doc"}).json["field"] == "format"


@pytest.mark.usefixtures("policy", "working")
def test_what_was_recorded_is_corrected_and_the_difference_explained(call: Caller) -> None:
    lent(call)
    second = {"subject": "wang", "role": "bank_supervisor", "institution": "rural_commercial", "region": "370811"}
    asked: dict[str, Any] = {"reason": "system down", "evidence": ["a" * 64], "value_date": "2025-04-20"}
    call.done("chargeCost", "JN-1", by=BANK, amount="80.00", **asked)
    known = _head(call)
    assert call("waive", "JN-1", by=BANK, part="costs", amount="80.01", confirmed_by=second, **asked).status == 409
    call.done("waive", "JN-1", by=BANK, part="costs", amount="30.00", confirmed_by=second, **asked)
    earlier = {**asked, "value_date": "2025-04-10"}
    assert (
        call("correctDate", "JN-1", by=BANK, version=1, confirmed_by=second, **earlier).code == "loan.unknown_movement"
    )
    assert (
        call("correctDate", "JN-1", by=BANK, version=3, confirmed_by=second, **{**earlier, "evidence": []}).status
        == 422
    )
    call.done("correctDate", "JN-1", by=BANK, version=3, confirmed_by=second, **earlier)
    query = {"from": "2025-04-15", "to": "2025-04-15", "from_known_at": str(known)}
    said = call.done("getDifference", "JN-1", query=query).json
    assert [(step["cause"], step["topic"], step["reason"]) for step in said["steps"]] == [
        ("recorded", "loan.date_corrected", "system down")
    ]
    assert ("costs", "80.00") in [(change["figure"], change["after"]) for change in said["changes"]]
    assert call("getDifference", "JN-1", query={"from": "2025-13-01"}).json["field"] == "from"
    assert call("getDifference", "nowhere").status == 404
    assert call("getDifference", "JN-1", query={"from_known_at": "0", "to_known_at": "0"}).status == 404


@pytest.mark.usefixtures("policy", "working")
def test_a_contract_changes_by_two_people(call: Caller) -> None:
    lent(call)
    second = {"subject": "wang", "role": "bank_supervisor", "institution": "rural_commercial", "region": "370811"}
    consent = {"subject": "sun", "role": "guarantor_officer", "institution": "jining_guarantee", "region": "370811"}
    asked: dict[str, Any] = {"reason": "flood", "confirmed_by": second, "value_date": "2025-05-01"}
    assert call("extendLoan", "JN-1", by=BANK, months=13, **asked).json["field"] == "months"
    extended = call.done("extendLoan", "JN-1", by=BANK, months=12, consented_by=consent, **asked)
    assert extended.status == 200
    assert call("extendLoan", "JN-1", by=BANK, months=12, **asked).code == "loan.extended_already"
    owed = call.done("getOwed", "JN-1", query={"as_of": "2025-05-01"}).json
    assert owed["instalments"][-1]["due"][:4] == "2028" or len(owed["instalments"]) > 24
    call.done("resetRate", "JN-1", by=BANK, annual_rate="0.03", **asked)
    wrong = call("resetRate", "JN-1", by=BANK, annual_rate="3%", **asked)
    assert (wrong.status, wrong.json["field"]) == (422, "annual_rate")
    call.done("findMisuse", "JN-1", by=BANK, evidence=["a" * 64], **asked)
    call.done("reportDeath", "JN-1", by=BANK, value_date="2025-05-02")
    call.done("reportClosure", "JN-1", by=BANK, value_date="2025-05-02")
    assert call("refund", "JN-1", by=BANK, amount="1.00", bank_reference="b", value_date="2025-05-02").status == 409


@pytest.mark.usefixtures("policy", "working")
def test_a_preview_says_what_the_command_then_does(call: Caller) -> None:
    lent(call)
    paid: dict[str, Any] = {"amount": "9000.00", "bank_reference": "p", "value_date": "2025-04-10"}
    head = _head(call)
    seen = call("recordRepayment", "JN-1", by=BANK, query={"preview": "true"}, key="one", **paid)
    assert (seen.status, _head(call)) == (200, head)
    assert seen.headers["content-type"] == "application/vnd.loan-ledger.preview+json"
    after = {change["figure"]: change["after"] for change in seen.json["changes"]}
    done = call.done("recordRepayment", "JN-1", by=BANK, key="one", **paid)
    assert done.resource["balances"]["principal"] == after["balances.principal"]
    owed = call.done("getOwed", "JN-1").json
    assert {f"owed.{name}": owed[name] for name in ("payoff", "penalty")}.items() <= after.items()
    package = {code: f"{n:064x}" for n, code in enumerate(("claim_form", "dunning", "contract"), 1)}
    said: dict[str, Any] = {"claim_no": "C-1", "documents": package, "value_date": "2025-09-30"}
    filing = call("fileClaim", by=BANK, loan_no="JN-1", query={"preview": "true"}, **said)
    assert [fact["topic"] for fact in filing.json["facts"]] == ["loan.claim_filed", "claim.filed"]
    assert call("getClaim", "C-1").status == 404


@pytest.mark.usefixtures("policy", "working")
def test_a_receipt_for_several_loans_over_http(call: Caller) -> None:
    lent(call)
    said: dict[str, Any] = {"bank_reference": "B-1", "value_date": "2025-04-10"}
    done = call.done("recordReceipt", by=BANK, parts=[{"loan_no": "JN-1", "amount": "9000.00"}], **said)
    assert done.json["loans"][0]["loan_no"] == "JN-1"
    none = call("recordReceipt", by=BANK, parts=[{"loan_no": "JN-1", "amount": "0"}], **said)
    assert (none.status, none.json["field"]) == (422, "parts.0.amount")
    assert call("recordReceipt", by=BANK, parts=[], **said).json["field"] == "parts"


@pytest.mark.usefixtures("policy", "working")
def test_a_statement_is_taken_in_and_reconciled(call: Caller) -> None:
    interest: dict[str, Any] = {"bank": "rural_commercial", "bank_reference": "123457", "value_date": "2025-03-04"}
    call.done("receiveInterest", FUND, amount="4500.01", **interest)
    account: dict[str, Any] = {
        "account": "rcb",
        "title": "专户",
        "fund": FUND,
        "bank": "rural_commercial",
        "number": "3708001202600001",
    }
    parties = [{"party": "guarantor", "names": ["济宁市融资担保有限公司"], "accounts": []}]
    opened = call.done("openAccount", **account, parties=parties, value_date="2025-01-02")
    assert opened.status == 201 and opened.headers["location"] == "/api/v1/accounts/rcb"
    taken = call.done("importStatement", "rcb", content=CSV.encode("gb18030"), media_type="text/csv")
    (latest,) = taken.resource["latest"]
    assert (taken.resource["lines"], latest["lines"], latest["taken"]) == (2, 2, True)
    again = call.done("importStatement", "rcb", content=CSV.encode("gb18030"), media_type="text/csv")
    assert again.json["receipt"] is None and again.resource["lines"] == 2
    wait = {"wait_for": taken.receipt["position"], "account": "rcb"}
    lines = call.done("listStatementLines", query=wait).json["rows"]
    assert [(row["paid_out"], row["named"]) for row in lines] == [("17136.40", "RF18539007547034"), ("0.00", None)]
    query: dict[str, Any] = {"to": "2025-03-31", "wait_for": taken.receipt["position"]}
    said = call.done("getReconciliation", "rcb", query=query).json
    assert said["residual"] == "0.00" and said["matched"] == {"P1": {"lines": 1, "entries": 1}}
    assert {one["class"] for one in said["breaks"]} >= {"UNKNOWN_BANK"}
    (match,) = call.done("listMatches", "rcb", query=query).json["matches"]
    apart = {"lines": match["lines"], "entries": match["entries"], "confirmed_by": "head", "reason": "two payments"}
    query["wait_for"] = call.done("unmatchLines", "rcb", **apart).receipt["position"]
    assert call.done("listMatches", "rcb", query=query).json["matches"] == []
    assert call("matchLines", "rcb", **apart | {"lines": ["0" * 32]}).code == "account.line_unknown"
    assert call("importStatement", "rcb", content=b"hello", media_type="text/csv").code == "statement.unknown_format"
    assert call("importStatement", "rcb", content=b"x", media_type="image/png").status == 415
    assert call("importStatement", "none", content=CSV.encode(), media_type="text/csv").code == "account.unknown"
    assert call("getReconciliation", "none").code == "account.unknown"
    report = call.done("getReport", "balance_sheet", query=query).json
    assert report["totals"]["assets"] == report["totals"]["liabilities"]
    printed = call.done("getReport", "fund_balance", query={"to": "2025-03-31", "format": "pdf"})
    assert printed.headers["content-type"] == "application/pdf"
    assert call("getReport", "nothing").code == "report.unknown"
