"""Installations of a test's own: on a database that is there, or on a copy of the migrated one; answered in process or over a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import uvicorn
from fastapi import FastAPI
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from starlette.testclient import TestClient

from api.serving import listening
from api.settings import Settings
from api.wiring import Installation
from api.working import keep_up_to_date


@contextmanager
def installed(server: str, database: str, folder: Path) -> Iterator[Installation]:
    """An installation on a database, with its keystore beside it."""
    with Installation(Settings(data=folder, database_url=database)) as opened:
        opened.up_to_date()
        yield opened
    _drop(server, f"{conninfo_to_dict(database)['dbname']}_keys")


@contextmanager
def copied(server: str, template: str, folder: Path) -> Iterator[Installation]:
    """An installation on a copy of the migrated database."""
    name = f"{template}_{folder.name}"
    _drop(server, name)
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(made)
    with installed(server, make_conninfo(server, dbname=name), folder) as opened:
        yield opened
    _drop(server, name)


def client_of(app: FastAPI) -> TestClient:
    """Asks in process, as somebody on this machine."""
    here = ("127.0.0.1", 50000)
    return TestClient(app, base_url="http://127.0.0.1", client=here, raise_server_exceptions=False)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a real server."""
    with listening("127.0.0.1", 0) as bound:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=partial(server.run, [bound]))
        thread.start()
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@contextmanager
def kept_up_to_date(installation: Installation) -> Iterator[None]:
    """A worker keeps the projections."""
    stop = threading.Event()
    thread = threading.Thread(target=keep_up_to_date, args=(installation, stop, lambda said: None))
    thread.start()
    yield
    stop.set()
    installation.projector.execute("NOTIFY stored_events")  # or it waits for its poll
    thread.join()


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
