"""What is put right of a loan: a date, a waiver; costs of collecting; a rate that becomes known after other terms do."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput, Refusal, SamePerson
from domain.loan import refusals
from domain.loan.balances import Balance, balances
from domain.loan.events import DateCorrected, Repaid
from domain.loan.loan import Loan
from domain.loan.terms import Servicing
from domain.money import yuan
from tests.domain.lending import (
    NOW,
    PAID_OUT,
    SCHEME,
    SUPERVISOR,
    TELLER,
    fen,
    paid_out,
    pending,
    refuses,
    repay,
    reverse,
    signed,
    terms,
)
from tests.domain.test_altering import extend, lent

SHOWN = ("0" * 64,)
BY: dict[str, Any] = {"reason": "the bank's system was down", "evidence": SHOWN}
TWO: dict[str, Any] = {**BY, "requested_by": TELLER, "confirmed_by": SUPERVISOR}
FIRST_DUE = date(2024, 4, 5)
"""Of 12,000.00 at 3.6 %, 37.20 of interest for 31 days."""


def charge(loan: Loan, amount: str, day: date, **more: Any) -> None:
    loan.charge_cost(NOW, amount=fen(amount), value_date=day, **{**BY, "by": TELLER, **more})


def waive(loan: Loan, part: Any, amount: str, day: date, **more: Any) -> None:
    loan.waive(NOW, part=part, amount=fen(amount), value_date=day, **{**TWO, **more})


def correct(loan: Loan, version: int, day: date, **more: Any) -> None:
    loan.correct_date(NOW, version=version, value_date=day, **{**TWO, **more})


def of(loan: Loan, day: date | None = None) -> dict[str, int]:
    return {str(name): fen for (name, party), fen in balances(loan._changes, day).items() if party is None and fen}


def test_a_cost_is_paid_first_and_bears_nothing() -> None:
    loan, plain = lent(), lent()
    charge(loan, "300.00", date(2024, 3, 20))
    day = date(2024, 4, 25)
    assert loan.owed(day).costs == fen("300.00")
    assert loan.owed(day).everything == plain.owed(day).everything + fen("300.00")
    repay(loan, "310.00", FIRST_DUE)
    assert loan.owed(FIRST_DUE).costs == 0
    assert loan.owed(FIRST_DUE).due_interest == fen("27.20"), "37.20 fell due, 10.00 were left for it"
    assert of(loan) == {"principal": fen("12000.00"), "interest": -fen("10.00")}


def test_a_contract_may_pay_costs_last_and_one_without_a_word_of_them_pays_them_first() -> None:
    order = ("penalty", "overdue_interest", "overdue_principal", "interest", "principal")
    for said, left in (((*order, "costs"), "7.20"), (order, "37.20")):
        rules = Servicing.model_validate({"order": said, "next_working_day": False})
        loan = paid_out("12000.00", PAID_OUT, terms=terms("0.036", method="interest_only", servicing=rules))
        charge(loan, "30.00", FIRST_DUE)
        repay(loan, "30.00", FIRST_DUE)
        assert loan.owed(FIRST_DUE).due_interest == fen(left)
        assert loan.owed(FIRST_DUE).costs == (0 if said == order else fen("30.00"))


def test_a_cost_known_late_takes_from_what_was_paid_and_a_loan_is_not_settled_before() -> None:
    loan = lent("bullet", instalments=1)
    due = loan.coming(PAID_OUT)[0]
    charge(loan, "50.00", date(2024, 3, 10))
    loan.repay(NOW, amount=due.principal + due.interest, value_date=due.due)
    assert not loan.is_settled
    repay(loan, "50.00", due.due)
    assert loan.is_settled
    late = lent("equal_principal")
    repay(late, "1037.20", FIRST_DUE)
    charge(late, "100.00", date(2024, 3, 20))
    assert (late.owed(FIRST_DUE).due_principal, late.outstanding) == (fen("100.00"), fen("11100.00"))


def test_what_is_refused_of_a_cost() -> None:
    loan = lent()
    for wrong in ({"amount": 0}, {"reason": " "}, {"evidence": ()}):
        said: dict[str, Any] = {"amount": 100, "value_date": FIRST_DUE, "by": TELLER, **BY, **wrong}
        refuses(loan, InvalidInput, lambda said=said: loan.charge_cost(NOW, **said))  # type: ignore[misc]
    refuses(loan, refusals.BeforeContract, lambda: charge(loan, "1.00", date(2024, 2, 1)))
    unserviced = paid_out()
    refuses(unserviced, refusals.NotServiced, lambda: charge(unserviced, "1.00", FIRST_DUE))
    repay(loan, "12100.00", PAID_OUT)
    refuses(loan, refusals.LoanEnded, lambda: charge(loan, "1.00", FIRST_DUE))


def test_what_is_waived_is_asked_of_nobody_and_paid_by_nobody() -> None:
    loan = lent()
    day = date(2024, 5, 20)
    before = loan.owed(day)
    waive(loan, "penalty", "0.10", day)
    waive(loan, "interest", "40.00", day)
    after = loan.owed(day)
    assert before.penalty - after.penalty == 10
    assert (before.interest - after.interest, after.principal) == (fen("40.00"), before.principal)
    assert of(loan)["waived"] == fen("40.10")
    assert after.oldest_due == date(2024, 5, 5), "37.20 of the first instalment, and 2.80 of the second"
    charge(loan, "9.00", day)
    waive(loan, "costs", "9.00", day)
    assert loan.owed(day).costs == 0
    for part in ("costs", "penalty", "interest"):
        refuses(loan, refusals.MoreThanWaivable, lambda part=part: waive(loan, part, "999.00", day))  # type: ignore[misc]
    refuses(loan, SamePerson, lambda: waive(loan, "interest", "1.00", day, confirmed_by=TELLER))
    refuses(loan, InvalidInput, lambda: waive(loan, "interest", "1.00", day, evidence=()))


def test_a_loan_of_which_the_rest_is_waived_is_settled() -> None:
    loan = lent("bullet", instalments=1)
    due = loan.coming(PAID_OUT)[0]
    waive(loan, "interest", "10.00", due.due)
    loan.repay(NOW, amount=due.principal + due.interest - fen("10.00"), value_date=due.due)
    assert loan.is_settled
    other = lent("interest_only")
    repay(other, "12000.00", PAID_OUT + timedelta(days=1))
    assert (other.outstanding, other.is_settled) == (fen("1.20"), False), "a day's interest was paid before principal"
    repay(other, "1.20", PAID_OUT + timedelta(days=1))
    assert other.is_settled


def test_a_waiver_of_what_turns_out_not_to_be_owed_falls_away() -> None:
    """The receipt of the due day comes late: no penalty has run, so none is waived, and nobody is owed for it."""
    loan, day = lent(), date(2024, 5, 1)
    penalty = loan.owed(day).penalty
    assert penalty
    loan.waive(NOW, part="penalty", amount=penalty, value_date=day, **TWO)
    repay(loan, "37.20", FIRST_DUE)
    assert loan.owed(day).penalty == 0
    assert of(loan) == {"principal": fen("12000.00"), "interest": -fen("37.20")}


def test_a_payment_that_was_recorded_for_the_wrong_day() -> None:
    """domain.md §5.29: the bank's system was down, the customer had paid on the due day; then nothing was ever overdue."""
    loan, right = lent(), lent()
    repay(right, "37.20", FIRST_DUE)
    version = repay(loan, "37.20", date(2024, 4, 25))
    loan.close_day(NOW, date(2024, 4, 26), claim_after=90)
    assert loan.owed(date(2024, 5, 1)).overdue_interest == 11, "what the penalty took of it"
    assert loan.was_overdue(date(2024, 5, 1))
    correct(loan, version, FIRST_DUE)
    assert loan.owed(date(2024, 5, 1)) == right.owed(date(2024, 5, 1))
    assert not loan.was_overdue(date(2024, 5, 1))
    for day in (None, FIRST_DUE, date(2024, 4, 25)):
        assert of(loan, day) == of(right, day)
    told = pending(loan)[-1]
    assert isinstance(told, DateCorrected)
    assert (told.corrects, told.corrects_version, told.from_date) == ("repaid", version, date(2024, 4, 25))
    assert (told.requested_by, told.confirmed_by) == (TELLER.subject, SUPERVISOR.subject)
    reverse(loan, version, date(2024, 5, 1))
    assert of(loan) == {"principal": fen("12000.00")}, "what was corrected can still be taken back"


