"""Appending one fact: our recorder against the library's default one, with 1, 4 and 8 writers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from eventsourcing.persistence import JSONTranscoder, StoredEvent

from api.bench import book, library
from api.bench.contest import Contest, Effort, race
from api.bench.databases import as_role, fresh
from ledger.context import CommandContext
from ledger.guards import TotalMove
from ledger.ledger import Ledger
from ledger.mapper import FactMapper, StoredFact

CEILING = 7000
"""Appends a second that no machine of two cores reaches; so many are prepared for a slot."""

_DIGEST = bytes(32)
_MAPPER = FactMapper(JSONTranscoder())
_ROOM = TotalMove("guarantee_capacity", "fund-jining", 0, 10**15, True)
_USED = TotalMove("guarantee_capacity", "fund-jining", 100, 0, True)


@dataclass(frozen=True)
class Append:
    """What one call of our recorder takes."""

    fact: StoredFact
    context: CommandContext
    totals: tuple[TotalMove, ...]


@contextmanager
def appends(server: str, effort: Effort, *, threads: int, guarded: bool) -> Iterator[Contest]:
    """Prepared stored events go into each recorder one by one; nothing is encoded, decided or read in the slot.

    Fair because both sides append an equal repayment to new streams, each in a database of its own on one server.
    Ours writes more: the envelope, a leaf on both sides, the command's key; with guards also a bank's reference and
    a capacity.
    """
    slots = count()
    with (
        fresh(server, migrated=True) as ours,
        fresh(server, migrated=False) as plain,
        Ledger(as_role(ours, "application"), digest_key=book.DIGEST_KEY) as ledger,
        library.application(plain) as other,
    ):
        opened = library.grown("appended", 10)
        *_, repaid = (other.mapper.to_stored_event(event) for event in opened.collect_events())
        if guarded:
            _append(ledger, Append(_fact("room", 1, guarded), book.context(), (_ROOM,)))
        many = int(CEILING * effort.seconds / threads)

        def our_slot() -> float:
            lots = [_lot(f"{next(slots)}", many, guarded) for _ in range(threads)]
            return race(lambda append: _append(ledger, append), lots, effort.seconds)

        def plain_slot() -> float:
            lots = [_plain_lot(f"{next(slots)}", many, repaid) for _ in range(threads)]
            return race(lambda event: other.recorder.insert_events([event]), lots, effort.seconds)

        yield Contest(our_slot, plain_slot)


def _append(ledger: Ledger, append: Append) -> None:
    ledger.recorder.insert_events([append.fact], context=append.context, digest=_DIGEST, totals=append.totals)


def _lot(salt: str, many: int, guarded: bool) -> list[Append]:
    totals = (_USED,) if guarded else ()
    return [Append(_fact(salt, version, guarded), book.context(), totals) for version in range(1, many + 1)]


def _fact(salt: str, version: int, guarded: bool) -> StoredFact:
    update = {"originator_id": book.stream(salt), "originator_version": version}
    reference = {"bank_reference": f"bank-jining|{salt}-{version}"} if guarded else {}
    return _MAPPER.to_stored_event(book.repayment().model_copy(update=update | reference))


def _plain_lot(salt: str, many: int, repaid: StoredEvent) -> list[StoredEvent]:
    loan = book.stream(salt)
    return [StoredEvent(loan, version, repaid.topic, repaid.state) for version in range(1, many + 1)]
