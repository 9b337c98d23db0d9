"""Histories of applications 申请历史: one row a step, read by a mapping, told case by case, copied into the log.

A case is recorded whole or quarantined whole; a case that is recorded is unchanged, or gets the steps that it lacks.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias
from uuid import UUID

import psycopg
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import InvalidInput
from domain.facts import Fact
from domain.loan.events import TapeRow
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import HistoryRecorded, Submitted
from domain.money import Fen, parse_yuan
from domain.stored_form import decode
from ledger.bulk import CHUNK, copy_in
from ledger.context import CommandContext
from ledger.importing import refusals
from ledger.importing.history import Quarantined, Reason, shown
from ledger.importing.reading import Table

CASES = 400
"""Cases looked at together; with a dozen steps each they fit a transaction."""

LONGEST_CASE = 1000
"""Steps of one case at most."""

Meaning: TypeAlias = Literal["submitted", "in_review", "approved", "rejected", "withdrawn", "expired", "noted"]


class HistoryMapping(BaseModel):
    """Which column is what, and what each activity makes of an application; a column or an activity not named is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: str
    title: str = ""
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    strip: bool = False
    calendar: Literal["weekdays", "city"] = "city"
    case: str
    sequence: str
    activity: str
    occurred_at: str
    amount: str | None = None
    resource: str | None = None
    product: str | None = None
    county: str | None = None
    bank: str | None = None
    keep: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    activities: dict[str, Meaning] = Field(min_length=1)

    def needed_columns(self) -> list[str]:
        named = (self.case, self.sequence, self.activity, self.occurred_at, self.amount, self.resource)
        more = (self.product, self.county, self.bank)
        return list(dict.fromkeys(column for column in (*named, *more, *self.keep) if column is not None))


def shipped_histories() -> tuple[str, ...]:
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))
    )


def load_history_mapping(name_or_path: str) -> HistoryMapping:
    """A shipped mapping by its name, or one's own by the path of its `.toml` file. Raises a Refusal that names the key."""
    name = Path(name_or_path).name.removesuffix(".toml")
    raw = _raw(name_or_path)
    try:
        document = tomllib.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise refusals.MappingNotToml(field="mapping", file=name_or_path, problem=str(problem)) from None
    try:
        return HistoryMapping.model_validate({**document, "name": name, "digest": hashlib.sha256(raw).hexdigest()})
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        key = ".".join(map(str, first["loc"])) or "the mapping"
        raise refusals.BadMapping(field="mapping", file=name_or_path, key=key, problem=first["msg"]) from None


@dataclass(frozen=True, slots=True)
class Step:
    """One row."""

    row: int
    sequence: int
    activity: str
    meaning: Meaning
    occurred_at: datetime
    values: dict[str, str]


@dataclass
class ImportedHistories:
    """`cases` = imported + unchanged + quarantined; `events` are the rows."""

    cases: int = 0
    events: int = 0
    imported: int = 0
    unchanged: int = 0
    recorded: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "events": self.events,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "recorded": self.recorded,
            "quarantined": [
                {"row": q.row, "reasons": [{"field": r.field, "rule": r.rule, "value": r.value} for r in q.reasons]}
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
    """Record every case of which every row can be a fact. Raises NotPermitted, and what reading the file raises."""
    context.actor.must_be("operator", action="import histories of applications")
    report = ImportedHistories()
    cases = iter(_cases(table, context.moment.today, report))
    while batch := list(islice(cases, CASES)):
        _record(importer, table, context, batch, report)
        if told is not None:
            told(report.events)
    report.quarantined.sort(key=lambda q: q.row)
    return report


def _cases(table: Table[HistoryMapping], today: date, report: ImportedHistories) -> Iterator[tuple[str, list[Step]]]:
    """The cases, each with its steps in their sequence; a case need not stand together in the file."""
    steps: dict[str, list[Step]] = {}
    wrong: dict[str, list[tuple[int, Reason]]] = {}
    first: dict[str, int] = {}
    for row, cells, unended in table.cells():
        report.events += 1
        case, step = _step(table, row, cells, today, unended)
        first.setdefault(case, row)
        if isinstance(step, Step):
            steps.setdefault(case, []).append(step)
        else:
            wrong.setdefault(case, []).append((row, step))
    report.cases = len(first)
    for case, row in first.items():
        reasons = [reason for _, reason in wrong.get(case, ())] or list(_unfit(table, case, steps[case]))
        if reasons:
            report.quarantined.append(Quarantined(row, tuple(reasons[:10])))
        else:
            yield case, sorted(steps[case], key=lambda step: step.sequence)


def _unfit(table: Table[HistoryMapping], case: str, steps: list[Step]) -> Iterator[Reason]:
    """What is wrong with a case as a whole."""
    mapping = table.mapping
    ordered = sorted(steps, key=lambda step: step.sequence)
    if len({step.sequence for step in steps}) != len(steps):
        yield Reason(mapping.sequence, "sequence_repeated", shown(case))
    if len(steps) > LONGEST_CASE:
        yield Reason(mapping.case, "too_many_steps", shown(case))
    if ordered[0].meaning != "submitted" or sum(step.meaning == "submitted" for step in steps) != 1:
        yield Reason(mapping.activity, "not_begun_by_a_submission", shown(ordered[0].activity))
    elif mapping.amount is not None and _amount(ordered[0].values[mapping.amount]) is None:
        yield Reason(mapping.amount, "not_an_amount", shown(ordered[0].values[mapping.amount]))


def _step(
    table: Table[HistoryMapping], row: int, cells: list[str], today: date, unended: bool
) -> tuple[str, Step | Reason]:
    mapping, header = table.mapping, table.header
    if len(cells) != len(header):
        return f"\x00row {row}", Reason(header[-1], "wrong_number_of_cells", str(len(cells)))
    values = dict(zip(header, cells, strict=True))
    case = values[mapping.case]
    reason = _reason(mapping, values, today, cut=header[-1] if unended else None)
    if reason is not None:
        return case or f"\x00row {row}", reason
    kept = {column: values[column] for column in mapping.needed_columns()}
    activity = values[mapping.activity]
    meaning, occurred = mapping.activities[activity], _time(values[mapping.occurred_at])
    assert occurred is not None, "looked at just now"
    return case, Step(row, int(values[mapping.sequence]), activity, meaning, occurred, kept)


def _reason(mapping: HistoryMapping, values: Mapping[str, str], today: date, *, cut: str | None) -> Reason | None:
    """Why a row cannot be a fact."""
    for column in mapping.needed_columns():
        if any(ord(mark) < 32 or ord(mark) == 127 for mark in values[column]):
            return Reason(column, "control_character", shown(values[column]))
    case, sequence = values[mapping.case], values[mapping.sequence]
    if not case or len(case) > 64 or "/" in case or " " in case:
        return Reason(mapping.case, "not_a_number_of_a_case", shown(case))
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) < 10):
        return Reason(mapping.sequence, "not_a_sequence_number", shown(sequence))
    if values[mapping.activity] not in mapping.activities:
        return Reason(mapping.activity, "unknown_activity", shown(values[mapping.activity]))
    occurred = _time(values[mapping.occurred_at])
    if occurred is None:
        return Reason(mapping.occurred_at, "not_a_time_with_offset", shown(values[mapping.occurred_at]))
    if occurred.date() > today:
        return Reason(mapping.occurred_at, "in_the_future", shown(values[mapping.occurred_at]))
    if cut is not None:
        return Reason(cut, "file_ends_inside", shown(values[cut]))
    return None


