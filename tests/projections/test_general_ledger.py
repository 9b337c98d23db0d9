"""The books: what they say of a fund is what its position says, at any two times; lines that do not balance are refused by the database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from domain.money import parse_yuan, yuan
from ledger.claiming import FileClaim, file_claim
from ledger.repaying import RecordRepayment, ReverseRepayment, record_repayment, reverse_repayment
from projections import log
from projections.engine import Engine
from projections.querying import Question, ask, projection
from projections.rebuilding import rebuild
from tests.conftest import as_role
from tests.domain.claiming import PACKAGE
from tests.domain.lending import SUPERVISOR
from tests.ledger.deciding import BANK, FUND, Counter, counter
from tests.ledger.test_closing import DUE, book

__all__ = ["counter"]

POSITION, BALANCE, LEDGER = (projection(name) for name in ("fund_position", "trial_balance", "general_ledger"))


def balances(connection: Connection[Any], **question: Any) -> dict[str, int]:
    """By account, in fen, debit less credit, of both books."""
    rows = ask(connection, BALANCE, Question(group_by=("account",), **question)).rows
    return {row["account"]: _fen(row["debit"]) - _fen(row["credit"]) for row in rows}


def must_agree(connection: Connection[Any], fund: str, **question: Any) -> None:
    """Position, trial balance and general ledger say the same of a fund."""
    where = {"fund": fund}
    said = balances(connection, where=where, **question)
    of = {
        name: _fen(v)
        for name, v in ask(connection, POSITION, Question(where=where, **question)).totals.items()
        if name != "count"
    }
    assert said.get("G1001", 0) == of["cash"]
    assert said.get("G1101", 0) == of["recoverable"] + of["payable"], "it is theirs from the approval on"
    assert said.get("G2001", 0) == -of["payable"]
    assert said.get("G1202", 0) + said.get("G2101", 0) == of["due"]
    assert said.get("G1301", 0) == of["assets"]
    assert said.get("G5001", 0) == of["written_off"]
    assert said.get("G4101", 0) == -of["recovered_after_write_off"]
    assert said.get("M9001", 0) == of["exposure"]
    assert said.get("M9031", 0) == of["reserved"]
    for letter in "GM":
        assert sum(fen for code, fen in said.items() if code.startswith(letter)) == 0
    lines = ask(connection, LEDGER, Question(where=where, group_by=("account",), **question)).rows
    assert {row["account"]: _fen(row["debit"]) - _fen(row["credit"]) for row in lines} == said


def test_the_books_say_what_the_position_says_at_any_two_times(
    counter: Counter, engine: Engine, reading: Connection[Any]
) -> None:
    ledger = counter.desk.ledger
    book(ledger, 3)
    pay = {"amount_fen": 103_720, "value_date": DUE, "bank_reference": "R-1"}
    paid = record_repayment(ledger, RecordRepayment.model_validate({"loan_no": "L-1", **pay}), counter.by("operator"))
    assert paid is not None
    filed = DUE + timedelta(days=100)
    claim = {"loan_no": "L-0", "claim_no": "C-1", "documents": PACKAGE, "value_date": filed}
    file_claim(ledger, FileClaim.model_validate(claim), counter.by("bank_officer", BANK))
    version = next(m.order for m in ledger.loan("L-1").movements if m.kind == "repaid")
    back: dict[str, Any] = {"reason": "returned", "evidence": ["0" * 64], "confirmed_by": SUPERVISOR}
    back |= {"loan_no": "L-1", "version": version, "value_date": filed}
    reverse_repayment(ledger, ReverseRepayment.model_validate(back), counter.by("bank_officer", BANK))
    assert engine.catch_up() == {}
    head = log.head(reading)
    for known_at in (*range(1, head, 3), head, None):
        for as_of in (date(2024, 3, 1), DUE, filed, None):
            must_agree(reading, FUND, as_of=as_of, known_at=known_at)
    assert balances(reading, where={"fund": FUND})["M9011"] > 0
    of_claim = ask(reading, LEDGER, Question(where={"claim_no": "C-1"})).rows
    assert {(row["loan_no"], row["account"]) for row in of_claim} == {("L-0", "M9011"), ("L-0", "M9019")}
    of_loan = ask(reading, LEDGER, Question(where={"loan_no": "L-1", "account": "M9001"})).rows
    pinned = ledger.loan("L-1").contract.policy
    assert {row["policy_edition"] for row in (*of_claim, *of_loan)} == {pinned.edition if pinned else None}
    exposure = ledger.loan("L-1").state()["balances"]["exposure:fund"]
    assert yuan(sum(_fen(row["debit"]) - _fen(row["credit"]) for row in of_loan)) == exposure
    for one in (LEDGER, BALANCE):
        assert rebuild(reading, one).equal


def test_what_an_approval_holds_ready_is_in_the_memo_book_until_the_contract_holds_it(
    counter: Counter, engine: Engine, reading: Connection[Any]
) -> None:
    case = counter.reviewed(counter.accepted(counter.person()))
    counter.approve(case)
    assert engine.catch_up() == {}
    must_agree(reading, FUND)
    assert balances(reading)["M9031"] == 1_800_000, "9 % of 200,000.00"
    counter.sign(case)
    assert engine.catch_up() == {}
    must_agree(reading, FUND)
    assert balances(reading)["M9031"] == 1_800_000


def test_the_database_refuses_lines_that_do_not_balance(engine: Engine, database: str) -> None:
    assert engine.catch_up() == {}
    columns = "position, line, value_date, booked_on, stream, fact, account, fen, fund"
    row = "%s, %s, '2024-03-01', '2024-03-01', '00000000-0000-0000-0000-000000000000', 'x', %s, %s, 'f'"
    with psycopg.connect(as_role(database, "projector")) as connection:
        insert = f"INSERT INTO projections.general_ledger ({columns}) VALUES ({row}), ({row})".encode()
        connection.execute(insert, (90, 1, "G1001", 100, 90, 2, "G3001", -100))
        for wrong in ((91, 1, "G1001", 100, 91, 2, "G3001", -99), (92, 1, "G1001", 100, 92, 2, "M9001", -100)):
            with pytest.raises(psycopg.errors.RaiseException, match="does not balance"), connection.transaction():
                connection.execute(insert, wrong)


def _fen(amount: str) -> int:
    return -parse_yuan(amount[1:]) if amount.startswith("-") else parse_yuan(amount)
