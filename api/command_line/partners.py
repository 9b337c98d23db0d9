"""`partner`: rural partners recruited, qualified, gone, and the loans that are linked to them 乡村振兴合伙人."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.command_line.app import CLEAN, app, context_of, show
from api.command_line.applying import Day, day_of, read_json
from api.settings import Settings
from api.wiring import Installation
from ledger import partnering
from ledger.context import CommandContext

partner = typer.Typer(no_args_is_help=True, help="Rural partners 乡村振兴合伙人.")
app.add_typer(partner, name="partner")

Number = Annotated[str, typer.Argument(help="The partner's number.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Evidence = Annotated[
    list[str] | None,
    typer.Option(
        "--evidence", help="A document (PDF, OFD, PNG or JPEG), or the digest of a kept one; may be given again."
    ),
]


@partner.command()
def recruit(
    context: typer.Context,
    form: Annotated[
        str,
        typer.Argument(
            help="A JSON file, or - for standard input: partner_no, kind, way, county, township, persons [{name, id_number, phone}]."
        ),
    ],
    on: Day = None,
) -> int:
    """Recruit a partner, one person or a team 招募."""
    document = read_json(form)
    settings: Settings = context.obj
    made = context_of(settings)
    command = partnering.RecruitPartner.model_validate({**document, "value_date": day_of(on, made.moment)})
    with Installation(settings) as installation:
        partnering.recruit_partner(installation.ledger, installation.keystore, command, made)
        return _standing(installation, command.partner_no)


@partner.command()
def qualify(context: typer.Context, number: Number, evidence: Evidence = None, on: Day = None) -> int:
    """Find that a partner is what the recruiting rules ask for 认定."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        found = partnering.partner_of(installation.ledger, number)
        digests = kept(installation, found.persons[0], evidence or ())
        command = partnering.QualifyPartner(partner_no=number, evidence=digests, value_date=day)
        partnering.qualify_partner(installation.ledger, command, made)

    return _acted(context, number, on, act)


@partner.command()
def disqualify(context: typer.Context, number: Number, reason: Reason, on: Day = None) -> int:
    """Take a qualification back; loans that were signed stand 取消认定."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = partnering.DisqualifyPartner(partner_no=number, reason=reason, value_date=day)
        partnering.disqualify_partner(installation.ledger, command, made)

    return _acted(context, number, on, act)


@partner.command()
def leave(context: typer.Context, number: Number, reason: Reason, on: Day = None) -> int:
    """Record that a partner leaves; loans and projects stand 退出."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = partnering.LetPartnerLeave(partner_no=number, reason=reason, value_date=day)
        partnering.let_partner_leave(installation.ledger, command, made)

    return _acted(context, number, on, act)


@partner.command()
def link(
    context: typer.Context,
    number: Number,
    loan_no: Annotated[str, typer.Argument(help="The number of a 乡村贷 of one of the partner's people.")],
    project: Annotated[str | None, typer.Option(help="The project that the loan is for.")] = None,
    on: Day = None,
) -> int:
    """Link a loan to the partner who borrowed, and to the project that it is for 关联贷款."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = partnering.LinkLoan(partner_no=number, loan_no=loan_no, project_no=project, value_date=day)
        partnering.link_loan(installation.ledger, command, made)

    return _acted(context, number, on, act)


@partner.command("show")
def show_(context: typer.Context, number: Number) -> int:
    """How a partner stands 查看."""
    with Installation(context.obj) as installation:
        return _standing(installation, number)


def kept(installation: Installation, person: UUID, evidence: Sequence[str]) -> tuple[str, ...]:
    """The digests of the documents; a file is kept under the person's key first. Raises MaterialUnreadable, MaterialRefused."""
    key = installation.keystore.key(person)
    store = installation.desk.materials
    return tuple(given if _DIGEST.fullmatch(given) else store.take_file(Path(given), key).digest for given in evidence)


_DIGEST = re.compile("[0-9a-f]{64}")


def _acted(
    context: typer.Context, number: str, on: str | None, act: Callable[[Installation, CommandContext, date], None]
) -> int:
    """Do it, and show how the partner stands then."""
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        act(installation, made, day_of(on, made.moment))
        return _standing(installation, number)


def _standing(installation: Installation, number: str) -> int:
    found = partnering.partner_of(installation.ledger, number)
    show(installation.settings, {**found.state(), "persons": [str(person) for person in found.persons]})
    return CLEAN
