"""`serve`: the HTTP API, on this machine's own address until sign-in exists."""

from __future__ import annotations

from typing import Annotated

import typer

from api.command_line.app import CLEAN, app, errors, show
from api.settings import Settings


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="An address of this machine only; sign-in does not exist yet.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
) -> int:
    """Serve the HTTP API until interrupted; with the embedded database the projections are kept, too 接口服务."""
    from api import serving

    settings: Settings = context.obj

    def told(address: str) -> None:
        errors.print(
            f"serving {address} (documentation at {address}/docs); interrupt to end", markup=False, soft_wrap=True
        )
        if settings.json:
            show(settings, {"url": address})

    serving.serve(settings, host, port, workers, told)
    return CLEAN
