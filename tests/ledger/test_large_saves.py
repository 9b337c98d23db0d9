"""Large saves finish (eventstore.md, D1: through psycopg's pipeline they hang for ever and hold the order lock)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from domain.facts import Fact
from ledger.ledger import Ledger
from ledger.reporting import ReportJobs, report_jobs
from ledger.store import LedgerDatastore
from tests.ledger.writing import (
    DAY,
    append,
    at_once,
    jobs,
    length_if_sound,
    loan,
    open_ledger,
    said_under,
    several,
    within,
)

SECONDS = 30.0


def five_megabytes() -> list[Fact]:
    """Ten facts with long reasons."""
    stream = uuid4()
    return [jobs(stream, version, reason=str(version) * 600_000) for version in range(1, 11)]


def a_great_deal() -> list[Fact]:
    """3,000 facts of more than 5 MB."""
    return several(3_000, reason="r" * 2_000)


@pytest.mark.parametrize("facts", [lambda: several(3_000), five_megabytes, a_great_deal])
def test_a_large_save_finishes_while_another_writer_gets_on(database: str, facts: Callable[[], list[Fact]]) -> None:
    with open_ledger(database) as ledger, open_ledger(database) as other:
        large, done = [facts() for _ in range(3)], Event()

        def write_on() -> int:
            written = 0
            while not done.is_set() or not written:
                append(other, several(1))
                written += 1
            return written

        def save_all() -> None:
            try:
                for each in large:
                    append(ledger, each)
            finally:
                done.set()

        _, written = within(SECONDS, lambda: at_once(2, lambda n: [save_all, write_on][n]()))
        assert written is not None
        assert length_if_sound(database) == sum(map(len, large)) + written


def test_a_large_save_is_read_back_whole(ledger: Ledger) -> None:
    facts = five_megabytes()
    within(SECONDS, lambda: append(ledger, facts))
    assert list(ledger.events.get(facts[0].originator_id)) == facts
    page = within(SECONDS, lambda: ledger.recorder.select_notifications(1, 100))
    assert sum(len(notification.state) for notification in page) > 5_000_000


def refuse_pipelines(monkeypatch: pytest.MonkeyPatch) -> None:
    def pipeline(*_: Any) -> None:
        pytest.fail("a pipeline was opened")

    monkeypatch.setattr(psycopg.Connection, "pipeline", pipeline)


def test_nothing_is_saved_or_read_through_a_pipeline(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_pipelines(monkeypatch)
    append(ledger, loan("L1").collect_events())
    for number in range(2):
        report_jobs(
            ledger,
            ReportJobs(loan_no="L1", created=number, retained=0, value_date=DAY),
            said_under(None if number else "k"),
        )
    append(ledger, several(3_000))
    assert ledger.loan("L1").version == 3
    assert ledger.recorder.max_notification_id() == 3_003
    assert len(ledger.recorder.select_notifications(1, 4_000)) == 3_003


def test_the_librarys_recorder_saves_through_a_pipeline(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with LedgerDatastore(empty_database, schema="public") as datastore:
        recorder = PostgresApplicationRecorder(datastore)
        recorder.create_table()
        refuse_pipelines(monkeypatch)
        with pytest.raises(pytest.fail.Exception, match="a pipeline was opened"):
            recorder.insert_events([StoredEvent(uuid4(), 1, "t", b"{}")])
