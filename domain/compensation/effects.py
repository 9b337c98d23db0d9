"""What the facts of a claim do to it: to its balances 代偿余额, party by party, in fen, each change on the day of its fact; and to its standing.

Outstanding is paid − recovered − written off. What comes back of what was written off stands apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from domain.compensation import events
from domain.facts import Fact
from domain.money import Fen
from domain.ratio import PartyAmount

Balance: TypeAlias = Literal[
    "approved", "paid", "recovered", "recovered_after_write_off", "written_off", "excluded", "refundable"
]


class Effect(NamedTuple):
    """A signed change of one balance of one party; `excluded` is the bank's, `refundable` the borrower's."""

    balance: Balance
    party: str
    fen: Fen


def effects(fact: Fact) -> list[Effect]:
    """The changes of a fact; none for one that moves nothing."""
    match fact:
        case events.ClaimRecorded():
            return _of("approved", fact.shares)
        case events.ClaimApproved():
            return _of("approved", fact.shares) + _of("paid", _banks(fact.shares))
        case events.ClaimAdjusted():
            return _of("approved", fact.share_changes) + _of("paid", _banks(fact.share_changes))
        case events.SharePaid():
            paid = [Effect("paid", fact.party, fact.amount_fen)]
            return paid if fact.payee in (None, "bank") else [*paid, Effect("paid", fact.payee, -fact.amount_fen)]
        case events.RecoveryReceived() | events.RecoveryReversed() | events.AssetTakenOver() | events.AssetSold():
            return _recovered(fact)
        case events.ShareWrittenOff():
            return [Effect("written_off", fact.party, fact.amount_fen)]
    return []


def totals(changes: Iterable[Effect]) -> Mapping[tuple[Balance, str], Fen]:
    """What they come to, by balance and party."""
    sums: dict[tuple[Balance, str], Fen] = {}
    for balance, party, fen in changes:
        sums[balance, party] = sums.get((balance, party), 0) + fen
    return sums


def _recovered(fact: events.Recovered) -> list[Effect]:
    late = {part.party: part.fen for part in fact.after_write_off}
    told = [Effect("recovered", part.party, part.fen - late.get(part.party, 0)) for part in fact.shares]
    told += _of("recovered_after_write_off", fact.after_write_off)
    return [*told, Effect("excluded", "bank", fact.excluded_fen), Effect("refundable", "borrower", fact.refundable_fen)]


def _of(balance: Balance, parts: Iterable[PartyAmount]) -> list[Effect]:
    return [Effect(balance, part.party, part.fen) for part in parts]


def _banks(parts: Iterable[PartyAmount]) -> list[PartyAmount]:
    """The bank's share is borne where it is approved: it has paid the loan out already."""
    return [part for part in parts if part.party == "bank"]


_STEPS: Mapping[type[Fact], str] = {
    events.ClaimRecorded: "paid",
    events.ClaimFiled: "filed",
    events.ClaimMaterialsReturned: "returned",
    events.ClaimResubmitted: "filed",
    events.ClaimVerified: "verified",
    events.ClaimDisputed: "disputed",
    events.ClaimApproved: "approved",
    events.ClaimSubrogated: "paid",
    events.ClaimRejected: "rejected",
}


def step_to(fact: Fact) -> str | None:
    """Where a fact leaves a claim; None if it takes no step."""
    if isinstance(fact, events.ClaimDisputeSettled):
        return "verified" if fact.outcome == "dismissed" else "filed"
    if isinstance(fact, events.ClaimWithdrawn):
        return "lapsed" if fact.lapsed else "withdrawn"
    return _STEPS.get(type(fact))
