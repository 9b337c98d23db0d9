"""One row of a tape, converted: the mapping compiled once into a reader a field, then run over every row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeAlias

from ledger.importing.conversions import CannotBe
from ledger.importing.history import PERSONAL, LoanHistory, Quarantined, Reason, TapeException, shown
from ledger.importing.mapping import PERSONAL_TARGETS, LoanFields, TapeMapping
from ledger.importing.oddities import Oddities
from ledger.importing.sources import ChargeOffSource, DateSource, JobsSource, Source, StatusSource

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REQUIRED = frozenset(name for name, field in LoanFields.model_fields.items() if field.is_required())
_ZERO_WHEN_ABSENT = frozenset({"charged_off", "jobs_created", "jobs_retained"})


class Notes:
    """What is noticed while a row is read."""

    __slots__ = ("exceptions", "reasons")

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.exceptions: list[TapeException] = []


Reader: TypeAlias = Callable[[Sequence[str], Notes], Any]


class RowConverter:
    """Turns the cells of a row into a LoanHistory, or into all the reasons why it is none."""

    def __init__(self, mapping: TapeMapping, header: Sequence[str], today: date) -> None:
        at = {column: place for place, column in enumerate(header)}
        self._width = len(header)
        self._personal = mapping.personal_columns()
        self._recorded = [(column, at[column]) for column in header if column in set(mapping.needed_columns())]
        verbatim = [column for column, _ in self._recorded if column not in self._personal]
        self._value_columns, self._value_places = verbatim, [at[column] for column in verbatim]
        self._codes = [(column, at[column], frozenset(words)) for column, words in mapping.codes.items()]
        self._constants: dict[str, Any] = {target: _absent(target) for target in LoanFields.model_fields}
        self._readers: list[tuple[str, Reader]] = []
        for target, source in mapping.loan.sources():
            if source.column is not None:
                self._readers.append((target, _reader(target, source, source.column, at[source.column], today)))
            elif source.value is not None:
                self._constants[target] = source.converter()(source.value)
        self._status_at = at.get(mapping.loan.status.column or "")
        self._derive = _derived_charge_off(mapping.loan.charged_off)
        named = {target: source.column for target, source in mapping.loan.sources() if source.column is not None}
        self._oddities = Oddities(named)

    def convert(self, row: int, cells: Sequence[str]) -> Quarantined | LoanHistory:
        if len(cells) != self._width:
            said = f"{len(cells)} fields where the header has {self._width}"
            return Quarantined(row, (Reason("row", "wrong_number_of_fields", said),))
        notes = Notes()
        if _CONTROL.search("".join(cells)):
            self._note_control_characters(cells, notes)
        unclean = {reason.field for reason in notes.reasons}
        facts = self._constants.copy()
        for target, read in self._readers:
            facts[target] = read(cells, notes)
        if notes.reasons:
            first = [
                reason for reason in notes.reasons if reason.field not in unclean or reason.rule == "control_character"
            ]
            return Quarantined(row, tuple(dict.fromkeys(first)))
        return self._history(row, cells, facts, notes)

    def _history(self, row: int, cells: Sequence[str], facts: dict[str, Any], notes: Notes) -> LoanHistory:
        paid_total = facts.pop("paid_total")
        source_status = "" if self._status_at is None else cells[self._status_at]
        self._derive(facts, source_status)
        self._note_codes(cells, notes)
        loan = LoanHistory(
            row=row,
            values=dict(zip(self._value_columns, map(cells.__getitem__, self._value_places), strict=True)),
            source_status=source_status,
            exceptions=(),
            **facts,
        )
        notes.exceptions.extend(self._oddities.of(loan))
        notes.exceptions.extend(self._oddities.parts_do_not_sum(loan, paid_total))
        if notes.exceptions:
            # The loan has not left this function yet; a second copy of it would cost more than all its checks.
            object.__setattr__(loan, "exceptions", tuple(dict.fromkeys(notes.exceptions)))
        return loan

    def _note_control_characters(self, cells: Sequence[str], notes: Notes) -> None:
        for column, place in self._recorded:
            if _CONTROL.search(cells[place]):
                value = PERSONAL if column in self._personal else shown(cells[place])
                notes.reasons.append(Reason(column, "control_character", value))

    def _note_codes(self, cells: Sequence[str], notes: Notes) -> None:
        for column, place, words in self._codes:
            if (cell := cells[place]) not in words:
                notes.exceptions.append(TapeException("unknown_code" if cell else "missing", column, shown(cell)))


def _absent(target: str) -> int | None:
    """A field that the tape does not say: nothing, or none of it."""
    return 0 if target in _ZERO_WHEN_ABSENT else None


def _reader(target: str, source: Source, column: str, at: int, today: date) -> Reader:
    if isinstance(source, StatusSource):
        return _status_reader(source, column, at)
    read = _cell_reader(target, source, column, at)
    if isinstance(source, DateSource):
        return _not_in_future(read, column, at, today)
    if isinstance(source, JobsSource) and source.implausible_from is not None:
        return _plausible(read, column, source.implausible_from)
    return read


def _cell_reader(target: str, source: Source, column: str, at: int) -> Reader:
    """A cell's fact; an empty one is filled as stated, a reason for a required field, and otherwise nothing."""
    convert, nothing, expected = source.converter(), {"", *source.empty}, source.expected
    fill = getattr(source, "fill", None)
    absent = _absent(target) if fill is None else convert(fill)
    required = target in _REQUIRED and fill is None
    personal = target in PERSONAL_TARGETS

    def read(cells: Sequence[str], notes: Notes) -> Any:
        cell = cells[at]
        if cell in nothing:
            if required:
                notes.reasons.append(Reason(column, "missing", shown(cell)))
            elif expected:
                notes.exceptions.append(TapeException("missing", column, PERSONAL if personal else shown(cell)))
            return absent
        try:
            return convert(cell)
        except CannotBe as problem:
            notes.reasons.append(Reason(column, problem.rule, PERSONAL if personal else shown(cell)))
            return None

    return read


