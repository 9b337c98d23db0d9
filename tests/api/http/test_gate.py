"""The gate: this machine's own names, no page of another site, nobody from elsewhere; and what is counted."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.serving import NotLoopback, PortTaken, listening


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.0.1", "", "[::2]", "["]
)
def test_another_host_is_refused(still: TestClient, host: str) -> None:
    answer = still.get("/api/v1/loans", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "http.foreign_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "127.1.2.3"])
def test_this_machine_s_own_names_are_served(still: TestClient, host: str) -> None:
    assert still.get("/health/live", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_site_may_not_act(still: TestClient, headers: dict[str, str]) -> None:
    answer = still.post("/api/v1/policy/publications/shipped", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "http.foreign_origin")
    own = still.get("/api/v1/loans", headers={"Origin": "http://127.0.0.1"})
    assert own.status_code == 200


def test_an_actor_from_another_machine_does_not_count(application: FastAPI) -> None:
    with TestClient(application, base_url="http://127.0.0.1", client=("10.0.0.1", 1)) as elsewhere:
        answer = elsewhere.post("/api/v1/policy/publications/shipped", headers={"X-Actor": "operator"})
    assert (answer.status_code, answer.json()["code"]) == (403, "http.actor_not_accepted")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com", "127.0.0.1 ", ""])  # noqa: S104 - refused
def test_only_this_machine_s_own_address_is_bound(host: str) -> None:
    with pytest.raises(NotLoopback, match="--host"), listening(host, 0):
        pass


def test_a_port_that_is_taken_is_named() -> None:
    with (
        listening("127.0.0.1", 0) as bound,
        pytest.raises(PortTaken, match="--port"),
        listening("127.0.0.1", bound.getsockname()[1]),
    ):
        pass


def test_the_pages_come_from_here(still: TestClient) -> None:
    page = still.get("/docs")
    assert "https://" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    for part in ("/docs/start.js", "/docs/assets/swagger-ui-bundle.js", "/docs/assets/swagger-ui.css"):
        assert still.get(part).status_code == 200
    assert still.get("/", follow_redirects=False).headers["location"] == "/docs"


def test_requests_are_counted_and_the_log_s_head_is_told(client: TestClient) -> None:
    client.post("/api/v1/policy/publications/shipped")
    client.get("/api/v1/loans/X")
    counted = client.get("/metrics").text
    assert 'loan_ledger_requests_total{operation="getLoan",status="404"}' in counted
    assert 'loan_ledger_request_seconds_bucket{le="0.1",operation="getLoan"}' in counted
    assert "loan_ledger_log_head 18.0" in counted
    assert 'loan_ledger_projection_lag{projection="loan_book"} 18.0' in counted


def test_ready_says_how_far_everything_has_come(still: TestClient) -> None:
    said = still.get("/health/ready")
    assert said.status_code == 200
    assert said.json()["status"] == "ready"
    assert said.json()["migrations_missing"] == said.json()["not_built"] == []
    assert still.get("/health/live").json() == {"status": "live"}