def test_a_date_that_settles_and_one_that_reopens() -> None:
    loan = lent("bullet", instalments=1)
    due = loan.coming(PAID_OUT)[0]
    late = due.due + timedelta(days=30)
    version = loan.version + 1
    loan.repay(NOW, amount=due.principal + due.interest, value_date=late)
    assert not loan.is_settled
    correct(loan, version, due.due)
    assert loan.is_settled
    correct(loan, version, late)
    assert not loan.is_settled
    assert loan.owed(late).everything > 0


def test_what_is_refused_of_a_date() -> None:
    loan = lent()
    version = repay(loan, "37.20", FIRST_DUE)
    day = date(2024, 4, 6)
    refuses(loan, refusals.UnknownMovement, lambda: correct(loan, 1, day))
    refuses(loan, refusals.UnknownMovement, lambda: correct(loan, 99, day))
    refuses(loan, InvalidInput, lambda: correct(loan, version, FIRST_DUE))
    refuses(loan, InvalidInput, lambda: correct(loan, version, day, evidence=()))
    refuses(loan, InvalidInput, lambda: correct(loan, version, day, reason=" "))
    refuses(loan, SamePerson, lambda: correct(loan, version, day, confirmed_by=TELLER))
    refuses(loan, refusals.BeforeContract, lambda: correct(loan, version, date(2024, 2, 1)))
    reverse(loan, version, day)
    refuses(loan, refusals.UnknownMovement, lambda: correct(loan, version, day))
    extended = lent()
    extend(extended, date(2025, 3, 4))
    refuses(extended, refusals.AfterMaturity, lambda: correct(extended, extended.version, date(2025, 3, 6)))
    correct(extended, extended.version, date(2025, 2, 1))
    assert extended.matures_on == date(2025, 9, 5)


