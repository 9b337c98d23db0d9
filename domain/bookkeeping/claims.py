"""The books of a claim 代偿账: what the fund owes and is owed of it, line by line, as its facts come.

A payment between the fund and another party settles first what the one that pays holds for the other, and then what it had been paid too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.bookkeeping.posting import Line, Place, pair
from domain.compensation import events
from domain.facts import Fact
from domain.money import Fen
from domain.ratio import PartyAmount, ShareScheme


class ClaimBook:
    """One claim on its way; told its facts in order, it gives the lines of each."""

    def __init__(self) -> None:
        self._scheme: ShareScheme | None = None
        self._pending: Fen = 0
        self._due_from: dict[str, Fen] = {}
        self._due_to: dict[str, Fen] = {}

    def post(self, fact: Fact, place: Place) -> list[Line]:
        """The lines of its next fact; `place` is at the bank that lent."""
        return [*self._post(fact, place)]

    def _post(self, fact: Fact, place: Place) -> Iterator[Line]:
        day = fact.value_date
        match fact:
            case events.ClaimRecorded():
                self._scheme = fact.scheme
            case events.ClaimFiled():
                self._scheme = fact.scheme
                yield from self._wait(fact.principal_fen + fact.interest_fen, day, place)
            case events.ClaimVerified():
                yield from self._wait(fact.principal_fen + fact.interest_fen, day, place)
            case events.ClaimRejected() | events.ClaimWithdrawn():
                yield from self._wait(0, day, place)
            case events.ClaimApproved():
                yield from self._wait(0, day, place)
                yield from pair("G1101", "G2001", _fund(fact.shares), day, place)
            case events.ClaimAdjusted() if self._pending:
                yield from self._wait(fact.covered_fen, day, place)
            case events.ClaimAdjusted():
                yield from pair("G1101", "G2001", _fund(fact.share_changes), day, place)
            case events.SharePaid() if fact.party == "fund":
                if fact.payee is None:  # a history: nobody approved it here
                    yield from pair("G1101", "G2001", fact.amount_fen, day, place)
                yield Line("G2001", day, fact.amount_fen, place)
                yield Line("G1001", day, -fact.amount_fen, _account(fact.bank, place))
            case events.RecoveryReceived() | events.RecoveryReversed() | events.AssetTakenOver() | events.AssetSold():
                yield from self._collected(fact, place)
            case events.RecoveryRemitted() if "fund" in (fact.party, fact.payee):
                yield from self._passed_on(fact, place)
            case events.ShareWrittenOff() if fact.party == "fund":
                yield from pair("G5001", "G1109", fact.amount_fen, day, place)
                yield from pair("G1109", "G1101", fact.amount_fen, day, place)
                yield from pair("M9021", "M9029", fact.amount_fen, day, place)

    def _wait(self, claimed: Fen, day: date, place: Place) -> Iterator[Line]:
        """The fund's share of what is claimed and not approved yet."""
        now = self._scheme.part("fund", claimed) if self._scheme is not None else 0
        yield from pair("M9011", "M9019", now - self._pending, day, place)
        self._pending = now

    def _collected(self, fact: events.Recovered, place: Place) -> Iterator[Line]:
        day, share, late = fact.value_date, _fund(fact.shares), _fund(fact.after_write_off)
        others = {part.party: part.fen for part in fact.shares if part.party != "fund"}
        others["bank"] = others.get("bank", 0) + fact.excluded_fen
        others["borrower"] = fact.refundable_fen
        if fact.collected_by in (None, "fund"):
            came = share + (sum(others.values()) if fact.collected_by == "fund" else 0)
            yield from _came(fact, came, place)
            for party, fen in others.items() if fact.collected_by == "fund" else ():
                self._due_to[party] = self._due_to.get(party, 0) + fen
                if fen:
                    yield Line("G2101", day, -fen, place, party=party)
        elif share:
            self._due_from[fact.collected_by] = self._due_from.get(fact.collected_by, 0) + share
            yield Line("G1202", day, share, place, party=fact.collected_by)
        if share != late:
            yield Line("G1101", day, late - share, place)
        if late:
            yield Line("G4101", day, -late, place)
        yield from pair("M9021", "M9029", -late, day, place)

    def _passed_on(self, fact: events.RecoveryRemitted, place: Place) -> Iterator[Line]:
        day, fen = fact.value_date, fact.amount_fen
        due_from, due_to = ("G1202", self._due_from), ("G2101", self._due_to)
        came = fact.payee == "fund"
        other, sign = (fact.party, 1) if came else (fact.payee, -1)
        (owing, owes), (paid_back, had) = (due_from, due_to) if came else (due_to, due_from)
        first = min(fen, max(owes.get(other, 0), 0))
        owes[other] = owes.get(other, 0) - first
        had[other] = had.get(other, 0) + fen - first
        yield Line("G1001", day, sign * fen, _account(fact.bank, place))
        for account, part in ((owing, first), (paid_back, fen - first)):
            if part:
                yield Line(account, day, -sign * part, place, party=other)


def _came(fact: events.Recovered, fen: Fen, place: Place) -> Iterator[Line]:
    """What came to the fund: money on its account, or an asset; one that is sold goes at the value at which it came."""
    day = fact.value_date
    match fact:
        case events.AssetTakenOver():
            yield Line("G1301", day, fact.value_fen, place)
        case events.AssetSold():
            if net := fact.gross_fen - fact.cost_fen:
                yield Line("G1001", day, net, _account(fact.bank, place))
            yield Line("G1301", day, -fact.value_fen, place)
        case _ if fen:
            yield Line("G1001", day, fen, _account(fact.bank, place))


def _fund(parts: tuple[PartyAmount, ...]) -> Fen:
    return sum(part.fen for part in parts if part.party == "fund")


def _account(bank: str | None, place: Place) -> Place:
    """Money stands at the bank of the account."""
    return Place(place.fund, bank or place.bank)
