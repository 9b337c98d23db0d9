"""What callers rely on only grows, and each way of shrinking is noticed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from api.http.app import document_of
from tests.contract.openapi_publishing import SNAPSHOT, rendered, shrunk

_LOAN = "/api/v1/loans/{loan_no}"


def test_the_snapshot_is_what_the_api_says() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == rendered()


def test_every_operation_has_an_id_of_its_own_words_and_its_problems() -> None:
    operations = [(path, one) for path, methods in document_of()["paths"].items() for one in methods.values()]
    ids = [one["operationId"] for _, one in operations]
    assert len(ids) == len(set(ids)) > 60
    for path, one in operations:
        assert one["summary"] and one["description"] and one["tags"]
        wanted = {"403", "421", "422", "500", "503"} | ({"404"} if "{" in path else set())
        assert wanted <= one["responses"].keys(), path
        for status, response in one["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]


def test_growth_is_no_loss() -> None:
    old = copy.deepcopy(document_of())
    del old["paths"]["/api/v1/loans"], old["components"]["schemas"]["Disburse"]["properties"]["amount"]
    old["components"]["schemas"]["Disburse"]["required"] = ["value_date", "amount", "bank_reference"]
    old["paths"][_LOAN]["get"]["description"] = "other words"
    method = old["components"]["schemas"]["SignApproved"]["properties"]["method"]
    method["pattern"] = "^(equal_instalment|bullet)$"
    charge_off = old["components"]["schemas"]["ChargeOff"]
    charge_off["required"].append("claim_no")
    charge_off["properties"]["claim_no"] = charge_off["properties"]["claim_no"]["anyOf"][0]
    (number,) = (one for one in old["paths"][_LOAN]["get"]["parameters"] if one["name"] == "loan_no")
    number["schema"]["maxLength"] = 64
    assert shrunk(old, document_of()) == []
    assert shrunk(document_of(), document_of()) == []
    number["schema"]["maxLength"] = 99
    assert len(shrunk(old, document_of())) == 1, "a number that was long enough is too long"
    number["schema"]["maxLength"] = 80
    method["pattern"] = "^(equal_instalment|balloon)$"
    assert len(shrunk(old, document_of())) == 1, "a choice that is no longer there"


def _operation(said: dict[str, Any]) -> None:
    del said["paths"][_LOAN]


def _parameter(said: dict[str, Any]) -> None:
    said["paths"][_LOAN]["get"]["parameters"].pop()


def _asked(said: dict[str, Any]) -> None:
    said["paths"][_LOAN]["get"]["parameters"].append({"in": "query", "name": "new", "required": True})


def _field(said: dict[str, Any]) -> None:
    del said["components"]["schemas"]["Disburse"]["properties"]["amount"]


def _required(said: dict[str, Any]) -> None:
    said["components"]["schemas"]["Disburse"]["required"].append("more")


def _answered(said: dict[str, Any]) -> None:
    answer = said["paths"][_LOAN]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    del answer["properties"]["loan"]["properties"]["outstanding"]


def _renamed(said: dict[str, Any]) -> None:
    said["paths"][_LOAN]["get"]["operationId"] = "other"


@pytest.mark.parametrize("shrink", [_operation, _parameter, _asked, _field, _required, _answered, _renamed])
def test_shrinking_is_noticed(shrink: Callable[[dict[str, Any]], None]) -> None:
    changed = copy.deepcopy(document_of())
    shrink(changed)
    assert shrunk(document_of(), changed) != []
