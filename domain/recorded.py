"""A fact as the log holds it: its place, its envelope and its stored bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.facts import Fact
from domain.stored_form import decode


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of the log."""

    position: int
    recorded_at: datetime
    stream: UUID
    version: int
    topic: str
    value_date: date
    scopes: tuple[str, ...]
    subject: str
    role: str
    institution: str
    region: str
    authority: str | None
    correlation: str
    causation: str | None
    idempotency_key: str
    credential: str | None
    channel: str
    signature: bytes | None
    leaf_hash: bytes
    state: bytes

    @property
    def fact(self) -> Fact:
        """Raises Unreadable."""
        return decode(self.stream, self.version, self.topic, self.state)
