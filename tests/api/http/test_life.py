"""A script that knows only the document's operations brings an application through its whole life."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.http.calling import APPROVER, BANK, GUARANTOR, Caller, approved, lent


@pytest.mark.usefixtures("policy", "working")
def test_from_the_request_over_three_reviews_to_payout_repayment_loss_and_recovery(call: Caller) -> None:
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
    lost = call.done(
        "chargeOff", "JN-1", by=BANK, amount=line["loan"]["outstanding"], claim_no="C-1", value_date="2025-10-10"
    )
    assert lost.resource["status"] == "charged_off"
    recovered = call.done(
        "recordRecovery",
        "C-1",
        by=GUARANTOR,
        gross="1000.00",
        cost="100.00",
        bank="rural_commercial",
        bank_reference="r-3",
        value_date="2025-11-10",
    )
    assert recovered.resource["recovered"] == {"fund": "81.00", "bank": "270.00", "guarantor": "549.00"}
    book = call.done("listLoans", query={"status": "charged_off", "wait_for": recovered.receipt["position"]}).json
    assert [row["recovered"] for row in book["rows"]] == ["900.00"]
    assert book["as_of_position"] >= recovered.receipt["position"]
    story = call.done("replayStream", "application", "A-1").json
    told = ["approved", "capacity_reserved", "contracted", "capacity_released"]
    assert [event["topic"] for event in story["events"]][-4:] == [f"application.{what}" for what in told]
    assert {event["channel"] for event in story["events"]} == {"http"}


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


def _head(call: Caller) -> int:
    return int(call.client.get("/health/ready").json()["log_head"])


@pytest.mark.usefixtures("policy")
def test_the_reviewer_does_not_approve(call: Caller) -> None:
    approved(call)
    refused = call("rejectApplication", "A-1", by=APPROVER, value_date="2025-03-05")
    assert (refused.status, refused.code) == (409, "application.ended")
    bank = call("approveApplication", "A-1", by=BANK, value_date="2025-03-05")
    assert (bank.status, bank.code) == (403, "actor.not_permitted")
