"""Bulk import: our checked way into the log against a raw COPY of the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import psycopg
from psycopg import Connection

from api.bench import book
from api.bench.contest import Contest, Effort, timed
from api.bench.databases import as_role, fresh
from domain.facts import Fact
from domain.stored_form import encode
from ledger import bulk

CHUNKS = 2
"""Transactions in a slot."""

_COPY = "COPY raw_events FROM STDIN (FORMAT BINARY)"
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"


def fill(dsn: str, facts: Sequence[Fact]) -> None:
    """Copy facts in, as the importer does, chunk by chunk."""
    with psycopg.connect(as_role(dsn, "importer"), autocommit=True) as importer:
        _import(importer, list(_chunks(facts)))


@contextmanager
def imports(server: str, effort: Effort) -> Iterator[Contest]:
    """Facts into the log, leaves and positions checked by the database, against a COPY of rows encoded beforehand.

    Fair to the disk and the indexes: the raw table is a copy of the log's definition, with its columns, checks,
    primary key and unique index, and the rows are as long. Ours starts from facts and so encodes and hashes as well.
    """
    salts = count()
    with (
        fresh(server, migrated=True) as dsn,
        psycopg.connect(as_role(dsn, "importer"), autocommit=True) as importer,
        psycopg.connect(dsn, autocommit=True) as raw,
    ):
        raw.execute("CREATE TABLE raw_events (LIKE ledger.stored_events INCLUDING ALL)")
        position = count(1)

        def our_slot() -> float:
            chunks = _slot(f"{next(salts)}", effort)
            return timed(lambda: _import(importer, chunks), sum(map(len, chunks)))

        def raw_slot() -> float:
            chunks = _slot(f"{next(salts)}", effort)
            blocks = [_encoded(chunk, position) for chunk in chunks]
            return timed(lambda: _copy(raw, blocks), sum(map(len, chunks)))

        yield Contest(our_slot, raw_slot)


def _slot(salt: str, effort: Effort) -> list[list[Fact]]:
    many = min(CHUNKS * bulk.CHUNK, effort.loans * 10)
    return list(_chunks(book.facts(many // 15, salt)[:many]))


def _chunks(facts: Sequence[Fact]) -> Iterator[list[Fact]]:
    for start in range(0, len(facts), bulk.CHUNK):
        yield list(facts[start : start + bulk.CHUNK])


def _import(importer: Connection[Any], chunks: Sequence[Sequence[Fact]]) -> None:
    for chunk in chunks:
        bulk.copy_in(importer, chunk, book.context())


def _encoded(chunk: Sequence[Fact], position: Iterator[int]) -> bytes:
    first, *_ = [next(position) for _ in chunk]
    states = [encode(fact) for fact in chunk]
    return _HEADER + b"".join(bulk.rows(chunk, states, first, datetime.now(UTC), book.context())) + _TRAILER


def _copy(raw: Connection[Any], blocks: Sequence[bytes]) -> None:
    for block in blocks:
        with raw.transaction(), raw.cursor().copy(_COPY) as copy:
            copy.write(block)
