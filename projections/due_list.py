"""The due list 到期清单: what falls due of each loan after the day asked for, if everything is paid on its day, and how soon.

It is worked out of what is known now: at the head of the log the loans of which something moved are gone through once. What was due and is
unpaid stands in the overdue list; of one loan `loan show` says it as known at any position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.loan.allocation import course_at
from domain.loan.events import ContractSigned, MoneyFact, Settled
from domain.loan.movement import MOVING, Movement, follow
from domain.recorded import Recorded
from domain.working_days import WorkCalendar
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows

_AT_ONCE = 500
"""Loans that are gone through together."""
_EVERY_DAY = WorkCalendar({})
"""When something falls due does not depend on working days; when it is overdue does."""
_WITHIN = (
    "CASE WHEN days <= 30 THEN '1-30' WHEN days <= 60 THEN '31-60' WHEN days <= 90 THEN '61-90' ELSE 'over_90' END"
)


class DueList(Projection[Told]):
    """One line an instalment; `days` are from the day asked for. `matures`: `yes` for a loan's last one."""

    name = "due_list"
    order = "due, loan_no"
    counts_to_the_day = True
    knows_earlier = False
    topics = frozenset({ContractSigned.TOPIC, Settled.TOPIC, *MOVING})
    tables: ClassVar[Mapping[str, str]] = {"due_list_loan": "loan", "due_list": "loan, due"}
    ddl = """
        CREATE TABLE {schema}.due_list_loan (
          loan uuid PRIMARY KEY, loan_no text NOT NULL, bank text NOT NULL, county text, product text NOT NULL,
          moved boolean NOT NULL);
        CREATE INDEX ON {schema}.due_list_loan (loan) WHERE moved;
        CREATE TABLE {schema}.due_list (
          loan uuid NOT NULL, due date NOT NULL, principal bigint NOT NULL, interest bigint NOT NULL, matures boolean NOT NULL,
          PRIMARY KEY (loan, due));
        CREATE INDEX ON {schema}.due_list (due);
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "loan_no": "text", "bank": "text", "county": "text", "product": "text", "due": "date", "days": "number", "within": "text",
        "principal": "money", "interest": "money", "amount": "money", "matures": "text",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened = ((fact.stream, fact.body) for fact in facts if fact.topic == ContractSigned.TOPIC)
        names = ("loan_no", "bank", "county", "product")
        rows = ((stream, *(body[name] for name in names), False) for stream, body in opened)
        copy_rows(cursor, f"{schema}.due_list_loan", "loan, loan_no, bank, county, product, moved", rows)
        last = {fact.stream: fact.topic for fact in facts if fact.topic != ContractSigned.TOPIC}
        settled = [loan for loan, topic in last.items() if topic == Settled.TOPIC]
        statement = (
            f"UPDATE {schema}.due_list_loan SET moved = %s WHERE loan = ANY(%s::uuid[]) AND moved IS DISTINCT FROM %s"
        )
        for moved, loans in ((False, settled), (True, list(last.keys() - set(settled)))):
            cursor.execute(statement.encode(), (moved, loans, moved))
        cursor.execute(f"DELETE FROM {schema}.due_list WHERE loan = ANY(%s::uuid[])".encode(), (settled,))

    def settle(self, cursor: Cursor[Any], schema: str, upto: int) -> None:
        next_loans = (
            f"SELECT loan::text AS loan FROM {schema}.due_list_loan WHERE moved ORDER BY loan LIMIT {_AT_ONCE}".encode()
        )
        while loans := [row["loan"] for row in cursor.execute(next_loans).fetchall()]:
            cursor.execute(f"DELETE FROM {schema}.due_list WHERE loan = ANY(%s::uuid[])".encode(), (loans,))
            copy_rows(
                cursor, f"{schema}.due_list", "loan, due, principal, interest, matures", _coming(cursor, loans, upto)
            )
            done = f"UPDATE {schema}.due_list_loan SET moved = false WHERE loan = ANY(%s::uuid[])"
            cursor.execute(done.encode(), (loans,))

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        query = (
            f"SELECT loan_no, bank, county, product, due, days, {_WITHIN} AS within, principal, interest, principal + interest AS amount,"
            " CASE WHEN matures THEN 'yes' ELSE 'no' END AS matures FROM (SELECT *, due - %(day)s::date AS days"
            " FROM projections.due_list JOIN projections.due_list_loan USING (loan)"
            " WHERE due > coalesce(%(day)s::date, '-infinity')) d"
        )
        return query, {"day": as_of}


def _coming(cursor: Cursor[Any], loans: Sequence[str], upto: int) -> Iterator[tuple[object, ...]]:
    """The instalments after the day on which each loan moved last."""
    for loan, told in groupby(log.streams(cursor.connection, loans, upto, DueList.topics), key=attrgetter("stream")):
        contract, movements = _moved(told)
        if not movements or contract is None:
            continue
        last = max(movement.value_date for movement in movements)
        rows = course_at(contract.terms, movements, last, _EVERY_DAY).coming()
        asked = [row for row in rows if row.principal or row.interest]
        yield from ((loan, row.due, row.principal, row.interest, row is asked[-1]) for row in asked)


def _moved(told: Iterator[Recorded]) -> tuple[ContractSigned | None, list[Movement]]:
    contract, movements = None, dict[int, Movement]()
    for row in told:
        fact = row.fact
        if isinstance(fact, ContractSigned):
            contract = fact
        elif isinstance(fact, MoneyFact):
            follow(movements, fact)
    return contract, list(movements.values())
