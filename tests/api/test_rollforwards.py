"""The roll-forward of recoverables: what the books say between two days, and one span after the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from psycopg import Connection

from api.rollforwards import FIGURES, looks, roll_forward
from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import Moment
from domain.money import parse_yuan
from ledger import recovering
from ledger.ledger import Ledger
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import ALL, ask, projection
from tests.api.test_loan_commands import home, say
from tests.conftest import as_role
from tests.domain.claiming import APPROVED, PAID
from tests.funds import open_with_capital
from tests.ledger.test_claiming import BANK, FUND, Office
from tests.projections.test_general_ledger import balances

__all__ = ["home", "say"]

FIRST, LAST = date(2024, 1, 1), date(2026, 6, 30)


@pytest.fixture
def reading(ledger: Ledger, database: str, moment: Moment) -> Iterator[Connection[Any]]:
    """The worked claim: approved, paid, recovered in part, the rest written off."""
    open_with_capital(ledger, moment, FUND)
    office = Office(ledger, moment)
    office.lend()
    office.file()
    office.approve()
    office.pay("guarantor")
    office.pay("fund")
    office.recover("R-1", 5_000_007)
    who = Actor(subject="Wang", role="finance_officer", institution="finance", region="rencheng")
    said = {"claim_no": "C-1", "party": "fund", "reason": "court", "evidence": ("0" * 64,), "approved_by": who}
    given_up = recovering.WriteOffShare.model_validate({**said, "value_date": PAID + timedelta(days=9)})
    recovering.write_off_share(ledger, given_up, office.by("fund_officer", "hr"))
    reader = as_role(database, "projector")
    with Engine(reader, ALL) as engine, connect(reader) as connection:
        assert engine.catch_up() == {}
        yield connection


def rolled(connection: Connection[Any], start: date, end: date, known_at: int | None = None) -> dict[str, Any]:
    asked = looks(FUND, start, end, known_at)
    before, by_then = (ask(connection, projection("general_ledger"), question).rows for question in asked)
    return roll_forward(FUND, start, end, before, by_then)


def test_the_worked_claim_from_nothing_to_nothing(reading: Connection[Any]) -> None:
    document = rolled(reading, FIRST, LAST)
    said = dict(zip(FIGURES, ("0.00", "17136.40", "4500.01", "12636.39", "0.00"), strict=True))
    assert (document["totals"], document["lines"]) == (said, [{"bank": BANK, **said}])
    until = rolled(reading, FIRST, PAID)["totals"]
    assert (until["closing"], until["written_off"]) == ("12636.39", "0.00")
    assert rolled(reading, FIRST, LAST, known_at=3)["lines"] == []


def test_spans_follow_on_each_other_and_end_where_the_books_do(reading: Connection[Any]) -> None:
    days = [FIRST, APPROVED, PAID, PAID + timedelta(days=9), LAST]
    closing = "0.00"
    for start, end in pairwise(days):
        totals = rolled(reading, start + timedelta(days=1), end)["totals"]
        assert totals["opening"] == closing
        fen = {name: parse_yuan(amount) for name, amount in totals.items()}
        assert fen["opening"] + fen["claims"] - fen["recovered"] - fen["written_off"] == fen["closing"]
        closing = totals["closing"]
        assert fen["closing"] == balances(reading, where={"fund": FUND}, as_of=end).get("G1101", 0)


def test_the_first_day_is_not_after_the_last() -> None:
    with pytest.raises(InvalidInput, match="from"):
        looks(FUND, LAST, FIRST, None)


def test_from_the_command_line(say: Any, home: tuple[str, ...]) -> None:
    said = say(*home, "fund", "roll-forward", "nobody", "--from", "2024-01-01", "--to", "2024-12-31")
    assert (said.status, said.document["totals"]["closing"]) == (0, "0.00")
