"""Migrations: once each, in order, on empty and populated databases alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from ledger.migrating import (
    DatabaseNewer,
    MigrationChanged,
    ServerTooOld,
    WrongEncoding,
    migrate,
    refuse_old_server,
    shipped,
)
from tests.conftest import as_role
from tests.ledger.writing import PROJECT, append, call_append, length_if_sound, open_ledger, several

NAMES = [name for name, _ in shipped()]


def applied(database: str) -> list[str]:
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT name FROM loan_ledger_migrations ORDER BY name").fetchall()
    return [name for (name,) in rows]


def log(database: str) -> Sequence[Mapping[str, Any]]:
    """Every fact with its envelope, in order."""
    with psycopg.connect(database, row_factory=dict_row) as connection:
        return connection.execute("SELECT * FROM ledger.stored_events ORDER BY notification_id").fetchall()


def test_an_empty_database_gets_every_migration_in_order(empty_database: str) -> None:
    assert migrate(empty_database) == NAMES == sorted(NAMES)
    assert applied(empty_database) == NAMES
    assert length_if_sound(empty_database) == 0


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    migrate(empty_database)
    with open_ledger(empty_database) as ledger:
        append(ledger, several(3))
    before = log(empty_database)
    assert migrate(empty_database) == []
    assert log(empty_database) == before
    assert length_if_sound(empty_database) == 3


def test_a_database_populated_under_the_first_version_keeps_its_facts(empty_database: str) -> None:
    assert migrate(empty_database, shipped()[:1]) == NAMES[:1]
    with psycopg.connect(as_role(empty_database, "application"), autocommit=True) as application:
        for number in range(1, 4):
            call_append(application, p_scopes=["county:嘉祥县\x1fbank:b"], p_credential="t" * number)
    before = log(empty_database)
    assert migrate(empty_database) == NAMES[1:]
    assert log(empty_database) == before
    assert [row["notification_id"] for row in before] == [1, 2, 3]
    with open_ledger(empty_database) as ledger:
        append(ledger, several(2))
    assert log(empty_database)[:3] == before
    assert length_if_sound(empty_database) == 5


def test_changed_text_of_an_applied_migration_is_refused(empty_database: str) -> None:
    migrate(empty_database)
    changed = [*shipped()[:-1], (NAMES[-1], shipped()[-1][1] + "\n-- another word")]
    with pytest.raises(MigrationChanged, match=NAMES[-1]):
        migrate(empty_database, changed)


def test_a_database_with_an_unknown_migration_is_refused_and_left_alone(empty_database: str) -> None:
    later = ("9999_later.sql", "CREATE TABLE ledger.later ()")
    migrate(empty_database, [*shipped(), later])
    with pytest.raises(DatabaseNewer, match=r"9999_later\.sql"):
        migrate(empty_database)
    assert applied(empty_database) == [*NAMES, "9999_later.sql"]


def test_a_migration_that_fails_leaves_nothing_and_may_be_tried_again(empty_database: str) -> None:
    halfway = ("9999_later.sql", "CREATE TABLE ledger.later (); SELECT 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database, [*shipped(), halfway])
    assert applied(empty_database) == NAMES
    assert migrate(empty_database, [*shipped(), ("9999_later.sql", "CREATE TABLE ledger.later ()")]) == [
        "9999_later.sql"
    ]


def test_an_older_server_is_refused_with_what_to_do() -> None:
    with pytest.raises(ServerTooOld, match=r"PostgreSQL 16; 17 or newer .* point DATABASE_URL at such a server"):
        refuse_old_server(160004)
    refuse_old_server(170000)
    refuse_old_server(180006)


def test_a_database_of_another_encoding_is_refused_before_anything_is_made(server: str) -> None:
    name = "loan_ledger_test_of_another_encoding"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        connection.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0".encode())
    try:
        dsn = make_conninfo(server, dbname=name)
        with pytest.raises(WrongEncoding, match="SQL_ASCII; make one with UTF8"):
            migrate(dsn)
        with psycopg.connect(dsn) as connection:
            found = connection.execute("SELECT to_regclass('loan_ledger_migrations'), to_regnamespace('ledger')")
            assert found.fetchone() == (None, None)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}".encode())


def test_processes_that_migrate_at_once_apply_each_migration_once(empty_database: str) -> None:
    script = "import sys; from ledger.migrating import migrate; print(*migrate(sys.argv[1]))"
    command = [sys.executable, "-c", script, empty_database]
    running = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(said) == [[], [], NAMES]
    assert length_if_sound(empty_database) == 0
