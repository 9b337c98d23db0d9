"""The overdue list: what closing days established, of any day as known at any position, line for line what the loan itself says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, TypeAlias

from psycopg import Connection

from domain.loan.ageing import ageing, category
from domain.money import yuan
from ledger.claiming import FileClaim, WithdrawClaim, file_claim, withdraw_claim
from ledger.compensating import ChargeOff, charge_off
from ledger.context import CommandContext
from ledger.repaying import RecordRepayment, record_repayment
from projections import log
from projections.engine import Engine
from projections.querying import Question, ask, projection
from projections.rebuilding import rebuild
from tests.domain.claiming import PACKAGE
from tests.ledger.deciding import BANK, Counter, counter
from tests.ledger.test_closing import DUE, book, close

__all__ = ["counter"]

LIST = projection("overdue_list")
Reading: TypeAlias = tuple[Engine, Connection[Any]]


def lines(folding: Reading, day: date | None, **more: Any) -> list[dict[str, Any]]:
    engine, connection = folding
    assert engine.catch_up() == {}
    return ask(connection, LIST, Question(as_of=day, **more)).rows


def test_a_line_says_what_the_loan_says(counter: Counter, folding: Reading) -> None:
    ledger, by = counter.desk.ledger, counter.by("operator")
    book(ledger, 3)
    pay = {"amount_fen": 103_720, "value_date": DUE + timedelta(days=40), "bank_reference": "R-1"}
    for days in range(0, 125, 5):
        if days == 40:
            record_repayment(ledger, RecordRepayment.model_validate({"loan_no": "L-1", **pay}), by)
        close(counter, DUE + timedelta(days=days))
    told = lines(folding, None)
    assert [row["loan_no"] for row in told] == ["L-0", "L-1", "L-2"]
    for days in (0, 5, 35, 39, 40, 65, 90, 95, 120, 124):
        day = DUE + timedelta(days=days)
        shown = {row["loan_no"]: row for row in lines(folding, day)}
        for number in range(3):
            overdue = ledger.loan(f"L-{number}").overdue(day)
            row = shown.get(f"L-{number}")
            assert (row is None) == (overdue.since is None), (days, number)
            if row is not None and overdue.since is not None:
                assert row["overdue_since"] == overdue.since.isoformat()
                said = (overdue.days, ageing(overdue.days), category(overdue.days))
                assert (row["days"], row["ageing"], row["category"]) == said
                if days % 5 == 0:
                    assert row["arrears"] == yuan(ledger.loan(f"L-{number}").arrears(day)[1]), (
                        "of a day that was closed"
                    )


def test_whether_it_may_be_claimed_and_is(counter: Counter, folding: Reading) -> None:
    ledger = counter.desk.ledger
    book(ledger, 2)
    close(counter, DUE + timedelta(days=1))
    before = log.head(folding[1])
    close(counter, DUE + timedelta(days=91))
    claim = FileClaim(loan_no="L-1", claim_no="C-1", documents=PACKAGE, value_date=DUE + timedelta(days=92))
    banker = counter.by("bank_officer", BANK)
    file_claim(ledger, claim, CommandContext(banker.actor, banker.moment))
    day = DUE + timedelta(days=92)
    assert [(row["file_by"], row["claim_no"]) for row in lines(folding, day)] == [("2024-09-30", None), (None, "C-1")]
    assert {row["file_by"] for row in lines(folding, DUE + timedelta(days=90))} == {None}
    assert {row["established_on"] for row in lines(folding, None, known_at=before)} == {"2024-04-06"}
    grouped = ask(folding[1], LIST, Question(as_of=day, group_by=("ageing", "category"))).rows
    assert [(row["ageing"], row["category"], row["count"]) for row in grouped] == [("over_90", "substandard", 2)]
    assert rebuild(folding[1], LIST).equal


def test_a_loan_that_a_late_receipt_has_settled_leaves_the_list_at_the_next_closing(
    counter: Counter, folding: Reading
) -> None:
    """It is dated before the notices; the closing says what has changed, once."""
    ledger = counter.desk.ledger
    book(ledger, 1)
    close(counter, DUE + timedelta(days=30))
    everything = ledger.loan("L-0").owed(DUE).everything
    said = {"loan_no": "L-0", "amount_fen": everything, "value_date": DUE, "bank_reference": "R-1"}
    record_repayment(ledger, RecordRepayment.model_validate(said), counter.by("operator"))
    day = DUE + timedelta(days=31)
    assert close(counter, day).told == {"loan.overdue_cured": 1}
    assert close(counter, day + timedelta(days=60)).told == {}
    assert ledger.loan("L-0").is_settled
    assert lines(folding, DUE + timedelta(days=400)) == []
    assert len(lines(folding, DUE + timedelta(days=30))) == 1, "it was on it then"


def test_a_claim_is_on_the_list_whatever_day_it_is_dated_and_a_loan_without_one_can_be_claimed_again(
    counter: Counter, folding: Reading
) -> None:
    ledger = counter.desk.ledger
    book(ledger, 1)
    close(counter, DUE + timedelta(days=100))
    filed, banker = DUE + timedelta(days=95), counter.by("bank_officer", BANK)
    claim = {"loan_no": "L-0", "claim_no": "C-1", "documents": PACKAGE, "value_date": filed}
    file_claim(ledger, FileClaim.model_validate(claim), banker)
    assert [(row["file_by"], row["claim_no"]) for row in lines(folding, None)] == [(None, "C-1")]
    back = {"claim_no": "C-1", "reason": "wrong loan", "value_date": DUE + timedelta(days=101)}
    withdraw_claim(ledger, WithdrawClaim.model_validate(back), counter.by("bank_officer", BANK))
    assert [(row["file_by"], row["claim_no"]) for row in lines(folding, None)] == [("2024-09-30", None)]
    assert close(counter, DUE + timedelta(days=102)).told == {"loan.claim_became_due": 1}


def test_a_loss_takes_a_loan_off_the_list_and_of_a_part_the_rest_comes_back(counter: Counter, folding: Reading) -> None:
    ledger = counter.desk.ledger
    book(ledger, 2)
    close(counter, DUE + timedelta(days=30))
    for number, amount in enumerate((1_200_000, 50_000)):
        lost = ChargeOff(loan_no=f"L-{number}", amount_fen=amount, value_date=DUE + timedelta(days=20))
        charge_off(ledger, lost, counter.by("bank_officer", BANK))
    close(counter, DUE + timedelta(days=30))
    owing = ledger.loan("L-1").arrears(DUE + timedelta(days=30))[1]
    assert [(row["loan_no"], row["arrears"]) for row in lines(folding, None)] == [("L-1", yuan(owing))]
    assert rebuild(folding[1], LIST).equal
