"""The Typer application: global options, output in words or as one JSON document, exit statuses."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.embedded_host import EmbeddedPostgresError
from api.http.wording import expected_of
from api.previewing import previewed
from api.settings import Settings, language
from domain.actor import parse_actor
from domain.errors import BadInput, InvalidInput, Refusal
from domain.facts import Moment
from ledger.context import CommandContext
from ledger.ledger import Previewed

CLEAN, DIFFERENCES, BAD_INPUT, REFUSED = 0, 1, 2, 3
"""Exit statuses: done and clean; done, with differences or failures; bad input or usage; refused by a rule."""

FORESEEN = ("loan", "claim", "fund", "project", "subsidy")
"""Whose commands can be previewed: each decides once, and registers nobody."""

INTERRUPTED = 130
"""What the command line library answers to an interruption."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The loan ledger 创业担保贷款台账.",
)
errors = Console(stderr=True, highlight=False)
output = Console(highlight=False, width=None if sys.stdout.isatty() else 400)


@app.callback()
def options(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="Folder of the embedded database, keys and files.")] = Path(".loan-ledger"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    lang: Annotated[str | None, typer.Option(help="Language of messages: zh or en; the locale's if left out.")] = None,
    actor: Annotated[
        str | None, typer.Option("--as", help="ROLE[:SUBJECT][@INSTITUTION][/REGION]; the local operator if left out.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what a command would record and change, and record nothing.")
    ] = False,
) -> None:
    if preview and context.invoked_subcommand not in FORESEEN:
        problem = f"{context.invoked_subcommand} cannot be previewed"
        raise InvalidInput(field="--preview", problem=problem, expected=f"a command of {', '.join(FORESEEN)}")
    context.obj = Settings.read(
        data=data,
        json=as_json,
        language=language(lang) if lang is not None else None,
        actor=parse_actor(actor) if actor is not None else None,
        preview=preview,
    )


@cache
def _command() -> Any:
    """Every command, worked out of its signature once for all runs of a process."""
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command; global options may stand before or after its name."""
    arguments = _globals_first(list(arguments))
    settings = Settings(data=Path(".loan-ledger"), json="--json" in arguments, language=_asked_language(arguments))
    try:
        _readable(arguments)
        result = _command()(arguments, standalone_mode=False)
    except Refusal as refusal:
        return _refused(refusal, settings)
    except Previewed as seen:
        document = previewed(seen, datetime.now(UTC))
        show(settings, document, rows_table(document["changes"]))
        return CLEAN
    except ValidationError as problem:
        return _refused(invalid(problem), settings)
    except EmbeddedPostgresError as problem:
        return _failed("database.embedded", str(problem), settings, REFUSED)
    except KeyboardInterrupt:
        return _interrupted(settings)
    except typer.Exit as ended:
        return int(ended.exit_code)
    except Exception as problem:
        if not hasattr(problem, "format_message"):
            raise
        return _failed("usage", problem.format_message(), settings, BAD_INPUT)
    return _interrupted(settings) if result == INTERRUPTED else int(result or 0)


def invalid(problem: ValidationError) -> InvalidInput:
    """The first field that does not fit."""
    first = problem.errors(include_input=False)[0]
    field, (en, zh) = ".".join(map(str, first["loc"])) or "input", expected_of(first)
    return InvalidInput(field=field, problem={"en": en, "zh": zh}, expected="a value that the field allows")


def told(refusal: Refusal) -> dict[str, Any]:
    """A refusal as documents have it."""
    said = {"en": refusal.message("en"), "zh": refusal.message("zh")}
    return {"code": refusal.code, "field": refusal.field, "message": said}


def context_of(settings: Settings, channel: str = "command_line", key: str | None = None) -> CommandContext:
    """The command's context: the actor of `--as`, the machine's clock."""
    now = Moment(now=datetime.now(UTC))
    return CommandContext(settings.actor, now, channel=channel, given_key=key, preview=settings.preview)


def show(settings: Settings, document: dict[str, Any], words: Any = None) -> None:
    """The answer: as JSON, or in words."""
    if settings.json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    else:
        output.print(words if words is not None else facts_table(document))


def facts_table(document: dict[str, Any]) -> Table:
    """Names and values, one a line."""
    table = Table(show_header=False, box=None)
    for name, value in document.items():
        said = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
        table.add_row(name, escape(said))
    return table


def rows_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Rows under their column names."""
    table = Table()
    for name in rows[0] if rows else ():
        table.add_column(
            name, justify="right" if isinstance(rows[0][name], int) or "." in str(rows[0][name]) else "left"
        )
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    return table


def write_file(file: Path, content: bytes) -> None:
    """Raises InvalidInput."""
    try:
        file.write_bytes(content)
    except OSError as problem:
        said = problem.strerror or "it cannot be written"
        raise InvalidInput(field=str(file), problem=said, expected="a file that can be written") from None


def progress() -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True)


def _readable(arguments: Sequence[str]) -> None:
    """Raises InvalidInput for an argument that is no text."""
    for argument in arguments:
        if not argument.isascii() and argument != argument.encode("utf-8", "replace").decode():
            raise InvalidInput(field="arguments", problem=f"{argument[:40]!a} is not UTF-8", expected="text in UTF-8")


def _interrupted(settings: Settings) -> int:
    said = "interrupted; what was acknowledged is recorded, run the command again to go on"
    return _failed("interrupted", said, settings, DIFFERENCES)


def _refused(refusal: Refusal, settings: Settings) -> int:
    status = BAD_INPUT if isinstance(refusal, BadInput) else REFUSED
    return _failed(refusal.code, refusal.message(settings.language), settings, status, refusal)


def _failed(code: str, message: str, settings: Settings, status: int, refusal: Refusal | None = None) -> int:
    errors.print(message, style="red", markup=False, soft_wrap=True)
    if settings.json:
        error = told(refusal) if refusal else {"code": code, "field": None, "message": {"en": message}}
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    return status


def _globals_first(arguments: list[str]) -> list[str]:
    """Global options moved before the command's name."""
    first, rest, index = list[str](), list[str](), 0
    while index < len(arguments):
        argument = arguments[index]
        if argument in ("--json", "--preview"):
            first.append(argument)
        elif argument in ("--data", "--lang", "--as") and index + 1 < len(arguments):
            first += arguments[index : index + 2]
            index += 1
        elif argument.split("=")[0] in ("--data", "--lang", "--as"):
            first.append(argument)
        else:
            rest.append(argument)
        index += 1
    return first + rest


def _asked_language(arguments: list[str]) -> Any:
    try:
        asked = next(
            (a.partition("=")[2] or arguments[i + 1] for i, a in enumerate(arguments) if a.startswith("--lang")), None
        )
        return language(asked) if asked else Settings.read().language
    except (Refusal, IndexError):
        return "en"


def main() -> NoReturn:
    """The console script. A request to end is an exit in order, so that the embedded server is stopped too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run(sys.argv[1:]))
