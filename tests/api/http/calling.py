"""A caller that knows the API by its document alone: operations by their ids, addresses and methods from what is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from tests.papers import pdf, png

HR = "hr_officer:liu@human_resources/370811"
GUARANTOR = "guarantor_officer:sun@jining_guarantee/370811"
BANK = "bank_officer:zhou@rural_commercial/370811"
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
        document = client.get("/api/v1/openapi.json").json()
        self.operations = {
            operation["operationId"]: (method.upper(), path)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }

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
