"""The audit trail 审计轨迹: every fact with who recorded it, when, by which way and on whose authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.calendar import city_day
from domain.recorded import Recorded
from projections import log
from projections.projection import Kind, Projection, copy_rows


class AuditTrail(Projection[Recorded]):
    name = "audit_trail"
    order = "position"
    topics = None
    tables: ClassVar[Mapping[str, str]] = {"audit_trail": "position"}
    ddl = """
        CREATE TABLE {schema}.audit_trail (
          position bigint PRIMARY KEY, recorded_at timestamptz NOT NULL, stream uuid NOT NULL, version bigint NOT NULL,
          topic text NOT NULL, value_date date NOT NULL, days_late int NOT NULL, subject text NOT NULL, role text NOT NULL,
          institution text NOT NULL, region text NOT NULL, authority text, channel text NOT NULL, correlation text NOT NULL,
          causation text, idempotency_key text NOT NULL, leaf_hash text NOT NULL);
        CREATE INDEX audit_trail_by_stream ON {schema}.audit_trail (stream, version);
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "position": "number", "recorded_at": "time", "stream": "text", "version": "number", "topic": "text", "value_date": "date",
        "days_late": "count", "subject": "text", "role": "text", "institution": "text", "region": "text", "authority": "text",
        "channel": "text", "correlation": "text", "causation": "text", "idempotency_key": "text", "leaf_hash": "text",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        copy_rows(cursor, f"{schema}.audit_trail", ", ".join(self.columns), map(_line, facts))

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        query = (
            f"SELECT {', '.join(self.columns).replace(' stream,', ' stream::text,')} FROM projections.audit_trail"
            " WHERE value_date <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _line(row: Recorded) -> tuple[Any, ...]:
    return (
        row.position, row.recorded_at, row.stream, row.version, row.topic, row.value_date,
        (city_day(row.recorded_at) - row.value_date).days, row.subject, row.role, row.institution, row.region, row.authority,
        row.channel, row.correlation, row.causation, row.idempotency_key, row.leaf_hash.hex(),
    )  # fmt: skip
