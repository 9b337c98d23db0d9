"""Closing a day 日终: the whole book is brought to the end of a day; what has changed by then is recorded as notices, and nothing otherwise.

Closing the same day again records nothing, so that a run that was cut off is completed by running it again. Loans are looked at in
parts, each decided without any lock and saved in one append, so that nobody waits for a book. Of a loan that was looked at it is kept
until when nothing can change if nothing is recorded of it; until then it is not looked at again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from multiprocessing import get_context
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import IntegrityError
from psycopg.rows import tuple_row

from domain.facts import EventSourced, Fact
from domain.frozen import Frozen
from domain.guarantee_fund.events import FundOpened
from domain.guarantee_fund.fund import GuaranteeFund
from domain.loan.loan import Loan
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import Contracted, Expired, HistoryRecorded, Rejected, Submitted, Withdrawn
from domain.loan_application.refusals import ApplicationEnded, BeforeLastStep, NotLapsed
from domain.policy.policy import Policy
from domain.state import replayed
from ledger.approving import expired
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.ledger import Ledger
from ledger.loading import told_in

PART = 200
"""Loans that are decided, and saved, together."""
_ENDED = [kind.TOPIC for kind in (Contracted, Expired, HistoryRecorded, Rejected, Withdrawn)]


class CloseDay(Frozen):
    """`value_date` is the day that ends."""

    value_date: date


@dataclass(frozen=True)
class Closed:
    """How many loans and applications were looked at, and what was recorded of them by topic."""

    day: date
    loans: int
    applications: int
    told: Counter[str] = field(default_factory=Counter)

    @property
    def facts(self) -> int:
        return self.told.total()

    def document(self) -> dict[str, Any]:
        """As programs read it."""
        told = dict(sorted(self.told.items()))
        looked_at = {"loans": self.loans, "applications": self.applications}
        return {"value_date": self.day.isoformat(), **looked_at, "facts": self.facts, "told": told}


@dataclass(frozen=True)
class _Rules:
    """What a look depends on besides the loan: `claim_after` so many days for each fund, since when the working calendars are published as they
    are, and all of it as one text."""

    claim_after: Mapping[str, int]
    calendars_since: datetime | None
    text: str

    def claim_after_of(self, loan: Loan) -> int | None:
        return self.claim_after.get(loan.fund or "")

    def may_have_moved(self, loan: Loan) -> bool:
        """Whether something was recorded of the loan by other calendars."""
        return bool(self.calendars_since and loan.moved_since and loan.moved_since <= self.calendars_since)


class _Look(NamedTuple):
    """A loan to look at; `anew`: by other rules than when it was looked at last."""

    loan: UUID
    anew: bool


def close_day(
    desk: Desk,
    command: CloseDay,
    context: CommandContext,
    *,
    another: Callable[[], Ledger] | None = None,
    workers: int = 1,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Closed:
    """日终: overdue and cure, ageing, category, what may be claimed, what was not drawn, used or completed in time, decisions that are late.

    `another` opens the ledger in a process of its own, for more than one of the `workers`. Raises NotPermitted, DatedInFuture.
    """
    context.actor.must_be("system", "operator", action="close a day")
    context.moment.not_before(command.value_date)
    rules = _rules(desk.ledger)
    streams = _to_look_at(desk.ledger, command.value_date, rules)
    parts = [streams[start : start + PART] for start in range(0, len(streams), PART)]
    counted, undrawn, done = Counter[str](), set[str](), 0
    for size, (topics, never_drawn) in _closed(desk.ledger, command, context, parts, rules, another, workers):
        counted.update(topics)
        undrawn |= never_drawn
        told(done := done + size, len(streams))
    applications = _open_applications(desk.ledger, sorted(undrawn))
    for start in range(0, len(applications), PART):
        counted.update(_close_applications(desk, command, context, applications[start : start + PART]))
    return Closed(command.value_date, len(streams), len(applications), counted)


def _closed(
    ledger: Ledger,
    command: CloseDay,
    context: CommandContext,
    parts: Sequence[Sequence[_Look]],
    rules: _Rules,
    another: Callable[[], Ledger] | None,
    workers: int,
) -> Iterator[tuple[int, tuple[Counter[str], set[str]]]]:
    """Part by part: how many loans, what was told of them, and the numbers of those never drawn."""
    if another is None or workers == 1 or len(parts) < 2 * workers:
        for part in parts:
            yield len(part), _close_part(ledger, command, context, part, rules)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (another,)) as pool:
        given = [(command, context, part, rules) for part in parts]
        for part, answer in zip(parts, pool.map(_close_elsewhere, given), strict=True):
            yield len(part), answer


_here: list[Ledger] = []
"""The ledger of a worker's process."""


def _begin(another: Callable[[], Ledger]) -> None:
    _here.append(another())


def _close_elsewhere(given: tuple[CloseDay, CommandContext, Sequence[_Look], _Rules]) -> tuple[Counter[str], set[str]]:
    return _close_part(_here[0], *given)


