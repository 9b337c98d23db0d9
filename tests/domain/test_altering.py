"""What changes a running loan: an extension, another rate, another plan, misuse, a death, a closure, a refund."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.errors import InvalidInput, SamePerson
from domain.loan import refusals
from domain.loan.allocation import course_at
from domain.loan.balances import Balance, balances
from domain.loan.events import MoneyFact, TermsChanged
from domain.loan.loan import Loan
from domain.loan.movement import Movement
from domain.loan.terms import DayCount, RepaymentTerms, Servicing
from domain.working_days import CalendarYear, WorkCalendar
from tests.domain.claiming import file
from tests.domain.lending import (
    NOW,
    PAID_OUT,
    SUPERVISOR,
    TELLER,
    fen,
    paid_out,
    pending,
    refuses,
    repay,
    terms,
    told_by,
)

STRICT = Servicing(next_working_day=False)
MATURES = date(2025, 3, 5)
CONSENT = Actor(subject="consent", role="guarantor_officer", institution="jining_guarantee", region="rencheng")
BY: dict[str, Any] = {"reason": "flood", "requested_by": TELLER, "confirmed_by": SUPERVISOR}
SHOWN: dict[str, Any] = {"evidence": ("0" * 64,)}
A_DAY = timedelta(days=1)


def lent(method: str = "interest_only", rate: str = "0.036", instalments: int = 12, **more: Any) -> Loan:
    agreed = terms(rate, instalments, method=method, servicing=STRICT)
    return paid_out("12000.00", PAID_OUT, terms=agreed, **more)


def extend(loan: Loan, day: date, months: int = 6, consent: Actor | None = CONSENT, **more: Any) -> None:
    loan.extend(NOW, months=months, value_date=day, consented_by=consent, **{**SHOWN, **BY, **more})


def test_an_extension_moves_the_principal_and_interest_goes_on() -> None:
    loan = lent()
    extend(loan, date(2025, 3, 4))
    assert (loan.matures_on, loan.guarantor_is_released) == (date(2025, 9, 5), False)
    coming = loan.coming(date(2025, 3, 4))
    assert [(row.due, row.principal) for row in coming][-2:] == [
        (date(2025, 8, 5), 0),
        (date(2025, 9, 5), fen("12000.00")),
    ]
    assert coming[0].interest == fen("33.60")
    assert loan.overdue(MATURES + A_DAY).since == date(2024, 4, 5), "what is overdue stays overdue"


def test_equal_instalments_become_smaller_and_more() -> None:
    loan = lent("equal_principal")
    for row in list(loan.coming(PAID_OUT))[:6]:
        loan.repay(NOW, amount=row.principal + row.interest, value_date=row.due)
    extend(loan, date(2024, 9, 6), 6)
    assert [row.principal for row in loan.coming(date(2024, 9, 6))] == [fen("500.00")] * 12


def test_when_and_how_often() -> None:
    loan = lent()
    refuses(loan, refusals.AfterMaturity, lambda: extend(loan, MATURES + A_DAY))
    for months in (0, -1, 13):
        refuses(loan, InvalidInput, lambda months=months: extend(loan, MATURES, months))  # type: ignore[misc]
    refuses(loan, SamePerson, lambda: extend(loan, MATURES, confirmed_by=TELLER))
    refuses(loan, InvalidInput, lambda: extend(loan, MATURES, reason=" "))
    other = CONSENT.model_copy(update={"institution": "elsewhere"})
    refuses(loan, refusals.OtherGuarantor, lambda: extend(loan, MATURES, consent=other))
    extend(loan, MATURES, 12)
    refuses(loan, refusals.ExtendedAlready, lambda: extend(loan, MATURES))
    legacy = paid_out("12000.00")
    refuses(legacy, refusals.NotServiced, lambda: extend(legacy, PAID_OUT))
    claimed = lent()
    claimed.be_claimed(NOW, claim_no="C-1", value_date=PAID_OUT)
    refuses(claimed, refusals.UnderClaim, lambda: extend(claimed, PAID_OUT))


def test_without_consent_the_guarantors_are_released_and_nothing_can_be_claimed() -> None:
    """R-FUND-15."""
    loan = lent()
    assert balances(_changes(loan)).get((Balance.EXPOSURE, "fund"), 0) == 0
    extend(loan, date(2024, 6, 1), consent=None)
    released = {change.party: change.fen for change in _changes(loan) if change.balance == Balance.EXPOSURE}
    assert released == {"fund": -fen("1080.00"), "guarantor": -fen("7320.00")}
    refuses(loan, refusals.GuarantorReleased, lambda: file(loan, date(2025, 12, 31)))


def test_another_rate_holds_from_its_day_and_what_was_paid_since_is_allocated_anew() -> None:
    """33 days at 3.6 % are 39.60; the 12 of them from the 24th on at 7.2 % are 14.40 more."""
    loan = paid_out("12000.00", PAID_OUT, terms=terms("0.036", 1, every=12, method="bullet", servicing=STRICT))
    repay(loan, "1000.00", date(2024, 4, 7))
    change = {"annual_rate": Decimal("0.072"), "value_date": date(2024, 3, 26), **BY}
    refuses(loan, InvalidInput, lambda: loan.reset_rate(NOW, **change))
    change |= SHOWN
    loan.reset_rate(NOW, **change)
    (fact,) = [fact for fact in pending(loan) if isinstance(fact, TermsChanged)]
    assert {(c.value_date, c.balance, c.fen) for c in fact.changes if c.party is None} == {
        (date(2024, 4, 7), Balance.INTEREST, -fen("14.40")),
        (date(2024, 4, 7), Balance.PRINCIPAL, fen("14.40")),
    }
    refuses(loan, InvalidInput, lambda: loan.reset_rate(NOW, **change))


@settings(deadline=None, max_examples=40)
@given(
    payments=st.lists(st.tuples(st.integers(1, 330), st.integers(1, 400_000)), max_size=5),
    day=st.integers(1, 330),
    method=st.sampled_from(("interest_only", "equal_principal", "equal_instalment", "bullet")),
)
def test_early_or_late_the_same_change_gives_the_same_loan(
    payments: list[tuple[int, int]], day: int, method: str
) -> None:
    """Whether a rate is known on its day or with hindsight, balances and what is owed are the same."""
    known, hindsight = lent(method), lent(method)
    change = {"annual_rate": Decimal("0.05"), "value_date": PAID_OUT + day * A_DAY, **BY, **SHOWN}
    known.reset_rate(NOW, **change)
    for after, amount in sorted(payments):
        for loan in (known, hindsight):
            if not loan.is_ended:
                loan.repay(NOW, amount=amount, value_date=PAID_OUT + after * A_DAY)
    if hindsight.is_ended or known.is_ended:
        return
    hindsight.reset_rate(NOW, **change)
    for on in (PAID_OUT + 340 * A_DAY, PAID_OUT + 500 * A_DAY):
        assert known.owed(on) == hindsight.owed(on)
    sums = [{key: said for key, said in balances(_changes(loan)).items() if said} for loan in (known, hindsight)]
    assert sums[0] == sums[1]


def test_another_plan_within_a_year() -> None:
    loan = lent("equal_principal")
    plan = terms("0.01", 18, method="interest_only")
    loan.restructure(NOW, terms=plan, value_date=date(2024, 6, 1), consented_by=CONSENT, **SHOWN, **BY)
    assert (loan.matures_on, loan.terms_on(date(2024, 6, 1))) == (
        date(2025, 9, 5),
        plan.model_copy(update={"annual_rate": Decimal("0.036"), "servicing": STRICT}),
    )
    refuses(loan, refusals.ExtendedAlready, lambda: _restructure(loan, terms(instalments=20)))
    for wrong in (terms(instalments=25), terms(instalments=6, every=3)):
        refuses(loan, InvalidInput, lambda wrong=wrong: _restructure(loan, wrong))  # type: ignore[misc]


def _restructure(loan: Loan, plan: RepaymentTerms) -> None:
    loan.restructure(NOW, terms=plan, value_date=date(2024, 6, 2), consented_by=CONSENT, **SHOWN, **BY)


def test_misuse_bears_twice_the_rate_and_never_both_surcharges() -> None:
    """R-INT-7. Of 12,000.00 at 3.6 %: 1.20 a day; misused it bears as much again, overdue and misused twice in all."""
    loan = lent("bullet", instalments=1)
    evidence: dict[str, Any] = {
        "evidence": ("0" * 64,),
        "reason": "bought a house",
        "found_by": TELLER,
        "confirmed_by": SUPERVISOR,
    }
    start = date(2024, 3, 15)
    loan.find_misuse(NOW, value_date=start, bank_knew=False, **evidence)
    owed = loan.owed(start + 10 * A_DAY)
    assert (owed.accrued, owed.penalty) == (fen("24.00"), fen("12.00"))
    due = date(2024, 4, 5)
    late, on_time = loan.owed(due + 10 * A_DAY), loan.owed(due)
    assert late.penalty - on_time.penalty == fen("24.07"), "on 12,037.20 at 7.2 %, interest included"
    refuses(loan, refusals.MisuseKnown, lambda: loan.find_misuse(NOW, value_date=start, bank_knew=True, **evidence))
    known = lent()
    known.find_misuse(NOW, value_date=start, bank_knew=True, **evidence)
    refuses(known, refusals.BankKnewOfMisuse, lambda: file(known, date(2025, 12, 31)))
    refuses(
        known,
        InvalidInput,
        lambda: lent().find_misuse(NOW, value_date=start, bank_knew=True, **{**evidence, "evidence": ()}),
    )


def test_what_was_paid_too_much_goes_back_once() -> None:
    loan = lent()
    over = date(2024, 3, 20)
    repay(loan, "12100.00", over)
    left = balances(_changes(loan), over)[Balance.REFUNDABLE, None]
    refuses(loan, refusals.MoreThanRefundable, lambda: _refund(loan, left, over - A_DAY))
    refuses(loan, refusals.MoreThanRefundable, lambda: _refund(loan, left + 1, over))
    _refund(loan, left, over)
    refuses(loan, refusals.MoreThanRefundable, lambda: _refund(loan, 1, over))
    assert balances(_changes(loan))[Balance.REFUNDABLE, None] == 0


def _refund(loan: Loan, amount: int, day: date) -> None:
    loan.refund(NOW, amount=amount, value_date=day, bank_reference="b|1")


def test_a_death_is_no_loss_and_a_closed_business_draws_nothing_more() -> None:
    loan = paid_out("6000.00", PAID_OUT, terms=terms(servicing=STRICT))
    day = date(2024, 5, 1)
    loan.report_death(NOW, value_date=day, evidence=("0" * 64,), by=TELLER)
    assert (loan.status(), loan.state(day)["borrower_died"], loan.state(day - A_DAY)["borrower_died"]) == (
        "active",
        True,
        False,
    )
    refuses(loan, refusals.SaidBefore, lambda: loan.report_death(NOW, value_date=day, evidence=(), by=TELLER))
    loan.report_closure(NOW, value_date=day, report_by=day + 14 * A_DAY, evidence=(), by=TELLER)
    refuses(loan, refusals.BusinessIsClosed, lambda: loan.disburse(NOW, amount=1, value_date=day))
    assert [topic for topic, _ in told_by(loan)] == ["loan.borrower_died", "loan.business_closed"]


def _changes(loan: Loan) -> list[Any]:
    return [change for fact in pending(loan) if isinstance(fact, MoneyFact) for change in fact.changes]


def test_misuse_that_begins_while_a_due_day_waits_for_its_working_day_bears_from_its_own_day() -> None:
    """12,000.00 fall due on Saturday 8 March 2025, to be paid on Monday: two days at 5.4 %, misused from Sunday on at 7.2 %."""
    loan = paid_out(
        "12000.00", date(2024, 3, 8), terms=terms("0.036", 1, every=12, method="bullet", servicing=Servicing())
    )
    found: dict[str, Any] = {"reason": "a car", "evidence": ("0" * 64,), "found_by": TELLER, "confirmed_by": SUPERVISOR}
    loan.find_misuse(NOW, value_date=date(2025, 3, 9), bank_knew=False, **found)
    owed = loan.owed(date(2025, 3, 11))
    bearing = owed.overdue_principal + owed.overdue_interest
    assert owed.penalty == round(bearing * (Decimal("0.054") + 2 * Decimal("0.072")) / 360)


def test_an_extension_on_the_day_of_maturity_puts_the_principal_off() -> None:
    loan = lent()
    extend(loan, MATURES)
    last = loan.owed(MATURES)
    assert (last.due_principal, last.future) == (0, fen("12000.00"))
    assert [(row.due, row.principal) for row in loan.coming(MATURES)][-1] == (date(2025, 9, 5), fen("12000.00"))
    assert loan.owed(date(2025, 3, 6)).overdue_principal == 0


@pytest.mark.parametrize("method", ["equal_instalment", "equal_principal", "interest_only", "bullet"])
def test_another_plan_ends_after_its_day_and_another_rate_may_come_after_the_end(method: Any) -> None:
    loan = lent(method)
    passed = terms("0.036", 5, method=method)
    late: dict[str, Any] = {"value_date": date(2024, 8, 5), "consented_by": CONSENT, **SHOWN, **BY}
    refuses(loan, InvalidInput, lambda: loan.restructure(NOW, terms=passed, **late))
    for day in (MATURES, MATURES + A_DAY):
        loan.reset_rate(NOW, annual_rate=Decimal("0.03") + day.day * Decimal("0.001"), value_date=day, **SHOWN, **BY)
    owed = loan.owed(date(2025, 4, 5))
    assert (owed.overdue_principal, owed.future) == (fen("12000.00"), 0)


def test_a_plan_that_turns_out_to_hold_from_after_its_own_end_asks_for_everything_at_once() -> None:
    """Its date is corrected, or the payout's: the terms contradict the day, and nothing may be lost."""
    loan = lent("equal_principal")
    six = terms("0.036", 6, method="equal_principal")
    day = date(2024, 8, 20)
    loan.restructure(NOW, terms=six, value_date=day, consented_by=CONSENT, **SHOWN, **BY)
    refuses(
        loan,
        refusals.AfterMaturity,
        lambda: loan.correct_date(NOW, version=3, value_date=date(2024, 9, 6), **SHOWN, **BY),
    )
    loan.correct_date(NOW, version=2, value_date=date(2024, 3, 1), **SHOWN, **BY)
    assert loan.owed(date(2024, 9, 3)).overdue_principal == fen("12000.00")
    moved = lent("equal_principal").movements
    plan = Movement(date(2024, 11, 1), 3, "terms_changed", 0, terms=six, change="restructuring")
    course = course_at(loan.contract.terms, [*moved, plan], date(2024, 11, 20), loan.calendar)
    assert (course.owed().future, course.owed().principal) == (0, fen("12000.00"))


