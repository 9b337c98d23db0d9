"""Reading a projection 查询: filtered, grouped, as of a day and as known at a position, with the position it stands at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from domain.calendar import parse_day
from domain.errors import BadInput, InvalidInput
from domain.money import parse_yuan, yuan
from projections.application_queue import ApplicationQueue
from projections.application_register import ApplicationRegister
from projections.audit_trail import AuditTrail
from projections.bank_statement import BankStatement
from projections.claim_register import ClaimRegister
from projections.due_list import DueList
from projections.fund_position import FundPosition
from projections.general_ledger import GeneralLedger
from projections.keeper import LOG
from projections.loan_book import LoanBook
from projections.overdue_list import OverdueList
from projections.partner_register import PartnerRegister
from projections.policy_register import PolicyRegister
from projections.project_register import ProjectRegister
from projections.projection import Kind, Projection
from projections.repayment_history import RepaymentHistory
from projections.subsidy_register import SubsidyRegister
from projections.trial_balance import TrialBalance

ALL: tuple[Projection[Any], ...] = (
    LoanBook(),
    RepaymentHistory(),
    AuditTrail(),
    ApplicationRegister(),
    ApplicationQueue(),
    PolicyRegister(),
    PartnerRegister(),
    ProjectRegister(),
    FundPosition(),
    ClaimRegister(),
    OverdueList(),
    DueList(),
    GeneralLedger(),
    TrialBalance(),
    BankStatement(),
    SubsidyRegister(),
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
    """What is asked: equalities, groups, the two times, how many rows at most, and after which row (by what orders the rows)."""

    where: Mapping[str, str] = field(default_factory=dict)
    group_by: Sequence[str] = ()
    as_of: date | None = None
    known_at: int | None = None
    limit: int | None = None
    after: Sequence[str | None] | None = None


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


@dataclass(frozen=True)
class Reading:
    """A question put into SQL, for whoever runs it: what is listed, and its totals.

    Every row is preceded by the position and by whether it is a row at all, so that one statement says both of one snapshot.
    """

    asked: Projection[Any]
    question: Question
    parameters: dict[str, object]
    _source: str

    @property
    def listing(self) -> bytes:
        listed, order = _listing(self.asked, self.question, self._source), _order(self.asked, self.question)
        return _with_position(self.asked, listed, f" ORDER BY {order}")

    @property
    def totals(self) -> bytes:
        return _with_position(self.asked, _sums(self.asked, self.question, self._source))

    def shown(
        self, rows: Sequence[tuple[Any, ...]], names: Sequence[str] | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """The rows as people and programs read them, and the position; `names` are the columns of another statement than `listing`."""
        names = self.names if names is None else names
        show = [(name, shown) for name in names if (shown := _SHOW.get(_kind(self.asked, name))) is not None]
        said = [dict(zip(names, row[2:], strict=True)) for row in rows if row[1]]
        for line in said:
            for name, shown in show:
                if (value := line[name]) is not None:
                    line[name] = shown(value)
        return said, int(rows[0][0])

    @property
    def names(self) -> Sequence[str]:
        """The columns of `listing`."""
        groups = self.question.group_by
        return _summed(self.asked, groups) if groups else list(self.asked.columns)

    def added_up(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
        """What `totals` gave."""
        return self.shown(rows, _summed(self.asked))[0][0]

    def place_of(self, row: Mapping[str, Any]) -> list[str | None]:
        """Where a row stands in the order, for the question that goes on after it."""
        return [None if row[name] is None else str(row[name]) for name, _ in _ordering(self.asked)]


def put(asked: Projection[Any], question: Question) -> Reading:
    """The question in SQL. Raises UnknownColumn, InvalidInput."""
    for column in (*question.where, *question.group_by):
        if column not in asked.columns:
            field = "--where" if column in question.where else "--group-by"
            known = ", ".join(asked.columns)
            raise UnknownColumn(field=field, name=asked.name, column=ascii(column[:60]), known=known)
    if question.known_at is not None and not asked.knows_earlier:
        problem, expected = "the list is of what is known now", "nothing; `loan show` says it of a loan"
        raise InvalidInput(field="known_at", problem=problem, expected=expected)
    question = replace(question, group_by=tuple(dict.fromkeys(question.group_by)))
    source, times = asked.source(question.as_of, question.known_at)
    wanted = {f"where_{name}": _inside(asked.columns[name], name, value) for name, value in question.where.items()}
    return Reading(asked, question, times | wanted | _place(asked, question.after), source)


def ask(connection: Connection[Any], asked: Projection[Any], question: Question) -> Answer:
    """Read a projection in one snapshot. Raises UnknownColumn, InvalidInput."""
    reading = put(asked, question)
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows, position = reading.shown(cursor.execute(reading.listing, reading.parameters).fetchall())
        totals = reading.added_up(cursor.execute(reading.totals, reading.parameters).fetchall())
    return Answer(rows, totals, position)


def written_up_to(connection: Connection[Any], books: Sequence[Projection[Any]]) -> int:
    """The position up to which all of some projections are written."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        positions = ", ".join(position_of(book.name) for book in books)
        row = cursor.execute(f"SELECT least({positions})".encode()).fetchone()
    assert row is not None
    return int(row[0])


