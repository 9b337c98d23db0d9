"""Databases of a benchmark's own: made empty, and dropped whatever happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.migrating import migrate

PREFIX = "loan_ledger_bench_"
_numbers = count(1)


@contextmanager
def fresh(server: str, *, migrated: bool) -> Iterator[str]:
    """The connection string of a new database, as its owner; dropped at the end, also after an error."""
    name = f"{PREFIX}{os.getpid()}_{next(_numbers)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        dsn = make_conninfo(server, dbname=name)
        if migrated:
            migrate(dsn)
        yield dsn
    finally:
        _execute(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def as_role(dsn: str, role: str) -> str:
    """The same database, in one of the ledger's roles."""
    options = conninfo_to_dict(dsn).get("options") or ""
    return make_conninfo(dsn, options=f"{options} -c role=loan_ledger_{role}".strip())


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
