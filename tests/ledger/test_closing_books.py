"""Closing a fund's books: what is sealed comes out again, and what is learned later is booked in the open period."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from api.periods import BooksBehind, PaperBooks, checked, trial_balance
from domain.actor import Actor
from domain.bookkeeping.closing import AccountBalance, digest_of
from domain.errors import NotPermitted, SamePerson
from domain.facts import Moment
from domain.guarantee_fund.refusals import FundDatedEarlier, NothingClosed, PeriodClosedAlready, PeriodNotOver
from ledger import closing_books, funding
from ledger.closing_books import ClosePeriod, ReopenPeriod
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt
from projections.engine import Engine
from projections.querying import Question, ask, projection
from projections.rebuilding import rebuild
from tests.api.test_journals import BEAN_CHECK, HLEDGER, accepted, written
from tests.funds import open_with_capital
from tests.ledger.writing import open_ledger

FUND, BANK = "jining_guarantee_fund", "jining_rcb"
MARCH, APRIL = date(2024, 3, 31), date(2024, 4, 30)
BALANCE, LEDGER = projection("trial_balance"), projection("general_ledger")


@pytest.fixture
def books(ledger: Ledger, moment: Moment, engine: Engine, reading: Connection[Any]) -> PaperBooks:
    open_with_capital(ledger, moment, FUND)
    return PaperBooks(lambda: nullcontext(reading), engine.catch_up)


def by(moment: Moment, key: str | None = None) -> CommandContext:
    return CommandContext(
        Actor(subject="Li", role="finance_officer", institution="finance", region="370800"), moment, given_key=key
    )


def earn(ledger: Ledger, moment: Moment, fen: int, day: date) -> Receipt | None:
    said = {"fund": FUND, "bank": BANK, "amount_fen": fen, "bank_reference": f"I-{day}-{fen}", "value_date": day}
    return funding.receive_interest(ledger, funding.ReceiveInterest.model_validate(said), by(moment))


def close(ledger: Ledger, books: PaperBooks, moment: Moment, until: date, key: str | None = None) -> Receipt:
    receipt = closing_books.close_period(ledger, books, ClosePeriod(fund=FUND, until=until), by(moment, key))
    assert receipt is not None
    return receipt


def reopen(ledger: Ledger, moment: Moment, until: date, second: str = "Zhao") -> None:
    said = ReopenPeriod(fund=FUND, until=until, confirmed_by=second, reason="the auditor's finding")
    closing_books.reopen_period(ledger, said, by(moment))


def standing(reading: Connection[Any], as_of: date, known_at: int | None = None) -> dict[str, str]:
    rows = ask(reading, BALANCE, Question(group_by=("account",), as_of=as_of, known_at=known_at)).rows
    return {row["account"]: row["balance"] for row in rows}


def test_a_closing_seals_the_trial_balance_and_takes_the_result_over(
    ledger: Ledger, moment: Moment, books: PaperBooks, reading: Connection[Any]
) -> None:
    earn(ledger, moment, 12_345, date(2024, 3, 21))
    earn(ledger, moment, 700, date(2024, 4, 2))
    receipt = close(ledger, books, moment, MARCH)
    (closing,) = ledger.fund(FUND).closings
    assert closing.at_position == receipt.position - 1, "nothing is recorded in between"
    books.fold()
    sealed = {"G1001": "5000123.45", "G3001": "-5000000.00", "G4001": "-123.45"}
    assert standing(reading, MARCH, closing.at_position) == sealed
    assert standing(reading, MARCH) == {
        "G1001": "5000123.45",
        "G3001": "-5000000.00",
        "G3101": "-123.45",
        "G4001": "0.00",
    }
    assert standing(reading, APRIL)["G4001"] == "-7.00"
    (period,) = checked(books, ledger.fund(FUND).closings)
    assert period["holds"] and period["result"] == "123.45"
    assert ledger.fund(FUND).state()["closed_until"] == "2024-03-31"
    altered = closing.model_copy(update={"at_position": closing.at_position - 2})
    assert [period["holds"] for period in checked(books, [altered])] == [False]


def test_what_is_learned_late_is_booked_in_the_open_period_under_its_own_day(
    ledger: Ledger, moment: Moment, books: PaperBooks, reading: Connection[Any]
) -> None:
    earn(ledger, moment, 12_345, date(2024, 3, 21))
    close(ledger, books, moment, MARCH)
    books.fold()
    before = trial_balance(reading, FUND, MARCH, ledger.head)
    earn(ledger, moment, 55, date(2024, 2, 29))
    close(ledger, books, moment, APRIL)
    earn(ledger, moment, 66, APRIL)
    books.fold()
    assert trial_balance(reading, FUND, MARCH, ledger.head) == before
    late = [
        row
        for row in ask(reading, LEDGER, Question(where={"account": "G1001"})).rows
        if row["booked_on"] != row["value_date"]
    ]
    assert [(row["value_date"], row["booked_on"], row["debit"]) for row in late] == [
        ("2024-02-29", "2024-04-01", "0.55"), ("2024-04-30", "2024-05-01", "0.66")
    ]  # fmt: skip
    periods = list(checked(books, ledger.fund(FUND).closings))
    assert [(period["until"], period["result"], period["holds"]) for period in periods] == [
        ("2024-03-31", "123.45", True), ("2024-04-30", "0.55", True)
    ]  # fmt: skip
    for one in (LEDGER, BALANCE):
        assert rebuild(reading, one).equal


def test_an_independent_tool_accepts_what_was_booked_late(
    ledger: Ledger, moment: Moment, books: PaperBooks, reading: Connection[Any], tmp_path: Path
) -> None:
    earn(ledger, moment, 12_345, date(2024, 3, 21))
    close(ledger, books, moment, MARCH)
    earn(ledger, moment, 55, date(2024, 2, 29))
    books.fold()
    text = written(reading, "beancount")
    assert accepted(text, tmp_path, BEAN_CHECK)
    late = text[text.index("\n2024-04-01 *") :]
    assert late.count('value_date: "2024-02-29"') == 2 and "2024-02-29 *" not in text
    if HLEDGER is not None:
        assert accepted(written(reading, "hledger"), tmp_path, HLEDGER, "check", "-s", "-f")


def test_two_people_open_the_last_closed_period_again(
    ledger: Ledger, moment: Moment, books: PaperBooks, reading: Connection[Any]
) -> None:
    close(ledger, books, moment, MARCH)
    close(ledger, books, moment, APRIL)
    with pytest.raises(NothingClosed, match="2024-04-30"):
        reopen(ledger, moment, MARCH)
    with pytest.raises(SamePerson):
        reopen(ledger, moment, APRIL, second="Li")
    reopen(ledger, moment, APRIL)
    earn(ledger, moment, 55, date(2024, 4, 9))
    earn(ledger, moment, 66, date(2024, 3, 9))
    books.fold()
    days = {
        (row["value_date"], row["booked_on"]) for row in ask(reading, LEDGER, Question(where={"account": "G4001"})).rows
    }
    assert days == {("2024-04-09", "2024-04-09"), ("2024-03-09", "2024-04-01")}
    close(ledger, books, moment, APRIL)
    books.fold()
    assert standing(reading, APRIL)["G3101"] == "-1.21"
    assert all(period["holds"] for period in checked(books, ledger.fund(FUND).closings))
    reopen(ledger, moment, APRIL)
    reopen(ledger, moment, MARCH)
    assert ledger.fund(FUND).closed_until is None
    with pytest.raises(NothingClosed):
        reopen(ledger, moment, MARCH)
    earn(ledger, moment, 77, date(2024, 3, 10))
    books.fold()
    assert standing(reading, MARCH)["G4001"] == "-0.77"
    for one in (LEDGER, BALANCE):
        assert rebuild(reading, one).equal


def test_only_a_month_that_is_over_and_open_is_closed(ledger: Ledger, moment: Moment, books: PaperBooks) -> None:
    for until in (date(2024, 3, 30), moment.today, moment.today + timedelta(days=400)):
        with pytest.raises(PeriodNotOver):
            close(ledger, books, moment, until)
    with pytest.raises(PeriodNotOver):
        close(ledger, books, Moment(now=datetime(2024, 4, 30, 4, tzinfo=UTC)), APRIL)
    with pytest.raises(FundDatedEarlier):
        close(ledger, books, moment, date(2018, 12, 31))
    first = close(ledger, books, moment, MARCH, key="close-march")
    with pytest.raises(PeriodClosedAlready, match="2024-03-31"):
        close(ledger, books, moment, MARCH)
    again = close(ledger, books, moment, MARCH, key="close-march")
    assert again.repeated and again.position == first.position
    officer = Actor(subject="Zhou", role="bank_officer", institution=BANK, region="370811")
    with pytest.raises(NotPermitted):
        closing_books.close_period(ledger, books, ClosePeriod(fund=FUND, until=APRIL), CommandContext(officer, moment))


def test_books_that_are_behind_are_not_sealed(
    ledger: Ledger, moment: Moment, books: PaperBooks, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.periods._PATIENCE", 0.1)
    with pytest.raises(BooksBehind):
        close(ledger, PaperBooks(lambda: nullcontext(reading)), moment, MARCH)
    assert ledger.fund(FUND).closed_until is None


def test_nothing_comes_between_while_others_write(
    ledger: Ledger, moment: Moment, books: PaperBooks, reading: Connection[Any], database: str
) -> None:
    days = [date(2024, 1, 1) + timedelta(days=day) for day in range(80)]

    def write() -> None:
        with open_ledger(database) as other:
            for day in days:
                earn(other, moment, 100, day)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not ledger.head > 10:
            pass
        receipts = [close(ledger, books, moment, until) for until in (date(2024, 1, 31), date(2024, 2, 29), MARCH)]
        writing.result()
    closings = ledger.fund(FUND).closings
    assert [closing.at_position + 1 for closing in closings] == [receipt.position for receipt in receipts]
    books.fold()
    assert all(period["holds"] for period in checked(books, closings))
    total = sum(
        int(row["credit"].replace(".", "")) for row in ask(reading, LEDGER, Question(where={"account": "G4001"})).rows
    )
    assert total == 100 * len(days)


def test_the_digest_is_of_the_sorted_lines() -> None:
    one = trial_balance_of(("G1001", "b", "", "", 5, 0), ("G3001", "b", "", "city", 0, 5))
    assert one == trial_balance_of(("G3001", "b", "", "city", 0, 5), ("G1001", "b", "", "", 5, 0))
    assert one == "d2a4fb99c753e485c883571825023b604e2e7c0c3801453ea59d09123bba9b12", "as sha256sum says of the lines"
    assert one != trial_balance_of(("G1001", "b", "", "", 6, 0), ("G3001", "b", "", "city", 0, 6))


def trial_balance_of(*rows: tuple[Any, ...]) -> str:
    return digest_of(AccountBalance(*row) for row in rows)
