"""The engine folds every fact once, whoever dies or stands by, and a fact that it cannot read stops nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection, Cursor

from domain.errors import Refusal
from domain.recorded import Recorded
from ledger.ledger import Ledger
from projections import engine as engine_module
from projections import log
from projections.engine import Engine, wait_for
from projections.keeper import LOG, Stopped, connect
from projections.log import head
from projections.projection import Kind, Projection
from projections.querying import ALL
from projections.querying import projection as named
from projections.rebuilding import rebuild
from tests.conftest import as_role
from tests.ledger.writing import PROJECT, append, at_once, call_append, jobs, loan, repaid, several, within

LONG = 60.0
READ_REPAID, OTHERS = ("loan_book", "repayment_history"), ("audit_trail",)
UNREADABLE = b'{"v":1,"nothing":"that a repayment says"}'

IN_PAGES = """
import sys, time
from functools import partial
from projections import engine, keeper
from projections.querying import ALL

def told(position):
    print(position, flush=True)
    time.sleep(0.02)

engine.advance = partial(keeper.advance, page_size=7, told=told)
with engine.Engine(sys.argv[1], ALL) as opened:
    opened.catch_up()
"""
"""A process that folds seven facts at a time and says after each page how far it is."""


class Lists(Projection[Recorded]):
    """The positions of every fact; `version` and `problem` as a test wants them."""

    name = "lists"
    order = "position"
    topics = None
    tables: ClassVar[Mapping[str, str]] = {"lists": "position"}
    ddl = "CREATE TABLE {schema}.lists (position bigint PRIMARY KEY)"
    columns: ClassVar[Mapping[str, Kind]] = {"position": "number"}

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        if self.problem is not None:
            raise self.problem
        cursor.executemany(f"INSERT INTO {schema}.lists VALUES (%s)".encode(), [(fact.position,) for fact in facts])

    def source(self, as_of: Any, known_at: int | None) -> tuple[str, dict[str, object]]:
        return "SELECT position FROM projections.lists", {}


class Deaf:
    """A connection that listens to nothing: every notification for it is lost."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: Any, *more: Any) -> Any:
        return None if "LISTEN" in str(statement) else self._connection.execute(statement, *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class Counting(Deaf):
    """A connection that counts what is asked of it."""

    asked = 0

    def execute(self, statement: Any, *more: Any) -> Any:
        self.asked += 1
        return self._connection.execute(statement, *more)


@pytest.fixture
def projector(database: str) -> str:
    return as_role(database, "projector")


@pytest.fixture
def reading(projector: str) -> Iterator[Connection[Any]]:
    with connect(projector) as connection:
        yield connection


@contextmanager
def working(projector: str, projections: Sequence[Projection[Any]] = ALL, *, deaf: bool = False) -> Iterator[Engine]:
    """An engine that has made its tables and runs in a thread until the block ends."""
    stop, opened = Event(), Engine(projector, projections)
    opened.catch_up()
    if deaf:
        opened.connection = Deaf(opened.connection)  # type: ignore[assignment]
    thread = Thread(target=opened.run, args=(stop,))
    thread.start()
    try:
        yield opened
    finally:
        stop.set()
        with psycopg.connect(projector, autocommit=True) as waking:
            while thread.is_alive():
                waking.execute("NOTIFY stored_events")
                thread.join(0.2)
        opened.close()


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    give_up = time.monotonic() + seconds
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.02)
    return holds()


def position(connection: Connection[Any], name: str) -> int:
    statement = f"SELECT max(notification_id) FROM projections.{name}_tracking WHERE application_name = %s"
    row = connection.execute(statement.encode(), (LOG,)).fetchone()
    assert row is not None
    return row[0] or 0


def listed(connection: Connection[Any], table: str = "audit_trail") -> list[int]:
    rows = connection.execute(f"SELECT position FROM projections.{table} ORDER BY position".encode())
    return [row[0] for row in rows]


def is_exact(connection: Connection[Any]) -> bool:
    """Every fact is folded once: the trail lists all positions, and every table is what a rebuild makes."""
    last = head(connection)
    assert [position(connection, p.name) for p in ALL] == [last] * len(ALL)
    assert listed(connection) == list(range(1, last + 1))
    return all(rebuild(connection, p, switch=False).equal is True for p in ALL)


