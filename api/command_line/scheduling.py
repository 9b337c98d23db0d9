"""`schedule`: what falls due by given terms 还款计划试算; no database is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from api.command_line.app import CLEAN, DIFFERENCES, app, invalid, rows_table, show, told, write_file
from api.command_line.applying import read_any
from api.printing import as_csv, as_xlsx
from api.schedules import ScheduleTerms, answered, printed
from api.settings import Settings
from domain.errors import InvalidInput, Refusal


@app.command("schedule")
def schedule_(
    context: typer.Context,
    terms: Annotated[str, typer.Argument(help="Terms as a JSON file, or - for standard input; a list for many.")],
    csv: Annotated[Path | None, typer.Option(help="Write the schedule as CSV.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write the schedule as a spreadsheet.")] = None,
) -> int:
    """The repayment schedule of given terms, with its totals 还款计划."""
    settings: Settings = context.obj
    given = read_any(terms, "terms")
    if isinstance(given, list):
        if csv or xlsx:
            raise InvalidInput(field="terms", problem="it is a list", expected="one schedule for --csv or --xlsx")
        answers = [_one(terms) for terms in given]
        show(settings, {"schedules": answers})
        return DIFFERENCES if any("error" in answer for answer in answers) else CLEAN
    asked = ScheduleTerms.model_validate_json(json.dumps(given), strict=True)
    table = printed(asked)
    for file, made in ((csv, as_csv), (xlsx, as_xlsx)):
        if file is not None:
            write_file(file, made(table, settings.language))
    names = table.titles(settings.language)
    lines = [dict(zip(names, line, strict=True)) for line in table.lines(settings.language)]
    show(settings, answered(asked), rows_table(lines))
    return CLEAN


def _one(given: Any) -> dict[str, Any]:
    """One answer of many: a refusal stands in its place."""
    try:
        return answered(ScheduleTerms.model_validate_json(json.dumps(given), strict=True))
    except Refusal as refusal:
        return {"error": told(refusal)}
    except ValidationError as problem:
        return {"error": told(invalid(problem))}
