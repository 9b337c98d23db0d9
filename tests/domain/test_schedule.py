"""A schedule pays the loan back to the fen, on the days that the contract says."""

from __future__ import annotations

import json
import warnings
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import mortgagemath as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loan.refusals import TermsNotServiced
from domain.loan.schedule import Instalment, ScheduleNotOffered, due_dates, must_be_serviced, schedule
from domain.loan.terms import DayCount, Grace, RepaymentTerms
from domain.money import Fen, yuan
from tests.conftest import SHARED
from tests.domain.lending import fen, terms

STARTS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
RATES = st.decimals(0, 1, places=4)
ROUNDINGS = {
    "half_even": oracle.PaymentRounding.ROUND_HALF_EVEN,
    "half_up": oracle.PaymentRounding.ROUND_HALF_UP,
    "up": oracle.PaymentRounding.ROUND_UP,
    "down": oracle.PaymentRounding.ROUND_DOWN,
}


@st.composite
def any_terms(draw: st.DrawFn, /, **given: Any) -> RepaymentTerms:
    """Terms of any conventions together, ended within the calendar."""
    count = DayCount(
        year=draw(st.sampled_from(["360", "364", "365", "actual"])), month=draw(st.sampled_from(["actual", "30"]))
    )
    unit = draw(st.sampled_from(["days", "weeks", "months", "years"]))
    drawn = {
        "annual_rate": draw(RATES),
        "instalments": draw(st.integers(1, 60)),
        "every": draw(st.integers(1, 4)),
        "unit": unit,
        "method": draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"])),
        "interest": draw(st.sampled_from(["declining", "flat"])),
        "interest_period": draw(st.sampled_from(["daily", "same_as_repayment"])),
        "day_count": count,
        "leap": draw(st.sampled_from([None, "feb_29_period_only"])),
        "rounding": draw(st.sampled_from(sorted(ROUNDINGS))),
        "multiple_of_fen": draw(st.sampled_from([None, 1, 100, 10_000])),
        "grace": Grace(
            principal=draw(st.integers(0, 3)),
            interest_payment=draw(st.integers(0, 3)),
            interest_free=draw(st.integers(0, 3)),
        ),
        "style": draw(st.sampled_from(["progressive", "cumulative"])),
        "recalculate_overdue": draw(st.booleans()),
        "due_day": draw(st.none() | st.integers(1, 31)) if unit in ("months", "years") else None,
    }
    return RepaymentTerms.model_validate(drawn | given)


@given(st.integers(1, 10**11), STARTS, any_terms(), st.none() | STARTS)
def test_the_principals_sum_to_the_amount_and_the_last_balance_is_nothing(
    amount: Fen, start: date, agreed: RepaymentTerms, as_of: date | None
) -> None:
    rows = schedule(amount, start, agreed, as_of)
    assert sum(row.principal for row in rows) == amount
    assert rows[-1].balance == 0
    assert all(row.balance >= 0 and row.principal >= 0 and row.interest >= 0 for row in rows)
    balances = [amount, *(row.balance for row in rows)]
    assert all(a - row.principal == b for a, b, row in zip(balances, balances[1:], rows, strict=False))


@given(st.integers(10**6, 10**10), STARTS, st.integers(2, 36), RATES.filter(lambda rate: rate < 1))
def test_the_instalments_but_the_last_are_equal(amount: Fen, start: date, number: int, rate: Decimal) -> None:
    rows = schedule(amount, start, terms(str(rate), number))
    paid = {row.principal + row.interest for row in rows[:-1]}
    assert len(paid) == 1
    assert abs(rows[-1].principal + rows[-1].interest - paid.pop()) <= len(rows) * 8


@given(st.integers(1, 10**10), STARTS, st.integers(1, 600))
def test_without_interest_the_amount_is_divided_evenly(amount: Fen, start: date, number: int) -> None:
    rows = schedule(amount, start, terms("0", number))
    assert sum(row.principal for row in rows) == amount
    assert all(row.interest == 0 for row in rows)
    assert len({row.principal for row in rows[:-1]} - {0}) <= 2


def test_one_fen_over_six_hundred_months_is_paid_once() -> None:
    rows = schedule(1, date(2024, 1, 31), terms("0.0395", 600))
    assert len(rows) == 600
    assert [row.principal for row in rows if row.principal] == [1]


