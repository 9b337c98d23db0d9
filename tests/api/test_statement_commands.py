"""`statement` and `reconcile`: an account's statements taken in, matched, reconciled, and what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.reconciliation.breaks import KINDS
from tests.api.test_command_line import BAD_INPUT, CLEAN, REFUSED, Home, Say, home, say
from tests.ledger.test_statements import CSV, MT940

__all__ = ["home", "say"]

FUND = "jining_guarantee_fund"
DIFFERENCES = 1
OPEN = (
    *(
        "statement",
        "open-account",
        "rcb",
        "--title",
        "专户",
        "--fund",
        FUND,
        "--bank",
        "rcb",
        "--number",
        "3708001202600001",
    ),
    *("--on", "2025-01-02", "--party", "guarantor=济宁市融资担保有限公司"),
)


@pytest.fixture
def on(say: Say, home: Home) -> tuple[str, ...]:
    """A fund whose books have 5,000,000.00 at a bank, and its account."""
    options = (*home.options, "--json")
    opening = ("fund", "open", FUND, "--title", "担保基金", "--run-by", "jining_hr", "--on", "2024-01-02")
    assert say(*options, *opening).status == CLEAN
    assert (
        say(
            *options, "fund", "inject", FUND, "5000000", "--bank", "rcb", "--reference", "C-1", "--on", "2024-01-02"
        ).status
        == CLEAN
    )
    assert say(*options, *OPEN).status == CLEAN
    return options


def test_a_statement_is_taken_in_and_reconciled(say: Say, on: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "statement.csv"
    file.write_bytes(CSV.encode("gb18030"))
    said = say(*on, "statement", "import", str(file), "--account", "rcb")
    assert said.status == CLEAN
    taken = said.document
    assert (taken["lines"], taken["new"], taken["format"], taken["breaks"]) == (2, 2, "csv", [])
    assert {proof["name"]: proof["holds"] for proof in taken["proofs"]} == {
        "adds_up": True, "runs": True, "continues": None, "in_sequence": None, "account": True, "currency": None,
    }  # fmt: skip
    again = say(*on, "statement", "import", str(file), "--account", "rcb").document
    assert (again["lines"], again["new"]) == (2, 0)
    said = say(*on, "reconcile", "--account", "rcb", "--to", "2025-03-31")
    assert said.status == DIFFERENCES, "there are breaks"
    document = said.document
    assert (document["bank_closing"], document["ledger_closing"]) == ("4987363.61", "5000000.00")
    assert (document["difference"], document["explained"], document["residual"]) == ("-12636.39", "-12636.39", "0.00")
    assert {one["class"] for one in document["breaks"]} == {"UNKNOWN_BANK"}
    assert document["digest"] == say(*on, "reconcile", "--account", "rcb", "--to", "2025-03-31").document["digest"]
    rows = say(*on, "statement", "lines", "rcb").document["rows"]
    assert [(row["paid_out"], row["paid_in"], row["party"]) for row in rows] == [
        ("17136.40", "0.00", None),
        ("0.00", "4500.01", "guarantor"),
    ]
    kept = tmp_path / "kept.csv"
    assert say(*on, "statement", "original", "rcb", taken["file"], str(kept)).status == CLEAN
    assert kept.read_bytes() == file.read_bytes()
    assert say(*on[:-1], "reconcile", "--account", "rcb", "--to", "2025-03-31").out


def test_a_break_is_recorded_and_is_gone(say: Say, on: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "statement.sta"
    file.write_text(MT940)
    assert say(*on, "statement", "import", str(file), "--account", "rcb", "--format", "mt940").status == CLEAN
    interest = ("fund", "interest", FUND, "4500.01", "--bank", "rcb", "--reference", "123457", "--on", "2025-03-04")
    assert say(*on, *interest).status == CLEAN
    document = say(*on, "reconcile", "--account", "rcb", "--to", "2025-03-31").document
    assert document["matched"] == {"P1": {"lines": 1, "entries": 1}}
    (match,) = say(*on, "statement", "matches", "rcb", "--to", "2025-03-31").document["matches"]
    (bank,) = [line for one in document["breaks"] for line in one["lines"]]
    apart = ("--line", match["lines"][0], "--entry", match["entries"][0], "--confirmed-by", "Zhao", "--reason", "no")
    assert say(*on, "statement", "unmatch", "rcb", *apart).status == CLEAN
    assert say(*on, "statement", "matches", "rcb", "--to", "2025-03-31").document["matches"] == []
    assert say(*on, "statement", "match", "rcb", *apart).status == CLEAN
    wrong = ("--line", bank["line"], "--entry", match["entries"][0], "--confirmed-by", "Zhao", "--reason", "no")
    assert say(*on, "statement", "match", "rcb", *wrong).status == REFUSED
    assert say(*on, "statement", "show", "rcb").document["lines"] == 2
    assert say(*on, "statement", "parties", "rcb", "--party", "bank=济宁农商行").status == CLEAN
    assert say(*on, "replay", "account/rcb").document["state"]["closing"] == "4987363.61"


@pytest.mark.parametrize(
    ("arguments", "status", "field"),
    [
        (("statement", "import", "/nowhere.csv", "--account", "rcb"), BAD_INPUT, "file"),
        (("statement", "import", "/nowhere.csv", "--account", "rcb", "--format", "pdf"), BAD_INPUT, "--format"),
        (("statement", "import", "/nowhere.csv", "--account", "rcb", "--map", "nobody's"), BAD_INPUT, "map"),
        (("statement", "show", "nobody's"), BAD_INPUT, "account"),
        (("statement", "lines", "nobody's"), BAD_INPUT, "account"),
        (("statement", "original", "rcb", "0" * 64, "/tmp/x"), BAD_INPUT, "digest"),
        (("statement", "parties", "rcb", "--party", "bank"), BAD_INPUT, "--party"),
        (("statement", "reference", "济宁"), BAD_INPUT, "number"),
        (("reconcile", "--account", "nobody's"), BAD_INPUT, "account"),
        (("reconcile", "--account", "rcb", "--to", "someday"), BAD_INPUT, "--to"),
        (OPEN, REFUSED, "account"),
    ],
)
def test_bad_input_names_its_field(
    say: Say, on: tuple[str, ...], arguments: tuple[str, ...], status: int, field: str
) -> None:
    said = say(*on, *arguments)
    assert (said.status, said.error["field"]) == (status, field), said.out


def test_references_and_maps_need_no_ledger(say: Say, home: Home) -> None:
    on = (*home.options, "--json")
    made = say(*on, "statement", "reference", "JN-2025-000123-1").document["reference"]
    assert say(*on, "statement", "reference", made).document == {"reference": made, "whole": True}
    assert say(*on, "statement", "reference", made[:-1] + "9").status == DIFFERENCES
    assert "icbc" in {one["map"] for one in say(*on, "statement", "map").document["maps"]}
    assert say(*on, "statement", "map", "icbc").document["text"].startswith('map = "icbc"')


def test_the_demonstration_closes_its_quarters_and_reconciles_every_account(say: Say, tmp_path: Path) -> None:
    on = ("--data", str(tmp_path / "data"), "--json")
    said = say(*on, "demo", "--loans", "120")
    assert said.status == CLEAN
    assert said.document["periods"] == {"closed": 4, "hold": True}
    found = said.document["reconciliation"]
    assert (found["accounts"], found["residual"], found["four_way"]) == (6, "0.00", True)
    assert len(found["breaks"]) >= 12 and set(found["breaks"]) <= set(KINDS), json.dumps(found)
    assert found["matched"] > found["lines"] // 2
    again = say(*on, "demo", "--loans", "2")
    assert again.status == CLEAN and again.document["reconciliation"]["residual"] == "0.00"
