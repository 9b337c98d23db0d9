"""A rebuilt projection is the live one to the byte, and takes its place while everybody reads and writes on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection

from domain.facts import TOPICS, Moment
from domain.loan.loan import Loan
from ledger.ledger import Ledger
from projections import engine as engine_module
from projections import rebuilding
from projections.engine import Engine, wait_for
from projections.keeper import LIVE, REBUILD, Keeper, Stopped, advance, connect
from projections.log import head
from projections.projection import Projection
from projections.querying import ALL, Question, ask
from projections.querying import projection as named
from projections.rebuilding import Rebuilt, digest, rebuild
from tests.conftest import as_role
from tests.ledger.arbitrary import simplest
from tests.ledger.writing import DAY, NOW, PROJECT, append, at_once, call_append, within

MOMENT = Moment(now=NOW)
FACTS = 4
"""Facts of each loan that `live_loan` records."""

BOOK = {"loan_book_tracking", *named("loan_book").tables}
"""The tables of the loan book."""

KILLED = """
import os, sys
from projections.keeper import connect
from projections.querying import projection
from projections.rebuilding import rebuild
rebuild(connect(sys.argv[1]), projection("loan_book"), told=lambda _: os.kill(os.getpid(), 9))
"""
TAMPERED: dict[str, LiteralString] = {
    "loan_book": "UPDATE projections.loan_book SET outstanding = outstanding + 1 WHERE loan_no = 'L-1'",
    "repayment_history": "DELETE FROM projections.repayment_history WHERE position = 3",
    "audit_trail": "INSERT INTO projections.audit_trail SELECT 9999, recorded_at, stream, version, topic, value_date, days_late,"
    " 'nobody', role, institution, region, authority, channel, correlation, causation, idempotency_key, leaf_hash"
    " FROM projections.audit_trail WHERE position = 1",
}


@pytest.fixture
def projector(database: str) -> str:
    return as_role(database, "projector")


@pytest.fixture
def reading(projector: str) -> Iterator[Connection[Any]]:
    with connect(projector) as connection:
        yield connection


def live_loan(ledger: Ledger, loan_no: str | None = None) -> str:
    """A loan of 100.00 with 40.00 repaid and its jobs."""
    number = loan_no or f"L-{uuid4().hex[:12]}"
    contract: dict[str, Any] = {"bank": "ICBC", "product": "p", "approved_fen": 10000, "guaranteed_fen": 0}
    opened = Loan.sign(MOMENT, loan_no=number, value_date=DAY, **contract)
    opened.disburse(MOMENT, amount=10000, value_date=DAY)
    opened.repay(MOMENT, amount=4000, value_date=DAY)
    opened.report_jobs(MOMENT, created=2, retained=1, value_date=DAY)
    append(ledger, opened.collect_events())
    return number


def caught_up(projector: str) -> None:
    with Engine(projector, ALL) as engine:
        assert engine.catch_up() == {}


def table_numbers(connection: Connection[Any], schema: str = LIVE) -> dict[str, int]:
    statement = "SELECT relname, oid::bigint FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'"
    return dict(connection.execute(statement, (schema,)).fetchall())


def permissions(connection: Connection[Any]) -> dict[str, str]:
    statement = (
        "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'projections'::regnamespace AND relkind = 'r'"
    )
    return dict(connection.execute(statement).fetchall())


# The same bytes.


@pytest.mark.parametrize("asked", ALL, ids=lambda p: p.name)
def test_what_is_rebuilt_is_what_was_live(
    ledger: Ledger, projector: str, reading: Connection[Any], asked: Projection[Any]
) -> None:
    for number in ("L-1", "L-2"):
        live_loan(ledger, number)
        caught_up(projector)
    for topic in (
        "application.submitted",
        "subsidy_batch.opened",
        "policy.edition_published",
        "partner.recruited",
        "project.registered",
        "fund.capital_injected",
        "claim.filed",
        "account.opened",
    ):
        append(ledger, [simplest(TOPICS[topic])])
    caught_up(projector)
    before = digest(reading, asked, LIVE)
    again = rebuild(reading, asked)
    assert again.equal is True
    assert (again.digest, again.rows) == before == digest(reading, asked, LIVE)
    assert (again.name, again.events) == (asked.name, head(reading))
    assert again.rows > 0


def test_projections_are_the_same_whether_folded_at_once_or_bit_by_bit(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    for _ in range(4):
        live_loan(ledger)
    digests = set[tuple[str, ...]]()
    for size in (1, 3, 16):
        done = [Keeper(reading, p, REBUILD) for p in ALL]
        for keeper in done:
            keeper.create()
            advance(keeper, page_size=size)
        digests.add(tuple(digest(reading, p, REBUILD)[0] for p in ALL))
        for keeper in done:
            rebuilding._drop(reading, keeper.projection, REBUILD)
    assert len(digests) == 1


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_row_is_found_by_a_check_and_healed_by_a_rebuild(
    ledger: Ledger, projector: str, reading: Connection[Any], name: str
) -> None:
    live_loan(ledger, "L-1")
    caught_up(projector)
    sound = digest(reading, named(name), LIVE)
    reading.execute(TAMPERED[name])
    tampered = digest(reading, named(name), LIVE)
    assert tampered != sound
    for _ in range(2):
        assert rebuild(reading, named(name), switch=False).equal is False, "a check heals nothing"
    assert digest(reading, named(name), LIVE) == tampered
    assert rebuild(reading, named(name)).equal is False, "a rebuild says that it found a difference"
    assert digest(reading, named(name), LIVE) == sound
    assert rebuild(reading, named(name), switch=False).equal is True


def test_a_table_beside_the_first_is_compared_too(ledger: Ledger, projector: str, reading: Connection[Any]) -> None:
    live_loan(ledger, "L-1")
    caught_up(projector)
    reading.execute("UPDATE projections.loan_book_change SET outstanding = outstanding + 1 WHERE position = 2")
    assert rebuild(reading, named("loan_book"), switch=False).equal is False


def test_facts_that_are_not_folded_yet_are_no_difference(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    live_loan(ledger)
    caught_up(projector)
    live_loan(ledger)
    assert rebuild(reading, named("loan_book"), switch=False).equal is True
    assert rebuild(reading, named("loan_book")).equal is True
    assert wait_for(reading, "loan_book", 2 * FACTS, seconds=0), "the rebuilt one has caught up"


def test_nothing_live_is_nothing_to_compare_with(ledger: Ledger, projector: str, reading: Connection[Any]) -> None:
    live_loan(ledger, "L-1")
    rebuilding._drop(reading, named("loan_book"), LIVE)
    with Engine(projector, ()):
        made = rebuild(reading, named("loan_book"))
    assert made.equal is None
    assert [row["loan_no"] for row in ask(reading, named("loan_book"), Question()).rows] == ["L-1"]


# Beside, and then in its place.


def test_a_check_switches_nothing_and_leaves_nothing(ledger: Ledger, projector: str, reading: Connection[Any]) -> None:
    live_loan(ledger)
    caught_up(projector)
    tables = table_numbers(reading)
    for asked in ALL:
        rebuild(reading, asked, switch=False)
    assert table_numbers(reading) == tables
    assert table_numbers(reading, REBUILD) == {}


def test_a_rebuild_puts_new_tables_in_the_place_of_the_old(
    ledger: Ledger, projector: str, reading: Connection[Any]
) -> None:
    live_loan(ledger)
    caught_up(projector)
    before = table_numbers(reading)
    rebuild(reading, named("loan_book"))
    after = table_numbers(reading)
    changed = {name for name in before if before[name] != after[name]}
    assert (set(after), changed) == (set(before), BOOK)
    assert table_numbers(reading, REBUILD) == {}


def test_who_may_read_is_the_same_after_a_rebuild(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any]
) -> None:
    live_loan(ledger)
    caught_up(projector)
    before = permissions(reading)
    for asked in ALL:
        rebuild(reading, asked)
    assert permissions(reading) == before
    for role in ("reader", "auditor"):
        with connect(as_role(database, role)) as connection:
            assert all(ask(connection, p, Question()).as_of_position == FACTS for p in ALL)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM projections.loan_book")


def test_another_code_version_is_rebuilt_by_the_engine_beside_the_old(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live_loan(ledger, "L-1")
    caught_up(projector)
    reading.execute("UPDATE projections.loan_book SET outstanding = 7")
    before = table_numbers(reading)
    monkeypatch.setattr(type(named("loan_book")), "version", named("loan_book").version + 1)
    caught_up(projector)
    after = table_numbers(reading)
    assert {name for name in before if before[name] != after[name]} == BOOK
    assert ask(reading, named("loan_book"), Question()).rows[0]["outstanding"] == "60.00"
    caught_up(projector)
    assert table_numbers(reading) == after, "it is rebuilt once"


def test_tables_of_another_code_version_are_not_compared(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live_loan(ledger)
    caught_up(projector)
    monkeypatch.setattr(type(named("loan_book")), "version", named("loan_book").version + 1)
    assert rebuild(reading, named("loan_book")).equal is None
    assert rebuild(reading, named("loan_book")).equal is True


def test_what_a_killed_rebuild_left_is_removed(ledger: Ledger, projector: str, reading: Connection[Any]) -> None:
    live_loan(ledger, "L-1")
    caught_up(projector)
    died = subprocess.run([sys.executable, "-c", KILLED, projector], cwd=PROJECT, check=False)
    assert died.returncode == -9
    assert set(table_numbers(reading, REBUILD)) == BOOK
    reading.execute("UPDATE projections_rebuild.loan_book SET outstanding = 7")
    assert within(20, lambda: rebuild(reading, named("loan_book"))).equal is True
    assert table_numbers(reading, REBUILD) == {}


def test_two_rebuilds_of_one_projection_go_one_after_the_other(
    ledger: Ledger, projector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_loan(ledger)
    caught_up(projector)
    inside, most, guard, done = 0, list[int](), Lock(), rebuilding._rebuild

    def counted(*given: Any) -> Rebuilt:
        nonlocal inside
        with guard:
            inside += 1
            most.append(inside)
        try:
            return done(*given)
        finally:
            with guard:
                inside -= 1

    def rebuild_alone(_: int) -> Rebuilt:
        with connect(projector) as connection:
            return rebuild(connection, named("loan_book"))

    monkeypatch.setattr(rebuilding, "_rebuild", counted)
    assert [r.equal for r in within(30, lambda: at_once(4, rebuild_alone))] == [True] * 4
    assert (len(most), max(most)) == (4, 1)


def test_a_rebuild_that_meets_an_unreadable_fact_says_which_and_leaves_the_live_tables(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any]
) -> None:
    live_loan(ledger)
    caught_up(projector)
    before = table_numbers(reading)
    with psycopg.connect(as_role(database, "application"), autocommit=True) as connection:
        at = call_append(connection, p_topics=["loan.repaid"], p_states=[b"{}"])[0]
    with pytest.raises(Stopped, match=f"loan_book stopped at position {at} "):
        rebuild(reading, named("loan_book"))
    tables = table_numbers(reading)
    assert {name: tables[name] for name in before} == before
    assert ask(reading, named("loan_book"), Question()).as_of_position == FACTS


def test_a_reader_in_the_way_delays_the_switch_and_reads_to_its_end(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any]
) -> None:
    live_loan(ledger)
    caught_up(projector)
    with connect(as_role(database, "reader")) as reader, ThreadPoolExecutor(1) as pool:
        with reader.transaction():
            reader.execute("SELECT count(*) FROM projections.loan_book_tracking")
            switching = pool.submit(rebuild, reading, named("loan_book"))
            time.sleep(1.2)
            assert not switching.done()
            assert reader.execute("SELECT count(*) FROM projections.loan_book").fetchone() == (1,)
        assert switching.result(20).equal is True
        assert ask(reader, named("loan_book"), Question()).totals["count"] == 1


def test_what_was_folded_just_before_the_switch_is_not_lost(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live_loan(ledger)
    caught_up(projector)
    take_place = rebuilding._take_place

    def overtaken(*given: Any) -> None:
        live_loan(ledger)
        caught_up(projector)
        take_place(*given)

    monkeypatch.setattr(rebuilding, "_take_place", overtaken)
    assert rebuild(reading, named("loan_book")).equal is True
    assert wait_for(reading, "loan_book", 2 * FACTS, seconds=0), "the position never goes back"
    assert ask(reading, named("loan_book"), Question()).totals["count"] == 2


def test_nothing_is_folded_during_the_switch(
    ledger: Ledger, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live_loan(ledger)
    caught_up(projector)
    live_loan(ledger)
    drop, folding = rebuilding._drop, list[Thread]()

    def dropped(connection: Connection[Any], asked: Projection[Any], schema: str) -> None:
        if schema == LIVE:
            folding.append(Thread(target=caught_up, args=(projector,)))
            folding[0].start()
            folding[0].join(0.7)
            assert folding[0].is_alive(), "it waits for the new tables"
        drop(connection, asked, schema)

    monkeypatch.setattr(rebuilding, "_drop", dropped)
    rebuild(reading, named("loan_book"))
    folding[0].join(10)
    assert not folding[0].is_alive()
    assert rebuild(reading, named("loan_book"), switch=False).equal is True
    assert all(wait_for(reading, p.name, 2 * FACTS, seconds=0) for p in ALL)


# While readers and writers go on.


@dataclass
class Busy:
    """Writers that read their own writes, and readers that note what they see, until told to stop."""

    ledger: Ledger
    database: str
    stop: Event = field(default_factory=Event)
    seen: list[tuple[int, int, str]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def write(self) -> int:
        written = 0
        with connect(as_role(self.database, "reader")) as connection:
            while not self.stop.is_set():
                number, written = live_loan(self.ledger), written + 1
                with psycopg.connect(self.database) as owner:
                    last = head(owner)
                assert wait_for(connection, "loan_book", last), "the projection stalls"
                answer = ask(connection, named("loan_book"), Question({"loan_no": number}))
                if len(answer.rows) != 1 or answer.as_of_position < last:
                    self.missed.append(number)
        return written

    def read(self) -> int:
        asked = 0
        with connect(as_role(self.database, "reader")) as connection:
            while not self.stop.is_set():
                answer = ask(connection, named("loan_book"), Question(group_by=("bank",)))
                self.seen.append((answer.as_of_position, answer.totals["count"], answer.totals["outstanding"]))
                asked += 1
                ask(connection, named("repayment_history"), Question(limit=3))
                ask(connection, named("audit_trail"), Question(limit=3))
        return asked


def test_a_rebuild_loses_no_fact_and_disturbs_no_reader(
    ledger: Ledger, database: str, projector: str, reading: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 0.2)
    caught_up(projector)
    busy, stop = Busy(ledger, database), Event()
    with Engine(projector, ALL) as engine, ThreadPoolExecutor(4) as pool:
        keeping = Thread(target=engine.run, args=(stop,))
        keeping.start()
        going = [pool.submit(work) for work in (busy.write, busy.write, busy.read, busy.read)]
        try:
            rebuilt = [rebuild(reading, named(p.name)) for _ in range(6) for p in ALL]
        finally:
            busy.stop.set()
            done = [future.result(30) for future in going]
            stop.set()
            keeping.join(30)
        assert engine.catch_up() == {}
    assert all(r.equal is True for r in rebuilt)
    assert min(done) > 0, "readers and writers were at work"
    assert busy.missed == []
    assert head(reading) == sum(done[:2]) * FACTS
    assert all(rebuild(reading, p, switch=False).equal is True for p in ALL)
    _whole(busy, reading)


def _whole(busy: Busy, reading: Connection[Any]) -> None:
    """Every answer is the whole book at the position that it states."""
    statement = """
        SELECT count(*) FILTER (WHERE version = 1), 100 * count(*) FILTER (WHERE version = 2)
          - 40 * count(*) FILTER (WHERE version = 3) FROM projections.audit_trail WHERE position <= %s
    """
    for position, count, outstanding in set(busy.seen):
        row = reading.execute(statement, (position,)).fetchone()
        assert row is not None
        assert (count, outstanding) == (row[0], f"{row[1]}.00")
