"""Histories of applications, taken in at the command line: one document, the statuses, and the papers that come of it."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.test_application_commands import Clerk, clerk, office
from tests.api.test_command_line import BAD_INPUT, CLEAN, DIFFERENCES, REFUSED, Home, Say, home, say, undisturbed
from tests.ledger.test_importing_applications import HEADER, row

LOG = [
    row("A", 0),
    row("A", 1, "A_PREACCEPTED", timestamp="2011-10-04T09:00:00.000+02:00"),
    row("A", 2, "A_APPROVED", timestamp="2011-10-10T09:00:00.000+02:00"),
    row("B", 0),
    row("B", 1, "A_PREACCEPTED", timestamp="2011-10-05T09:00:00.000+02:00"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(tmp_path / "applications.csv", LOG)


def written(file: Path, rows: list[str]) -> Path:
    file.write_text("\n".join([HEADER, *rows, ""]))
    return file


def test_a_log_is_taken_in_and_read_on_any_day(home: Home, say: Say, log: Path) -> None:
    asked = (*home.options, "--json", "import-applications", str(log), "--mapping", "bpi2012")
    said = say(*asked)
    figures = {"cases": 2, "events": 5, "quarantined": []}
    assert (said.status, said.err) == (CLEAN, "")
    assert said.document == figures | {"imported": 2, "unchanged": 0, "recorded": 5}
    assert say(*asked).document == figures | {"imported": 0, "unchanged": 2, "recorded": 0}

    def statuses(day: str) -> dict[str, str]:
        rows = say(*home.options, "--json", "query", "application_register", "--as-of", day).document["rows"]
        return {line["case_no"]: line["status"] for line in rows}

    assert statuses("2011-09-30") == {}
    assert statuses("2011-10-04") == {"A": "in_review", "B": "submitted"}
    assert statuses("2011-10-10") == {"A": "approved", "B": "in_review"}
    queue = say(*home.options, "--json", "query", "application_queue", "--as-of", "2011-10-10").document["rows"]
    waiting = {line["case_no"]: (line["status"], line["waiting_for"], line["due_on"]) for line in queue}
    assert waiting["B"] == ("in_review", "elsewhere", None)
    assert say(*home.options, "--json", "query", "application_queue").document["rows"] == [
        line for line in queue if line["case_no"] == "B"
    ]
    told = say(*home.options, "--json", "replay", "application/A").document
    assert [event["body"].get("activity") for event in told["events"]] == [None, "A_PREACCEPTED", "A_APPROVED"]
    assert say(*home.options, "rebuild", "--check").status == CLEAN


def test_the_queue_counts_to_today_where_no_day_is_asked_for(clerk: Clerk) -> None:
    clerk.accepted()
    day = ("query", "application_queue", "--as-of", "2025-03-03")
    assert [line["working_days_left"] for line in clerk.done(*day)["rows"]] == [15]
    (line,) = clerk.done("query", "application_queue")["rows"]
    assert line["working_days_left"] < 0


def test_a_case_that_is_set_aside_is_named_with_its_row_and_the_status_says_so(
    home: Home, say: Say, tmp_path: Path
) -> None:
    file = written(tmp_path / "bad.csv", [*LOG, row("C", 0), row("C", 1, "A_PAID")])
    said = say(*home.options, "--json", "import-applications", str(file), "--mapping", "bpi2012")
    assert (said.status, said.document["imported"]) == (DIFFERENCES, 2)
    reason = {"field": "activity", "rule": "unknown_activity", "value": "A_PAID"}
    assert said.document["quarantined"] == [{"row": 7, "case": "C", "reasons": [reason]}]


def test_what_cannot_be_read_is_bad_input_and_nobody_but_the_operator_imports(
    home: Home, say: Say, log: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more.csv"
    more.write_text(f"{HEADER},colour\n{row()},red\n")
    command = (*home.options, "--json", "import-applications")
    for file, mapping, code in (
        (str(more), "bpi2012", "import.tape_columns_unmapped"),
        (str(tmp_path / "none.csv"), "bpi2012", "import.tape_unreadable"),
        (str(log), "nobody", "import.mapping_unknown"),
    ):
        said = say(*command, file, "--mapping", mapping)
        assert (said.status, said.error["code"]) == (BAD_INPUT, code)
    clerk = ("--as", "clerk:li@hall/370811")
    assert say(*command, str(log), "--mapping", "bpi2012", *clerk).status == REFUSED
    assert say(*home.options, "--json", "query", "application_register").document["rows"] == []
