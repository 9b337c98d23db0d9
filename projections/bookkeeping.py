"""The lines of facts on their way into the books 记账: what a page of the log posts, claim by claim with all that came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg import Connection

from domain.bookkeeping.claims import ClaimBook
from domain.bookkeeping.posting import Line, place_of, posted
from domain.compensation import events as claims
from domain.facts import Fact
from domain.guarantee_fund.events import CapitalInjected, CapitalWithdrawn, InterestReceived
from domain.loan import events as loans
from domain.loan_application.events import CapacityReleased, CapacityReserved
from domain.recorded import Recorded
from projections import log

_OF_CLAIMS: frozenset[str] = frozenset(
    kind.TOPIC
    for kind in (
        claims.ClaimRecorded, claims.ClaimFiled, claims.ClaimVerified, claims.ClaimRejected, claims.ClaimWithdrawn,
        claims.ClaimApproved, claims.ClaimAdjusted, claims.SharePaid, claims.RecoveryReceived, claims.RecoveryReversed,
        claims.RecoveryRemitted, claims.ShareWrittenOff,
    )
)  # fmt: skip
_OF_OTHERS: tuple[type[Fact], ...] = (
    CapitalInjected, CapitalWithdrawn, InterestReceived, CapacityReserved, CapacityReleased,
    loans.ContractSigned, loans.ReservationLapsed, loans.Disbursed, loans.Repaid, loans.RepaymentReversed, loans.Refunded,
    loans.TermsChanged, loans.MisuseFound, loans.CostCharged, loans.Waived, loans.DateCorrected, loans.EntryReversed,
    loans.Recalculated, loans.ChargedOff, loans.LoanClaimEnded, loans.LoanClaimApproved, loans.TakenOver,
)  # fmt: skip
POSTED = _OF_CLAIMS | {kind.TOPIC for kind in _OF_OTHERS}
"""The topics of the facts that are posted."""


def lines(connection: Connection[Any], facts: Sequence[Recorded]) -> Iterator[tuple[Recorded, list[Line]]]:
    """What each fact of a page posts, in the order of the page; of none that posts nothing."""
    of_claims = _of_claims(connection, [fact for fact in facts if fact.topic in _OF_CLAIMS])
    for fact in facts:
        entry = of_claims.get(fact.position, []) if fact.topic in _OF_CLAIMS else _posted(fact)
        if entry:
            yield fact, entry


def _posted(row: Recorded) -> list[Line]:
    """An application's fact names the fund itself; a loan's is of the fund of its scopes, and is not read without one."""
    place = place_of(row.scopes)
    if place is None and row.topic.startswith("loan."):
        return []
    fact = row.fact
    place = place or place_of(row.scopes, getattr(fact, "fund", None))
    return posted(fact, place) if place is not None else []


def _of_claims(connection: Connection[Any], facts: Iterable[Recorded]) -> dict[int, list[Line]]:
    """By position. A claim's lines need its earlier facts, which are read once for the page."""
    wanted = {fact.position: fact for fact in facts}
    if not wanted:
        return {}
    streams, found = sorted({str(fact.stream) for fact in wanted.values()}), dict[int, list[Line]]()
    for _, told in groupby(log.streams(connection, streams, max(wanted), _OF_CLAIMS), key=attrgetter("stream")):
        book = ClaimBook()
        for row in told:
            fact = row.fact
            place = place_of(row.scopes, getattr(fact, "fund", None))
            entry = book.post(fact, place) if place is not None else []
            if row.position in wanted:
                found[row.position] = entry
    return found
