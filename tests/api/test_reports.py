"""Reports: what they say adds up to what the read models say, and comes out the same at its position."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.reports import names
from tests.api.test_command_line import BAD_INPUT, CLEAN, Home, Say, home, say

__all__ = ["home", "say"]

FORMS = ("csv", "xlsx", "pdf")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a demonstration's book is kept for all the tests."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture
def on(say: Say, book: Path) -> tuple[str, ...]:
    options = ("--data", str(book / "data"), "--json")
    if not (book / "data").exists():
        assert say(*options, "demo", "--loans", "90").status == CLEAN
    return options


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name] or 0) for row in rows), Decimal(0))


def test_each_adds_up_to_what_the_read_models_say(say: Say, on: tuple[str, ...]) -> None:
    day = ("--to", "2026-06-30")
    at = ("--as-of", "2026-06-30")
    for report, paper, figures in (
        (
            "fund_balance",
            "fund_position",
            ("capital", "interest", "cash", "claims_paid", "recovered", "exposure", "reserved"),
        ),
        ("loans", "loan_book", ("disbursed", "outstanding", "jobs_created", "jobs_retained")),
        ("claims", "claim_register", ("covered", "paid", "recovered", "outstanding")),
    ):
        document = say(*on, "report", report, *day).document
        rows = say(*on, "query", paper, *at).document["rows"]
        for name in figures:
            assert Decimal(document["totals"][name]) == total(document["rows"], name) == total(rows, name), (
                report,
                name,
            )
    loans = say(*on, "report", "loans", *day).document
    rows = say(*on, "query", "loan_book", *at).document["rows"]
    assert total(loans["rows"], "loans") == sum(row["signed_on"] <= "2026-06-30" for row in rows)
    assert "founders" not in loans["totals"], "a founder of two months is one"


def test_the_return_of_the_banks_is_what_two_days_differ_by(say: Say, on: tuple[str, ...]) -> None:
    document = say(*on, "report", "bank_return", "--from", "2023-01-01", "--to", "2023-03-31").document
    assert (document["from"], document["to"]) == ("2023-01-01", "2023-03-31")
    after, before = (
        say(*on, "query", "loan_book", "--as-of", day).document["rows"] for day in ("2023-03-31", "2022-12-31")
    )
    totals = {name: Decimal(value) for name, value in document["totals"].items()}
    assert totals["granted"] == total(after, "disbursed") - total(before, "disbursed")
    assert totals["opening"] == total(before, "outstanding") and totals["closing"] == total(after, "outstanding")
    assert totals["opening"] + totals["granted"] - totals["returned"] == totals["closing"]
    overdue = say(*on, "query", "overdue_list", "--as-of", "2023-03-31").document["rows"]
    assert totals["overdue"] == len(overdue) and totals["arrears"] == total(overdue, "arrears")
    quarter = say(*on, "report", "bank_return", "--to", "2023-03-31").document
    assert quarter == document, "the quarter that ends that day, if no first day is said"


def test_assets_are_liabilities_and_net_assets(say: Say, on: tuple[str, ...]) -> None:
    for day in ("2022-12-31", "2025-12-31", "2026-02-15", "2026-09-30"):
        document = say(*on, "report", "balance_sheet", "--to", day, "--fund", "jining_guarantee_fund").document
        assert document["totals"]["assets"] == document["totals"]["liabilities"] != "0.00"
    assert say(*on, "report", "balance_sheet", "--fund", "nobody's").document["totals"] == {
        "assets": "0.00",
        "liabilities": "0.00",
    }


@pytest.mark.parametrize("name", names())
def test_it_comes_out_the_same_byte_for_byte_at_its_position(
    say: Say, on: tuple[str, ...], tmp_path: Path, name: str
) -> None:
    def written(*more: str) -> tuple[dict[str, Any], list[bytes]]:
        files = [tmp_path / f"r.{form}" for form in FORMS]
        given = [part for file, form in zip(files, FORMS, strict=True) for part in (f"--{form}", str(file))]
        said = say(*on, "--lang", "zh", "report", name, "--to", "2026-03-31", *more, *given)
        assert said.status == CLEAN
        return said.document, [file.read_bytes() for file in files]

    before, files = written()
    interest = (
        "fund",
        "interest",
        "jining_guarantee_fund",
        "1.00",
        "--bank",
        "agricultural",
        "--reference",
        f"LATE-{name}",
        "--on",
        "2021-03-31",
    )
    assert say(*on, *interest).status == CLEAN
    time.sleep(1.1)
    again, same = written("--known-at", str(before["as_of_position"]))
    assert again == before and same == files
    later, _ = written()
    assert later["as_of_position"] > before["as_of_position"] and later["digest"] != before["digest"]
    assert before["digest"] in files[0].decode("utf-8-sig") and str(before["as_of_position"]) in files[0].decode(
        "utf-8-sig"
    )
    assert files[1].startswith(b"PK") and files[2].startswith(b"%PDF")


def test_bad_input_names_its_field(say: Say, home: Home) -> None:
    for arguments, field in (
        (("nothing",), "name"),
        (("loans", "--to", "x"), "--to"),
        (("bank_return", "--from", "x"), "--from"),
    ):
        said = say(*home.options, "--json", "report", *arguments)
        assert (said.status, said.error["field"]) == (BAD_INPUT, field)
