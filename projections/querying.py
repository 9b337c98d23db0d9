"""Reading a projection 查询: filtered, grouped, as of a day and as known at a position, with the position it stands at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Literal

from domain.errors import Refusal
from domain.money import yuan
from projections.audit_trail import AuditTrail
from projections.keeper import LOG
from projections.loan_book import LoanBook
from projections.projection import Kind, Projection
from projections.repayment_history import RepaymentHistory

ALL: tuple[Projection, ...] = (LoanBook(), RepaymentHistory(), AuditTrail())
"""Every projection there is."""


class UnknownProjection(Refusal):
    code = "projection.unknown"
    en = "there is no projection {name}; choose one of: {known}"
    zh = "没有投影 {name}；可选：{known}"


class UnknownColumn(Refusal):
    code = "projection.unknown_column"
    en = "{field}: projection {name} has no column {column}; choose one of: {known}"
    zh = "{field}：投影 {name} 没有列 {column}；可选：{known}"


@dataclass(frozen=True)
class Question:
    """What is asked: equalities, groups, the two times, and how many rows at most."""

    where: Mapping[str, str] = field(default_factory=dict)
    group_by: Sequence[str] = ()
    as_of: date | None = None
    known_at: int | None = None
    limit: int | None = None


def projection(name: str) -> Projection:
    """Raises UnknownProjection."""
    for known in ALL:
        if known.name == name:
            return known
    raise UnknownProjection(field="name", name=name, known=", ".join(p.name for p in ALL))


def ask(connection: Connection[Any], asked: Projection, question: Question) -> tuple[list[dict[str, Any]], int]:
    """The rows, and the position up to which the projection had folded. Raises UnknownColumn."""
    for column in (*question.where, *question.group_by):
        if column not in asked.columns:
            field = "--where" if column in question.where else "--group-by"
            known = ", ".join(asked.columns)
            raise UnknownColumn(field=field, name=asked.name, column=ascii(column[:60]), known=known)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        position = connection.execute(
            SQL("SELECT max(notification_id) FROM projections.{} WHERE application_name = {}").format(
                Identifier(f"{asked.name}_tracking"), Literal(LOG)
            )
        ).fetchone()
        source, parameters = asked.source(question.as_of, question.known_at)
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                _statement(asked, question, source).encode(), parameters | _where(question)
            ).fetchall()
    kinds: Mapping[str, Kind] = {**asked.columns, "count": "number"}
    return [{name: _shown(kinds[name], value) for name, value in row.items()} for row in rows], int(
        position[0] or 0
    ) if position else 0


def _statement(asked: Projection, question: Question, source: str) -> str:
    wanted = [f"{name}::text = %(where_{name})s" for name in question.where]
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    limit = f"LIMIT {int(question.limit)}" if question.limit is not None else ""
    if not question.group_by:
        return f"SELECT * FROM ({source}) s {where} ORDER BY {asked.order} {limit}"
    groups = ", ".join(question.group_by)
    sums = [f"sum({name})::numeric AS {name}" for name, kind in asked.columns.items() if kind in ("money", "count")]
    return f"SELECT {', '.join([groups, 'count(*) AS count', *sums])} FROM ({source}) s {where} GROUP BY {groups} ORDER BY {groups} {limit}"


def _where(question: Question) -> dict[str, object]:
    return {f"where_{name}": value for name, value in question.where.items()}


def _shown(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case "money":
            return yuan(int(value))
        case "count" | "number" | "year":
            return int(value)
        case "date" | "time":
            return value.isoformat()
        case "text":
            return str(value)
