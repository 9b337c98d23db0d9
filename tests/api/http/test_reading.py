"""Reading: filters, groups, totals, pages that hold still, waiting, and what has not changed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import errors

from api.wiring import Installation
from domain.loan.loan import Loan
from ledger.context import CommandContext
from projections.querying import ALL
from tests.api.http.calling import APPLICATION, Caller
from tests.domain.lending import SCHEME, terms

COUNTIES = ("rencheng", "yanzhou", "qufu")


@pytest.fixture
def book(installation: Installation, context: CommandContext) -> int:
    """Twenty-five loans of three counties; gives the position."""
    loans = [_loan(context, f"L-{number:02}", number) for number in range(25)]
    installation.ledger.save(*loans, context=context, digest=bytes(32))
    assert installation.up_to_date() == {}
    return 25


def _loan(context: CommandContext, loan_no: str, number: int = 0) -> Loan:
    """A contract of 200,000.00."""
    return Loan.sign(
        context.moment,
        loan_no=loan_no,
        value_date=date(2025, 1, 1) + timedelta(number),
        approved_fen=20_000_000,
        guaranteed_fen=14_000_000,
        bank="jining_rcb",
        product="individual",
        county=COUNTIES[number % 3],
        terms=terms(),
        share_scheme=SCHEME,
    )


def pages(call: Caller, operation: str, **query: Any) -> list[list[dict[str, Any]]]:
    """Every page, by following `next`."""
    found, cursor = list[list[dict[str, Any]]](), None
    while True:
        said = call.done(operation, query=query | ({"cursor": cursor} if cursor else {})).json
        found.append(said["rows"])
        cursor = said["next"]
        if cursor is None:
            return found


def test_pages_follow_each_other_without_gap_or_repeat(call: Caller, book: int) -> None:
    found = pages(call, "listLoans", limit=10)
    assert [len(page) for page in found] == [10, 10, 5]
    assert [row["loan_no"] for page in found for row in page] == [f"L-{number:02}" for number in range(25)]
    filtered = pages(call, "listLoans", limit=2, county="qufu")
    assert [row["loan_no"] for page in filtered for row in page] == [f"L-{number:02}" for number in range(2, 25, 3)]


def test_a_page_holds_still_while_rows_come_in_before_it(
    call: Caller, book: int, installation: Installation, context: CommandContext
) -> None:
    first = call.done("listLoans", query={"limit": 10}).json
    installation.ledger.save(_loan(context, "K-1"), context=replace(context), digest=bytes(32))
    installation.up_to_date()
    second = call.done("listLoans", query={"limit": 10, "cursor": first["next"]}).json
    assert [row["loan_no"] for row in second["rows"]] == [f"L-{number:02}" for number in range(10, 20)]


@pytest.mark.parametrize("asked", ALL, ids=lambda asked: str(asked.name))
def test_every_read_model_pages_alike(call: Caller, book: int, installation: Installation, asked: Any) -> None:
    call.done("publishShipped")
    for case in ("A-1", "A-2", "A-3"):
        person = {"name": case, "id_number": f"AB12345{case[-1]}"}
        call.done("submitApplication", **APPLICATION | {"case_no": case, "applicant": person, "spouse": None})
    assert installation.up_to_date([asked]) == {}
    operation = "query" + "".join(word.capitalize() for word in asked.name.split("_"))
    whole = call.done(operation, query={"limit": 1000}).json["rows"]
    assert [row for page in pages(call, operation, limit=2) for row in page] == whole


def test_a_cursor_belongs_to_its_question(call: Caller, book: int) -> None:
    cursor = call.done("listLoans", query={"limit": 10}).json["next"]
    for query in ({"county": "qufu"}, {"as_of": "2025-02-01"}, {"known_at": 3}):
        refused = call("listLoans", query={**query, "cursor": cursor})
        assert (refused.status, refused.code) == (422, "input.cursor")
    assert call("queryAuditTrail", query={"cursor": cursor}).code == "input.cursor"
    assert call("listLoans", query={"cursor": cursor[:-2]}).code == "input.cursor"


def test_groups_and_totals_come_to_the_same(call: Caller, book: int) -> None:
    said = call.done("listLoans", query={"group_by": "county", "totals": "true"}).json
    assert [(row["county"], row["count"]) for row in said["rows"]] == [("qufu", 8), ("rencheng", 9), ("yanzhou", 8)]
    assert said["totals"]["count"] == 25
    assert said["totals"]["approved"] == "5000000.00"
    assert sum(Decimal(row["approved"]) for row in said["rows"]) == 5_000_000
    assert call.done("listLoans", query={"group_by": "county,county"}).json["rows"] == said["rows"]


def test_what_has_not_changed_is_not_sent_again(call: Caller, book: int) -> None:
    for operation, numbers in (("listLoans", ()), ("getLoan", ("L-01",)), ("replayStream", ("loan", "L-01"))):
        first = call.done(operation, *numbers)
        method, path = call.operations[operation]
        for number in numbers:
            path = path.replace(path[path.index("{") : path.index("}") + 1], number, 1)
        again = call.client.request(method, path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


def test_a_reader_waits_until_the_book_has_come_so_far(call: Caller, book: int, installation: Installation) -> None:
    receipt = call.done("reportJobs", "L-01", created=3, retained=0, value_date="2025-06-01").receipt
    later = threading.Timer(0.5, installation.up_to_date)
    later.start()
    begun = time.monotonic()
    said = call.done("getLoan", "L-01", query={"wait_for": receipt["position"]}).json
    assert said["loan"]["jobs_created"] == 3
    assert 0.3 < time.monotonic() - begun < 5
    later.join()


def test_waiting_for_what_nobody_was_told_of_is_refused_at_once(call: Caller, book: int) -> None:
    refused = call("listLoans", query={"wait_for": 26})
    assert (refused.status, refused.code) == (422, "log.no_such_position")


def test_waiting_for_a_projection_that_stopped_names_it(call: Caller, book: int, installation: Installation) -> None:
    call.done("reportJobs", "L-01", created=3, retained=0, value_date="2025-06-01")
    installation.projector.execute(
        "INSERT INTO projections.stopped (name, position, fact, problem) VALUES ('loan_book', 25, 'position 26', 'it is odd')"
    )
    refused = call("getLoan", "L-01", query={"wait_for": 26})
    assert (refused.status, refused.code) == (503, "projection.stopped")
    assert "loan_book" in refused.json["detail_en"] and "position 26" in refused.json["detail_en"]
    assert refused.headers["Retry-After"] == "1"
    assert call.done("getLoan", "L-01").status == 200
    assert call.client.get("/health/ready").json()["stopped"]["loan_book"]["fact"] == "position 26"


def test_waiting_for_a_projection_that_nobody_keeps_ends(
    call: Caller, book: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.reads.WAIT_SECONDS", 1)
    call.done("reportJobs", "L-01", created=3, retained=0, value_date="2025-06-01")
    refused = call("getLoan", "L-01", query={"wait_for": 26})
    assert (refused.status, refused.code) == (503, "projection.behind")


def test_readers_see_no_fact_and_change_nothing(call: Caller, installation: Installation) -> None:

    with psycopg.connect(installation.dsn("reader"), autocommit=True) as reader:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("SELECT 1 FROM ledger.stored_events")
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("SELECT ledger.guard_holders('loans_of_person', 'x')")
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("DELETE FROM projections.stopped")
