"""The papers of applications: working days as the domain counts them, and the queue on any day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.facts import Fact
from domain.loan_application import events
from domain.loan_application.application import LoanApplication
from domain.policy.pin import PolicyPin
from domain.policy.shipped import shipped_calendars
from domain.working_days import CalendarYear, WorkCalendar
from ledger.ledger import Ledger
from ledger.publishing import PublishPolicy, publish_policy, shipped
from projections.engine import Engine
from projections.keeper import connect
from projections.log import head
from projections.querying import Question, ask, projection
from projections.working_calendar import working_days
from tests.conftest import as_role
from tests.ledger.writing import NOW, append, said_under

CALENDAR = WorkCalendar({year.year: year for year in shipped_calendars()})
PIN = PolicyPin(edition="e", digest="0" * 64)
DAYS = st.dates(date(2015, 6, 1), date(2028, 6, 1))


@pytest.fixture
def reader(ledger: Ledger, database: str) -> Iterator[Connection[Any]]:
    publish_policy(ledger, shipped(), said_under())
    fold(database)
    with connect(as_role(database, "projector")) as opened:
        yield opened


def fold(database: str) -> None:
    papers = [projection(name) for name in ("application_register", "application_queue", "policy_register")]
    with Engine(as_role(database, "projector"), papers) as engine:
        assert engine.catch_up() == {}


def counted(reader: Connection[Any], start: date, end: date) -> int:
    sql = working_days("application_register", "d.a", "d.b")
    statement = f"SELECT {sql} FROM (SELECT %(a)s::date AS a, %(b)s::date AS b) d"
    row = reader.execute(statement.encode(), {"a": start, "b": end, "known_at": 2**62}).fetchone()
    assert row is not None
    return int(row[0])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(DAYS, st.integers(-20, 800))
def test_working_days_in_a_paper_are_those_of_the_domain(reader: Connection[Any], start: date, length: int) -> None:
    """From the start (counted) to the end (not counted): in the domain's words, after the day before it up to the day before the end."""
    end = start + timedelta(days=length)
    day = timedelta(days=1)
    assert counted(reader, start, end) == (CALENDAR.between(start - day, end - day) if length > 0 else 0)


def test_a_calendar_published_again_takes_the_place_of_the_earlier_from_its_position_on(
    ledger: Ledger, database: str, reader: Connection[Any]
) -> None:
    before = head(reader)
    year = next(year for year in shipped_calendars() if year.year == 2025)
    moved = year.model_copy(update={"holidays": year.holidays | {date(2025, 3, 4)}})
    assert counted(reader, date(2025, 3, 3), date(2025, 3, 8)) == 5
    publish_policy(ledger, PublishPolicy(calendars=(moved,)), said_under())
    fold(database)
    assert counted(reader, date(2025, 3, 3), date(2025, 3, 8)) == 4
    sql = working_days("application_register", "date '2025-03-03'", "date '2025-03-08'")
    assert reader.execute(f"SELECT {sql}".encode(), {"known_at": before}).fetchone() == (5,)


def test_a_calendar_published_again_without_any_holiday_takes_them_all_back(
    ledger: Ledger, database: str, reader: Connection[Any]
) -> None:
    assert counted(reader, date(2025, 5, 1), date(2025, 5, 3)) == 0
    none = CalendarYear(year=2025, holidays=frozenset(), make_up=frozenset())
    publish_policy(ledger, PublishPolicy(calendars=(none,)), said_under())
    fold(database)
    assert counted(reader, date(2025, 5, 1), date(2025, 5, 3)) == 2


def test_a_first_of_january_that_is_worked_counts_like_any_other_make_up_day(
    ledger: Ledger, database: str, reader: Connection[Any]
) -> None:
    """In no year so far; the paper and the domain would still agree."""
    year = CalendarYear(year=2028, holidays=frozenset(), make_up=frozenset({date(2028, 1, 1)}))
    publish_policy(ledger, PublishPolicy(calendars=(year,)), said_under())
    fold(database)
    assert WorkCalendar({2028: year}).between(date(2027, 12, 31), date(2028, 1, 2)) == 1
    assert counted(reader, date(2028, 1, 1), date(2028, 1, 3)) == 1


class Case:
    """An application's facts, one after the other."""

    def __init__(self, ledger: Ledger, case_no: str) -> None:
        self.ledger, self.stream, self.version = ledger, LoanApplication.create_id(case_no), 0
        self.tell(events.Submitted, date(2025, 3, 3), case_no=case_no, amount_fen=100, bank="b", product="plain")

    def tell(self, kind: type[Fact], day: date, **body: Any) -> None:
        self.version += 1
        place: dict[str, Any] = {"originator_id": self.stream, "originator_version": self.version}
        append(self.ledger, [kind(**place, timestamp=NOW, value_date=day, **body)])

    def review(self, kind: type[Fact], day: date) -> None:
        self.tell(kind, day, outcome="passed", policy=PIN, reviewer="r", institution="i")


