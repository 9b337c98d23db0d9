"""Allocation knows only dated movements: whatever came late, every day reads as if all had come in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.loan.allocation import changes_between, course_at
from domain.loan.balances import Balance, BalanceChange, DatedTotals, balances, difference
from domain.loan.loan import Loan
from domain.loan.movement import Movement
from domain.money import Fen, yuan
from domain.working_days import WorkCalendar
from tests.domain.lending import (
    NOW,
    PAID_OUT,
    SCHEME,
    changes,
    dated_totals,
    fen,
    paid_out,
    pending,
    repay,
    reverse,
    signed,
    terms,
)

Payment: TypeAlias = tuple[int, Fen]
"""Days after the payout, and the amount."""

PAYMENTS = st.lists(st.tuples(st.integers(0, 700), st.integers(1, 15_000_000)), min_size=1, max_size=7)
PARTIES = ("fund", "guarantor")


def _day(after: int) -> date:
    return PAID_OUT + timedelta(days=after)


def _lent(parts: Sequence[Payment] = ((0, 30_000_000),)) -> Loan:
    loan = signed()
    for after, amount in parts:
        loan.disburse(NOW, amount=amount, value_date=_day(after))
    return loan


def _paid(payments: Iterable[Payment], parts: Sequence[Payment] = ((0, 30_000_000),)) -> Loan:
    loan = _lent(parts)
    for after, amount in payments:
        loan.repay(NOW, amount=amount, value_date=_day(after))
    return loan


def _days(loan: Loan) -> list[date]:
    return sorted({change.value_date for change in changes(pending(loan))})


def _on(loan: Loan, day: date | None = None) -> Mapping[tuple[Balance, str | None], Fen]:
    return balances(changes(pending(loan)), day)


@given(PAYMENTS.flatmap(lambda payments: st.tuples(st.just(payments), st.permutations(payments))))
def test_the_order_in_which_payments_arrive_changes_no_balance_on_any_day(
    arrived: tuple[list[Payment], list[Payment]],
) -> None:
    in_one_order, in_another = (_paid(payments) for payments in arrived)
    assert dated_totals(pending(in_one_order)) == dated_totals(pending(in_another))


@given(PAYMENTS, st.lists(st.tuples(st.integers(0, 300), st.integers(1, 10_000_000)), min_size=1, max_size=3))
def test_several_payouts_and_any_payments_add_up_to_what_one_look_at_all_of_them_says(
    payments: list[Payment], parts: list[Payment]
) -> None:
    """What was told step by step, each step carrying a difference, is what is worked out at once."""
    parts = [(0, 1_000), *parts]
    loan = _paid(payments, parts)
    kinds = [("disbursed", part) for part in parts] + [("repaid", payment) for payment in payments]
    movements = [
        Movement(_day(after), version, "disbursed" if kind == "disbursed" else "repaid", amount)
        for version, (kind, (after, amount)) in enumerate(kinds, 2)
    ]
    at_once = changes_between(loan.contract.terms, SCHEME, [], movements)
    assert dated_totals(pending(loan)) == {(c.value_date, c.balance, c.party): c.fen for c in at_once}


MOVEMENTS = st.lists(
    st.builds(
        Movement,
        st.integers(0, 60).map(_day),
        st.integers(2, 40),
        st.sampled_from(["disbursed", "repaid", "charged_off"]),
        st.integers(1, 10**9),
    ),
    max_size=8,
    unique_by=lambda movement: movement.order,
)


@given(MOVEMENTS, MOVEMENTS, MOVEMENTS)
def test_from_one_history_to_another_is_back_to_nothing_and_on_from_there(
    begun: list[Movement], one: list[Movement], other: list[Movement]
) -> None:
    """However much the two have in common, and wherever what differs comes."""
    before, after = [*begun, *one], [*begun, *other]
    sums: DatedTotals = {}
    for sign, movements in ((-1, before), (1, after)):
        for change in changes_between(terms(), SCHEME, [], movements):
            key = (change.value_date, change.balance, change.party)
            sums[key] = sums.get(key, 0) + sign * change.fen
    told = changes_between(terms(), SCHEME, before, after)
    assert {(c.value_date, c.balance, c.party): c.fen for c in told} == {key: fen for key, fen in sums.items() if fen}


@given(PAYMENTS, st.integers(0, 700), st.integers(1, 40_000_000))
def test_a_payment_taken_back_was_never_there_on_any_day(payments: list[Payment], after: int, amount: Fen) -> None:
    loan = _paid(payments)
    before = dated_totals(pending(loan))
    loan.repay(NOW, amount=amount, value_date=_day(after))
    version = next(fact.originator_version for fact in reversed(pending(loan)) if fact.TOPIC == "loan.repaid")
    reverse(loan, version, _day(701))
    assert dated_totals(pending(loan)) == before


@given(PAYMENTS, PAYMENTS)
def test_principal_is_never_negative_and_every_fen_paid_is_placed_on_every_day(
    payments: list[Payment], later: list[Payment]
) -> None:
    loan = _paid([*payments, *later])
    for day in _days(loan):
        on = _on(loan, day)
        paid = sum(amount for after, amount in [*payments, *later] if _day(after) <= day)
        assert on[Balance.PRINCIPAL, None] >= 0
        assert on.get((Balance.INTEREST, None), 0) <= 0 <= on.get((Balance.REFUNDABLE, None), 0)
        parts = (30_000_000 - on[Balance.PRINCIPAL, None]) - on.get((Balance.INTEREST, None), 0)
        assert parts + on.get((Balance.REFUNDABLE, None), 0) == paid


@given(PAYMENTS, st.integers(0, 6))
def test_exposure_is_the_share_of_what_is_outstanding_on_every_day(payments: list[Payment], back: int) -> None:
    loan = _paid(payments)
    paid = [fact.originator_version for fact in pending(loan) if fact.TOPIC == "loan.repaid"]
    reverse(loan, paid[back % len(paid)], _day(701))
    for day in _days(loan):
        on = _on(loan, day)
        for party in PARTIES:
            assert on.get((Balance.EXPOSURE, party), 0) == SCHEME.part(party, on[Balance.PRINCIPAL, None])
        assert (Balance.EXPOSURE, "bank") not in on


@given(PAYMENTS)
def test_interest_is_met_before_principal_and_principal_before_a_refund(payments: list[Payment]) -> None:
    loan = _paid(payments)
    for day in _days(loan):
        on = _on(loan, day)
        paid_on_it = [c for c in changes(pending(loan)) if c.value_date == day and c.balance is Balance.PRINCIPAL]
        if sum(c.fen for c in paid_on_it) < 0:
            assert loan.interest_due(day) == 0
        if on.get((Balance.REFUNDABLE, None), 0):
            assert on[Balance.PRINCIPAL, None] == 0


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (PAID_OUT, "0.00"),
        (date(2024, 3, 6), "32.92"),
        (date(2024, 4, 4), "987.50"),
        (date(2025, 2, 28), "11850.00"),
        (date(2025, 3, 5), "12014.58"),
    ],
)
def test_interest_runs_by_actual_days_of_360_the_first_counted_and_the_last_not(day: date, due: str) -> None:
    assert yuan(paid_out().interest_due(day)) == due


def test_interest_is_rounded_as_a_total_and_never_in_its_parts() -> None:
    """A day's 32.916… paid every day as 32.92 would be 11 fen too much after 30 days; the total is exact."""
    loan = paid_out()
    for after in range(1, 31):
        loan.repay(NOW, amount=max(loan.interest_due(_day(after)), 1), value_date=_day(after))
    assert yuan(-loan_balance(loan, Balance.INTEREST)) == "987.50"


