"""What the append, the look-up, the log and the keystore hold even against odd callers."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ledger.keystore import Keystore
from ledger.ledger import Ledger
from tests.conftest import as_role
from tests.ledger.writing import append, at_once, call_append, jobs, said_under, several


def test_guard_arrays_that_do_not_match_are_refused(database: str) -> None:
    slot = {
        "p_slot_moves": ["take"],
        "p_slot_guards": ["g"],
        "p_slot_keys": ["k"],
        "p_slot_holders": ["h"],
        "p_slot_limits": [0],
    }
    total = {
        "p_total_guards": ["t"],
        "p_total_keys": ["k"],
        "p_total_used": [5],
        "p_total_capacity": [1],
        "p_total_binding": [True],
    }
    holes: list[dict[str, list[None]]] = [{name: []} for name in (*slot, *total)]
    holes += [{"p_slot_moves": [None]}, {"p_slot_limits": [None]}, {"p_total_binding": [None]}]
    with psycopg.connect(as_role(database, "application"), autocommit=True) as connection:
        for hole in holes:
            with pytest.raises(psycopg.DatabaseError) as refused:
                call_append(connection, **(slot | total | hole))
            assert (hole, refused.value.sqlstate) == (hole, "LG008")


MISFITS: dict[str, dict[str, object]] = {
    "no subject": {"p_subject": ""},
    "no region": {"p_region": ""},
    "no correlation": {"p_correlation": ""},
    "no key": {"p_key": ""},
    "a long key": {"p_key": "k" * 201},
    "a command of a book's length": {"p_authority": "a" * 2300},
    "a version before the first": {"p_versions": [0]},
    "no topic": {"p_topics": [""]},
    "a long topic": {"p_topics": ["长" * 34]},
    "a day without end": {"p_value_dates": ["infinity"]},
    "a day before Christ": {"p_value_dates": ["0001-01-01 BC"]},
    "seventeen scopes": {"p_scopes": ["\x1f".join("abcdefghijklmnopq")]},
}


@pytest.mark.parametrize("what", MISFITS)
def test_an_envelope_that_does_not_fit_is_refused_alone_and_among_others(database: str, what: str) -> None:
    parts = MISFITS[what]
    sound: dict[str, Any] = {
        "p_ids": [uuid4(), uuid4()],
        "p_versions": [1, 1],
        "p_topics": ["a.b/v1", "a.b/v1"],
        "p_states": [b"{}", b"{}"],
        "p_value_dates": ["2026-03-01", "2026-03-01"],
        "p_scopes": ["a", "b"],
    }
    second = {name: [sound[name][0], part[0]] if isinstance(part, list) else part for name, part in parts.items()}
    with psycopg.connect(as_role(database, "application"), autocommit=True) as connection:
        for given in (parts, sound | second):
            with pytest.raises(psycopg.DatabaseError, match="the envelope does not fit") as refused:
                call_append(connection, **given)
            assert refused.value.sqlstate == "LG011"
        call_append(connection, **sound)


def test_an_outcome_is_not_found_without_the_digest_of_its_request(ledger: Ledger, database: str) -> None:
    append(ledger, several(1), said_under("k"))
    with (
        psycopg.connect(as_role(database, "application")) as connection,
        pytest.raises(psycopg.DatabaseError) as refused,
    ):
        connection.execute("SELECT * FROM ledger.find_outcome('k', NULL)")
    assert refused.value.sqlstate == "LG001"


def test_not_even_a_session_that_passes_by_triggers_changes_a_fact(ledger: Ledger, database: str) -> None:
    append(ledger, several(1))
    with psycopg.connect(database) as superuser:
        superuser.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.DatabaseError, match="facts are never changed"):
            superuser.execute("DELETE FROM ledger.stored_events")


def test_the_auditor_reads_the_log_whatever_characters_a_fact_holds(ledger: Ledger, database: str) -> None:
    append(ledger, [jobs(uuid4(), 1, reason="a\x00\x00b\\u0000c\\\x00")])
    with psycopg.connect(as_role(database, "auditor")) as auditor:
        rows = auditor.execute("SELECT payload->>'created', payload->>'reason' FROM ledger.readable_events").fetchall()
    assert rows == [("1", "a\ufffd\ufffdb\\u0000c\\\ufffd")]


def test_the_same_persons_asked_for_in_opposite_orders_are_found(empty_database: str, tmp_path: Path) -> None:
    keystore = Keystore(empty_database, tmp_path / "master.key")
    numbers = [f"{number:017d}1" for number in range(400)]
    first, second = at_once(2, lambda n: keystore.persons(numbers[:: 1 if n else -1]))
    assert first == second
