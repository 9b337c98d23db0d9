"""Bad input: whatever comes, a clear 4xx in two languages; never a 5xx, never said back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.http.calling import Caller

GOOD: dict[str, Any] = {"amount": "1.00", "value_date": "2025-01-01", "bank_reference": "r"}
TEXT = json.dumps(GOOD)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff\xfe{}", 400),
        (b'{"amount": "\xc3\x28"}', 400),
        (TEXT.replace("{", '{"amount": "2.00", ', 1).encode(), 400),
        (TEXT.replace('"1.00"', "NaN").encode(), 400),
        (TEXT.replace('"1.00"', "1.00").encode(), 400),
        (TEXT.replace('"1.00"', "1e400").encode(), 400),
        (TEXT.replace('"1.00"', "9" * 5000).encode(), 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (TEXT.replace('"r"', '"\\u0000"').encode(), 400),
        (TEXT.replace('"r"', '"\\ud800"').encode(), 422),
        (TEXT.replace('"r"', '""').encode(), 422),
        (TEXT.replace('"r"', '"a\\nb"').encode(), 422),
        (TEXT.replace('"1.00"', "1").encode(), 422),
        (TEXT.replace('"1.00"', '"-1.00"').encode(), 422),
        (TEXT.replace('"1.00"', '"1.001"').encode(), 422),
        (TEXT.replace('"1.00"', '"1e3"').encode(), 422),
        (TEXT.replace('"1.00"', '"１.00"').encode(), 422),
        (TEXT.replace('"1.00"', '"99999999999999.00"').encode(), 422),
        (TEXT.replace('"1.00"', "null").encode(), 422),
        (TEXT.replace("2025-01-01", "2025-02-30").encode(), 422),
        (TEXT.replace("2025-01-01", "0001-01-01").encode(), 422),
        (TEXT.replace("2025-01-01", "9999-12-31").encode(), 422),
        (TEXT.replace("2025-01-01", "01.01.2025").encode(), 422),
        (TEXT.replace("{", '{"more": 1, ', 1).encode(), 422),
        (b"{}", 422),
        (b" " * (1024 * 1024 + 1), 413),
    ],
)
def test_a_body_that_does_not_fit_is_said_so(still: TestClient, body: bytes, status: int) -> None:
    answer = Caller(still)("recordRepayment", "X", content=body)
    assert (answer.status, answer.code.startswith(("http.", "input."))) == (status, True), answer.text


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "", "application/jsonp"])
def test_another_type_is_not_taken(still: TestClient, media_type: str) -> None:
    answer = Caller(still)("recordRepayment", "X", content=TEXT.encode(), media_type=media_type)
    assert (answer.status, answer.code) == (415, "http.wrong_type")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/loans/%00",
        "/api/v1/loans/a%20b",
        "/api/v1/loans/" + "x" * 81,
        "/api/v1/loans?limit=0",
        "/api/v1/loans?limit=1001",
        "/api/v1/loans?limit=１",
        "/api/v1/loans?cursor=x",
        "/api/v1/loans?cursor=WzEsMl0",
        "/api/v1/loans?county=1&county=2",
        "/api/v1/loans?nothing=1",
        "/api/v1/loans?county=%00",
        "/api/v1/loans?approved=12.345",
        "/api/v1/loans?approval_year=" + "9" * 5000,
        "/api/v1/loans?signed_on=2025-02-30",
        "/api/v1/loans?as_of=9999-12-31",
        "/api/v1/loans?as_of=tomorrow",
        "/api/v1/loans?known_at=then",
        "/api/v1/loans?known_at=0001-01-01T00:00:00%2B14:00",
        "/api/v1/loans?wait_for=-1",
        "/api/v1/loans?group_by=nothing",
        "/api/v1/loans?group_by=county&cursor=x",
        "/api/v1/loans?totals=yes",
        "/api/v1/projections/audit_trail?recorded_at=yesterday",
    ],
)
def test_a_question_that_does_not_fit_is_said_so(still: TestClient, path: str) -> None:
    answer = still.get(path)
    assert answer.status_code == 422 or "known_at=0001" in path, answer.text
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail_zh"] and answer.json()["remedy_en"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/loans/X", 404),
        ("/api/v1/applications/X", 404),
        ("/api/v1/claims/X", 404),
        ("/api/v1/partners/X", 404),
        ("/api/v1/projects/X", 404),
        ("/api/v1/streams/loan/X", 404),
        ("/api/v1/streams/nothing/X", 404),
        ("/api/v1/streams/borrower/X", 404),
        ("/api/v1/policy/editions/X", 404),
        ("/api/v1/projections/nothing", 404),
        ("/problems/nothing", 404),
    ],
)
def test_what_is_not_there_is_not_found(still: TestClient, path: str, status: int) -> None:
    answer = still.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_method_is_told_which_are_taken(still: TestClient) -> None:
    answer = still.delete("/api/v1/loans/X")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["code"] == "http.method_not_allowed"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "k" * 201),
        ("Idempotency-Key", "钥匙".encode()),
        ("X-Actor", "Bad Actor"),
        ("X-Actor", b"\xff"),
        ("X-Actor", "r" * 301),
        ("X-Correlation-Id", "c" * 201),
    ],
)
def test_a_header_that_does_not_fit_is_said_so(still: TestClient, header: str, value: str | bytes) -> None:
    headers = {header.encode(): value if isinstance(value, bytes) else value.encode()}
    answer = still.post("/api/v1/loans/X/repayments", json=GOOD, headers=headers)
    assert answer.status_code == 422, answer.text


def test_an_institution_may_be_written_in_chinese(still: TestClient) -> None:
    headers = {b"X-Actor": "bank_officer:zhou@农商行/370811".encode()}
    answer = still.post("/api/v1/loans/X/repayments", json=GOOD, headers=headers)
    assert answer.json()["code"] == "loan.unknown"


def test_the_detail_is_in_the_language_asked_for(still: TestClient) -> None:
    zh = still.get("/api/v1/loans/X", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()
    assert zh["detail"] == zh["detail_zh"] != zh["detail_en"]


def test_every_problem_has_its_page(still: TestClient) -> None:
    listed = still.get("/problems").json()["problems"]
    assert {"loan.unknown", "http.too_large", "version.stale"} <= {one["code"] for one in listed}
    for one in listed:
        assert still.get(one["type"]).json() == one