@pytest.mark.parametrize("method", ["equal_instalment", "equal_principal", "interest_only", "bullet"])
def test_without_instalments_everything_is_due_at_once(method: str) -> None:
    day = date(2024, 1, 1)
    assert schedule(100, day, terms("0.04", 0, method=method)) == [Instalment(day, 100, 0, 0)]


def test_six_hundred_instalments_come_to_an_end() -> None:
    rows = schedule(fen("200000.00"), date(2024, 1, 31), terms("0.0395", 600))
    assert (len(rows), rows[-1].due, rows[-1].balance) == (600, date(2074, 1, 31), 0)


@pytest.mark.parametrize(
    ("start", "unit", "every", "expected"),
    [
        (date(2024, 1, 31), "months", 1, [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]),
        (date(2023, 1, 30), "months", 1, [date(2023, 2, 28), date(2023, 3, 30), date(2023, 4, 30)]),
        (date(2024, 2, 29), "years", 1, [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28)]),
        (date(2024, 2, 27), "days", 2, [date(2024, 2, 29), date(2024, 3, 2), date(2024, 3, 4)]),
        (date(2024, 12, 25), "weeks", 1, [date(2025, 1, 1), date(2025, 1, 8), date(2025, 1, 15)]),
        (date(2024, 11, 30), "months", 3, [date(2025, 2, 28), date(2025, 5, 30), date(2025, 8, 30)]),
    ],
)
def test_due_days_are_counted_from_the_first_day(start: date, unit: Any, every: int, expected: list[date]) -> None:
    assert due_dates(start, terms("0", 3, unit=unit, every=every)) == expected
    assert [row.due for row in schedule(300, start, terms("0", 3, unit=unit, every=every))] == expected


def test_a_bullet_is_one_row_with_the_interest_of_the_whole_time() -> None:
    rows = schedule(fen("300000.00"), date(2024, 3, 5), terms("0.0395", 1, every=12, method="bullet"))
    assert rows == [Instalment(date(2025, 3, 5), fen("300000.00"), fen("12014.58"), 0)]


def test_equal_instalments_by_actual_days_as_worked_out_on_paper() -> None:
    """29, 31 and 30 days of 360; the equal payment in exact fractions is 67,097.6..., its last fen falls on the last row."""
    rows = schedule(fen("200000.00"), date(2024, 1, 31), terms("0.0395", 3))
    assert [(row.due, yuan(row.principal), yuan(row.interest), yuan(row.balance)) for row in rows] == [
        (date(2024, 2, 29), "66467.19", "636.39", "133532.81"),
        (date(2024, 3, 31), "66649.38", "454.20", "66883.43"),
        (date(2024, 4, 30), "66883.43", "220.16", "0.00"),
    ]


CADENCES: dict[str, tuple[oracle.PaymentFrequency, dict[str, Any]]] = {
    "monthly": (oracle.PaymentFrequency.MONTHLY, {"every": 1}),
    "quarterly": (oracle.PaymentFrequency.QUARTERLY, {"every": 3}),
    "yearly": (oracle.PaymentFrequency.ANNUAL, {"every": 1, "unit": "years"}),
}


@settings(max_examples=150)
@given(
    st.integers(10_000, 10**10),
    st.dates(date(2000, 1, 1), date(2060, 12, 28)),
    st.integers(1, 120),
    st.decimals(0, Decimal("0.03"), places=5).map(lambda monthly: monthly * 12),
    st.sampled_from(sorted(ROUNDINGS)),
    st.sampled_from(sorted(CADENCES)),
    st.sampled_from(["daily", "same_as_repayment"]),
    st.integers(0, 5),
)
def test_whole_periods_are_paid_as_an_independent_program_pays_them(
    amount: Fen, start: date, number: int, rate: Decimal, rounding: str, cadence: str, counted: str, free: int
) -> None:
    """With rates whose twelfth is a finite decimal: the other program rounds the twelfth, ours is exact. It knows no smoothing."""
    frequency, every = CADENCES[cadence]
    free = min(free, number - 1)
    rows = schedule(
        amount,
        start,
        terms(
            str(rate),
            number,
            day_count=DayCount(year="360", month="30"),
            interest_period=counted,
            rounding=rounding,
            style="cumulative",
            grace=Grace(principal=free),
            **every,
        ),
    )
    ours = [(row.principal, row.interest, row.balance) for row in rows]
    theirs = _theirs(amount, rate, number, ROUNDINGS[rounding], frequency, free)
    assert ours[: len(theirs)] == theirs
    assert all(row == (0, 0, 0) for row in ours[len(theirs) :])


