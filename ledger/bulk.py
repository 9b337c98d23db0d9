"""Copying history in 批量导入: the importer's way into the log, for tapes of facts that are not decided again.

The order lock is taken, leaves are computed here, rows are copied straight into the log, and the database checks every leaf, every
position and the time before it lets the transaction commit.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import psycopg

from domain.facts import Fact
from domain.stored_form import encode
from ledger.arrays import encoded
from ledger.context import CommandContext
from ledger.guards import slot_moves
from ledger.leaf import Envelope, day_number, leaf_hash, measured, microseconds

CHUNK = 5000
"""Facts a transaction at most: the lock is held for about a tenth of a second, so that others are not kept waiting."""

_COPY = (
    "COPY ledger.stored_events (originator_id, originator_version, topic, state, notification_id, recorded_at, value_date, scopes,"
    " actor_subject, actor_role, actor_institution, actor_region, authority, correlation, causation, idempotency_key, credential,"
    " channel, actor_signature, leaf_hash) FROM STDIN (FORMAT BINARY)"
)
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_FIELDS = struct.pack(">h", 20)
_EIGHT, _FOUR, _SIXTEEN = (struct.pack(">i", size) for size in (8, 4, 16))
_NULL = struct.pack(">i", -1)
_TEXT = 25


def copy_in(connection: psycopg.Connection, facts: Sequence[Fact], context: CommandContext) -> tuple[int, int]:
    """Append up to CHUNK facts in one transaction of the importer's; returns the first and the last position.

    Facts that move guard rows go through the append function, never this way.
    """
    assert 0 < len(facts) <= CHUNK and not slot_moves(facts), "history without guard rows, a chunk at a time"
    states = [encode(fact) for fact in facts]
    with connection.transaction():
        row = connection.execute("SELECT next_position, recorded_at FROM ledger.begin_import()").fetchone()
        assert row is not None
        first, recorded_at = row
        with connection.cursor().copy(_COPY) as copy:
            copy.write(_HEADER + b"".join(rows(facts, states, first, recorded_at, context)) + _TRAILER)
    return first, first + len(facts) - 1


def rows(
    facts: Sequence[Fact], states: Sequence[bytes], first: int, recorded_at: datetime, context: CommandContext
) -> list[bytes]:
    """The facts as rows of a binary copy; what an append's rows share is encoded once."""
    command = b"".join(_NULL if part is None else measured(_bytes(part)) for part in context.columns)
    time = _EIGHT + microseconds(recorded_at)
    lines = []
    for position, (fact, state) in enumerate(zip(facts, states, strict=True), first):
        stream, version, scopes = fact.originator_id, fact.originator_version, fact.scopes
        envelope = Envelope(position, recorded_at, stream, version, fact.TOPIC, fact.value_date, scopes)
        leaf = leaf_hash(envelope, context.hashed, state)
        lines.append(
            b"".join(
                (
                    _FIELDS,
                    _SIXTEEN + stream.bytes,
                    _EIGHT + version.to_bytes(8, "big"),
                    measured(fact.TOPIC.encode()),
                    measured(state),
                    _EIGHT + position.to_bytes(8, "big"),
                    time,
                    _FOUR + day_number(fact.value_date),
                    _text_array(scopes),
                    command,
                    measured(leaf),
                )
            )
        )
    return lines


def _bytes(part: str | bytes) -> bytes:
    return part if isinstance(part, bytes) else part.encode()


@lru_cache(maxsize=4096)
def _text_array(texts: tuple[str, ...]) -> bytes:
    return measured(encoded(_TEXT, texts, str.encode))
