"""The cases of a log of applications: its rows read strictly, gathered case by case, in each case's own order.

A case of which any row cannot be a fact is set aside whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from domain.errors import InvalidInput
from domain.money import Fen, parse_yuan
from ledger.importing.history import Reason, shown
from ledger.importing.history_mapping import HistoryMapping, Meaning
from ledger.importing.reading import Table

LONGEST_CASE = 1000
"""Steps of one case at most."""

LONGEST_CASE_NO = 64
REASONS = 10
"""Reasons that are told of one case at most."""

EARLIEST = 1949
"""The first year of which the working calendar can know; an empty date of another system is 0001 or 1900."""

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})", re.ASCII
)
_FARTHEST = timedelta(hours=14)
"""No clock on earth is farther from UTC."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row; `values` are its mapped and kept columns, verbatim."""

    row: int
    sequence: int
    activity: str
    meaning: Meaning
    occurred_at: datetime
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """An application's steps, in their sequence."""

    case_no: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedCase:
    """A case that is not recorded; `row` is the first that speaks against it, `case` as it may be shown."""

    row: int
    case: str
    reasons: tuple[Reason, ...]


@dataclass
class _Gathered:
    first: int
    steps: list[Step] = field(default_factory=list)
    wrong: list[tuple[int, Reason]] = field(default_factory=list)


def cases_of(table: Table[HistoryMapping], today: date) -> tuple[int, Iterator[Case | QuarantinedCase]]:
    """How many rows there are, and the cases in the order of their first rows; a case need not stand together in the file.

    Raises a Refusal if the file is not whole.
    """
    gathered: dict[str, _Gathered] = {}
    rows = 0
    for row, cells, unended in table.cells():
        rows += 1
        case_no, read = _read(table, row, cells, today, unended=unended)
        case = gathered.setdefault(case_no, _Gathered(row))
        if isinstance(read, Step):
            case.steps.append(read)
        else:
            case.wrong.append((row, read))
    return rows, (_judged(table.mapping, case_no, case) for case_no, case in gathered.items())


def amount(text: str) -> Fen | None:
    """A sum of yuan, if it is one."""
    try:
        return parse_yuan(text)
    except InvalidInput:
        return None


def _judged(mapping: HistoryMapping, case_no: str, case: _Gathered) -> Case | QuarantinedCase:
    steps = sorted(case.steps, key=lambda step: step.sequence)
    wrong = case.wrong or list(_unfit(mapping, case_no, steps))
    if not wrong:
        return Case(case_no, tuple(steps))
    reasons = tuple(reason for _, reason in wrong[:REASONS])
    return QuarantinedCase(min(row for row, _ in wrong), shown(case_no.removeprefix("\0")), reasons)


def _unfit(mapping: HistoryMapping, case_no: str, steps: list[Step]) -> Iterator[tuple[int, Reason]]:
    """What is wrong with a case of which every single row could be a fact."""
    first = steps[0]
    for before, step in pairwise(steps):
        if before.sequence == step.sequence:
            yield step.row, Reason(mapping.sequence, "sequence_repeated", str(step.sequence))
    if len(steps) > LONGEST_CASE:
        yield first.row, Reason(mapping.case, "too_many_steps", shown(case_no))
    if first.meaning != "submitted":
        yield first.row, Reason(mapping.activity, "not_begun_by_a_submission", shown(first.activity))
    for step in steps[1:]:
        if step.meaning == "submitted":
            yield step.row, Reason(mapping.activity, "submitted_again", shown(step.activity))
        yield from ((step.row, reason) for reason in _other(mapping, first, step))
    if mapping.amount is not None and amount(first.values[mapping.amount]) is None:
        yield first.row, Reason(mapping.amount, "not_an_amount", shown(first.values[mapping.amount]))


def _other(mapping: HistoryMapping, first: Step, step: Step) -> Iterator[Reason]:
    """What of the whole case a later step states otherwise: it could not be recorded, and is not dropped in silence."""
    for column in mapping.columns_of_the_case():
        if step.values[column] not in ("", first.values[column]):
            yield Reason(column, "differs_within_case", shown(step.values[column]))


def _read(
    table: Table[HistoryMapping], row: int, cells: list[str], today: date, *, unended: bool
) -> tuple[str, Step | Reason]:
    """The case that a row belongs to, and its step; a row of no case that can be told stands for a case of its own."""
    mapping, header = table.mapping, table.header
    place = header.index(mapping.case)
    case_no = (cells[place] if place < len(cells) else "") or f"\0row {row}"
    if len(cells) != len(header):
        return case_no, Reason(header[-1], "wrong_number_of_cells", str(len(cells)))
    values = dict(zip(header, cells, strict=True))
    occurred = _time(values[mapping.occurred_at])
    reason = _reason(mapping, values, occurred, today)
    if reason is None and unended:
        reason = Reason(header[-1], "file_ends_inside", shown(cells[-1]))
    if reason is not None:
        return case_no, reason
    assert occurred is not None, "looked at just now"
    kept = {column: values[column] for column in mapping.needed_columns()}
    activity = values[mapping.activity]
    return case_no, Step(row, int(values[mapping.sequence]), activity, mapping.activities[activity], occurred, kept)


def _reason(
    mapping: HistoryMapping, values: Mapping[str, str], occurred: datetime | None, today: date
) -> Reason | None:
    """Why a row cannot be a fact."""
    for column in mapping.needed_columns():
        if any(ord(mark) < 32 or ord(mark) == 127 for mark in values[column]):
            return Reason(column, "control_character", shown(values[column]))
    case_no, sequence, activity = (values[name] for name in (mapping.case, mapping.sequence, mapping.activity))
    if not _names_a_case(case_no):
        return Reason(mapping.case, "not_a_number_of_a_case", shown(case_no))
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) < 10):
        return Reason(mapping.sequence, "not_a_sequence_number", shown(sequence))
    if activity not in mapping.activities:
        return Reason(mapping.activity, "unknown_activity", shown(activity))
    if occurred is None:
        return Reason(mapping.occurred_at, "not_a_time_with_offset", shown(values[mapping.occurred_at]))
    if occurred.year < EARLIEST:
        return Reason(mapping.occurred_at, "before_1949", shown(values[mapping.occurred_at]))
    if occurred.date() > today:
        return Reason(mapping.occurred_at, "in_the_future", shown(values[mapping.occurred_at]))
    return None


def _names_a_case(text: str) -> bool:
    """1 to 64 visible characters, without a space or a slash: it is typed, and it stands in addresses."""
    return 0 < len(text) <= LONGEST_CASE_NO and text.isprintable() and not {" ", "/"} & set(text)


def _time(text: str) -> datetime | None:
    """A time to the microsecond with its offset, whole: one that would be kept shortened is none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    offset = moment.utcoffset()
    return moment if offset is not None and abs(offset) <= _FARTHEST else None
