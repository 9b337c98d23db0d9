"""Migrations 数据库迁移: numbered SQL files, each run once, in order, in its own transaction, on empty and populated databases alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources

import psycopg

from domain.errors import BadInput, Refusal

OLDEST_SERVER = 170000


class ServerTooOld(BadInput):
    code = "database.too_old"
    en = "the database server is PostgreSQL {version}; 17 or newer is needed (MAINTAIN privilege), so point DATABASE_URL at such a server"
    zh = "数据库服务器为 PostgreSQL {version}；需要 17 或更高版本，请将 DATABASE_URL 指向符合要求的服务器"


class WrongEncoding(BadInput):
    code = "database.wrong_encoding"
    en = "the database has the encoding {encoding}; make one with UTF8 (CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0)"
    zh = "数据库编码为 {encoding}；请新建 UTF8 编码的数据库（CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0）"


class MigrationChanged(Refusal):
    code = "database.migration_changed"
    en = "migration {name} was applied to this database with other text; restore the released file, and put changes into a new one"
    zh = "迁移 {name} 的内容与已应用到本数据库的不一致；请恢复发布版本的文件，改动应写入新的迁移"


class DatabaseNewer(Refusal):
    code = "database.newer"
    en = "the database has migration {name}, which this program does not know; run the newer release"
    zh = "数据库包含本程序不认识的迁移 {name}；请运行更新的版本"


def shipped() -> list[tuple[str, str]]:
    """Name and text of every migration, in order."""
    files = (f for f in resources.files("ledger").joinpath("migrations").iterdir() if f.name.endswith(".sql"))
    return [(f.name, f.read_text(encoding="utf-8")) for f in sorted(files, key=lambda f: f.name)]


def migrate(dsn: str, migrations: list[tuple[str, str]] | None = None) -> list[str]:
    """Bring the database up to date and say what was applied. Raises ServerTooOld, WrongEncoding, MigrationChanged, DatabaseNewer."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        refuse_old_server(connection.info.server_version)
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise WrongEncoding(field="DATABASE_URL", encoding=encoding)
        connection.execute("SELECT pg_advisory_lock(hashtext('loan-ledger migrations'))")
        return list(_apply(connection, shipped() if migrations is None else migrations))


def refuse_old_server(version: int) -> None:
    if version < OLDEST_SERVER:
        raise ServerTooOld(field="DATABASE_URL", version=version // 10000)


def _apply(connection: psycopg.Connection, migrations: list[tuple[str, str]]) -> Iterator[str]:
    applied = _applied(connection)
    for unknown in sorted(applied.keys() - {name for name, _ in migrations}):
        raise DatabaseNewer(field="DATABASE_URL", name=unknown)
    for name, text in migrations:
        digest = hashlib.sha256(text.encode()).digest()
        if name in applied:
            if applied[name] != digest:
                raise MigrationChanged(field="migration", name=name)
            continue
        with connection.transaction():
            connection.execute(text.encode())
            connection.execute("INSERT INTO loan_ledger_migrations (name, digest) VALUES (%s, %s)", (name, digest))
        yield name


def _applied(connection: psycopg.Connection) -> dict[str, bytes]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS loan_ledger_migrations"
        " (name text PRIMARY KEY, digest bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    return {
        name: bytes(digest) for name, digest in connection.execute("SELECT name, digest FROM loan_ledger_migrations")
    }
