"""`subsidy`: what the budget bears of a loan's interest 贴息."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.command_line.app import CLEAN, app, context_of, rows_table, show
from api.command_line.texts import text_of
from api.settings import Settings
from api.subsidies import worked_out
from api.wiring import Installation
from domain.subsidy.method import SubsidyMethod, read_method, shipped_method

subsidy = typer.Typer(no_args_is_help=True, help="Interest subsidy 贴息.")
app.add_typer(subsidy, name="subsidy")


@subsidy.command()
def method(
    context: typer.Context,
    file: Annotated[str | None, typer.Argument(help="A TOML file; the shipped one if left out.")] = None,
) -> int:
    """Show a method with the source and certainty of every rule, or check one of your own 贴息办法."""
    read = _method(file)
    show(context.obj, {**read.model_dump(mode="json", exclude={"text"}), "digest": read.pin.digest})
    return CLEAN


@subsidy.command("show")
def show_(
    context: typer.Context,
    loan_no: Annotated[str, typer.Argument(help="The loan's number.")],
    quarter: Annotated[str, typer.Argument(help="For example 2024Q2: from 21 March to 20 June.")],
    by: Annotated[str | None, typer.Option("--method", help="A TOML file; the shipped method if left out.")] = None,
) -> int:
    """What a loan's quarter comes to, every stretch of days in words; nothing is recorded 贴息测算."""
    settings: Settings = context.obj
    today = context_of(settings).moment.today
    with Installation(settings) as installation:
        document = worked_out(installation.desk, _method(by), loan_no, quarter, today)
    lines: list[dict[str, Any]] = [{settings.language: line[settings.language]} for line in document["lines"]]
    totals = {name: document[name] for name in ("regime", "interest", "subsidy", "borrower", "shared", "local")}
    said = ", ".join(f"{name} {value}" for name, value in {**totals, **document["levels"]}.items())
    show(settings, document, rows_table([*lines, {settings.language: said}]))
    return CLEAN


def _method(file: str | None) -> SubsidyMethod:
    """Raises TextUnreadable, SubsidyMethodUnreadable."""
    return read_method(shipped_method() if file is None else text_of(file, "method"), field="method")
