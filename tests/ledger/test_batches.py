"""A batch: commands of one thread recorded all together, or not at all, while everybody else waits and sees nothing of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from domain.errors import DatedInFuture, Refusal
from ledger.ledger import Ledger, Receipt
from ledger.loading import trusting
from ledger.reporting import ReportJobs, report_jobs
from ledger.store import BatchLost
from tests.ledger.writing import DAY, NOW, append, contents, length_if_sound, loan, open_ledger, said_under


class Stop(Exception):
    pass


def report(ledger: Ledger, loan_no: str, created: int, key: str | None = None) -> Receipt | None:
    said = ReportJobs(loan_no=loan_no, created=created, retained=0, value_date=DAY)
    return report_jobs(ledger, said, said_under(key))


def created(ledger: Ledger, loan_no: str) -> object:
    return ledger.loan(loan_no).state()["jobs_created"]


@pytest.fixture(autouse=True)
def loans(ledger: Ledger) -> None:
    for number in ("L1", "L2"):
        append(ledger, loan(number).collect_events())
        assert created(ledger, number) == 0, "it is kept from now on"


def test_commands_of_a_batch_appear_together_each_with_its_receipt(ledger: Ledger, database: str) -> None:
    with ledger.together():
        receipts = [report(ledger, number, figure) for figure in (1, 2) for number in ("L1", "L2")]
        assert created(ledger, "L1") == 2, "a later command builds on an earlier one"
        assert length_if_sound(database) == 2, "nobody else sees any of it"
    assert [receipt.position for receipt in receipts if receipt] == [3, 4, 5, 6]
    assert length_if_sound(database) == 6
    assert created(ledger, "L1") == 2


def test_what_is_kept_from_before_a_batch_does_not_count_as_the_newest_after_it(ledger: Ledger) -> None:
    with ledger.together():
        report(ledger, "L1", 7)
    with trusting(True):
        assert created(ledger, "L1") == 7


def test_what_is_raised_in_a_batch_leaves_nothing_of_it(ledger: Ledger, database: str) -> None:
    before = contents(database)
    with pytest.raises(Stop), ledger.together():
        report(ledger, "L1", 1)
        raise Stop
    assert contents(database) == before
    assert created(ledger, "L1") == 0, "what was kept of it is forgotten"
    assert report(ledger, "L1", 5) is not None
    assert length_if_sound(database) == 3


def test_a_command_that_its_decision_refuses_leaves_the_others(ledger: Ledger, database: str) -> None:
    tomorrow = ReportJobs(loan_no="L1", created=9, retained=0, value_date=(NOW + timedelta(days=1)).date())
    with ledger.together():
        report(ledger, "L1", 1)
        with pytest.raises(DatedInFuture):
            report_jobs(ledger, tomorrow, said_under())
        report(ledger, "L2", 2)
    assert length_if_sound(database) == 4
    assert (created(ledger, "L1"), created(ledger, "L2")) == (1, 2)


def test_what_only_the_append_refuses_ends_the_batch(ledger: Ledger, database: str) -> None:
    report(ledger, "L2", 1, key="given once")
    before = contents(database)
    with pytest.raises(BatchLost), ledger.together():
        report(ledger, "L1", 1)
        report(ledger, "L1", 2, key="given once")
    assert contents(database) == before
    with pytest.raises(Refusal, match="was used for another request"):
        report(ledger, "L1", 2, key="given once")
    assert report(ledger, "L1", 1) is not None


def test_others_wait_and_build_on_what_came_before_them(ledger: Ledger, database: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        with ledger.together():
            report(ledger, "L1", 1)
            other = pool.submit(report, ledger, "L1", 2)
            assert not other.done()
            report(ledger, "L1", 3)
        assert other.result(10) is not None
    assert length_if_sound(database) == 5
    assert created(ledger, "L1") == 2, "the other thread's came last"


def test_others_go_on_from_what_stood_before_a_batch_that_is_given_up(ledger: Ledger, database: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(Stop), ledger.together():
            report(ledger, "L1", 1)
            other = pool.submit(report, ledger, "L1", 2)
            raise Stop
        receipt = other.result(10)
    assert receipt is not None
    assert receipt.position == 3
    assert length_if_sound(database) == 3, "no version is left out"


def test_what_was_recorded_before_the_batch_began_is_seen_by_it(ledger: Ledger, database: str) -> None:
    with open_ledger(database) as elsewhere:
        report(elsewhere, "L1", 7)
    with ledger.together():
        assert created(ledger, "L1") == 7
        report(ledger, "L1", 8)
    assert length_if_sound(database) == 4


def test_a_broken_connection_ends_the_batch_at_once(ledger: Ledger, database: str) -> None:
    with pytest.raises(BatchLost), ledger.together():
        report(ledger, "L1", 1)
        with psycopg.connect(database, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted AND mode = 'ExclusiveLock'"
                " AND relation = 'ledger.stored_events'::regclass"
            )
        report(ledger, "L1", 2)
    assert length_if_sound(database) == 2
    assert report(ledger, "L1", 5) is not None


def test_a_batch_has_none_within(ledger: Ledger) -> None:
    with ledger.together(), pytest.raises(AssertionError, match="one batch at a time"), ledger.together():
        pass


def test_a_lock_that_another_keeps_is_a_batch_that_did_not_begin(ledger: Ledger, database: str) -> None:
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE ledger.stored_events IN EXCLUSIVE MODE")
        with pytest.raises(BatchLost, match="lock timeout"), ledger.together():
            report(ledger, "L1", 1)
    assert length_if_sound(database) == 2
