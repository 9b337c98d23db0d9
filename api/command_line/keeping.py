"""`rebuild` and `work`: read models made anew, and kept up to date."""

from __future__ import annotations

import signal
from dataclasses import asdict
from functools import partial
from threading import Event
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from api.command_line.app import CLEAN, DIFFERENCES, app, errors, progress, rows_table, show
from api.settings import Settings
from api.wiring import Installation
from api.working import keep_up_to_date
from projections import querying
from projections.keeper import Stopped
from projections.log import head
from projections.projection import Projection
from projections.rebuilding import Rebuilt, rebuild


@app.command("rebuild")
def rebuild_(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Projections; all of them if left out.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare digests and switch nothing.")] = False,
) -> int:
    """Rebuild projections beside the live ones and switch over 重建."""
    settings: Settings = context.obj
    chosen = [querying.projection(name) for name in names] if names else list(querying.ALL)
    with Installation(settings) as installation:
        installation.up_to_date(chosen)
        rebuilt, failed = _rebuilt(installation, chosen, switch=not check)
    document: dict[str, Any] = {r.name: {k: v for k, v in asdict(r).items() if k != "name"} for r in rebuilt}
    document |= {name: {"stopped": problem} for name, problem in failed.items()}
    show(settings, document, rows_table([asdict(r) for r in rebuilt]))
    return CLEAN if not failed and all(r.equal is not False for r in rebuilt) else DIFFERENCES


def _rebuilt(
    installation: Installation, chosen: list[Projection[Any]], *, switch: bool
) -> tuple[list[Rebuilt], dict[str, str]]:
    done, failed = list[Rebuilt](), dict[str, str]()
    connection = installation.projector
    with progress() as bar:
        for projection in chosen:
            task = bar.add_task(projection.name, total=head(connection))
            try:
                done.append(rebuild(connection, projection, switch=switch, told=partial(_moved, bar, task)))
            except Stopped as problem:
                failed[projection.name] = str(problem)
                errors.print(str(problem), style="red", markup=False)
    return done, failed


def _moved(bar: Progress, task: TaskID, position: int) -> None:
    bar.update(task, completed=position)


@app.command()
def work(context: typer.Context) -> int:
    """Keep every projection up to date until interrupted 后台工作."""
    settings: Settings = context.obj
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Installation(settings) as installation:
        keep_up_to_date(installation, stop, lambda said: errors.print(said, markup=False))
    show(settings, {"stopped": True}, "ended in order")
    return CLEAN
