"""What the registers of partners and of projects have in common: who takes part, jobs by basis, and the last word by a day.

Each register keeps rows of its own, so that either can be dropped and rebuilt alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from psycopg import Cursor

from domain.rural_partner.events import (
    ProjectJobsReported,
    ProjectJobsVerified,
    ProjectPartnerJoined,
    ProjectPartnerParted,
    ProjectRegistered,
)
from projections.log import Told
from projections.projection import copy_rows

TAKING_PART = frozenset({ProjectRegistered.TOPIC, ProjectPartnerJoined.TOPIC, ProjectPartnerParted.TOPIC})
JOBS = {ProjectJobsReported.TOPIC: "reported", ProjectJobsVerified.TOPIC: "verified"}
WHEN = "value_date <= %(as_of)s AND position <= %(known_at)s"

TABLES = """
    CREATE TABLE {schema}.%(name)s_part (
      project uuid NOT NULL, partner_no text NOT NULL, value_date date NOT NULL, position bigint NOT NULL,
      takes_part boolean NOT NULL, PRIMARY KEY (project, partner_no, value_date, position));
    CREATE TABLE {schema}.%(name)s_jobs (
      project uuid NOT NULL, basis text NOT NULL, value_date date NOT NULL, position bigint NOT NULL, jobs bigint NOT NULL,
      PRIMARY KEY (project, basis, value_date, position));
    CREATE TABLE {schema}.%(name)s_loan (
      stream uuid NOT NULL, loan_no text NOT NULL, value_date date NOT NULL, position bigint NOT NULL,
      PRIMARY KEY (stream, loan_no, position));
    CREATE TABLE {schema}.%(name)s_step (
      stream uuid NOT NULL, value_date date NOT NULL, position bigint NOT NULL, status text NOT NULL,
      PRIMARY KEY (stream, value_date, position));
"""


def tables(name: str) -> dict[str, str]:
    """The tables of a register with what orders their rows."""
    return {
        name: "stream",
        f"{name}_part": "project, partner_no, value_date, position",
        f"{name}_jobs": "project, basis, value_date, position",
        f"{name}_loan": "stream, loan_no, position",
        f"{name}_step": "stream, value_date, position",
    }


def keep_projects(cursor: Cursor[Any], table: str, facts: Sequence[Told]) -> None:
    """Who takes part in which project, and its jobs."""
    copy_rows(cursor, f"{table}_part", "project, partner_no, value_date, position, takes_part", _parts(facts))
    jobs = (
        (fact.stream, JOBS[fact.topic], body["value_date"], fact.position, body["jobs"])
        for fact in facts
        if fact.topic in JOBS and (body := fact.body)
    )
    copy_rows(cursor, f"{table}_jobs", "project, basis, value_date, position, jobs", jobs)


def keep_steps(cursor: Cursor[Any], table: str, facts: Sequence[Told], steps: dict[str, str], link: str) -> None:
    """The steps of the register's own streams, and the loans that are linked to them."""
    said = (
        (fact.stream, fact.body["value_date"], fact.position, steps[fact.topic])
        for fact in facts
        if fact.topic in steps
    )
    copy_rows(cursor, f"{table}_step", "stream, value_date, position, status", said)
    links = (
        (fact.stream, body["loan_no"], body["value_date"], fact.position)
        for fact in facts
        if fact.topic == link and (body := fact.body)
    )
    copy_rows(cursor, f"{table}_loan", "stream, loan_no, value_date, position", links)


def _parts(facts: Sequence[Told]) -> Iterator[tuple[Any, ...]]:
    for fact in facts:
        if fact.topic in TAKING_PART:
            body = fact.body
            who = body["partners"] if fact.topic == ProjectRegistered.TOPIC else (body["partner_no"],)
            takes_part = fact.topic != ProjectPartnerParted.TOPIC
            for partner_no in who:
                yield fact.stream, partner_no, body["value_date"], fact.position, takes_part


def now_part(name: str) -> str:
    """A query: project and partner_no of everybody who takes part."""
    last = (
        f"SELECT DISTINCT ON (project, partner_no) project, partner_no, takes_part FROM projections.{name}_part"
        f" WHERE {WHEN} ORDER BY project, partner_no, value_date DESC, position DESC"
    )
    return f"SELECT project, partner_no FROM ({last}) last WHERE takes_part"


def now_jobs(name: str) -> str:
    """A query: the jobs of each project as last reported and as last verified."""
    last = (
        f"SELECT DISTINCT ON (project, basis) project, basis, jobs FROM projections.{name}_jobs"
        f" WHERE {WHEN} ORDER BY project, basis, value_date DESC, position DESC"
    )
    columns = ", ".join(f"max(jobs) FILTER (WHERE basis = '{basis}') AS {basis}" for basis in JOBS.values())
    return f"SELECT project, {columns} FROM ({last}) last GROUP BY project"


def now_status(name: str) -> str:
    """A query: each stream's status and since when; a stream that had not begun is left out."""
    return (
        f"SELECT DISTINCT ON (stream) stream, status, value_date AS since FROM projections.{name}_step"
        f" WHERE {WHEN} ORDER BY stream, value_date DESC, position DESC"
    )


def first_day(name: str, status: str, *, last: bool = False) -> str:
    """A query: the first (or last) day on which a stream took a step to the status."""
    which = "max" if last else "min"
    return (
        f"SELECT stream, {which}(value_date) AS day FROM projections.{name}_step"
        f" WHERE {WHEN} AND status = '{status}' GROUP BY stream"
    )


def now_loans(name: str) -> str:
    """A query: how many loans are linked to each stream."""
    return f"SELECT stream, count(*) AS loans FROM projections.{name}_loan WHERE {WHEN} GROUP BY stream"


def times(as_of: date | None, known_at: int | None) -> dict[str, object]:
    return {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}
