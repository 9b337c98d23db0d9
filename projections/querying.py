"""Reading a projection 查询: filtered, grouped, as of a day and as known at a position, with the position it stands at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Literal

from domain.calendar import parse_day
from domain.errors import BadInput, InvalidInput
from domain.money import parse_yuan, yuan
from projections.application_queue import ApplicationQueue
from projections.application_register import ApplicationRegister
from projections.audit_trail import AuditTrail
from projections.keeper import LOG
from projections.loan_book import LoanBook
from projections.partner_register import PartnerRegister
from projections.policy_register import PolicyRegister
from projections.project_register import ProjectRegister
from projections.projection import Kind, Projection
from projections.repayment_history import RepaymentHistory

ALL: tuple[Projection[Any], ...] = (
    LoanBook(),
    RepaymentHistory(),
    AuditTrail(),
    ApplicationRegister(),
    ApplicationQueue(),
    PolicyRegister(),
    PartnerRegister(),
    ProjectRegister(),
)
"""Every projection there is."""


class UnknownProjection(BadInput):
    code = "projection.unknown"
    en = "there is no projection {name}; choose one of: {known}"
    zh = "没有投影 {name}；可选：{known}"


class UnknownColumn(BadInput):
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


def projection(name: str) -> Projection[Any]:
    """Raises UnknownProjection."""
    for known in ALL:
        if known.name == name:
            return known
    raise UnknownProjection(field="name", name=name, known=", ".join(p.name for p in ALL))


@dataclass(frozen=True)
class Answer:
    """The rows, what all matching rows come to (whatever the limit), and the position up to which the projection had folded."""

    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    as_of_position: int


def ask(connection: Connection[Any], asked: Projection[Any], question: Question) -> Answer:
    """Read a projection in one snapshot. Raises UnknownColumn."""
    for column in (*question.where, *question.group_by):
        if column not in asked.columns:
            field = "--where" if column in question.where else "--group-by"
            known = ", ".join(asked.columns)
            raise UnknownColumn(field=field, name=asked.name, column=ascii(column[:60]), known=known)
    source, times = asked.source(question.as_of, question.known_at)
    wanted = {f"where_{name}": _inside(asked.columns[name], name, value) for name, value in question.where.items()}
    parameters = times | wanted
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        position = connection.execute(
            SQL("SELECT coalesce(max(notification_id), 0) FROM projections.{} WHERE application_name = {}").format(
                Identifier(f"{asked.name}_tracking"), Literal(LOG)
            )
        ).fetchone()
        assert position is not None
        rows = _read(connection, asked, _listing(asked, question, source), parameters)
        totals = _read(connection, asked, _sums(asked, question, source), parameters)
    return Answer(rows, totals[0], position[0])


def _read(
    connection: Connection[Any], asked: Projection[Any], statement: str, parameters: dict[str, object]
) -> list[dict[str, Any]]:
    kinds: Mapping[str, Kind] = {**asked.columns, "count": "number"}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement.encode(), parameters).fetchall()
    return [{name: _shown(kinds[name], value) for name, value in row.items()} for row in rows]


def _listing(asked: Projection[Any], question: Question, source: str) -> str:
    limit = f" LIMIT {int(question.limit)}" if question.limit is not None else ""
    if question.group_by:
        places = ", ".join(str(place) for place in range(1, len(question.group_by) + 1))
        return f"{_sums(asked, question, source, question.group_by)} GROUP BY {places} ORDER BY {places}{limit}"
    return f"SELECT * FROM ({source}) s {_where(question)} ORDER BY {asked.order}{limit}"


def _sums(asked: Projection[Any], question: Question, source: str, groups: Sequence[str] = ()) -> str:
    summed = (name for name, kind in asked.columns.items() if kind in ("money", "count") and name not in groups)
    sums = (f"coalesce(sum({name}), 0) AS {name}" for name in summed)
    return f"SELECT {', '.join([*groups, 'count(*) AS count', *sums])} FROM ({source}) s {_where(question)}"


def _where(question: Question) -> str:
    wanted = [f"{name} = %(where_{name})s" for name in question.where]
    return f"WHERE {' AND '.join(wanted)}" if wanted else ""


def _inside(kind: Kind, column: str, value: str) -> object:
    """What is asked for, as the column holds it. Raises InvalidInput."""
    try:
        match kind:
            case "money":
                return parse_yuan(value, field=column, negative=True)
            case "count" | "number" | "year":
                return int(value)
            case "date":
                return parse_day(value, field=column)
            case "time":
                return datetime.fromisoformat(value)
            case "text":
                return value
    except ValueError:
        raise InvalidInput(field=column, problem=f"{value[:40]!a} does not fit", expected=f"a {kind}") from None


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
