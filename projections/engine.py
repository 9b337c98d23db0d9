"""The engine: keeps every projection up to date, woken by the log, with a poll so that a lost notification delays and never stalls.

A projection that meets a fact it cannot fold stops, says which one, and leaves the others running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any, Self

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections.keeper import LOG, Keeper, Stopped, advance, connect
from projections.projection import Projection
from projections.rebuilding import rebuild

POLL_SECONDS = 1.0
"""A lost notification delays a projection by this much and never stalls it."""


class Engine:
    """Keeps projections up to date over one connection; any number may stand by, one holds each projection."""

    def __init__(
        self, conninfo: str, projections: Sequence[Projection[Any]], say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.connection, self.say = connect(conninfo), say
        self.keepers = [Keeper(self.connection, projection) for projection in projections]
        self._held: set[str] = set()
        self._stopped: set[str] = set()

    def catch_up(self) -> dict[str, Stopped]:
        """Bring every projection that nobody else holds to the head of the log; returns those that stopped."""
        stopped: dict[str, Stopped] = {}
        for keeper in self.keepers:
            name = keeper.projection.name
            if name in self._stopped:
                continue
            try:
                if name in self._held or self._hold(keeper):
                    advance(keeper)
            except Stopped as problem:
                self._stopped.add(name)
                self._record(problem, keeper.position())
                stopped[name] = problem
                self.say(str(problem))
        return stopped

    def run(self, stop: Event) -> None:
        """Catch up, wait for a notification or for the poll, and again, until told to stop."""
        self.connection.execute("LISTEN stored_events")
        while not stop.is_set():
            self.catch_up()
            for _ in self.connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hold(self, keeper: Keeper) -> bool:
        """One engine holds a projection for as long as its connection lives; its tables are made or renewed first."""
        name = keeper.projection.name
        row = self.connection.execute(
            "SELECT pg_try_advisory_lock(hashtext('loan-ledger projection'), hashtext(%s))", (name,)
        ).fetchone()
        if row is None or not row[0]:
            return False
        self._held.add(name)
        self.connection.execute("DELETE FROM projections.stopped WHERE name = %s", (name,))
        built = keeper.built_version()
        if built is None:
            keeper.create()
        elif built != keeper.projection.version:
            rebuild(self.connection, keeper.projection)
        return True

    def _record(self, problem: Stopped, position: int) -> None:
        self.connection.execute(
            "INSERT INTO projections.stopped (name, position, fact, problem) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position, fact = excluded.fact, problem = excluded.problem",
            (problem.name, position, problem.fact, problem.problem),
        )
        self.connection.execute("SELECT pg_notify('projections', %s)", (problem.name,))


def wait_for(connection: Connection[Any], name: str, position: int, seconds: float = 10.0) -> bool:
    """Wait until a projection has passed a position: woken by its notification, not by polling. Raises Stopped."""
    connection.execute("LISTEN projections")
    give_up = time.monotonic() + seconds
    while True:
        stopped = connection.execute(
            "SELECT fact, problem FROM projections.stopped WHERE name = %s", (name,)
        ).fetchone()
        if _position(connection, name) >= position:
            return True
        if stopped is not None:
            raise Stopped(name, *stopped)
        left = give_up - time.monotonic()
        if left <= 0:
            return False
        for _ in connection.notifies(timeout=left, stop_after=1):
            pass


def _position(connection: Connection[Any], name: str) -> int:
    """Up to where a projection has folded; 0 before any engine has made it."""
    found = connection.execute("SELECT to_regclass(%s)", (f"projections.{name}_tracking",)).fetchone()
    if found is None or found[0] is None:
        return 0
    statement = SQL("SELECT coalesce(max(notification_id), 0) FROM projections.{} WHERE application_name = %s")
    row = connection.execute(statement.format(Identifier(f"{name}_tracking")), (LOG,)).fetchone()
    return 0 if row is None else int(row[0])
