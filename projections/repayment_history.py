"""The repayment history 还款明细: what was paid out, paid, taken back and given up, and how each payment was allocated.

A payment that arrived late, or was reversed, changes what later ones paid; such changes stand on the dates that they change, as rows
of kind `reallocated`. A corrected date takes the amount from its old day and puts it on the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.loan.balances import Balance
from domain.loan.events import (
    ChargedOff,
    ContractSigned,
    CostCharged,
    DateCorrected,
    Disbursed,
    EntryReversed,
    MisuseFound,
    Recalculated,
    Refunded,
    Repaid,
    RepaymentReversed,
    TakenOver,
    TermsChanged,
    Waived,
)
from domain.money import Fen
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows

_KINDS = {
    Disbursed.TOPIC: "disbursed",
    Repaid.TOPIC: "repaid",
    RepaymentReversed.TOPIC: "reversed",
    EntryReversed.TOPIC: "entry_reversed",
    Recalculated.TOPIC: "recalculated",
    Refunded.TOPIC: "refunded",
    TermsChanged.TOPIC: "terms_changed",
    MisuseFound.TOPIC: "misuse_found",
    CostCharged.TOPIC: "cost_charged",
    Waived.TOPIC: "waived",
    DateCorrected.TOPIC: "date_corrected",
    ChargedOff.TOPIC: "charged_off",
    TakenOver.TOPIC: "taken_over",
}
_TAKEN_BACK = (RepaymentReversed.TOPIC, EntryReversed.TOPIC)
_COLUMNS = "position, value_date, loan, version, kind, amount, principal, interest, penalty, costs, charged_off, refundable, date_derived"
_PARTS = (
    Balance.PRINCIPAL,
    Balance.INTEREST,
    Balance.PENALTY,
    Balance.COSTS,
    Balance.CHARGED_OFF,
    Balance.REFUNDABLE,
)


class RepaymentHistory(Projection[Told]):
    name = "repayment_history"
    order = "loan_no, position, value_date"
    version = 4
    topics = frozenset({ContractSigned.TOPIC, *_KINDS})
    tables: ClassVar[Mapping[str, str]] = {
        "repayment_history": "position, value_date",
        "repayment_history_loan": "loan",
    }
    ddl = """
        CREATE TABLE {schema}.repayment_history_loan (loan uuid PRIMARY KEY, loan_no text NOT NULL, bank text NOT NULL, county text);
        CREATE TABLE {schema}.repayment_history (
          position bigint NOT NULL, value_date date NOT NULL, loan uuid NOT NULL, version bigint NOT NULL, kind text NOT NULL,
          amount bigint NOT NULL, principal bigint NOT NULL, interest bigint NOT NULL, penalty bigint NOT NULL,
          costs bigint NOT NULL, charged_off bigint NOT NULL, refundable bigint NOT NULL, date_derived text, PRIMARY KEY (position, value_date));
        CREATE INDEX repayment_history_by_loan ON {schema}.repayment_history (loan, value_date, position);
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "loan_no": "text", "bank": "text", "county": "text", "value_date": "date", "kind": "text", "version": "number",
        "amount": "money", "principal": "money", "interest": "money", "penalty": "money", "costs": "money",
        "charged_off": "money", "refundable": "money", "date_derived": "text", "position": "number",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened = (
            (fact.stream, body["loan_no"], body["bank"], body["county"]) for fact, body in _bodies(facts, opening=True)
        )
        copy_rows(cursor, f"{schema}.repayment_history_loan", "loan, loan_no, bank, county", opened)
        rows = (row for fact, body in _bodies(facts, opening=False) for row in _rows(fact, body))
        copy_rows(cursor, f"{schema}.repayment_history", _COLUMNS, rows)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        query = (
            f"SELECT {', '.join(self.columns)} FROM projections.repayment_history JOIN projections.repayment_history_loan"
            " USING (loan) WHERE value_date <= %(as_of)s AND position <= %(known_at)s"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _bodies(facts: Sequence[Told], *, opening: bool) -> Iterable[tuple[Told, dict[str, Any]]]:
    return ((fact, fact.body) for fact in facts if (fact.topic == ContractSigned.TOPIC) is opening)


def _rows(fact: Told, body: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    """The fact's own row, and one for every other day on which it changes an allocation."""
    days: dict[str, dict[str, Fen]] = {}
    for change in body["changes"]:
        parts = days.setdefault(change["value_date"], {})
        parts[change["balance"]] = parts.get(change["balance"], 0) + change["fen"]
    reverses = fact.topic in _TAKEN_BACK
    own: str = body.get("from_date", min(days, default=body["value_date"])) if reverses else body["value_date"]
    amounts = {own: -body["amount_fen"] if reverses else body["amount_fen"]}
    if fact.topic == DateCorrected.TOPIC:
        amounts[body["from_date"]] = -body["amount_fen"]
    for day in sorted({*amounts, *days}):
        parts = days.get(day, {})
        kind, moved = (_KINDS[fact.topic], amounts[day]) if day in amounts else ("reallocated", 0)
        changes = (parts.get(part, 0) for part in _PARTS)
        yield (fact.position, day, fact.stream, fact.version, kind, moved, *changes, body["date_derived"])
