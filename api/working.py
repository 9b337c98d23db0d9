"""Working 后台: every projection kept up to date until told to stop, through lost connections."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import psycopg

from api.wiring import Installation
from projections import querying
from projections.engine import Engine


def keep_up_to_date(installation: Installation, stop: Event, say: Callable[[str], None]) -> None:
    """One engine holds each projection; any number may stand by, and take over when it goes."""
    while not stop.is_set():
        try:
            with Engine(installation.dsn("projector"), querying.ALL, say) as engine:
                say("working; interrupt to end")
                engine.run(stop)
        except psycopg.OperationalError as problem:
            said = (str(problem).splitlines() or [type(problem).__name__])[0]
            say(f"the connection was lost ({said}); connecting again")
            stop.wait(1)
