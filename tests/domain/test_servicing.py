"""A loan is run by the rules of its contract: what falls due, what a payment pays, what arrears cost; against a slow simulation, day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loan.balances import Balance
from domain.loan.loan import Loan
from domain.loan.owed import Owed
from domain.loan.schedule import schedule
from domain.loan.terms import DayCount, Kind, RepaymentTerms, Servicing
from domain.money import Fen, yuan
from domain.working_days import CalendarYear, WorkCalendar
from tests.domain.lending import NOW, PAID_OUT, dated_totals, fen, paid_out, pending, repay, reverse, terms

RULES = Servicing()


def serviced(rate: str = "0.036", instalments: int = 12, rules: Servicing = RULES, **more: Any) -> RepaymentTerms:
    return terms(rate, instalments, servicing=rules, **more)


def lent(agreed: RepaymentTerms | None = None, amount: str = "300000.00") -> Loan:
    return paid_out(amount, terms=agreed or serviced())


def lent_on(day: date, amount: Fen, agreed: RepaymentTerms) -> Loan:
    contract = {"bank": "b", "product": "p", "guaranteed_fen": 0, "approved_fen": amount, "terms": agreed}
    loan = Loan.sign(NOW, loan_no="L", value_date=day, **contract)
    loan.disburse(NOW, amount=amount, value_date=day)
    return loan


def split(loan: Loan, version: int) -> dict[str, str]:
    """What a payment paid, in yuan, by what was known then."""
    fact = next(f for f in pending(loan) if f.originator_version == version)
    paid = {
        str(change.balance): yuan(-change.fen)
        for change in getattr(fact, "changes", ())
        if change.party is None and change.balance is not Balance.REFUNDABLE
    }
    return paid


def on(loan: Loan, day: date) -> dict[str, str]:
    """What is owed on a day, in yuan, without what is nothing."""
    owed = loan.owed(day)
    amounts = {name: getattr(owed, name) for name in Owed.__dataclass_fields__ if name != "oldest_due"}
    return {name: yuan(fen) for name, fen in amounts.items() if fen}


@given(
    st.integers(1_000, 10**9),
    st.dates(date(2000, 1, 1), date(2023, 3, 1)),
    st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"]),
    st.integers(1, 36),
    st.sampled_from(["360", "365", "actual"]),
    st.sampled_from(["actual", "30"]),
    st.sampled_from(["daily", "same_as_repayment"]),
    st.none() | st.integers(1, 31),
    st.decimals(0, Decimal("0.3"), places=4),
)
@settings(max_examples=60)
def test_what_is_paid_by_the_schedule_pays_exactly_its_rows_and_settles_the_loan(
    amount: Fen,
    start: date,
    method: Any,
    number: int,
    year: Any,
    month: Any,
    counted: Any,
    due_day: int | None,
    rate: Decimal,
) -> None:
    agreed = serviced(
        str(rate),
        number,
        method=method,
        day_count=DayCount(year=year, month=month),
        interest_period=counted,
        due_day=due_day,
    )
    rows = [row for row in schedule(amount, start, agreed) if row.principal + row.interest]
    loan = lent_on(start, amount, agreed)
    for row in rows:
        owed = loan.owed(row.due)
        assert (owed.due_principal, owed.due_interest, owed.accrued, owed.penalty) == (
            row.principal,
            row.interest,
            0,
            0,
        )
        version = repay(loan, yuan(row.principal + row.interest), row.due)
        paid = split(loan, version)
        assert (paid.get("principal", "0.00"), paid.get("interest", "0.00")) == (
            yuan(row.principal),
            yuan(row.interest),
        )
    assert loan.is_settled
    assert loan.owed(rows[-1].due + timedelta(days=400)).everything == 0


def test_arrears_bear_the_penalty_rate_from_their_due_day_and_unpaid_interest_with_them() -> None:
    """12,000.00 at 3.6 % in twelve equal parts of 1,000.00; the first, of 37.20 interest, comes fifteen days late.

    Penalty: 1,037.20 × 5.4 % × 15 / 360 = 2.33; the 11,000.00 to come bear 3.6 % × 15 / 360 = 16.50.
    """
    loan = lent(serviced(method="equal_principal"), "12000.00")
    due = date(2024, 4, 5)
    assert on(loan, due) == {"due_principal": "1000.00", "due_interest": "37.20", "future": "11000.00"}
    late = on(loan, date(2024, 4, 20))
    assert late == {
        "overdue_principal": "1000.00",
        "overdue_interest": "37.20",
        "penalty": "2.33",
        "accrued": "16.50",
        "future": "11000.00",
    }
    assert loan.arrears(date(2024, 4, 20)) == (due, fen("1037.20"))
    version = repay(loan, "1039.53", date(2024, 4, 20))
    assert split(loan, version) == {"penalty": "2.33", "interest": "37.20", "principal": "1000.00"}
    assert loan.arrears(date(2024, 4, 20)) == (None, 0)
    assert on(loan, date(2024, 5, 5))["due_interest"] == "33.00"


def test_without_compounding_only_principal_bears_penalty() -> None:
    loan = lent(serviced(rules=Servicing(compound=False), method="equal_principal"), "12000.00")
    assert on(loan, date(2024, 4, 20))["penalty"] == "2.25"


def test_the_order_is_the_contracts() -> None:
    """Principal before interest and penalty, as other systems have it (peers.md §B.9)."""
    order: tuple[Kind, ...] = ("overdue_principal", "overdue_interest", "penalty", "principal", "interest")
    loan = lent(serviced(rules=Servicing(order=order), method="equal_principal"), "12000.00")
    assert split(loan, repay(loan, "1010.00", date(2024, 4, 20))) == {"principal": "1000.00", "interest": "10.00"}
    assert on(loan, date(2024, 4, 20))["overdue_interest"] == "27.20"


def test_an_order_names_everything_once() -> None:
    with pytest.raises(ValueError, match="once"):
        Servicing(order=("penalty", "penalty", "overdue_interest", "overdue_principal", "interest"))


def test_the_oldest_is_paid_first() -> None:
    loan = lent(serviced(method="equal_principal"), "12000.00")
    owed = loan.owed(date(2024, 6, 20))
    assert owed.oldest_due == date(2024, 4, 5)
    repay(loan, yuan(owed.penalty + owed.overdue_interest + fen("1000.00")), date(2024, 6, 20))
    assert loan.owed(date(2024, 6, 20)).oldest_due == date(2024, 5, 5)
    assert loan.owed(date(2024, 6, 20)).overdue_principal == fen("2000.00")


def test_a_part_that_does_not_clear_the_oldest_does_not_restart_the_count() -> None:
    """domain.md §5.6."""
    loan = lent(serviced(method="equal_principal"), "12000.00")
    repay(loan, "1000.00", date(2024, 6, 1))
    assert loan.arrears(date(2024, 7, 5))[0] == date(2024, 4, 5)


CALENDAR = WorkCalendar(
    {
        2024: CalendarYear(
            year=2024, holidays=frozenset({date(2024, 4, 4), date(2024, 4, 5)}), make_up=frozenset({date(2024, 4, 7)})
        )
    }
)
"""清明: Thursday and Friday off; Sunday the 7th is worked."""


def test_what_falls_due_on_a_holiday_may_be_paid_on_the_next_working_day() -> None:
    loan = lent(serviced(method="equal_principal"), "12000.00")
    loan.calendar = CALENDAR
    sunday = date(2024, 4, 7)
    assert loan.arrears(sunday) == (None, 0)
    assert loan.owed(sunday).penalty == 0
    assert split(loan, repay(loan, "1037.20", sunday)) == {"interest": "37.20", "principal": "1000.00"}
    assert loan.arrears(date(2024, 4, 30)) == (None, 0)


def test_whoever_misses_that_day_too_owes_penalty_from_the_due_day() -> None:
    loan = lent(serviced(method="equal_principal"), "12000.00")
    loan.calendar = CALENDAR
    assert loan.arrears(date(2024, 4, 8)) == (date(2024, 4, 5), fen("1037.20"))
    assert on(loan, date(2024, 4, 8))["penalty"] == "0.47"
    assert on(loan, date(2024, 4, 20))["penalty"] == "2.33"


def test_a_contract_may_know_no_next_working_day() -> None:
    loan = lent(serviced(rules=Servicing(next_working_day=False), method="equal_principal"), "12000.00")
    loan.calendar = CALENDAR
    assert loan.arrears(date(2024, 4, 6)) == (date(2024, 4, 5), fen("1037.20"))


@pytest.mark.parametrize("choice", [None, "lower", "shorten"])
def test_money_paid_ahead_pays_the_next_instalments_or_what_the_borrower_chose(choice: Any) -> None:
    """12,000.00 in equal instalments; with the first one 2,000.00 more is paid."""
    loan, rows = lent(None, "12000.00"), schedule(fen("12000.00"), PAID_OUT, serviced())
    equal = rows[0].principal + rows[0].interest
    loan.repay(NOW, amount=equal + fen("2000.00"), value_date=rows[0].due, prepayment=choice)
    asked = []
    for row in rows[1:5]:
        owed = loan.owed(row.due)
        asked.append((owed.due_principal, owed.due_interest))
        if sum(asked[-1]):
            repay(loan, yuan(sum(asked[-1])), row.due)
    if choice == "lower":
        fresh = schedule(rows[0].balance - fen("2000.00"), rows[0].due, serviced(instalments=11))
        assert asked == [(row.principal, row.interest) for row in fresh[:4]]
    elif choice == "shorten":
        assert [principal + interest for principal, interest in asked] == [equal] * 4
    else:
        ahead = fen("2000.00") - rows[1].principal - rows[2].principal
        assert 0 < ahead < rows[3].principal
        assert [principal for principal, _ in asked] == [0, 0, rows[3].principal - ahead, rows[4].principal]
    assert yuan(asked[0][1]) == "27.05", "interest runs on what is left"


def test_a_shortened_loan_ends_sooner_and_a_lowered_one_when_it_would_have() -> None:
    ends = {}
    for choice in ("shorten", "lower"):
        loan = lent(None, "12000.00")
        loan.repay(NOW, amount=fen("4000.00"), value_date=date(2024, 4, 5), prepayment=choice)
        for row in schedule(fen("12000.00"), PAID_OUT, serviced())[1:]:
            owed = loan.owed(row.due)
            if owed.due_principal:
                repay(loan, yuan(owed.due_principal + owed.due_interest), row.due)
                ends[choice] = row.due
        assert loan.is_settled
    assert ends == {"shorten": date(2024, 12, 5), "lower": date(2025, 3, 5)}


def test_the_quote_of_a_day_pays_the_loan_off_on_that_day_and_a_fen_less_does_not() -> None:
    for short in (0, 1):
        loan = lent(None, "12000.00")
        day = date(2024, 6, 20)
        repay(loan, yuan(loan.owed(day).everything - short), day)
        assert loan.is_settled == (short == 0)
        assert loan.owed(day).everything == short


def test_what_is_drawn_later_joins_the_due_days_that_are_left() -> None:
    loan = paid_out("6000.00", terms=serviced(method="equal_principal"))
    loan.disburse(NOW, amount=fen("5500.00"), value_date=date(2024, 4, 5))
    assert on(loan, date(2024, 4, 5)) == {"due_principal": "500.00", "due_interest": "18.60", "future": "11000.00"}
    repay(loan, "518.60", date(2024, 4, 5))
    assert on(loan, date(2024, 5, 5)) == {"due_principal": "1000.00", "due_interest": "33.00", "future": "10000.00"}


def test_a_bullet_owes_nothing_before_its_end_and_everything_then() -> None:
    loan = lent(serviced(method="bullet"), "12000.00")
    assert on(loan, date(2025, 3, 4)) == {"accrued": "436.80", "future": "12000.00"}
    assert on(loan, date(2025, 3, 5)) == {"due_principal": "12000.00", "due_interest": "438.00"}
    assert loan.arrears(date(2025, 3, 6)) == (date(2025, 3, 5), fen("12438.00"))


PAYMENTS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 400_000), st.sampled_from([None, "lower", "shorten"])), max_size=6
)


@given(PAYMENTS, st.permutations(range(6)))
@settings(max_examples=60)
def test_the_order_in_which_facts_arrive_changes_nothing_by_value_date(
    payments: list[tuple[int, Fen, Any]], order: list[int]
) -> None:
    """Of payments of different days; those of one day pay in the order of recording."""
    one_a_day = list({after: (after, amount, choice) for after, amount, choice in payments}.values())
    told = []
    for arranged in (one_a_day, [one_a_day[place] for place in order if place < len(one_a_day)]):
        loan = lent(None, "12000.00")
        for after, amount, choice in arranged:
            loan.repay(NOW, amount=amount, value_date=PAID_OUT + timedelta(days=after), prepayment=choice)
        told.append(dated_totals(pending(loan)))
    assert told[0] == told[1]


@given(PAYMENTS, st.integers(0, 500), st.integers(1, 400_000))
@settings(max_examples=60)
def test_a_payment_and_its_reversal_leave_what_was(
    payments: list[tuple[int, Fen, Any]], after: int, amount: Fen
) -> None:
    loan = lent(None, "12000.00")
    for at, fen_paid, choice in payments:
        loan.repay(NOW, amount=fen_paid, value_date=PAID_OUT + timedelta(days=at), prepayment=choice)
    before = dated_totals(pending(loan))
    version = repay(loan, yuan(amount), PAID_OUT + timedelta(days=after))
    reverse(loan, version, PAID_OUT + timedelta(days=520))
    assert dated_totals(pending(loan)) == before


@dataclass
class DayByDay:
    """The oracle: a loan of equal principal run one day at a time in exact fractions, with nothing of ours.

    Every day is a working day here, and 360 days are a year.
    """

    rate: Fraction
    parts: list[tuple[date, Fen]]
    principal: Fen
    day: date
    running: Fraction = Fraction(0)
    taken: Fen = 0
    penalty: Fraction = Fraction(0)
    fined: Fen = 0
    arrears: list[list[Any]] = field(default_factory=list)

    def until(self, day: date) -> None:
        while self.day < day:
            self.running += self.principal * self.rate / 360
            self.penalty += sum(p + i for _, p, i in self.arrears) * self.rate * Fraction(3, 2) / 360
            self.day += timedelta(days=1)
            if self.parts and self.parts[0][0] == self.day:
                _, part = self.parts.pop(0)
                part = self.principal if not self.parts else min(part, self.principal)
                interest = max(round(self.running) - self.taken, 0)
                self.arrears += [[self.day, part, interest]] if part or interest else []
                self.principal -= part
                self.running, self.taken = Fraction(0), 0

    def pay(self, fen: Fen) -> dict[str, Fen]:
        """What a payment of the day pays; arrears of today were not late yet and bore nothing, like those before them."""
        left, paid = fen, {"penalty": 0, "interest": 0, "principal": 0}

        def give(kind: str, owed: Fen) -> Fen:
            nonlocal left
            part = min(left, owed)
            left -= part
            paid[kind] += part
            return part

        self.fined += give("penalty", max(round(self.penalty) - self.fined, 0))
        for late in (True, False):
            for place, kind in ((2, "interest"), (1, "principal")):
                for due in self.arrears:
                    if (due[0] < self.day) == late:
                        due[place] -= give(kind, due[place])
        self.taken += give("interest", max(round(self.running) - self.taken, 0))
        ahead = give("principal", self.principal)
        self.principal -= ahead
        for place, (due_on, part) in enumerate(self.parts):
            less = min(part, ahead)
            self.parts[place], ahead = (due_on, part - less), ahead - less
        return paid


@given(
    st.integers(10_000, 10**7),
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3_000_000)), max_size=5),
    st.integers(0, 500),
)
@settings(max_examples=80)
def test_every_day_of_a_life_is_as_a_simulation_day_by_day_has_it(
    amount: Fen, number: int, payments: list[tuple[int, Fen]], last: int
) -> None:
    agreed = serviced("0.0395", number, rules=Servicing(next_working_day=False), method="equal_principal")
    loan = lent_on(PAID_OUT, amount, agreed)
    rows = [(row.due, row.principal) for row in schedule(amount, PAID_OUT, agreed)]
    theirs = DayByDay(Fraction(agreed.annual_rate), rows, amount, PAID_OUT)
    for after, paid in sorted(dict(payments).items()):
        day = PAID_OUT + timedelta(days=after)
        theirs.until(day)
        version = repay(loan, yuan(paid), day)
        assert split(loan, version) == {kind: yuan(fen) for kind, fen in theirs.pay(paid).items() if fen}
    day = PAID_OUT + timedelta(days=last + max((after for after, _ in payments), default=0))
    theirs.until(day)
    owed = loan.owed(day)
    assert owed.principal == theirs.principal + sum(part for _, part, _ in theirs.arrears)
    assert owed.penalty == max(round(theirs.penalty) - theirs.fined, 0)
    assert owed.interest == max(round(theirs.running) - theirs.taken, 0) + sum(i for _, _, i in theirs.arrears)
    late = [due for due, p, i in theirs.arrears if due < day and p + i]
    assert owed.oldest_due == (late[0] if late else None)
