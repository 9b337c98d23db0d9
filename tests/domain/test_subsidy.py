"""贴息: golden numbers of every regime, the days that are subsidised, and the levels that pay, to the fen."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loan.bearing import Stretch, bearing
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms, Servicing
from domain.money import Fen, parse_yuan, yuan
from domain.policy.rules import Kind
from domain.subsidy.calculating import Subsidised, Subsidy, calculate, half_up
from domain.subsidy.days import Quarter, spans
from domain.subsidy.method import (
    Formula,
    SubsidyMethodUnreadable,
    read_method,
    shipped_method,
)
from domain.working_days import WorkCalendar
from tests.domain.lending import NOW, SUPERVISOR, TELLER, repay, terms
from tests.domain.test_altering import extend

METHOD = read_method(shipped_method())
INDIVIDUAL: Kind = "individual"
ENTERPRISE: Kind = "small_enterprise"
MARCH, JUNE = date(2024, 3, 21), date(2024, 6, 21)
WHOLE = Fraction(1)


def lent(amount: str, day: date, agreed: RepaymentTerms) -> Loan:
    fen = parse_yuan(amount)
    contract = {"bank": "b", "product": "p", "guaranteed_fen": 0, "approved_fen": fen, "terms": agreed}
    loan = Loan.sign(NOW, loan_no="L", value_date=day, **contract)
    loan.disburse(NOW, amount=fen, value_date=day)
    return loan


def bullet(rate: str, months: int = 12, **more: Any) -> RepaymentTerms:
    return terms(rate, 1, every=months, method="bullet", servicing=Servicing(), **more)


def interest_only(rate: str, months: int) -> RepaymentTerms:
    return terms(rate, months, method="interest_only", servicing=Servicing())


def a_year(principal: str, rate: str) -> list[Subsidised]:
    stretch = Stretch(date(2021, 3, 1), date(2022, 3, 1), parse_yuan(principal), Decimal(rate), ((1, 1),))
    return [Subsidised(stretch, 1)]


def of(days: list[Subsidised], formula: Formula, lpr: Decimal, within: Fraction) -> Subsidy:
    return calculate(days, formula, lpr, within, formula.shared)


def in_yuan(subsidy: Subsidy) -> tuple[str, str, str, str]:
    return yuan(subsidy.interest), yuan(subsidy.subsidy), yuan(subsidy.borrower), yuan(subsidy.local)


def test_regime_c_half_of_the_rate_by_actual_days() -> None:
    """domain.md: 300,000.00 at 3.95 % from 2024-04-01 to 06-20, levels 30/30/20/20."""
    loan = lent("300000.00", date(2024, 4, 1), bullet("0.0395", 24))
    quarter = Quarter(2024, 2).days(METHOD.procedure)
    assert quarter == (MARCH, JUNE)
    (span,) = spans(loan, METHOD.stops, *quarter)
    assert (span.stretch.until - span.stretch.first).days == 81 and span.cause is None
    subsidy = of([Subsidised(span.stretch, span.year)], METHOD.formula("C", INDIVIDUAL), Decimal(0), WHOLE)
    assert in_yuan(subsidy) == ("2666.25", "1333.13", "1333.12", "0.00")
    levels = {level: yuan(fen) for level, fen in METHOD.levels.divide(subsidy.shared, subsidy.local).items()}
    assert levels == {"central": "399.94", "province": "399.94", "city": "266.63", "county": "266.62"}


def test_regime_b_what_is_above_the_lpr_less_150_bp() -> None:
    """R-SUB-2, Liuzhou: 100,000.00 for a year, LPR 3.65 %, rate 5.15 %."""
    subsidy = of(a_year("100000.00", "0.0515"), METHOD.formula("B", INDIVIDUAL), Decimal("0.0365"), WHOLE)
    assert in_yuan(subsidy) == ("5150.00", "3000.00", "2150.00", "0.00")


def test_regime_b_of_an_enterprise_beyond_the_national_limit() -> None:
    """domain.md: 4,000,000.00, LPR 3.65 %, rate 4.15 %: 20,000.00 is the city's alone (R-SUB-8)."""
    most = METHOD.national_most(ENTERPRISE, date(2021, 3, 1))
    assert most == parse_yuan("3000000.00")
    within = Fraction(most, parse_yuan("4000000.00"))
    subsidy = of(a_year("4000000.00", "0.0415"), METHOD.formula("B", ENTERPRISE), Decimal("0.0365"), within)
    assert in_yuan(subsidy) == ("166000.00", "80000.00", "86000.00", "20000.00")
    assert yuan(METHOD.levels.divide(subsidy.shared, subsidy.local)["city"]) == "32000.00", (
        "12,000.00 of what is shared, and 20,000.00"
    )


