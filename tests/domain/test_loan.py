"""What may be recorded of a loan, and what a refusal leaves: nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.actor import Actor
from domain.errors import DatedInFuture, InvalidInput, SamePerson
from domain.loan import refusals
from domain.loan.events import Allocation
from domain.loan.loan import Loan
from domain.loan.schedule import ScheduleNotOffered, schedule
from domain.money import yuan
from tests.domain.lending import (
    NOW,
    PAID_OUT,
    SCHEME,
    SIGNED,
    SUPERVISOR,
    TELLER,
    body,
    fen,
    paid_out,
    pending,
    refuses,
    repay,
    reverse,
    signed,
    terms,
    told_by,
)

TOMORROW = date(2026, 7, 1)
LATER = date(2025, 1, 10)


def test_a_contract_opens_the_loan_with_everything_pinned() -> None:
    loan = Loan.sign(
        NOW, loan_no="JN-1", value_date=SIGNED, bank="b", product="p", approved_fen=100, guaranteed_fen=70, terms=terms(),
        share_scheme=SCHEME, county="rencheng",
    )  # fmt: skip
    assert told_by(loan) == [("loan.contract_signed", SIGNED)]
    assert loan.id == Loan.create_id("JN-1") != Loan.create_id("JN-2")
    assert (loan.status(), loan.outstanding) == ("contracted", 0)
    expected = ("county:rencheng", "bank:b", "fund:jining_fund", "bank:jining_rcb", "guarantor:jining_guarantee")
    assert pending(loan)[0].scopes == expected


def test_a_contract_is_not_signed_tomorrow() -> None:
    with pytest.raises(DatedInFuture):
        Loan.sign(NOW, loan_no="JN-1", value_date=TOMORROW, bank="b", product="p", approved_fen=1, guaranteed_fen=0)


def test_a_payout_tells_the_amount_and_the_reference() -> None:
    loan = signed()
    loan.disburse(NOW, amount=fen("200000.00"), value_date=PAID_OUT, bank_reference="jining_rcb|D-1")
    assert told_by(loan) == [("loan.disbursed", PAID_OUT)]
    assert body(pending(loan)[0]) == {"amount_fen": 20_000_000, "bank_reference": "jining_rcb|D-1"}
    assert (loan.status(), loan.status(SIGNED), yuan(loan.outstanding)) == ("active", "contracted", "200000.00")


def test_payouts_fill_the_contract_to_the_fen_and_not_beyond() -> None:
    loan = paid_out("299999.99")
    refuses(loan, refusals.BeyondContract, lambda: loan.disburse(NOW, amount=2, value_date=PAID_OUT))
    loan.disburse(NOW, amount=1, value_date=PAID_OUT)
    refuses(loan, refusals.BeyondContract, lambda: loan.disburse(NOW, amount=1, value_date=PAID_OUT))
    assert yuan(loan.disbursed) == "300000.00"


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_payout_no_payment_and_no_loss(amount: int) -> None:
    loan = paid_out("100.00")
    refuses(loan, InvalidInput, lambda: loan.disburse(NOW, amount=amount, value_date=LATER))
    refuses(loan, InvalidInput, lambda: loan.repay(NOW, amount=amount, value_date=LATER))
    refuses(loan, InvalidInput, lambda: loan.charge_off(NOW, amount=amount, value_date=LATER))


def test_nothing_is_paid_out_before_the_contract_is_signed() -> None:
    loan = signed()
    refuses(loan, refusals.BeforeContract, lambda: loan.disburse(NOW, amount=1, value_date=date(2024, 2, 29)))
    loan.disburse(NOW, amount=1, value_date=SIGNED)


def test_no_decision_is_dated_tomorrow() -> None:
    loan = paid_out()
    version = repay(loan, "1.00", LATER)
    refuses(loan, DatedInFuture, lambda: loan.disburse(NOW, amount=1, value_date=TOMORROW))
    refuses(loan, DatedInFuture, lambda: loan.repay(NOW, amount=1, value_date=TOMORROW))
    refuses(loan, DatedInFuture, lambda: loan.charge_off(NOW, amount=1, value_date=TOMORROW))
    refuses(loan, DatedInFuture, lambda: loan.report_jobs(NOW, created=1, retained=1, value_date=TOMORROW))
    refuses(loan, DatedInFuture, lambda: loan.close_day(NOW, TOMORROW, claim_after=None))
    refuses(loan, DatedInFuture, lambda: reverse(loan, version, TOMORROW))


def test_a_settled_loan_is_not_paid_out_again() -> None:
    loan = paid_out("100.00", terms=None)
    repay(loan, "100.00", LATER)
    refused = refuses(loan, refusals.LoanEnded, lambda: loan.disburse(NOW, amount=1, value_date=LATER))
    assert "settled" in str(refused)


def test_a_lost_loan_is_not_paid_out_again() -> None:
    loan = paid_out("100.00", terms=None)
    loan.charge_off(NOW, amount=1, value_date=LATER)
    assert loan.status() == "active", "99.99 are still owed"
    loan.charge_off(NOW, amount=fen("99.99"), value_date=LATER)
    assert loan.status() == "charged_off"
    refuses(loan, refusals.LoanEnded, lambda: loan.disburse(NOW, amount=1, value_date=LATER))


def test_history_is_recorded_as_it_was() -> None:
    loan = signed("1.00")
    loan.disburse(NOW, amount=fen("2.00"), value_date=date(2020, 1, 1), history=True, date_derived="approval date")
    assert (yuan(loan.outstanding), pending(loan)[0].date_derived) == ("2.00", "approval date")


def test_nothing_is_repaid_of_what_was_never_paid_out() -> None:
    loan = signed()
    refuses(loan, refusals.NothingDisbursed, lambda: loan.repay(NOW, amount=1, value_date=LATER))


def test_the_last_fen_settles_the_loan() -> None:
    loan = paid_out("100.00", terms=None)
    repay(loan, "99.99", date(2024, 6, 1))
    assert (told_by(loan), loan.status()) == ([("loan.repaid", date(2024, 6, 1))], "active")
    repay(loan, "0.01", LATER)
    assert told_by(loan)[1:] == [("loan.repaid", LATER), ("loan.settled", LATER)]
    assert (loan.status(), loan.status(date(2024, 6, 1)), loan.outstanding) == ("settled", "active", 0)


def test_unpaid_interest_keeps_the_loan_open() -> None:
    loan = paid_out()
    repay(loan, "300000.00", date(2024, 4, 4))
    assert (loan.is_settled, yuan(loan.outstanding)) == (False, "987.50")
    repay(loan, "987.50", date(2024, 4, 4))
    assert loan.is_settled


def test_what_is_paid_beyond_what_is_owed_is_refundable() -> None:
    loan = paid_out("100.00", terms=None)
    repay(loan, "130.00", LATER)
    assert loan.state()["balances"]["refundable"] == "30.00"
    repay(loan, "1.00", LATER)
    assert loan.state()["balances"]["refundable"] == "31.00"
    assert [topic for topic, _ in told_by(loan)].count("loan.settled") == 1


def test_a_late_payment_that_completes_the_loan_settles_it_on_its_last_day_of_money() -> None:
    loan = paid_out("100.00", terms=None)
    repay(loan, "60.00", LATER)
    repay(loan, "40.00", date(2024, 6, 1))
    assert told_by(loan)[-1] == ("loan.settled", LATER)


def test_a_split_that_the_source_states_is_kept() -> None:
    loan = paid_out()
    stated = Allocation(principal_fen=100, interest_fen=7, penalty_fen=3)
    loan.repay(NOW, amount=115, value_date=PAID_OUT, stated=stated)
    balances = loan.state()["balances"]
    assert (balances["interest"], balances["penalty"], balances["refundable"]) == ("-0.07", "-0.03", "0.05")


def test_a_reversal_names_the_reason_and_both_people() -> None:
    loan = paid_out("100.00", terms=None)
    version = repay(loan, "10.00", LATER)
    reverse(loan, version, date(2025, 2, 1), reason="支票退票")
    assert body(pending(loan)[-1]) == {
        "amount_fen": 1000,
        "reverses_version": version,
        "requested_by": "teller-1",
        "confirmed_by": "supervisor-1",
    }
    assert pending(loan)[-1].reason == "支票退票"
    assert (told_by(loan)[-1], yuan(loan.outstanding)) == (("loan.repayment_reversed", date(2025, 2, 1)), "100.00")


def test_a_settled_loan_that_owes_again_is_reopened_and_can_be_settled_again() -> None:
    loan = paid_out("100.00", terms=None)
    version = repay(loan, "100.00", LATER)
    reverse(loan, version, date(2025, 2, 1))
    assert told_by(loan)[2:] == [("loan.repayment_reversed", date(2025, 2, 1)), ("loan.reopened", LATER)]
    assert (loan.status(), loan.status(LATER)) == ("active", "active"), (
        "it had never been settled, by what is known now"
    )
    repay(loan, "100.00", date(2025, 3, 1))
    assert loan.status() == "settled"


def test_a_reversed_overpayment_leaves_a_settled_loan_settled() -> None:
    loan = paid_out("100.00", terms=None)
    repay(loan, "100.00", date(2024, 6, 1))
    version = repay(loan, "5.00", LATER)
    reverse(loan, version, LATER)
    assert (loan.status(), loan.state()["balances"]["refundable"]) == ("settled", "0.00")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"confirmed_by": TELLER}, SamePerson),
        ({"confirmed_by": Actor(**{**SUPERVISOR.model_dump(), "subject": TELLER.subject})}, SamePerson),
        ({"reason": ""}, InvalidInput),
        ({"reason": " \n"}, InvalidInput),
    ],
)
def test_a_reversal_needs_two_people_and_a_reason(given: dict[str, Any], refusal: type[Exception]) -> None:
    loan = paid_out()
    version = repay(loan, "10.00", LATER)
    refuses(loan, refusal, lambda: reverse(loan, version, LATER, **given))  # type: ignore[arg-type]


def test_what_is_reversed_and_only_once() -> None:
    loan = paid_out()
    version = repay(loan, "10.00", LATER)
    refuses(loan, refusals.UnknownRepayment, lambda: reverse(loan, 1, LATER))
    refuses(loan, refusals.NothingDisbursed, lambda: reverse(loan, 2, LATER))
    refuses(loan, refusals.UnknownRepayment, lambda: reverse(loan, 99, LATER))
    reverse(loan, version, LATER)
    refuses(loan, refusals.AlreadyReversed, lambda: reverse(loan, version, LATER))


def test_a_due_day_is_not_overdue_and_the_day_after_is() -> None:
    loan = paid_out("300000.00")
    due = schedule(30_000_000, PAID_OUT, terms())[0]
    loan.close_day(NOW, due.due, claim_after=None)
    assert told_by(loan) == []
    loan.close_day(NOW, date(2024, 4, 6), claim_after=None)
    assert told_by(loan) == [("loan.became_overdue", date(2024, 4, 6)), ("loan.classified", date(2024, 4, 6))]
    assert body(pending(loan)[0]) == {"oldest_due": due.due, "arrears_fen": due.principal}
    loan.close_day(NOW, date(2024, 4, 7), claim_after=None)
    assert len(told_by(loan)) == 2


def test_paying_what_is_due_cures_the_loan() -> None:
    loan = paid_out("300000.00")
    loan.close_day(NOW, date(2024, 4, 6), claim_after=None)
    row = schedule(30_000_000, PAID_OUT, terms())[0]
    repay(loan, yuan(row.principal + loan.interest_due(date(2024, 4, 20)) - 1), date(2024, 4, 20))
    loan.close_day(NOW, date(2024, 4, 20), claim_after=None)
    assert loan.status() == "overdue"
    repay(loan, "0.01", date(2024, 4, 21))
    repay(loan, yuan(loan.interest_due(date(2024, 4, 21)) + 100), date(2024, 4, 21))
    loan.close_day(NOW, date(2024, 4, 21), claim_after=None)
    assert (told_by(loan)[-2], loan.status()) == (("loan.overdue_cured", date(2024, 4, 21)), "active")
    assert loan.status(date(2024, 4, 20)) == "overdue"


def test_a_settled_loan_is_never_overdue() -> None:
    loan = paid_out("100.00")
    loan.close_day(NOW, date(2024, 4, 6), claim_after=None)
    repay(loan, "200.00", date(2024, 4, 20))
    loan.close_day(NOW, LATER, claim_after=None)
    assert [topic for topic, _ in told_by(loan)] == [
        "loan.became_overdue",
        "loan.classified",
        "loan.repaid",
        "loan.settled",
    ]


def test_a_loss_is_at_most_the_principal_owed() -> None:
    loan = paid_out("100.00", terms=None)
    repay(loan, "40.00", LATER)
    refuses(loan, refusals.MoreThanOwed, lambda: loan.charge_off(NOW, amount=fen("60.01"), value_date=LATER))
    loan.charge_off(NOW, amount=fen("60.00"), value_date=LATER, claim_no="C-1")
    assert body(pending(loan)[-1]) == {"amount_fen": 6000, "claim_no": "C-1", "ends": True}
    assert (loan.status(), loan.outstanding) == ("charged_off", 0)
    assert loan.state()["balances"]["charged_off"] == "60.00"
    assert loan.state()["balances"]["exposure:fund"] == "0.00"
    refuses(loan, refusals.IsTakenOver, lambda: loan.repay(NOW, amount=1, value_date=LATER))


def test_a_later_report_of_jobs_replaces_an_earlier_one_by_its_day() -> None:
    loan = paid_out()
    loan.report_jobs(NOW, created=5, retained=2, value_date=LATER)
    loan.report_jobs(NOW, created=3, retained=1, value_date=date(2024, 9, 1))
    assert (loan.state()["jobs_created"], loan.state()["jobs_retained"]) == (5, 2)
    assert loan.state(date(2024, 9, 1))["jobs_created"] == 3
    assert loan.state(PAID_OUT)["jobs_created"] == 0


# Rules that do not hold yet: each of these must pass when its cure lands.


def test_before_the_payout_nothing_is_overdue() -> None:
    loan = paid_out()
    loan.close_day(NOW, SIGNED, claim_after=None)
    assert told_by(loan) == []


def test_a_second_payout_makes_nobody_overdue_who_paid_what_was_due() -> None:
    loan = paid_out("100000.00")
    row = schedule(10_000_000, PAID_OUT, terms())[0]
    repay(loan, yuan(row.principal + row.interest), row.due)
    loan.disburse(NOW, amount=fen("100000.00"), value_date=date(2024, 4, 10))
    loan.close_day(NOW, date(2024, 4, 11), claim_after=None)
    assert [topic for topic, _ in told_by(loan)] == ["loan.repaid", "loan.disbursed"]


def test_a_lost_loan_is_not_cured() -> None:
    loan = paid_out("100.00")
    loan.close_day(NOW, date(2024, 4, 6), claim_after=None)
    loan.charge_off(NOW, amount=fen("100.00"), value_date=LATER)
    loan.close_day(NOW, LATER, claim_after=None)
    assert "loan.overdue_cured" not in [topic for topic, _ in told_by(loan)]


def test_closing_a_day_again_tells_nothing_new() -> None:
    loan = paid_out()
    loan.close_day(NOW, date(2024, 4, 6), claim_after=None)
    repay(loan, "60000.00", date(2024, 4, 10))
    loan.close_day(NOW, date(2024, 4, 10), claim_after=None)
    before = told_by(loan)
    loan.close_day(NOW, date(2024, 4, 6), claim_after=None)
    loan.close_day(NOW, date(2024, 4, 7), claim_after=None)
    assert told_by(loan) == before


def test_a_payment_that_arrives_late_settles_a_reopened_loan() -> None:
    loan = paid_out("100.00", terms=None)
    version = repay(loan, "100.00", LATER)
    reverse(loan, version, date(2025, 3, 1))
    repay(loan, "100.00", date(2025, 2, 1))
    assert (loan.outstanding, loan.status()) == (0, "settled")


def test_nothing_is_lost_before_it_was_paid_out() -> None:
    loan = paid_out("100.00", terms=None)
    with pytest.raises(refusals.MoreThanOwed):
        loan.charge_off(NOW, amount=fen("100.00"), value_date=SIGNED)


def test_a_schedule_that_ends_after_the_calendar_is_refused() -> None:
    with pytest.raises(ScheduleNotOffered):
        schedule(100, PAID_OUT, terms("0.04", 600, every=600, unit="years"))
