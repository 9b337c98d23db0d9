"""`schedule` at the command line: terms in, rows and totals out, printed or as a spreadsheet, and never a database."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import python_calamine

from tests.api.test_command_line import BAD_INPUT, CLEAN, REFUSED, Home, Say, home, say

DIFFERENCES = 1
TERMS = {"principal": "120000", "annual_rate": "0.06", "instalments": 4, "every": 3, "start": "2024-01-15"}
EQUAL = TERMS | {"method": "equal_principal", "day_count": {"year": "360", "month": "30"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "terms.json"


def written(file: Path, terms: Any) -> str:
    file.write_text(json.dumps(terms), encoding="utf-8")
    return str(file)


def test_rows_and_totals_are_answered_and_nothing_is_opened(say: Say, home: Home, file: Path) -> None:
    said = say(*home.options, "--json", "schedule", written(file, EQUAL))
    assert said.status == CLEAN
    assert said.document["rows"][0] == {
        "due": "2024-04-15",
        "principal": "30000.00",
        "interest": "1800.00",
        "balance": "90000.00",
    }
    assert said.document["totals"] == {"principal": "120000.00", "interest": "4500.00", "payment": "124500.00"}
    assert said.document["periods"][0] == {"start": "2024-01-15", "due": "2024-04-15", "days": 91}
    assert list(home.data.iterdir() if home.data.exists() else ()) == []


def test_a_schedule_is_printed_with_its_totals_in_the_language_asked_for(say: Say, home: Home, file: Path) -> None:
    said = say(*home.options, "--lang", "zh", "schedule", written(file, EQUAL))
    assert "应还本金" in said.out
    assert said.out.count("124500.00") == 1
    assert "合计" in said.out


def test_csv_and_spreadsheet_hold_the_same_table(say: Say, home: Home, file: Path, tmp_path: Path) -> None:
    csv, xlsx = tmp_path / "s.csv", tmp_path / "s.xlsx"
    said = say(*home.options, "--lang", "en", "schedule", written(file, EQUAL), "--csv", str(csv), "--xlsx", str(xlsx))
    assert said.status == CLEAN
    lines = csv.read_bytes().decode("utf-8-sig").split("\r\n")
    assert lines[0] == "number,from,due,days,principal,interest,payment,balance"
    assert lines[1] == "1,2024-01-15,2024-04-15,91,30000.00,1800.00,31800.00,90000.00"
    assert lines[5:] == ["total,,,366,120000.00,4500.00,124500.00,", ""]
    rows = python_calamine.load_workbook(str(xlsx)).get_sheet_by_index(0).to_python()
    assert rows[1] == [1.0, date(2024, 1, 15), date(2024, 4, 15), 91.0, 30000.0, 1800.0, 31800.0, 90000.0]
    assert rows[5] == ["total", "", "", 366.0, 120000.0, 4500.0, 124500.0, ""]


def test_a_list_is_answered_in_order_a_refusal_in_its_place(say: Say, home: Home, file: Path) -> None:
    many = [TERMS, TERMS | {"principal": "1e5"}, TERMS | {"first_due": "2024-01-15"}, TERMS | {"instalments": 0}, 7]
    said = say(*home.options, "--json", "schedule", written(file, many))
    assert said.status == DIFFERENCES
    answers = said.document["schedules"]
    assert [len(answer.get("rows", ())) for answer in answers] == [4, 0, 0, 1, 0]
    assert [answer["error"]["field"] for answer in answers if "error" in answer] == ["principal", "first_due", "input"]
    assert answers[2]["error"]["code"] == "schedule.not_offered"
    clean = say(*home.options, "--json", "schedule", written(file, [TERMS]))
    assert clean.status == CLEAN
    assert say(*home.options, "schedule", written(file, many), "--csv", "x.csv").status == BAD_INPUT


@pytest.mark.parametrize(
    ("more", "status", "named"),
    [
        ({"principal": "0"}, BAD_INPUT, "principal"),
        ({"principal": 120000}, BAD_INPUT, "principal"),
        ({"principal": "100.001"}, BAD_INPUT, "principal"),
        ({"annual_rate": "1.5"}, BAD_INPUT, "annual_rate"),
        ({"annual_rate": 0.06}, BAD_INPUT, "annual_rate"),
        ({"annual_rate": "NaN"}, BAD_INPUT, "annual_rate"),
        ({"instalments": 601}, BAD_INPUT, "instalments"),
        ({"instalments": -1}, BAD_INPUT, "instalments"),
        ({"start": "2024-02-30"}, BAD_INPUT, "start"),
        ({"method": "balloon"}, BAD_INPUT, "method"),
        ({"day_count": {"year": "366"}}, BAD_INPUT, "day_count.year"),
        ({"multiple_of": "0"}, BAD_INPUT, "multiple_of"),
        ({"due_day": 32}, BAD_INPUT, "due_day"),
        ({"colour": "red"}, BAD_INPUT, "colour"),
        ({"due_day": 20, "unit": "weeks"}, REFUSED, "due_day"),
    ],
)
def test_bad_terms_are_refused_by_their_field(
    say: Say, home: Home, file: Path, more: dict[str, Any], status: int, named: str
) -> None:
    said = say(*home.options, "--json", "schedule", written(file, TERMS | more))
    assert (said.status, said.error["field"]) == (status, named), said.out


def test_what_is_no_file_or_no_json_is_refused(say: Say, home: Home, file: Path) -> None:
    file.write_text("{", encoding="utf-8")
    for name in (str(file), "/nowhere.json"):
        said = say(*home.options, "--json", "schedule", name)
        assert (said.status, said.error["field"]) == (BAD_INPUT, "terms")
    unwritable = say(*home.options, "--json", "schedule", written(file, TERMS), "--csv", "/nowhere/x.csv")
    assert (unwritable.status, unwritable.error["field"]) == (BAD_INPUT, "/nowhere/x.csv")


def test_terms_are_read_from_standard_input(say: Say, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(TERMS)))
    assert len(say(*home.options, "--json", "schedule", "-").document["rows"]) == 4
