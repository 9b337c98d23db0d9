"""The LPR in force on a day is what was last published on or before it; the change points agree with the monthly table."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.lpr import LprQuote, LprUnreadable, NoLpr, lpr_on, read_quotes
from domain.policy.shipped import shipped_quotes
from tests.conftest import SHARED

QUOTES = shipped_quotes()
MONTHLY = SHARED / "data" / "lpr" / "lpr.csv"


@pytest.mark.skipif(not MONTHLY.exists(), reason="the monthly table is not there")
def test_the_change_points_give_every_quote_of_the_monthly_table() -> None:
    with MONTHLY.open(encoding="utf-8") as file:
        rows = [(date.fromisoformat(row["date"]), row["lpr_1y"], row["lpr_5y"]) for row in csv.DictReader(file)]
    differing = [
        (day.isoformat(), one, five)
        for day, one, five in rows
        if (lpr_on(QUOTES, day).one_year * 100, lpr_on(QUOTES, day).five_year * 100) != (Decimal(one), Decimal(five))
    ]
    assert len(rows) > 60
    assert differing == [("2024-02-20", "3.45", "4.20")], "the table has the five-year cut of that day a month late"


@pytest.mark.parametrize(
    ("day", "published_on", "one_year"),
    [
        (date(2019, 8, 20), date(2019, 8, 20), "0.0425"),
        (date(2024, 10, 20), date(2024, 7, 22), "0.0335"),  # a Sunday: the earlier rate until the next is published
        (date(2024, 10, 21), date(2024, 10, 21), "0.0310"),
        (date(2024, 7, 20), date(2024, 2, 20), "0.0345"),  # a Saturday
        (date(2024, 7, 22), date(2024, 7, 22), "0.0335"),
        (date(2030, 1, 1), date(2025, 5, 20), "0.0300"),
    ],
)
def test_in_force_is_what_was_last_published(day: date, published_on: date, one_year: str) -> None:
    """R-INT-4, domain.md §5.17."""
    quote = lpr_on(QUOTES, day)
    assert (quote.published_on, quote.one_year) == (published_on, Decimal(one_year))


def test_before_the_first_quote_there_is_none() -> None:
    with pytest.raises(NoLpr, match="2019-08-19"):
        lpr_on(QUOTES, date(2019, 8, 19))


@given(
    days=st.lists(st.dates(date(2019, 1, 1), date(2030, 1, 1)), min_size=1, unique=True),
    asked=st.dates(date(2019, 1, 1), date(2030, 1, 1)),
)
def test_the_order_in_which_quotes_are_given_means_nothing(days: list[date], asked: date) -> None:
    quotes = [LprQuote(published_on=day, one_year=Decimal("0.03"), five_year=Decimal("0.04")) for day in days]
    known = sorted(day for day in days if day <= asked)
    if not known:
        with pytest.raises(NoLpr):
            lpr_on(quotes, asked)
        return
    assert lpr_on(quotes, asked).published_on == lpr_on(reversed(quotes), asked).published_on == known[-1]


def test_a_quote_to_come_changes_nothing_of_the_days_before_it() -> None:
    later = LprQuote(published_on=date(2026, 1, 20), one_year=Decimal("0.02"), five_year=Decimal("0.03"))
    for day in (date(2024, 10, 20), date(2026, 1, 19)):
        assert lpr_on((*QUOTES, later), day) == lpr_on(QUOTES, day)
    assert lpr_on((*QUOTES, later), later.published_on + timedelta(days=1)) == later


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{ published_on = 2026-01-20, one_year = "3.00" }', "quotes.0.five_year: Field required"),
        ('{ published_on = 2026-01-20, one_year = "three", five_year = "3.50" }', "one_year: .*decimal"),
        ('{ published_on = 2026-01-20, one_year = "3.001", five_year = "3.50" }', "2 decimal places"),
        ('{ published_on = 2026-01-20, one_year = "-3.00", five_year = "3.50" }', "greater than or equal to 0"),
        ('{ published_on = 2026-01-20, one_year = "300", five_year = "3.50" }', "less than or equal to 100"),
        ('{ published_on = 1926-01-20, one_year = "3.00", five_year = "3.50" }', "2013-10-25"),
        ('{ published_on = "2026-01-20", one_year = "3.00", five_year = "3.50" }', "valid date"),
        ('{ published_on = 2026-01-20, one_year = "3.00", five_year = "3.50", bank = "x" }', "Extra inputs"),
        ("", "at least 1 item"),
        ("{", "Invalid"),
    ],
)
def test_what_is_no_quote_is_refused(line: str, said: str) -> None:
    with pytest.raises(LprUnreadable, match=said):
        read_quotes(f"quotes = [{line}]")
