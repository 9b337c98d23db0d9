"""Recording histories of applications 导入申请历史: checked against what is recorded, and copied in by chunks, one fact a row.

A case is recorded whole or quarantined whole; one that is recorded is unchanged, gets the steps that follow those it has, or is
quarantined if it says something else. What is recorded is never recorded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg

from domain.facts import Fact
from domain.loan.events import TapeRow
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import HistoryRecorded, Submitted
from domain.stored_form import decode
from ledger.bulk import CHUNK, copy_in
from ledger.context import CommandContext
from ledger.importing.cases import Case, QuarantinedCase, Step, amount, cases_of
from ledger.importing.history import Reason, shown
from ledger.importing.history_mapping import HistoryMapping
from ledger.importing.reading import Table
from ledger.importing.recording import ATTEMPTS

CASES = 400
"""Cases looked at together; with a dozen steps each they fit a transaction."""


@dataclass
class ImportedHistories:
    """`cases` = imported + unchanged + quarantined; `events` are the rows, `recorded` the facts that are new."""

    cases: int = 0
    events: int = 0
    imported: int = 0
    unchanged: int = 0
    recorded: int = 0
    quarantined: list[QuarantinedCase] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As interfaces.md gives it."""
        return {
            "cases": self.cases,
            "events": self.events,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "recorded": self.recorded,
            "quarantined": [
                {
                    "row": q.row,
                    "case": q.case,
                    "reasons": [{"field": r.field, "rule": r.rule, "value": r.value} for r in q.reasons],
                }
                for q in self.quarantined
            ],
        }


def import_histories(
    importer: psycopg.Connection,
    table: Table[HistoryMapping],
    context: CommandContext,
    *,
    told: Callable[[int], None] | None = None,
) -> ImportedHistories:
    """Record every case of which every row can be a fact; `told` hears how many rows are done.

    Raises NotPermitted, and what reading the file raises.
    """
    context.actor.must_be("operator", action="import histories of applications")
    report, done = ImportedHistories(), 0
    report.events, cases = cases_of(table, context.moment.today)
    while batch := list(islice(cases, CASES)):
        report.cases += len(batch)
        report.quarantined += [case for case in batch if isinstance(case, QuarantinedCase)]
        good = [case for case in batch if isinstance(case, Case)]
        _record(importer, table, context, good, report)
        done += sum(len(case.steps) for case in good)
        if told is not None:
            told(done)
    report.quarantined.sort(key=lambda case: case.row)
    return report


def _record(
    importer: psycopg.Connection,
    table: Table[HistoryMapping],
    context: CommandContext,
    good: list[Case],
    report: ImportedHistories,
) -> None:
    """Record what is not recorded yet; overtaken by somebody else, look again at what is."""
    told = {case.case_no: list(_facts(table, case, context)) for case in good}
    written = set[UUID]()
    for attempt in range(1, ATTEMPTS + 1):
        new, differing = _compared(importer, told)
        try:
            for start in range(0, len(new), CHUNK):
                chunk = new[start : start + CHUNK]
                copy_in(importer, chunk, context)
                written.update(fact.originator_id for fact in chunk)
                report.recorded += len(chunk)
            break
        except psycopg.errors.UniqueViolation:
            if attempt == ATTEMPTS:
                raise
    _count(table, good, differing, written, report)


def _compared(importer: psycopg.Connection, told: dict[str, list[Fact]]) -> tuple[list[Fact], dict[str, int]]:
    """The facts that are not recorded yet, and the cases that are recorded with other words, with the step where they begin."""
    known = _known(importer, [LoanApplication.create_id(case_no) for case_no in told])
    new, differing = list[Fact](), dict[str, int]()
    for case_no, facts in told.items():
        recorded = known.get(LoanApplication.create_id(case_no), [])
        if (step := _first_difference(recorded, facts)) is not None:
            differing[case_no] = step
        else:
            new += facts[len(recorded) :]
    return new, differing


