"""The overdue list 逾期清单: the loans that were established to be overdue, how long, of which category, and by when to claim.

It tells what closing a day established (`established_on`); days, ageing and category are counted from the oldest unpaid due day to the
day asked for. What is owed of a loan to the fen on a day says `loan show`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.loan.ageing import AGEINGS, AGES_ON, CATEGORIES, FALLS_ON
from domain.loan.events import (
    Aged,
    BecameOverdue,
    ChargedOff,
    ClaimBecameDue,
    ContractSigned,
    LoanClaimEnded,
    LoanClaimFiled,
    OverdueCured,
    Settled,
    TakenOver,
)
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows

_NOTICES = {
    BecameOverdue.TOPIC: "overdue",
    Aged.TOPIC: "overdue",
    OverdueCured.TOPIC: "ended",
    Settled.TOPIC: "ended",
    ChargedOff.TOPIC: "ended",
    TakenOver.TOPIC: "ended",
    ClaimBecameDue.TOPIC: "claimable",
    LoanClaimFiled.TOPIC: "claimed",
    LoanClaimEnded.TOPIC: "unclaimed",
}


class OverdueList(Projection[Told]):
    """One line a loan that is overdue; `days` are to the day asked for, or to the last one established."""

    name = "overdue_list"
    order = "loan_no"
    counts_to_the_day = True
    topics = frozenset({ContractSigned.TOPIC, *_NOTICES})
    tables: ClassVar[Mapping[str, str]] = {"overdue_list": "loan", "overdue_list_notice": "loan, value_date, position"}
    ddl = """
        CREATE TABLE {schema}.overdue_list (
          loan uuid PRIMARY KEY, loan_no text NOT NULL, bank text NOT NULL, county text, product text NOT NULL);
        CREATE TABLE {schema}.overdue_list_notice (
          loan uuid NOT NULL, value_date date NOT NULL, position bigint NOT NULL, notice text NOT NULL,
          oldest_due date, arrears bigint, file_by date, claim_no text,
          PRIMARY KEY (loan, value_date, position));
        CREATE INDEX ON {schema}.overdue_list_notice (loan) WHERE notice = 'overdue';
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "loan_no": "text", "bank": "text", "county": "text", "product": "text", "overdue_since": "date", "days": "number",
        "ageing": "text", "category": "text", "arrears": "money", "established_on": "date", "file_by": "date", "claim_no": "text",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened, notices = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        for fact in facts:
            body = fact.body
            if fact.topic == ContractSigned.TOPIC:
                opened.append((fact.stream, *(body[name] for name in ("loan_no", "bank", "county", "product"))))
                continue
            said = (body.get(name) for name in ("oldest_due", "arrears_fen", "file_by", "claim_no"))
            notices.append((fact.stream, body["value_date"], fact.position, _NOTICES[fact.topic], *said))
        copy_rows(cursor, f"{schema}.overdue_list", "loan, loan_no, bank, county, product", opened)
        columns = "loan, value_date, position, notice, oldest_due, arrears, file_by, claim_no"
        copy_rows(cursor, f"{schema}.overdue_list_notice", columns, notices)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        told = (
            "SELECT loan, notice, oldest_due, arrears, value_date, file_by, claim_no,"
            " row_number() OVER (PARTITION BY loan, notice IN ('overdue', 'ended') ORDER BY value_date DESC, position DESC) AS n,"
            " row_number() OVER (PARTITION BY loan, notice IN ('claimed', 'unclaimed') ORDER BY position DESC) AS c,"
            " row_number() OVER (PARTITION BY loan, notice ORDER BY value_date DESC, position DESC) AS f"
            " FROM projections.overdue_list_notice WHERE value_date <= %(as_of)s AND position <= %(known_at)s"
            " AND loan IN (SELECT loan FROM projections.overdue_list_notice WHERE notice = 'overdue')"
        )
        days = "(coalesce(%(day)s::date, o.value_date) - o.oldest_due)"
        query = (
            f"WITH told AS ({told}) SELECT loan_no, bank, county, product, o.oldest_due AS overdue_since, {days} AS days,"
            f" {_named(days, AGES_ON, AGEINGS)} AS ageing, {_named(days, FALLS_ON, CATEGORIES)} AS category, o.arrears,"
            " o.value_date AS established_on, CASE WHEN c.claim_no IS NULL AND f.oldest_due = o.oldest_due THEN f.file_by END AS file_by,"
            " c.claim_no"
            " FROM (SELECT * FROM told WHERE n = 1 AND notice = 'overdue') o JOIN projections.overdue_list l USING (loan)"
            " LEFT JOIN (SELECT * FROM told WHERE c = 1 AND notice = 'claimed') c USING (loan)"
            " LEFT JOIN (SELECT * FROM told WHERE f = 1 AND notice = 'claimable') f USING (loan)"
        )
        return query, {
            "as_of": as_of or date.max,
            "known_at": known_at if known_at is not None else 2**62,
            "day": as_of,
        }


def _named(days: str, lines: Sequence[int], names: Sequence[str]) -> str:
    """SQL for the name that holds from its line of days on."""
    upward = zip(reversed(lines), reversed(names), strict=False)
    return f"CASE {' '.join(f'WHEN {days} >= {line} THEN {name!r}' for line, name in upward)} ELSE {names[0]!r} END"