def _close_part(
    ledger: Ledger, command: CloseDay, context: CommandContext, part: Sequence[_Look], rules: _Rules
) -> tuple[Counter[str], set[str]]:
    """Decided and saved together; where somebody else keeps writing of one of them, in halves."""
    looks: dict[UUID, tuple[int, date]] = {}
    counted, undrawn, day = Counter[str](), set[str](), command.value_date
    anew = {look.loan for look in part if look.anew}

    def decide() -> list[Loan]:
        for found in (looks, counted, undrawn):
            found.clear()  # it may be decided again
        calendar, loans = ledger.calendar, list[Loan]()
        for loan in loaded(ledger, [look.loan for look in part]):
            assert isinstance(loan, Loan)
            loan.calendar = calendar
            if loan.id in anew and rules.may_have_moved(loan):
                loan.recalculate(context.moment, day)
            next_look = loan.close_day(context.moment, day, claim_after=rules.claim_after_of(loan))
            looks[loan.id] = loan.version, next_look
            counted.update(_topics(loan))
            if loan.never_drawn(day):
                undrawn.add(loan.contract.loan_no)
            loans.append(loan)
        return loans

    try:
        ledger.perform(command, replace(context, given_key=None), decide)
    except IntegrityError:
        if len(part) == 1:
            raise
        middle = len(part) // 2
        halves = [_close_part(ledger, command, context, half, rules) for half in (part[:middle], part[middle:])]
        return halves[0][0] + halves[1][0], halves[0][1] | halves[1][1]
    _keep_looks(ledger, day, rules, looks)
    return counted, undrawn


def _close_applications(
    desk: Desk, command: CloseDay, context: CommandContext, streams: Sequence[UUID]
) -> Counter[str]:
    counted, day = Counter[str](), command.value_date

    def decide() -> list[EventSourced[Any]]:
        counted.clear()
        changed = list[EventSourced[Any]]()
        for application in loaded(desk.ledger, streams):
            assert isinstance(application, LoanApplication)
            try:
                changed += expired(desk, application, context.moment, day)
            except NotLapsed:
                application.notice_clock(context.moment, day)
                changed.append(application)
            except (ApplicationEnded, BeforeLastStep):
                continue
        counted.update(topic for aggregate in changed for topic in _topics(aggregate))
        return changed

    desk.ledger.perform(command, replace(context, given_key=None), decide)
    return counted


def _topics(aggregate: EventSourced[Any]) -> list[str]:
    return [fact.TOPIC for fact in aggregate.pending_events if isinstance(fact, Fact)]


def loaded(ledger: Ledger, streams: Sequence[UUID]) -> Iterator[EventSourced[Any]]:
    """The streams' aggregates, by one question."""
    return map(replayed, told_in(ledger.datastore, streams))


def _rules(ledger: Ledger) -> _Rules:
    policy = ledger.find(Policy.STREAM)
    funds = [fund for fund in loaded(ledger, _begun(ledger, FundOpened)) if isinstance(fund, GuaranteeFund)]
    claim_after = {fund.fund: fund.method.claims.overdue_days for fund in sorted(funds, key=lambda fund: fund.fund)}
    version, since = (policy and policy.calendars_since) or (0, None)
    return _Rules(claim_after, since, f"{version}|{claim_after}")


def _begun(ledger: Ledger, kind: type[Fact]) -> list[UUID]:
    return _asked(ledger, "SELECT originator_id FROM ledger.stored_events WHERE topic = %s", kind.TOPIC)


def _to_look_at(ledger: Ledger, day: date, rules: _Rules) -> list[_Look]:
    """Loans of which something may have changed by the end of the day, or of which nobody knows."""
    found = _rows(
        ledger,
        "SELECT n.originator_id, l.loan IS NULL OR l.rules <> %s FROM (SELECT originator_id, max(originator_version) AS version FROM ledger.stored_events"
        " WHERE topic LIKE 'loan.%%' GROUP BY originator_id) n LEFT JOIN ledger.day_look l ON l.loan = n.originator_id"
        " WHERE l.loan IS NULL OR l.version <> n.version OR l.rules <> %s OR l.closed > %s OR l.next_look <= %s"
        " ORDER BY n.originator_id",
        rules.text,
        rules.text,
        day,
        day,
    )
    return [_Look(*row) for row in found]


def _open_applications(ledger: Ledger, undrawn: Sequence[str]) -> list[UUID]:
    """Those that have not ended, and those whose signed loans were never drawn."""
    found = _asked(
        ledger,
        "SELECT originator_id FROM ledger.stored_events WHERE topic = %s"
        " EXCEPT SELECT originator_id FROM ledger.stored_events WHERE topic = ANY(%s) ORDER BY 1",
        Submitted.TOPIC,
        _ENDED,
    )
    if not undrawn:
        return found
    return found + _asked(
        ledger,
        "SELECT originator_id FROM ledger.stored_events WHERE topic = %s"
        " AND convert_from(state, 'UTF8')::jsonb ->> 'loan_no' = ANY(%s) ORDER BY 1",
        Contracted.TOPIC,
        list(undrawn),
    )


def _asked(ledger: Ledger, question: str, *about: object) -> list[UUID]:
    return [stream for (stream,) in _rows(ledger, question, *about)]


def _rows(ledger: Ledger, question: str, *about: object) -> list[tuple[Any, ...]]:
    with ledger.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(question.encode(), about).fetchall()


def _keep_looks(ledger: Ledger, day: date, rules: _Rules, looks: Mapping[UUID, tuple[int, date]]) -> None:
    """Only what was decided on and saved is kept; a loan that somebody wrote of meanwhile is of another version, and looked at again."""
    versions, next_looks = [version for version, _ in looks.values()], [look for _, look in looks.values()]
    with ledger.datastore.get_connection() as connection:
        connection.execute(
            "INSERT INTO ledger.day_look (loan, version, rules, closed, next_look)"
            " SELECT loan, version, %s, %s, next_look FROM unnest(%s::uuid[], %s::bigint[], %s::date[]) AS l (loan, version, next_look)"
            " ON CONFLICT (loan) DO UPDATE SET version = excluded.version, rules = excluded.rules, closed = excluded.closed,"
            " next_look = excluded.next_look",
            (rules.text, day, list(looks), versions, next_looks),
        )
