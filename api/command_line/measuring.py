"""`bench`: the benchmark suite, each figure a ratio taken in one interleaved run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from api.bench import load, run_benchmarks
from api.command_line.app import CLEAN, DIFFERENCES, app, errors, rows_table, show
from api.settings import Settings
from api.wiring import Installation


@app.command()
def bench(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Benchmarks; all of them if left out.")] = None,
) -> int:
    """Measure against the library as shipped and against raw COPY 基准测试."""
    settings: Settings = context.obj
    before = load()
    with Installation(settings) as installation:
        measured = run_benchmarks(
            installation.owner_dsn, names or (), say=lambda said: errors.print(said, markup=False)
        )
    document: dict[str, Any] = {m.name: {k: v for k, v in asdict(m).items() if k != "name"} for m in measured}
    document["machine_load"] = {"before": before, "after": load()}
    show(settings, document, rows_table([_line(asdict(m)) for m in measured]))
    return CLEAN if all(m.must is None or m.ratio >= m.must for m in measured) else DIFFERENCES


def _line(measured: dict[str, Any]) -> dict[str, Any]:
    return {k: f"{v:.2f}" if isinstance(v, float) else v for k, v in measured.items() if k != "spread"}
