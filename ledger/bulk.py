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
from ledger.guards import slot_moves, total_moves
from ledger.leaf import day_number, leaf_of, measured, measured_scopes, measured_text, microseconds

CHUNK = 5000
"""Facts a transaction at most: the lock is held for about a tenth of a second, so that others are not kept waiting."""

_COPY = (
    "COPY ledger.stored_events (originator_id, originator_version, topic, state, notification_id, recorded_at, value_date, scopes,"
    " actor_subject, actor_role, actor_institution, actor_region, authority, correlation, causation, idempotency_key, credential,"
    " channel, actor_signature, leaf_hash) FROM STDIN (FORMAT BINARY)"
)
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_FIELDS_SIXTEEN = struct.pack(">hi", 20, 16)
_EIGHT, _FOUR, _THIRTY_TWO = (struct.pack(">i", size) for size in (8, 4, 32))
_NULL = struct.pack(">i", -1)
_TEXT = 25
_BLOCK = 500


def copy_in(connection: psycopg.Connection, facts: Sequence[Fact], context: CommandContext) -> tuple[int, int]:
    """Append up to CHUNK facts in one transaction of the importer's; returns the first and the last position.

    Facts that move guard rows go through the append function, never this way.
    """
    assert 0 < len(facts) <= CHUNK, "a chunk at a time"
    assert not slot_moves(facts) and not total_moves(facts), "history moves no guard rows"
    states = [encode(fact) for fact in facts]
    with connection.transaction():
        row = connection.execute("SELECT next_position, recorded_at FROM ledger.begin_import()").fetchone()
        assert row is not None
        first, recorded_at = row
        with connection.cursor().copy(_COPY) as copy:
            copy.write(_HEADER)
            for start in range(0, len(facts), _BLOCK):  # the server takes one block in while the next is encoded
                block = slice(start, start + _BLOCK)
                copy.write(b"".join(rows(facts[block], states[block], first + start, recorded_at, context)))
            copy.write(_TRAILER)
    return first, first + len(facts) - 1


def rows(
    facts: Sequence[Fact], states: Sequence[bytes], first: int, recorded_at: datetime, context: CommandContext
) -> list[bytes]:
    """The facts as rows of a binary copy; what an append's rows share is encoded once."""
    command = b"".join(_NULL if part is None else measured(_bytes(part)) for part in context.columns)
    hashed, time = context.hashed, microseconds(recorded_at)
    lines = []
    for number, (fact, state) in enumerate(zip(facts, states, strict=True), first):
        stream, version = fact.originator_id.bytes, fact.originator_version.to_bytes(8, "big")
        position, day = number.to_bytes(8, "big"), day_number(fact.value_date)
        topic, scopes, kind = _kind(fact.TOPIC, fact.scopes)
        leaf = leaf_of(position + time, stream + version + day, kind, hashed, state)
        lines.append(
            b"".join(
                (
                    _FIELDS_SIXTEEN, stream, _EIGHT, version, topic, len(state).to_bytes(4, "big"), state, _EIGHT, position,
                    _EIGHT, time, _FOUR, day, scopes, command, _THIRTY_TWO, leaf,
                )
            )
        )  # fmt: skip
    return lines


@lru_cache(maxsize=16384)
def _kind(topic: str, scopes: tuple[str, ...]) -> tuple[bytes, bytes, bytes]:
    """Topic and scopes as columns, and as they are hashed."""
    as_array = measured(encoded(_TEXT, scopes, str.encode))
    return measured(topic.encode()), as_array, measured_text(topic) + measured_scopes(scopes)


def _bytes(part: str | bytes) -> bytes:
    return part if isinstance(part, bytes) else part.encode()
