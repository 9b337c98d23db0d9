"""The general ledger 总账: every line of every fact's entry in the fund's book and the memo book, in the order in which facts were recorded.

Each line has the day on which it is true and the day on which it is booked: the same, unless the books were closed by then. The books of
a day are what is booked by it. The journal 日记账 are its lines, an account's ledger those of the account, a loan's and a claim's sub-ledger 明细账 those of the loan and the claim.
The database refuses lines that do not add up to nothing in each book on each day of a fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.bookkeeping.chart import CHART
from domain.bookkeeping.posting import Line, other_side
from domain.compensation.events import ClaimFiled, ClaimRecorded
from domain.loan.events import ContractSigned
from domain.recorded import Recorded
from projections import bookkeeping, log
from projections.projection import Kind, Projection, copy_rows

_OPENINGS = frozenset({ContractSigned.TOPIC, ClaimFiled.TOPIC, ClaimRecorded.TOPIC})
_LINES = "position, line, value_date, booked_on, stream, fact, account, fen, fund, bank, county, level, party, loan_no, bank_reference, other_side"
TITLE = f"CASE account {' '.join(f'WHEN {a.code!r} THEN {a.zh!r}' for a in CHART.values())} END"
"""SQL for the name of an account."""


class GeneralLedger(Projection[Recorded]):
    """One line a posting; what takes an earlier one back stands on the other side. `party` is who owes it, or is owed.

    `policy_edition` is the one that the loan's contract pins. `bank_reference` is the bank's own number of the payment, `other_side` the party on its other side: bank, guarantor, borrower or a fiscal level.
    """

    name = "general_ledger"
    version = 4
    order = "position, line"
    topics = bookkeeping.POSTED
    tables: ClassVar[Mapping[str, str]] = {
        "general_ledger": "position, line",
        "general_ledger_stream": "stream",
        "general_ledger_period": "fund",
    }
    ddl = """
        CREATE TABLE {schema}.general_ledger_stream (stream uuid PRIMARY KEY, loan_no text NOT NULL, claim_no text, policy text);
        CREATE INDEX ON {schema}.general_ledger_stream (loan_no);
        CREATE TABLE {schema}.general_ledger (
          position bigint NOT NULL, line int NOT NULL, value_date date NOT NULL, booked_on date NOT NULL, stream uuid NOT NULL, fact text NOT NULL, account text NOT NULL,
          fen bigint NOT NULL, fund text NOT NULL, bank text, county text, level text, party text, loan_no text, bank_reference text, other_side text, PRIMARY KEY (position, line));
        CREATE INDEX ON {schema}.general_ledger (account, booked_on);
        CREATE INDEX ON {schema}.general_ledger (stream);
        CREATE OR REPLACE FUNCTION {schema}.general_ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF EXISTS (SELECT 1 FROM lines GROUP BY position, left(account, 1), value_date, booked_on HAVING sum(fen) <> 0) THEN
              RAISE EXCEPTION 'an entry does not balance';
            END IF;
            RETURN NULL;
          END $$;
        CREATE TRIGGER general_ledger_balances AFTER INSERT ON {schema}.general_ledger REFERENCING NEW TABLE AS lines
          FOR EACH STATEMENT EXECUTE FUNCTION {schema}.general_ledger_balances();
    """ + bookkeeping.PERIODS.format(name="general_ledger")
    columns: ClassVar[Mapping[str, Kind]] = {
        "position": "number", "line": "number", "value_date": "date", "booked_on": "date", "fact": "text", "account": "text", "title": "text", "book": "text",
        "debit": "money", "credit": "money", "fund": "text", "bank": "text", "county": "text", "level": "text", "party": "text",
        "bank_reference": "text", "other_side": "text", "loan_no": "text", "claim_no": "text",
        "policy_edition": "text",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        opened = (_opened(fact) for fact in facts if fact.topic in _OPENINGS)
        copy_rows(cursor, f"{schema}.general_ledger_stream", "stream, loan_no, claim_no, policy", opened)
        booked = bookkeeping.booked(cursor, schema, self.name, facts)
        rows = (row for fact, entry in booked for row in _rows(fact, entry))
        copy_rows(cursor, f"{schema}.general_ledger", _LINES, rows)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        query = (
            f"SELECT position, line, value_date, booked_on, fact, account, {TITLE} AS title, left(account, 1) AS book,"
            " greatest(fen, 0) AS debit, greatest(-fen, 0) AS credit,"
            " fund, bank, county, level, party, bank_reference, other_side, coalesce(l.loan_no, s.loan_no) AS loan_no, s.claim_no,"
            " p.policy AS policy_edition FROM projections.general_ledger l LEFT JOIN projections.general_ledger_stream s USING (stream)"
            " LEFT JOIN projections.general_ledger_stream p ON (p.loan_no = coalesce(l.loan_no, s.loan_no) AND p.claim_no IS NULL)"
            " WHERE booked_on <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _opened(fact: Recorded) -> tuple[object, ...]:
    told = fact.fact
    assert isinstance(told, ContractSigned | ClaimFiled | ClaimRecorded)
    policy = told.policy if isinstance(told, ContractSigned) else None
    return fact.stream, told.loan_no, getattr(told, "claim_no", None), policy.edition if policy else None


def _rows(fact: Recorded, entry: Sequence[tuple[Line, date]]) -> Iterable[tuple[object, ...]]:
    told = fact.fact if entry else None
    reference = getattr(told, "bank_reference", None)
    paid = (reference.partition("|")[2] or reference if reference else None, other_side(told) if told else None)
    for number, (line, booked) in enumerate(entry, 1):
        at = (line.place.fund, line.place.bank, line.place.county, line.level, line.party, line.loan_no, *paid)
        yield fact.position, number, line.value_date, booked, fact.stream, fact.topic, line.account, line.fen, *at
