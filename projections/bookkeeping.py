"""The lines of facts on their way into the books 记账: what a page of the log posts, claim by claim with all that came before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from domain.bookkeeping.claims import ClaimBook
from domain.bookkeeping.closing import booked_on
from domain.bookkeeping.posting import Line, place_of, posted
from domain.bookkeeping.subsidies import SubsidyBook
from domain.compensation import events as claims
from domain.facts import Fact
from domain.guarantee_fund.events import (
    CapitalInjected,
    CapitalWithdrawn,
    InterestReceived,
    PeriodClosed,
    PeriodReopened,
)
from domain.loan import events as loans
from domain.loan_application.events import CapacityReleased, CapacityReserved
from domain.recorded import Recorded
from domain.subsidy import events as subsidies
from projections import log
from projections.projection import copy_rows

_OF_CLAIMS: frozenset[str] = frozenset(
    kind.TOPIC
    for kind in (
        claims.ClaimRecorded, claims.ClaimFiled, claims.ClaimVerified, claims.ClaimRejected, claims.ClaimWithdrawn,
        claims.ClaimApproved, claims.ClaimAdjusted, claims.SharePaid, claims.RecoveryReceived, claims.RecoveryReversed,
        claims.RecoveryRemitted, claims.ShareWrittenOff, claims.AssetTakenOver, claims.AssetSold,
    )
)  # fmt: skip
_OF_BATCHES: frozenset[str] = frozenset(
    kind.TOPIC
    for kind in (
        subsidies.SubsidyCalculated, subsidies.LineDisputeSettled, subsidies.BatchApproved, subsidies.SubsidyPaid,
        subsidies.SubsidyPaymentFailed, subsidies.ClawbackRaised, subsidies.ClawbackCollected, subsidies.ClawbackWaived,
    )
)  # fmt: skip
_BOOKS: tuple[tuple[frozenset[str], type[ClaimBook | SubsidyBook]], ...] = (
    (_OF_CLAIMS, ClaimBook),
    (_OF_BATCHES, SubsidyBook),
)
"""What is posted by all that came before it in its stream, and by which book."""
_OF_OTHERS: tuple[type[Fact], ...] = (
    CapitalInjected, CapitalWithdrawn, InterestReceived, PeriodClosed, PeriodReopened, CapacityReserved, CapacityReleased,
    loans.ContractSigned, loans.ReservationLapsed, loans.Disbursed, loans.Repaid, loans.RepaymentReversed, loans.Refunded,
    loans.TermsChanged, loans.MisuseFound, loans.CostCharged, loans.Waived, loans.DateCorrected, loans.EntryReversed,
    loans.Recalculated, loans.ChargedOff, loans.LoanClaimEnded, loans.LoanClaimApproved, loans.TakenOver,
    subsidies.FiscalAllocationReceived, subsidies.ReturnedToBudget, subsidies.YearSettled,
)  # fmt: skip
_OF_PERIODS = (PeriodClosed.TOPIC, PeriodReopened.TOPIC)
POSTED = _OF_CLAIMS | _OF_BATCHES | {kind.TOPIC for kind in _OF_OTHERS}
"""The topics of the facts that are posted, or that close and reopen the books."""


PERIODS = "CREATE TABLE {{schema}}.{name}_period (fund text PRIMARY KEY, closed_until date NOT NULL);"
"""The table, beside a book's own, of what was closed when the last page had been written."""


def booked(
    cursor: Cursor[Any], schema: str, name: str, facts: Sequence[Recorded]
) -> list[tuple[Recorded, list[tuple[Line, date]]]]:
    """What each fact of a page posts, in the order of the page, each line with the day on which it is booked; of none that posts nothing."""
    table = f"{schema}.{name}_period"
    with cursor.connection.cursor(row_factory=tuple_row) as looking:
        closed: dict[str, date] = dict(looking.execute(f"SELECT fund, closed_until FROM {table}".encode()).fetchall())
    by_stream = dict[int, list[Line]]()
    for topics, kind in _BOOKS:
        by_stream |= _by_stream(cursor.connection, [fact for fact in facts if fact.topic in topics], topics, kind)
    found, moved = list[tuple[Recorded, list[tuple[Line, date]]]](), False
    for row in facts:
        entry = by_stream[row.position] if row.position in by_stream else _posted(row)
        if entry:
            found.append((row, [(line, booked_on(line.value_date, closed.get(line.place.fund))) for line in entry]))
        if row.topic in _OF_PERIODS:
            _close(closed, row.fact)
            moved = True
    if moved:
        cursor.execute(f"DELETE FROM {table}".encode())
        copy_rows(cursor, table, "fund, closed_until", closed.items())
    return found


def _close(closed: dict[str, date], fact: Fact) -> None:
    if isinstance(fact, PeriodClosed):
        closed[fact.fund] = fact.until
    elif isinstance(fact, PeriodReopened) and fact.closed_until is not None:
        closed[fact.fund] = fact.closed_until
    elif isinstance(fact, PeriodReopened):
        closed.pop(fact.fund)


def _posted(row: Recorded) -> list[Line]:
    """An application's fact names the fund itself; a loan's is of the fund of its scopes, and is not read without one."""
    place = place_of(row.scopes)
    if place is None and row.topic.startswith("loan."):
        return []
    fact = row.fact
    place = place or place_of(row.scopes, getattr(fact, "fund", None))
    return posted(fact, place) if place is not None else []


def _by_stream(
    connection: Connection[Any],
    facts: Iterable[Recorded],
    topics: frozenset[str],
    kind: type[ClaimBook | SubsidyBook],
) -> dict[int, list[Line]]:
    """By position. The lines of a claim or a batch need its earlier facts, which are read once for the page."""
    wanted = {fact.position: fact for fact in facts}
    if not wanted:
        return {}
    streams, found = sorted({str(fact.stream) for fact in wanted.values()}), dict[int, list[Line]]()
    for _, told in groupby(log.streams(connection, streams, max(wanted), topics), key=attrgetter("stream")):
        book = kind()
        for row in told:
            fact = row.fact
            place = place_of(row.scopes, getattr(fact, "fund", None))
            entry = book.post(fact, place) if place is not None else []
            if row.position in wanted:
                found[row.position] = entry
    return found
