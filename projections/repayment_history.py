"""The repayment history 还款明细: what was paid out, paid, taken back and given up, and how each payment was allocated.

A payment that arrived late, or was reversed, changes what later ones paid; such changes stand on the dates that they change, as rows
of kind `reallocated`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Cursor

from domain.loan.balances import Balance
from domain.loan.events import ChargedOff, ContractSigned, Disbursed, MoneyFact, Repaid, RepaymentReversed
from domain.money import Fen
from domain.recorded import Recorded
from projections.projection import Kind, Projection, topics

_KINDS: Mapping[type[MoneyFact], str] = {
    Disbursed: "disbursed",
    Repaid: "repaid",
    RepaymentReversed: "reversed",
    ChargedOff: "charged_off",
}
_PARTS = (Balance.PRINCIPAL, Balance.INTEREST, Balance.PENALTY, Balance.REFUNDABLE)


class RepaymentHistory(Projection):
    name = "repayment_history"
    order = "loan_no, position, value_date"
    topics = topics(ContractSigned, *_KINDS)
    tables: ClassVar[Mapping[str, str]] = {
        "repayment_history": "position, value_date",
        "repayment_history_loan": "loan",
    }
    ddl = """
        CREATE TABLE {schema}.repayment_history_loan (loan uuid PRIMARY KEY, loan_no text NOT NULL, bank text NOT NULL, county text);
        CREATE TABLE {schema}.repayment_history (
          position bigint NOT NULL, value_date date NOT NULL, loan uuid NOT NULL, version bigint NOT NULL, kind text NOT NULL,
          amount bigint NOT NULL, principal bigint NOT NULL, interest bigint NOT NULL, penalty bigint NOT NULL,
          refundable bigint NOT NULL, date_derived text, PRIMARY KEY (position, value_date));
        CREATE INDEX repayment_history_by_loan ON {schema}.repayment_history (loan, value_date, position);
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "loan_no": "text", "bank": "text", "county": "text", "value_date": "date", "kind": "text", "version": "number",
        "amount": "money", "principal": "money", "interest": "money", "penalty": "money", "refundable": "money",
        "date_derived": "text", "position": "number",
    }  # fmt: skip

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        told = [(row.position, row.fact) for row in facts]
        with cursor.copy(f"COPY {schema}.repayment_history_loan FROM STDIN".encode()) as copy:
            for _, fact in told:
                if isinstance(fact, ContractSigned):
                    copy.write_row((fact.originator_id, fact.loan_no, fact.bank, fact.county))
        with cursor.copy(f"COPY {schema}.repayment_history FROM STDIN".encode()) as copy:
            for position, fact in told:
                if isinstance(fact, MoneyFact):
                    for row in _rows(position, fact):
                        copy.write_row(row)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        query = (
            f"SELECT {', '.join(self.columns)} FROM projections.repayment_history JOIN projections.repayment_history_loan"
            " USING (loan) WHERE value_date <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _rows(position: int, fact: MoneyFact) -> Iterable[tuple[Any, ...]]:
    """The fact's own row, and one for every other day on which it changes an allocation."""
    days: dict[date, dict[Balance, Fen]] = {}
    for change in fact.changes:
        parts = days.setdefault(change.value_date, {})
        parts[change.balance] = parts.get(change.balance, 0) + change.fen
    reverses = isinstance(fact, RepaymentReversed)
    own = min(days, default=fact.value_date) if reverses else fact.value_date
    amount = -fact.amount_fen if reverses else fact.amount_fen
    for day in sorted({own, *days}):
        parts = days.get(day, {})
        kind, moved = (_KINDS[type(fact)], amount) if day == own else ("reallocated", 0)
        changes = (parts.get(part, 0) for part in _PARTS)
        yield (position, day, fact.originator_id, fact.originator_version, kind, moved, *changes, fact.date_derived)
