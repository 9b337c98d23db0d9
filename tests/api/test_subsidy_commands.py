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