def test_a_payout_that_was_recorded_for_the_wrong_day() -> None:
    loan, right = lent(), lent()
    right = paid_out("12000.00", date(2024, 3, 11), terms=lent().contract.terms)
    correct(loan, 2, date(2024, 3, 11))
    assert loan.coming(date(2024, 3, 11)) == right.coming(date(2024, 3, 11))
    assert of(loan, date(2024, 3, 10)) == {}


def test_what_was_held_ready_goes_with_the_payout_to_its_right_day() -> None:
    agreed = {"terms": lent().contract.terms, "reserved_fen": fen("1080.00"), "approved": "12000.00"}
    loan, right = paid_out("12000.00", date(2024, 3, 5), **agreed), paid_out("12000.00", date(2024, 3, 11), **agreed)
    correct(loan, 2, date(2024, 3, 8))
    correct(loan, 2, date(2024, 3, 11))
    for day in (date(2024, 3, day) for day in (4, 5, 8, 10, 11)):
        sums = [{name: fen for name, fen in balances(one._changes, day).items() if fen} for one in (loan, right)]
        assert sums[0] == sums[1], day


def test_a_rate_that_becomes_known_after_an_extension_holds_through_it() -> None:
    """The extension is of the term, and says nothing of the rate."""
    known, late = lent(), lent()
    rate: dict[str, Any] = {
        "annual_rate": Decimal("0.03"),
        "value_date": date(2024, 6, 1),
        "reason": "LPR",
        "evidence": SHOWN,
    }
    rate |= {"requested_by": TELLER, "confirmed_by": SUPERVISOR}
    known.reset_rate(NOW, **rate)
    for loan in (known, late):
        extend(loan, date(2025, 1, 6))
    late.reset_rate(NOW, **rate)
    assert late.coming(PAID_OUT) == known.coming(PAID_OUT)
    assert late.owed(date(2025, 8, 1)) == known.owed(date(2025, 8, 1))
    assert late.terms_on(date(2025, 8, 1)) == known.terms_on(date(2025, 8, 1))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_corrections_leave_what_is_there_as_if_they_had_been_known(data: st.DataObject) -> None:
    """Payments recorded on wrong days and then corrected, in any order, give the loan that had them right at once; costs and waivers beside."""
    method = data.draw(st.sampled_from(["interest_only", "equal_principal", "equal_instalment", "bullet"]))
    instalments = 1 if method == "bullet" else 12
    loan, right = lent(method, instalments=instalments), lent(method, instalments=instalments)
    days = st.integers(1, 500).map(lambda n: PAID_OUT + timedelta(days=n))
    wrong: list[tuple[int, date]] = []
    for _ in range(data.draw(st.integers(1, 6))):
        kind = data.draw(st.sampled_from(["repay", "cost", "waive"]))
        amount = data.draw(st.integers(1, 300_000))
        on, truly = data.draw(days), data.draw(days)
        version = loan.version + 1
        try:
            if kind == "repay":
                right.repay(NOW, amount=amount, value_date=truly)
                loan.repay(NOW, amount=amount, value_date=on)
            elif kind == "cost":
                for one, day in ((right, truly), (loan, on)):
                    one.charge_cost(NOW, amount=amount, value_date=day, by=TELLER, **BY)
            else:
                amount = min(amount, right.owed(truly).interest, loan.owed(on).interest)
                for one, day in ((right, truly), (loan, on)):
                    one.waive(NOW, part="interest", amount=amount, value_date=day, **TWO)
        except Refusal:
            assume(False)
        if on != truly:
            wrong.append((version, truly))
    for version, truly in data.draw(st.permutations(wrong)):
        correct(loan, version, truly)
    end = PAID_OUT + timedelta(days=500)
    for day in (PAID_OUT + timedelta(days=200), end):
        assert of(loan, day) == of(right, day)
        assert loan.owed(day) == right.owed(day)
    exposure = {party: fen for (name, party), fen in balances(loan._changes).items() if name is Balance.EXPOSURE}
    assert exposure == {
        "fund": SCHEME.part("fund", loan.outstanding),
        "guarantor": SCHEME.part("guarantor", loan.outstanding),
    }


