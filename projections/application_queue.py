"""The queue of applications 待办申请: the open ones, who waits on whom, and the working days that are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.loan_application.events import (
    Accepted,
    Approved,
    Contracted,
    Corrected,
    CorrectionRequested,
    CreditReviewed,
    EligibilityReviewed,
    Expired,
    GuaranteeReviewed,
    HistoryRecorded,
    Rejected,
    Submitted,
    Withdrawn,
)
from domain.policy.events import CalendarPublished
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows
from projections.working_calendar import calendar_ddl, fold_calendars, working_days

_STEPS = {
    Accepted.TOPIC: "accepted",
    CorrectionRequested.TOPIC: "paused",
    Corrected.TOPIC: "resumed",
    EligibilityReviewed.TOPIC: "eligibility",
    GuaranteeReviewed.TOPIC: "guarantee",
    CreditReviewed.TOPIC: "credit",
    Approved.TOPIC: "approved",
    Rejected.TOPIC: "ended",
    Withdrawn.TOPIC: "ended",
    Expired.TOPIC: "ended",
    Contracted.TOPIC: "ended",
}
_WAITING = (
    "CASE WHEN imported THEN 'elsewhere' WHEN s.approved THEN 'contract' WHEN s.accepted IS NOT TRUE THEN 'intake'"
    " WHEN s.paused AND s.resumed IS NOT TRUE THEN 'applicant' WHEN s.eligibility AND s.guarantee AND s.credit THEN 'approver'"
    " ELSE array_to_string(ARRAY[CASE WHEN s.eligibility IS NOT TRUE THEN 'eligibility' END,"
    " CASE WHEN s.guarantee IS NOT TRUE THEN 'guarantee' END, CASE WHEN s.credit IS NOT TRUE THEN 'credit' END], '+') END"
)


class ApplicationQueue(Projection[Told]):
    """`working_days_left` are after the day asked for, up to and including the day due; negative when it is past.

    Asked without a day nothing is left to count from: there is no clock here.
    """

    name = "application_queue"
    order = "due_on NULLS LAST, case_no"
    version = 2
    counts_to_the_day = True
    topics = frozenset({Submitted.TOPIC, HistoryRecorded.TOPIC, CalendarPublished.TOPIC, *_STEPS})
    tables: ClassVar[Mapping[str, str]] = {
        "application_queue": "application",
        "application_queue_step": "application, position",
        "application_queue_calendar": "year, position, day",
    }
    ddl = """
        CREATE TABLE {schema}.application_queue (
          application uuid PRIMARY KEY, position bigint NOT NULL, case_no text NOT NULL, product text, county text, bank text,
          guarantor text, amount bigint NOT NULL, submitted_on date NOT NULL, imported boolean NOT NULL);
        CREATE TABLE {schema}.application_queue_step (
          application uuid NOT NULL, position bigint NOT NULL, value_date date NOT NULL, step text NOT NULL, due_on date,
          PRIMARY KEY (application, position));
    """ + calendar_ddl("application_queue")
    columns: ClassVar[Mapping[str, Kind]] = {
        "case_no": "text", "status": "text", "waiting_for": "text", "submitted_on": "date", "accepted_on": "date",
        "due_on": "date", "working_days_left": "number", "product": "text", "county": "text", "bank": "text",
        "guarantor": "text", "amount": "money",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened, steps = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        for fact in facts:
            if fact.topic == CalendarPublished.TOPIC:
                continue
            body = fact.body
            if fact.topic == Submitted.TOPIC:
                names = ("case_no", "product", "county", "bank", "guarantor", "amount_fen", "value_date")
                said = (body[name] for name in names)
                opened.append((fact.stream, fact.position, *said, body["tape"] is not None))
            elif step := _step(fact.topic, body):
                steps.append((fact.stream, fact.position, body["value_date"], step, body.get("due_on")))
        table = f"{schema}.application_queue"
        columns = "application, position, case_no, product, county, bank, guarantor, amount, submitted_on, imported"
        copy_rows(cursor, table, columns, opened)
        copy_rows(cursor, f"{table}_step", "application, position, value_date, step, due_on", steps)
        fold_calendars(cursor, schema, self.name, facts)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        when = "value_date <= %(as_of)s AND position <= %(known_at)s"
        reached = ", ".join(
            f"bool_or(step = '{step}') AS {step}"
            for step in ("accepted", "paused", "resumed", "eligibility", "guarantee", "credit", "approved", "ended")
        )
        day = "%(day)s::date"
        ahead = working_days(self.name, f"({day} + 1)", "(s.due_on + 1)")
        behind = working_days(self.name, "(s.due_on + 1)", f"({day} + 1)")
        left = f"CASE WHEN {day} IS NULL OR s.due_on IS NULL OR {_WAITING} = 'applicant' THEN NULL ELSE {ahead} - {behind} END"
        query = (
            "SELECT case_no, CASE WHEN s.approved THEN 'approved' WHEN s.accepted THEN 'in_review' ELSE 'submitted' END AS status,"
            f" {_WAITING} AS waiting_for, submitted_on, s.accepted_on, s.due_on, {left} AS working_days_left, product, county,"
            f" bank, guarantor, amount FROM projections.application_queue q LEFT JOIN (SELECT application, {reached},"
            " min(value_date) FILTER (WHERE step = 'accepted') AS accepted_on,"
            " (array_agg(due_on ORDER BY position DESC) FILTER (WHERE due_on IS NOT NULL))[1] AS due_on"
            f" FROM projections.application_queue_step WHERE {when} GROUP BY application) s USING (application)"
            " WHERE submitted_on <= %(as_of)s AND position <= %(known_at)s AND s.ended IS NOT TRUE"
        )
        return query, {
            "as_of": as_of or date.max,
            "known_at": known_at if known_at is not None else 2**62,
            "day": as_of,
        }


def _step(topic: str, body: Mapping[str, Any]) -> str | None:
    if topic != HistoryRecorded.TOPIC:
        return _STEPS[topic]
    return "ended" if body["ending"] else "accepted" if body["status"] else None
