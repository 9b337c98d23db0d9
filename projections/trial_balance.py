"""The trial balance 试算平衡表: what every account comes to, by fund, bank, county and fiscal level, on any day as known at any position.

Debits equal credits in each book. Without a day and a position it is read from what is added up already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.money import Fen
from domain.recorded import Recorded
from projections import bookkeeping, log
from projections.general_ledger import TITLE
from projections.projection import Kind, Projection, copy_rows

PLACE = ("account", "fund", "bank", "county", "level")


class TrialBalance(Projection[Recorded]):
    """`debit` and `credit` are what was posted on either side, `balance` is debit less credit."""

    name = "trial_balance"
    version = 3
    order = "account, fund, bank NULLS FIRST, county NULLS FIRST, level NULLS FIRST"
    topics = bookkeeping.POSTED
    tables: ClassVar[Mapping[str, str]] = {
        "trial_balance": ", ".join(PLACE),
        "trial_balance_change": f"position, {', '.join(PLACE)}, booked_on",
        "trial_balance_period": "fund",
    }
    ddl = """
        CREATE TABLE {schema}.trial_balance (
          account text NOT NULL, fund text NOT NULL, bank text NOT NULL, county text NOT NULL, level text NOT NULL,
          debit bigint NOT NULL, credit bigint NOT NULL, PRIMARY KEY (account, fund, bank, county, level));
        CREATE TABLE {schema}.trial_balance_change (
          position bigint NOT NULL, account text NOT NULL, fund text NOT NULL, bank text NOT NULL, county text NOT NULL,
          level text NOT NULL, booked_on date NOT NULL, debit bigint NOT NULL, credit bigint NOT NULL,
          PRIMARY KEY (position, account, fund, bank, county, level, booked_on));
    """ + bookkeeping.PERIODS.format(name="trial_balance")
    columns: ClassVar[Mapping[str, Kind]] = {
        "account": "text", "title": "text", "book": "text", "fund": "text", "bank": "text", "county": "text", "level": "text",
        "debit": "money", "credit": "money", "balance": "money",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        rows, sums = dict[tuple[Any, ...], list[Fen]](), dict[tuple[str, ...], list[Fen]]()
        for fact, entry in bookkeeping.booked(cursor, schema, self.name, facts):
            for line, booked in entry:
                at = line.place
                place = (line.account, at.fund, at.bank or "", at.county or "", line.level or "")
                for added in (
                    rows.setdefault((fact.position, *place, booked), [0, 0]),
                    sums.setdefault(place, [0, 0]),
                ):
                    added[0] += max(line.fen, 0)
                    added[1] += max(-line.fen, 0)
        columns = ", ".join(("position", *PLACE, "booked_on", "debit", "credit"))
        changes = ((*key, *sides) for key, sides in rows.items())
        copy_rows(cursor, f"{schema}.trial_balance_change", columns, changes)
        if sums:
            cursor.execute(
                f"INSERT INTO {schema}.trial_balance AS t ({', '.join(PLACE)}, debit, credit)"
                f" SELECT * FROM unnest({', '.join(['%s::text[]'] * len(PLACE))}, %s::bigint[], %s::bigint[])"
                f" ON CONFLICT ({', '.join(PLACE)}) DO UPDATE SET debit = t.debit + excluded.debit, credit = t.credit + excluded.credit".encode(),
                [
                    list(column)
                    for column in zip(*((*place, *sides) for place, sides in sorted(sums.items())), strict=True)
                ],
            )

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        added_up = (
            f"SELECT {', '.join(PLACE)}, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit FROM projections.trial_balance_change"
            f" WHERE booked_on <= %(as_of)s AND position <= %(known_at)s GROUP BY {', '.join(PLACE)}"
        )
        lines = "projections.trial_balance" if as_of is None and known_at is None else f"({added_up})"
        query = (
            f"SELECT account, {TITLE} AS title, left(account, 1) AS book, fund, nullif(bank, '') AS bank,"
            " nullif(county, '') AS county, nullif(level, '') AS level, debit, credit, debit - credit AS balance"
            f" FROM {lines} l"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}
