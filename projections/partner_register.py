"""The register of rural partners 乡村振兴合伙人名册: one line a partner, as of any day and as known at any position.

Several partners may share a project, so the jobs of a partner's projects are shown and never added up over partners; the register of
projects counts every job once (domain.md §5.30, §5.32).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.rural_partner.events import (
    PartnerDisqualified,
    PartnerLeft,
    PartnerLoanLinked,
    PartnerQualified,
    PartnerRecruited,
)
from projections import log
from projections.log import Told
from projections.partnership import (
    JOBS,
    TABLES,
    TAKING_PART,
    first_day,
    keep_projects,
    keep_steps,
    now_jobs,
    now_loans,
    now_part,
    now_status,
    tables,
    times,
)
from projections.projection import Kind, Projection, copy_rows

_STEPS = {
    PartnerRecruited.TOPIC: "recruited",
    PartnerQualified.TOPIC: "qualified",
    PartnerDisqualified.TOPIC: "disqualified",
    PartnerLeft.TOPIC: "left",
}
_OPENING = ("partner_no", "kind", "way", "county", "township")
_NAME = "partner_register"


class PartnerRegister(Projection[Told]):
    name = _NAME
    order = "partner_no"
    topics = frozenset({*_STEPS, PartnerLoanLinked.TOPIC, *TAKING_PART, *JOBS})
    tables: ClassVar[Mapping[str, str]] = tables(_NAME)
    ddl = (
        """
        CREATE TABLE {schema}.partner_register (
          stream uuid PRIMARY KEY, partner_no text NOT NULL UNIQUE, kind text NOT NULL, way text NOT NULL, county text NOT NULL,
          township text, recruited_on date NOT NULL);
    """
        + TABLES % {"name": _NAME}
    )
    columns: ClassVar[Mapping[str, Kind]] = {
        "partner_no": "text", "kind": "text", "way": "text", "county": "text", "township": "text", "status": "text",
        "recruited_on": "date", "qualified_on": "date", "left_on": "date", "projects": "number", "jobs_reported": "number",
        "jobs_verified": "number", "loans": "count",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened = (
            (fact.stream, *(body[name] for name in _OPENING), body["value_date"])
            for fact in facts
            if fact.topic == PartnerRecruited.TOPIC and (body := fact.body)
        )
        table = f"{schema}.{_NAME}"
        copy_rows(cursor, table, ", ".join(("stream", *_OPENING, "recruited_on")), opened)
        keep_steps(cursor, table, facts, _STEPS, PartnerLoanLinked.TOPIC)
        keep_projects(cursor, table, facts)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        projects = (
            "SELECT partner_no, count(*) AS projects, sum(reported) AS reported, sum(verified) AS verified"
            f" FROM ({now_part(_NAME)}) part LEFT JOIN ({now_jobs(_NAME)}) jobs USING (project) GROUP BY partner_no"
        )
        query = (
            f"SELECT {', '.join(_OPENING)}, status, recruited_on, qualified.day AS qualified_on,"
            " CASE WHEN status = 'left' THEN since END AS left_on, coalesce(projects, 0) AS projects,"
            " coalesce(reported, 0) AS jobs_reported, coalesce(verified, 0) AS jobs_verified, coalesce(loans, 0) AS loans"
            f" FROM projections.{_NAME} JOIN ({now_status(_NAME)}) status USING (stream)"
            f" LEFT JOIN ({first_day(_NAME, 'qualified', last=True)}) qualified USING (stream)"
            f" LEFT JOIN ({projects}) projects USING (partner_no) LEFT JOIN ({now_loans(_NAME)}) loans USING (stream)"
        )
        return query, times(as_of, known_at)