def test_the_end_is_put_off_once_however_and_before_it_and_with_evidence_once_it_has_passed() -> None:
    loan = lent("equal_principal")
    refuses(loan, InvalidInput, lambda: extend(loan, date(2025, 1, 10), evidence=()))
    extend(loan, date(2025, 1, 10))
    back: dict[str, Any] = {"consented_by": CONSENT, **SHOWN, **BY}
    loan.restructure(NOW, terms=terms("0.036", 12, method="equal_principal"), value_date=date(2025, 1, 20), **back)
    assert loan.matures_on == MATURES
    refuses(loan, refusals.ExtendedAlready, lambda: extend(loan, date(2025, 2, 1)))
    shortened = lent("equal_principal")
    shortened.restructure(NOW, terms=terms("0.036", 10, method="equal_principal"), value_date=date(2024, 6, 1), **back)
    extend(shortened, date(2024, 12, 1), 3)
    assert shortened.matures_on == date(2025, 4, 5)
    late = lent("equal_principal")
    longer = terms("0.036", 20, method="equal_principal")
    refuses(
        late, refusals.AfterMaturity, lambda: late.restructure(NOW, terms=longer, value_date=date(2025, 4, 1), **back)
    )


def test_a_guarantor_that_was_released_by_the_contract_stays_released_when_a_claim_ends() -> None:
    loan = lent()
    loan.be_claimed(NOW, claim_no="C-1", value_date=date(2024, 8, 1))
    loan.end_claim(NOW, value_date=date(2024, 8, 2))
    extend(loan, date(2024, 6, 1), consent=None)
    exposed = balances(loan._changes, date(2024, 8, 3))
    assert not any(fen for (name, _), fen in exposed.items() if name == Balance.EXPOSURE)


