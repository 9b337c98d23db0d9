"""A tape 数据带, read strictly: the file as a whole first, then row by row, never more than a line in memory."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from domain.errors import Refusal
from ledger.importing import refusals
from ledger.importing.converting import RowConverter
from ledger.importing.history import LoanHistory, Quarantined, TapeException, shown
from ledger.importing.lines import LONGEST_FIELD, Lines, opened
from ledger.importing.mapping import TapeMapping

Progress: TypeAlias = Callable[[int], None]
"""Called with the number of bytes of the file read so far."""

_BLANKS = " \t\u3000"


class Columns(Protocol):
    """What of a mapping the reading of a table needs."""

    @property
    def name(self) -> str: ...
    @property
    def encoding(self) -> Literal["utf-8", "gb18030"]: ...
    @property
    def delimiter(self) -> str: ...
    @property
    def strip(self) -> bool: ...
    @property
    def ignore(self) -> Sequence[str]: ...
    def needed_columns(self) -> list[str]:
        """Columns that must be there, each once."""
        ...


M = TypeVar("M", bound=Columns)


@dataclass(frozen=True)
class Table(Generic[M]):
    """A file whose header fits its mapping. `digest` is the SHA-256 of the file as it lies there, `size` its bytes."""

    path: Path
    mapping: M
    digest: str
    size: int
    header: tuple[str, ...]

    def check(self, progress: Progress | None = None) -> int:
        """Read the whole file without converting it, and count its rows. Raises a Refusal if it is not whole."""
        with _lines(self.path, self.mapping, progress) as lines:
            count = sum(1 for _ in self._body(lines))
        return count

    def cells(self, progress: Progress | None = None) -> Iterator[tuple[int, list[str], bool]]:
        """Every data row: its number from 1, its cells, and whether the file ends without a line end there.

        Raises a Refusal, possibly after rows were given, if the file is not whole or no longer what it was: `check()` first.
        """
        with _lines(self.path, self.mapping, progress) as lines:
            for row, cells in enumerate(self._body(lines), start=1):
                yield row, cells, lines.unended

    def _body(self, lines: Lines) -> Iterator[list[str]]:
        """The data rows; blank lines hold none. A short row at the end without a line end is a tape cut off."""
        records = _records(lines, self.mapping)
        if tuple(next(records, (1, []))[1]) != self.header:
            raise refusals.TapeChanged(field="file", file=self.path)
        for line, cells in records:
            if lines.unended and len(cells) < len(self.header):
                raise refusals.TapeCutOff(field="file", file=self.path, line=line)
            yield cells
        if lines.digest() != self.digest:
            raise refusals.TapeChanged(field="file", file=self.path)


@dataclass(frozen=True)
class Tape(Table[TapeMapping]):
    """A tape of loans."""

    def rows(self, today: date, progress: Progress | None = None) -> Iterator[Quarantined | LoanHistory]:
        """Convert row by row; a fact cannot be later than `today`. Raises what `cells` raises."""
        converter = RowConverter(self.mapping, self.header, today)
        for row, cells, unended in self.cells(progress):
            converted = converter.convert(row, cells)
            yield _unended(converted, self.header[-1]) if unended else converted


def open_tape(path: str | Path, mapping: TapeMapping) -> Tape:
    """A tape of loans; raises what `open_table` raises."""
    opened_table = open_table(path, mapping)
    return Tape(**{name: getattr(opened_table, name) for name in opened_table.__dataclass_fields__})


def open_table(path: str | Path, mapping: M) -> Table[M]:
    """Take the file's digest and check its header against the mapping. Raises a Refusal that says what to do."""
    file = Path(path)
    digest, size = _digest(file)
    if size == 0:
        raise refusals.TapeEmpty(field="file", file=file)
    with _lines(file, mapping, None) as lines:
        header = next(_records(lines, mapping), (1, []))[1]
    _check_header(file, mapping, header)
    return Table(path=file, mapping=mapping, digest=digest, size=size, header=tuple(header))


def _digest(file: Path) -> tuple[str, int]:
    try:
        if file.exists() and not file.is_file():
            raise refusals.TapeUnreadable(field="file", file=file, problem="it is not a regular file")
        with file.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest(), raw.tell()
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or "it is no path"
        raise refusals.TapeUnreadable(field="file", file=shown(str(file)), problem=said) from None


@contextmanager
def _lines(file: Path, mapping: Columns, progress: Progress | None) -> Iterator[Lines]:
    with opened(file, progress) as (stream, hashed):
        yield Lines(file, stream, hashed, mapping.encoding)


def _records(lines: Lines, mapping: Columns) -> Iterator[tuple[int, list[str]]]:
    """The records of the CSV, each with the line that it starts on. Raises a Refusal where they cannot be told apart."""
    reader = csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            raise _malformed(lines.file, line, str(problem)) from None
        if cells is None:
            return
        if cells and len(max(cells, key=len)) > LONGEST_FIELD:
            raise refusals.HugeField(field="file", file=lines.file, line=line, limit=LONGEST_FIELD)
        if cells:
            yield line, [cell.strip(_BLANKS) for cell in cells] if mapping.strip else cells


def _malformed(file: Path, line: int, problem: str) -> Refusal:
    if problem == "unexpected end of data":
        return refusals.TapeCutOff(field="file", file=file, line=line)
    if problem.startswith("field larger"):
        return refusals.HugeField(field="file", file=file, line=line, limit=LONGEST_FIELD)
    if problem.startswith("new-line character"):
        problem = "a carriage return stands inside it"
    return refusals.BadQuoting(field="file", file=file, line=line, problem=problem)


def _check_header(file: Path, mapping: Columns, header: Sequence[str]) -> None:
    """Every column is spoken for and every needed one is there; a line that is no header at all is not repeated."""
    needed = mapping.needed_columns()
    if not set(needed) & set(header):
        raise _no_header(file, mapping, header)
    known = {*needed, *mapping.ignore}
    repeated = [column for column, times in Counter(header).items() if times > 1]
    unmapped = [column for column in header if column not in known]
    missing = [column for column in needed if column not in header]
    if repeated:
        raise refusals.RepeatedColumns(field="file", file=file, columns=_names(repeated))
    if missing:
        names, others = _names(missing), _names(unmapped) or "none"
        raise refusals.MissingColumns(field="file", file=file, columns=names, unmapped=others, mapping=mapping.name)
    if unmapped:
        raise refusals.UnmappedColumns(field="file", file=file, columns=_names(unmapped), mapping=mapping.name)


def _no_header(file: Path, mapping: Columns, header: Sequence[str]) -> Refusal:
    if mapping.encoding == "gb18030":
        try:
            text = "".join(header).encode("gb18030").decode("utf-8")
        except UnicodeError:
            text = ""
        if not text.isascii():
            return refusals.NotGb18030(field="file", file=file, line=1, offset=0)
    return refusals.NotAHeader(field="file", file=file, mapping=mapping.name, delimiter=ascii(mapping.delimiter))


def _names(columns: Sequence[str]) -> str:
    return ", ".join(shown(column) or "(without a name)" for column in columns)


def _unended(converted: Quarantined | LoanHistory, column: str) -> Quarantined | LoanHistory:
    """The last row of a file that ends without a line end is kept and listed: its last value may be cut off."""
    if isinstance(converted, Quarantined):
        return converted
    last = converted.values.get(column)
    exception = TapeException("last_line_without_end", column, "" if last is None else shown(last))
    return replace(converted, exceptions=(*converted.exceptions, exception))
