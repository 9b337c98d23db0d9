"""The append: order, time, leaf, guards, idempotency and facts hold together, or nothing of them is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from domain.actor import LOCAL_OPERATOR, Actor
from domain.facts import Fact, Moment
from domain.loan.loan import Loan
from domain.loan.refusals import AlreadyReversed, ReferenceUsed
from ledger.context import CommandContext
from ledger.guards import TotalMove, slot_moves
from ledger.leaf import Envelope, leaf_hash
from ledger.ledger import Ledger, Receipt
from ledger.recorder import LeafMismatch, is_version_conflict
from ledger.reporting import ReportJobs, report_jobs
from ledger.store import AlreadyRecorded, KeyReused, LossyFunctions, OverCapacity
from tests.conftest import DIGEST_KEY, as_role
from tests.ledger.cutting_proxy import CuttingProxy, cutting_proxy
from tests.ledger.writing import (
    DAY,
    DIGEST,
    NOW,
    append,
    at_once,
    call_append,
    contents,
    jobs,
    length_if_sound,
    loan,
    one_fact,
    open_ledger,
    repaid,
    said_under,
    several,
)

REPORT = ReportJobs(loan_no="L1", created=3, retained=1, value_date=DAY)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """The append function within reach, in the application's role."""
    with psycopg.connect(as_role(database, "application"), autocommit=True) as opened:
        yield opened


@pytest.fixture
def proxy(database: str) -> Iterator[CuttingProxy]:
    with cutting_proxy(as_role(database, "application")) as between:
        yield between


@pytest.fixture
def signed(ledger: Ledger) -> Loan:
    """The loan L1, recorded."""
    opened = loan("L1")
    append(ledger, opened.collect_events())
    return opened


def facts_of(ledger: Ledger) -> list[Fact]:
    """The whole log, read back."""
    facts = [ledger.mapper.to_domain_event(n) for n in ledger.recorder.select_notifications(1, 10_000)]
    assert all(isinstance(fact, Fact) for fact in facts)
    return [fact for fact in facts if isinstance(fact, Fact)]


# Order and time.


def test_positions_count_from_one_in_the_order_of_the_saves(ledger: Ledger, database: str) -> None:
    assert [list(append(ledger, several(count)).positions) for count in (1, 3, 2)] == [[1], [2, 3, 4], [5, 6]]
    assert length_if_sound(database) == 6


def test_an_append_says_where_when_and_under_which_leaf(ledger: Ledger, database: str) -> None:
    answer = append(ledger, several(3))
    with psycopg.connect(database) as connection:
        stored = connection.execute(
            "SELECT notification_id, recorded_at, leaf_hash FROM ledger.stored_events ORDER BY 1"
        ).fetchall()
    assert [row[0] for row in stored] == list(answer.positions)
    assert {row[1] for row in stored} == {answer.recorded_at}
    assert stored[-1][2] == answer.last_leaf


def test_writers_at_once_share_one_order(ledger: Ledger, database: str) -> None:
    answers = at_once(8, lambda _: [append(ledger, several(3)) for _ in range(5)])
    flat = sorted((a for per_thread in answers for a in per_thread), key=lambda a: a.positions[0])
    assert [p for a in flat for p in a.positions] == list(range(1, 121))
    assert [a.recorded_at for a in flat] == sorted(a.recorded_at for a in flat)
    assert length_if_sound(database) == 120


def test_server_time_is_the_servers_and_never_runs_backwards(ledger: Ledger, database: str) -> None:
    before = append(ledger, several(1)).recorded_at
    assert abs(datetime.now(UTC) - before) < timedelta(minutes=1)
    with psycopg.connect(database) as connection:
        ahead = connection.execute(
            "UPDATE ledger.log_head SET recorded_at = recorded_at + interval '1 hour' RETURNING recorded_at"
        ).fetchone()
    assert ahead is not None
    assert append(ledger, several(1)).recorded_at == ahead[0]