@pytest.mark.parametrize(("year", "local"), [(1, "0.00"), (2, "1450.00"), (3, "2900.00"), (4, "2900.00")])
def test_regime_a_in_full_of_which_the_national_rule_pays_less_every_year(year: int, local: str) -> None:
    (whole,) = a_year("100000.00", "0.0435")
    formula = METHOD.formula("A", INDIVIDUAL)
    subsidy = of([whole._replace(year=year)], formula, Decimal("0.0435"), WHOLE)
    assert in_yuan(subsidy) == ("4350.00", "4350.00", "0.00", local)


def test_regime_a_of_an_enterprise_half_of_the_lpr() -> None:
    subsidy = of(a_year("2000000.00", "0.05"), METHOD.formula("A", ENTERPRISE), Decimal("0.0431"), WHOLE)
    assert in_yuan(subsidy) == ("100000.00", "43100.00", "56900.00", "0.00")


def test_the_budget_never_bears_more_than_the_interest() -> None:
    cheap = of(a_year("100000.00", "0.02"), METHOD.formula("A", ENTERPRISE), Decimal("0.0431"), WHOLE)
    assert cheap.subsidy == cheap.interest
    below = of(a_year("100000.00", "0.02"), METHOD.formula("B", INDIVIDUAL), Decimal("0.0431"), WHOLE)
    assert below.subsidy == 0, "the borrower would bear 2.81 %"


@given(st.fractions(0, 10**9))
def test_half_a_fen_is_rounded_up(fen: Fraction) -> None:
    assert abs(half_up(fen) - fen) <= Fraction(1, 2) and half_up(fen) - fen != Fraction(-1, 2)


_PRINCIPAL = st.integers(0, 10**9)
_RATE = st.integers(0, 1000).map(lambda bp: Decimal(bp) / 10_000)


@given(st.lists(st.tuples(_PRINCIPAL, st.integers(1, 92), st.integers(1, 3)), max_size=6), _RATE, _RATE,
       st.sampled_from(METHOD.formulas), st.fractions(0, 1))  # fmt: skip
def test_shares_add_up_and_nobody_bears_less_than_nothing(
    days: list[tuple[Fen, int, int]], rate: Decimal, lpr: Decimal, formula: Formula, within: Fraction
) -> None:
    stretches = [Subsidised(Stretch(MARCH, JUNE, fen, rate, ((n, 360),)), year) for fen, n, year in days]
    subsidy = of(stretches, formula, lpr, within)
    assert 0 <= subsidy.shared <= subsidy.subsidy <= subsidy.interest
    divided = METHOD.levels.divide(subsidy.shared, subsidy.local)
    assert sum(divided.values()) == subsidy.subsidy and min(divided.values()) >= 0


def causes(loan: Loan, quarter: tuple[date, date] = (MARCH, JUNE)) -> list[tuple[str, str, str | None]]:
    found = spans(loan, METHOD.stops, *quarter)
    for one, other in pairwise(found):
        assert one.stretch.until <= other.stretch.first
    return [(f"{s.stretch.first:%m-%d}", f"{s.stretch.until:%m-%d}", s.cause) for s in found]


