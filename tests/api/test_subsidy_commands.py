"""`subsidy`: the method, a demonstration's loan in words, and what cannot be worked out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.subsidy.method import shipped_method
from tests.api.test_loan_commands import home, say

__all__ = ["home", "say"]


def test_every_rule_of_the_method_is_shown_and_a_file_of_one_s_own_checked(
    say: Any, home: tuple[str, ...], tmp_path: Path
) -> None:
    said = say(*home, "subsidy", "method")
    assert said.status == 0 and {formula["regime"] for formula in said.document["formulas"]} == {"A", "B", "C"}
    own = tmp_path / "own.toml"
    own.write_text(shipped_method().replace("interest_day = 20", "interest_day = 31"), encoding="utf-8")
    assert say(*home, "subsidy", "method", str(own)).status == 2
    assert say(*home, "subsidy", "method", str(tmp_path / "none.toml")).status == 2


def test_a_loan_of_the_demonstration_is_worked_out_in_words(say: Any, tmp_path: Path) -> None:
    home = ("--data", str(tmp_path / "data"), "--json")
    assert say(*home, "demo", "--loans", "12").status == 0
    rows = say(*home, "query", "loan_book").document["rows"]
    borne = 0
    for row in rows:
        year = int(row["approval_year"]) + 1
        document = say(*home, "subsidy", "show", row["loan_no"], f"{year}Q1").document
        subsidised = [line for line in document["lines"] if line["cause"] is None]
        interest = sum(Decimal(line["principal"]) * Decimal(line["rate"]) * line["days"] / 360 for line in subsidised)
        assert abs(interest - Decimal(document["interest"])) <= Decimal("0.005")
        assert sum(map(Decimal, document["levels"].values())) == Decimal(document["subsidy"])
        assert all(line["zh"] and line["en"] for line in document["lines"])
        borne += Decimal(document["subsidy"]) > 0
    assert borne > 3
    refused = say(*home, "subsidy", "show", rows[0]["loan_no"], "2022Q5")
    assert refused.status == 2


FUND = "jining_subsidy_fund"


def test_a_batch_of_the_demonstration_by_the_command_line(say: Any, tmp_path: Path) -> None:
    """From the calculation to the year's settlement; every fen of every line is told in words."""
    home = ("--data", str(tmp_path / "data"), "--json")
    demo = say(*home, "demo", "--loans", "40").document["subsidies"]
    assert demo["batches"] > 10 and demo["explained"] and demo["lines"] >= demo["batches"]
    rows = say(*home, "query", "subsidy_register", "--group-by", "batch").document["rows"]
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal(demo["granted"])
    batch = max(rows, key=lambda row: Decimal(row["amount"]))["batch"]
    document = say(*home, "subsidy", "lines", batch).document
    assert sum(Decimal(line["amount"]) for line in document["lines"]) == Decimal(document["amount"])
    for line in document["lines"]:
        worked = sum(
            Decimal(part["principal"]) * Decimal(part["rate"]) * part["days"] / 360
            for part in line["lines"]
            if part["cause"] is None
        )
        assert abs(worked - Decimal(line["interest"])) <= Decimal("0.005")
        assert line["amount"] in line["zh"] and line["amount"] in line["en"]
        assert sum(map(Decimal, line["levels"].values())) == Decimal(line["amount"])
    one = say(*home, "subsidy", "lines", batch, document["lines"][0]["loan_no"])
    assert len(one.document["lines"]) == 1
    assert say(*home, "subsidy", "lines", "none").status == 3
    fund = say(*home, "subsidy", "fund", FUND)
    assert fund.status == 0 and [period["holds"] for period in fund.document["periods"]] == [True]
    settled = fund.document["settlements"][0]["levels"]
    for level in settled:
        assert Decimal(level["due_before"]) + Decimal(level["granted"]) - Decimal(level["received"]) == Decimal(
            level["due"]
        )
    _, quarter, bank = batch.split(".")
    assert say(*home, "subsidy", "calculate", FUND, bank, quarter).document["error"]["code"] == "subsidy_batch.exists"
    assert say(*home, "subsidy", "recalculate", batch).document["error"]["code"] == "subsidy_batch.out_of_order_step"
    assert say(*home, "subsidy", "overpaid", FUND, bank).status == 0


def test_a_subsidy_fund_by_the_command_line(say: Any, home: tuple[str, ...]) -> None:
    """Money in, out by two people only as far as it was clawed back, a period closed and opened again."""
    opened = say(*home, "subsidy", "open-fund", "s", "--title", "贴息", "--run-by", "finance", "--on", "2024-01-02")
    assert opened.status == 0 and opened.document["method"] == "jining_subsidy"
    cash = ("--level", "city", "--bank", "b", "--reference")
    allocated = say(*home, "subsidy", "allocate", "s", "100.00", *cash, "A-1", "--on", "2024-01-03")
    assert allocated.document["received"] == {"city": "100.00"}
    assert say(*home, "subsidy", "allocate", "s", "1.00", *cash, "A-2", "--county", "370811").status == 2
    seen = say(*home, "--preview", "subsidy", "allocate", "s", "7.00", *cash, "A-9").document
    assert [fact["topic"] for fact in seen["facts"]] == ["subsidy_fund.allocation_received"]
    assert say(*home, "subsidy", "fund", "s").document["received"] == {"city": "100.00"}
    back = say(*home, "subsidy", "return", "s", "1.00", *cash, "R-1", "--confirmed-by", "second")
    assert back.document["error"]["code"] == "subsidy_fund.nothing_to_return"
    assert say(*home, "subsidy", "settle-year", "s", "2024").document["error"]["code"] == "subsidy_fund.year_not_closed"
    assert say(*home, "subsidy", "close-period", "s", "2024-12-31").document["closed_until"] == "2024-12-31"
    reopened = say(
        *home, "subsidy", "reopen-period", "s", "2024-12-31", "--confirmed-by", "second", "--reason", "a slip"
    )
    assert reopened.document["closed_until"] is None
    assert say(*home, "subsidy", "close-period", "s", "2024-12-31").status == 0
    (year,) = say(*home, "subsidy", "settle-year", "s", "2024").document["settlements"]
    assert [(one["level"], one["received"], one["due"]) for one in year["levels"]] == [("city", "100.00", "-100.00")]
    assert say(*home, "subsidy", "calculate", "s", "b", "2024Q2").document["error"]["code"] == "subsidy_batch.empty"
    assert say(*home, "subsidy", "fund", "t").document["error"]["code"] == "subsidy_fund.unknown"
