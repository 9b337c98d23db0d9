"""Histories of applications copied in, and the register of a past day: against what their rows alone cost."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg import Connection

from api.bench import book
from api.bench.contest import Contest, Effort, race, timed
from api.bench.databases import as_role, fresh
from ledger.importing.applications import import_histories
from ledger.importing.history_mapping import load_history_mapping
from ledger.importing.reading import open_table
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import Question, ask, projection

EVENTS = 60_849
"""As many as the real log of 13,087 applications holds; made here, so that nobody needs that log."""

_HEADER = ("case", "seq", "reg_date", "amount_req", "activity", "transition", "resource", "timestamp")
_LIVES = (
    ("A_SUBMITTED", "A_PARTLYSUBMITTED", "A_DECLINED"),
    ("A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_CANCELLED"),
    (
        "A_SUBMITTED",
        "A_PARTLYSUBMITTED",
        "A_PREACCEPTED",
        "A_ACCEPTED",
        "A_FINALIZED",
        "A_REGISTERED",
        "A_APPROVED",
        "A_ACTIVATED",
    ),
)


@contextmanager
def histories(server: str, effort: Effort) -> Iterator[Contest]:
    """The whole import, file to checked leaves, against COPY of the file's rows as text into a plain indexed table."""
    events = EVENTS if effort.loans > 1000 else 3000
    with fresh(server, migrated=False) as plain, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "applications.csv"
        rows = _written(file, events)

        def ours() -> float:
            with fresh(server, migrated=True) as dsn:
                return timed(lambda: _import(dsn, file), rows)

        def theirs() -> float:
            return timed(lambda: _copied(plain, file), rows)

        yield Contest(ours, theirs)


@contextmanager
def registers(server: str, effort: Effort) -> Iterator[Contest]:
    """The register's statuses as of a past day, against counting the rows that it is read from."""
    events = EVENTS if effort.loans > 1000 else 3000
    with fresh(server, migrated=True) as dsn, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "applications.csv"
        _written(file, events)
        _import(dsn, file)
        asked = projection("application_register")
        with Engine(as_role(dsn, "projector"), [asked]) as engine:
            assert engine.catch_up() == {}
        with connect(as_role(dsn, "projector")) as reader:
            days = [date(2011, 10, 1) + timedelta(days=7 * n) for n in range(20)] * 10
            yield Contest(
                lambda: race(lambda day: _asked(reader, day), [days], effort.seconds),
                lambda: race(lambda day: _counted(reader, day), [days], effort.seconds),
            )


def _asked(reader: Connection[Any], day: date) -> None:
    question = Question(group_by=("status",), as_of=day)
    assert ask(reader, projection("application_register"), question).rows


def _counted(reader: Connection[Any], day: date) -> None:
    statement = "SELECT count(*) FROM projections.application_register_status WHERE value_date <= %s"
    assert reader.execute(statement, (day,)).fetchone()


def _import(dsn: str, file: Path) -> None:
    table = open_table(file, load_history_mapping("bpi2012"))
    table.check()
    with psycopg.connect(as_role(dsn, "importer"), autocommit=True) as importer:
        assert not import_histories(importer, table, book.context()).quarantined


def _copied(dsn: str, file: Path) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("DROP TABLE IF EXISTS plain_events")
        columns = ", ".join(f'"{name}" text' for name in _HEADER)
        connection.execute(f'CREATE TABLE plain_events ({columns}, PRIMARY KEY ("case", seq))'.encode())
        with connection.cursor().copy("COPY plain_events FROM STDIN (FORMAT CSV, HEADER)") as copy:
            copy.write(file.read_bytes())


def _written(file: Path, events: int) -> int:
    """A made log of about so many events; gives how many it has."""
    chance, text, rows, case = Random(1), io.StringIO(), 0, 0
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    while rows < events:
        case += 1
        moment = datetime(2011, 10, 1, 8, tzinfo=timezone(timedelta(hours=2))) + timedelta(
            minutes=chance.randrange(200_000)
        )
        begun = moment.isoformat(timespec="milliseconds")
        for sequence, activity in enumerate(chance.choice(_LIVES)):
            stamp = moment.isoformat(timespec="milliseconds")
            writer.writerow((case, sequence, begun, 5000 + case, activity, "COMPLETE", chance.randrange(9), stamp))
            moment += timedelta(hours=chance.randrange(60))
            rows += 1
    file.write_text(text.getvalue())
    return rows
