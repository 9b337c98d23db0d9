"""The loan book 贷款台账: one line a loan, as of any day and as known at any position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Cursor

from domain.compensation.events import ClaimRecorded, RecoveryReceived
from domain.facts import Fact
from domain.loan.balances import Balance
from domain.loan.events import (
    BecameOverdue,
    ChargedOff,
    ContractSigned,
    Disbursed,
    JobsReported,
    MoneyFact,
    OverdueCured,
    Reopened,
    Repaid,
    RepaymentReversed,
    Settled,
)
from domain.money import Fen
from domain.recorded import Recorded
from projections.projection import Kind, Projection, topics

AMOUNTS = ("approved", "guaranteed", "disbursed", "outstanding", "charged_off", "claimed", "recovered")
_COLUMN = {Balance.PRINCIPAL: "outstanding", Balance.CHARGED_OFF: "charged_off"}
LAST = ("overdue", "settled", "lost", "jobs_created", "jobs_retained", "charged_off_year")
"""Columns whose last value, by value date and position, holds."""

_STATUS = (
    "CASE WHEN lost THEN 'charged_off' WHEN settled THEN 'settled' WHEN overdue THEN 'overdue'"
    " WHEN paid_out THEN 'active' ELSE 'contracted' END"
)


_VALUES = {
    **{name: name for name in AMOUNTS},
    "status": _STATUS,
    "jobs_created": "coalesce(jobs_created, 0)",
    "jobs_retained": "coalesce(jobs_retained, 0)",
    "charged_off_year": "charged_off_year",
}


def _folded(schema: str, where: str) -> str:
    """Every loan's amounts, status and last values, from its dated changes."""
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in AMOUNTS)
    by_time = "ORDER BY value_date DESC, position DESC"
    last = ", ".join(f"(array_agg({name} {by_time}) FILTER (WHERE {name} IS NOT NULL))[1] AS {name}" for name in LAST)
    kept = ", ".join(f"{value} AS {name}" for name, value in _VALUES.items())
    changes = f"{schema}.loan_book_change {where} GROUP BY loan"
    return f"SELECT loan, {kept} FROM (SELECT loan, {sums}, {last}, bool_or(disbursed <> 0) AS paid_out FROM {changes}) summed"


@dataclass(frozen=True)
class Change:
    """What one fact changes on one day; None leaves a last value as it is."""

    value_date: date
    position: int
    loan: UUID
    amounts: Mapping[str, Fen]
    last: Mapping[str, int | bool]

    def row(self) -> tuple[Any, ...]:
        return (
            self.loan,
            self.value_date,
            self.position,
            *(self.amounts.get(name, 0) for name in AMOUNTS),
            *(self.last.get(name) for name in LAST),
        )


