"""`report`: the tables that people file 报表."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api import reports
from api.command_line.app import CLEAN, app, rows_table, show, write_file
from api.command_line.asking import KnownAt, position_of
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import city_day, parse_day


@app.command()
def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="bank_return, fund_balance, claims, loans or balance_sheet.")],
    to: Annotated[str | None, typer.Option("--to", help="Up to this day; today if left out.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="The first day, of a report of a period; three months if left out.")
    ] = None,
    fund: Annotated[str | None, typer.Option(help="Of one fund.")] = None,
    known_at: KnownAt = None,
    csv: Annotated[Path | None, typer.Option(help="Write it as CSV.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write it as a spreadsheet.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF.")] = None,
) -> int:
    """A table to file, stamped with the log's position and its digest; with --known-at that position it comes out the same 报表."""
    settings: Settings = context.obj
    asked = reports.report_of(name)
    until = parse_day(to, field="--to") if to else city_day(datetime.now(UTC))
    first = parse_day(start, field="--from") if start else None
    with Installation(settings) as installation:
        known = position_of(installation, known_at)
        for problem in installation.up_to_date(asked.books).values():
            raise problem
        document = reports.reported(installation.projector, asked, until, start=first, known_at=known, fund=fund)
    for file, form in ((csv, "csv"), (xlsx, "xlsx"), (pdf, "pdf")):
        if file is not None:
            write_file(file, reports.in_print(document, form, settings.language))
    table = reports.printed(document, settings.language)
    titles, lines = table.titles(settings.language), table.lines(settings.language)
    show(settings, document, rows_table([dict(zip(titles, line, strict=True)) for line in lines]))
    return CLEAN
