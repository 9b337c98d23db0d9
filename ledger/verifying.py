"""Verifying the log 校验: every leaf recomputed from the row itself, positions without a gap, streams without a hole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.recorded import Recorded
from ledger.leaf import JOINT, Envelope, leaf_hash, measured, measured_text


@dataclass(frozen=True)
class Verdict:
    """How many facts were read, and the first things that are wrong with them."""

    facts: int
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


def verify(log: Iterable[Recorded], progress: Callable[[int], None] | None = None, most: int = 20) -> Verdict:
    """Read the log from its first position and report up to `most` faults, each with its position."""
    faults, versions, position = list[str](), dict[UUID, int](), 0
    for row in log:
        position += 1
        if row.position != position:
            faults.append(f"position {position} is missing, {row.position} follows")
            position = row.position
        if row.version != versions.get(row.stream, 0) + 1:
            faults.append(f"position {position}: version {row.version} does not follow in stream {row.stream}")
        versions[row.stream] = row.version
        if recomputed(row) != row.leaf_hash or any(JOINT in scope for scope in row.scopes):
            faults.append(f"position {position}: the leaf does not recompute")
        if progress is not None:
            progress(position)
        if len(faults) >= most:
            break
    return Verdict(position, tuple(faults))


def recomputed(row: Recorded) -> bytes:
    """The leaf of the row as it stands."""
    actor = (row.subject, row.role, row.institution, row.region)
    texts = (*actor, row.authority, row.correlation, row.causation, row.idempotency_key, row.credential, row.channel)
    signed = b"\x00" if row.signature is None else b"\x01" + measured(row.signature)
    envelope = Envelope(row.position, row.recorded_at, row.stream, row.version, row.topic, row.value_date, row.scopes)
    return leaf_hash(envelope, b"".join(map(measured_text, texts)) + signed, row.state)
