"""`query` and `replay`: what a projection says, and what one stream has been through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Group

from api.command_line.app import CLEAN, DIFFERENCES, app, errors, facts_table, rows_table, show
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import CITY, parse_day
from domain.compensation.claim import Claim
from domain.errors import BadInput, InvalidInput
from domain.loan.loan import Loan
from domain.loan_application.application import LoanApplication
from domain.recorded import Recorded
from domain.rural_partner.partner import RuralPartner
from domain.rural_partner.project import PartnerProject
from domain.state import state_as_of
from projections import log, querying
from projections.querying import Question


class UnknownStream(BadInput):
    code = "stream.unknown"
    en = "there is no stream {name} as known then; give loan/NUMBER (or claim, application, partner, project) or a stream's id"
    zh = "（当时）没有事件流 {name}；请给出 loan/编号（或 claim、application、partner、project）或事件流标识"


AsOf = Annotated[str | None, typer.Option("--as-of", help="A day, YYYY-MM-DD: changes dated on or before it.")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="A position, or a time such as 2026-01-31T17:00+08:00.")
]


@app.command()
def query(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The projection, e.g. loan_book.")],
    where: Annotated[list[str] | None, typer.Option("--where", help="COLUMN=VALUE; may be given again.")] = None,
    group_by: Annotated[list[str] | None, typer.Option("--group-by", help="COLUMN, or several with commas.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    limit: Annotated[int | None, typer.Option(min=0)] = None,
) -> int:
    """Read a projection 查询."""
    settings: Settings = context.obj
    asked = querying.projection(name)
    wanted = _equalities(where or ())
    groups = tuple(column for text in group_by or () for column in text.split(","))
    day = parse_day(as_of, field="--as-of") if as_of is not None else None
    with Installation(settings) as installation:
        late = installation.up_to_date([asked])
        position = _position(installation, known_at)
        answer = querying.ask(installation.projector, asked, Question(wanted, groups, day, position, limit))
    document: dict[str, Any] = asdict(answer)
    if late:
        document["stopped"] = {name: str(problem) for name, problem in late.items()}
        errors.print(*document["stopped"].values(), style="red", markup=False)
    show(settings, document, rows_table(answer.rows))
    return DIFFERENCES if late else CLEAN


@app.command()
def replay(
    context: typer.Context,
    stream: Annotated[
        str, typer.Argument(help="loan/NUMBER, claim/…, application/…, partner/…, project/…, or a stream's id.")
    ],
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> int:
    """One stream's history, and its state at a point of both times 回放."""
    settings: Settings = context.obj
    day = parse_day(as_of, field="--as-of") if as_of is not None else None
    with Installation(settings) as installation:
        position = _position(installation, known_at)
        facts = log.stream(installation.projector, _stream_id(stream), position)
        if not facts:
            raise UnknownStream(field="stream", name=ascii(stream[:80]))
        state = dict(state_as_of([row.fact for row in facts], day))
    document: dict[str, Any] = {"events": [_told(row) for row in facts], "state": state, "position": facts[-1].position}
    table = rows_table(
        [
            {"position": e["position"], "version": e["version"], "value_date": e["value_date"], "topic": e["topic"]}
            for e in document["events"]
        ]
    )
    show(settings, document, Group(table, facts_table(state)))
    return CLEAN


def _told(row: Recorded) -> dict[str, Any]:
    fact = row.fact
    return {
        "position": row.position,
        "recorded_at": row.recorded_at.isoformat(),
        "version": row.version,
        "topic": row.topic,
        "value_date": row.value_date.isoformat(),
        "actor": {"subject": row.subject, "role": row.role, "institution": row.institution, "region": row.region},
        "channel": row.channel,
        "correlation": row.correlation,
        "scopes": list(row.scopes),
        "leaf_hash": row.leaf_hash.hex(),
        "body": fact.model_dump(mode="json", exclude={"timestamp", "value_date"}),
    }


def _stream_id(name: str) -> UUID:
    kind, _, number = name.partition("/")
    if number and kind == "loan":
        return Loan.create_id(number)
    if number and kind == "claim":
        return Claim.create_id(number)
    if number and kind == "application":
        return LoanApplication.create_id(number)
    if number and kind == "partner":
        return RuralPartner.create_id(number)
    if number and kind == "project":
        return PartnerProject.create_id(number)
    try:
        return UUID(number if kind == "borrower" else name)
    except ValueError:
        raise UnknownStream(field="stream", name=ascii(name[:80])) from None


def _equalities(texts: Iterable[str]) -> dict[str, str]:
    """Raises InvalidInput for a text that is none, and for a column that is given twice."""
    wanted = dict[str, str]()
    for text in texts:
        column, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(field="--where", problem=f"{text[:60]!a} has no =", expected="COLUMN=VALUE")
        if wanted.setdefault(column, value) != value:
            raise InvalidInput(
                field="--where", problem=f"{column[:60]!a} is given twice", expected="one value a column"
            )
    return wanted


def _position(installation: Installation, known_at: str | None) -> int | None:
    """A position as it is; a time becomes the last position recorded by then. Raises InvalidInput."""
    if known_at is None:
        return None
    if known_at.isascii() and known_at.isdigit() and len(known_at) <= 18:
        return int(known_at)
    try:
        moment = datetime.fromisoformat(known_at)
    except ValueError:
        raise InvalidInput(
            field="--known-at",
            problem=f"{known_at[:40]!a} is neither a position nor a time",
            expected="42 or 2026-01-31T17:00+08:00",
        ) from None
    if len(known_at) == 10:
        moment = datetime.combine(date.fromisoformat(known_at), datetime.max.time())
    return log.position_at(installation.projector, moment if moment.tzinfo else moment.replace(tzinfo=CITY))