def some_loans(ledger: Ledger, count: int, facts_each: int = 3) -> None:
    for _ in range(count):
        opened = loan(f"L-{uuid4().hex[:12]}")
        append(ledger, [*opened.collect_events(), *several(facts_each - 1, opened.id, first=2)])


def add_unreadable(database: str, stream: UUID, version: int) -> int:
    """A repayment whose body nobody can read, appended past the mapper; its position."""
    with psycopg.connect(as_role(database, "application"), autocommit=True) as connection:
        given = {"p_ids": [stream], "p_versions": [version], "p_topics": ["loan.repaid"], "p_states": [UNREADABLE]}
        return call_append(connection, **given)[0]


def stopped_rows(connection: Connection[Any]) -> dict[str, tuple[int, str]]:
    return {n: (p, f) for n, p, f in connection.execute("SELECT name, position, fact FROM projections.stopped")}


# Exactly once.


def test_two_engines_at_once_fold_every_fact_once(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 0.05)
    with working(projector), working(projector):
        at_once(4, lambda _: some_loans(ledger, 10))
        assert all(wait_for(reading, p.name, head(reading)) for p in ALL)
    assert head(reading) == 120
    assert is_exact(reading)


def test_an_engine_killed_between_pages_is_continued_where_it_was(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    some_loans(ledger, 40)
    for pages in (2, 5):
        process = subprocess.Popen(
            [sys.executable, "-c", IN_PAGES, projector], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(pages)]
        process.kill()
        process.communicate()
        assert 0 < said[-1] < head(reading)
    assert position(reading, "loan_book") < head(reading) or position(reading, "audit_trail") < head(reading)
    with Engine(projector, ALL) as engine:
        assert until(lambda: not engine.catch_up() and position(reading, "audit_trail") == head(reading))
    assert is_exact(reading)


def test_a_page_that_fails_leaves_neither_rows_nor_tracking(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    some_loans(ledger, 5)

    class Crash(BaseException):
        pass

    def write_and_crash(self: Any, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        write(self, cursor, schema, facts)
        raise Crash

    write = type(named("audit_trail")).write
    with monkeypatch.context() as patched, Engine(projector, ALL) as engine:
        patched.setattr(type(named("audit_trail")), "write", write_and_crash)
        with pytest.raises(Crash):
            engine.catch_up()
    assert (position(reading, "audit_trail"), listed(reading)) == (0, [])
    with Engine(projector, ALL) as engine:
        assert engine.catch_up() == {}
    assert is_exact(reading)


def test_an_engine_started_again_folds_what_is_new_and_nothing_twice(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    for _ in range(3):
        some_loans(ledger, 4)
        for _ in range(2):
            with Engine(projector, ALL) as engine:
                assert engine.catch_up() == {}
    assert head(reading) == 36
    assert is_exact(reading)


def test_a_rebuild_in_the_middle_of_a_page_is_no_poison(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine thinks it stands where the old tables stood, and its page goes beyond what the new tables hold."""
    some_loans(ledger, 2)
    rebuilt = list[str]()

    def page(self: Any, connection: Connection[Any], *given: Any) -> list[Recorded]:
        if connection is engine.connection and not rebuilt:
            rebuilt.append("audit_trail")
            rebuild(reading, named("audit_trail"))
            some_loans(ledger, 1)
        return log.page(connection, *given)

    with Engine(projector, [named("audit_trail")]) as engine:
        engine.catch_up()
        some_loans(ledger, 1)
        monkeypatch.setattr(type(named("audit_trail")), "page", page)
        assert engine.catch_up() == {}
        assert rebuilt
    assert listed(reading) == list(range(1, head(reading) + 1))


# One holder.


def test_one_engine_holds_a_projection_and_another_takes_over_when_it_is_gone(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    some_loans(ledger, 1)
    with Engine(projector, ALL) as second:
        with Engine(projector, ALL) as first:
            first.catch_up()
            some_loans(ledger, 1)
            assert second.catch_up() == {}
            assert position(reading, "loan_book") == 3
        assert until(lambda: second.catch_up() == {} and position(reading, "loan_book") == 6)
    assert is_exact(reading)


def test_engines_share_the_projections_one_by_one(ledger: Ledger, projector: str, reading: Connection[Any]) -> None:
    some_loans(ledger, 1)
    with Engine(projector, [named("loan_book")]) as one, Engine(projector, ALL) as other:
        one.catch_up()
        some_loans(ledger, 1)
        other.catch_up()
        assert {p.name: position(reading, p.name) for p in ALL} == {p.name: 6 for p in ALL} | {"loan_book": 3}


def test_an_engine_that_stands_by_takes_over_from_one_that_lost_its_connection(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 0.1)
    first = Engine(projector, ALL)
    first.catch_up()
    with working(projector), psycopg.connect(database, autocommit=True) as owner:
        some_loans(ledger, 1)
        assert not wait_for(reading, "loan_book", 3, seconds=0.5)
        owner.execute("SELECT pg_terminate_backend(%s)", (first.connection.info.backend_pid,))
        assert wait_for(reading, "loan_book", 3)
    first.close()


def test_engines_that_are_the_first_ever_all_start(projector: str) -> None:
    def start(_: int) -> bool:
        with Engine(projector, ALL) as engine:
            return engine.catch_up() == {}

    assert all(within(30, lambda: at_once(8, start)))


# Woken, and not.


def test_a_notification_wakes_the_engine_long_before_the_poll(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", LONG)
    with working(projector):
        for count in (1, 2, 3):
            some_loans(ledger, 1)
            assert wait_for(reading, "loan_book", 3 * count, seconds=10)


def test_a_lost_notification_delays_and_never_stalls(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 0.6)
    with working(projector, deaf=True):
        for count in (1, 2):
            some_loans(ledger, 1)
            assert wait_for(reading, "loan_book", 3 * count, seconds=10)


def test_an_engine_that_hears_nothing_depends_on_its_poll(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 2.5)
    with working(projector, deaf=True):
        time.sleep(0.4)
        some_loans(ledger, 1)
        assert not wait_for(reading, "loan_book", 3, seconds=0.3)
        assert wait_for(reading, "loan_book", 3, seconds=10)


def test_an_engine_ends_when_it_is_told_to(projector: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 0.1)
    stop = Event()
    with Engine(projector, ALL) as engine:
        thread = Thread(target=engine.run, args=(stop,))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


# Reading your own writes.


def test_tracking_advances_over_facts_that_a_projection_ignores(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    ignored, kinds = several(4), named("repayment_history").topics
    assert kinds is not None
    assert not kinds & {fact.TOPIC for fact in ignored}
    append(ledger, ignored)
    with Engine(projector, ALL) as engine:
        engine.catch_up()
    assert wait_for(reading, "repayment_history", 4, seconds=0)
    assert not wait_for(reading, "repayment_history", 5, seconds=0)


def test_waiting_asks_the_database_when_it_is_told_and_not_by_the_clock(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    with Engine(projector, ALL) as engine:
        engine.catch_up()
    counted = Counting(reading)
    assert not wait_for(counted, "loan_book", 1, seconds=2.0)  # type: ignore[arg-type]
    assert counted.asked <= 12, "polling every 100 ms would ask 20 times and more"


def test_waiting_ends_as_soon_as_the_position_is_passed(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", LONG)
    with working(projector):
        waiting = Thread(target=wait_for, args=(reading, "audit_trail", 3, LONG))
        waiting.start()
        some_loans(ledger, 1)
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_projection_that_no_engine_has_made_yet_is_waited_for(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    assert not wait_for(reading, "loan_book", 3, seconds=0.1)
    waiting = Thread(target=lambda: heard.append(wait_for(reading, "loan_book", 3, seconds=LONG)))
    heard = list[bool]()
    waiting.start()
    some_loans(ledger, 1)
    with Engine(projector, ALL) as engine:
        engine.catch_up()
    waiting.join(10)
    assert heard == [True]


# Poison.


def test_an_unreadable_fact_stops_the_projections_that_read_it_and_no_others(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any]
) -> None:
    some_loans(ledger, 2)
    stream = uuid4()
    append(ledger, [jobs(stream, 1)])
    at = add_unreadable(database, stream, 2)
    some_loans(ledger, 2)
    with Engine(projector, ALL) as engine:
        stopped = engine.catch_up()
        assert set(stopped) == set(READ_REPAID)
        some_loans(ledger, 1)
        assert engine.catch_up() == {}, "a stopped projection is said to have stopped once"
    named_fact = f"position {at} (loan.repaid, stream {stream}, version 2)"
    for name in READ_REPAID:
        assert stopped[name].fact == named_fact
        assert named_fact in str(stopped[name]) and name in str(stopped[name])
        assert position(reading, name) == at - 1, "what stands before it is folded"
    for name in OTHERS:
        assert position(reading, name) == head(reading)
    assert stopped_rows(reading) == dict.fromkeys(READ_REPAID, (at - 1, named_fact))


def test_a_stopped_projection_says_so_loudly(ledger: Ledger, database: str, projector: str) -> None:
    at = add_unreadable(database, uuid4(), 1)
    said = list[str]()
    with Engine(projector, ALL, said.append) as engine:
        engine.catch_up()
        engine.catch_up()
    assert len(said) == len(READ_REPAID)
    assert all(f"position {at}" in text and name in text for text, name in zip(said, READ_REPAID, strict=True))


def test_waiting_for_a_stopped_projection_raises(database: str, projector: str, reading: Connection[Any]) -> None:
    at = add_unreadable(database, uuid4(), 1)
    with Engine(projector, ALL) as engine:
        engine.catch_up()
    for name in READ_REPAID:
        with pytest.raises(Stopped, match=f"{name} stopped at position {at} "):
            wait_for(reading, name, at, seconds=0)
    assert wait_for(reading, "audit_trail", at, seconds=0)


def test_what_was_folded_before_it_stopped_can_still_be_waited_for(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any]
) -> None:
    some_loans(ledger, 1)
    add_unreadable(database, uuid4(), 1)
    with Engine(projector, ALL) as engine:
        engine.catch_up()
    assert wait_for(reading, "loan_book", 3, seconds=0)


def test_whoever_waits_already_is_told_at_once_that_the_projection_stopped(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", LONG)
    with working(projector, [named("audit_trail"), named("loan_book")]):
        some_loans(ledger, 1)
        assert wait_for(reading, "loan_book", 3)
        at = add_unreadable(database, uuid4(), 1)
        with pytest.raises(Stopped):
            within(10, lambda: wait_for(reading, "loan_book", at, seconds=15))


def test_a_projection_started_again_stops_at_the_same_fact(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any]
) -> None:
    some_loans(ledger, 1)
    at = add_unreadable(database, uuid4(), 1)
    said = list[str]()
    for _ in range(2):
        with Engine(projector, ALL) as engine:
            said.append(str(engine.catch_up()["loan_book"]))
        some_loans(ledger, 1)
    assert said[0] == said[1] and f"position {at} " in said[0]
    assert position(reading, "loan_book") == at - 1


def test_a_projection_that_can_read_the_fact_after_all_goes_on(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    some_loans(ledger, 1)
    add_unreadable(database, uuid4(), 1)
    some_loans(ledger, 1)
    with Engine(projector, ALL) as engine:
        assert set(engine.catch_up()) == set(READ_REPAID)
    for name in READ_REPAID:
        kinds = type(named(name)).topics
        assert kinds is not None
        monkeypatch.setattr(type(named(name)), "topics", kinds - {"loan.repaid"})
    with Engine(projector, ALL) as engine:
        assert engine.catch_up() == {}
    assert stopped_rows(reading) == {}
    assert all(wait_for(reading, p.name, head(reading), seconds=0) for p in ALL)


@pytest.mark.parametrize(
    "problem",
    [
        AssertionError(),
        ValueError("two\nlines"),
        KeyError("k"),
        psycopg.errors.UniqueViolation("again"),
        psycopg.errors.ProgramLimitExceeded("index row size 9000 exceeds maximum"),
        Refusal(),
    ],
)
def test_whatever_a_projection_fails_with_it_stops_alone(
    ledger: Ledger, projector: str, reading: Connection[Any], problem: Exception
) -> None:
    some_loans(ledger, 1)
    with Engine(projector, [Lists(problem), *ALL]) as engine:
        stopped = within(10, engine.catch_up)
    assert set(stopped) == {"lists"}
    assert stopped["lists"].fact.startswith("position 1 (loan.contract_signed, ")
    assert stopped["lists"].problem
    assert is_exact(reading)


def test_two_loans_of_one_number_stop_the_loan_book_and_nothing_else(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    twice = loan("L-1").collect_events()[0]
    append(ledger, [twice])
    append(ledger, [twice.model_copy(update={"originator_id": uuid4()})])
    append(ledger, [repaid(twice.originator_id, 2, None)])
    with Engine(projector, ALL) as engine:
        stopped = within(10, engine.catch_up)
    assert set(stopped) == {"loan_book"} and stopped["loan_book"].fact.startswith("position 2 ")
    assert position(reading, "repayment_history") == 3
