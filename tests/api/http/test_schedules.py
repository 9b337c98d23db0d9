"""Schedules over HTTP: computed, printed, and refused by the field."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
import python_calamine

from tests.api.http.calling import Caller

TERMS: dict[str, Any] = {
    "principal": "200000.00",
    "annual_rate": "0.0365",
    "instalments": 4,
    "every": 3,
    "method": "interest_only",
    "due_day": 20,
    "start": "2024-03-15",
}


def test_interest_is_settled_on_the_twentieth(call: Caller) -> None:
    said = call.done("computeSchedule", **TERMS).json
    assert [(row["due"], row["interest"]) for row in said["rows"]] == [
        ("2024-06-20", "1966.94"),
        ("2024-09-20", "1865.56"),
        ("2024-12-20", "1845.28"),
        ("2025-03-15", "1723.61"),
    ]
    assert said["totals"] == {"principal": "200000.00", "interest": "7401.39", "payment": "207401.39"}
    assert [period["days"] for period in said["periods"]] == [97, 92, 91, 85]


def test_a_schedule_is_a_printed_table_too(call: Caller) -> None:
    printed = call.client.post("/api/v1/schedules?format=csv", json=TERMS)
    assert printed.headers["content-type"].startswith("text/csv")
    assert printed.content.decode("utf-8-sig").startswith(
        "期次,起息日,到期日,天数,应还本金,应还利息,应还合计,剩余本金\r\n"
    )
    book = call.client.post("/api/v1/schedules?format=xlsx&lang=en", json=TERMS)
    assert 'filename="schedule.xlsx"' in book.headers["content-disposition"]
    rows = python_calamine.load_workbook(BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert rows[-1] == ["total", "", "", 365.0, 200000.0, 7401.39, 207401.39, ""]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"principal": "0.00"}, "principal"),
        ({"annual_rate": "2"}, "annual_rate"),
        ({"instalments": 601}, "instalments"),
    ],
)
def test_bad_terms_are_refused_by_their_field(call: Caller, more: dict[str, Any], field: str) -> None:
    refused = call("computeSchedule", **TERMS | more)
    assert (refused.status, refused.json["field"]) == (422, field)


def test_an_unknown_format_is_refused(call: Caller) -> None:
    said = call.client.post("/api/v1/schedules?format=pdf", json=TERMS)
    assert (said.status_code, said.json()["field"]) == (422, "format")