def _record(
    importer: psycopg.Connection,
    table: Table[HistoryMapping],
    context: CommandContext,
    batch: list[tuple[str, list[Step]]],
    report: ImportedHistories,
) -> None:
    """Copy in what is not recorded yet; a chunk that was cut off between two transactions is completed."""
    known = _known(importer, [LoanApplication.create_id(case) for case, _ in batch])
    facts = list[Fact]()
    for case, steps in batch:
        recorded, opening = known.get(LoanApplication.create_id(case), (0, None))
        if recorded and (opening is None or opening != steps[0].values):
            reason = Reason(table.mapping.case, "recorded_differently", shown(case))
            report.quarantined.append(Quarantined(steps[0].row, (reason,)))
            continue
        report.unchanged += recorded >= len(steps)
        report.imported += recorded < len(steps)
        facts += list(_facts(table, case, steps, context))[recorded:]
    for start in range(0, len(facts), CHUNK):
        copy_in(importer, facts[start : start + CHUNK], context)
    report.recorded += len(facts)


def _facts(table: Table[HistoryMapping], case: str, steps: Iterable[Step], context: CommandContext) -> Iterator[Fact]:
    """The first step opens the application, every later one is a fact of its own."""
    mapping, stream = table.mapping, LoanApplication.create_id(case)
    for version, step in enumerate(steps, 1):
        common: dict[str, Any] = {
            "originator_id": stream,
            "originator_version": version,
            "timestamp": context.moment.now,
            "value_date": step.occurred_at.date(),
        }
        if version == 1:
            row = TapeRow(mapping=mapping.name, file_digest=table.digest, row=step.row, values=step.values)
            yield Submitted(**common, case_no=case, tape=row, **_opening(mapping, step))
        else:
            yield HistoryRecorded(**common, **_history(mapping, step))


def _opening(mapping: HistoryMapping, step: Step) -> dict[str, Any]:
    said = {name: getattr(mapping, name) for name in ("product", "county", "bank")}
    return {
        "amount_fen": (_amount(step.values[mapping.amount]) if mapping.amount is not None else None) or 0,
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


def _known(importer: psycopg.Connection, streams: list[UUID]) -> dict[UUID, tuple[int, dict[str, str] | None]]:
    """How many steps of each are recorded, and the values of the first."""
    found = importer.execute(
        "SELECT e.originator_id, e.topic, e.state, (SELECT max(l.originator_version) FROM ledger.stored_events l"
        " WHERE l.originator_id = e.originator_id) FROM ledger.stored_events e"
        " WHERE e.originator_id = ANY(%s) AND e.originator_version = 1",
        (streams,),
    )
    known = dict[UUID, tuple[int, dict[str, str] | None]]()
    for stream, topic, state, last in found:
        opening = decode(stream, 1, topic, bytes(state))
        tape = opening.tape if isinstance(opening, Submitted) else None
        known[stream] = (last, dict(tape.values) if tape else None)
    return known


def _amount(text: str) -> Fen | None:
    try:
        return parse_yuan(text)
    except InvalidInput:
        return None


def _time(text: str) -> datetime | None:
    """A time with its offset; the day is the date that it shows."""
    if not text.isascii() or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _folder() -> Any:
    return resources.files("ledger.importing") / "histories"


def _raw(name_or_path: str) -> bytes:
    if name_or_path in shipped_histories():
        return bytes((_folder() / f"{name_or_path}.toml").read_bytes())
    shipped = ", ".join(shipped_histories())
    if not name_or_path.endswith(".toml"):
        raise refusals.UnknownMapping(field="mapping", name=name_or_path, shipped=shipped)
    try:
        return Path(name_or_path).read_bytes()
    except (OSError, ValueError):
        raise refusals.UnknownMapping(field="mapping", name=name_or_path, shipped=shipped) from None