def loan_balance(loan: Loan, balance: Balance) -> Fen:
    """What the unsaved facts of a loan add to one of its balances."""
    return _on(loan)[balance, None]


def test_without_terms_no_interest_runs() -> None:
    loan = paid_out(terms=None)
    assert loan.interest_due(date(2026, 1, 1)) == 0
    repay(loan, "100.00", date(2026, 1, 1))
    assert yuan(loan_balance(loan, Balance.PRINCIPAL)) == "-100.00"


def test_a_late_payment_changes_what_later_ones_paid_and_nothing_before_it() -> None:
    """300,000.00 at 3.95 %: paid on 3 June and 1 September; a payment of 3 July is recorded last."""
    loan = paid_out()
    repay(loan, "100000.00", date(2024, 6, 3))
    repay(loan, "50000.00", date(2024, 9, 1))
    repay(loan, "50000.00", date(2024, 7, 3))
    late = pending(loan)[-1]
    assert {(c.value_date, c.balance, yuan(c.fen)) for c in changes([late]) if c.party is None} == {
        (date(2024, 7, 3), Balance.INTEREST, "-668.08"),
        (date(2024, 7, 3), Balance.PRINCIPAL, "-49331.92"),
        (date(2024, 9, 1), Balance.INTEREST, "992.84"),
        (date(2024, 9, 1), Balance.PRINCIPAL, "-992.84"),
    }
    assert yuan(loan.outstanding) == "104641.99"


