"""Materials 材料: electronic documents by the digest of their content, each encrypted under its person's key; no paper copy exists (R-PRO-4)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import BadInput, Phrased, Refusal
from ledger.containers import is_whole
from ledger.keystore import PersonKey

LARGEST = 20 * 1024 * 1024
_NONCE = 12

_MARKS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"PK\x03\x04", "application/ofd", (".ofd",)),
)
"""What a file of each accepted type begins with, and the names it may have; OFD is GB/T 33190."""


class MaterialUnreadable(BadInput):
    code = "material.unreadable"
    en = "{field}: {file} cannot be read: {problem}; give the path of a document"
    zh = "{field}：无法读取 {file}：{problem}；请给出文件路径"


class MaterialRefused(Phrased, BadInput):
    """Its content decides what a document is, never its name."""

    code = "material.refused"
    en = "{field}: {file} {problem}; give a PDF, OFD, PNG or JPEG of at most 20 MB under its own name"
    zh = "{field}：{file} {problem}；请提供 20 MB 以内、名称与内容相符的 PDF、OFD、PNG 或 JPEG"


class MaterialLost(Refusal):
    code = "material.lost"
    en = "document {digest} is not in the store, or not what it was; restore it from the backup"
    zh = "材料 {digest} 不在存储中或已被改动；请从备份恢复"


@dataclass(frozen=True)
class Material:
    """A document that is kept: SHA-256 of its content as hexadecimal digits, its type by content, its bytes."""

    digest: str
    media_type: str
    size: int


class MaterialStore:
    """A folder of encrypted documents; one that is there already is not written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take_file(self, file: Path, key: PersonKey) -> Material:
        """Keep a document. Raises MaterialUnreadable, MaterialRefused."""
        content = read_file(file)
        return self.take(content, media_type(content, file), key)

    def take(self, content: bytes, kind: str, key: PersonKey) -> Material:
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest, key)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            nonce = os.urandom(_NONCE)
            _write(place, nonce + AESGCM(key.secret).encrypt(nonce, content, bytes.fromhex(digest)))
        return Material(digest, kind, len(content))

    def open(self, digest: str, key: PersonKey) -> bytes:
        """The document again. Raises MaterialLost."""
        try:
            sealed = self._place(digest, key).read_bytes()
            content = AESGCM(key.secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], bytes.fromhex(digest))
        except Exception:
            raise MaterialLost(field="material", digest=digest) from None
        return content

    def _place(self, digest: str, key: PersonKey) -> Path:
        return self._folder / str(key.person) / digest


def read_file(file: Path) -> bytes:
    """Raises MaterialUnreadable, MaterialRefused."""
    try:
        if file.stat().st_size > LARGEST:
            raise MaterialRefused(field="material", file=file.name, problem="is larger than 20 MB")
        return file.read_bytes()
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or "it is no path"
        raise MaterialUnreadable(field="material", file=ascii(str(file)), problem=said) from None


def media_type(content: bytes, file: Path) -> str:
    """The type by the first bytes; a name that says otherwise, or a container that is not whole, is refused. Raises MaterialRefused."""
    for mark, kind, endings in _MARKS:
        if content.startswith(mark):
            if file.suffix.lower() not in endings:
                raise MaterialRefused(field="material", file=file.name, problem=f"is {kind} under another name")
            if not is_whole(kind, content):
                raise MaterialRefused(field="material", file=file.name, problem=f"is no whole {kind}")
            return kind
    problem = "is empty" if not content else "is of no type that is accepted"
    raise MaterialRefused(field="material", file=file.name, problem=problem)


def _write(place: Path, sealed: bytes) -> None:
    """Complete or not there."""
    half_made = place.with_name(f"{place.name}.{uuid4()}")
    handle = os.open(half_made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as made:
        made.write(sealed)
        made.flush()
        os.fsync(made.fileno())
    half_made.rename(place)
