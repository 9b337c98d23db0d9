"""`application`: from the request to acceptance 申请与受理."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import BaseModel, ConfigDict, Field

from api.command_line.app import CLEAN, app, context_of, facts_table, show
from api.settings import Settings
from api.showing import awaited, findings, in_words
from api.wiring import Installation
from domain.calendar import parse_day
from domain.errors import BadInput, InvalidInput
from domain.facts import Moment
from domain.loan_application.events import Submitted
from domain.money import parse_yuan
from ledger import applying
from ledger.fetching import FetchData, fetch_data
from ledger.registering import Newcomers, Person

application = typer.Typer(no_args_is_help=True, help="Applications 申请.")
app.add_typer(application, name="application")

Case = Annotated[str, typer.Argument(help="The application's number.")]
Day = Annotated[str | None, typer.Option("--on", help="The day on which it happened, YYYY-MM-DD; today if left out.")]
SourceName = Annotated[str, typer.Argument(help="market_regulator, civil_affairs or credit_registry.")]


Spouse = Annotated[bool, typer.Option("--spouse", help="About the applicant's spouse.")]
PartnerPlace = Annotated[int | None, typer.Option("--partner", help="About the partner of this number, from 1.")]


class NotReadable(BadInput):
    code = "input.unreadable"
    en = "{field}: {file} cannot be read as JSON: {problem}; give a file with one JSON object, or - for standard input"
    zh = "{field}：{file} 不是可读的 JSON：{problem}；请提供一个 JSON 对象文件，或用 - 从标准输入读取"


class Form(BaseModel):
    """The form 申请表: `applicant`, `spouse` and `partners` as persons, `amount` in yuan; the rest as in `SubmitApplication`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    applicant: Person
    spouse: Person | None = None
    partners: tuple[Person, ...] = Field(default=(), max_length=20)
    amount: str


_WRITTEN_OTHERWISE = {"amount_fen": "the amount in yuan as amount", "value_date": "the day as --on"}
"""Fields of `SubmitApplication` that have another name for whoever fills in the form."""


@application.command()
def submit(
    context: typer.Context,
    form: Annotated[str, typer.Argument(help="The form as a JSON file, or - for standard input.")],
    on: Day = None,
) -> int:
    """Submit an application 提交申请."""
    settings: Settings = context.obj
    document = read_json(form)
    filled = Form.model_validate(document)
    for name in _WRITTEN_OTHERWISE.keys() & document:
        raise InvalidInput(field=name, problem="it is no field of the form", expected=_WRITTEN_OTHERWISE[name])
    amount = parse_yuan(filled.amount, zero=False)
    made = context_of(settings)
    day = day_of(on, made.moment)
    with Installation(settings) as installation:
        desk = installation.desk
        named = Newcomers(desk.keystore, day)
        asked = {name: value for name, value in document.items() if name not in Form.model_fields}
        command = applying.SubmitApplication.model_validate(
            {
                **asked,
                "applicant": named.pseudonym(filled.applicant),
                "spouse": named.pseudonym(filled.spouse) if filled.spouse else None,
                "partners": [named.pseudonym(partner) for partner in filled.partners],
                "amount_fen": amount,
                "value_date": day,
            }
        )
        applying.submit_application(desk, command, made, named)
        return _standing(settings, installation, command.case_no)


@application.command("add")
def add_(
    context: typer.Context,
    case: Case,
    kind: Annotated[str, typer.Argument(help="Which material it is, e.g. form.")],
    file: Annotated[Path, typer.Argument(help="The document: PDF, OFD, PNG or JPEG.")],
    on: Day = None,
) -> int:
    """Add a document; says the digest by which it is known 上传材料."""
    settings: Settings = context.obj
    made = context_of(settings)
    with Installation(settings) as installation:
        command = applying.AddMaterial(case_no=case, kind=kind, value_date=day_of(on, made.moment))
        digest = applying.add_material(installation.desk, command, file, made)
    show(settings, {"case_no": case, "kind": kind, "digest": digest})
    return CLEAN


