"""The library's datastore, opened by a connection string, with our own answers of the database translated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import psycopg
from eventsourcing.persistence import DatabaseError, PersistenceError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from domain.errors import Refusal
from domain.loan.refusals import ReferenceUsed
from domain.loan_application.refusals import GuaranteesAlready, LiveApplication, TooManyLoans
from domain.reconciliation.refusals import AccountTaken
from domain.rural_partner.refusals import EvidenceUsed, LoanLinkedAlready, PersonIsPartner
from domain.subsidy.refusals import SubsidisedElsewhere
from ledger.guards import ACCOUNT, GUARANTEES, JOBS_EVIDENCE, LIVE, LOANS, PARTNER, PARTNER_LOAN, SUBSIDY


class KeyReused(Refusal):
    code = "idempotency.key_reused"
    en = "the idempotency key was used for another request; give this request a key of its own"
    zh = "该幂等键已用于另一请求；请为本次请求另用新键"


class StaleVersion(Refusal):
    code = "version.stale"
    en = "{field}: it is at version {version} by now, not at the one that was looked at; read it again and decide anew"
    zh = "{field}：现已是第 {version} 版，并非所查看的版本；请重新读取后再决定"


class OverCapacity(Refusal):
    code = "guard.over_capacity"
    en = "{field} has no room for this ({key}); release or add capacity first"
    zh = "{field}（{key}）额度不足；请先释放或增加额度"


class NoSlotLeft(Refusal):
    code = "guard.no_slot_left"
    en = "{field} allows no further entry for {key}; the earlier ones stand"
    zh = "{field} 对 {key} 已无名额；原有登记有效"


class LossyFunctions(Refusal):
    """D2: the library's database functions take no lock, so readers that follow by position miss facts."""

    code = "database.lossy_functions"
    en = "{field} switches on database functions that lose facts for readers; switch it off"
    zh = "{field} 启用了会使读取方丢失事件的数据库函数；请关闭"


class BatchLost(Exception):
    """The database refused something in a batch, or was lost, or kept its lock from it: nothing of the batch is recorded.

    Its commands can be given one by one.
    """


class AlreadyRecorded(Exception):
    """The command under this idempotency key is in the log; the command layer answers with what it did then."""


_FULL: Mapping[str, type[Refusal]] = {
    LIVE: LiveApplication,
    LOANS: TooManyLoans,
    GUARANTEES: GuaranteesAlready,
    PARTNER: PersonIsPartner,
    PARTNER_LOAN: LoanLinkedAlready,
    JOBS_EVIDENCE: EvidenceUsed,
    ACCOUNT: AccountTaken,
    SUBSIDY: SubsidisedElsewhere,
}
"""What is said when the places of a guard are taken."""


_batch: ContextVar[Connection[DictRow] | None] = ContextVar("_batch", default=None)


class Pool(ConnectionPool[Connection[DictRow]]):
    """The library's pool; within a batch, everybody gets the batch's connection."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection[DictRow]]:
        batch = _batch.get()
        if batch is None:
            with super().connection(timeout) as connection:
                yield connection
            return
        try:
            yield batch
        except psycopg.Error as problem:
            answer = _answer(problem)
            raise answer if isinstance(answer, KeyReused) else BatchLost(str(problem)) from problem


class LedgerDatastore(PostgresDatastore):
    """The library's datastore over any connection string: sockets, several hosts, TLS."""

    def __init__(self, conninfo: str, *, schema: str = "ledger", pool_size: int = 1, max_overflow: int = 15):
        super().__init__("", "", "", "", "", schema=schema)
        self.pool = Pool(
            conninfo,
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=pool_size,
            max_size=pool_size + max_overflow,
            open=False,
            configure=self.after_connect_func(),
            timeout=2.0,
            reconnect_timeout=1.0,
        )

    def renew(self) -> None:
        """Give up the idle connections that have died: a failover kills all of them, and every one would fail an attempt."""
        self.pool.check()

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        try:
            with super().get_connection() as connection:
                yield connection
        except DatabaseError as problem:
            answer = _answer(problem.__cause__)
            if answer is None:
                raise
            raise answer from problem

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within, what this thread reads and appends goes over one connection, in one transaction that holds the order lock.

        Raises BatchLost.
        """
        assert _batch.get() is None, "one batch at a time"
        try:
            with self.get_connection() as connection, connection.transaction():
                connection.execute("SELECT ledger.begin_batch()")
                token = _batch.set(connection)
                try:
                    yield
                finally:
                    _batch.reset(token)
        except PersistenceError as problem:
            raise BatchLost(str(problem)) from problem


def _answer(cause: BaseException | None) -> Exception | None:
    """What one of our database functions said, as the refusal or signal that it is."""
    if not isinstance(cause, psycopg.Error) or not (cause.sqlstate or "").startswith("LG"):
        return None
    guard, key = cause.diag.message_primary or "", cause.diag.message_detail or ""
    match cause.sqlstate:
        case "LG001":
            return KeyReused(field="idempotency_key")
        case "LG002":
            return OverCapacity(field=guard, key=key)
        case "LG003" if guard == "bank_reference":
            return ReferenceUsed(field="bank_reference", reference=key)
        case "LG003":
            return _FULL.get(guard, NoSlotLeft)(field=guard, key=key)
        case "LG010":
            return AlreadyRecorded(guard)
    return None
