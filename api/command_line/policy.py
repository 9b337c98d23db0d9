"""`policy`: editions checked, published, compared and shown 政策."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.command_line.app import CLEAN, app, context_of, rows_table, show
from api.settings import Settings
from api.wiring import Installation
from domain.policy.comparing import differences
from domain.policy.edition import Edition, EditionUnreadable, read_edition
from domain.policy.lpr import LprQuote, read_quotes
from domain.policy.shipped import shipped_editions
from domain.working_days import CalendarYear, read_calendar
from ledger.publishing import PublishPolicy, named, publish_policy, shipped

policy = typer.Typer(no_args_is_help=True, help="Policy editions 政策版本.")
app.add_typer(policy, name="policy")


@policy.command()
def check(context: typer.Context, file: Annotated[Path, typer.Argument(help="An edition in TOML.")]) -> int:
    """Validate an edition and say how sure its rules are 校验政策版本."""
    edition = read_edition(_text(file), field=str(file))
    show(context.obj, _summary(edition))
    return CLEAN


@policy.command()
def publish(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Editions, LPR quotes or calendars in TOML; what ships if left out.")
    ] = None,
) -> int:
    """Record policy editions, LPR quotes and working calendars 发布政策."""
    settings: Settings = context.obj
    command = _command(files) if files else shipped()
    with Installation(settings) as installation:
        receipt = publish_policy(installation.ledger, command, context_of(settings))
        published = [edition.edition for edition in installation.desk.book.editions()]
    show(
        settings,
        {"recorded": 0 if receipt is None else receipt.position - receipt.first_position + 1, "editions": published},
    )
    return CLEAN


@policy.command()
def diff(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="A published edition's name, or a TOML file.")],
    new: Annotated[str, typer.Argument(help="Another.")],
) -> int:
    """What one edition says and another says otherwise 比对两个政策版本."""
    settings: Settings = context.obj
    with Installation(settings) as installation:
        found = differences(_edition(installation, old), _edition(installation, new))
    document: dict[str, Any] = {"old": old, "new": new, "differences": [one._asdict() for one in found]}
    show(settings, document, rows_table(document["differences"]))
    return CLEAN


@policy.command("show")
def show_(context: typer.Context, name: Annotated[str, typer.Argument(help="A published edition, or a file.")]) -> int:
    """An edition with the source of every rule 查看政策版本."""
    settings: Settings = context.obj
    with Installation(settings) as installation:
        edition = _edition(installation, name)
    rules = [
        {"place": place, **rule.model_dump(mode="json", include={"rule", "article", "source", "confidence"})}
        for place, rule in edition.rules()
    ]
    document = edition.model_dump(mode="json", exclude={"text"}) | {"digest": edition.pin.digest}
    show(settings, document, rows_table(rules))
    return CLEAN


def _edition(installation: Installation, name: str) -> Edition:
    """A published edition; where nothing is published one that ships; or one in a file. Raises UnknownEdition, EditionUnreadable."""
    if name.endswith(".toml"):
        return read_edition(_text(Path(name)), field=name)
    return named(installation.desk.book.editions() or shipped_editions(), name)


def _command(files: list[Path]) -> PublishPolicy:
    """What the files hold: quotes, a calendar, or else an edition."""
    editions, quotes, calendars = list[str](), list[LprQuote](), list[CalendarYear]()
    for file in files:
        text = _text(file)
        if "\nquotes" in f"\n{text}":
            quotes += read_quotes(text, field=str(file))
        elif "\nmake_up" in f"\n{text}":
            calendars.append(read_calendar(text, field=str(file)))
        else:
            read_edition(text, field=str(file))
            editions.append(text)
    return PublishPolicy(editions=tuple(editions), quotes=tuple(quotes), calendars=tuple(calendars))


def _summary(edition: Edition) -> dict[str, Any]:
    rules = list(edition.rules())
    unsure = [
        f"{place} ({rule.rule}, {rule.confidence})" for place, rule in rules if rule.confidence in ("assumed", "mem")
    ]
    return {
        "edition": edition.edition,
        "digest": edition.pin.digest,
        "effective_from": edition.effective_from.isoformat(),
        "rules": len(rules),
        "to_confirm": unsure,
    }


def _text(file: Path) -> str:
    """Raises EditionUnreadable."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or "it is not UTF-8"
        raise EditionUnreadable(field="file", key=ascii(str(file)), problem=said) from None