def test_a_rate_that_changes_while_a_due_day_waits_bears_from_its_own_day() -> None:
    """Due on Friday the 5th, waiting until Monday the 8th; on the 7th the rate doubles: two days at the one, then at the other."""
    friday = CalendarYear(year=2024, holidays=frozenset({date(2024, 4, 5)}), make_up=frozenset())
    agreed = terms("0.036", 1, every=1, method="bullet", servicing=Servicing(compound=False))
    loan = paid_out("12000.00", PAID_OUT, terms=agreed)
    loan.calendar = WorkCalendar({2024: friday})
    loan.reset_rate(NOW, annual_rate=Decimal("0.072"), value_date=date(2024, 4, 7), **SHOWN, **BY)
    assert loan.owed(date(2024, 4, 10)).penalty == fen("3.60") + 3 * fen("3.60")


def test_shortened_instalments_stay_as_few_by_another_rate() -> None:
    loan = lent("equal_instalment")
    first = loan.coming(PAID_OUT)[0]
    loan.repay(NOW, amount=first.principal + first.interest, value_date=first.due)
    loan.repay(NOW, amount=fen("5000.00"), value_date=first.due, prepayment="shorten")
    before = [row.due for row in loan.coming(first.due) if row.principal]
    loan.reset_rate(NOW, annual_rate=Decimal("0.03"), value_date=date(2024, 5, 1), **SHOWN, **BY)
    rows = [row for row in loan.coming(date(2024, 5, 1)) if row.principal]
    assert [row.due for row in rows] == before
    assert len({row.principal + row.interest for row in rows[1:-1]}) == 1, "equal again"
    extend(loan, date(2024, 6, 1), 3)
    assert len([row for row in loan.coming(date(2024, 6, 1)) if row.principal]) == 13, (
        "over all that are left and added"
    )


def test_by_months_of_thirty_days_the_period_after_a_last_one_cut_short_weighs_what_its_days_do() -> None:
    """Ending on 15 September, due on the 20th: to 20 October are 35 days, where a whole period has 30."""
    agreed = terms("0.036", 6, method="interest_only", due_day=20, day_count=DayCount(month="30"), servicing=STRICT)
    loan = paid_out("12000.00", date(2024, 3, 15), terms=agreed)
    for row in list(loan.coming(date(2024, 3, 15)))[:-1]:
        loan.repay(NOW, amount=row.interest, value_date=row.due)
    end, next_due = date(2024, 9, 15), date(2024, 10, 20)
    interest = loan.owed(end).due_interest
    penal = Fraction(fen("12000.00") + interest) * Fraction(54, 1000) * Fraction(30, 360) * Fraction(35, 30)
    assert loan.owed(next_due).penalty == round(penal)
