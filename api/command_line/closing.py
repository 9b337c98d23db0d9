"""`close-day`: the book at the end of a day 日终."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Annotated

import typer

from api.command_line.app import CLEAN, app, context_of, facts_table, progress, show
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import parse_day
from ledger.closing import CloseDay, close_day
from ledger.ledger import Ledger


@app.command("close-day")
def close_day_(
    context: typer.Context,
    day: Annotated[str, typer.Argument(help="The day that ends, for example 2026-01-31.")],
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes for a large book; one for each processor if left out.")
    ] = None,
) -> int:
    """Bring the book to the end of a day: overdue, ageing, categories, claims, expiries, late decisions 日终."""
    settings: Settings = context.obj
    made, command = context_of(settings), CloseDay(value_date=parse_day(day, field="DATE"))
    with Installation(settings) as installation, progress() as bar:
        task = bar.add_task("close-day", total=None)
        another = partial(Ledger, installation.dsn("application"), digest_key=installation.keystore.digest_key)

        def moved(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        started, many = time.monotonic(), workers or os.cpu_count() or 1
        closed = close_day(installation.desk, command, made, another=another, workers=many, told=moved)
        document = closed.document() | {"seconds": round(time.monotonic() - started, 3)}
    show(settings, document, facts_table(document))
    return CLEAN
