"""`import` and `import-applications`: history from elsewhere, recorded as facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.command_line.app import CLEAN, DIFFERENCES, app, context_of, progress, show
from api.settings import Settings
from api.wiring import Installation
from ledger.importing.applications import import_histories
from ledger.importing.history_mapping import load_history_mapping
from ledger.importing.mapping import load_mapping
from ledger.importing.reading import open_table, open_tape
from ledger.importing.recording import import_tape


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The tape: CSV, or CSV packed with gzip.")],
    mapping: Annotated[
        str, typer.Option("--mapping", help="A shipped mapping (sba, lending_club) or a TOML file of yours.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
) -> int:
    """Record a tape of historical loans 导入历史贷款."""
    settings: Settings = context.obj
    tape = open_tape(file, load_mapping(mapping))
    with progress() as bar:
        task = bar.add_task("checking", total=tape.size)
        rows = tape.check(lambda read: bar.update(task, completed=read))
    with Installation(settings) as installation, progress() as bar:
        task = bar.add_task("recording", total=rows)
        report = import_tape(
            installation.importer,
            installation.keystore,
            tape,
            context_of(settings),
            dry_run=dry_run,
            told=lambda done: bar.update(task, completed=done),
        )
    show(settings, report.document())
    return DIFFERENCES if report.quarantined else CLEAN


@app.command("import-applications")
def import_applications(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The histories: CSV, or CSV packed with gzip, one row a step.")],
    mapping: Annotated[str, typer.Option("--mapping", help="A shipped mapping (bpi2012) or a TOML file of yours.")],
) -> int:
    """Record histories of applications 导入申请历史."""
    settings: Settings = context.obj
    table = open_table(file, load_history_mapping(mapping))
    with progress() as bar:
        task = bar.add_task("checking", total=table.size)
        rows = table.check(lambda read: bar.update(task, completed=read))
    with Installation(settings) as installation, progress() as bar:
        task = bar.add_task("recording", total=rows)
        report = import_histories(
            installation.importer, table, context_of(settings), told=lambda done: bar.update(task, completed=done)
        )
    show(settings, report.document())
    return DIFFERENCES if report.quarantined else CLEAN
