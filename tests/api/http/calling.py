"""A caller that knows the API by its document alone: operations by their ids, addresses and methods from what is published."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx2

from api.http.app import document_of
from ledger.approving import FUND
from tests.papers import pdf, png

HR = "hr_officer:liu@human_resources/370811"
GUARANTOR = "guarantor_officer:sun@jining_guarantee/370811"
BANK = "bank_officer:zhou@rural_commercial/370811"
OTHER_BANKER, FUNDS = "bank_officer:wu@rural_commercial/370811", "fund_officer:he@hr/370800"
APPROVER = "approver:chen@human_resources/370811"
APPLICATION: dict[str, Any] = {
    "case_no": "A-1",
    "kind": "individual",
    "applicant": {"name": "张三", "id_number": "379999199001012112", "phone": "13905370001"},
    "spouse": {"name": "李四", "id_number": "37999919920303212X"},
    "product": "zheng_yin_dan",
    "group": "returning_migrant",
    "amount": "200000.00",
    "months": 24,
    "channel": "outlet",
    "outlet": "jining-rcb-017",
    "bank": "rural_commercial",
    "guarantor": "jining_guarantee",
    "county": "370811",
    "value_date": "2025-03-03",
}


class Answer:
    """What came back."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.text: str = response.text
        self.response = response

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = self.response.json()
        return found

    @property
    def resource(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["resource"]
        return found

    @property
    def receipt(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["receipt"]
        return found

    @property
    def code(self) -> str:
        """The problem's code; a problem is always one in full."""
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json
        assert problem["type"] == f"/problems/{problem['code']}"
        assert problem["status"] == self.status
        assert problem["detail_en"] and problem["detail_zh"] and problem["remedy_en"] and problem["remedy_zh"]
        return str(problem["code"])


class Caller:
    """Calls operations by their ids."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client
        self.operations = _operations()

    def __call__(
        self,
        operation: str,
        *numbers: str,
        by: str | None = None,
        key: str | None = None,
        tag: str | None = None,
        content: bytes | None = None,
        media_type: str = "application/json",
        query: Mapping[str, Any] | None = None,
        **body: Any,
    ) -> Answer:
        method, path = self.operations[operation]
        for number in numbers:
            before, _, rest = path.partition("{")
            path = before + quote(number, safe="") + rest.partition("}")[2]
        headers = {"X-Actor": by, "Idempotency-Key": key, "If-Match": tag}
        said: dict[str, Any] = {"headers": {name: value for name, value in headers.items() if value is not None}}
        if content is not None:
            said["headers"]["Content-Type"] = media_type
            said["content"] = content
        elif method == "POST":
            said["json"] = body
        return Answer(self.client.request(method, path, params=query, **said))

    def done(self, operation: str, *numbers: str, **more: Any) -> Answer:
        answer = self(operation, *numbers, **more)
        assert answer.status in (200, 201), answer.text
        return answer


@cache
def _operations() -> dict[str, tuple[str, str]]:
    """By their ids, as the document says, which is made once: it takes as long as many calls."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in document_of()["paths"].items()
        for method, operation in methods.items()
    }


def accepted(call: Caller, **more: Any) -> None:
    """An application that has everything it needs."""
    asked = APPLICATION | more
    case = asked["case_no"]
    call.done("submitApplication", **asked)
    form = upload(call, case, "form", pdf("form"), "application/pdf")
    upload(call, case, "identity", png(), "image/png")
    for source, figures in (
        ("market_regulator", {"status": "in_business"}),
        ("civil_affairs", {"marital": "married"}),
        ("credit_registry", {"overdue": "no"}),
    ):
        said: dict[str, Any] = {"source": source, "figures": figures, "material": form, "reason": "not connected"}
        call.done("enterData", case, **said, value_date="2025-03-03")
    if asked.get("spouse"):
        call.done("enterData", case, **said, person=asked["spouse"], value_date="2025-03-03")
    call.done("acceptApplication", case, value_date="2025-03-03")


def upload(call: Caller, case: str, kind: str, content: bytes, media_type: str) -> str:
    """The digest of the document."""
    query = {"kind": kind, "value_date": "2025-03-03"}
    answer = call.done("addDocument", case, content=content, media_type=media_type, query=query)
    digest: str = answer.resource["materials"][-1]["digest"]
    return digest


def approved(call: Caller, **more: Any) -> None:
    """An application after its three reviews and its approval."""
    accepted(call, **more)
    case: str = (APPLICATION | more)["case_no"]
    day: dict[str, Any] = {"value_date": "2025-03-04"}
    wang = {"name": "王五", "id_number": "37999919850505213X"}
    call.done("registerCounterGuarantee", case, by=GUARANTOR, form="civil_servant", person=wang, **day)
    call.done("reviewCredit", case, by=BANK, margin_bp=50, **day)
    call.done("reviewGuarantee", case, by=GUARANTOR, **day)
    call.done("reviewEligibility", case, by=HR, **day)
    call.done("approveApplication", case, by=APPROVER, value_date="2025-03-05")


def lent(call: Caller, loan_no: str = "JN-1", **more: Any) -> None:
    """A loan that is paid out."""
    approved(call, **more)
    case: str = (APPLICATION | more)["case_no"]
    call.done("signApproved", case, by=BANK, loan_no=loan_no, value_date="2025-03-10")
    paid: dict[str, Any] = {"amount": "200000.00", "bank_reference": f"{loan_no}-1", "value_date": "2025-03-11"}
    call.done("disburse", loan_no, by=BANK, **paid)


def claimed(call: Caller, claim_no: str = "C-1") -> Answer:
    """A fund with capital, and a claim that waits to be paid."""
    capital = {"level": "city", "bank": "rural_commercial", "bank_reference": "C-1", "value_date": "2025-01-02"}
    call.done("injectCapital", FUND, amount="1000000.00", **capital)
    lent(call)
    package = {code: f"{n:064x}" for n, code in enumerate(("claim_form", "dunning", "contract"), 1)}
    said = {"loan_no": "JN-1", "claim_no": claim_no, "documents": package, "value_date": "2025-08-01"}
    filed = call.done("fileClaim", by=BANK, **said)
    assert (filed.status, filed.headers["Location"]) == (201, f"/api/v1/claims/{claim_no}")
    call.done("verifyClaim", claim_no, by=HR, value_date="2025-08-04")
    call.done("confirmShare", claim_no, by=OTHER_BANKER, party="bank", value_date="2025-08-05")
    call.done("confirmShare", claim_no, by=GUARANTOR, party="guarantor", value_date="2025-08-05")
    for office in ("pboc", "finance", "hr"):
        by = f"{office}_officer:{office}@{office}"
        endorsed = call.done("endorseClaim", claim_no, by=by, office=office, value_date="2025-08-06")
    return endorsed


def paid(call: Caller, value_date: str = "2025-08-20", **fund: str) -> Answer:
    """The claim C-1, its shares paid; `fund` says from which account."""
    for party, by in (("guarantor", GUARANTOR), ("fund", FUNDS)):
        said = {"party": party, "bank": "rural_commercial", "bank_reference": f"P-{party}", "value_date": value_date}
        answer = call.done("payShare", "C-1", by=by, **said | (fund if party == "fund" else {}))
    return answer