def queue(reader: Connection[Any], day: date | None, known_at: int | None = None) -> list[tuple[str, str, int | None]]:
    answer = ask(reader, projection("application_queue"), Question(as_of=day, known_at=known_at))
    return [(row["case_no"], row["waiting_for"], row["working_days_left"]) for row in answer.rows]


def test_the_queue_on_any_day_says_who_waits_on_whom_and_how_long(
    ledger: Ledger, database: str, reader: Connection[Any]
) -> None:
    case = Case(ledger, "A-1")
    case.tell(events.Accepted, date(2025, 3, 4), materials=(), working_days=15, due_on=date(2025, 3, 25))
    known = head(reader)
    case.tell(events.CorrectionRequested, date(2025, 3, 6), missing=("m",))
    case.tell(events.Corrected, date(2025, 3, 10), due_on=date(2025, 3, 27))
    case.review(events.CreditReviewed, date(2025, 3, 11))
    case.review(events.GuaranteeReviewed, date(2025, 3, 12))
    case.review(events.EligibilityReviewed, date(2025, 3, 13))
    case.tell(
        events.Rejected, date(2025, 3, 14), policy=PIN, decided_by="x", notify_by=date(2025, 3, 21), reason="said"
    )
    fold(database)
    assert queue(reader, date(2025, 3, 2)) == []
    assert queue(reader, date(2025, 3, 3)) == [("A-1", "intake", None)]
    assert queue(reader, date(2025, 3, 4)) == [("A-1", "eligibility+guarantee+credit", 15)]
    assert queue(reader, date(2025, 3, 6)) == [("A-1", "applicant", None)]
    assert queue(reader, date(2025, 3, 10)) == [("A-1", "eligibility+guarantee+credit", 13)]
    assert queue(reader, date(2025, 3, 12)) == [("A-1", "eligibility", 11)]
    assert queue(reader, date(2025, 3, 13)) == [("A-1", "approver", 10)]
    assert queue(reader, date(2025, 3, 14)) == []
    assert queue(reader, date(2025, 3, 31), known) == [("A-1", "eligibility+guarantee+credit", -4)]
    assert queue(reader, None, known) == [("A-1", "eligibility+guarantee+credit", None)]


def test_the_register_keeps_an_approval_that_lapsed(ledger: Ledger, database: str, reader: Connection[Any]) -> None:
    case = Case(ledger, "A-1")
    case.tell(events.Accepted, date(2025, 3, 4), materials=(), working_days=15, due_on=date(2025, 3, 25))
    case.tell(
        events.Approved,
        date(2025, 3, 10),
        amount_fen=100,
        months=12,
        margin_bp=50,
        policy=PIN,
        reviews=(),
        approver="a",
        expires_on=date(2025, 6, 8),
    )
    case.tell(events.Expired, date(2025, 6, 9), of="approval")
    fold(database)

    def line(day: date | None) -> tuple[Any, ...]:
        (row,) = ask(reader, projection("application_register"), Question(as_of=day)).rows
        return row["status"], row["decided_on"], row["working_days"]

    assert line(date(2025, 3, 9)) == ("in_review", None, None)
    assert line(date(2025, 3, 10)) == ("approved", "2025-03-10", 5)
    assert line(None) == ("expired", "2025-03-10", 5)


def test_an_application_of_another_city_s_mapping_knows_no_holidays(
    ledger: Ledger, database: str, reader: Connection[Any]
) -> None:
    stream = uuid4()
    place: dict[str, Any] = {"originator_id": stream, "timestamp": NOW}
    append(
        ledger,
        [
            events.Submitted(
                **place,
                originator_version=1,
                value_date=date(2025, 4, 28),
                case_no="T-1",
                amount_fen=1,
                weekdays_only=True,
            ),
            events.HistoryRecorded(
                **place,
                originator_version=2,
                value_date=date(2025, 5, 6),
                activity="A_APPROVED",
                sequence=1,
                occurred_at=NOW,
                ending="approved",
                row=2,
            ),
        ],
    )
    fold(database)
    (row,) = ask(reader, projection("application_register"), Question()).rows
    assert (row["working_days"], counted(reader, date(2025, 4, 28), date(2025, 5, 6))) == (6, 3)


def test_the_policy_register_says_what_binds_on_a_day_and_how_much_has_to_be_confirmed(reader: Connection[Any]) -> None:
    rows = ask(reader, projection("policy_register"), Question(as_of=date(2023, 1, 1))).rows
    assert [row["edition"] for row in rows] == ["jining_2016", "jining_2019", "jining_2020", "jining_2021"]
    assert all(row["rules"] > row["assumed"] > 0 for row in rows)