def _theirs(
    amount: Fen,
    rate: Decimal,
    number: int,
    rounding: oracle.PaymentRounding,
    frequency: oracle.PaymentFrequency,
    free: int,
) -> list[tuple[Fen, Fen, Fen]]:
    months = 12 // frequency.payments_per_year
    loan = oracle.LoanParams(
        Decimal(amount) / 100,
        rate * 100,
        number * months,
        payment_rounding=rounding,
        interest_rounding=rounding,
        payment_frequency=frequency,
        interest_only_months=free * months,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", oracle.EarlyPayoffWarning)
        rows = oracle.amortization_schedule(loan)[1:]
    return [(int(r.principal * 100), int(r.interest * 100), int(r.balance * 100)) for r in rows]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"first_due": date(2024, 1, 1)}, "first_due"),
        ({"due_day": 20, "unit": "weeks"}, "due_day"),
        ({"every": 600, "unit": "years", "instalments": 600}, "instalments"),
    ],
)
def test_terms_that_contradict_themselves_are_refused_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ScheduleNotOffered) as refused:
        schedule(100, date(2024, 1, 1), terms("0.04", **{"instalments": 3} | given))
    assert refused.value.field == named


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"interest": "flat"}, "interest"),
        ({"grace": Grace(interest_payment=1)}, "grace.interest_payment"),
        ({"grace": Grace(interest_free=1)}, "grace.interest_free"),
        ({"due_day": 20, "unit": "weeks"}, "due_day"),
    ],
)
def test_a_contract_is_not_signed_by_terms_that_no_loan_is_run_by(given: dict[str, Any], named: str) -> None:
    with pytest.raises((TermsNotServiced, ScheduleNotOffered)) as refused:
        must_be_serviced(100, date(2024, 1, 1), terms("0.04", 3, **given))
    assert refused.value.field == named


@given(STARTS, any_terms())
def test_due_days_rise(start: date, agreed: RepaymentTerms) -> None:
    dates = due_dates(start, agreed)
    assert all(b - a >= timedelta(days=1) for a, b in zip([start, *dates], dates, strict=False))


WORDS = {
    "ACT": "actual",
    "EQUAL_INSTALLMENTS": "equal_instalment",
    "EQUAL_PRINCIPAL_PAYMENTS": "equal_principal",
    "DECLINING_BALANCE": "declining",
    "SAME_AS_REPAYMENT_PERIOD": "same_as_repayment",
}
PUBLISHED = SHARED / "data" / "schedules" / "schedules.json"


@pytest.mark.skipif(not PUBLISHED.exists(), reason="../shared is missing")
def test_every_published_schedule_is_met_in_every_date_and_fen() -> None:
    """Of another loan system, each recomputed by an independent program."""
    published = json.loads(PUBLISHED.read_text())
    assert len(published) == 41
    for one in published:
        said = one["terms"]
        agreed = RepaymentTerms(
            annual_rate=Decimal(said["annual_rate"]),
            instalments=said["n"],
            every=said["every"],
            unit=said["unit"].lower(),
            method=ours_for(said["amortization"]),
            interest=ours_for(said["interest"]),
            interest_period=ours_for(said["period"]),
            day_count=DayCount(year=ours_for(said["days_in_year"]), month=ours_for(said["days_in_month"])),
            leap=said["leap"] and said["leap"].lower(),
            multiple_of_fen=said["multiple_of"] and fen(said["multiple_of"]),
            grace=Grace(principal=said["grace"][0], interest_payment=said["grace"][1], interest_free=said["grace"][2]),
            style=said["schedule"].lower(),
            recalculate_overdue=said["recalc_overdue"],
        )
        as_of = said["as_of"] and date.fromisoformat(said["as_of"])
        rows = schedule(fen(said["principal"]), date.fromisoformat(said["start"]), agreed, as_of)
        assert [(str(row.due), row.principal, row.interest, row.balance) for row in rows] == [
            (row["due"], fen(row["principal"]), fen(row["interest"]), fen(row["balance"])) for row in one["rows"]
        ], one["id"]