def test_a_receipt_that_changes_what_later_money_met_is_said_by_two() -> None:
    """Dated after all that moved it needs nobody else, however late it is recorded."""
    loan = lent()
    alone: dict[str, Any] = {"reason": None, "evidence": (), "requested_by": TELLER, "confirmed_by": None}
    loan.receive(NOW, amount=fen("37.20"), value_date=date(2024, 5, 5), **alone)
    early: dict[str, Any] = {"amount": fen("37.20"), "value_date": FIRST_DUE}
    said = {**alone, **BY, "confirmed_by": SUPERVISOR}
    for missing in ("reason", "evidence", "confirmed_by"):
        wrong = {**said, missing: alone[missing]}
        with pytest.raises(refusals.LateReceipt) as answer:
            loan.receive(NOW, **early, **wrong)
        assert answer.value.field == missing
    refuses(loan, SamePerson, lambda: loan.receive(NOW, **early, **{**said, "confirmed_by": TELLER}))
    loan.receive(NOW, **early, **said)
    told = pending(loan)[-1]
    assert isinstance(told, Repaid)
    assert (told.reason, told.evidence, told.requested_by, told.confirmed_by) == (
        BY["reason"],
        SHOWN,
        TELLER.subject,
        SUPERVISOR.subject,
    )


def test_a_contract_that_was_not_drawn_is_not_settled_by_another_rate_nor_repaid() -> None:
    agreed = lent().contract.terms
    loan = signed(terms=agreed, reserved_fen=fen("1080.00"), draw_until=date(2024, 8, 1), approved="12000.00")
    by: dict[str, Any] = {"reason": "LPR", "requested_by": TELLER, "confirmed_by": SUPERVISOR}
    loan.reset_rate(NOW, annual_rate=Decimal("0.03"), value_date=date(2024, 3, 1), **by)
    assert (loan.status(), loan.reserved) == ("contracted", fen("1080.00"))
    refuses(loan, refusals.NothingDisbursed, lambda: repay(loan, "1.00", PAID_OUT))
    loan.disburse(NOW, amount=fen("12000.00"), value_date=PAID_OUT)
    assert loan.status() == "active"


