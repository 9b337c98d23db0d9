"""The keystore 密钥库: a key per person, apart from the facts, and the way from an ID number to a person.

It lives in a database and under a backup regime of its own. A person's key is stored wrapped by a master key that is in neither
database; destroying the row makes the person's sealed fields unreadable for ever. ID numbers are found by a keyed hash only.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize
from uuid import UUID, uuid4

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg_pool import ConnectionPool

from domain.errors import Refusal
from domain.personal_data import Sealed, binding

_NONCE = 12
_TABLES = """
CREATE TABLE IF NOT EXISTS person_key (
  person uuid PRIMARY KEY, key_id uuid NOT NULL UNIQUE, wrapped bytea NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS blind_index (
  id_number_hash bytea PRIMARY KEY, person uuid NOT NULL REFERENCES person_key ON DELETE CASCADE);
"""


class MasterKeyLost(Refusal):
    code = "keystore.master_key_lost"
    en = "{field} is missing or wrong while the keystore holds persons' keys; restore it from its backup, a new one would read nothing"
    zh = "密钥库已有个人密钥，但 {field} 缺失或不符；请从备份恢复，新主密钥无法解密已有数据"


class PersonUnreadable(Refusal):
    code = "keystore.person_unreadable"
    en = "{person} has no key: the personal data was erased, or the keystore is not the one that belongs to this ledger"
    zh = "{person} 无密钥：个人信息已删除，或密钥库与本台账不匹配"


@dataclass(frozen=True)
class PersonKey:
    """A person's data key; never printed."""

    person: UUID
    key_id: UUID
    secret: bytes

    def __repr__(self) -> str:
        return f"PersonKey({self.person})"

    def seal(self, text: str, *, stream: UUID, version: int, field: str) -> Sealed:
        """The text as ciphertext that belongs to this place only."""
        nonce = os.urandom(_NONCE)
        bound = binding(stream, version, field, self.person, self.key_id)
        ciphertext = AESGCM(self.secret).encrypt(nonce, text.encode(), bound)
        return Sealed(
            person=self.person,
            key_id=self.key_id,
            nonce=b64encode(nonce).decode(),
            ciphertext=b64encode(ciphertext).decode(),
        )

    def open(self, sealed: Sealed, *, stream: UUID, version: int, field: str) -> str:
        """The text again; raises cryptography's InvalidTag if the ciphertext was made for another place."""
        bound = binding(stream, version, field, self.person, self.key_id)
        return AESGCM(self.secret).decrypt(b64decode(sealed.nonce), b64decode(sealed.ciphertext), bound).decode()


class Keystore:
    """Opens, and makes on first use, the keystore at `conninfo` under the master key in `master_key_file` (32 bytes, mode 0600).

    Raises MasterKeyLost.
    """

    def __init__(self, conninfo: str, master_key_file: Path) -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext('loan-ledger keystore'))")
            connection.execute(_TABLES)
            self._master = _master_key(connection, master_key_file)
        self._pool = ConnectionPool(
            conninfo,
            kwargs={"autocommit": True},
            min_size=0,
            max_size=16,
            open=False,
            check=ConnectionPool.check_connection,
            timeout=5,
        )

    def close(self) -> None:
        """Close its connections."""
        self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        self._pool.open()
        with self._pool.connection() as connection:
            yield connection

    @property
    def digest_key(self) -> bytes:
        """Keys the digests by which repeats of a command are recognised."""
        return self._derived(b"request digest")

    def person_of(self, id_number: str) -> UUID | None:
        """Who has this ID number, if anybody is known to."""
        return self.known([id_number]).get(id_number)

    def known(self, id_numbers: Iterable[str]) -> Mapping[str, UUID]:
        """Who has these ID numbers; those that belong to nobody are left out."""
        hashed = {id_number: self._hashed(id_number) for id_number in set(id_numbers)}
        with self._connection() as connection:
            found = connection.execute(
                "SELECT id_number_hash, person FROM blind_index WHERE id_number_hash = ANY(%s)",
                (list(hashed.values()),),
            )
            persons = {bytes(said): UUID(str(person)) for said, person in found}
        return {id_number: persons[said] for id_number, said in hashed.items() if said in persons}

    def persons(self, id_numbers: Iterable[str]) -> Mapping[str, PersonKey]:
        """A key for each ID number, made where there is none."""
        found: dict[str, PersonKey] = {}
        with self._connection() as connection, connection.transaction():
            for id_number in sorted(set(id_numbers), key=self._hashed):
                found[id_number] = self._person(connection, self._hashed(id_number))
        return found

    def key(self, person: UUID) -> PersonKey:
        """Raises PersonUnreadable."""
        with self._connection() as connection:
            row = connection.execute("SELECT key_id, wrapped FROM person_key WHERE person = %s", (person,)).fetchone()
        if row is None:
            raise PersonUnreadable(field="person", person=person)
        return self._unwrapped(person, row[0], row[1])

    def _person(self, connection: psycopg.Connection, hashed: bytes) -> PersonKey:
        row = connection.execute(
            "SELECT person, key_id, wrapped FROM blind_index JOIN person_key USING (person) WHERE id_number_hash = %s",
            (hashed,),
        ).fetchone()
        if row is not None:
            return self._unwrapped(*row)
        key = PersonKey(uuid4(), uuid4(), AESGCM.generate_key(256))
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(encode(%s, 'hex'), 0))", (hashed,))
        nonce = os.urandom(_NONCE)
        wrapped = nonce + AESGCM(self._master).encrypt(nonce, key.secret, key.person.bytes + key.key_id.bytes)
        connection.execute(
            "INSERT INTO person_key (person, key_id, wrapped) VALUES (%s, %s, %s)", (key.person, key.key_id, wrapped)
        )
        taken = connection.execute(
            "INSERT INTO blind_index VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING person", (hashed, key.person)
        ).fetchone()
        if taken is None:  # another process was first
            connection.execute("DELETE FROM person_key WHERE person = %s", (key.person,))
            return self._person(connection, hashed)
        return key

    def _unwrapped(self, person: UUID, key_id: UUID, wrapped: bytes) -> PersonKey:
        nonce, sealed = bytes(wrapped[:_NONCE]), bytes(wrapped[_NONCE:])
        return PersonKey(person, key_id, AESGCM(self._master).decrypt(nonce, sealed, person.bytes + key_id.bytes))

    def _hashed(self, id_number: str) -> bytes:
        return hmac.new(
            self._derived(b"blind index"),
            "".join(normalize("NFKC", id_number).split()).upper().encode(),
            hashlib.sha256,
        ).digest()

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.new(self._master, purpose, hashlib.sha256).digest()


def _master_key(connection: psycopg.Connection, file: Path) -> bytes:
    """The master key, made when there is neither a file nor anything sealed under an earlier one."""
    row = connection.execute("SELECT person, key_id, wrapped FROM person_key LIMIT 1").fetchone()
    if not file.exists():
        if row is not None:
            raise MasterKeyLost(field=str(file))
        _make(file)
    master = file.read_bytes()
    if len(master) != 32 or (row is not None and not _opens(master, *row)):
        raise MasterKeyLost(field=str(file))
    return master


def _make(file: Path) -> None:
    """A new master key, complete or not there; another process may be first."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half_made = file.with_name(f"{file.name}.{uuid4()}")
    handle = os.open(half_made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as made:
        made.write(os.urandom(32))
        made.flush()
        os.fsync(made.fileno())
    with suppress(FileExistsError):
        file.hardlink_to(half_made)
    half_made.unlink()


def _opens(master: bytes, person: UUID, key_id: UUID, wrapped: bytes) -> bool:
    try:
        AESGCM(master).decrypt(bytes(wrapped[:_NONCE]), bytes(wrapped[_NONCE:]), person.bytes + key_id.bytes)
    except InvalidTag:
        return False
    return True
