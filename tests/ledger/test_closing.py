"""Closing a day: the book once, whoever else is at work, however often, in however many processes, and wherever it is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import NAMESPACE_URL, uuid5

import psycopg
import pytest

from api.knowing import loan_at
from domain.actor import LOCAL_OPERATOR, Actor
from domain.errors import DatedInFuture, NotPermitted
from domain.loan.loan import Loan
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms, Servicing
from domain.ratio import zheng_yin_dan
from domain.working_days import CalendarYear
from ledger import closing
from ledger.closing import Closed, CloseDay
from ledger.context import CommandContext
from ledger.disbursing import Disburse, disburse
from ledger.ledger import Ledger
from ledger.publishing import PublishPolicy, publish_policy
from ledger.repaying import RecordRepayment, record_repayment
from projections import log
from tests.conftest import DIGEST_KEY, as_role
from tests.ledger.deciding import BANK, FUND, GUARANTOR, MOMENT, MONDAY, Counter, counter

__all__ = ["counter"]

OUT, DUE = date(2024, 3, 5), date(2024, 4, 5)
SYSTEM = CommandContext(Actor(subject="night", role="system", institution="office", region="370800"), MOMENT)
BOOK = 12
STRICT = Servicing(next_working_day=False)


def book(ledger: Ledger, loans: int = BOOK, servicing: Servicing = STRICT) -> None:
    """Loans of 12,000.00 in twelve parts that were paid out on one day."""
    for number in range(loans):
        loan = Loan.sign(
            MOMENT,
            loan_no=f"L-{number}",
            borrower=uuid5(NAMESPACE_URL, str(number)),
            bank=BANK,
            product="plain",
            approved_fen=1_200_000,
            guaranteed_fen=840_000,
            terms=RepaymentTerms(
                annual_rate=Decimal("0.036"),
                instalments=12,
                method="equal_principal",
                servicing=servicing,
            ),
            rate_basis=RateBasis(lpr_published_on=date(2024, 2, 20), lpr=Decimal("0.0345"), margin_bp=15),
            policy=PolicyPin(edition="e", digest="0" * 64),
            share_scheme=zheng_yin_dan(FUND, BANK, GUARANTOR),
            value_date=date(2024, 3, 1),
        )
        loan.disburse(MOMENT, amount=1_200_000, value_date=OUT)
        ledger.perform(CloseDay(value_date=OUT), CommandContext(LOCAL_OPERATOR, MOMENT), lambda loan=loan: [loan])  # type: ignore[misc]


def close(counter: Counter, day: date, **how: object) -> Closed:
    command = CloseDay(value_date=day)
    return closing.close_day(counter.desk, command, CommandContext(SYSTEM.actor, MOMENT), **how)  # type: ignore[arg-type]


def told(database: str) -> dict[str, int]:
    with psycopg.connect(database) as reader:
        rows = reader.execute("SELECT topic, count(*) FROM ledger.stored_events GROUP BY topic").fetchall()
    return {topic: count for topic, count in rows if topic.startswith(("loan.", "application."))}


def test_a_day_is_closed_once_and_what_cannot_change_is_not_looked_at(counter: Counter, database: str) -> None:
    book(counter.desk.ledger)
    assert close(counter, OUT).facts == 0
    assert close(counter, OUT + timedelta(days=9)).loans == 0, "nothing falls due before April"
    first = close(counter, DUE + timedelta(days=1))
    assert (first.loans, first.told) == (BOOK, {"loan.became_overdue": BOOK, "loan.classified": BOOK})
    again = close(counter, DUE + timedelta(days=1))
    assert (again.loans, again.facts) == (0, 0)
    paid = RecordRepayment(loan_no="L-3", amount_fen=103_720, value_date=DUE, bank_reference="R")
    record_repayment(counter.desk.ledger, paid, CommandContext(LOCAL_OPERATOR, MOMENT))
    late = close(counter, DUE + timedelta(days=1))
    assert (late.loans, late.told) == (1, {"loan.overdue_cured": 1, "loan.classified": 1})
    assert close(counter, DUE).loans == BOOK, "an earlier day is looked at whole, and says what was so then"
    assert close(counter, DUE + timedelta(days=91)).told == {
        "loan.aged": BOOK - 1,
        "loan.classified": BOOK,
        "loan.claim_became_due": BOOK - 1,
        "loan.became_overdue": 1,
    }


def test_two_processes_tell_what_one_does(counter: Counter, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    book(counter.desk.ledger)
    monkeypatch.setattr(closing, "PART", 3)
    another = partial(Ledger, as_role(database, "application"), digest_key=DIGEST_KEY)
    parts = list[int]()
    closed = close(
        counter, DUE + timedelta(days=31), another=another, workers=2, told=lambda done, _: parts.append(done)
    )
    assert parts == [3, 6, 9, 12]
    assert closed.told == {"loan.became_overdue": BOOK, "loan.classified": BOOK}
    assert close(counter, DUE + timedelta(days=31)).loans == 0
    aged = close(counter, DUE + timedelta(days=61), another=another, workers=2).told
    assert aged == {"loan.aged": BOOK}


def test_a_run_that_was_cut_off_is_completed_by_the_next(
    counter: Counter, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(counter.desk.ledger)
    monkeypatch.setattr(closing, "PART", 5)

    def cut(done: int, _: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        close(counter, DUE + timedelta(days=1), told=cut)
    assert told(database)["loan.became_overdue"] == 10
    rest = close(counter, DUE + timedelta(days=1))
    assert (rest.loans, told(database)["loan.became_overdue"]) == (BOOK - 10, BOOK)


def test_what_is_written_meanwhile_is_decided_on(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment comes between the look at a part and its save: the part is looked at anew."""
    ledger = counter.desk.ledger
    book(ledger)
    as_it_is, payments = closing.loaded, iter(range(1))

    def interrupted(of: Ledger, streams: object) -> Iterator[object]:
        found = list(as_it_is(of, streams))  # type: ignore[arg-type]
        if any(isinstance(one, Loan) for one in found) and next(payments, None) is not None:
            paid = RecordRepayment(loan_no="L-3", amount_fen=103_720, value_date=DUE, bank_reference="R")
            record_repayment(ledger, paid, CommandContext(LOCAL_OPERATOR, MOMENT))
        return iter(found)

    monkeypatch.setattr(closing, "loaded", interrupted)
    assert close(counter, DUE + timedelta(days=1)).told["loan.became_overdue"] == BOOK - 1
    assert close(counter, DUE + timedelta(days=1)).loans == 0


