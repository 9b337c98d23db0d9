"""Tables of Chinese banks: CSV (UTF-8, GB18030) and XLSX, with blocks above the header, told apart by their headers and read by column maps."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from numbers import Real
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from domain.money import Fen
from domain.reconciliation.statement import Oddity, Statement, StatementLine
from ledger.statements import refusals
from ledger.statements.column_maps import ColumnMap
from ledger.statements.values import Place, amount

LINES = 200_000
UNPACKED = 256 * 1024 * 1024
_ABOVE = 60
"""Lines within which the header has to come."""
_WIDEST = 200
_BLANKS = " \t\u3000\u00a0\ufeff"
_CURRENCIES = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "RMB": "CNY",
    "CNY": "CNY",
    "156": "CNY",
    "美元": "USD",
    "港币": "HKD",
    "欧元": "EUR",
}
_ENDS = re.compile(r"(合计|总计|小计|本页|总笔数|借方笔数|贷方笔数|收入笔数|支出笔数|期末余额|打印|以上|---|===)")
"""What a line below the last entry begins with."""


class Digits(str):
    """The text of a numeric cell that had more digits than a spreadsheet keeps."""


class Row(NamedTuple):
    line: int
    cells: Sequence[str]


def read_csv(content: bytes, file: str, maps: Sequence[ColumnMap]) -> tuple[list[Statement], ColumnMap]:
    """Raises Undecoded, NotWellFormed, NoHeader, TwoHeaders, BadValue, CurrenciesMixed, StatementTooLarge."""
    text = _decoded(content, file)
    delimiter = "\t" if text.count("\t") > text.count(",") and "," not in text.split("\n")[0] else ","

    def rows() -> Iterator[Row]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield Row(reader.line_num, [cell.strip(_BLANKS) for cell in cells])
        except csv.Error as problem:
            place = f"line {reader.line_num}"
            raise refusals.NotWellFormed(
                field="file", file=file, kind="CSV", place=place, problem=str(problem)
            ) from None

    return _read(rows(), file, maps)


def read_xlsx(content: bytes, file: str, maps: Sequence[ColumnMap]) -> tuple[list[Statement], ColumnMap]:
    """Its first sheet with a header. Raises Hostile, NotWellFormed, NoHeader, TwoHeaders, BadValue, DigitsLost, CurrenciesMixed, StatementTooLarge."""
    _must_be_bounded(content, file)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError) as problem:
        said = type(problem).__name__
        raise refusals.NotWellFormed(field="file", file=file, kind="XLSX", place="the file", problem=said) from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # the reader gave up on the bytes
            raise
        raise refusals.NotWellFormed(field="file", file=file, kind="XLSX", place="the file", problem="panic") from None
    without: refusals.NoHeader | None = None
    for sheet in sheets:
        rows = (Row(line, [_cell(cell) for cell in cells]) for line, cells in enumerate(sheet, 1))
        try:
            return _read(rows, file, maps)
        except refusals.NoHeader as problem:
            without = problem
    raise without or refusals.NoHeader(field="file", file=file, known=", ".join(m.map for m in maps))


def _decoded(content: bytes, file: str) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content:
        said = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "a NUL byte"
        raise refusals.Undecoded(field="file", file=file, problem=said)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as problem:
        raise refusals.Undecoded(field="file", file=file, problem=f"byte {problem.start}") from None


def _must_be_bounded(content: bytes, file: str) -> None:
    """A packed file says what it unpacks to. Raises Hostile, NotWellFormed."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, OSError, NotImplementedError) as problem:
        said = str(problem)[:60]
        raise refusals.NotWellFormed(field="file", file=file, kind="XLSX", place="the file", problem=said) from None
    if len(parts) > 2000 or sum(part.file_size for part in parts) > UNPACKED:
        raise refusals.Hostile(field="file", file=file, found="an archive that unpacks without end")
    if any(part.flag_bits & 1 for part in parts):
        raise refusals.Hostile(field="file", file=file, found="enciphered parts")


def _cell(cell: object) -> str:
    """A cell as text: whole numbers without a point, days as ISO."""
    match cell:
        case bool():
            return str(cell)
        case Real():
            number = Decimal(repr(cell))
            said = format(number, "f") if number.is_finite() else str(cell)
            said = said.rstrip("0").rstrip(".") if "." in said else said
            return Digits(said) if len(said.replace(".", "").replace("-", "").lstrip("0")) > 15 else said
        case datetime():
            return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
    return str(cell).strip(_BLANKS)