class LoanBook(Projection):
    name = "loan_book"
    order = "loan_no"
    topics = topics(
        ContractSigned, Disbursed, Repaid, RepaymentReversed, BecameOverdue, OverdueCured, ChargedOff, Settled, Reopened,
        JobsReported, ClaimRecorded, RecoveryReceived,
    )  # fmt: skip
    tables: ClassVar[Mapping[str, str]] = {"loan_book": "loan", "loan_book_change": "loan, value_date, position"}
    ddl = """
        CREATE TABLE {schema}.loan_book (
          loan uuid PRIMARY KEY, loan_no text NOT NULL UNIQUE, bank text NOT NULL, county text, state text, product text NOT NULL,
          approval_year int NOT NULL, signed_on date NOT NULL, source_status text, urban_rural text,
          approved bigint NOT NULL DEFAULT 0, guaranteed bigint NOT NULL DEFAULT 0, disbursed bigint NOT NULL DEFAULT 0,
          outstanding bigint NOT NULL DEFAULT 0, charged_off bigint NOT NULL DEFAULT 0, claimed bigint NOT NULL DEFAULT 0,
          recovered bigint NOT NULL DEFAULT 0, status text NOT NULL DEFAULT 'contracted', jobs_created bigint NOT NULL DEFAULT 0,
          jobs_retained bigint NOT NULL DEFAULT 0, charged_off_year int);
        CREATE TABLE {schema}.loan_book_change (
          loan uuid NOT NULL, value_date date NOT NULL, position bigint NOT NULL,
          approved bigint NOT NULL, guaranteed bigint NOT NULL, disbursed bigint NOT NULL, outstanding bigint NOT NULL,
          charged_off bigint NOT NULL, claimed bigint NOT NULL, recovered bigint NOT NULL,
          overdue boolean, settled boolean, lost boolean, jobs_created bigint, jobs_retained bigint, charged_off_year int,
          PRIMARY KEY (loan, value_date, position));
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "loan_no": "text", "bank": "text", "county": "text", "state": "text", "product": "text", "approval_year": "year",
        "signed_on": "date", "status": "text", "source_status": "text", "urban_rural": "text", "charged_off_year": "year",
        "approved": "money", "disbursed": "money", "guaranteed": "money", "outstanding": "money", "charged_off": "money",
        "claimed": "money", "recovered": "money", "jobs_created": "count", "jobs_retained": "count",
    }  # fmt: skip

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        told = [(row, row.fact) for row in facts]
        opened = [_opened(fact) for _, fact in told if isinstance(fact, ContractSigned)]
        if opened:
            names = "loan, loan_no, bank, county, state, product, approval_year, signed_on, source_status, urban_rural"
            with cursor.copy(f"COPY {schema}.loan_book ({names}) FROM STDIN".encode()) as copy:
                for line in opened:
                    copy.write_row(line)
        changes = [change for row, fact in told for change in _changes(row.position, fact)]
        with cursor.copy(f"COPY {schema}.loan_book_change FROM STDIN".encode()) as copy:
            for change in changes:
                copy.write_row(change.row())
        touched = list({change.loan for change in changes})
        values = ", ".join(f"{name} = f.{name}" for name in _VALUES)
        folded = _folded(schema, "WHERE loan = ANY(%s)")
        statement = f"UPDATE {schema}.loan_book b SET {values} FROM ({folded}) f WHERE b.loan = f.loan"
        cursor.execute(statement.encode(), (touched,))

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        if as_of is None and known_at is None:
            return f"SELECT {', '.join(self.columns)} FROM projections.loan_book", {}
        listed = ", ".join(f"{'f' if name in _VALUES else 'b'}.{name}" for name in self.columns)
        folded = _folded("projections", "WHERE value_date <= %(as_of)s AND position <= %(known_at)s")
        query = f"SELECT {listed} FROM ({folded}) f JOIN projections.loan_book b USING (loan)"
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _opened(fact: ContractSigned) -> tuple[Any, ...]:
    return (
        fact.originator_id,
        fact.loan_no,
        fact.bank,
        fact.county,
        fact.state,
        fact.product,
        fact.value_date.year,
        fact.value_date,
        fact.source_status,
        fact.urban_rural,
    )


def _changes(position: int, fact: Fact) -> Iterable[Change]:
    """What the fact changes, a change a day."""
    day, stream = fact.value_date, fact.originator_id
    match fact:
        case ContractSigned():
            yield Change(day, position, stream, {"approved": fact.approved_fen, "guaranteed": fact.guaranteed_fen}, {})
        case MoneyFact():
            yield from _moved(position, fact)
        case BecameOverdue() | OverdueCured():
            yield Change(day, position, stream, {}, {"overdue": isinstance(fact, BecameOverdue)})
        case Settled():
            yield Change(day, position, stream, {}, {"settled": True, "overdue": False})
        case Reopened():
            yield Change(day, position, stream, {}, {"settled": False})
        case JobsReported():
            yield Change(day, position, stream, {}, {"jobs_created": fact.created, "jobs_retained": fact.retained})
        case ClaimRecorded():
            claimed = sum(share.fen for share in fact.shares if share.party != "bank")
            yield Change(day, position, fact.loan, {"claimed": claimed}, {})
        case RecoveryReceived():
            yield Change(day, position, fact.loan, {"recovered": fact.gross_fen - fact.cost_fen}, {})


def _moved(position: int, fact: MoneyFact) -> Iterable[Change]:
    days: dict[date, dict[str, Fen]] = {fact.value_date: {}}
    for change in fact.changes:
        if (column := _COLUMN.get(change.balance)) is not None:
            amounts = days.setdefault(change.value_date, {})
            amounts[column] = amounts.get(column, 0) + change.fen
    last: dict[str, int | bool] = {}
    if isinstance(fact, Disbursed):
        days[fact.value_date]["disbursed"] = fact.amount_fen
    elif isinstance(fact, ChargedOff):
        last = {"lost": True} | ({} if fact.date_derived else {"charged_off_year": fact.value_date.year})
    for day, amounts in days.items():
        yield Change(day, position, fact.originator_id, amounts, last if day == fact.value_date else {})
