"""Any life of loans, read from the projections: line for line what the loans themselves say, now, on any day, and as known at any position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.errors import Refusal
from domain.facts import Moment
from domain.loan.loan import Loan
from domain.loan.terms import Servicing
from domain.money import yuan
from domain.state import replayed
from ledger.ledger import Ledger
from projections import log
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import ALL, Question, ask, projection
from projections.rebuilding import rebuild
from tests.conftest import as_role
from tests.domain.lending import NOW, PAID_OUT, SCHEME, SIGNED, fen, terms
from tests.domain.test_any_life import ACTS, DAYS, METHODS, act
from tests.funds import open_with_capital
from tests.ledger.writing import append

READ = (
    "loan_book",
    "repayment_history",
    "overdue_list",
    "due_list",
    "fund_position",
    "general_ledger",
    "trial_balance",
)
PARTS = ("principal", "interest", "penalty", "costs", "charged_off", "refundable")
Reading = tuple[Engine, Connection[Any]]


@pytest.fixture
def reading(database: str, ledger: Ledger, moment: Moment) -> Iterator[Reading]:
    open_with_capital(ledger, moment, "jining_fund")
    reader = as_role(database, "projector")
    with Engine(reader, ALL) as engine, connect(reader) as connection:
        yield engine, connection


def rows(
    connection: Connection[Any], name: str, loan_no: str, as_of: date | None, known_at: int | None
) -> list[dict[str, Any]]:
    return ask(connection, projection(name), Question(where={"loan_no": loan_no}, as_of=as_of, known_at=known_at)).rows


def must_say(connection: Connection[Any], loan: Loan, as_of: date | None, known_at: int | None) -> None:
    """The loan book, the history of payments and the general ledger, of one loan at two times."""
    stands = loan.state(as_of)
    balances = {name: yuan_fen(amount) for name, amount in stands["balances"].items()}
    found = rows(connection, "loan_book", loan.contract.loan_no, as_of, known_at)
    if as_of is None or as_of >= loan.contract.value_date:
        (line,) = found
        said = {name: line[name] for name in ("status", "outstanding", "charged_off")}
        assert said == {
            "status": stands["status"],
            "outstanding": yuan(balances.get("principal", 0)),
            "charged_off": yuan(balances.get("charged_off", 0)),
        }
    sums = Counter[str]()
    for row in rows(connection, "repayment_history", loan.contract.loan_no, as_of, known_at):
        sums.update({part: yuan_fen(row[part]) for part in PARTS})
    assert {part: sums[part] for part in PARTS} == {part: balances.get(part, 0) for part in PARTS}
    memo = Counter[str]()
    for row in rows(connection, "general_ledger", loan.contract.loan_no, as_of, known_at):
        memo[row["account"]] += yuan_fen(row["debit"]) - yuan_fen(row["credit"])
    assert memo["M9001"] == balances.get("exposure:fund", 0)
    assert memo["M9031"] == balances.get("reserved:fund", 0)


def yuan_fen(amount: str) -> int:
    return int(amount.replace(".", ""))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_projections_say_of_any_life_what_the_loan_says(
    ledger: Ledger, reading: Reading, data: st.DataObject
) -> None:
    engine, connection = reading
    lives: list[tuple[Loan, list[Any], list[int]]] = []
    for _ in range(4):
        agreed = terms("0.036", 12, method=data.draw(METHODS), servicing=Servicing())
        contract = {"bank": "jining_rcb", "product": "individual", "county": "rencheng", "guaranteed_fen": 0}
        number = f"L-{uuid4().hex}"
        loan = Loan.sign(
            NOW, loan_no=number, value_date=SIGNED, approved_fen=fen("30000.00"), reserved_fen=fen("2700.00"), terms=agreed, share_scheme=SCHEME,
            **contract,
        )  # fmt: skip
        loan.disburse(NOW, amount=fen("12000.00"), value_date=PAID_OUT)
        for _ in range(data.draw(st.integers(1, 8))):
            try:
                act(loan, data.draw(st.sampled_from(ACTS)), data.draw(DAYS), data)
            except Refusal:
                continue
        loan.close_day(NOW, PAID_OUT + timedelta(days=data.draw(st.integers(0, 600))), claim_after=90)
        lives.append((loan, [], []))
    for loan, facts, positions in lives:
        for fact in loan.collect_events():
            append(ledger, [fact])
            facts.append(fact)
            positions.append(log.head(connection))
    assert engine.catch_up() == {}
    days = [None, *data.draw(st.lists(DAYS, max_size=2))]
    for loan, facts, positions in lives:
        for as_of in days:
            must_say(connection, loan, as_of, None)
        known = data.draw(st.integers(1, len(facts)))
        for as_of in days:
            must_say(connection, replayed(facts[:known]), as_of, positions[known - 1])
        coming = (
            [row for row in loan.coming(max(m.value_date for m in loan.movements)) if row.principal or row.interest]
            if loan._was_drawn
            else []
        )
        due = rows(connection, "due_list", loan.contract.loan_no, None, None)
        assert [(row["due"], row["principal"], row["interest"]) for row in due] == [
            (row.due.isoformat(), yuan(row.principal), yuan(row.interest)) for row in coming
        ]
    assert rebuild(connection, projection(data.draw(st.sampled_from(READ)))).equal
