"""What the register of claims says at any two times is what the claims' own facts come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.facts import Fact
from domain.loan.loan import Loan
from domain.money import parse_yuan, yuan
from domain.state import state_as_of
from ledger.ledger import Ledger
from projections import log
from projections.claim_register import ClaimRegister
from projections.engine import Engine
from projections.keeper import connect
from projections.loan_book import LoanBook
from projections.querying import Question, ask
from projections.rebuilding import rebuild
from tests import conftest
from tests.conftest import as_role
from tests.domain.claiming import FILED, PAID, bullet, file
from tests.domain.lending import NOW
from tests.domain.test_claim_lives import AFTER, BEFORE, SCHEMES, STEPS, Life
from tests.funds import open_with_capital
from tests.ledger.writing import append, open_ledger

REGISTER = ClaimRegister()
AMOUNTS = ("paid", "recovered", "recovered_after_write_off", "written_off", "outstanding")
_numbers = count(1)


class Register:
    """A ledger that lives are recorded in, and who reads its register."""

    def __init__(self, ledger: Ledger, engine: Engine, reading: Connection[Any]) -> None:
        self.ledger, self.engine, self.reading = ledger, engine, reading

    def record(self, life: Life, loan: list[Fact]) -> None:
        append(self.ledger, [*loan, *life.loan.collect_events(), *life.claim.collect_events()])
        assert self.engine.catch_up() == {}

    def row(self, claim_no: str, as_of: date | None = None, known_at: int | None = None) -> dict[str, Any] | None:
        rows = ask(self.reading, REGISTER, Question({"claim_no": claim_no}, (), as_of, known_at)).rows
        return rows[0] if rows else None


@pytest.fixture(scope="module")
def register(server: str, template: str) -> Iterator[Register]:
    name = f"{template}_claims"
    dsn = conftest._create(server, name, template)
    with (
        open_ledger(dsn) as ledger,
        Engine(as_role(dsn, "projector"), (REGISTER, LoanBook())) as engine,
        connect(as_role(dsn, "projector")) as reading,
    ):
        for fund in ("jining_fund", "fund"):
            open_with_capital(ledger, NOW, fund, 10**12)
        engine.catch_up()
        yield Register(ledger, engine, reading)
    conftest._drop(server, name)


def begun(number: int, **how: Any) -> tuple[Life, list[Fact]]:
    """A life under a number of its own, and the facts of its loan so far."""
    loan_no, terms_of = f"K-{number}", bullet(**how).contract
    given = {name: getattr(terms_of, name) for name in ("bank", "county", "product", "terms", "share_scheme")}
    loan = Loan.sign(
        NOW, loan_no=loan_no, value_date=terms_of.value_date, approved_fen=terms_of.approved_fen,
        guaranteed_fen=0, **given,
    )  # fmt: skip
    amount = parse_yuan(how["amount"])
    loan.disburse(NOW, amount=amount, value_date=date(2024, 3, 5))
    facts = loan.collect_events()
    assert terms_of.share_scheme is not None
    return Life(terms_of.share_scheme, loan, file(loan, claim_no=f"{loan_no}-1", excluded=5_000)), facts


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    scheme=SCHEMES,
    before=st.lists(st.tuples(st.sampled_from(BEFORE), STEPS), max_size=8),
    after=st.lists(st.tuples(st.sampled_from(AFTER), STEPS), max_size=8),
    to_the_end=st.booleans(),
    asked=st.lists(st.tuples(st.integers(-5, 300), st.integers(0, 40)), min_size=2, max_size=4),
)
def test_a_claim_in_the_register_is_the_claim_replayed(
    register: Register, scheme: Any, before: list[Any], after: list[Any], to_the_end: bool, asked: list[Any]
) -> None:
    life, facts = begun(next(_numbers), amount="300.29", scheme=scheme)
    for kind, (fen, place, days) in before:
        life.step(kind, min(fen, 29_000), place, FILED + timedelta(days=days))
    if to_the_end:
        for kind in ("resubmit", "settle", "verify", "approve", "pay", "pay", "pay"):
            life.step(kind, 2, {"pay": next(_numbers)}.get(kind, 1), PAID + timedelta(days=80))
    for kind, (fen, place, days) in after:
        life.step(kind, fen, place, PAID + timedelta(days=90 + days))
    head = log.head(register.reading)
    claim_no = life.claim.claim_no
    register.record(life, facts)
    for days, ahead in [*asked, (10_000, 10_000)]:
        as_of, known_at = FILED + timedelta(days=days), head + ahead
        known = [row.fact for row in log.stream(register.reading, life.claim.id, known_at)]
        _agrees(register.row(claim_no, as_of, known_at), state_as_of(known, as_of))
    now = register.row(claim_no)
    assert now is not None
    assert set(filter(None, (now["waiting_for"] or "").split(", "))) == set(life.claim.waits_for())


def _agrees(row: dict[str, Any] | None, state: Any) -> None:
    assert (row is None) == (not state)
    if row is None:
        return
    assert row["status"] == state["status"]
    for name in AMOUNTS:
        whole = sum(parse_yuan(amount, negative=True) for amount in state[name].values())
        if name == "recovered":
            whole -= sum(parse_yuan(amount) for amount in state["recovered_after_write_off"].values())
        assert row[name] == yuan(whole), name
    assert row["refundable"] == state["refundable"]


def test_the_register_and_the_book_follow_the_old_way_and_the_new(register: Register) -> None:
    life, facts = begun(next(_numbers), amount="190404.48", rate="0")
    for kind in ("verify", "approve"):
        life.step(kind, 2, 1, PAID)
    register.record(life, facts)
    book = Question({"loan_no": life.loan.contract.loan_no})
    before = ask(register.reading, LoanBook(), book).rows[0]
    assert (before["outstanding"], before["claimed"], before["status"]) == ("190404.48", "133283.13", "active")
    for place in (0, 2):
        life.step("pay", 1, place, PAID)
    life.step("recover", 10_000, 0, PAID)
    register.record(life, [])
    line = ask(register.reading, LoanBook(), book).rows[0]
    row = register.row(life.claim.claim_no)
    assert row is not None
    assert (line["outstanding"], line["claimed"], line["recovered"]) == ("0.00", "133283.13", "100.00")
    assert line["status"] == "taken_over"
    assert (row["claimed"], row["covered"]) == ("190404.48", "190404.48")
    assert (row["fund_share"], row["bank_share"], row["guarantor_share"]) == ("17136.40", "57121.35", "116146.73")
    assert (row["paid"], row["outstanding"]) == ("190404.48", "190304.48")


def test_the_register_is_rebuilt_to_the_same_bytes(register: Register) -> None:
    life, facts = begun(next(_numbers), amount="0.29")
    register.record(life, facts)
    assert rebuild(register.reading, REGISTER).equal is True
