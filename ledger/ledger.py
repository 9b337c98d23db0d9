"""The ledger 台账: the event-sourced application, and the way every command goes through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application, Repository
from eventsourcing.persistence import (
    BaseInfrastructureFactory,
    InfrastructureFactory,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    PersistenceError,
)
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType, strtobool
from psycopg.rows import tuple_row
from pydantic import BaseModel

from domain.actor import SYSTEM
from domain.borrower.borrower import Borrower
from domain.compensation.claim import Claim
from domain.errors import Refusal
from domain.facts import EventSourced, Fact
from domain.frozen import Frozen
from domain.guarantee_fund.fund import GuaranteeFund
from domain.guarantee_fund.refusals import (
    CashShort,
    FundCapacityExceeded,
    GuaranteesAreSuspended,
    UnknownFund,
)
from domain.loan.loan import Loan
from domain.loan.refusals import UnknownLoan
from domain.loan_application.application import LoanApplication
from domain.loan_application.refusals import LiveApplication, UnknownApplication
from domain.money import yuan
from domain.policy.policy import Policy
from domain.reconciliation.account import BankAccount
from domain.reconciliation.refusals import UnknownAccount
from domain.rural_partner.partner import RuralPartner
from domain.rural_partner.project import PartnerProject
from domain.subsidy.batch import SubsidyBatch
from domain.subsidy.fund import SubsidyFund
from domain.working_days import WorkCalendar
from ledger import guards
from ledger.context import CommandContext, request_digest
from ledger.loading import Kept, trusting, unsettled
from ledger.mapper import FactMapper
from ledger.recorder import LedgerRecorder, is_version_conflict, retried
from ledger.store import AlreadyRecorded, LedgerDatastore, LossyFunctions, OverCapacity, StaleVersion

AGGREGATES: tuple[type[EventSourced[Any]], ...] = (
    Loan,
    Claim,
    Borrower,
    LoanApplication,
    Policy,
    RuralPartner,
    PartnerProject,
    GuaranteeFund,
    BankAccount,
    SubsidyFund,
    SubsidyBatch,
)
"""Every kind of stream, so that a fresh process can read every fact."""

AGGREGATES_KEPT = 1000
"""How many loaded aggregates are kept, the least used given up first."""

DECISIONS = 100
"""How often a command is decided when other writers come first on its stream: one of them succeeds each time."""


@dataclass(frozen=True)
class Receipt:
    """What the log answers to a command: the positions of its facts, the server's time and the last leaf."""

    first_position: int
    position: int
    recorded_at: datetime
    leaf_hash: bytes
    repeated: bool = False


class NoticeCapacity(Frozen):
    fund: str


class LedgerFactory(PostgresFactory):
    """The library's factory over a connection string (`LEDGER_CONNINFO`); tables come from migrations, never from here.

    Raises LossyFunctions if the library's own database functions are asked for.
    """

    datastore: LedgerDatastore

    def __init__(self, env: Environment | EnvType | None):
        BaseInfrastructureFactory.__init__(self, env)
        if strtobool(self.env.get(self.POSTGRES_ENABLE_DB_FUNCTIONS) or "no"):
            raise LossyFunctions(field=self.POSTGRES_ENABLE_DB_FUNCTIONS)
        self.datastore = LedgerDatastore(
            self.env["LEDGER_CONNINFO"], max_overflow=int(self.env.get(self.POSTGRES_MAX_OVERFLOW, "15"))
        )

    def application_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.datastore, events_table_name="stored_events")


class Previewed(Exception):
    """A command was decided and nothing recorded: every stream as it is (None where it would begin) and as it would be."""

    def __init__(self, streams: Sequence[tuple[EventSourced[Any] | None, EventSourced[Any]]]) -> None:
        self.streams = streams
        super().__init__("nothing was recorded")


