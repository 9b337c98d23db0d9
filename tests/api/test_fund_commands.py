"""The guarantee fund at the command line: opened, filled, stopped, looked at."""

from __future__ import annotations

import pytest

from tests.api.test_command_line import BAD_INPUT, CLEAN, REFUSED, Home, Say, home, say

__all__ = ["home", "say"]

FUND = "jining_guarantee_fund"
OPEN = ("fund", "open", FUND, "--title", "担保基金", "--run-by", "jining_hr", "--on", "2024-01-02")


def test_a_fund_is_opened_and_filled_and_says_where_it_stands(say: Say, home: Home) -> None:
    on = (*home.options, "--json")
    assert say(*on, *OPEN).status == CLEAN
    cash = ("--bank", "rcb", "--reference")
    assert say(*on, "fund", "inject", FUND, "5000000", *cash, "C-1", "--level", "county").status == CLEAN
    assert say(*on, "fund", "interest", FUND, "0.01", *cash, "I-1").status == CLEAN
    stood = say(*on, "fund", "suspend", FUND, "bank", "rcb", "--reason", "too many claims").document
    assert stood["suspended"] == ["bank rcb"]
    assert stood["capital"] == {"county": "5000000.00"}
    assert (stood["position"]["cash"], stood["position"]["headroom"]) == ("5000000.01", "50000000.10")
    watched = say(*on, "fund", "watch", FUND).document
    assert watched["suspended"] == ["bank rcb"], "an order is not ended by figures"
    rows = say(*on, "query", "fund_position", "--group-by", "level").document["rows"]
    assert [(row["level"], row["capital"]) for row in rows] == [("county", "5000000.00"), (None, "0.00")]
    assert say(*on, "replay", f"fund/{FUND}").document["state"]["operator"] == "jining_hr"
    again = say(*on, "fund", "inject", FUND, "5000000", *cash, "C-1", "--level", "county")
    assert (again.status, again.error["code"]) == (REFUSED, "bank_reference.used")


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (("inject", FUND, "1e5", "--bank", "rcb", "--reference", "C"), BAD_INPUT, "amount"),
        (("inject", FUND, "0", "--bank", "rcb", "--reference", "C"), BAD_INPUT, "amount"),
        (("inject", FUND, "1", "--bank", "r b", "--reference", "C"), BAD_INPUT, "bank"),
        (("inject", FUND, "1", "--bank", "rcb", "--reference", "C", "--level", "moon"), BAD_INPUT, "level"),
        (("inject", "nowhere", "1", "--bank", "rcb", "--reference", "C"), REFUSED, "fund"),
        (("inject", FUND, "1", "--bank", "rcb", "--reference", "C", "--on", "2999-01-01"), REFUSED, "value_date"),
        (("suspend", FUND, "planet", "x", "--reason", "r"), BAD_INPUT, "scope"),
        (("suspend", FUND, "bank", "--reason", "r"), BAD_INPUT, "code"),
        (("adopt", FUND, "--method", "/nowhere.toml"), BAD_INPUT, "method"),
        (("lapse", "L-0"), REFUSED, "loan_no"),
    ],
)
def test_bad_input_names_its_field(say: Say, home: Home, arguments: tuple[str, ...], status: int, named: str) -> None:
    say(*home.options, *OPEN)
    said = say(*home.options, "--json", "fund", *arguments)
    assert (said.status, said.error["field"]) == (status, named), said.out
