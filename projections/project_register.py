"""The register of partners' projects 合伙人项目名册: one line a project, as of any day and as known at any position.

Jobs as reported and as verified stand apart, and each job is counted once, with its project (domain.md §5.30).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.rural_partner.events import (
    ProjectEnded,
    ProjectLanded,
    ProjectLoanLinked,
    ProjectRegistered,
    ProjectResumed,
    ProjectSuspended,
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
    ProjectRegistered.TOPIC: "registered",
    ProjectLanded.TOPIC: "landed",
    ProjectSuspended.TOPIC: "suspended",
    ProjectResumed.TOPIC: "landed",
    ProjectEnded.TOPIC: "ended",
}
_OPENING = ("project_no", "title", "industry", "county", "township")
_NAME = "project_register"


class ProjectRegister(Projection[Told]):
    name = _NAME
    order = "project_no"
    topics = frozenset({*_STEPS, ProjectLoanLinked.TOPIC, *TAKING_PART, *JOBS})
    tables: ClassVar[Mapping[str, str]] = tables(_NAME)
    ddl = (
        """
        CREATE TABLE {schema}.project_register (
          stream uuid PRIMARY KEY, project_no text NOT NULL UNIQUE, title text NOT NULL, industry text NOT NULL, county text NOT NULL,
          township text, registered_on date NOT NULL);
    """
        + TABLES % {"name": _NAME}
    )
    columns: ClassVar[Mapping[str, Kind]] = {
        "project_no": "text", "title": "text", "industry": "text", "county": "text", "township": "text", "status": "text",
        "registered_on": "date", "landed_on": "date", "ended_on": "date", "partners": "number", "jobs_reported": "count",
        "jobs_verified": "count", "loans": "count",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened = (
            (fact.stream, *(body[name] for name in _OPENING), body["value_date"])
            for fact in facts
            if fact.topic == ProjectRegistered.TOPIC and (body := fact.body)
        )
        table = f"{schema}.{_NAME}"
        copy_rows(cursor, table, ", ".join(("stream", *_OPENING, "registered_on")), opened)
        keep_steps(cursor, table, facts, _STEPS, ProjectLoanLinked.TOPIC)
        keep_projects(cursor, table, facts)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        partners = f"SELECT project, count(*) AS partners FROM ({now_part(_NAME)}) part GROUP BY project"
        query = (
            f"SELECT {', '.join(_OPENING)}, status, registered_on, landed.day AS landed_on,"
            " CASE WHEN status = 'ended' THEN since END AS ended_on, coalesce(partners, 0) AS partners,"
            " coalesce(reported, 0) AS jobs_reported, coalesce(verified, 0) AS jobs_verified, coalesce(loans, 0) AS loans"
            f" FROM projections.{_NAME} register JOIN ({now_status(_NAME)}) status USING (stream)"
            f" LEFT JOIN ({first_day(_NAME, 'landed')}) landed USING (stream)"
            f" LEFT JOIN ({partners}) partners ON partners.project = stream"
            f" LEFT JOIN ({now_jobs(_NAME)}) jobs ON jobs.project = stream"
            f" LEFT JOIN ({now_loans(_NAME)}) loans USING (stream)"
        )
        return query, times(as_of, known_at)
