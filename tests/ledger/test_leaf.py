"""The leaf, version 1, for ever: the same bytes in Python and in SQL, and never other bytes than these."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.facts import Moment
from ledger.context import CommandContext
from ledger.leaf import Envelope, leaf_hash

GOLDEN = "3e2296e7a243bd58b8bd55566a90ee095124167066e7ef5438ce21e1f3b4bec1"

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
WORD = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
ENVELOPES = st.builds(
    Envelope,
    position=st.integers(1, 2**63 - 1),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
    stream=st.uuids(),
    version=st.integers(1, 2**63 - 1),
    topic=TEXT,
    value_date=st.dates(),
    scopes=st.lists(WORD, max_size=5),
)
COMMANDS = st.builds(
    CommandContext,
    actor=st.builds(Actor.model_construct, subject=TEXT, role=TEXT, institution=TEXT, region=TEXT),
    moment=st.just(Moment(now=datetime(2026, 3, 2, tzinfo=UTC))),
    channel=WORD,
    given_key=WORD,
    correlation=WORD,
    causation=st.none() | st.just("") | WORD,
    authority=st.none() | st.just("") | WORD,
    credential=st.none() | st.just("") | WORD,
    signature=st.none() | st.binary(max_size=80),
)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as opened:
        yield opened


def leaf_in_sql(connection: psycopg.Connection, envelope: Envelope, context: CommandContext, state: bytes) -> Any:
    columns: tuple[Any, ...] = context.columns
    place = (envelope.position, envelope.recorded_at, envelope.stream, envelope.version, envelope.topic)
    row = connection.execute(
        "SELECT ledger.leaf_hash(%s::bigint, %s::timestamptz, %s::uuid, %s::bigint, %s::text, %s::date, %s::text[],"
        " ledger.command_part(%s::text, %s::text, %s::text, %s::text, %s::text, %s::text, %s::text, %s::text, %s::text,"
        " %s::text, %s::bytea), %s::bytea)",
        (*place, envelope.value_date, list(envelope.scopes), *columns, state),
    ).fetchone()
    assert row is not None
    return row[0]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(envelope=ENVELOPES, context=COMMANDS, state=st.binary(max_size=200))
def test_python_and_sql_agree_on_every_leaf(
    connection: psycopg.Connection, envelope: Envelope, context: CommandContext, state: bytes
) -> None:
    assert leaf_hash(envelope, context.hashed, state) == leaf_in_sql(connection, envelope, context, state)


# The pinned example.

ENVELOPE = Envelope(
    position=7,
    recorded_at=datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC),
    stream=UUID("018f0000-0000-7000-8000-00000000beef"),
    version=2,
    topic="loan.repaid",
    value_date=date(1999, 12, 31),
    scopes=("county:嘉祥县", "bank:ICBC"),
)
CONTEXT = CommandContext(
    Actor(subject="clerk-7", role="operator", institution="工商银行", region="jining"),
    Moment(now=datetime(2026, 3, 2, tzinfo=UTC)),
    channel="http",
    given_key="k-1",
    correlation="c-1",
    causation="",
    authority=None,
    credential="t",
    signature=b"\x01\x02",
)
STATE = b'{"v":1,"amount_fen":100}'


def spelled_out() -> bytes:
    """The preimage of the example, byte for byte as the format says."""

    def text(value: str) -> bytes:
        raw = value.encode("utf-8")
        return struct.pack(">BI", 1, len(raw)) + raw

    absent = b"\x00"
    microseconds = (9557 * 86_400 + 34_200) * 1_000_000 + 123_456  # days since 2000-01-01, seconds of 09:30
    return b"".join(
        [
            b"\x00",
            b"jnloan/leaf/v1",
            struct.pack(">q", 7),
            struct.pack(">q", microseconds),
            bytes.fromhex("018f000000007000800000000000beef"),
            struct.pack(">q", 2),
            struct.pack(">i", -1),  # the day before 2000-01-01
            text("loan.repaid"),
            struct.pack(">I", 2) + text("county:嘉祥县\x1fbank:ICBC"),
            text("clerk-7") + text("operator") + text("工商银行") + text("jining"),
            absent + text("c-1") + text("") + text("k-1") + text("t") + text("http"),
            struct.pack(">BI", 1, 2) + b"\x01\x02",
            sha256(STATE).digest(),
        ]
    )


def test_the_format_of_the_leaf_never_changes(connection: psycopg.Connection) -> None:
    assert sha256(spelled_out()).hexdigest() == GOLDEN
    assert leaf_hash(ENVELOPE, CONTEXT.hashed, STATE).hex() == GOLDEN
    assert leaf_in_sql(connection, ENVELOPE, CONTEXT, STATE).hex() == GOLDEN


def test_every_part_of_the_envelope_changes_the_leaf() -> None:
    changed: list[tuple[str, Any]] = [
        ("position", 8),
        ("recorded_at", ENVELOPE.recorded_at.replace(microsecond=123457)),
        ("stream", UUID(int=1)),
        ("version", 3),
        ("topic", "loan.repaie"),
        ("value_date", date(2000, 1, 1)),
        ("scopes", ("county:嘉祥县bank:ICBC",)),
    ]
    said: list[tuple[str, Any]] = [
        ("channel", "https"),
        ("given_key", "k-2"),
        ("correlation", "c-2"),
        ("causation", None),
        ("authority", ""),
        ("credential", None),
        ("signature", None),
        ("actor", CONTEXT.actor.model_copy(update={"subject": "clerk-8"})),
        ("actor", CONTEXT.actor.model_copy(update={"role": "operatos"})),
        ("actor", CONTEXT.actor.model_copy(update={"institution": "建设银行"})),
        ("actor", CONTEXT.actor.model_copy(update={"region": "jinan"})),
    ]
    leaves = [leaf_hash(Envelope(**(vars(ENVELOPE) | {name: value})), CONTEXT.hashed, STATE) for name, value in changed]
    given_parts = {name: getattr(CONTEXT, name) for name in CONTEXT.__dataclass_fields__}
    leaves += [leaf_hash(ENVELOPE, CommandContext(**(given_parts | {n: v})).hashed, STATE) for n, v in said]
    leaves.append(leaf_hash(ENVELOPE, CONTEXT.hashed, STATE + b" "))
    assert len({GOLDEN, *(leaf.hex() for leaf in leaves)}) == len(changed) + len(said) + 2