def test_repeatable_read_is_refused(connection: psycopg.Connection, database: str) -> None:
    connection.execute("SET default_transaction_isolation = 'repeatable read'")
    with pytest.raises(psycopg.DatabaseError) as refused:
        call_append(connection)
    assert refused.value.sqlstate == "LG009"
    assert length_if_sound(database) == 0


# The leaf.

ODD: list[dict[str, Any]] = [
    {},
    {"scopes": ("county:嘉祥县", "bank:工商银行 济宁分行", "a|b,c\\d'e\"f")},
    {"scopes": ("x",) * 16},
    {"reason": "更正：录入错误 \u0001 \\u0000 \U0001f3e6", "evidence": ("", "sha256:00")},
    {"value_date": DAY.replace(year=1)},
    {"value_date": DAY.replace(year=9999)},
]
PLAIN_ACTOR = Actor(subject="s", role="r", institution="i", region="g")
CONTEXTS = [
    said_under(),
    said_under("钥匙", authority="", causation="", credential=""),
    said_under(authority="审批 7", causation="原因", credential="eyJ", signature=b""),
    said_under(signature=bytes(range(200)), channel="通道", correlation="相关"),
    CommandContext(Actor(subject="甲" * 64, role="经办", institution="担保中心", region="任城"), Moment(now=NOW)),
    CommandContext(PLAIN_ACTOR, Moment(now=NOW)),
]


def test_the_leaf_is_the_same_in_python_and_for_the_auditor_whatever_the_envelope_holds(
    ledger: Ledger, database: str
) -> None:
    for context in CONTEXTS:
        facts = [jobs(uuid4(), 1, **odd) for odd in ODD]
        answer = append(ledger, facts, context)
        stored = ledger.mapper.to_stored_event(facts[-1])
        last = Envelope(
            answer.positions[-1],
            answer.recorded_at,
            facts[-1].originator_id,
            1,
            stored.topic,
            facts[-1].value_date,
            facts[-1].scopes,
        )
        assert leaf_hash(last, context.hashed, stored.state) == answer.last_leaf
    assert length_if_sound(database) == len(CONTEXTS) * len(ODD)


def test_the_envelope_is_stored_as_it_was_given(ledger: Ledger, database: str) -> None:
    context = said_under("k", authority="", causation=None, credential="t", signature=b"\x00\xff")
    append(ledger, [jobs(uuid4(), 1, scopes=("county:嘉祥县", "bank:b"))], context)
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT actor_subject, actor_role, actor_institution, actor_region, authority, correlation, causation,"
            " idempotency_key, credential, channel, actor_signature, scopes, value_date, payload->>'created',"
            " state_digest FROM ledger.readable_events"
        ).fetchone()
    assert row is not None
    assert row[:11] == context.columns
    assert row[11:14] == (["county:嘉祥县", "bank:b"], DAY, "1")


def test_null_and_empty_do_not_share_a_leaf(ledger: Ledger) -> None:
    assert len({said_under("k", correlation="c", **{name: given}).hashed for name, given in NULLS}) == len(NULLS)


NULLS: list[tuple[str, Any]] = [
    ("authority", None),
    ("authority", ""),
    ("causation", ""),
    ("credential", ""),
    ("signature", b""),
]


def test_a_server_that_hashes_otherwise_is_found_out(ledger: Ledger, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION ledger.measured_text(part text) RETURNS bytea LANGUAGE sql STABLE AS"
            " $$ SELECT convert_to(coalesce(part, ''), 'UTF8') $$"
        )
    with pytest.raises(LeafMismatch, match="position 1"):
        append(ledger, several(1))


# Conflicts.