def _read(rows: Iterator[Row], file: str, maps: Sequence[ColumnMap]) -> tuple[list[Statement], ColumnMap]:
    above = list[Row]()
    for row in rows:
        if len(row.cells) > _WIDEST:
            raise refusals.StatementTooLarge(field="file", file=file, most=_WIDEST, what="columns")
        if fitting := _fitting(row.cells, maps):
            if len(fitting) > 1:
                raise refusals.TwoHeaders(field="file", file=file, known=", ".join(m.map for m in fitting))
            return [_Table(file, fitting[0], row.cells, above).statement(rows)], fitting[0]
        above.append(row)
        if len(above) > _ABOVE:
            break
    raise refusals.NoHeader(field="file", file=file, known=", ".join(m.map for m in maps))


def _fitting(cells: Sequence[str], maps: Sequence[ColumnMap]) -> list[ColumnMap]:
    """The maps of which this is the header; one made for a bank goes before one for any."""
    named = {"".join(cell.split()) for cell in cells}
    exact = [m for m in maps if not m.fallback and {"".join(c.split()) for c in m.header} <= named]
    return exact or [m for m in maps if m.fallback and _says_enough(m, named)]


def _says_enough(mapping: ColumnMap, named: set[str]) -> bool:
    columns = mapping.columns
    needed = (
        [columns.day, columns.paid_in, columns.paid_out]
        if columns.paid_in
        else [columns.day, columns.amount, columns.direction]
    )
    return all(not names or named & {"".join(name.split()) for name in names} for names in needed)


