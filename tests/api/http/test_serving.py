"""`serve` for real: a program of its own, its own PostgreSQL, sockets, signals; and a network that loses what it should carry."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from api.embedded import EmbeddedPostgres
from api.http.app import create_app
from api.settings import Settings
from api.wiring import Installation
from projections import log
from tests.api.http.calling import Caller
from tests.api.http.installing import client_of, served
from tests.ledger.cutting_proxy import CuttingProxy

PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]
PERSON: dict[str, Any] = {"name": "x", "id_number": "AB123456", "value_date": "2025-03-03"}


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and the address that it says."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYSTORE_URL")}
    command = [*PROGRAM, "--data", str(folder), "--json", "serve", "--port", "0", *options]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    try:
        assert started.stdout is not None
        said = started.stdout.readline()
        assert said, started.stderr.read() if started.stderr else ""
        yield started, json.loads(said)["url"]
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


def of_session(session: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, *fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == session and state != "Z":
                found.append(int(entry.name))
    return found


def left_of(session: int) -> list[str]:
    """What of a session still runs after the seconds that a process needs to notice that its parent has gone."""
    give_up = time.monotonic() + 15
    while (left := of_session(session)) and time.monotonic() < give_up:
        time.sleep(0.2)
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in left]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_command_serves_everything_and_ends_in_order(tmp_path: Path, workers: str, number: signal.Signals) -> None:
    with serving(tmp_path, "--workers", workers) as (program, url), httpx2.Client(base_url=url, timeout=30) as client:
        call = Caller(client)
        receipt = call.done("publishShipped").receipt
        rows = call.done("listEditions", query={"wait_for": receipt["position"]}).json["rows"]
        assert len(rows) == 5
        assert 'loan_ledger_requests_total{operation="publishShipped",status="200"} 1.0' in client.get("/metrics").text
        client.close()
        program.send_signal(number)
        assert program.wait(20) == 0
        assert left_of(program.pid) == []
        assert not (tmp_path / "postgres" / "cluster" / "postmaster.pid").exists()


def test_workers_end_with_the_program_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as (program, url):
        assert httpx2.get(f"{url}/health/live", timeout=30).status_code == 200
        program.kill()
        program.wait()
        assert [command for command in left_of(program.pid) if "postgres" not in command] == []
    EmbeddedPostgres.start(tmp_path).stop()  # whoever comes next joins the server, and the last to leave stops it


def test_another_machine_s_address_is_refused_by_name(tmp_path: Path) -> None:
    command = [*PROGRAM, "--data", str(tmp_path), "--json", "--lang", "en", "serve", "--host", "0.0.0.0"]  # noqa: S104 - refused
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 3
    assert "--host" in said.stderr and "sign-in" in said.stderr
    assert json.loads(said.stdout)["error"]["code"] == "serve.not_loopback"
    assert not (tmp_path / "postgres").exists()


def test_a_connection_cut_after_the_commit_and_retried_has_one_effect(installation: Installation) -> None:
    """The caller sends a command and hangs up before the answer; what it does again, it did once."""
    with served(create_app(installation)) as url:
        address = urlsplit(url)
        body = json.dumps(PERSON).encode()
        head = (
            f"POST /api/v1/borrowers HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: k-1\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((str(address.hostname), int(address.port or 0))) as caller:
            caller.sendall(head.encode() + body)
            while log.head(installation.projector) == 0:
                time.sleep(0.01)
        with httpx2.Client(base_url=url) as client:
            again = Caller(client).done("registerBorrower", key="k-1", **PERSON)
    assert again.receipt["repeated"]
    assert log.head(installation.projector) == again.receipt["position"] == 1


def test_an_acknowledgement_lost_between_server_and_database_has_one_effect(
    database: str, installation: Installation, tmp_path: Path
) -> None:
    """The database commits and its answer is lost: the caller hears of one receipt, and there is one fact."""
    proxy = CuttingProxy(database)
    try:
        settings = Settings(data=tmp_path, database_url=proxy.dsn)
        with Installation(settings) as through, client_of(create_app(through)) as client:
            call = Caller(client)
            call.done("registerBorrower", key="k-0", **PERSON | {"id_number": "AB123457"})
            proxy.lose("answer", holding=b"k-1")
            done = call.done("registerBorrower", key="k-1", **PERSON)
            assert proxy.lost == 1
            assert call.done("registerBorrower", key="k-1", **PERSON).receipt["position"] == done.receipt["position"]
    finally:
        proxy.close()
    assert log.head(installation.projector) == 2


def test_a_database_that_is_away_is_told_as_such(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.hall.COMMAND_SECONDS", 2)
    proxy = CuttingProxy(database)
    through = Installation(Settings(data=tmp_path, database_url=proxy.dsn))
    with through, client_of(create_app(through)) as client:
        call = Caller(client)
        proxy.close()
        for answer in (
            call("registerBorrower", key="k-1", **PERSON),
            call("getLoan", "X"),
            call("getApplication", "X"),
        ):
            assert (answer.status, answer.code) == (503, "http.unavailable")
            assert answer.headers["Retry-After"] == "1"
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
