"""A reader that follows the log by position misses nothing, however many write (eventstore.md, D2)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from eventsourcing.persistence import Notification

from ledger.ledger import Ledger
from tests.ledger.writer_process import let_go, writers
from tests.ledger.writing import append, length_if_sound, open_ledger, several, within

WRITERS = 6


def follow(ledger: Ledger, writing: Callable[[], bool]) -> list[int]:
    """Every position seen by asking again and again for what comes after the last one, until the writers are done."""
    seen: list[int] = []
    while True:
        last_round = not writing()
        while page := ledger.recorder.select_notifications(seen[-1] if seen else 0, 500, inclusive_of_start=False):
            seen += [notification.id for notification in page]
        if last_round:
            return seen


@pytest.mark.parametrize("facts", [40_002, pytest.param(400_002, marks=pytest.mark.drill)])
def test_a_reader_misses_none_of_the_facts_of_six_writer_processes(database: str, facts: int) -> None:
    with (
        open_ledger(database) as reader,
        writers("batches", database, WRITERS, facts // WRITERS) as processes,
    ):
        for process in processes:
            let_go(process)
        seen = within(facts / 200, lambda: follow(reader, lambda: any(p.poll() is None for p in processes)))
        assert [process.wait() for process in processes] == [0] * WRITERS
    assert seen == list(range(1, facts + 1))
    assert length_if_sound(database) == facts


def test_a_page_holds_what_was_asked_for(ledger: Ledger) -> None:
    append(ledger, several(5))
    stream = uuid4()
    append(ledger, several(5, stream))

    def ids(page: object) -> list[int]:
        assert isinstance(page, list)
        return [n.id for n in page]

    select = ledger.recorder.select_notifications
    assert ids(select(None, 3)) == [1, 2, 3]
    assert ids(select(4, 3)) == [4, 5, 6]
    assert ids(select(4, 3, inclusive_of_start=False)) == [5, 6, 7]
    assert ids(select(9, 100, stop=9)) == [9]
    assert ids(select(1, 100, topics=["loan.jobs_reported"])) == list(range(1, 11))
    assert ids(select(1, 100, topics=["loan.repaid"])) == []
    assert [n.originator_version for n in ledger.recorder.select_notifications(6, 9)] == [1, 2, 3, 4, 5]


def test_a_stream_is_read_in_either_direction_and_in_part(ledger: Ledger) -> None:
    stream = uuid4()
    append(ledger, several(6, stream))
    append(ledger, several(2))

    def versions(**asked: int | bool) -> list[int]:
        return [e.originator_version for e in ledger.recorder.select_events(stream, **asked)]  # type: ignore[arg-type]

    assert versions() == [1, 2, 3, 4, 5, 6]
    assert versions(gt=2, lte=5) == [3, 4, 5]
    assert versions(desc=True, limit=2) == [6, 5]
    assert versions(gt=6) == []


def test_a_subscription_of_the_library_is_woken_by_another_ledgers_append(ledger: Ledger, database: str) -> None:
    append(ledger, several(2))
    with open_ledger(database) as other, ledger.recorder.subscribe(gt=1) as subscription:

        def next_one() -> Notification:
            return within(10, lambda: next(iter(subscription)))

        assert next_one().id == 2
        for position in (3, 4):
            append(other, several(1))
            assert next_one().id == position