def merged(said: list[tuple[str, str, str | None]]) -> list[tuple[str, str, str | None]]:
    """Neighbours with the same cause as one."""
    whole: list[tuple[str, str, str | None]] = []
    for first, until, cause in said:
        if whole and whole[-1][1:] == (first, cause):
            first = whole.pop()[0]
        whole.append((first, until, cause))
    return whole


def test_overdue_days_are_never_subsidised_and_it_resumes_when_all_is_paid() -> None:
    """domain.md §5.4: the first overdue day is the one after the due day."""
    loan = lent("120000.00", date(2024, 3, 8), interest_only("0.036", 12))
    assert merged(causes(loan)) == [("03-21", "04-09", None), ("04-09", "06-21", "overdue")]
    repay(loan, "380.00", date(2024, 4, 20))
    assert merged(causes(loan))[:3] == [
        ("03-21", "04-09", None),
        ("04-09", "04-20", "overdue"),
        ("04-20", "05-09", None),
    ]


def test_a_due_day_at_a_weekend_is_met_on_monday() -> None:
    """2024-06-08 is a Saturday: paid on Monday it was never overdue, paid on Tuesday it was since Sunday."""
    for day, said in ((date(2024, 6, 10), [None]), (date(2024, 6, 11), [None, "overdue", None])):
        loan = lent("120000.00", date(2024, 5, 8), interest_only("0.036", 12))
        repay(loan, "380.00", day)
        assert [cause for _, _, cause in merged(causes(loan))] == said


def test_what_falls_due_on_the_last_day_of_a_quarter_is_the_next_one_s_matter() -> None:
    loan = lent("120000.00", date(2024, 5, 20), interest_only("0.036", 12))
    assert merged(causes(loan)) == [("05-20", "06-21", None)]
    after = merged(causes(loan, quarter=(JUNE, date(2024, 9, 21))))
    assert after == [("06-21", "09-21", "overdue")]


def test_whether_the_last_day_was_overdue_is_known_only_after_the_quarter() -> None:
    """2020-09-19 is a Saturday, to be met by Monday, which is the next quarter's."""
    quarter = (date(2020, 6, 21), date(2020, 9, 21))
    for paid_on, last in ((date(2020, 9, 21), None), (date(2020, 9, 22), "overdue")):
        loan = lent("120000.00", date(2020, 8, 19), interest_only("0.036", 12))
        repay(loan, "380.00", paid_on)
        assert merged(causes(loan, quarter=quarter))[-1][2] == last


def test_an_extension_is_not_subsidised_from_the_old_maturity_on() -> None:
    """domain.md §5.3: not from the day of the grant."""
    loan = lent("100000.00", date(2023, 5, 10), interest_only("0.0395", 12))
    for month in (6, 7, 8, 9, 10, 11, 12):
        repay(loan, "400.00", date(2023, month, 10))
    for month in (1, 2, 3):
        repay(loan, "400.00", date(2024, month, 10))
    extend(loan, date(2024, 4, 1), months=12, consent=None)
    assert merged(causes(loan))[-1] == ("05-10", "06-21", "extension")


EVIDENCE: dict[str, Any] = {"evidence": ("0" * 64,)}


def test_misuse_ends_it_from_that_day_and_a_closure_too() -> None:
    misused, closed = (lent("100000.00", date(2024, 1, 10), bullet("0.0395")) for _ in range(2))
    misused.find_misuse(NOW, value_date=date(2024, 5, 1), bank_knew=False, reason="bought a house", found_by=TELLER,
                        confirmed_by=SUPERVISOR, **EVIDENCE)  # fmt: skip
    assert causes(misused) == [("03-21", "05-01", None), ("05-01", "06-21", "misuse")]
    closed.report_closure(NOW, value_date=date(2024, 5, 1), report_by=date(2024, 5, 14), by=TELLER, **EVIDENCE)
    assert causes(closed) == [("03-21", "05-01", None), ("05-01", "06-21", "closed")]


