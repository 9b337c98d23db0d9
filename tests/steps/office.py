"""The office in which a scenario happens: its ledger, its papers, the loan on the desk, and what the last act was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.errors import Refusal
from domain.facts import Fact, Moment
from domain.guarantee_fund.events import CapacityNotice
from domain.loan.loan import Loan
from domain.state import state_as_of
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt
from projections import log
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import ALL, Question, ask, projection
from projections.rebuilding import Rebuilt
from tests.conftest import as_role
from tests.funds import open_with_capital

FUND, GUARANTOR = "jining_guarantee_fund", "jining_guarantee"
BANK, OTHER_BANK = "jining_rcb", "jining_bank"


@dataclass
class Office:
    """One scenario's office. Every act is answered by a receipt or a refusal; a refusal that nobody expects fails the scenario."""

    ledger: Ledger
    database: str
    today: date = date(2025, 12, 31)
    loan_no: str = "JN-2024-0001"
    quarter: str = ""
    bank: str = BANK
    fund: str = FUND
    closed_on: date | None = None
    answer: Receipt | Refusal | None = None
    first_answer: Receipt | None = None
    reports: dict[str, Receipt] = field(default_factory=dict)
    rebuilt: list[Rebuilt] = field(default_factory=list)
    elsewhere: Mapping[str, Any] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _position_before: int = 0
    _numbers: int = 0

    # Acting.

    def act(self, command: Callable[[], Receipt | None]) -> None:
        """Do it, and keep the answer for the scenario to look at."""
        assert not isinstance(self.answer, Refusal), f"nobody expected: {self.answer}"
        self._position_before = log.head(self.reader)
        try:
            self.answer = command()
        except Refusal as refusal:
            self.answer = refusal

    def refused(self, kind: type[Refusal]) -> None:
        """The last act was refused by that rule, and recorded nothing."""
        answer, self.answer = self.answer, None
        assert type(answer) is kind, f"answered {answer!r}"
        assert log.head(self.reader) == self._position_before, "what was refused left a trace"

    def recorded(self) -> Receipt:
        """The last act was recorded, at the end of the record; all that may follow is what the program notices of the fund."""
        assert isinstance(self.answer, Receipt), f"answered {self.answer!r}"
        assert not self.answer.repeated
        assert self.answer.position > self._position_before
        after = log.page(self.reader, self.answer.position)
        assert all(isinstance(noticed.fact, CapacityNotice) for noticed in after), f"followed by {after}"
        return self.answer

    def by(self, role: str, institution: str, subject: str | None = None, key: str | None = None) -> CommandContext:
        actor = Actor(subject=subject or f"{role}-1", role=role, institution=institution, region="rencheng")
        return CommandContext(actor, self.moment, given_key=key)

    @property
    def moment(self) -> Moment:
        """Noon in the city."""
        return Moment(now=datetime.combine(self.today, time(4), UTC))

    def number(self) -> int:
        """A number that nothing else in the scenario has."""
        self._numbers += 1
        return self._numbers

    # Reading.

    @cached_property
    def reader(self) -> Connection[Any]:
        return self._open.enter_context(connect(as_role(self.database, "projector")))

    @cached_property
    def engine(self) -> Engine:
        return self._open.enter_context(Engine(as_role(self.database, "projector"), ALL))

    def rows(self, name: str, *, of_loan: bool = True, **question: Any) -> list[dict[str, Any]]:
        """What a paper says of the loan on the desk, or of whatever is asked for, brought up to date first."""
        assert not isinstance(self.answer, Refusal), f"nobody expected: {self.answer}"
        assert self.engine.catch_up() == {}
        where = ({"loan_no": self.loan_no} if of_loan else {}) | question.pop("where", {})
        answer = ask(self.reader, projection(name), Question(where=where, **question))
        assert answer.as_of_position == log.head(self.reader)
        return answer.rows

    def book(self, as_of: date | None = None, known_at: int | None = None) -> dict[str, Any] | None:
        """The loan's line in the loan book; it agrees with the loan's own history at the same times."""
        rows = self.rows("loan_book", as_of=as_of, known_at=known_at)
        line = rows[0] if rows else None
        history = self.history(as_of, known_at)
        assert (line is None) == (not history)
        if line is not None:
            assert line["status"] == history["status"]
            assert line["outstanding"] == history["balances"].get("principal", "0.00")
        return line

    def history(self, as_of: date | None = None, known_at: int | None = None) -> Mapping[str, Any]:
        """The state of the loan on the desk, folded from its facts."""
        return state_as_of(self.facts(Loan.create_id(self.loan_no), known_at), as_of)

    def facts(self, stream: UUID, known_at: int | None = None) -> list[Fact]:
        return [recorded.fact for recorded in log.stream(self.reader, stream, known_at)]

    @property
    def claim_no(self) -> str:
        return f"{self.loan_no}-1"

    @property
    def claim(self) -> UUID:
        return Claim.create_id(self.claim_no)

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def office(ledger: Ledger, database: str) -> Iterator[Office]:
    opened = Office(ledger, database)
    open_with_capital(ledger, opened.moment, FUND)
    yield opened
    opened.close()
    assert not isinstance(opened.answer, Refusal), f"nobody expected: {opened.answer}"