def test_the_fund_is_exposed_by_the_difference_of_shares_and_not_by_the_share_of_a_payment() -> None:
    loan = paid_out(terms=None)
    repay(loan, "112666.63", date(2024, 4, 4))
    exposed = {c.party: yuan(c.fen) for c in changes(pending(loan)) if c.balance is Balance.EXPOSURE}
    assert exposed == {"fund": "-10140.00", "guarantor": "-68726.64"}
    assert SCHEME.part("guarantor", fen("187333.37")) == fen("114273.36")


def test_on_one_day_what_is_owed_stands_before_what_is_paid_and_what_is_given_up_of_the_rest_after() -> None:
    out, lost = Movement(PAID_OUT, 3, "disbursed", 100), Movement(PAID_OUT, 1, "charged_off", 100)
    back = Movement(PAID_OUT, 2, "repaid", 100)
    changed = changes_between(None, None, [], [lost, back, out])
    assert {change.balance: change.fen for change in changed} == {}, (
        "paid out and paid back, nothing was left to give up"
    )
    half = Movement(PAID_OUT, 2, "repaid", 40)
    assert {change.balance: change.fen for change in changes_between(None, None, [], [lost, half, out])} == {
        Balance.CHARGED_OFF: 60
    }


def test_interest_due_on_a_day_does_not_know_what_was_paid_after_it() -> None:
    movements = [Movement(PAID_OUT, 2, "disbursed", 30_000_000), Movement(_day(60), 3, "repaid", 10_000_000)]
    for some in (movements, movements[:1]):
        assert course_at(terms(), some, _day(30), WorkCalendar({})).owed().interest == 98_750


CHANGES = st.lists(
    st.builds(
        BalanceChange,
        balance=st.sampled_from(Balance),
        party=st.sampled_from([None, *PARTIES]),
        fen=st.integers(-1000, 1000),
        value_date=st.dates(date(2024, 1, 1), date(2024, 1, 20)),
    ),
    max_size=12,
)


@given(CHANGES, st.dates(date(2023, 12, 31), date(2024, 1, 21)))
def test_a_balance_on_a_day_is_the_sum_of_the_changes_dated_by_then(told: list[BalanceChange], day: date) -> None:
    expected: dict[tuple[Balance, str | None], Fen] = {}
    for change in told:
        if change.value_date <= day:
            key = (change.balance, change.party)
            expected[key] = expected.get(key, 0) + change.fen
    assert balances(told, day) == expected


def test_a_change_counts_from_its_own_day_on() -> None:
    change = BalanceChange(balance=Balance.PRINCIPAL, fen=5, value_date=date(2024, 1, 2))
    assert balances([change], date(2024, 1, 1)) == {}
    assert balances([change], date(2024, 1, 2)) == balances([change]) == {(Balance.PRINCIPAL, None): 5}


@given(CHANGES, CHANGES)
def test_the_difference_leads_from_one_set_of_totals_to_the_other(
    one: list[BalanceChange], other: list[BalanceChange]
) -> None:
    def totals(told: list[BalanceChange]) -> dict[tuple[date, Balance, str | None], Fen]:
        summed: dict[tuple[date, Balance, str | None], Fen] = {}
        for c in told:
            summed[c.value_date, c.balance, c.party] = summed.get((c.value_date, c.balance, c.party), 0) + c.fen
        return {key: amount for key, amount in summed.items() if amount}

    steps = difference(totals(one), totals(other))
    assert totals([*one, *steps]) == totals(other)
    assert all(step.fen for step in steps)
    assert [step.value_date for step in steps] == sorted(step.value_date for step in steps)