def position_of(name: str) -> str:
    """SQL for the position up to which a read model had folded."""
    return (
        f"(SELECT coalesce(max(notification_id), 0) FROM projections.{name}_tracking WHERE application_name = '{LOG}')"
    )


def _with_position(asked: Projection[Any], statement: str, order: str = "") -> bytes:
    found = f"LEFT JOIN LATERAL (SELECT true AS found, listed.* FROM ({statement}) listed) found ON true{order}"
    return f"SELECT * FROM (SELECT {position_of(asked.name)} AS as_of_position) standing {found}".encode()


def _listing(asked: Projection[Any], question: Question, source: str) -> str:
    limit = f" LIMIT {int(question.limit)}" if question.limit is not None else ""
    order = _order(asked, question)
    if question.group_by:
        return f"{_sums(asked, question, source, question.group_by)} GROUP BY {order} ORDER BY {order}{limit}"
    return f"SELECT {', '.join(asked.columns)} FROM ({source}) s {_where(asked, question)} ORDER BY {order}{limit}"


def _order(asked: Projection[Any], question: Question) -> str:
    return ", ".join(question.group_by) or asked.order


def _sums(asked: Projection[Any], question: Question, source: str, groups: Sequence[str] = ()) -> str:
    sums = (f"coalesce(sum({name}), 0) AS {name}" for name in _summed(asked, groups)[len(groups) + 1 :])
    return f"SELECT {', '.join([*groups, 'count(*) AS count', *sums])} FROM ({source}) s {_where(asked, question)}"


def _summed(asked: Projection[Any], groups: Sequence[str] = ()) -> list[str]:
    """The groups, the number of their rows, and what adds up in them."""
    added = (name for name, kind in asked.columns.items() if kind in ("money", "count") and name not in groups)
    return [*groups, "count", *added]


def _where(asked: Projection[Any], question: Question) -> str:
    wanted = [f"{name} = %(where_{name})s" for name in question.where]
    if question.after is not None:
        wanted.append(_beyond(asked, question.after))
    return f"WHERE {' AND '.join(wanted)}" if wanted else ""


def _ordering(asked: Projection[Any]) -> list[tuple[str, str]]:
    """The columns that order the rows, and where each comes that is empty: FIRST, LAST, or nowhere as it never is."""
    parts = (part.partition(" NULLS ") for part in asked.order.split(", "))
    return [(name, place) for name, _, place in parts]


def _beyond(asked: Projection[Any], after: Sequence[str | None]) -> str:
    """The rows that come after a place in the order: greater in the first column, or equal there and greater in the next."""
    ways, equal = list[str](), list[str]()
    for (name, empty), value in zip(_ordering(asked), after, strict=True):
        if value is not None:
            greater = (
                f"({name} > %(after_{name})s OR {name} IS NULL)" if empty == "LAST" else f"{name} > %(after_{name})s"
            )
            ways.append(" AND ".join([*equal, greater]))
        elif empty == "FIRST":
            ways.append(" AND ".join([*equal, f"{name} IS NOT NULL"]))
        equal.append(f"{name} IS NULL" if value is None else f"{name} = %(after_{name})s")
    return f"({' OR '.join(f'({way})' for way in ways) or 'false'})"


def _place(asked: Projection[Any], after: Sequence[str | None] | None) -> dict[str, object]:
    """Raises InvalidInput for a place that is none of this projection's."""
    if after is None:
        return {}
    ordering = _ordering(asked)
    if len(after) != len(ordering):
        raise InvalidInput(field="after", problem="it is no place in this order", expected="one that was given")
    pairs = [(name, value) for (name, _), value in zip(ordering, after, strict=True)]
    return {f"after_{name}": _inside(asked.columns[name], name, v) for name, v in pairs if v is not None}


def _kind(asked: Projection[Any], name: str) -> Kind:
    return "number" if name == "count" else asked.columns[name]


def _inside(kind: Kind, column: str, value: str) -> object:
    """What is asked for, as the column holds it. Raises InvalidInput."""
    try:
        match kind:
            case "money":
                return parse_yuan(value, field=column, negative=True)
            case "count" | "number" | "year":
                return _whole(value)
            case "date":
                return parse_day(value, field=column)
            case "time":
                return datetime.fromisoformat(value)
            case "text":
                return _plain(value)
    except ValueError:
        raise InvalidInput(field=column, problem=f"{value[:40]!a} does not fit", expected=f"a {kind}") from None


def _whole(text: str) -> int:
    """Raises ValueError for what is no whole number of at most eighteen digits."""
    if len(text) > 19 or not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise ValueError(text)
    return int(text)


def _plain(text: str) -> str:
    """Raises ValueError for a text that no column can hold."""
    if "\x00" in text or (not text.isascii() and text != text.encode("utf-8", "replace").decode()):
        raise ValueError(text)
    return text


def _yuan(fen: Any) -> str:
    whole = int(fen)
    return f"{whole // 100}.{whole % 100:02d}" if whole >= 0 else yuan(whole)


def _day(moment: Any) -> str:
    said: str = moment.isoformat()
    return said


_SHOW: Mapping[Kind, Callable[[Any], Any]] = {
    "money": _yuan,
    "count": int,
    "number": int,
    "year": int,
    "date": _day,
    "time": _day,
}
"""How each kind of column is shown; a text is what it is."""