def test_a_conflicting_save_leaves_no_trace_and_no_gap(ledger: Ledger, database: str) -> None:
    stream = uuid4()
    append(ledger, several(1, stream))
    before = contents(database)
    fresh, total = uuid4(), [TotalMove("fund", "f", 5, 9, True)]
    for facts in ([repaid(stream, 1, "B|1")], [repaid(fresh, 1, "B|2"), jobs(stream, 1)]):
        with pytest.raises(IntegrityError) as overtaken:
            append(ledger, facts, said_under("late"), totals=total)
        assert is_version_conflict(overtaken.value)
        assert contents(database) == before
    after = append(ledger, [repaid(fresh, 1, "B|2"), jobs(stream, 2)], said_under("late"), totals=total)
    assert list(after.positions) == [2, 3]
    assert length_if_sound(database) == 3


def test_a_refused_guard_leaves_no_trace_and_no_gap(ledger: Ledger, database: str) -> None:
    append(ledger, [repaid(uuid4(), 1, "B|1")])
    before = contents(database)
    with pytest.raises(ReferenceUsed):
        append(ledger, [repaid(uuid4(), 1, "B|2"), repaid(uuid4(), 1, "B|1")], totals=[TotalMove("f", "k", 1, 2, True)])
    with pytest.raises(OverCapacity):
        append(ledger, [repaid(uuid4(), 1, "B|3")], totals=[TotalMove("f", "k", 3, 2, True)])
    assert contents(database) == before
    assert list(append(ledger, several(1)).positions) == [2]


def test_a_decision_that_another_writer_overtook_is_made_anew(ledger: Ledger, signed: Loan, database: str) -> None:
    decided: list[int] = []

    def decide() -> list[Loan]:
        found = ledger.loan("L1")
        decided.append(found.version)
        if len(decided) == 1:
            with open_ledger(database) as other:
                report_jobs(other, REPORT, said_under())
        found.report_jobs(Moment(now=NOW), created=9, retained=0, value_date=DAY)
        return [found]

    receipt = ledger.perform(REPORT, said_under(), decide)
    assert decided == [1, 2]
    assert receipt is not None
    assert (receipt.position, ledger.loan("L1").state()["jobs_created"]) == (3, 9)


# Idempotency.


def same_but_for_repetition(receipt: Receipt | None) -> tuple[Any, ...]:
    assert receipt is not None
    return receipt.first_position, receipt.position, receipt.recorded_at, receipt.leaf_hash


@pytest.mark.parametrize("now", ["would be decided again", "would be refused", "would have nothing to record"])
def test_the_same_key_gets_the_first_answer_whatever_would_be_decided_now(
    now: str, ledger: Ledger, signed: Loan, database: str
) -> None:
    first = report_jobs(ledger, REPORT, said_under("k"))
    append(ledger, several(2))
    before = contents(database)

    def decide() -> list[Loan]:
        loan = ledger.loan(REPORT.loan_no)
        if now == "would be refused":
            raise AlreadyReversed(field="version", version=2, loan_no=REPORT.loan_no)
        if now == "would be decided again":
            loan.report_jobs(Moment(now=datetime.now(UTC)), created=9, retained=9, value_date=REPORT.value_date)
        return [loan]

    again = ledger.perform(REPORT, said_under("k"), decide)
    assert first is not None
    assert again is not None
    assert (first.repeated, again.repeated) == (False, True)
    assert same_but_for_repetition(again) == same_but_for_repetition(first)
    assert contents(database) == before


OTHERS = [
    (REPORT.model_copy(update={"created": 4}), LOCAL_OPERATOR),
    (REPORT.model_copy(update={"loan_no": "L2"}), LOCAL_OPERATOR),
    (REPORT, LOCAL_OPERATOR.model_copy(update={"subject": "another"})),
]


def test_the_same_key_with_another_body_is_refused(ledger: Ledger, signed: Loan, database: str) -> None:
    report_jobs(ledger, REPORT, said_under("k"))
    before = contents(database)
    for command, actor in OTHERS:
        with pytest.raises(KeyReused):
            report_jobs(ledger, command, CommandContext(actor, Moment(now=NOW), given_key="k"))
    with pytest.raises(KeyReused):
        append(ledger, several(1), said_under("k"), digest=bytes(32))
    assert contents(database) == before


