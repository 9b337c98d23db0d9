"""The API against its own document: requests made from it, odd ones too, meet no 5xx and only answers that it describes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import DataObject, data, sampled_from
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as openapi_checks

from api.http.app import create_app, document_of
from domain.guarantee_fund.method import shipped_method
from ledger.approving import FUND
from tests.api.http.calling import APPLICATION, Caller, claimed, paid
from tests.api.http.installing import copied, kept_up_to_date, served

SCHEMA = schemathesis.openapi.from_dict(document_of())
OPERATIONS = {
    found.ok().definition.raw["operationId"]: found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok)
}
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
SHORT, LONG = 5, int(os.environ.get("CONTRACT_EXAMPLES", "150"))
THERE = {
    "case_no": "A-2",
    "loan_no": "JN-1",
    "claim_no": "C-1",
    "partner_no": "P-1",
    "project_no": "J-1",
    "fund": FUND,
    "kind": "loan",
}
"""Half of the requests are about things that are there, so that rules are met and not only doors."""


@pytest.fixture(scope="module")
def address(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server of a ledger in which something has happened."""
    with copied(server, template, tmp_path_factory.mktemp("contract")) as opened, served(create_app(opened)) as url:
        with httpx2.Client(base_url=url) as client:
            _happened(Caller(client))
        with kept_up_to_date(opened):
            yield url


def _happened(call: Caller) -> None:
    call.done("publishShipped")
    opened = {"fund": FUND, "title": "t", "operator": "hr", "method": shipped_method(), "value_date": "2024-01-02"}
    call.done("openFund", **opened)
    claimed(call)
    paid(call)
    day: dict[str, Any] = {"value_date": "2025-10-10"}
    person = {"name": "x", "id_number": "AB123456"}
    call.done("submitApplication", **APPLICATION | {"case_no": "A-2", "applicant": person, "spouse": None})
    who = [{"name": "y", "id_number": "AB123457"}]
    call.done("recruitPartner", partner_no="P-1", kind="founder", way="found_industry", county="c", persons=who, **day)
    call.done("registerProject", project_no="J-1", title="t", industry="i", county="c", partners=["P-1"], **day)


def _asked(operation_id: str, address: str, examples: int) -> None:
    operation = OPERATIONS[operation_id]

    @given(drawn=data())
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(drawn: DataObject) -> None:
        mode = drawn.draw(sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = drawn.draw(operation.as_strategy(generation_mode=mode))
        if case.path_parameters and drawn.draw(sampled_from([True, False])):
            case.path_parameters = {name: THERE.get(name, value) for name, value in case.path_parameters.items()}
            if "no" in case.path_parameters:
                case.path_parameters["no"] = "JN-1"
        case.call_and_validate(base_url=address, checks=CHECKS)

    ask()


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_an_operation_keeps_to_its_document(operation_id: str, address: str) -> None:
    _asked(operation_id, address, SHORT)


@pytest.mark.contract
@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_an_operation_keeps_to_its_document_at_length(operation_id: str, address: str) -> None:
    _asked(operation_id, address, LONG)
