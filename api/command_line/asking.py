"""`query` and `replay`: what a projection says, and what one stream has been through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Group

from api.command_line.app import CLEAN, DIFFERENCES, app, context_of, errors, facts_table, rows_table, show
from api.histories import history, parse_known_at
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import parse_day
from domain.errors import InvalidInput
from projections import log, querying
from projections.querying import Question

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
    if day is None and asked.counts_to_the_day:
        day = context_of(settings).moment.today
    with Installation(settings) as installation:
        late = installation.up_to_date([asked])
        position = position_of(installation, known_at)
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
        str, typer.Argument(help="loan/NUMBER, claim/…, application/…, partner/…, project/…, fund/…, or a stream's id.")
    ],
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> int:
    """One stream's history, and its state at a point of both times 回放."""
    settings: Settings = context.obj
    day = parse_day(as_of, field="--as-of") if as_of is not None else None
    with Installation(settings) as installation:
        position = position_of(installation, known_at)
        document, _ = history(installation.projector, stream, day, position)
    table = rows_table(
        [
            {"position": e["position"], "version": e["version"], "value_date": e["value_date"], "topic": e["topic"]}
            for e in document["events"]
        ]
    )
    show(settings, document, Group(table, facts_table(document["state"])))
    return CLEAN


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


def position_of(installation: Installation, known_at: str | None, field: str = "--known-at") -> int | None:
    """A position as it is; a time becomes the last position recorded by then. Raises InvalidInput."""
    if known_at is None:
        return None
    known = parse_known_at(known_at, field)
    return known if isinstance(known, int) else log.position_at(installation.projector, known)