def test_a_settled_loan_that_is_corrected_in_the_middle_of_its_life_stays_settled() -> None:
    """domain.md §5.29: interest that was paid on its day after all; at the end nothing more is owed."""
    loan = lent(instalments=2)
    version = repay(loan, "37.20", date(2024, 4, 10))
    end = date(2024, 5, 5)
    loan.repay(NOW, amount=loan.owed(end).everything, value_date=end)
    assert loan.is_settled
    correct(loan, version, FIRST_DUE)
    assert loan.is_settled
    assert loan.owed(end).refundable == 3


def test_what_was_given_up_is_met_by_what_comes_in_before_anything_is_refundable() -> None:
    loan = lent()
    loan.charge_off(NOW, amount=fen("12000.00"), value_date=date(2024, 4, 1))
    assert loan.status() == "charged_off"
    owed = loan.owed(date(2024, 5, 1)).everything
    repay(loan, "5000.00", date(2024, 5, 1))
    assert of(loan)["charged_off"] == fen("7000.00") + owed
    assert loan.owed(date(2024, 5, 1)).refundable == 0
    repay(loan, "8000.00", date(2024, 5, 1))
    assert (of(loan).get("charged_off", 0), of(loan)["refundable"]) == (0, fen("1000.00") - owed)


def test_a_receipt_before_a_loss_makes_it_smaller_and_one_that_did_not_hold_reopens_the_loan() -> None:
    loan = lent()
    paid = repay(loan, "2000.00", date(2024, 3, 10))
    loan.charge_off(NOW, amount=loan.outstanding, value_date=date(2024, 4, 1))
    repay(loan, "3000.00", date(2024, 3, 20))
    assert of(loan)["charged_off"] + 2 * fen("2500.00") < fen("12000.00") + 10_000
    assert of(loan).get("principal", 0) == 0
    reverse(loan, paid, date(2024, 5, 1))
    assert (loan.status(), loan.outstanding) == ("charged_off", 0), "what came in was less, and more was given up"
    whole = lent()
    paid = repay(whole, "2000.00", date(2024, 3, 10))
    whole.charge_off(NOW, amount=whole.outstanding, value_date=date(2024, 4, 1))
    reverse(whole, paid, date(2024, 5, 1))
    assert (whole.status(), whole.outstanding > 0) == ("active", True), "more is owed than the bank gave up"
    assert pending(whole)[-1].value_date == date(2024, 4, 1)


def test_a_refund_of_what_then_did_not_hold_is_owed() -> None:
    loan = lent()
    paid = repay(loan, "13000.00", date(2024, 3, 10))
    beyond = of(loan)["refundable"]
    loan.refund(NOW, amount=beyond, value_date=date(2024, 3, 12), bank_reference=None)
    assert loan.status() == "settled"
    reverse(loan, paid, date(2024, 3, 20))
    owed = loan.owed(date(2024, 3, 20))
    assert owed.refundable == -beyond
    assert owed.everything == owed.principal + owed.interest + beyond
    repay(loan, yuan(owed.everything), date(2024, 3, 20))
    assert (loan.status(), loan.owed(date(2024, 3, 20)).refundable) == ("settled", 0)


def test_no_more_is_refunded_than_was_refundable_ever_since() -> None:
    loan = lent()
    repay(loan, "13000.00", date(2024, 3, 10))
    beyond = of(loan)["refundable"]
    loan.refund(NOW, amount=beyond, value_date=date(2024, 3, 20), bank_reference=None)
    repay(loan, "500.00", date(2024, 3, 25))
    early: dict[str, Any] = {"amount": fen("500.00"), "value_date": date(2024, 3, 12), "bank_reference": None}
    refuses(loan, refusals.MoreThanRefundable, lambda: loan.refund(NOW, **early))
    refuses(loan, refusals.MoreThanRefundable, lambda: correct(loan, 5, date(2024, 3, 9)))


