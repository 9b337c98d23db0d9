"""The leaf 叶子哈希: what each fact's envelope hashes to, computed here independently of the database's own function.

Version 1, for ever: `SHA-256(0x00 || "jnloan/leaf/v1" || …)`, every part of fixed width or behind its length, so that no two
envelopes share a preimage. The two computations are compared at every append.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

_TAG = b"\x00jnloan/leaf/v1"
JOINT = "\x1f"
"""Joins the scopes of a fact; none of them holds it."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Envelope:
    """Everything that is attested of a fact besides its body."""

    position: int
    recorded_at: datetime
    stream: UUID
    version: int
    topic: str
    value_date: date
    scopes: Sequence[str]


def leaf_hash(envelope: Envelope, command: bytes, state: bytes) -> bytes:
    """The leaf of one fact; `command` is the part that all facts of an append share."""
    return leaf_of(
        envelope.position.to_bytes(8, "big") + microseconds(envelope.recorded_at),
        envelope.stream.bytes + envelope.version.to_bytes(8, "big") + day_number(envelope.value_date),
        measured_text(envelope.topic) + measured_scopes(envelope.scopes),
        command,
        state,
    )


def leaf_of(place: bytes, stream: bytes, kind: bytes, command: bytes, state: bytes) -> bytes:
    """The leaf of parts already encoded: position and time; stream, version and day; topic and scopes."""
    return hashlib.sha256(b"".join((_TAG, place, stream, kind, command, hashlib.sha256(state).digest()))).digest()


def measured_scopes(scopes: Sequence[str]) -> bytes:
    """Their number, and all of them joined, behind the length of that."""
    return len(scopes).to_bytes(4, "big") + measured_text(JOINT.join(scopes))


def microseconds(moment: datetime) -> bytes:
    """Microseconds since 2000-01-01 UTC, as the server sends a time."""
    return ((moment - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)


def day_number(day: date) -> bytes:
    """Days since 2000-01-01, as the server sends a date."""
    return (day.toordinal() - _EPOCH_DAY).to_bytes(4, "big", signed=True)


def measured(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def measured_text(part: str | None) -> bytes:
    """0 for nothing, else 1, the length and the bytes."""
    return b"\x00" if part is None else b"\x01" + measured(part.encode())
