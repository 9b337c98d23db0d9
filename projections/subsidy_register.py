"""The register of subsidies 贴息台账: every line of every batch, loan by loan and quarter by quarter, as of any day and as known at any position.

The figures of a line are those that were calculated last; what was paid, clawed back and collected are sums of dated changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from psycopg import Connection, Cursor

from domain.facts import Fact
from domain.recorded import Recorded
from domain.subsidy import events
from domain.subsidy.lines import SubsidyLine
from projections import log
from projections.projection import Kind, Projection, copy_rows

_LEVELS = ("central", "province", "city", "county", "incentive")
_LINE = (
    "stream, loan_no, quarter, position, value_date, kind, county, regime, days, days_barred, interest, subsidy, shared, before, central, province,"
    " city, county_level, incentive"
)
_STEP = "stream, position, part, loan_no, quarter, value_date, status"
_CHANGE = "stream, loan_no, quarter, position, value_date, paid, raised, cut, collected, waived"
_NAME = "projections.subsidy_register"
_WHEN = "value_date <= %(as_of)s AND position <= %(known_at)s"
_STATUS = (
    "CASE WHEN t.status = 'disputed' OR (t.status = 'left_out' AND t.position > l.position) THEN t.status"
    " WHEN s.status <> 'approved' THEN s.status"
    " WHEN l.subsidy > l.before AND coalesce(c.paid, 0) > 0 AND coalesce(c.paid, 0) >= l.subsidy - l.before - coalesce(c.cut, 0) THEN 'paid' ELSE 'approved' END"
)


class SubsidyRegister(Projection[Recorded]):
    """`amount` is what the line adds to what earlier batches told of its quarter (`before`); `central` to `incentive` divide it. `batch_quarter` is the
    batch's own quarter, `local` what of the subsidy is beyond the national rule, `owed_back` what was clawed back and has not come in."""

    name = "subsidy_register"
    order = "batch, loan_no, quarter"
    topics = frozenset(
        {
            events.SubsidyBatchOpened.TOPIC, events.SubsidyCalculated.TOPIC, events.LineDisputed.TOPIC, events.LineDisputeSettled.TOPIC,
            events.BatchConfirmed.TOPIC, events.BatchApproved.TOPIC, events.SubsidyPaid.TOPIC, events.SubsidyPaymentFailed.TOPIC,
            events.ClawbackRaised.TOPIC, events.ClawbackCollected.TOPIC, events.ClawbackWaived.TOPIC,
        }
    )  # fmt: skip
    tables: ClassVar[Mapping[str, str]] = {
        "subsidy_register": "stream",
        "subsidy_register_line": "stream, loan_no, quarter, position",
        "subsidy_register_step": "stream, position, part",
        "subsidy_register_change": "stream, loan_no, quarter, position",
    }
    ddl = """
        CREATE TABLE {schema}.subsidy_register (
          stream uuid PRIMARY KEY, position bigint NOT NULL, value_date date NOT NULL, batch text NOT NULL, fund text NOT NULL, bank text NOT NULL,
          quarter text NOT NULL);
        CREATE TABLE {schema}.subsidy_register_line (
          stream uuid NOT NULL, loan_no text NOT NULL, quarter text NOT NULL, position bigint NOT NULL, value_date date NOT NULL, kind text NOT NULL,
          county text, regime text NOT NULL, days int NOT NULL, days_barred int NOT NULL, interest bigint NOT NULL, subsidy bigint NOT NULL,
          shared bigint NOT NULL, before bigint NOT NULL, central bigint NOT NULL, province bigint NOT NULL, city bigint NOT NULL,
          county_level bigint NOT NULL, incentive bigint NOT NULL, PRIMARY KEY (stream, loan_no, quarter, position));
        CREATE INDEX ON {schema}.subsidy_register_line (loan_no);
        CREATE TABLE {schema}.subsidy_register_step (
          stream uuid NOT NULL, position bigint NOT NULL, part int NOT NULL, loan_no text, quarter text, value_date date NOT NULL,
          status text NOT NULL, PRIMARY KEY (stream, position, part));
        CREATE TABLE {schema}.subsidy_register_change (
          stream uuid NOT NULL, loan_no text NOT NULL, quarter text NOT NULL, position bigint NOT NULL, value_date date NOT NULL,
          paid bigint NOT NULL, raised bigint NOT NULL, cut bigint NOT NULL, collected bigint NOT NULL, waived bigint NOT NULL,
          PRIMARY KEY (stream, loan_no, quarter, position));
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "batch": "text", "fund": "text", "bank": "text", "batch_quarter": "text", "loan_no": "text", "quarter": "text", "county": "text", "kind": "text",
        "regime": "text", "status": "text", "days": "count", "days_barred": "count", "interest": "money", "subsidy": "money", "borrower": "money",
        "before": "money", "amount": "money", "local": "money", "central": "money", "province": "money", "city": "money", "county_level": "money",
        "incentive": "money", "paid": "money", "to_pay": "money", "clawed_back": "money", "collected": "money", "owed_back": "money",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        table, mine = f"{schema}.subsidy_register", [row for row in facts if row.topic in self.topics]
        opened = (_opened(row) for row in mine if row.topic == events.SubsidyBatchOpened.TOPIC)
        copy_rows(cursor, table, "stream, position, value_date, batch, fund, bank, quarter", opened)
        copy_rows(cursor, f"{table}_line", _LINE, (line for row in mine for line in _lines(row)))
        copy_rows(cursor, f"{table}_step", _STEP, (step for row in mine for step in _steps(row)))
        copy_rows(cursor, f"{table}_change", _CHANGE, (change for row in mine for change in _changes(row)))

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        sums = ", ".join(f"sum({name})::bigint AS {name}" for name in ("paid", "raised", "cut", "collected", "waived"))
        last = f"WHERE {_WHEN} ORDER BY stream, loan_no, quarter, value_date DESC, position DESC"
        query = (
            "SELECT b.batch, b.fund, b.bank, b.quarter AS batch_quarter, l.loan_no, l.quarter, l.county, l.kind, l.regime,"
            f" {_STATUS} AS status, l.days, l.days_barred, l.interest, l.subsidy, l.interest - l.subsidy AS borrower, l.before,"
            " l.subsidy - l.before AS amount, l.subsidy - l.shared AS local, l.central, l.province, l.city, l.county_level, l.incentive,"
            " coalesce(c.paid, 0) AS paid,"
            " CASE WHEN s.status = 'approved' AND NOT (t.status = 'left_out' AND t.position > l.position) IS TRUE"
            " THEN l.subsidy - l.before - coalesce(c.cut, 0) - coalesce(c.paid, 0) ELSE 0 END AS to_pay,"
            " coalesce(c.raised - c.waived, 0) AS clawed_back, coalesce(c.collected, 0) AS collected,"
            " coalesce(c.raised - c.cut - c.collected - c.waived, 0) AS owed_back"
            f" FROM {_NAME} b JOIN (SELECT DISTINCT ON (stream, loan_no, quarter) * FROM {_NAME}_line {last}) l USING (stream)"
            f" JOIN (SELECT DISTINCT ON (stream) stream, status FROM {_NAME}_step WHERE loan_no IS NULL AND {_WHEN}"
            " ORDER BY stream, value_date DESC, position DESC, part DESC) s USING (stream)"
            f" LEFT JOIN (SELECT DISTINCT ON (stream, loan_no, quarter) * FROM {_NAME}_step {last}) t"
            " ON (t.stream, t.loan_no, t.quarter) = (l.stream, l.loan_no, l.quarter)"
            f" LEFT JOIN (SELECT stream, loan_no, quarter, {sums} FROM {_NAME}_change WHERE {_WHEN} GROUP BY stream, loan_no, quarter) c"
            " ON (c.stream, c.loan_no, c.quarter) = (l.stream, l.loan_no, l.quarter)"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _opened(row: Recorded) -> tuple[object, ...]:
    fact = row.fact
    assert isinstance(fact, events.SubsidyBatchOpened)
    return row.stream, row.position, row.value_date, fact.batch, fact.fund, fact.bank, fact.quarter


def _lines(row: Recorded) -> Iterator[tuple[object, ...]]:
    fact = row.fact
    if isinstance(fact, events.SubsidyCalculated):
        for line in {line.key: line for line in fact.lines}.values():
            at = (row.stream, line.loan_no, line.quarter, row.position, row.value_date)
            yield (*at, line.kind, line.county, line.applied.regime, *line.days, *_figures(line))


def _figures(line: SubsidyLine) -> Iterator[int]:
    yield from (line.interest_fen, line.subsidy_fen, line.shared_fen, line.before_fen)
    levels: dict[str, int] = {one.level: one.fen for one in line.levels}
    yield from (levels.get(level, 0) for level in _LEVELS)


def _steps(row: Recorded) -> Iterator[tuple[object, ...]]:
    """Of the batch, and of one line of it."""
    fact = row.fact

    def step(part: int, status: str, loan_no: str | None = None, quarter: str | None = None) -> tuple[object, ...]:
        return row.stream, row.position, part, loan_no, quarter, row.value_date, status

    match fact:
        case events.SubsidyBatchOpened() | events.SubsidyCalculated():
            yield step(0, "calculated")
        case events.LineDisputed():
            yield step(1, "disputed", fact.loan_no, fact.quarter)
        case events.LineDisputeSettled():
            yield step(1, fact.outcome, fact.loan_no, fact.quarter)
            if fact.outcome == "left_out":
                yield step(0, "calculated")
        case events.BatchConfirmed():
            yield step(0, "confirmed")
        case events.BatchApproved():
            yield step(0, "hr_approved" if fact.office == "hr" else "approved")


def _changes(row: Recorded) -> Iterator[tuple[object, ...]]:
    fact: Fact = row.fact
    parts = (
        [(part.loan_no, part.quarter, (part.fen, 0, 0, 0, 0)) for part in fact.lines]
        if isinstance(fact, events.SubsidyPaid)
        else [(fact.loan_no, fact.quarter, figures)]
        if isinstance(fact, events.LineFact) and (figures := _changed(fact))
        else []
    )
    sums: dict[tuple[str, str], list[int]] = {}
    for loan_no, quarter, added in parts:
        before = sums.setdefault((loan_no, quarter), [0] * 5)
        sums[loan_no, quarter] = [one + other for one, other in zip(before, added, strict=True)]
    for key, found in sums.items():
        yield (row.stream, *key, row.position, row.value_date, *found)


def _changed(fact: events.LineFact) -> tuple[int, int, int, int, int] | None:
    """Paid, raised, cut, collected, waived."""
    match fact:
        case events.SubsidyPaymentFailed():
            return -fact.amount_fen, 0, 0, 0, 0
        case events.ClawbackRaised():
            return 0, fact.amount_fen, fact.cut_fen, 0, 0
        case events.ClawbackCollected():
            return 0, 0, 0, fact.amount_fen, 0
        case events.ClawbackWaived():
            return 0, 0, 0, 0, fact.amount_fen
    return None
