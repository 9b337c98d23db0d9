"""Verifying finds whatever somebody changed who could get past every trigger, and says at which position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from ledger.ledger import Ledger
from ledger.verifying import Verdict, verify
from projections.log import everything
from tests import conftest
from tests.ledger.writing import append, loan, open_ledger, said_under, several

FACTS = 12
"""Three loans of four facts; position 6 is the second fact of the second."""


@dataclass(frozen=True)
class Log:
    """A connection whose changes are taken back after the test, and the streams of its log."""

    connection: psycopg.Connection
    streams: list[UUID]

    def tamper(self, *statements: str) -> None:
        for statement in statements:
            assert self.connection.execute(statement.encode()).rowcount > 0, statement

    def verdict(self, most: int = 20) -> Verdict:
        return verify(everything(self.connection, limit=5), most=most)


@pytest.fixture(scope="module")
def recorded(server: str, template: str) -> Iterator[tuple[str, list[UUID]]]:
    """A database with the log, and the streams in it."""
    name = f"{template}_verifying"
    dsn = conftest._create(server, name, template)
    with open_ledger(dsn) as ledger:
        streams = [_recorded(ledger, number) for number in range(3)]
    yield dsn, streams
    conftest._drop(server, name)


def _recorded(ledger: Ledger, number: int) -> UUID:
    opened = loan(f"L-{number}")
    context = said_under(authority="decision 7", causation="earlier", credential="token", signature=b"signed")
    later = several(3, opened.id, first=2, scopes=("county:370811", "bank:b"))
    append(ledger, [*opened.collect_events(), *later], context)
    return opened.id


@pytest.fixture
def kept(recorded: tuple[str, list[UUID]]) -> Iterator[Log]:
    """As a superuser who has switched every trigger off."""
    with psycopg.connect(recorded[0]) as connection:
        connection.execute("ALTER TABLE ledger.stored_events DISABLE TRIGGER USER")
        yield Log(connection, recorded[1])
        connection.rollback()


def at(faults: Sequence[str]) -> set[str]:
    return {fault.split(":")[0] for fault in faults}


def test_a_log_that_nobody_touched_holds(kept: Log) -> None:
    found = kept.verdict()
    assert (found.facts, found.faults, found.holds) == (FACTS, (), True)


def test_an_empty_log_holds() -> None:
    assert verify([]) == Verdict(0, ())
    assert verify([]).holds


CHANGES: dict[str, str] = {
    "state": "set_byte(state, 30, get_byte(state, 30) # 1)",
    "value_date": "value_date + 1",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "topic": "'loan.settled'",
    "scopes": "array_append(scopes, 'county:370812')",
    "actor_subject": "'somebody else'",
    "actor_role": "'auditor'",
    "actor_institution": "'elsewhere'",
    "actor_region": "'elsewhere'",
    "authority": "NULL",
    "correlation": "'another'",
    "causation": "NULL",
    "idempotency_key": "'another'",
    "credential": "'another'",
    "channel": "'another'",
    "actor_signature": "NULL",
    "leaf_hash": "sha256(leaf_hash)",
}


@pytest.mark.parametrize("column", CHANGES)
def test_every_part_of_a_fact_is_attested(kept: Log, column: str) -> None:
    kept.tamper(f"UPDATE ledger.stored_events SET {column} = {CHANGES[column]} WHERE notification_id = 6")
    found = kept.verdict()
    assert not found.holds
    assert found.faults == ("position 6: the leaf does not recompute",)


def test_scopes_put_in_another_order_or_joined_are_found(kept: Log) -> None:
    kept.tamper(
        "UPDATE ledger.stored_events SET scopes = ARRAY['bank:b', 'county:370811'] WHERE notification_id = 2",
        "UPDATE ledger.stored_events SET scopes = ARRAY['county:370811bank:b'] WHERE notification_id = 6",
    )
    assert at(kept.verdict().faults) == {"position 2", "position 6"}


def test_words_moved_from_one_field_to_the_next_are_found(kept: Log) -> None:
    kept.tamper(
        "UPDATE ledger.stored_events SET actor_institution = actor_region, actor_region = actor_institution || 'x'"
        " WHERE notification_id = 4",
        "UPDATE ledger.stored_events SET authority = causation, causation = authority WHERE notification_id = 9",
    )
    assert at(kept.verdict().faults) == {"position 4", "position 9"}


def test_a_removed_fact_leaves_a_gap_in_the_log_and_a_hole_in_its_stream(kept: Log) -> None:
    kept.tamper("DELETE FROM ledger.stored_events WHERE notification_id = 6")
    assert kept.verdict().faults == (
        "position 6 is missing, 7 follows",
        f"position 7: version 3 does not follow in stream {kept.streams[1]}",
    )


def test_a_removed_beginning_is_found(kept: Log) -> None:
    kept.tamper("DELETE FROM ledger.stored_events WHERE notification_id <= 4")
    assert kept.verdict().faults == ("position 1 is missing, 5 follows",)


def test_a_removed_end_shows_in_how_many_facts_there_are(kept: Log) -> None:
    kept.tamper("DELETE FROM ledger.stored_events WHERE notification_id > 8")
    assert kept.verdict().facts == 8 < FACTS


def test_positions_closed_up_after_a_removal_are_found(kept: Log) -> None:
    kept.tamper(
        "DELETE FROM ledger.stored_events WHERE notification_id = 12",
        "UPDATE ledger.stored_events SET notification_id = 12 WHERE notification_id = 6",
        "UPDATE ledger.stored_events SET notification_id = 6 WHERE notification_id = 11",
        "UPDATE ledger.stored_events SET notification_id = 11 WHERE notification_id = 12",
    )
    assert at(kept.verdict().faults) == {"position 6", "position 7", "position 9", "position 11"}


def test_a_fact_moved_to_another_stream_is_found(kept: Log) -> None:
    kept.tamper(
        "UPDATE ledger.stored_events SET originator_id = 'f0000000-0000-4000-8000-000000000000', originator_version = 1"
        " WHERE notification_id = 12",
    )
    assert kept.verdict().faults == ("position 12: the leaf does not recompute",)


def test_every_fault_is_named_with_its_position_up_to_so_many(kept: Log) -> None:
    kept.tamper("UPDATE ledger.stored_events SET channel = 'another' WHERE notification_id IN (1, 5, 6, 10)")
    assert [fault.split(":")[0] for fault in kept.verdict().faults] == [f"position {n}" for n in (1, 5, 6, 10)]
    assert [fault.split(":")[0] for fault in kept.verdict(most=2).faults] == ["position 1", "position 5"]
