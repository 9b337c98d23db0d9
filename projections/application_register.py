"""The register of applications 申请登记簿: every application ever, as of any day and as known at any position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.loan_application.events import Accepted, Approved, Expired, HistoryRecorded, Rejected, Submitted, Withdrawn
from domain.policy.events import CalendarPublished
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows
from projections.working_calendar import calendar_ddl, fold_calendars, working_days

_STATUS = {
    Accepted.TOPIC: "in_review",
    Approved.TOPIC: "approved",
    Rejected.TOPIC: "rejected",
    Withdrawn.TOPIC: "withdrawn",
    Expired.TOPIC: "expired",
}
_OPENING = "case_no, source_status, product, kind, group_code, county, township, channel, outlet, bank, guarantor, amount, submitted_on"


class ApplicationRegister(Projection[Told]):
    """`working_days` are from the day of submission (counted) to that of the decision (not counted)."""

    name = "application_register"
    order = "case_no"
    version = 2
    topics = frozenset({Submitted.TOPIC, HistoryRecorded.TOPIC, CalendarPublished.TOPIC, *_STATUS})
    tables: ClassVar[Mapping[str, str]] = {
        "application_register": "application",
        "application_register_status": "application, position",
        "application_register_calendar": "year, position, day",
    }
    ddl = """
        CREATE TABLE {schema}.application_register (
          application uuid PRIMARY KEY, position bigint NOT NULL, case_no text NOT NULL UNIQUE, source_status text, product text,
          kind text, group_code text, county text, township text, channel text, outlet text, bank text, guarantor text,
          amount bigint NOT NULL, submitted_on date NOT NULL, weekdays_only boolean NOT NULL);
        CREATE TABLE {schema}.application_register_status (
          application uuid NOT NULL, position bigint NOT NULL, value_date date NOT NULL, status text NOT NULL, source_status text,
          PRIMARY KEY (application, position));
    """ + calendar_ddl("application_register")
    columns: ClassVar[Mapping[str, Kind]] = {
        "case_no": "text", "status": "text", "source_status": "text", "submitted_on": "date", "decided_on": "date",
        "working_days": "number", "product": "text", "kind": "text", "group_code": "text", "county": "text",
        "township": "text", "channel": "text", "outlet": "text", "bank": "text", "guarantor": "text", "amount": "money",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened, said = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        for fact in facts:
            if fact.topic == CalendarPublished.TOPIC:
                continue
            body = fact.body
            if fact.topic == Submitted.TOPIC:
                opened.append(_opened(fact, body))
            elif (status := _status(fact.topic, body)) is not None or fact.topic == HistoryRecorded.TOPIC:
                said.append((fact.stream, fact.position, body["value_date"], status or "", body.get("activity")))
        table = f"{schema}.application_register"
        copy_rows(cursor, table, f"application, position, {_OPENING}, weekdays_only", opened)
        copy_rows(cursor, f"{table}_status", "application, position, value_date, status, source_status", said)
        fold_calendars(cursor, schema, self.name, facts)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        when = "value_date <= %(as_of)s AND position <= %(known_at)s"
        status = "projections.application_register_status"
        query = (
            "SELECT case_no, coalesce(s.status, 'submitted') AS status, coalesce(s.source_status, r.source_status) AS source_status,"
            f" submitted_on, s.decided_on, {_elapsed()} AS working_days, product, kind, group_code, county, township, channel,"
            " outlet, bank, guarantor, amount FROM projections.application_register r LEFT JOIN (SELECT application,"
            " (array_agg(status ORDER BY position DESC) FILTER (WHERE status <> ''))[1] AS status,"
            " (array_agg(source_status ORDER BY position DESC) FILTER (WHERE source_status IS NOT NULL))[1] AS source_status,"
            " min(value_date) FILTER (WHERE status NOT IN ('', 'in_review')) AS decided_on"
            f" FROM {status} WHERE {when} GROUP BY application) s USING (application)"
            " WHERE submitted_on <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _elapsed() -> str:
    counted = working_days("application_register", "submitted_on", "s.decided_on", weekdays_only="weekdays_only")
    return f"CASE WHEN s.decided_on IS NOT NULL THEN {counted} END"


def _status(topic: str, body: Mapping[str, Any]) -> str | None:
    """What a fact makes of an application; a step of a history may say nothing of it."""
    if topic == HistoryRecorded.TOPIC:
        ended: str | None = body["ending"] or body["status"]
        return ended
    return _STATUS[topic]


def _opened(fact: Told, body: Mapping[str, Any]) -> tuple[Any, ...]:
    names = (
        "case_no",
        "source_status",
        "product",
        "kind",
        "group",
        "county",
        "township",
        "channel",
        "outlet",
        "bank",
        "guarantor",
    )
    said = tuple(body[name] for name in names)
    return (fact.stream, fact.position, *said, body["amount_fen"], body["value_date"], body["weekdays_only"])
