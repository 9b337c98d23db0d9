"""Killed clients, connections and servers: what was acknowledged is there, once, and the log is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.embedded import EmbeddedPostgres
from ledger.migrating import migrate
from tests.ledger.writer_process import LOANS, let_go, writers
from tests.ledger.writing import append, length_if_sound, loan, open_ledger, several

ENDLESS = 1_000_000


class Acknowledged:
    """What a writer process was told, gathered while it runs: figure and position."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: dict[int, int] = {}
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()
        let_go(process)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            figure, _, position = line.partition(" ")
            if line.endswith("\n"):
                self.told[int(figure)] = int(position)

    def wait_for(self, count: int) -> None:
        """Until it was told so much in all; a writer that stops first has failed."""
        deadline = time.monotonic() + 60
        while len(self.told) < count:
            assert self.process.poll() is None, "the writer has stopped"
            assert time.monotonic() < deadline, "the writer gets no answers"
            time.sleep(0.01)

    def kill(self) -> dict[int, int]:
        self.process.kill()
        self.process.wait()
        self._reading.join()
        return self.told


@pytest.fixture
def loans(database: str) -> str:
    """A database with the loans that the writers share."""
    begin(database)
    return database


def begin(database: str) -> None:
    with open_ledger(database) as ledger:
        for number in range(LOANS):
            append(ledger, loan(f"L{number}").collect_events())


def assert_kept_once(database: str, acknowledged: list[dict[int, int]]) -> None:
    """No acknowledged fact is lost, none stands twice, and the log is whole."""
    length = length_if_sound(database)
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT (payload->>'created')::int, position FROM ledger.readable_events WHERE topic = 'loan.jobs_reported'"
        ).fetchall()
    stored: dict[int, int] = dict(rows)
    assert len(stored) == len(rows) == length - LOANS, "no report stands twice"
    told = {figure: position for each in acknowledged for figure, position in each.items()}
    assert told
    assert {figure: stored.get(figure) for figure in told} == told, (
        "every acknowledged report stands where it was said to"
    )


TOGETHER = 8
"""writers at once: a server takes only so many connections"""


@pytest.mark.parametrize("kills", [8, pytest.param(80, marks=pytest.mark.drill)])
def test_a_killed_client_loses_and_doubles_nothing(loans: str, kills: int) -> None:
    chance, told = random.Random(kills), list[dict[int, int]]()
    for first in range(0, kills, TOGETHER):
        with writers("reports", loans, TOGETHER, ENDLESS, first) as processes:
            running = [Acknowledged(process) for process in processes[:2]]
            for process in processes[2:]:
                running[0].wait_for(1)
                time.sleep(chance.random() * 0.2)
                told.append(running.pop(0).kill())
                running.append(Acknowledged(process))
            for writer in running:
                writer.wait_for(1)
                told.append(writer.kill())
    assert len(told) == kills
    assert_kept_once(loans, told)


def kill_backends(database: str) -> int:
    """End every connection of the application to the database, whatever it is doing."""
    with psycopg.connect(database, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchall()
    return len(rows)


@pytest.mark.parametrize("kills", [25, pytest.param(500, marks=pytest.mark.drill)])
def test_killed_connections_lose_and_double_nothing_and_the_writers_go_on(loans: str, kills: int) -> None:
    chance, killed = random.Random(kills), 0
    with writers("reports", loans, 3, ENDLESS) as processes:
        running = [Acknowledged(process) for process in processes]
        for _ in range(kills):
            time.sleep(0.02 + chance.random() * 0.1)
            killed += kill_backends(loans)
        for writer in running:
            writer.wait_for(len(writer.told) + 5)
        told = [writer.kill() for writer in running]
    assert killed >= kills // 2
    assert_kept_once(loans, told)


def test_a_failover_costs_a_command_one_attempt_and_not_one_for_each_connection(loans: str) -> None:
    """All connections of the pool die together; whoever comes next must not meet them one by one, with longer and longer waits."""
    with open_ledger(loans) as ledger, ExitStack() as held:
        pool = ledger.datastore.pool
        for _ in range(8):
            held.enter_context(pool.connection())
        held.close()
        kill_backends(loans)
        before = pool.get_stats().get("requests_num", 0)
        append(ledger, several(1))
        assert pool.get_stats()["requests_num"] - before <= 3


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that this test may kill."""
    with EmbeddedPostgres.start(tmp_path / "data") as server:
        yield server


@pytest.mark.parametrize("kills", [1, pytest.param(15, marks=pytest.mark.drill)])
def test_a_killed_server_loses_and_doubles_nothing_and_the_writers_go_on(
    own_server: EmbeddedPostgres, tmp_path: Path, kills: int
) -> None:
    with psycopg.connect(own_server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE killed")
    database = make_conninfo(own_server.dsn(), dbname="killed")
    migrate(database)
    begin(database)
    with writers("reports", database, 3, ENDLESS) as processes:
        running = [Acknowledged(process) for process in processes]
        for _ in range(kills):
            for writer in running:
                writer.wait_for(len(writer.told) + 20)
            kill_server(own_server)
            with EmbeddedPostgres.start(tmp_path / "data"):
                for writer in running:
                    writer.wait_for(len(writer.told) + 20)
        told = [writer.kill() for writer in running]
    assert_kept_once(database, told)


def kill_server(server: EmbeddedPostgres) -> None:
    pid = int((server.cluster_dir / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
