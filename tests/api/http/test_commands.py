"""Commands: one effect under one key, decided on the version that was looked at, answered with a receipt."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.wiring import Installation
from projections import log
from tests import papers
from tests.api.http.calling import APPLICATION, BANK, HR, Answer, Caller, accepted, lent

REPAID: dict[str, Any] = {"amount": "9000.00", "bank_reference": "p-1", "value_date": "2025-04-10"}


@pytest.fixture
def loan(call: Caller, policy: None) -> str:
    lent(call)
    return "JN-1"


def test_a_repeat_gets_the_first_answer_and_has_no_second_effect(call: Caller, loan: str) -> None:
    first = call.done("recordRepayment", loan, by=BANK, key="k-1", **REPAID)
    again = call.done("recordRepayment", loan, by=BANK, key="k-1", **REPAID)
    assert first.receipt | {"repeated": True} == again.receipt
    assert first.resource == again.resource
    assert not first.receipt["repeated"]


def test_the_same_key_with_another_body_or_another_actor_is_refused(call: Caller, loan: str) -> None:
    call.done("recordRepayment", loan, by=BANK, key="k-1", **REPAID)
    other = call("recordRepayment", loan, by=BANK, key="k-1", **REPAID | {"amount": "9000.01"})
    assert (other.status, other.code) == (422, "idempotency.key_reused")
    assert call("recordRepayment", loan, by=HR, key="k-1", **REPAID).code == "idempotency.key_reused"


def test_what_was_refused_may_be_tried_again_under_its_key(call: Caller, loan: str) -> None:
    early = REPAID | {"value_date": "2199-01-01"}
    assert call("recordRepayment", loan, by=BANK, key="k-1", **early).code == "value_date.in_future"
    call.done("recordRepayment", loan, by=BANK, key="k-1", **REPAID)


def test_a_command_decided_on_an_older_version_is_refused_and_records_nothing(
    call: Caller, loan: str, installation: Installation
) -> None:
    looked_at = call.done("recordRepayment", loan, by=BANK, **REPAID).headers["ETag"]
    second = REPAID | {"bank_reference": "p-2"}
    moved = call.done("recordRepayment", loan, by=BANK, tag=looked_at, key="k-2", **second)
    head = log.head(installation.projector)
    stale = call("recordRepayment", loan, by=BANK, tag=looked_at, **REPAID | {"bank_reference": "p-3"})
    assert (stale.status, stale.code) == (412, "version.stale")
    assert call("recordRepayment", loan, tag='"not-ours"', **second).status == 412
    assert call("recordRepayment", loan, tag=f"W/{moved.headers['ETag']}", **second).status == 412
    assert log.head(installation.projector) == head
    again = call.done("recordRepayment", loan, by=BANK, tag=looked_at, key="k-2", **second)
    assert again.receipt["position"] == moved.receipt["position"]
    both = f'"1", {again.headers["ETag"]}'
    call.done("recordRepayment", loan, by=BANK, tag=both, **REPAID | {"bank_reference": "p-4"})


def test_of_eight_who_decided_on_one_version_one_succeeds(call: Caller, loan: str) -> None:
    tag = call.done("reportJobs", loan, created=1, retained=0, value_date="2025-04-01").headers["ETag"]

    def report(number: int) -> Answer:
        return call("reportJobs", loan, tag=tag, created=number, retained=0, value_date="2025-04-01")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(report, range(2, 10)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7


def test_the_version_of_the_book_s_line_may_be_named(call: Caller, loan: str, working: None) -> None:
    head = call.done("reportJobs", loan, created=1, retained=0, value_date="2025-04-01").receipt["position"]
    tag = call.done("getLoan", loan, query={"wait_for": head}).headers["ETag"]
    call.done("recordRepayment", loan, by=BANK, tag=tag, **REPAID)
    assert call("recordRepayment", loan, by=BANK, tag=tag, **REPAID | {"bank_reference": "x"}).status == 412


def test_the_receipt_is_what_the_log_has(call: Caller, loan: str, installation: Installation) -> None:
    receipt = call.done("recordRepayment", loan, by=BANK, **REPAID).receipt
    (fact,) = log.page(installation.projector, receipt["position"] - 1, 1)
    assert (fact.leaf_hash.hex(), fact.recorded_at.isoformat()) == (receipt["leaf_hash"], receipt["recorded_at"])
    assert (fact.role, fact.subject, fact.institution) == ("bank_officer", "zhou", "rural_commercial")
    assert fact.channel == "http"


def test_without_an_actor_the_local_operator_acts(call: Caller, loan: str) -> None:
    call.done("recordRepayment", loan, **REPAID)
    last = call.done("replayStream", "loan", loan).json["events"][-1]
    assert last["actor"] == {"subject": "local", "role": "operator", "institution": "local", "region": "local"}


def test_a_document_under_a_used_key_is_another_command(call: Caller, policy: None) -> None:
    call.done("submitApplication", **APPLICATION)
    query = {"kind": "form", "value_date": "2025-03-03"}
    pdf: dict[str, Any] = {"media_type": "application/pdf", "query": query, "key": "k"}
    call.done("addDocument", "A-1", content=papers.pdf("one"), **pdf)
    assert call.done("addDocument", "A-1", content=papers.pdf("one"), **pdf).receipt["repeated"]
    assert call("addDocument", "A-1", content=papers.pdf("two"), **pdf).code == "idempotency.key_reused"
    png = call("addDocument", "A-1", content=papers.pdf("one"), media_type="image/png", query=query)
    assert (png.status, png.code) == (422, "material.refused")
    text = call("addDocument", "A-1", content=b"hello", media_type="text/plain", query=query)
    assert (text.status, text.code) == (415, "http.wrong_type")
    large = call("addDocument", "A-1", content=bytes(20 * 1024 * 1024 + 1), **pdf)
    assert (large.status, large.code) == (413, "http.too_large")


def test_nothing_to_record_has_no_receipt(call: Caller, policy: None) -> None:
    assert call.done("publishShipped").json["receipt"] is None
    person: dict[str, Any] = {"name": "张三", "id_number": "379999199001012112", "value_date": "2025-03-03"}
    known = call.done("registerBorrower", **person)
    assert known.receipt is not None
    again = call.done("registerBorrower", **person)
    assert again.json["receipt"] is None
    assert again.resource == known.resource


def test_no_person_s_data_leaves_or_is_logged(call: Caller, policy: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    accepted(call)
    bad = call("submitApplication", **APPLICATION | {"case_no": "A-2", "张三": 1, "months": "379999199001012112"})
    bad_person = {"name": "\u0007", "id_number": "37081119900101211", "phone": "call 13905370001"}
    worse = call("submitApplication", **APPLICATION | {"case_no": "A-3", "applicant": bad_person})
    assert (bad.status, worse.status) == (422, 422)
    shown = call.done("getApplication", "A-1").text + call.done("replayStream", "application", "A-1").text
    person = call.done("replayStream", "application", "A-1").json["events"][0]["body"]["applicant"]
    shown += call.done("replayStream", "borrower", person).text
    said = bad.text + worse.text + shown + caplog.text
    for secret in ("张三", "李四", "37081119900101211", "13905370001"):
        assert secret not in said