class Ledger(Application[UUID]):
    """One city's log of facts.

    `digest_key` keys the digests by which repeats of a command are recognised. Loaded aggregates are kept and brought up to date, or
    found out by the append to be old, so any number of processes may write.
    """

    def __init__(self, conninfo: str, *, digest_key: bytes, env: EnvType | None = None) -> None:
        self._digest_key = digest_key
        super().__init__({"LEDGER_CONNINFO": conninfo, **(env or {})})

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return cast("InfrastructureFactory", LedgerFactory(env))

    def construct_repository(self) -> Repository[UUID]:
        self._kept = Kept(self.events, cache_maxsize=AGGREGATES_KEPT)
        return self._kept

    def construct_mapper(self) -> Mapper[UUID]:
        return FactMapper(JSONTranscoder())

    def perform(
        self, command: BaseModel, context: CommandContext, decide: Callable[[], Iterable[EventSourced[Any]]]
    ) -> Receipt | None:
        """Decide and record once under the context's idempotency key; None when there was nothing to record.

        `decide` loads aggregates, tells them and returns those to save. A repeat gets the first receipt: where it would be
        decided again the append finds the key, where it would be refused now the key is looked up. A decision that another
        writer overtook is made anew. The first attempt takes what is kept for the newest; its decision counts only if every
        stream of which that was assumed is saved, because then the append notices what was overtaken. Raises KeyReused,
        StaleVersion, Previewed where the context asks for a preview, and whatever `decide` refuses.
        """
        digest = request_digest(self._digest_key, command, context.actor)
        for attempt in range(1, DECISIONS + 1):
            with trusting(attempt == 1 and not context.preview) as assumed:
                try:
                    self._as_looked_at(context)
                    changed = [aggregate for aggregate in decide() if aggregate.pending_events]
                    _as_looked_at(context, changed)
                    if context.preview:
                        raise Previewed([(self._recorded(aggregate), aggregate) for aggregate in changed])
                    if assumed <= {aggregate.id for aggregate in changed}:
                        return self._save(changed, context, digest)
                except AlreadyRecorded:
                    return self._known(context, digest)
                except Refusal as refusal:
                    if assumed:
                        continue
                    known = self._known(context, digest)  # a repeat is refused because the first has had its effect
                    if known is None:
                        raise self._explained(refusal) from None
                    return known
                except IntegrityError as problem:
                    if attempt == DECISIONS or not is_version_conflict(problem):
                        raise
        raise AssertionError("the last attempt either records or raises")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within, this thread's commands are recorded all together at the end or, if anything is raised here, not at all.

        Each is decided and refused as ever, but no receipt holds before the end, and what only the append can refuse (a repeat, a
        full capacity) ends the batch. Other writers wait meanwhile, so it is for tenths of a second. Raises BatchLost.
        """
        with unsettled() as batch, self.datastore.together():
            yield
        self._kept.forget(batch)

    def _as_looked_at(self, context: CommandContext) -> None:
        """Raises StaleVersion; a stream that has not begun is left to the decision to refuse."""
        if context.expected is not None and (found := self.find(context.expected[0])) is not None:
            _as_looked_at(context, [found])

    def _recorded(self, aggregate: EventSourced[Any]) -> Any:
        """The aggregate without what is not saved of it; None where nothing is."""
        began = aggregate.version == len(aggregate.pending_events)
        return None if began else self.repository.get(aggregate.id)

    def _save(self, changed: list[EventSourced[Any]], context: CommandContext, digest: bytes) -> Receipt | None:
        """Append what the aggregates were told, in one transaction, and keep them."""
        if not changed:
            return self._known(context, digest)
        answers: list[tuple[int, datetime, bytes]] = []
        told = [fact for aggregate in changed for fact in aggregate.pending_events if isinstance(fact, Fact)]
        recordings = self.save(*changed, context=context, digest=digest, answers=answers)
        for aggregate in changed:
            self._kept.keep(aggregate)
        for move in guards.total_moves(told):
            if move.guard == guards.FUND_CAPACITY:
                with suppress(
                    UnknownFund, PersistenceError
                ):  # what is recorded is recorded; the next fact notices it too
                    self.notice_capacity(move.key, context)
        first, recorded_at, leaf = answers[0]
        return Receipt(first, first + len(recordings) - 1, recorded_at, leaf)

    def notice_capacity(self, fund: str, context: CommandContext) -> Receipt | None:
        """Establish how a fund's guarantees stand to its capacity; None where nothing has changed. Raises UnknownFund."""
        used, base, _ = self.standing(guards.FUND_CAPACITY, fund)
        with trusting(False):  # another process, or a batch, may have established something since
            seen: GuaranteeFund | None = self.find(GuaranteeFund.create_id(fund))
        if seen is not None and seen.standing_of(used, base) == seen.standing:
            return None

        def decide() -> list[GuaranteeFund]:
            found = self.fund(fund)
            used, base, _ = self.standing(guards.FUND_CAPACITY, fund)
            found.notice_capacity(context.moment, used=used, base=base)
            return [found]

        cause = context.idempotency_key
        noticing = replace(
            context, actor=SYSTEM, given_key=None, causation=cause, authority=None, signature=None, expected=None
        )
        return self.perform(NoticeCapacity(fund=fund), noticing, decide)

    def standing(self, guard: str, key: str) -> tuple[int, int, int]:
        """What is used of a capacity, the capacity, and how often it counts."""

        def find() -> tuple[int, int, int]:
            statement = "SELECT used, capacity, times FROM ledger.guard_standing(%b::text, %b::text)"
            with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
                row = cursor.execute(statement, (guard, key), prepare=True).fetchone()
            assert row is not None
            return row

        return retried(find, self.datastore.renew)

    def _explained(self, refusal: Refusal) -> Refusal:
        """What a full capacity is called, with what is left of it; and which application a household has open."""
        if isinstance(refusal, LiveApplication):
            for holder in self.holders(guards.LIVE, str(refusal.facts["key"])):
                return LiveApplication(field=refusal.field, key=self.repository.get(UUID(holder)).case_no)
        if not isinstance(refusal, OverCapacity):
            return refusal
        used, capacity, times = self.standing(refusal.field or "", str(refusal.facts["key"]))
        fund, _, place = str(refusal.facts["key"]).partition("|")
        match refusal.field:
            case guards.FUND_CAPACITY:
                return FundCapacityExceeded(field="amount", fund=fund, headroom=yuan(capacity * times - used))
            case guards.FUND_CASH:
                return CashShort(field="amount", fund=fund, bank=place, cash=yuan(capacity))
            case guards.FUND_SUSPENDED:
                return GuaranteesAreSuspended(field="fund", fund=fund, scope=place.replace(":", " "))
        return refusal

    def _known(self, context: CommandContext, digest: bytes) -> Receipt | None:
        """The first answer under the context's key, if there was one."""
        return self.outcome(context.idempotency_key, digest)

    def outcome(self, idempotency_key: str, digest: bytes) -> Receipt | None:
        """The receipt of an earlier command under this key. Raises KeyReused if that was another request."""

        def find() -> tuple[int, int, datetime, bytes] | None:
            statement = (
                "SELECT first_position, facts, recorded_at, last_leaf FROM ledger.find_outcome(%b::text, %b::bytea)"
            )
            with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
                return cursor.execute(statement, (idempotency_key, digest), prepare=True, binary=True).fetchone()

        row = retried(find, self.datastore.renew)
        return None if row is None else Receipt(row[0], row[0] + row[1] - 1, row[2], row[3], repeated=True)

    @property
    def datastore(self) -> LedgerDatastore:
        factory: Any = self.factory
        assert isinstance(factory, LedgerFactory)
        return factory.datastore

    def loan(self, loan_no: str) -> Loan:
        """The loan, with the published calendar in its hand. Raises UnknownLoan."""
        try:
            found: Loan = self.repository.get(Loan.create_id(loan_no))
        except AggregateNotFoundError:
            raise UnknownLoan(field="loan_no", loan_no=loan_no) from None
        if found.is_serviced:
            found.calendar = self.calendar
        return found

    @property
    def calendar(self) -> WorkCalendar:
        """The working days that are published."""
        with trusting(False):
            policy: Policy | None = self.find(Policy.STREAM)
        return WorkCalendar(policy.calendars if policy else {})

    def application(self, case_no: str) -> LoanApplication:
        """Raises UnknownApplication."""
        try:
            return self.repository.get(LoanApplication.create_id(case_no))
        except AggregateNotFoundError:
            raise UnknownApplication(field="case_no", case_no=case_no) from None

    def fund(self, fund: str) -> GuaranteeFund:
        """Raises UnknownFund."""
        try:
            return self.repository.get(GuaranteeFund.create_id(fund))
        except AggregateNotFoundError:
            raise UnknownFund(field="fund", fund=ascii(fund[:60])) from None

    def account(self, account: str) -> BankAccount:
        """Raises UnknownAccount."""
        try:
            return self.repository.get(BankAccount.create_id(account))
        except AggregateNotFoundError:
            raise UnknownAccount(field="account", account=ascii(account[:60])) from None

    def holders(self, guard: str, key: str) -> list[str]:
        """Who holds the places of a guard, in order."""

        def find() -> list[str]:
            with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
                found = cursor.execute("SELECT ledger.guard_holders(%b::text, %b::text)", (guard, key), prepare=True)
                return [holder for (holder,) in found]

        return retried(find, self.datastore.renew)

    @property
    def head(self) -> int:
        """The last position of the log; 0 when it is empty."""
        return self.recorder.max_notification_id() or 0

    def find(self, stream: UUID) -> Any:
        """The stream's aggregate, if it has begun."""
        try:
            return self.repository.get(stream)
        except AggregateNotFoundError:
            return None

    def knows(self, stream: UUID) -> bool:
        """Whether the stream has begun."""
        return bool(self.recorder.select_events(stream, limit=1))


def _as_looked_at(context: CommandContext, streams: Iterable[EventSourced[Any]]) -> None:
    """Whoever decided on a version decides on that one. Raises StaleVersion."""
    if context.expected is None:
        return
    stream, versions = context.expected
    for aggregate in streams:
        version = aggregate.version - len(aggregate.pending_events)
        if aggregate.id == stream and version not in versions:
            raise StaleVersion(field="If-Match", version=version)
