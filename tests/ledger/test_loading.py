"""What was loaded is kept: nobody decides by it once another writer has been there, and nobody changes it."""

from __future__ import annotations

import pytest
from eventsourcing.application import AggregateNotFoundError

from domain.errors import Refusal
from domain.facts import Moment
from domain.loan.loan import Loan
from ledger.ledger import Ledger
from ledger.loading import trusting
from ledger.reporting import ReportJobs, report_jobs
from tests.ledger.writing import DAY, NOW, append, at_once, loan, open_ledger, said_under

MOMENT = Moment(now=NOW)


class NotYet(Refusal):
    code = "test.not_yet"
    en = zh = "not yet"


def report(ledger: Ledger, loan_no: str, created: int) -> None:
    said = ReportJobs(loan_no=loan_no, created=created, retained=0, value_date=DAY)
    assert report_jobs(ledger, said, said_under()) is not None


def created(found: Loan) -> object:
    return found.state()["jobs_created"]


@pytest.fixture(autouse=True)
def loans(ledger: Ledger, database: str) -> None:
    """L1 and L2, kept by the ledger; another writer has reported a job of L1 since."""
    for number in ("L1", "L2"):
        append(ledger, loan(number).collect_events())
        report(ledger, number, 0)
    with open_ledger(database) as other:
        report(other, "L1", 1)


def test_what_is_kept_is_old_and_still_nobody_reads_it(ledger: Ledger) -> None:
    with trusting(True) as assumed:
        kept = ledger.loan("L1")
    assert (created(kept), assumed) == (0, {kept.id}), "otherwise these tests prove nothing"
    assert created(ledger.loan("L1")) == 1
    with trusting(True):
        assert created(ledger.loan("L1")) == 1, "it is kept as it was brought up to date"


def test_a_refusal_by_what_is_old_is_no_answer(ledger: Ledger) -> None:
    def decide() -> list[Loan]:
        found = ledger.loan("L1")
        if created(found) != 1:
            raise NotYet
        found.report_jobs(MOMENT, created=2, retained=0, value_date=DAY)
        return [found]

    command = ReportJobs(loan_no="L1", created=2, retained=0, value_date=DAY)
    assert ledger.perform(command, said_under(), decide) is not None
    assert created(ledger.loan("L1")) == 2


def test_having_nothing_to_record_by_what_is_old_is_no_answer(ledger: Ledger) -> None:
    def decide() -> list[Loan]:
        found = ledger.loan("L1")
        if created(found) == 1:
            found.report_jobs(MOMENT, created=2, retained=0, value_date=DAY)
        return [found]

    command = ReportJobs(loan_no="L1", created=2, retained=0, value_date=DAY)
    assert ledger.perform(command, said_under(), decide) is not None


def test_nothing_is_recorded_of_one_stream_by_what_is_old_of_another(ledger: Ledger) -> None:
    def decide() -> list[Loan]:
        read, written = ledger.loan("L1"), ledger.loan("L2")
        figure = read.state()["jobs_created"]
        assert isinstance(figure, int)
        written.report_jobs(MOMENT, created=figure + 10, retained=0, value_date=DAY)
        return [written]

    command = ReportJobs(loan_no="L2", created=11, retained=0, value_date=DAY)
    assert ledger.perform(command, said_under(), decide) is not None
    assert created(ledger.loan("L2")) == 11


def test_a_command_upon_what_is_kept_asks_the_log_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    report(ledger, "L2", 1)
    monkeypatch.setattr(ledger.recorder, "select_events", lambda *_, **__: pytest.fail("the log was asked"))
    report(ledger, "L2", 2)


def test_what_is_handed_out_is_the_callers_own(ledger: Ledger) -> None:
    found = ledger.loan("L2")
    found.report_jobs(MOMENT, created=99, retained=0, value_date=DAY)
    assert created(ledger.loan("L2")) == 0
    assert ledger.loan("L2").pending_events == []


def test_an_earlier_version_and_an_unknown_stream_are_looked_up(ledger: Ledger) -> None:
    assert ledger.repository.get(Loan.create_id("L1"), version=1).version == 1
    with trusting(True), pytest.raises(AggregateNotFoundError):
        ledger.repository.get(Loan.create_id("L3"))


def test_threads_that_read_and_write_one_stream_never_see_half_of_a_fact(ledger: Ledger) -> None:
    def work(number: int) -> None:
        for step in range(12):
            report(ledger, "L2", number * 100 + step)
            found = ledger.loan("L2")
            assert found.version >= 2

    at_once(8, work)
    assert ledger.loan("L2").version == 2 + 8 * 12