def test_what_was_not_done_in_time_lapses_and_a_late_decision_is_said_once(counter: Counter, database: str) -> None:
    idle = counter.submitted(counter.person())
    waiting = counter.accepted(counter.person())
    approved = counter.approve(counter.reviewed(counter.accepted(counter.person())))
    undrawn = counter.sign(counter.approve(counter.reviewed(counter.accepted(counter.person()))))
    drawn = counter.sign(counter.approve(counter.reviewed(counter.accepted(counter.person()))))
    fen = counter.desk.ledger.loan(drawn).contract.approved_fen
    order = Disburse(loan_no=drawn, amount_fen=fen, value_date=MONDAY, bank_reference="D-1")
    disburse(counter.desk.ledger, order, CommandContext(LOCAL_OPERATOR, MOMENT))
    assert close(counter, MONDAY).facts == 0
    late = MOMENT.today
    closed = close(counter, late)
    assert closed.told["application.expired"] == 3
    assert closed.told["application.clock_ran_out"] == 1
    assert [counter.application(case_no).status() for case_no in (idle, approved)] == ["expired"] * 2
    assert counter.desk.ledger.loan(undrawn).reserved == 0
    (notice,) = counter.application(waiting).facts_of(type(counter.application(waiting)).ClockRanOut)
    assert notice.waits_for == ("eligibility", "guarantee", "credit")
    counter.secured(waiting, notice.due_on)
    again = close(counter, late)
    assert (again.facts, again.applications) == (0, 1), (
        "said once; and what is dated before the notice is recorded still"
    )


def test_who_may_close_which_day(counter: Counter) -> None:
    command = CloseDay(value_date=MONDAY)
    with pytest.raises(NotPermitted):
        closing.close_day(counter.desk, command, counter.by("clerk"))
    with pytest.raises(DatedInFuture):
        close(counter, MOMENT.today + timedelta(days=1))


def test_days_that_are_closed_late_meet_what_was_recorded_of_a_later_day(counter: Counter) -> None:
    ledger = counter.desk.ledger
    book(ledger, 1)
    said = {"loan_no": "L-0", "amount_fen": 104_220, "value_date": DUE + timedelta(days=10), "bank_reference": "R-1"}
    record_repayment(ledger, RecordRepayment.model_validate(said), counter.by("operator"))
    for days in range(26):
        close(counter, DUE + timedelta(days=days))
        loan = ledger.loan("L-0")
        assert loan.is_overdue == (loan.overdue(DUE + timedelta(days=days)).since is not None), days


def test_a_calendar_that_is_published_late_is_recorded_once_and_changes_no_look_back(
    counter: Counter, database: str
) -> None:
    """Sunday 7 April 2024 turns out to be no make-up day, so that the receipt of the 8th was in time; what was known before stays as it was."""
    ledger = counter.desk.ledger
    book(ledger, 2, servicing=Servicing())
    pay = {"amount_fen": 103_720, "value_date": date(2024, 4, 8), "bank_reference": "R-1"}
    record_repayment(ledger, RecordRepayment.model_validate({"loan_no": "L-0", **pay}), counter.by("operator"))
    late = date(2024, 4, 9)
    close(counter, late)
    with psycopg.connect(as_role(database, "projector")) as reader:
        known = log.head(reader)
        before = loan_at(reader, "L-0", known).owed(late)
        qingming = CalendarYear(year=2024, holidays=frozenset({DUE}), make_up=frozenset())
        publish_policy(ledger, PublishPolicy(calendars=(qingming,)), counter.by("operator"))
        assert loan_at(reader, "L-0", known).owed(late) == before
        assert ledger.loan("L-0").owed(late) != before
        assert loan_at(reader, "L-0", None).owed(late) == ledger.loan("L-0").owed(late)
    assert close(counter, late).told == {"loan.recalculated": 1, "loan.overdue_cured": 1, "loan.classified": 1}
    loan = ledger.loan("L-0")
    assert loan.outstanding == loan.owed(late).principal
    assert close(counter, date(2024, 4, 10)).told == {}
