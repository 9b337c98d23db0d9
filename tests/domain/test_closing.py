"""The end of a day 日终: what is established by then, each change once, and not earlier than it can change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.loan.ageing import ageing, category, next_line, quarter_end
from domain.loan.balances import Balance, balances
from domain.loan.loan import Loan
from domain.loan.terms import Servicing
from domain.working_days import CalendarYear, WorkCalendar
from tests.domain.lending import NOW, PAID_OUT, changes, fen, paid_out, pending, repay, reverse, terms, told_by

STRICT = Servicing(next_working_day=False)
DUE = date(2024, 4, 5)
A_DAY = timedelta(days=1)


def monthly(**more: object) -> Loan:
    """12,000.00 in twelve parts, the first of them due on 2024-04-05."""
    agreed = terms("0.036", 12, method="equal_principal", servicing=STRICT)
    return paid_out("12000.00", PAID_OUT, terms=agreed, **more)


def close(loan: Loan, day: date) -> date:
    return loan.close_day(NOW, day, claim_after=90)


@pytest.mark.parametrize(
    ("days", "aged", "classed"),
    [
        (0, "none", "normal"),
        (1, "1-30", "special_mention"),
        (30, "1-30", "special_mention"),
        (31, "31-60", "special_mention"),
        (60, "31-60", "special_mention"),
        (61, "61-90", "special_mention"),
        (90, "61-90", "special_mention"),
        (91, "over_90", "substandard"),
        (270, "over_90", "substandard"),
        (271, "over_90", "doubtful"),
        (360, "over_90", "doubtful"),
        (361, "over_90", "loss"),
        (10_000, "over_90", "loss"),
    ],
)
def test_ageing_and_category_by_days(days: int, aged: str, classed: str) -> None:
    assert (ageing(days), category(days)) == (aged, classed)


def test_a_line_is_where_something_changes() -> None:
    lines, days = list[int](), 0
    while (line := next_line(days)) is not None:
        assert (ageing(line), category(line)) != (ageing(line - 1), category(line - 1))
        lines.append(days := line)
    assert lines == [1, 31, 61, 91, 271, 361]
    assert [quarter_end(date(2024, month, 5)).isoformat() for month in (1, 3, 12)] == [
        "2024-03-31",
        "2024-03-31",
        "2024-12-31",
    ]


def test_each_change_is_told_on_its_day_and_once() -> None:
    loan = monthly()
    for number in range(500):
        close(loan, PAID_OUT + number * A_DAY)
        before = len(loan.pending_events)
        close(loan, PAID_OUT + number * A_DAY)
        assert len(loan.pending_events) == before, "the same day again"
    after = [(topic.removeprefix("loan."), (day - DUE).days) for topic, day in told_by(loan)]
    assert after == [
        ("became_overdue", 1),
        ("classified", 1),
        ("aged", 31),
        ("aged", 61),
        ("aged", 62),
        ("aged", 91),
        ("classified", 91),
        ("claim_became_due", 91),
        *(("aged", day) for day in (92, 123, 154, 184, 215, 245)),
        ("classified", 271),
        *(("aged", day) for day in (276, 307, 335)),
        ("classified", 361),
    ]
    owing = {fact.arrears_fen for fact in loan.pending_events if isinstance(fact, Loan.Aged)}
    assert len(owing) == 11, "and whenever more is unpaid"
    (claimable,) = (fact for fact in loan.pending_events if isinstance(fact, Loan.ClaimBecameDue))
    assert (claimable.oldest_due, claimable.file_by) == (DUE, date(2024, 9, 30))


def test_a_payment_of_the_oldest_makes_it_younger_and_of_all_cures_it() -> None:
    loan = monthly()
    close(loan, date(2024, 7, 5))
    repay(loan, "1200.00", date(2024, 7, 6))
    close(loan, date(2024, 7, 6))
    repay(loan, "3000.00", date(2024, 7, 7))
    close(loan, date(2024, 7, 7))
    assert [topic for topic, day in told_by(loan) if day == date(2024, 7, 6)][1:] == ["loan.aged", "loan.classified"]
    assert [topic for topic, day in told_by(loan) if day == date(2024, 7, 7)][1:] == [
        "loan.overdue_cured",
        "loan.classified",
    ]


def test_a_late_payment_makes_notices_outdated_and_closing_the_day_again_says_so() -> None:
    loan = monthly()
    close(loan, date(2024, 4, 6))
    paid = repay(loan, "1037.20", DUE)
    before = list(loan.pending_events)
    close(loan, date(2024, 4, 6))
    assert told_by(loan)[len(before) :] == [
        ("loan.overdue_cured", date(2024, 4, 6)),
        ("loan.classified", date(2024, 4, 6)),
    ]
    assert loan.pending_events[: len(before)] == before, "nothing that was said is unsaid"
    reverse(loan, paid, date(2024, 4, 8))
    close(loan, date(2024, 4, 8))
    assert told_by(loan)[-2:] == [("loan.became_overdue", date(2024, 4, 8)), ("loan.classified", date(2024, 4, 8))]


def test_what_is_claimed_ended_or_without_a_fund_is_not_said_to_be_claimable() -> None:
    claimed = monthly()
    claimed.be_claimed(NOW, claim_no="C-1", value_date=date(2024, 7, 10))
    close(claimed, date(2024, 7, 10))
    alone = monthly(share_scheme=None)
    alone.close_day(NOW, date(2024, 7, 10), claim_after=None)
    lost = monthly()
    lost.charge_off(NOW, amount=lost.outstanding, value_date=date(2024, 7, 9))
    assert close(lost, date(2024, 7, 10)) == date.max
    assert all(topic != "loan.claim_became_due" for one in (claimed, alone, lost) for topic, _ in told_by(one))


@settings(deadline=None, max_examples=40)
@given(
    payments=st.lists(st.tuples(st.integers(1, 450), st.integers(1, 400_000)), max_size=5),
    instalments=st.sampled_from((1, 3, 12)),
    working=st.booleans(),
)
def test_nothing_changes_before_the_day_on_which_it_is_to_be_looked_at_again(
    payments: list[tuple[int, int]], instalments: int, working: bool
) -> None:
    """Closing every day, and only when a loan says so or something was recorded of it, tells the same."""
    daily, seldom = (
        paid_out(
            "12000.00",
            PAID_OUT,
            terms=terms("0.036", instalments, every=12 // instalments, servicing=Servicing(next_working_day=working)),
        )
        for _ in range(2)
    )
    next_look, looked, end = PAID_OUT, 0, 470
    for number in range(end):
        day = PAID_OUT + number * A_DAY
        for after, paid in payments:
            if after == number and not daily.is_ended:
                for loan in (daily, seldom):
                    loan.repay(NOW, amount=paid, value_date=day)
                next_look = day
        close(daily, day)
        if day >= next_look:
            next_look, looked = close(seldom, day), looked + 1
    assert [_said(fact) for fact in pending(daily)] == [_said(fact) for fact in pending(seldom)]
    assert looked < end / 3, "most days it need not be looked at"


def _said(fact: Fact) -> dict[str, object]:
    return fact.model_dump(exclude={"originator_id", "timestamp"}) | {"topic": fact.TOPIC}


def test_a_claim_that_ended_leaves_the_loan_to_be_claimed_again_and_it_is_told_so() -> None:
    loan = monthly()
    close(loan, date(2024, 7, 6))
    loan.be_claimed(NOW, claim_no="C-1", value_date=date(2024, 7, 6))
    close(loan, date(2024, 7, 7))
    loan.end_claim(NOW, value_date=date(2024, 7, 8))
    loan.collect_events()
    close(loan, date(2024, 7, 8))
    (again,) = (fact for fact in pending(loan) if isinstance(fact, Loan.ClaimBecameDue))
    assert (again.oldest_due, again.file_by) == (DUE, date(2024, 9, 30))


def test_a_loss_that_is_dated_before_the_notices_ends_them() -> None:
    loan = monthly()
    close(loan, date(2024, 5, 10))
    loan.charge_off(NOW, amount=fen("12000.00"), value_date=date(2024, 5, 1))
    close(loan, date(2024, 5, 11))
    assert told_by(loan)[-1] == ("loan.overdue_cured", date(2024, 5, 11))
    assert (loan.status(), loan.is_overdue) == ("charged_off", False)


def test_what_is_left_after_a_part_was_given_up_is_overdue_as_before() -> None:
    loan = monthly()
    close(loan, date(2024, 5, 10))
    loan.charge_off(NOW, amount=fen("500.00"), value_date=date(2024, 5, 11))
    close(loan, date(2024, 5, 11))
    assert (loan.status(), told_by(loan)[-1]) == ("overdue", ("loan.aged", date(2024, 5, 11)))


HOLIDAY = WorkCalendar({2024: CalendarYear(year=2024, holidays=frozenset({date(2024, 4, 5)}), make_up=frozenset())})
"""Qingming; the first due day is no working day, and may be paid on Monday the 8th."""


def test_a_calendar_that_is_published_late_is_recorded_as_a_difference() -> None:
    agreed = terms("0.036", 12, method="equal_principal", servicing=Servicing())
    loan = paid_out("12000.00", PAID_OUT, terms=agreed)
    version = repay(loan, "1037.20", date(2024, 4, 8))
    assert balances(changes(pending(loan)))[Balance.PENALTY, None] < 0, "as overdue since the 5th"
    loan.calendar = HOLIDAY
    before = len(loan.pending_events)
    loan.recalculate(NOW, date(2024, 6, 1))
    (difference,) = pending(loan)[before:]
    assert isinstance(difference, Loan.Recalculated)
    totals = balances(changes(pending(loan)))
    assert {name: fen for (name, party), fen in totals.items() if party is None and fen} == {
        Balance.INTEREST: -fen("37.20"),
        Balance.PRINCIPAL: -fen("1000.00"),
    }
    loan.recalculate(NOW, date(2024, 6, 2))
    assert len(loan.pending_events) == before + 1, "once"
    reverse(loan, version, date(2024, 6, 3))
    assert not any(balances(changes(pending(loan))).values())
