"""Who acts: every fact records the person, the role, the institution and the region in whose name it was recorded."""

from __future__ import annotations

import re

from pydantic import Field

from domain.errors import InvalidInput, NotPermitted
from domain.frozen import PLAIN, Frozen

_NAME = r"[^\s:@/\x00-\x1f\x7f]{1,64}"
_ACTOR = re.compile(
    rf"(?P<role>[a-z][a-z_]{{0,31}})(?::(?P<subject>{_NAME}))?(?:@(?P<institution>{_NAME}))?(?:/(?P<region>{_NAME}))?"
)


class Actor(Frozen):
    """`subject` names a person or program by a pseudonym, never by name."""

    subject: str = Field(pattern=PLAIN, max_length=64)
    role: str = Field(pattern=PLAIN, max_length=32)
    institution: str = Field(pattern=PLAIN, max_length=64)
    region: str = Field(pattern=PLAIN, max_length=64)

    def must_be(self, *roles: str, action: str) -> None:
        """Raises NotPermitted unless the actor's role is one of `roles`."""
        if self.role not in roles:
            raise NotPermitted(field="actor", role=self.role, action=action, allowed=", ".join(roles))


LOCAL_OPERATOR = Actor(subject="local", role="operator", institution="local", region="local")
"""Whoever sits at the machine: may import, read and administer."""

SYSTEM = Actor(subject="system", role="system", institution="local", region="local")
"""The program itself, where it establishes what nobody has to decide."""


def parse_actor(text: str, *, field: str = "--as") -> Actor:
    """Read `ROLE[:SUBJECT][@INSTITUTION][/REGION]`. Raises InvalidInput."""
    match = _ACTOR.fullmatch(text)
    if match is None:
        raise InvalidInput(
            field=field,
            problem=f"{text[:60]!a} is not an actor",
            expected="ROLE[:SUBJECT][@INSTITUTION][/REGION]",
        )
    role = match["role"]
    return Actor(
        subject=match["subject"] or role,
        role=role,
        institution=match["institution"] or "local",
        region=match["region"] or "local",
    )
