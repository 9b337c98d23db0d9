"""The due list: what falls due after a day, instalment for instalment what the loans themselves say, live and rebuilt."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, TypeAlias

import pytest
from psycopg import Connection

from domain.errors import InvalidInput
from domain.money import yuan
from ledger.correcting import CorrectDate, correct_date
from ledger.repaying import RecordRepayment, ReverseRepayment, record_repayment, reverse_repayment
from projections import rebuilding
from projections.engine import Engine
from projections.keeper import Keeper, advance, connect
from projections.querying import Question, ask, projection
from projections.rebuilding import digest, rebuild
from tests.conftest import as_role
from tests.domain.lending import SUPERVISOR
from tests.ledger.deciding import Counter, counter
from tests.ledger.test_closing import DUE, book

__all__ = ["counter"]

LIST = projection("due_list")
Reading: TypeAlias = tuple[Engine, Connection[Any]]


def lines(folding: Reading, day: date, **where: str) -> list[dict[str, Any]]:
    engine, connection = folding
    assert engine.catch_up() == {}
    return ask(connection, LIST, Question(where, as_of=day)).rows


def pay(counter: Counter, number: int, fen: int, day: date, reference: str) -> None:
    said = {"loan_no": f"L-{number}", "amount_fen": fen, "value_date": day, "bank_reference": reference}
    record_repayment(counter.desk.ledger, RecordRepayment.model_validate(said), counter.by("operator"))


def expected(counter: Counter, numbers: range, day: date) -> list[tuple[str, str, str, str]]:
    ledger, rows = counter.desk.ledger, list[tuple[date, str, str, str]]()
    for number in numbers:
        loan = ledger.loan(f"L-{number}")
        last = max(movement.value_date for movement in loan.movements)
        coming = [row for row in loan.coming(max(last, day)) if row.principal or row.interest]
        rows += [(row.due, f"L-{number}", yuan(row.principal), yuan(row.interest)) for row in coming]
    return [(due.isoformat(), *said) for due, *said in sorted(rows)]  # type: ignore[misc]


def shown(rows: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(row["due"], row["loan_no"], row["principal"], row["interest"]) for row in rows]


def test_it_says_what_the_loans_say(counter: Counter, folding: Reading) -> None:
    numbers, day = range(3), DUE - timedelta(days=3)
    book(counter.desk.ledger, len(numbers))
    told = lines(folding, day)
    assert shown(told) == expected(counter, numbers, day)
    assert {row["within"] for row in told if row["days"] <= 30} == {"1-30"}
    assert [row["loan_no"] for row in lines(folding, day, matures="yes")] == ["L-0", "L-1", "L-2"]
    assert all(row["days"] <= 30 for row in lines(folding, day, within="1-30"))
    pay(counter, 1, 2_000_000_00, DUE, "R-1")
    pay(counter, 2, 150_000, DUE, "R-2")
    told = lines(folding, DUE)
    assert shown(told) == expected(counter, numbers, DUE)
    assert "L-1" not in {row["loan_no"] for row in told}, "nothing of it is to come"


def test_what_is_put_right_changes_what_is_to_come(counter: Counter, folding: Reading) -> None:
    ledger = counter.desk.ledger
    book(ledger, 1)
    pay(counter, 0, 300_000, DUE, "R-1")
    before = shown(lines(folding, DUE))
    said = {
        "loan_no": "L-0",
        "version": 3,
        "reason": "typed wrongly",
        "evidence": ["a" * 64],
        "confirmed_by": SUPERVISOR,
    }
    moved = CorrectDate.model_validate({**said, "value_date": DUE - timedelta(days=9)})
    correct_date(ledger, moved, counter.by("operator"))
    assert shown(lines(folding, DUE)) == expected(counter, range(1), DUE) != before
    reverse_repayment(ledger, ReverseRepayment.model_validate({**said, "value_date": DUE}), counter.by("operator"))
    assert shown(lines(folding, DUE)) == expected(counter, range(1), DUE)


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 5000])
def test_in_pages_of_any_size_it_comes_to_the_same(counter: Counter, database: str, page_size: int) -> None:
    book(counter.desk.ledger, 3)
    pay(counter, 1, 150_000, DUE, "R-1")
    with connect(as_role(database, "projector")) as connection:
        rebuilding._drop(connection, LIST, "projections")
        keeper = Keeper(connection, LIST)
        keeper.create()
        advance(keeper, page_size=page_size)
        paged = digest(connection, LIST, "projections")
        rebuilt = rebuild(connection, LIST)
    assert (rebuilt.equal, (rebuilt.digest, rebuilt.rows)) == (True, paged)
    assert rebuilt.rows > 30


def test_of_what_was_known_earlier_it_says_where_to_ask(folding: Reading) -> None:
    with pytest.raises(InvalidInput, match="loan show"):
        ask(folding[1], LIST, Question(known_at=1))
