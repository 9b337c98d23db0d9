"""In whose name, by which way and when a command acts: the part of the envelope that all its facts share."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID, uuid4

from pydantic import BaseModel

from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import Moment
from ledger.leaf import measured, measured_text

_SIZES = {
    "channel": range(1, 51),
    **dict.fromkeys(("given_key", "correlation"), range(1, 201)),
    **dict.fromkeys(("causation", "authority", "credential"), range(201)),
}
"""How many bytes the envelope takes of each text."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class CommandContext:
    """Who, when, through which channel and on whose authority.

    `given_key` names the command for ever: a repeat gets the first answer. Left out, one is made, so that a retry after
    a lost acknowledgement still has one effect. `authority` is the approval acted upon, `causation` what led to the command,
    `credential` the token presented, `signature` the actor's own over the command. `expected` names a stream and the versions
    of it, one of which the actor looked at: if it has moved on, the command is refused.
    """

    actor: Actor
    moment: Moment
    channel: str = "python"
    given_key: str | None = None
    correlation: str = field(default_factory=lambda: str(uuid4()))
    causation: str | None = None
    authority: str | None = None
    credential: str | None = None
    signature: bytes | None = None
    expected: tuple[UUID, frozenset[int]] | None = None
    preview: bool = False
    """Decide and record nothing: what would be recorded is answered by `Previewed`."""

    def __post_init__(self) -> None:
        """Raises InvalidInput for a text that the envelope does not take."""
        for name in ("channel", "given_key", "correlation", "causation", "authority", "credential"):
            text: str | None = getattr(self, name)
            if text is not None and (len(text.encode()) not in _SIZES[name] or _CONTROL.search(text)):
                expected = f"{_SIZES[name].start} to {_SIZES[name].stop - 1} bytes without control characters"
                raise InvalidInput(field=name, problem=f"{text[:40]!a} is not accepted", expected=expected)

    @cached_property
    def idempotency_key(self) -> str:
        return self.given_key or str(uuid4())

    @cached_property
    def columns(self) -> tuple[str | bytes | None, ...]:
        """In the order of the append function and of the table."""
        actor = self.actor
        return (
            actor.subject,
            actor.role,
            actor.institution,
            actor.region,
            self.authority,
            self.correlation,
            self.causation,
            self.idempotency_key,
            self.credential,
            self.channel,
            self.signature,
        )

    @cached_property
    def hashed(self) -> bytes:
        """The command's part of a leaf."""
        *texts, signature = self.columns
        signed = b"\x00" if not isinstance(signature, bytes) else b"\x01" + measured(signature)
        return b"".join(measured_text(t if isinstance(t, str) else None) for t in texts) + signed


def request_digest(key: bytes, command: BaseModel, actor: Actor) -> bytes:
    """What a repeat of a command is recognised by: keyed, because the command may hold personal data.

    What is left out does not count, so that a later release with one more optional field still knows an earlier one's commands.
    """
    parts = (type(command).__name__, command.model_dump_json(exclude_none=True), actor.model_dump_json())
    return hmac.new(key, b"".join(measured(part.encode()) for part in parts), hashlib.sha256).digest()