def _count(
    table: Table[HistoryMapping],
    good: list[Case],
    differing: dict[str, int],
    written: set[UUID],
    report: ImportedHistories,
) -> None:
    for case in good:
        if case.case_no in differing:
            step, number = case.steps[differing[case.case_no]], shown(case.case_no)
            reason = Reason(table.mapping.case, "recorded_differently", number)
            report.quarantined.append(QuarantinedCase(step.row, number, (reason,)))
        elif LoanApplication.create_id(case.case_no) in written:
            report.imported += 1
        else:
            report.unchanged += 1


def _facts(table: Table[HistoryMapping], case: Case, context: CommandContext) -> Iterator[Fact]:
    """The first step opens the application, every later one is a fact of its own."""
    mapping, stream = table.mapping, LoanApplication.create_id(case.case_no)
    for version, step in enumerate(case.steps, 1):
        common: dict[str, Any] = {
            "originator_id": stream,
            "originator_version": version,
            "timestamp": context.moment.now,
            "value_date": step.occurred_at.date(),
        }
        if version == 1:
            row = TapeRow(mapping=mapping.name, file_digest=table.digest, row=step.row, values=step.values)
            yield Submitted(**common, case_no=case.case_no, tape=row, **_opening(mapping, step))
        else:
            yield HistoryRecorded(**common, **_history(mapping, step))


def _opening(mapping: HistoryMapping, step: Step) -> dict[str, Any]:
    said = {name: getattr(mapping, name) for name in ("product", "county", "bank")}
    return {
        "amount_fen": (amount(step.values[mapping.amount]) if mapping.amount is not None else None) or 0,
        "source_status": step.activity,
        "weekdays_only": mapping.calendar == "weekdays",
        **{name: step.values[column] or None for name, column in said.items() if column is not None},
    }


def _history(mapping: HistoryMapping, step: Step) -> dict[str, Any]:
    ends = step.meaning in ("approved", "rejected", "withdrawn", "expired")
    return {
        "activity": step.activity,
        "sequence": step.sequence,
        "occurred_at": step.occurred_at,
        "status": "in_review" if step.meaning == "in_review" else None,
        "ending": step.meaning if ends else None,
        "resource": step.values[mapping.resource] or None if mapping.resource is not None else None,
        "row": step.row,
    }


def _known(importer: psycopg.Connection, streams: list[UUID]) -> dict[UUID, list[Fact]]:
    """What is recorded of each, in its order."""
    found = importer.execute(
        "SELECT originator_id, originator_version, topic, state FROM ledger.stored_events WHERE originator_id = ANY(%s)"
        " ORDER BY originator_id, originator_version",
        (streams,),
    )
    known = dict[UUID, list[Fact]]()
    for stream, version, topic, state in found:
        known.setdefault(stream, []).append(decode(stream, version, topic, bytes(state)))
    return known


def _first_difference(recorded: list[Fact], told: list[Fact]) -> int | None:
    """The first step that is recorded with other words; an older file, which lacks the last ones, says nothing else."""
    pairs = zip(recorded, told, strict=False)
    return next((place for place, (was, now) in enumerate(pairs) if not _says_the_same(was, now)), None)


_OF_THE_FILE = frozenset({"timestamp", "row", "tape"})


def _says_the_same(recorded: Fact, told: Fact) -> bool:
    """A log may be exported anew, or read by a mapping that keeps more; facts and what both kept must agree."""
    if recorded.TOPIC != told.TOPIC:
        return False
    was, now = (fact.model_dump(mode="json", exclude=set(_OF_THE_FILE)) for fact in (recorded, told))
    if was != now:
        return False
    if not isinstance(recorded, Submitted) or not isinstance(told, Submitted):
        return True
    if recorded.tape is None or told.tape is None:
        return False
    kept, said = recorded.tape.values, told.tape.values
    return all(kept[column] == said[column] for column in kept.keys() & said.keys())
