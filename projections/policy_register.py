"""The register of policy editions 政策版本登记簿."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.policy.events import EditionPublished
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows

_COLUMNS = "edition, city, title, document, effective_from, effective_to, digest, rules, assumed"


class PolicyRegister(Projection[Told]):
    """`assumed` is how many rules have to be confirmed; `published_on` the day on which the ledger learned of the edition."""

    name = "policy_register"
    order = "effective_from, edition"
    topics = frozenset({EditionPublished.TOPIC})
    tables: ClassVar[Mapping[str, str]] = {"policy_register": "edition"}
    ddl = """
        CREATE TABLE {schema}.policy_register (
          edition text PRIMARY KEY, position bigint NOT NULL, published_on date NOT NULL, city text NOT NULL, title text NOT NULL,
          document text NOT NULL, effective_from date NOT NULL, effective_to date, digest text NOT NULL, rules int NOT NULL,
          assumed int NOT NULL);
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "edition": "text", "city": "text", "title": "text", "document": "text", "effective_from": "date",
        "effective_to": "date", "published_on": "date", "digest": "text", "rules": "number", "assumed": "number",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        rows = (
            (fact.position, body["value_date"], *(body[name] for name in _COLUMNS.split(", ")))
            for fact in facts
            for body in (fact.body,)
        )
        copy_rows(cursor, f"{schema}.policy_register", f"position, published_on, {_COLUMNS}", rows)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        """As of a day: the editions that bind by then."""
        query = (
            f"SELECT {', '.join(self.columns)} FROM projections.policy_register"
            " WHERE effective_from <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}
