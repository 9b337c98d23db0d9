"""The baselines: the same loan written the library's documented way, with its defaults, as anyone would start.

Dataclass events, default mapper and recorder, one projection transaction an event. The loan decides with the same
functions of `domain` and keeps no more than it needs, so what is compared is how facts are kept, loaded and projected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from psycopg.sql import SQL, Identifier

from api.bench.book import APPROVED, REPAYMENT, SCHEME, SIGNED, TERMS, due
from domain.loan.allocation import changes_between
from domain.loan.balances import Balance
from domain.loan.movement import Movement


class PlainLoan(Aggregate):
    """The loan of our book: movements to allocate by, the principal left, and the terms pinned in its first event."""

    def __init__(self, loan_no: str, bank: str, county: str, product: str, approved_fen: int, terms: dict[str, Any]):
        self.loan_no, self.bank, self.county, self.product = loan_no, bank, county, product
        self.approved_fen, self.outstanding, self.settled = approved_fen, 0, False
        self.terms = TERMS.model_validate(terms)
        self.movements: dict[int, Movement] = {}

    @staticmethod
    def create_id(loan_no: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/loans/{loan_no}")

    def disburse(self, amount: int, day: date, reference: str | None = None) -> None:
        if amount <= 0 or amount > self.approved_fen:
            raise ValueError("beyond the contract")
        self._moved(
            self._changes(Movement(day, self.version + 1, "disbursed", amount)), "disbursed", amount, day, reference
        )

    def repay(self, amount: int, day: date, reference: str | None = None) -> None:
        if amount <= 0 or not self.movements:
            raise ValueError("nothing to repay")
        self._moved(self._changes(Movement(day, self.version + 1, "repaid", amount)), "repaid", amount, day, reference)

    def _changes(self, movement: Movement) -> list[list[Any]]:
        before = self.movements.values()
        changes = changes_between(self.terms, SCHEME, before, [*before, movement])
        return [[c.value_date.isoformat(), str(c.balance), c.party, c.fen] for c in changes]

    def _moved(self, changes: list[list[Any]], kind: str, amount: int, day: date, reference: str | None) -> None:
        self.money_moved(kind, amount, day.isoformat(), changes, reference)

    @event("MoneyMoved")
    def money_moved(
        self, kind: Any, amount_fen: int, value_date: str, changes: list[list[Any]], bank_reference: str | None
    ) -> None:
        self.movements[self.version] = Movement(date.fromisoformat(value_date), self.version, kind, amount_fen)
        self.outstanding += sum(fen for _, balance, _, fen in changes if balance == Balance.PRINCIPAL)


class PlainLoans(Application[UUID]):
    """The library's application as it comes."""


def opened(loan_no: str) -> PlainLoan:
    """What `book.opened` gives, the library's way."""
    terms = TERMS.model_dump(mode="json")
    loan = PlainLoan(loan_no, "bank-jining", "370800", "individual", APPROVED, terms)
    loan.disburse(APPROVED, SIGNED)
    return loan


def grown(loan_no: str, payments: int) -> PlainLoan:
    """A loan with so many repayments."""
    loan = opened(loan_no)
    for number in range(1, payments + 1):
        loan.repay(REPAYMENT + number, due(number))
    return loan


@contextmanager
def application(dsn: str) -> Iterator[PlainLoans]:
    """The library over a database of its own; its cache as large as ours."""
    with PlainLoans(environment(dsn) | {"AGGREGATE_CACHE_MAXSIZE": "1000"}) as opened_application:
        yield opened_application


def environment(dsn: str) -> dict[str, str]:
    """The settings by which the library finds a database."""
    with psycopg.connect(dsn) as connection:
        info = connection.info
        found = {"DBNAME": info.dbname, "HOST": info.host, "PORT": str(info.port), "USER": info.user}
        found["PASSWORD"] = info.password or "none"
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres"} | {f"POSTGRES_{name}": said for name, said in found.items()}


class LoanTable(PostgresTrackingRecorder):
    """A table of one line a loan, written with its tracking in one transaction an event."""

    def __init__(self, datastore: PostgresDatastore, **named: Any) -> None:
        super().__init__(datastore, **named)
        self.position = 0
        table = {"schema": Identifier(datastore.schema)}
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {schema}.plain_loan_book (loan uuid PRIMARY KEY, loan_no text, bank text,"
                " county text, product text, approved bigint NOT NULL DEFAULT 0, disbursed bigint NOT NULL DEFAULT 0,"
                " outstanding bigint NOT NULL DEFAULT 0)"
            ).format(**table)
        )
        self._open = SQL(
            "INSERT INTO {schema}.plain_loan_book (loan, loan_no, bank, county, product, approved)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
        ).format(**table)
        self._move = SQL(
            "UPDATE {schema}.plain_loan_book SET disbursed = disbursed + %s, outstanding = outstanding + %s"
            " WHERE loan = %s"
        ).format(**table)

    def open_loan(self, row: tuple[Any, ...], tracking: Tracking) -> None:
        self._write(self._open, row, tracking)

    def move(self, loan: UUID, disbursed: int, outstanding: int, tracking: Tracking) -> None:
        self._write(self._move, (disbursed, outstanding, loan), tracking)

    def _write(self, statement: Any, values: tuple[Any, ...], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(statement, values, prepare=True)
        self.position = tracking.notification_id


class PlainLoanBook(Projection[LoanTable]):
    """The loan book as the library's documentation would have it."""

    name = "plain_loan_book"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        if isinstance(domain_event, PlainLoan.Created):
            said: Any = domain_event
            row = (said.originator_id, said.loan_no, said.bank, said.county, said.product, said.approved_fen)
            self.view.open_loan(row, tracking)
            return
        paid_out = domain_event.amount_fen if domain_event.kind == "disbursed" else 0
        principal = sum(fen for _, balance, _, fen in domain_event.changes if balance == Balance.PRINCIPAL)
        self.view.move(domain_event.originator_id, paid_out, principal, tracking)
