"""The demonstration's book: lives saved in batches, against the same lives with every command in a transaction of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from api.bench import book
from api.bench.contest import Contest, Effort, timed
from api.bench.databases import as_role, fresh
from api.demo.book import play_loans, prepare
from domain.facts import Moment
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook

LOANS = 100
"""A slot: they are played again and again, each time other persons' (a year of Jining is 27,000)."""


@contextmanager
def demonstrations(server: str, effort: Effort) -> Iterator[Contest]:
    """Facts a second, deciding and all. Both sides decide the same lives with the same functions and prove every leaf."""
    with _office(server) as ours, _office(server) as plain:
        loans = min(LOANS, effort.loans // 10)
        yield Contest(lambda: _played(*ours, loans, together=True), lambda: _played(*plain, loans, together=False))


def _played(desk: Desk, counting: psycopg.Connection, loans: int, *, together: bool) -> float:
    """The next loans of the book; the rate is of the facts that came."""
    before, first = _counted(counting)
    seconds = 1 / timed(
        lambda: play_loans(desk, _MOMENT, range(first, first + loans), seed=1, together=together), events=1
    )
    return (_counted(counting)[0] - before) / seconds


_MOMENT = Moment(now=datetime(2026, 6, 1, tzinfo=UTC))


def _counted(connection: psycopg.Connection) -> tuple[int, int]:
    """How many facts there are, and the number of the next loan."""
    row = connection.execute(
        "SELECT count(*), 1 + count(*) FILTER (WHERE topic = 'loan.contract_signed') FROM ledger.stored_events"
    ).fetchone()
    assert row is not None
    return row


@contextmanager
def _office(server: str) -> Iterator[tuple[Desk, psycopg.Connection]]:
    with (
        fresh(server, migrated=True) as database,
        fresh(server, migrated=False) as keys,
        tempfile.TemporaryDirectory() as folder,
        closing(Keystore(keys, Path(folder) / "master.key")) as keystore,
        Ledger(as_role(database, "application"), digest_key=book.DIGEST_KEY) as ledger,
        psycopg.connect(database, autocommit=True) as counting,
    ):
        desk = Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(Path(folder) / "materials"), NoSource())
        prepare(desk, _MOMENT)
        yield desk, counting