def test_one_command_from_eight_threads_has_one_effect(ledger: Ledger, signed: Loan, database: str) -> None:
    for number in range(5):
        receipts = at_once(8, lambda _, key=f"k{number}": report_jobs(ledger, REPORT, said_under(key)))  # type: ignore[misc]
        assert len({same_but_for_repetition(receipt) for receipt in receipts}) == 1
        assert [receipt is not None and receipt.repeated for receipt in receipts].count(False) == 1
    assert length_if_sound(database) == 6


def test_one_key_on_eight_streams_stores_one_of_them(ledger: Ledger, database: str) -> None:
    def save(_: int, key: str) -> bool:
        try:
            append(ledger, several(2), said_under(key))
        except AlreadyRecorded:
            return False
        return True

    for number in range(5):
        assert at_once(8, partial(save, key=f"k{number}")).count(True) == 1
    assert length_if_sound(database) == 10


def test_a_refused_command_leaves_its_key_free(ledger: Ledger, database: str) -> None:
    append(ledger, [repaid(uuid4(), 1, "B|1")])
    with pytest.raises(ReferenceUsed):
        append(ledger, [repaid(uuid4(), 1, "B|1")], said_under("k"))
    assert list(append(ledger, [repaid(uuid4(), 1, "B|2")], said_under("k")).positions) == [2]


# Lost messages.


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("key", [None, "given"])
def test_a_lost_message_has_one_effect_and_gets_the_first_receipt(
    database: str, proxy: CuttingProxy, lost: Literal["request", "answer"], key: str | None
) -> None:
    with Ledger(proxy.dsn, digest_key=DIGEST_KEY) as ledger:
        append(ledger, loan("L1").collect_events())
        proxy.lose(lost, holding=b'"created":3,')
        receipt = report_jobs(ledger, REPORT, said_under(key))
        assert proxy.lost == 1
        assert length_if_sound(database) == 2
        digest = contents(database)["stored_events"][1]
        assert receipt is not None
        assert (receipt.first_position, receipt.position, receipt.repeated) == (2, 2, lost == "answer")
        assert receipt.leaf_hash in digest
        assert receipt.recorded_at in digest
        assert ledger.loan("L1").version == 2


def test_a_new_loan_whose_acknowledgement_was_lost_is_there_once(database: str, proxy: CuttingProxy) -> None:
    with Ledger(proxy.dsn, digest_key=DIGEST_KEY) as ledger:
        proxy.lose("answer", holding=b'"loan_no":"L1"')
        receipt = ledger.perform(REPORT, said_under(), lambda: [loan("L1")])
        assert proxy.lost == 1
        assert receipt is not None
        assert (receipt.position, receipt.repeated) == (1, True)
        assert length_if_sound(database) == 1


# Guards.


def test_a_banks_reference_is_recorded_once_for_whichever_loan(ledger: Ledger, database: str) -> None:
    append(ledger, [repaid(uuid4(), 1, "ICBC|1")])
    with pytest.raises(ReferenceUsed, match=r"ICBC\|1 "):
        append(ledger, [repaid(uuid4(), 1, "ICBC|1")])
    with pytest.raises(ReferenceUsed, match=r"ICBC\|2 "):
        append(ledger, [repaid(uuid4(), 1, "ICBC|2"), repaid(uuid4(), 1, "ICBC|2")])
    append(ledger, [repaid(uuid4(), 1, "CCB|1"), repaid(uuid4(), 1, None), repaid(uuid4(), 1, None)])
    assert length_if_sound(database) == 4


def test_a_reference_sent_from_eight_threads_is_recorded_once(ledger: Ledger, database: str) -> None:
    def pay(_: int) -> bool:
        try:
            append(ledger, [repaid(uuid4(), 1, "ICBC|1")])
        except ReferenceUsed:
            return False
        return True

    assert at_once(8, pay).count(True) == 1
    assert length_if_sound(database) == 1


