"""The lines of bank statements 银行对账单明细, as they were taken in: what the bank says of the fund's money, without a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.reconciliation.events import BankAccountOpened, StatementLinesImported
from domain.recorded import Recorded
from projections import log
from projections.projection import Kind, Projection, copy_rows

_LINES = "stream, line, position, statement, number, booked_on, value_date, fen, serial, end_to_end, named, party, kind, reversal, balance"


class BankStatement(Projection[Recorded]):
    """One row a line; `line` is its fingerprint, `named` what its text says that it is for. As of a day: what the bank had booked by then."""

    name = "bank_statement"
    order = "account, booked_on, statement, number, line"
    topics = frozenset({BankAccountOpened.TOPIC, StatementLinesImported.TOPIC})
    tables: ClassVar[Mapping[str, str]] = {"bank_statement": "stream, line", "bank_statement_account": "stream"}
    ddl = """
        CREATE TABLE {schema}.bank_statement_account (stream uuid PRIMARY KEY, account text NOT NULL, fund text NOT NULL, bank text NOT NULL);
        CREATE TABLE {schema}.bank_statement (
          stream uuid NOT NULL, line text NOT NULL, position bigint NOT NULL, statement int NOT NULL, number int NOT NULL,
          booked_on date NOT NULL, value_date date NOT NULL, fen bigint NOT NULL, serial text, end_to_end text, named text, party text,
          kind text, reversal boolean NOT NULL, balance bigint, PRIMARY KEY (stream, line));
        CREATE INDEX ON {schema}.bank_statement (stream, booked_on);
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "account": "text", "fund": "text", "bank": "text", "statement": "number", "number": "number", "line": "text", "booked_on": "date",
        "value_date": "date", "paid_in": "money", "paid_out": "money", "serial": "text", "end_to_end": "text", "named": "text",
        "party": "text", "kind": "text", "reversal": "text",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        opened = ((row.stream, row.fact) for row in facts if row.topic == BankAccountOpened.TOPIC)
        accounts = (
            (stream, fact.account, fact.fund, fact.bank)
            for stream, fact in opened
            if isinstance(fact, BankAccountOpened)
        )
        copy_rows(cursor, f"{schema}.bank_statement_account", "stream, account, fund, bank", accounts)
        copy_rows(cursor, f"{schema}.bank_statement", _LINES, _rows(facts))

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        query = (
            "SELECT account, fund, bank, statement, number, line, booked_on, value_date, greatest(fen, 0) AS paid_in,"
            " greatest(-fen, 0) AS paid_out, serial, end_to_end, named, party, kind, CASE WHEN reversal THEN 'yes' ELSE 'no' END AS reversal"
            " FROM projections.bank_statement JOIN projections.bank_statement_account USING (stream)"
            " WHERE booked_on <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _rows(facts: Sequence[Recorded]) -> Iterator[tuple[object, ...]]:
    for row in facts:
        fact = row.fact if row.topic == StatementLinesImported.TOPIC else None
        if isinstance(fact, StatementLinesImported):
            for line in fact.lines:
                at = (row.stream, line.fingerprint, row.position, fact.statement, line.number)
                said = (line.serial, line.end_to_end, " ".join(line.references) or None, line.party, line.kind)
                yield (*at, line.booked_on, line.value_date, line.fen, *said, line.reversal, line.balance_fen)
