"""`policy`: editions checked, published, compared and shown 政策."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.command_line.app import CLEAN, app, context_of, rows_table, show
from api.command_line.texts import text_of
from api.settings import Settings
from api.wiring import Installation
from domain.policy.comparing import differences
from domain.policy.edition import Edition, read_edition
from domain.policy.lpr import LprQuote, read_quotes
from domain.policy.shipped import shipped_editions
from domain.working_days import CalendarYear, read_calendar
from ledger.publishing import PublishPolicy, named, publish_policy, shipped

policy = typer.Typer(no_args_is_help=True, help="Policy editions 政策版本.")
app.add_typer(policy, name="policy")


@policy.command()
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An edition, LPR quotes or a calendar in TOML.")],
) -> int:
    """Validate an edition and say how sure its rules are, or count the days of quotes or of a calendar 校验政策版本."""
    held = _command([file])
    document = _summary(read_edition(held.editions[0], field=str(file))) if held.editions else _days(held)
    show(context.obj, document)
    return CLEAN


@policy.command()
def publish(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Editions, LPR quotes or calendars in TOML; what ships if left out.")
    ] = None,
) -> int:
    """Record policy editions, LPR quotes and working calendars 发布政策.

    Of what ships, an edition that is published with another text stays as it is, and is named among the `kept`.
    """
    settings: Settings = context.obj
    command = _command(files) if files else shipped()
    with Installation(settings) as installation:
        receipt = publish_policy(installation.ledger, command, context_of(settings))
        published = installation.desk.book.editions()
    texts = {read_edition(text).pin for text in command.editions}
    names = {pin.edition for pin in texts}
    document: dict[str, Any] = {
        "recorded": 0 if receipt is None else receipt.position - receipt.first_position + 1,
        "editions": [edition.edition for edition in published],
    }
    if kept := [edition.edition for edition in published if edition.edition in names and edition.pin not in texts]:
        document["kept"] = kept
    show(settings, document)
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
        return read_edition(text_of(name, "file"), field=name)
    return named(installation.desk.book.editions() or shipped_editions(), name)


def _command(files: list[Path]) -> PublishPolicy:
    """What the files hold: quotes, a calendar, or else an edition."""
    editions, quotes, calendars = list[str](), list[LprQuote](), list[CalendarYear]()
    for file in files:
        text = text_of(file, "file")
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


def _days(held: PublishPolicy) -> dict[str, Any]:
    """What quotes or a calendar hold."""
    if held.quotes:
        days = sorted(quote.published_on for quote in held.quotes)
        return {"quotes": len(days), "first": days[0].isoformat(), "last": days[-1].isoformat()}
    return {"calendars": {str(one.year): f"{len(one.holidays)} off, {len(one.make_up)} on" for one in held.calendars}}