@pytest.mark.parametrize(
    "act",
    [
        lambda loan, day: charge(loan, "300.00", day),
        lambda loan, day: waive(loan, "interest", "3.00", day),
        lambda loan, day: loan.find_misuse(NOW, value_date=day, bank_knew=True, found_by=TELLER, confirmed_by=SUPERVISOR, **BY),
        lambda loan, day: extend(loan, day, consent=None),
        lambda loan, day: loan.report_death(NOW, value_date=day, evidence=SHOWN, by=TELLER),
        lambda loan, day: loan.report_closure(NOW, value_date=day, report_by=day, evidence=SHOWN, by=TELLER),
    ],
)  # fmt: skip
def test_whatever_was_recorded_and_never_was_is_taken_back(act: Any) -> None:
    day, later = date(2024, 6, 1), date(2024, 9, 1)
    loan = lent()
    repay(loan, "200.00", date(2024, 5, 25))
    before, version = (_all(loan), loan.owed(later)), loan.version + 1
    act(loan, day)
    assert (_all(loan), loan.owed(later)) != before
    reverse(loan, version, date(2024, 7, 1))
    assert (_all(loan), loan.owed(later)) == before
    assert (loan.guarantor_is_released, loan.bank_knew_of_misuse) == (False, False)
    refuses(loan, refusals.AlreadyReversed, lambda: reverse(loan, version, date(2024, 7, 1)))


def _all(loan: Loan) -> dict[str, Any]:
    return {**loan.state(), "balances": {key: fen for key, fen in balances(loan._changes).items() if fen}}


def test_a_refund_that_never_was_is_refundable_again() -> None:
    loan = lent()
    repay(loan, "13000.00", date(2024, 3, 10))
    before = _all(loan)
    loan.refund(NOW, amount=500, value_date=date(2024, 3, 12), bank_reference=None)
    reverse(loan, loan.version, date(2024, 3, 13))
    assert _all(loan) == before


def test_a_payout_that_never_was_is_taken_back_with_what_was_held_ready() -> None:
    loan = signed(reserved_fen=27_000_00, terms=lent().contract.terms)
    loan.disburse(NOW, amount=fen("100000.00"), value_date=PAID_OUT)
    before = dict(balances(loan._changes))
    loan.disburse(NOW, amount=fen("50000.00"), value_date=date(2024, 3, 20))
    reverse(loan, loan.version, date(2024, 4, 1))
    after = balances(loan._changes)
    assert ({k: v for k, v in after.items() if v}, loan.disbursed) == (
        {k: v for k, v in before.items() if v},
        fen("100000.00"),
    )
    repay(loan, "10.00", date(2024, 4, 1))
    refuses(loan, refusals.NothingDisbursed, lambda: reverse(loan, 2, date(2024, 4, 2)))


def test_nothing_is_paid_nor_charged_nor_misused_before_the_payout() -> None:
    loan = lent()
    early = date(2024, 3, 4)
    refuses(loan, refusals.NothingDisbursed, lambda: loan.repay(NOW, amount=1, value_date=date(1990, 1, 1)))
    refuses(loan, refusals.NothingDisbursed, lambda: charge(loan, "1.00", early))
    misuse: dict[str, Any] = {"bank_knew": False, "found_by": TELLER, "confirmed_by": SUPERVISOR, **BY}
    refuses(loan, refusals.NothingDisbursed, lambda: loan.find_misuse(NOW, value_date=early, **misuse))
    version = repay(loan, "100.00", date(2024, 4, 1))
    refuses(loan, refusals.NothingDisbursed, lambda: correct(loan, version, early))
    refuses(loan, refusals.NothingDisbursed, lambda: correct(loan, 2, date(2024, 4, 2)))


def test_on_one_day_the_order_of_recording_changes_nothing() -> None:
    """A cost, a waiver and a receipt of one day, whichever was recorded first."""
    day = date(2024, 4, 25)
    some, others = lent(), lent()
    charge(some, "300.00", day)
    waive(some, "penalty", "0.10", day)
    repay(some, "400.00", day)
    waive(others, "penalty", "0.10", day)
    repay(others, "99.50", day)
    charge(others, "300.00", day)
    repay(others, "300.50", day)
    assert some.owed(day) == others.owed(day)
    assert of(some) == of(others)