@application.command()
def consent(
    context: typer.Context,
    case: Case,
    source: SourceName,
    document: Annotated[str, typer.Argument(help="The digest of the signed consent.")],
    until: Annotated[str, typer.Option("--until", help="The last day on which it holds.")],
    spouse: Spouse = False,
    partner: PartnerPlace = None,
    on: Day = None,
) -> int:
    """Record a person's consent to ask a source about them 登记授权."""

    def act(installation: Installation, made: Any, day: date) -> None:
        opening = installation.ledger.application(case).opening
        command = applying.GiveConsent.model_validate(
            {
                "case_no": case,
                "source": source,
                "document": document,
                "person": whom(opening, spouse=spouse, partner=partner),
                "expires_on": parse_day(until, field="--until"),
                "value_date": day,
            }
        )
        applying.give_consent(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def fetch(
    context: typer.Context,
    case: Case,
    source: SourceName,
    spouse: Spouse = False,
    partner: PartnerPlace = None,
    on: Day = None,
) -> int:
    """Ask an outside system; what it answers, or that it does not, is recorded 数据共享查询."""

    def act(installation: Installation, made: Any, day: date) -> None:
        person = whom(installation.ledger.application(case).opening, spouse=spouse, partner=partner)
        asked = {"case_no": case, "source": source, "person": person, "value_date": day}
        command = FetchData.model_validate(asked)
        fetch_data(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def enter(
    context: typer.Context,
    case: Case,
    source: SourceName,
    figures: Annotated[list[str], typer.Argument(help="NAME=VALUE as the source names them, e.g. marital=married.")],
    material: Annotated[str, typer.Option("--from", help="The digest of the document they were read from.")],
    reason: Annotated[str, typer.Option(help="Why by hand.")],
    spouse: Spouse = False,
    partner: PartnerPlace = None,
    on: Day = None,
) -> int:
    """Enter figures by hand where a source cannot be asked 人工录入."""
    pairs = dict(_pair(text) for text in figures)

    def act(installation: Installation, made: Any, day: date) -> None:
        command = applying.EnterData.model_validate(
            {
                "case_no": case,
                "source": source,
                "figures": pairs,
                "material": material,
                "reason": reason,
                "person": whom(installation.ledger.application(case).opening, spouse=spouse, partner=partner),
                "value_date": day,
            }
        )
        applying.enter_data(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def accept(context: typer.Context, case: Case, on: Day = None) -> int:
    """Accept it; the clock of working days starts 受理."""

    def act(installation: Installation, made: Any, day: date) -> None:
        applying.accept_application(installation.desk, applying.AcceptApplication(case_no=case, value_date=day), made)

    return acted(context, case, on, act)


@application.command()
def ask(
    context: typer.Context,
    case: Case,
    missing: Annotated[list[str], typer.Argument(help="Every material that is missing.")],
    on: Day = None,
) -> int:
    """Ask the applicant, once, for what is missing; the clock stands still 一次性告知补正."""

    def act(installation: Installation, made: Any, day: date) -> None:
        command = applying.RequestCorrection(case_no=case, missing=tuple(missing), value_date=day)
        applying.request_correction(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def corrected(context: typer.Context, case: Case, on: Day = None) -> int:
    """What was asked for is there; the clock runs on 补正完成."""

    def act(installation: Installation, made: Any, day: date) -> None:
        applying.confirm_correction(installation.desk, applying.ConfirmCorrection(case_no=case, value_date=day), made)

    return acted(context, case, on, act)


@application.command()
def withdraw(
    context: typer.Context,
    case: Case,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    on: Day = None,
) -> int:
    """Withdraw it 撤回."""

    def act(installation: Installation, made: Any, day: date) -> None:
        command = applying.WithdrawApplication(case_no=case, reason=reason, value_date=day)
        applying.withdraw_application(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command("show")
def show_(context: typer.Context, case: Case) -> int:
    """How it stands, who has to act next, and why every rule fell as it did 查看与说明."""
    settings: Settings = context.obj
    with Installation(settings) as installation:
        return _standing(settings, installation, case)


def acted(context: typer.Context, case: str, on: str | None, act: Any) -> int:
    """Do it, and show how the application stands then."""
    settings: Settings = context.obj
    made = context_of(settings)
    with Installation(settings) as installation:
        act(installation, made, day_of(on, made.moment))
        return _standing(settings, installation, case)


def whom(opening: Submitted, *, spouse: bool, partner: int | None) -> UUID | None:
    """About whom of the application; the applicant where nothing says otherwise. Raises InvalidInput."""
    if spouse and partner is not None:
        raise InvalidInput(field="--partner", problem="--spouse is given too", expected="one of them")
    if spouse and opening.spouse is None:
        raise InvalidInput(field="--spouse", problem="the form names none", expected="an application with a spouse")
    if partner is not None and not 0 < partner <= len(opening.partners):
        problem = f"the form names {len(opening.partners)} partners"
        raise InvalidInput(field="--partner", problem=problem, expected="the number of one of them, from 1")
    return opening.partners[partner - 1] if partner is not None else opening.spouse if spouse else opening.applicant


def day_of(on: str | None, moment: Moment) -> date:
    return moment.today if on is None else parse_day(on, field="--on")


def read_json(file: str) -> dict[str, Any]:
    """Raises NotReadable."""
    document = read_any(file, "form")
    if not isinstance(document, dict):
        raise NotReadable(field="form", file=file, problem="it is no object")
    return document


def read_any(file: str, field: str) -> Any:
    """What a JSON file says, or standard input where it is `-`. Raises NotReadable."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        return json.loads(text)
    except (OSError, ValueError, RecursionError) as problem:
        said = getattr(problem, "strerror", None) or str(problem).splitlines()[0]
        raise NotReadable(field=field, file=file, problem=said) from None


def _standing(settings: Settings, installation: Installation, case: str) -> int:
    """The state with the reasons, in the language asked for and in the document in both."""
    found = installation.ledger.application(case)
    more = awaited(found, installation.desk.book)
    document = {**found.state(), **more, "findings": findings(found)}
    show(settings, document, facts_table(in_words(found, more, settings.language)))
    return CLEAN


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidInput(field="figures", problem=f"{text[:40]!a} has no =", expected="NAME=VALUE")
    return name, value