def _not_in_future(read: Reader, column: str, at: int, today: date) -> Reader:
    def read_past(cells: Sequence[str], notes: Notes) -> Any:
        day = read(cells, notes)
        if day is not None and day > today:
            notes.reasons.append(Reason(column, "date_in_future", shown(cells[at])))
        return day

    return read_past


def _plausible(read: Reader, column: str, implausible_from: int) -> Reader:
    def read_plausible(cells: Sequence[str], notes: Notes) -> Any:
        count = read(cells, notes)
        if count is not None and count >= implausible_from:
            notes.exceptions.append(TapeException("implausible_job_count", column, str(count)))
        return count

    return read_plausible


def _status_reader(source: StatusSource, column: str, at: int) -> Reader:
    """The status that the mapping's codes give; a word without a code is listed, never guessed."""
    codes, nothing = source.codes, {"", *source.empty}

    def read(cells: Sequence[str], notes: Notes) -> Any:
        cell = cells[at]
        if (status := codes.get(cell)) is not None:
            return status
        rule = "status_missing" if cell in nothing else "unknown_code"
        notes.exceptions.append(TapeException(rule, column, shown(cell)))
        return "unknown"

    return read


def _derived_charge_off(source: ChargeOffSource | None) -> Callable[[dict[str, Any], str], None]:
    """What remains of the approved amount after principal paid and balance, for the stated words; never below nothing."""
    words = frozenset() if source is None or source.derive is None else frozenset(source.when_status)

    def derive(facts: dict[str, Any], source_status: str) -> None:
        if source_status in words:
            paid, outstanding = facts["paid_principal"], facts["outstanding"]
            stated = paid is not None and outstanding is not None
            facts["charged_off"] = max(facts["approved"] - paid - outstanding, 0) if stated else 0

    return derive
