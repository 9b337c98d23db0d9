"""Wiring 装配: one opened installation: its server, its databases, its keystore, its ledger, its projections."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.embedded import EmbeddedPostgres
from api.settings import Settings
from domain.errors import BadInput
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.materials import MaterialStore
from ledger.migrating import migrate, refuse_old_server
from ledger.outside import FixtureSource, HttpSource, NoSource, OutsideSource
from ledger.publishing import PolicyBook
from projections.engine import Engine, wait_for
from projections.keeper import Stopped, connect
from projections.log import head
from projections.projection import Projection
from projections.querying import ALL

LEDGER, KEYS = "loan_ledger", "loan_ledger_keys"


class NoServer(BadInput):
    code = "database.unreachable"
    en = "{field}: the database server cannot be reached: {problem}; check the address and that the server runs"
    zh = "{field}：无法连接数据库服务器：{problem}；请检查地址及服务器是否运行"


class Behind(Exception):
    """Whoever holds the projection has not folded as far as is recorded."""

    def __init__(self, name: str, position: int, seconds: float) -> None:
        super().__init__(f"projection {name} has not come to position {position} within {seconds:g} s; ask again later")


class Installation:
    """Everything that a command needs, opened on use and closed together."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            if self.settings.database_url is None:
                server = self._open.enter_context(EmbeddedPostgres.start(self.settings.data))
                self.owner_dsn = _database(server.dsn(), LEDGER)
                self._keys_dsn = _database(server.dsn(), KEYS)
            else:
                self.owner_dsn = _reachable(self.settings.database_url, "DATABASE_URL")
            if self.settings.keystore_url is not None:
                self._keys_dsn = _reachable(self.settings.keystore_url, "KEYSTORE_URL")
            elif self.settings.database_url is not None:
                self._keys_dsn = _keys_beside(self.owner_dsn)
            migrate(self.owner_dsn)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def dsn(self, role: str) -> str:
        """The ledger's database in one of its roles."""
        options = conninfo_to_dict(self.owner_dsn).get("options") or ""
        return make_conninfo(self.owner_dsn, options=f"{options} -c role=loan_ledger_{role}".strip())

    @cached_property
    def keystore(self) -> Keystore:
        return self._open.enter_context(closing(Keystore(self._keys_dsn, self.settings.data / "keys" / "master.key")))

    @cached_property
    def ledger(self) -> Ledger:
        return self._open.enter_context(Ledger(self.dsn("application"), digest_key=self.keystore.digest_key))

    @cached_property
    def desk(self) -> Desk:
        """What an office has at hand."""
        book = PolicyBook(self.ledger)
        return Desk(self.ledger, book, self.keystore, MaterialStore(self.settings.data / "materials"), self._source)

    @property
    def _source(self) -> OutsideSource:
        where = self.settings.outside
        if where is None:
            return NoSource()
        return HttpSource(where) if "://" in where else FixtureSource(Path(where))

    @cached_property
    def projector(self) -> Connection[Any]:
        """A connection that owns the read models."""
        return self._open.enter_context(connect(self.dsn("projector")))

    @cached_property
    def auditor(self) -> Connection[Any]:
        return self._open.enter_context(connect(self.dsn("auditor")))

    @cached_property
    def importer(self) -> Connection[Any]:
        return self._open.enter_context(psycopg.connect(self.dsn("importer"), autocommit=True))

    def up_to_date(self, projections: Sequence[Projection[Any]] = ALL, seconds: float = 60.0) -> dict[str, Exception]:
        """Fold what is recorded; a projection that a worker holds is waited for. Returns why any is not at the head of the log."""
        with Engine(self.dsn("projector"), projections) as engine:
            late: dict[str, Exception] = dict(engine.catch_up())
            target = head(engine.connection)
            for projection in projections:
                if projection.name not in late:
                    try:
                        if not wait_for(engine.connection, projection.name, target, seconds):
                            late[projection.name] = Behind(projection.name, target, seconds)
                    except Stopped as problem:
                        late[projection.name] = problem
        return late


def _reachable(url: str, field: str) -> str:
    """Raises NoServer, ServerTooOld."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            refuse_old_server(connection.info.server_version)
    except psycopg.Error as problem:
        raise NoServer(field=field, problem=str(problem).strip().splitlines()[-1]) from None
    return make_conninfo(url)


def _database(server: str, name: str) -> str:
    """The connection string of a database, which is made if it is not there."""
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if found is None:
            with suppress(
                psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation
            ):  # another process was first
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(server, dbname=name)


def _keys_beside(url: str) -> str:
    """Without KEYSTORE_URL the keystore is a second database on the same server."""
    with psycopg.connect(url) as connection:
        name = f"{connection.info.dbname}_keys"
    return _database(url, name)