def totals(database: str) -> list[Any]:
    return contents(database)["guard_total"]


def test_a_binding_total_stops_at_its_capacity(ledger: Ledger, database: str) -> None:
    append(ledger, several(1), totals=[TotalMove("fund", "jining", 0, 100, False)])
    append(ledger, several(1), totals=[TotalMove("fund", "jining", 100, 0, True)])
    with pytest.raises(OverCapacity, match="jining"):
        append(ledger, several(1), totals=[TotalMove("fund", "jining", 1, 0, True)])
    append(ledger, several(1), totals=[TotalMove("fund", "jining", -40, 0, True)])
    append(ledger, several(1), totals=[TotalMove("fund", "jining", 40, 0, True)])
    assert totals(database) == [("fund", "jining", 100, 100)]


def test_a_recorded_fact_may_take_a_total_past_its_capacity(ledger: Ledger, database: str) -> None:
    append(ledger, several(1), totals=[TotalMove("fund", "jining", 150, 100, False)])
    with pytest.raises(OverCapacity):
        append(ledger, several(1), totals=[TotalMove("fund", "jining", 1, 0, True)])
    append(ledger, several(1), totals=[TotalMove("fund", "jining", 0, 51, False)])
    append(ledger, several(1), totals=[TotalMove("fund", "jining", 1, 0, True)])
    assert totals(database) == [("fund", "jining", 151, 151)]


def test_two_moves_of_one_total_in_one_save_both_count(ledger: Ledger, database: str) -> None:
    both = [TotalMove("fund", "f", 60, 100, True), TotalMove("fund", "f", 60, 0, True)]
    with pytest.raises(OverCapacity):
        append(ledger, several(1), totals=both)
    assert totals(database) == []


def test_a_total_under_eight_threads_is_never_overdrawn(ledger: Ledger, database: str) -> None:
    append(ledger, several(1), totals=[TotalMove("fund", "f", 0, 5, False)])

    def draw(_: int) -> bool:
        try:
            append(ledger, several(1), totals=[TotalMove("fund", "f", 1, 0, True)])
        except OverCapacity:
            return False
        return True

    assert at_once(8, draw).count(True) == 5
    assert totals(database) == [("fund", "f", 5, 5)]
    assert length_if_sound(database) == 6


def move(connection: psycopg.Connection, kind: str, holder: str, limit: int = 3, key: str = "p") -> None:
    call_append(
        connection,
        p_slot_moves=[kind],
        p_slot_guards=["loans"],
        p_slot_keys=[key],
        p_slot_holders=[holder],
        p_slot_limits=[limit],
    )


def slots(database: str, key: str = "p") -> dict[str, int]:
    return {holder: slot for guard, of, slot, holder in contents(database)["guard_slot"] if of == key}


def test_a_slot_taken_is_the_lowest_free_one(connection: psycopg.Connection, database: str) -> None:
    for holder in "abc":
        move(connection, "take", holder)
    move(connection, "free", "b")
    assert slots(database) == {"a": 1, "c": 3}
    move(connection, "take", "d")
    assert slots(database) == {"a": 1, "d": 2, "c": 3}


def test_no_slot_is_taken_past_the_limit_of_its_key(connection: psycopg.Connection, database: str) -> None:
    for holder in "abc":
        move(connection, "take", holder)
    with pytest.raises(psycopg.DatabaseError) as refused:
        move(connection, "take", "d")
    assert (refused.value.sqlstate, refused.value.diag.message_primary) == ("LG003", "loans")
    assert refused.value.diag.message_detail == "p"
    move(connection, "take", "d", key="another")
    assert (slots(database), slots(database, "another")) == ({"a": 1, "b": 2, "c": 3}, {"d": 1})


