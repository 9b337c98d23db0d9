"""Any life of a loan: whatever is recorded, of whatever day and in whatever order, what is stored is what follows, and nothing breaks."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.loan.balances import Balance, balances
from domain.loan.events import Prepayment
from domain.loan.loan import Loan
from domain.loan.terms import Servicing
from domain.working_days import CalendarYear, WorkCalendar
from tests.domain.lending import NOW, PAID_OUT, SCHEME, SUPERVISOR, TELLER, fen, paid_out, pending, reverse, terms
from tests.domain.test_altering import CONSENT, extend
from tests.domain.test_correcting import TWO, charge, correct, of, waive

HOLIDAYS = frozenset(date(2024, month, 5) for month in (4, 6, 7, 8, 9, 11, 12))
CALENDAR = WorkCalendar({2024: CalendarYear(year=2024, holidays=HOLIDAYS, make_up=frozenset())})
DAYS = st.integers(-5, 520).map(lambda n: PAID_OUT + timedelta(days=n))
AMOUNTS = st.integers(1, 400_000) | st.sampled_from([fen("1000.00"), fen("12000.00"), fen("13000.00")])
CHOICES: tuple[Prepayment | None, ...] = (None, None, "shorten", "lower")
METHODS = st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"])
ACTS = (
    "repay", "repay", "repay", "reverse", "cost", "waive", "extend", "rate", "plan", "misuse", "refund", "charge_off", "date", "more",
    "claim", "end_claim", "close",
)  # fmt: skip


def act(loan: Loan, what: str, day: date, data: st.DataObject) -> None:
    """Raises Refusal."""
    versions = st.integers(1, max(loan.version, 1))
    match what:
        case "repay":
            choice = data.draw(st.sampled_from(CHOICES))
            loan.repay(NOW, amount=data.draw(AMOUNTS), value_date=day, prepayment=choice)
        case "reverse":
            reverse(loan, data.draw(versions), day)
        case "cost":
            charge(loan, "30.00", day)
        case "waive":
            waive(loan, data.draw(st.sampled_from(["costs", "penalty", "interest"])), "0.70", day)
        case "extend":
            extend(loan, day, data.draw(st.integers(1, 12)), data.draw(st.sampled_from([CONSENT, None])))
        case "rate":
            rate = data.draw(st.sampled_from([Decimal(0), Decimal("0.03"), Decimal("0.048")]))
            loan.reset_rate(NOW, annual_rate=rate, value_date=day, **TWO)
        case "plan":
            plan = terms("0.036", data.draw(st.integers(1, 24)), method=data.draw(METHODS))
            loan.restructure(NOW, terms=plan, value_date=day, consented_by=CONSENT, **TWO)
        case "misuse":
            found: dict[str, Any] = {"found_by": TELLER, "confirmed_by": SUPERVISOR, "reason": "a car"}
            loan.find_misuse(NOW, value_date=day, bank_knew=False, evidence=("0" * 64,), **found)
        case "refund":
            loan.refund(NOW, amount=data.draw(st.integers(1, 900)), value_date=day, bank_reference=None)
        case "charge_off":
            loan.charge_off(NOW, amount=min(data.draw(AMOUNTS), loan.outstanding), value_date=day)
        case "date":
            correct(loan, data.draw(versions), day)
        case "more":
            loan.disburse(NOW, amount=data.draw(st.integers(1, 500_000)), value_date=day)
        case "claim":
            loan.be_claimed(NOW, claim_no="C-1", value_date=day)
        case "end_claim" if loan.claim_no is not None:
            loan.end_claim(NOW, value_date=day)
        case "close":
            loan.close_day(NOW, day, claim_after=90)


def must_hold(loan: Loan) -> None:
    assert loan._unrecorded() == (), "what is stored is what follows"
    last = max([PAID_OUT, *(movement.value_date for movement in loan.movements)])
    stored, owed = of(loan), loan.owed(last)
    assert (stored.get("principal", 0), stored.get("costs", 0)) == (owed.principal, owed.costs)
    assert stored.get("refundable", 0) == owed.refundable
    assert min(owed.costs, owed.penalty, owed.interest, owed.overdue_principal, owed.due_principal, owed.future) >= 0
    assert stored.get("charged_off", 0) >= 0
    exposed = {party: fen for (name, party), fen in balances(loan._changes).items() if name is Balance.EXPOSURE}
    stands_for = 0 if loan.guarantor_is_released else loan.outstanding
    assert {party: exposed.get(party, 0) for party in ("fund", "guarantor")} == {
        party: SCHEME.part(party, stands_for) for party in ("fund", "guarantor")
    }
    if loan._was_drawn and not loan.is_charged_off:
        assert loan.is_settled == (owed.everything == 0)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_stored_is_what_follows_after_every_fact_of_any_life(data: st.DataObject) -> None:
    agreed = terms("0.036", data.draw(st.integers(1, 12)), method=data.draw(METHODS), servicing=Servicing())
    loan = paid_out("12000.00", PAID_OUT, terms=agreed)
    loan.calendar = data.draw(st.sampled_from([WorkCalendar({}), CALENDAR]))
    for _ in range(data.draw(st.integers(1, 9))):
        try:
            act(loan, data.draw(st.sampled_from(ACTS)), data.draw(DAYS), data)
        except Refusal:
            continue
        must_hold(loan)
    end = PAID_OUT + timedelta(days=800)
    for day in (PAID_OUT + timedelta(days=200), end):
        loan.close_day(NOW, day, claim_after=90)
        told = len(pending(loan))
        loan.close_day(NOW, day, claim_after=90)
        assert len(pending(loan)) == told, "the same day again"
    loan.calendar = CALENDAR
    loan.recalculate(NOW, end)
    must_hold(loan)
    for version in 2 * list(range(loan.version, 1, -1)):  # a payout after what was paid on it
        with suppress(Refusal):
            reverse(loan, version, end)
    if not any(movement.kind == "charged_off" for movement in loan.movements):
        assert not any(balances(loan._changes).values()), "all of it taken back is nothing"
