"""Personal data: sealed for one place, found by a keyed hash, in plain text nowhere, gone with its key."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.exceptions import InvalidTag

from domain.borrower.borrower import Borrower
from domain.borrower.events import BorrowerRegistered
from ledger.keystore import Keystore, MasterKeyLost, PersonUnreadable
from ledger.ledger import Ledger
from ledger.registering import RegisterBorrower, register_borrower
from tests.ledger.writing import DAY, append, at_once, jobs, length_if_sound, said_under

ID_NUMBER = "37999919900307101X"
NAME = "孔令仪金丝雀"
PHONE = "13905370001"
COMMAND = RegisterBorrower(name=NAME, id_number=ID_NUMBER, phone=PHONE, value_date=DAY)


@pytest.fixture
def master_key(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.key"


@pytest.fixture
def keystore(empty_database: str, master_key: Path) -> Keystore:
    return Keystore(empty_database, master_key)


@pytest.fixture
def person(ledger: Ledger, keystore: Keystore) -> UUID:
    """A borrower, registered."""
    return register_borrower(ledger, keystore, COMMAND, said_under())


def registered(ledger: Ledger, person: UUID) -> BorrowerRegistered:
    (fact,) = ledger.events.get(person)
    assert isinstance(fact, BorrowerRegistered)
    return fact


# Sealing.


def test_what_was_sealed_is_opened_at_its_place(ledger: Ledger, keystore: Keystore, person: UUID) -> None:
    fact, key = registered(ledger, person), keystore.key(person)
    assert fact.phone is not None
    said = [("name", fact.name), ("id_number", fact.id_number), ("phone", fact.phone)]
    assert [key.open(sealed, stream=person, version=1, field=field) for field, sealed in said] == [
        NAME,
        ID_NUMBER,
        PHONE,
    ]


def test_what_was_sealed_opens_at_no_other_place(keystore: Keystore) -> None:
    keys = keystore.persons(["37999919900307101X", "379999199003071247"])
    key, other = keys.values()
    stream = uuid4()
    sealed = key.seal(NAME, stream=stream, version=3, field="name")
    assert key.open(sealed, stream=stream, version=3, field="name") == NAME
    moved: list[tuple[Any, dict[str, Any]]] = [
        (key, {"stream": uuid4(), "version": 3, "field": "name"}),
        (key, {"stream": stream, "version": 4, "field": "name"}),
        (key, {"stream": stream, "version": 3, "field": "names"}),
        (other, {"stream": stream, "version": 3, "field": "name"}),
    ]
    for opener, place in moved:
        with pytest.raises(InvalidTag):
            opener.open(sealed, **place)


def test_equal_texts_are_sealed_differently(keystore: Keystore) -> None:
    (key,) = keystore.persons([ID_NUMBER]).values()
    place: dict[str, Any] = {"stream": uuid4(), "version": 1, "field": "name"}
    assert key.seal(NAME, **place).ciphertext != key.seal(NAME, **place).ciphertext


# In plain text nowhere.


def everything(dsn: str) -> str:
    """Every row of every table of a database as text, bytes decoded as they stand, too."""
    said = []
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(f"SELECT t::text, t.* FROM {table} t".encode()).fetchall():
                said += [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row]
    return "\n".join(said)


def traces(text: str) -> list[bytes]:
    """The ways in which a text would be recognised."""
    plain = text.encode()
    return [plain, plain.lower(), plain.hex().encode(), text.encode("gb18030"), text.encode("unicode_escape")]


def test_no_name_or_number_stands_anywhere_in_plain_text(
    ledger: Ledger, keystore: Keystore, person: UUID, database: str, empty_database: str
) -> None:
    for dsn in (database, empty_database):
        haystack = open_text(dsn)
        for text in (NAME, ID_NUMBER, PHONE):
            assert not [trace for trace in traces(text) if trace in haystack]


def open_text(dsn: str) -> bytes:
    """The same as bytes, in both of the ways in which they could be meant."""
    said = everything(dsn)
    assert len(said) > 100
    return said.encode("utf-8") + said.encode("latin-1", "ignore")


@pytest.mark.parametrize("text", [NAME, ID_NUMBER])
def test_the_search_for_plain_text_would_find_it(ledger: Ledger, database: str, text: str) -> None:
    append(ledger, [jobs(uuid4(), 1, reason=f"said by {text}")])
    assert any(trace in open_text(database) for trace in traces(text))


def test_the_keystore_shows_no_secret(keystore: Keystore, empty_database: str, master_key: Path) -> None:
    (key,) = keystore.persons([ID_NUMBER]).values()
    shown = f"{key} {key!r} {[key]!r} {keystore!r}"
    assert repr(key.secret) not in shown
    assert key.secret.hex() not in shown
    assert repr(master_key.read_bytes()) not in shown
    stored = everything(empty_database)
    assert key.secret.hex() not in stored
    assert key.secret.decode("latin-1") not in stored


# Finding.


def test_a_person_is_found_by_the_id_number_however_it_is_written(keystore: Keystore) -> None:
    (key,) = keystore.persons([ID_NUMBER]).values()
    for written in (ID_NUMBER, ID_NUMBER.lower(), f"  {ID_NUMBER} ", f"\t{ID_NUMBER.lower()}\n"):
        assert keystore.person_of(written) == key.person
        assert list(keystore.persons([written]).values()) == [key]
    assert keystore.person_of("379999199003071247") is None


def test_a_borrower_registered_twice_is_found_and_not_registered_again(
    ledger: Ledger, keystore: Keystore, person: UUID, database: str
) -> None:
    again = COMMAND.model_copy(update={"id_number": ID_NUMBER.lower()})
    assert register_borrower(ledger, keystore, again, said_under()) == person
    assert length_if_sound(database) == 1


def test_one_id_number_from_eight_threads_is_one_person(
    ledger: Ledger, keystore: Keystore, database: str, empty_database: str
) -> None:
    for number in ("37999919900307101X", "379999199003071247", "379999199003071255"):
        command = COMMAND.model_copy(update={"id_number": number})
        found = at_once(8, lambda _, said=command: register_borrower(ledger, keystore, said, said_under()))  # type: ignore[misc]
        assert len(set(found)) == 1
    with psycopg.connect(empty_database) as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM person_key), (SELECT count(*) FROM blind_index)"
        ).fetchone()
    assert counted == (3, 3)
    assert length_if_sound(database) == 3


def test_the_index_of_another_master_key_finds_nobody(keystore: Keystore, empty_database: str, tmp_path: Path) -> None:
    keystore.persons([ID_NUMBER])
    with psycopg.connect(empty_database) as connection:
        hashed = connection.execute("SELECT id_number_hash FROM blind_index").fetchall()
        connection.execute("DELETE FROM person_key")
    other = Keystore(empty_database, tmp_path / "other.key")
    other.persons([ID_NUMBER])
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT id_number_hash FROM blind_index").fetchall() != hashed
    assert other.digest_key != keystore.digest_key


# The master key.


def test_the_master_key_is_made_once_and_for_its_owner_only(
    keystore: Keystore, empty_database: str, master_key: Path
) -> None:
    first = master_key.read_bytes()
    assert len(first) == 32
    assert stat.S_IMODE(master_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(master_key.parent.stat().st_mode) == 0o700
    (key,) = keystore.persons([ID_NUMBER]).values()
    again = Keystore(empty_database, master_key)
    assert master_key.read_bytes() == first
    assert (again.person_of(ID_NUMBER), again.key(key.person).secret) == (key.person, key.secret)
    assert again.digest_key == keystore.digest_key


def test_keystores_opened_at_once_share_one_master_key(empty_database: str, master_key: Path) -> None:
    opened = at_once(6, lambda _: Keystore(empty_database, master_key))
    assert len({keystore.digest_key for keystore in opened}) == 1


@pytest.fixture
def sealed_once(keystore: Keystore, master_key: Path) -> Path:
    """A master key under which something is sealed."""
    keystore.persons([ID_NUMBER])
    return master_key


def test_a_lost_master_key_is_missed_and_not_made_anew(sealed_once: Path, empty_database: str) -> None:
    kept = sealed_once.read_bytes()
    sealed_once.unlink()
    with pytest.raises(MasterKeyLost, match="restore it from its backup"):
        Keystore(empty_database, sealed_once)
    assert not sealed_once.exists()
    sealed_once.write_bytes(kept)
    assert Keystore(empty_database, sealed_once).person_of(ID_NUMBER) is not None


@pytest.mark.parametrize("content", [bytes(32), os.urandom(32), b"", b"short", bytes(64)], ids=len)
def test_a_wrong_master_key_is_refused(sealed_once: Path, empty_database: str, content: bytes) -> None:
    sealed_once.write_bytes(content)
    with pytest.raises(MasterKeyLost):
        Keystore(empty_database, sealed_once)


# Erasure.


def test_without_their_key_a_person_is_unreadable_and_the_facts_still_replay(
    ledger: Ledger, keystore: Keystore, person: UUID, database: str, empty_database: str
) -> None:
    before = registered(ledger, person)
    with psycopg.connect(empty_database) as connection:
        connection.execute("DELETE FROM person_key WHERE person = %s", (person,))
    with pytest.raises(PersonUnreadable, match=str(person)):
        keystore.key(person)
    assert keystore.person_of(ID_NUMBER) is None
    assert registered(ledger, person) == before
    borrower: Borrower = ledger.repository.get(person)
    assert borrower.registered.value_date == DAY
    assert length_if_sound(database) == 1


def test_a_new_key_of_the_same_id_number_opens_nothing_old(
    ledger: Ledger, keystore: Keystore, person: UUID, empty_database: str
) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("DELETE FROM person_key WHERE person = %s", (person,))
    (renewed,) = keystore.persons([ID_NUMBER]).values()
    assert renewed.person != person
    with pytest.raises(InvalidTag):
        renewed.open(registered(ledger, person).name, stream=person, version=1, field="name")