def ours_for(word: str) -> Any:
    return WORDS.get(word, word.lower())


def test_what_is_overdue_goes_on_bearing_interest_until_the_day_that_is_looked_at() -> None:
    """5,000.00 at 12 % over four months, nothing paid by 10 April (peers.md §B.6)."""
    agreed = terms("0.12", 4, day_count=DayCount(year="360", month="30"), recalculate_overdue=True)
    rows = schedule(fen("5000.00"), date(2024, 1, 1), agreed, date(2024, 4, 10))
    assert [yuan(row.interest) for row in rows] == ["50.00", "50.00", "50.00", "24.14"]
    assert yuan(rows[-1].principal + rows[-1].interest) == "1329.91"


def test_an_equal_instalment_is_corrected_where_the_last_one_is_far_from_it() -> None:
    """75.00 at 12.3 % over five months: 15.46 would leave 15.49 for the last one (peers.md §B.4)."""
    agreed = terms("0.123", 5, day_count=DayCount(year="360", month="30"))
    paid = [row.principal + row.interest for row in schedule(7500, date(2024, 1, 1), agreed)]
    assert paid[:-1] == [1547] * 4
    plain = schedule(7500, date(2024, 1, 1), agreed.model_copy(update={"style": "cumulative"}))
    assert plain[0].principal + plain[0].interest == 1546


def test_equal_principal_pays_less_and_less_interest() -> None:
    """等额本金: 120,000.00 at 6 % over four quarters of 90 days."""
    agreed = terms("0.06", 4, every=3, method="equal_principal", day_count=DayCount(year="360", month="30"))
    rows = schedule(fen("120000.00"), date(2024, 1, 15), agreed)
    assert [(yuan(row.principal), yuan(row.interest)) for row in rows] == [
        ("30000.00", "1800.00"),
        ("30000.00", "1350.00"),
        ("30000.00", "900.00"),
        ("30000.00", "450.00"),
    ]


def test_interest_settled_on_the_twentieth_has_broken_first_and_last_periods() -> None:
    """按期付息到期还本, quarterly on the 20th (R-INT-9): 97, 92, 91 and 85 days of 360, and the term ends when it ends."""
    agreed = terms("0.0365", 4, every=3, method="interest_only", due_day=20)
    rows = schedule(fen("200000.00"), date(2024, 3, 15), agreed)
    assert [(row.due, yuan(row.principal), yuan(row.interest)) for row in rows] == [
        (date(2024, 6, 20), "0.00", "1966.94"),
        (date(2024, 9, 20), "0.00", "1865.56"),
        (date(2024, 12, 20), "0.00", "1845.28"),
        (date(2025, 3, 15), "200000.00", "1723.61"),
    ]


def test_a_near_first_due_day_is_charged_its_own_days() -> None:
    """Five days of a month of 31, not the whole month (peers.md §D)."""
    agreed = terms("0.12", 3, first_due=date(2024, 1, 20), day_count=DayCount(year="360", month="30"))
    rows = schedule(fen("10000.00"), date(2024, 1, 15), agreed)
    assert [row.due for row in rows] == [date(2024, 1, 20), date(2024, 2, 20), date(2024, 3, 20)]
    assert yuan(rows[0].interest) == "16.13"


@pytest.mark.parametrize(
    ("grace", "expected"),
    [
        (Grace(principal=2), [("0.00", "10.00"), ("0.00", "10.00"), ("497.51", "10.00"), ("502.49", "5.02")]),
        (Grace(interest_payment=2), [("256.28", "0.00"), ("256.28", "0.00"), ("233.97", "22.31"), ("253.47", "2.53")]),
        (Grace(interest_free=2), [("251.86", "0.00"), ("251.86", "0.00"), ("246.90", "4.96"), ("249.38", "2.49")]),
    ],
)
def test_grace_puts_off_principal_or_interest_or_charges_none(grace: Grace, expected: list[tuple[str, str]]) -> None:
    agreed = terms("0.12", 4, grace=grace, day_count=DayCount(year="360", month="30"), style="cumulative")
    rows = schedule(fen("1000.00"), date(2024, 1, 1), agreed)
    assert [(yuan(row.principal), yuan(row.interest)) for row in rows] == expected
