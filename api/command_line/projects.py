"""`project`: partners' projects registered, landed, suspended, ended, and the jobs that they give 合伙人项目."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

import typer

from api.command_line.app import CLEAN, app, context_of, show
from api.command_line.applying import Day, day_of, read_json
from api.command_line.partners import Evidence, Reason, kept
from api.settings import Settings
from api.wiring import Installation
from ledger import landing
from ledger.context import CommandContext
from ledger.partnering import partner_of, project_of

project = typer.Typer(no_args_is_help=True, help="Partners' projects 合伙人项目.")
app.add_typer(project, name="project")

Number = Annotated[str, typer.Argument(help="The project's number.")]
PartnerNumber = Annotated[str, typer.Argument(help="The partner's number.")]
Jobs = Annotated[int, typer.Argument(min=0, help="All who work in the project on the day.")]


@project.command()
def register(
    context: typer.Context,
    form: Annotated[
        str,
        typer.Argument(
            help="A JSON file, or - for standard input: project_no, title, industry, county, township, partners [numbers]."
        ),
    ],
    on: Day = None,
) -> int:
    """Register a project of one partner or several 登记."""
    document = read_json(form)
    settings: Settings = context.obj
    made = context_of(settings)
    command = landing.RegisterProject.model_validate({**document, "value_date": day_of(on, made.moment)})
    with Installation(settings) as installation:
        landing.register_project(installation.ledger, command, made)
        return _standing(installation, command.project_no)


@project.command()
def land(context: typer.Context, number: Number, on: Day = None) -> int:
    """It has begun on the ground 落地."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        landing.land_project(installation.ledger, landing.LandProject(project_no=number, value_date=day), made)

    return _acted(context, number, on, act)


@project.command()
def suspend(context: typer.Context, number: Number, reason: Reason, on: Day = None) -> int:
    """Work stands still for a time 暂停."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = landing.SuspendProject(project_no=number, reason=reason, value_date=day)
        landing.suspend_project(installation.ledger, command, made)

    return _acted(context, number, on, act)


@project.command()
def resume(context: typer.Context, number: Number, on: Day = None) -> int:
    """Work goes on 恢复."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        landing.resume_project(installation.ledger, landing.ResumeProject(project_no=number, value_date=day), made)

    return _acted(context, number, on, act)


@project.command()
def end(context: typer.Context, number: Number, reason: Reason, on: Day = None) -> int:
    """It is over; its loans stand 终止."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = landing.EndProject(project_no=number, reason=reason, value_date=day)
        landing.end_project(installation.ledger, command, made)

    return _acted(context, number, on, act)


@project.command()
def join(context: typer.Context, number: Number, partner_no: PartnerNumber, on: Day = None) -> int:
    """One more partner takes part 加入项目."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = landing.JoinProject(project_no=number, partner_no=partner_no, value_date=day)
        landing.join_project(installation.ledger, command, made)

    return _acted(context, number, on, act)


@project.command()
def part(
    context: typer.Context,
    number: Number,
    partner_no: PartnerNumber,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    on: Day = None,
) -> int:
    """A partner takes part no longer 退出项目."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = landing.PartFromProject(project_no=number, partner_no=partner_no, reason=reason, value_date=day)
        landing.part_from_project(installation.ledger, command, made)

    return _acted(context, number, on, act)


@project.command()
def report(context: typer.Context, number: Number, jobs: Jobs, on: Day = None) -> int:
    """Report the jobs that a project gives on a day 上报就业."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = landing.ReportProjectJobs(project_no=number, jobs=jobs, value_date=day)
        landing.report_project_jobs(installation.ledger, command, made)

    return _acted(context, number, on, act)


@project.command()
def verify(context: typer.Context, number: Number, jobs: Jobs, evidence: Evidence = None, on: Day = None) -> int:
    """Verify reported jobs by documents, as somebody else than who reported them 核实就业."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        found = project_of(installation.ledger, number)
        keeper = partner_of(installation.ledger, found.opening.partners[0]).persons[0]
        digests = kept(installation, keeper, evidence or ())
        command = landing.VerifyProjectJobs(project_no=number, jobs=jobs, evidence=digests, value_date=day)
        landing.verify_project_jobs(installation.ledger, command, made)

    return _acted(context, number, on, act)


@project.command("show")
def show_(context: typer.Context, number: Number) -> int:
    """How a project stands 查看."""
    with Installation(context.obj) as installation:
        return _standing(installation, number)


def _acted(
    context: typer.Context, number: str, on: str | None, act: Callable[[Installation, CommandContext, date], None]
) -> int:
    """Do it, and show how the project stands then."""
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        act(installation, made, day_of(on, made.moment))
        return _standing(installation, number)


def _standing(installation: Installation, number: str) -> int:
    show(installation.settings, dict(project_of(installation.ledger, number).state()))
    return CLEAN
