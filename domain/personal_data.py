"""Personal data 个人信息: in facts it exists only as ciphertext under a key that belongs to one person."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from domain.frozen import Frozen


class Sealed(Frozen):
    """One personal field, encrypted with AES-256-GCM.

    `nonce` and `ciphertext` are base64; the ciphertext is bound to (stream, version, field, person, key id), so it cannot
    be moved elsewhere. Whoever holds no key reads nothing; destroying the key destroys the field.
    """

    algorithm: Literal["AES-256-GCM"] = "AES-256-GCM"
    person: UUID
    key_id: UUID
    nonce: str
    ciphertext: str


def binding(stream: UUID, version: int, field: str, person: UUID, key_id: UUID) -> bytes:
    """What a sealed field is bound to, every part behind its length (the associated data of the encryption)."""
    parts = (stream.bytes, version.to_bytes(8, "big"), field.encode(), person.bytes, key_id.bytes)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