def test_a_death_ends_it_with_the_quarter() -> None:
    """domain.md §5.11: at the next settlement, with no claw back."""
    loan = lent("100000.00", date(2024, 1, 10), bullet("0.0395"))
    loan.report_death(NOW, value_date=date(2024, 5, 1), by=TELLER, **EVIDENCE)
    assert causes(loan) == [("03-21", "06-21", None)]
    assert causes(loan, quarter=(JUNE, date(2024, 9, 21))) == [("06-21", "09-21", "died")]


def test_what_somebody_found_stops_it_from_the_first_bad_day() -> None:
    loan = lent("100000.00", date(2024, 1, 10), bullet("0.0395"))
    said: dict[str, Any] = {"reason": "employed", "by": TELLER}
    loan.stop_subsidy(NOW, value_date=date(2024, 5, 1), evidence=("1" * 64,), **said)
    loan.resume_subsidy(NOW, value_date=date(2024, 5, 11), **said)
    assert causes(loan) == [("03-21", "05-01", None), ("05-01", "05-11", "stopped"), ("05-11", "06-21", None)]


def test_a_year_of_the_loan_begins_on_its_anniversary() -> None:
    loan = lent("100000.00", date(2023, 5, 10), bullet("0.0395", 36))
    years = [(f"{s.stretch.first:%m-%d}", s.year) for s in spans(loan, METHOD.stops, MARCH, JUNE)]
    assert years == [("03-21", 1), ("05-10", 2)]


PAYMENTS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3_000_000)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    PAYMENTS,
    st.sampled_from(["equal_instalment", "equal_principal", "interest_only"]),
    st.integers(1, 28),
    st.booleans(),
)
def test_a_bearing_is_what_the_loan_owed_day_by_day(
    payments: list[tuple[int, Fen]], method: Any, day: int, whole_months: bool
) -> None:
    start = date(2024, 1, day)
    count: dict[str, Any] = {"day_count": {"year": "360", "month": "30"}} if whole_months else {}
    agreed = RepaymentTerms.model_validate(
        {"annual_rate": "0.036", "instalments": 12, "method": method, "servicing": Servicing(), **count}
    )
    loan = lent("120000.00", start, agreed)
    for offset, fen in payments:
        loan.repay(NOW, amount=fen, value_date=start + timedelta(days=offset))
    first, until = date(2024, 3, 21), date(2024, 12, 21)
    found = bearing(agreed, loan.movements, WorkCalendar({}), first, until)
    for number in range((until - first).days):
        on = first + timedelta(days=number)
        borne = sum(s.principal for s in found.stretches if s.first <= on < s.until)
        owed = loan.owed(on)
        assert borne == owed.future, on
        late = any(since <= on < cured for since, cured in found.overdue)
        if owed.oldest_due is not None and owed.oldest_due < on:
            assert late, on
        elif late:
            soon = [loan.owed(on + timedelta(days=more)).oldest_due for more in range(4)]
            assert any(due is not None and due < on for due in soon), f"{on} was not overdue"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('regime = "C"', 'regime = "D"', "formulas.3.regime"),
        ('"2/3"', '"3/2"', "formulas.0.shared.1"),
        ('kinds = ["small_enterprise"]', 'kinds = ["individual"]', "the method"),
        ('"county"]', '"county", "county"]', "levels"),
        ("interest_day = 20", "interest_day = 31", "procedure.interest_day"),
        ('cured = "resumes"', 'cured = "maybe"', "stops.cured"),
        ("[levels]", "[levels", "the file"),
    ],
)
def test_a_method_that_does_not_fit_is_refused_by_its_key(old: str, new: str, key: str) -> None:
    assert old in shipped_method()
    with pytest.raises(SubsidyMethodUnreadable) as refused:
        read_method(shipped_method().replace(old, new, 1))
    assert refused.value.facts["key"] == key