def test_a_recorded_fact_takes_a_slot_past_the_limit(connection: psycopg.Connection, database: str) -> None:
    for holder in "abcde":
        move(connection, "record", holder)
    move(connection, "free", "a")
    assert slots(database) == {"b": 2, "c": 3, "d": 4, "e": 5}
    move(connection, "take", "f")
    with pytest.raises(psycopg.DatabaseError, match="loans"):
        move(connection, "take", "g")
    assert slots(database)["f"] == 1


def test_a_holder_has_one_slot_and_frees_only_its_own(connection: psycopg.Connection, database: str) -> None:
    for kind in ("take", "record", "take"):
        move(connection, kind, "a", limit=1)
    move(connection, "free", "nobody")
    assert slots(database) == {"a": 1}


def rebuilt(facts: list[Fact]) -> set[tuple[str, str, int, str]]:
    """The slots that the facts of a log come to, worked out without the database."""
    held: dict[tuple[str, str], dict[str, int]] = {}
    for step in slot_moves(facts):
        of = held.setdefault((step.guard, step.key), {})
        if step.move == "free":
            of.pop(step.holder, None)
        elif step.holder not in of:
            of[step.holder] = min(set(range(1, len(of) + 2)) - set(of.values()))
    return {(guard, key, slot, holder) for (guard, key), of in held.items() for holder, slot in of.items()}


def test_guard_slots_are_what_the_facts_say(ledger: Ledger, database: str) -> None:
    streams = [uuid4() for _ in range(4)]
    for number in range(30):
        fact = repaid(streams[number % 4], 1 + number // 4, f"B|{number // 2}" if number % 3 else None)
        try:
            append(ledger, [fact])
        except ReferenceUsed:
            append(ledger, [fact.model_copy(update={"bank_reference": f"C|{number}"})])
    kept = contents(database)["guard_slot"]
    assert len(kept) == 20
    assert set(kept) == rebuilt(facts_of(ledger))


# What is refused at the door.

SHORT: list[dict[str, Any]] = [{name: []} for name in list(one_fact())[:6]]
LONG: list[dict[str, Any]] = [{name: value * 2} for name, value in one_fact().items() if isinstance(value, list)]
ABSENT: list[dict[str, Any]] = [{name: None} for name in list(one_fact())[:6]]


def test_arrays_that_do_not_match_are_refused(connection: psycopg.Connection, database: str) -> None:
    for given in [*SHORT, *LONG, *ABSENT]:
        with pytest.raises(psycopg.DatabaseError) as refused:
            call_append(connection, **given)
        assert (refused.value.sqlstate, given) == ("LG008", given)
    assert length_if_sound(database) == 0


def test_nothing_that_every_fact_has_may_be_null(connection: psycopg.Connection, database: str) -> None:
    before = contents(database)
    for name, value in one_fact().items():
        with pytest.raises(psycopg.DatabaseError) as refused:
            call_append(connection, **{name: [None] if isinstance(value, list) else None})
        assert (refused.value.sqlstate, name) == ("23502", name)
    assert contents(database) == before


def test_an_event_of_another_mapper_is_not_appended(ledger: Ledger, database: str) -> None:
    with pytest.raises(AssertionError, match="only facts of our mapper"):
        ledger.recorder.insert_events(
            [StoredEvent(UUID(int=1), 1, "t", b"{}")], context=said_under(), digest=DIGEST, answers=[]
        )
    assert length_if_sound(database) == 0


def test_the_librarys_lossy_database_functions_are_refused(database: str) -> None:
    for value in ("y", "yes", "true", "on", "1"):
        with pytest.raises(LossyFunctions, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
            open_ledger(database, POSTGRES_ENABLE_DB_FUNCTIONS=value)


def test_any_number_of_ledgers_write_to_one_log(database: str) -> None:
    with open_ledger(database, POSTGRES_ENABLE_DB_FUNCTIONS="n") as one, open_ledger(database) as other:
        for number, ledger in enumerate([one, other] * 3, 1):
            assert list(append(ledger, several(1)).positions) == [number]
    assert length_if_sound(database) == 6
