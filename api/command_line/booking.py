"""The books on the command line 记账: the journal for an independent tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api import journals
from api.command_line.app import CLEAN, app, facts_table, show
from api.command_line.asking import AsOf, KnownAt, position_of
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import parse_day
from domain.errors import InvalidInput
from projections.querying import projection


@app.command()
def journal(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    form: Annotated[str, typer.Option("--format", help="beancount, hledger or csv.")] = "beancount",
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> int:
    """The books for an independent tool, with the balance of each account at the end of every day on which it moved 日记账导出."""
    settings: Settings = context.obj
    wanted = journals.form_of(form, "--format")
    day = parse_day(as_of, field="--as-of") if as_of is not None else None
    with Installation(settings) as installation:
        for problem in installation.up_to_date([projection("general_ledger")]).values():
            raise problem
        told = journals.lines(installation.projector, day, position_of(installation, known_at))
        beside = out.with_name(f"{out.name}.part")
        try:
            with beside.open("w", encoding="utf-8", newline="") as file:
                entries = journals.write(wanted, told, file)
            beside.replace(out)
        except OSError as problem:
            said = problem.strerror or "it cannot be written"
            raise InvalidInput(field=str(out), problem=said, expected="a file that can be written") from None
        finally:
            beside.unlink(missing_ok=True)
    document = {"file": str(out), "format": form, "entries": entries}
    show(settings, document, facts_table(document))
    return CLEAN