class _Table:
    """One table on its way: where each thing stands, and what its rows say."""

    def __init__(self, file: str, mapping: ColumnMap, header: Sequence[str], above: Sequence[Row]) -> None:
        self._file, self._map = file, mapping
        named = ["".join(cell.split()) for cell in header]
        self._header = header
        self._at = {
            field: [named.index("".join(name.split())) for name in names if "".join(name.split()) in named]
            for field, names in mapping.columns
        }
        self._width = len(header)
        self._account = next(_labelled(above, mapping.label), None)
        self._oddities = list[Oddity]()

    def statement(self, rows: Iterator[Row]) -> Statement:
        lines, currencies, accounts = list[StatementLine](), set[str](), set[str]()
        for row in rows:
            if not any(row.cells) or self._is_below(row.cells):
                continue
            line = self._line(row, len(lines) + 1, currencies, accounts)
            lines.append(line)
            if len(lines) > LINES:
                raise refusals.StatementTooLarge(field="file", file=self._file, most=LINES, what="lines")
        if len(currencies) > 1:
            raise refusals.CurrenciesMixed(field="file", file=self._file, currencies=", ".join(sorted(currencies)))
        if len(accounts) > 1:
            self._oddities.append(Oddity(rule="accounts_mixed"))
        ordered = _in_order(lines)
        if ordered != lines:
            self._oddities.append(Oddity(rule="newest_first"))
        ordered = [line._replace(number=number) for number, line in enumerate(ordered, 1)]
        opening, closing = _bounds(ordered)
        return Statement(
            account=self._account or (accounts.pop() if len(accounts) == 1 else None),
            currency=currencies.pop() if currencies else None,
            statement_id=None,
            page=None,
            opening=opening,
            opening_day=min((line.booked_on for line in ordered), default=None),
            closing=closing,
            closing_day=max((line.booked_on for line in ordered), default=None),
            lines=tuple(ordered),
            oddities=tuple(self._oddities),
            derived=opening is not None,
        )

    def _is_below(self, cells: Sequence[str]) -> bool:
        """A line of sums or words under the entries: its first cell says so and it tells no day."""
        first = next((cell for cell in cells if cell), "")
        return _ENDS.match(first) is not None and not self._text(cells, "day")[:1].isdigit()

    def _line(self, row: Row, number: int, currencies: set[str], accounts: set[str]) -> StatementLine:
        place, cells = Place(self._file, f"line {row.line}"), row.cells
        if any(cells[self._width :]):
            place.bad("the row", ",".join(cells)[:60], f"a row of {self._width} columns")
        if (currency := self._text(cells, "currency")) and currency not in self._map.empty:
            currencies.add(_CURRENCIES.get(currency, currency.upper()))
        if account := self._said(cells, "account", place):
            accounts.add(account)
        booked = self._day(cells, "day", place)
        balance = self._text(cells, "balance")
        text = " ".join(part for part in self._every(cells, "text") if part not in self._map.empty)
        return StatementLine(
            number=number,
            booked_on=booked,
            value_date=self._day(cells, "value_day", place) if self._text(cells, "value_day") else booked,
            fen=self._fen(cells, place),
            serial=self._said(cells, "serial", place),
            end_to_end=self._said(cells, "end_to_end", place),
            counterparty=self._said(cells, "counterparty", place),
            counterparty_account=self._said(cells, "counterparty_account", place),
            text=text,
            balance=None
            if balance in self._map.empty
            else amount(balance, ".", place, self._named("balance"), sign=True),
            reversal=any(word in text for word in self._map.reversal),
        )

    def _fen(self, cells: Sequence[str], place: Place) -> Fen:
        if not self._at["amount"]:
            came_in, went_out = (self._text(cells, name) for name in ("paid_in", "paid_out"))
            nothing = [said in self._map.empty for said in (came_in, went_out)]
            ins, outs = (
                0 if empty else amount(said, ".", place, self._named(name), sign=True)
                for said, name, empty in zip((came_in, went_out), ("paid_in", "paid_out"), nothing, strict=True)
            )
            if all(nothing) or (ins and outs):
                place.bad(
                    f"{self._named('paid_in')} / {self._named('paid_out')}", f"{came_in} / {went_out}", "an amount"
                )
            return ins - outs
        said = self._text(cells, "amount")
        fen = amount(said, ".", place, self._named("amount"), sign=True)
        if not self._at["direction"]:
            return fen
        direction = self._text(cells, "direction")
        if direction in self._map.came_in:
            return fen
        if direction in self._map.went_out:
            return -fen
        place.bad(
            self._named("direction"), direction, f"one of: {', '.join((*self._map.came_in, *self._map.went_out))}"
        )

    def _day(self, cells: Sequence[str], field: str, place: Place) -> date:
        said = self._text(cells, field)
        for form in (*self._map.days, "%Y-%m-%d"):
            try:
                return datetime.strptime(said, form).date()  # noqa: DTZ007  # a statement's day is the city's own
            except ValueError:
                continue
        place.bad(self._named(field), said, "a day")

    def _said(self, cells: Sequence[str], field: str, place: Place) -> str | None:
        """What a column of texts says. Raises DigitsLost where a spreadsheet has lost some of it."""
        said = self._text(cells, field)
        if isinstance(said, Digits):
            raise refusals.DigitsLost(field="file", file=self._file, place=place.where, name=self._named(field))
        return None if said in self._map.empty else said

    def _text(self, cells: Sequence[str], field: str) -> str:
        at = self._at[field]
        return cells[at[0]] if at and at[0] < len(cells) else ""

    def _every(self, cells: Sequence[str], field: str) -> list[str]:
        return [cells[at] for at in self._at[field] if at < len(cells)]

    def _named(self, field: str) -> str:
        at = self._at[field]
        return ascii(self._header[at[0]]).strip("'") if at and self._header[at[0]].isascii() else f"{field}"


def _labelled(above: Sequence[Row], labels: Sequence[str]) -> Iterator[str]:
    """What stands behind a label above the header, in its own cell or in the next."""
    for row in above:
        for at, cell in enumerate(row.cells):
            name, _, said = cell.replace("：", ":").partition(":")
            if name.strip(_BLANKS) in labels:
                behind = said.strip(_BLANKS) or (row.cells[at + 1] if at + 1 < len(row.cells) else "")
                if behind:
                    yield behind


def _in_order(lines: list[StatementLine]) -> list[StatementLine]:
    """As they were booked: banks list the newest first as often as last. Days decide, and within one day the running balance."""
    if len(lines) < 2:
        return lines
    backwards = lines[::-1]
    if lines[0].booked_on != lines[-1].booked_on:
        return lines if lines[0].booked_on < lines[-1].booked_on else backwards
    return backwards if _runs(backwards) > _runs(lines) else lines


def _runs(lines: Sequence[StatementLine]) -> int:
    """How many running balances follow on the one before."""
    pairs = pairwise(lines)
    return sum(b.balance is not None and a.balance is not None and b.balance == a.balance + b.fen for a, b in pairs)


def _bounds(lines: Sequence[StatementLine]) -> tuple[Fen | None, Fen | None]:
    """Opening and closing by the running balance, where the first and the last line have one."""
    if not lines or lines[0].balance is None or lines[-1].balance is None:
        return None, None
    return lines[0].balance - lines[0].fen, lines[-1].balance
