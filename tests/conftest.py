"""One real PostgreSQL for the whole run (embedded, or the server of DATABASE_URL), and a fresh database for every test that asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo

from api.embedded import EmbeddedPostgres
from domain.actor import LOCAL_OPERATOR
from domain.facts import Moment
from ledger.context import CommandContext
from ledger.ledger import Ledger
from ledger.migrating import migrate
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import ALL
from tests import memory

os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory.folder())
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_numbers = count(1)
SHARED = Path(__file__).resolve().parents[2] / "shared"
DIGEST_KEY = b"digest key of the tests, 32 byte"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The connection string of a server; databases are made on it."""
    if url := os.environ.get("DATABASE_URL"):
        yield make_conninfo(url)
        return
    with TemporaryDirectory(dir=memory.folder()) as folder, EmbeddedPostgres.start(Path(folder)) as embedded:
        _hurry(embedded.dsn())
        yield embedded.dsn()


def _hurry(server: str) -> None:
    """Nothing here has to outlive the machine: what is committed survives any process, and need not be on the disk."""
    with psycopg.connect(server, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """A migrated database with empty projections, to copy."""
    name = f"loan_ledger_template_{os.getpid()}"
    dsn = _create(server, name)
    migrate(dsn)
    with Engine(as_role(dsn, "projector"), ALL) as engine:
        engine.catch_up()
    yield name
    _drop(server, name)


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """The connection string of a fresh, migrated database, as its owner."""
    with scratch(server, template) as dsn:
        yield dsn


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """The connection string of a fresh database without any table."""
    with scratch(server) as dsn:
        yield dsn


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    """A ledger on a fresh database, connected in the application's role."""
    with Ledger(as_role(database, "application"), digest_key=DIGEST_KEY) as opened:
        yield opened


@pytest.fixture
def moment() -> Moment:
    return Moment(now=datetime.now(UTC))


@pytest.fixture
def context(moment: Moment) -> CommandContext:
    return CommandContext(LOCAL_OPERATOR, moment)


def as_role(dsn: str, role: str) -> str:
    """The same database, in one of the ledger's roles."""
    return make_conninfo(dsn, options=f"-c role=loan_ledger_{role}")


@contextmanager
def scratch(server: str, template: str | None = None) -> Iterator[str]:
    """The connection string of a new database, a copy of the template or empty; dropped at the end."""
    name = f"loan_ledger_test_{os.getpid()}_{next(_numbers)}"
    yield _create(server, name, template)
    _drop(server, name)


def _create(server: str, name: str, template: str | None = None) -> str:
    made = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        made += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(made)
    return make_conninfo(server, dbname=name)


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """Folds every read model when it is told to."""
    with Engine(as_role(database, "projector"), ALL) as opened:
        yield opened


@pytest.fixture
def reading(database: str) -> Iterator[Connection[Any]]:
    """A connection that owns the read models."""
    with connect(as_role(database, "projector")) as connection:
        yield connection


@pytest.fixture
def folding(engine: Engine, reading: Connection[Any]) -> tuple[Engine, Connection[Any]]:
    """Both."""
    return engine, reading
