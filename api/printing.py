"""Printed tables 表格输出: one table as CSV, as a spreadsheet or as PDF, with its totals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import manimgx_fonts_cjk
import typst
import xlsxwriter

Language = Literal["zh", "en"]
Kind = Literal["number", "date", "money", "text"]
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
PRINTS: Mapping[str, str] = {"csv": CSV, "xlsx": XLSX, "pdf": PDF}
"""The printed forms by their endings, and how each is called over HTTP."""
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""What a workbook says of when it was made."""
_FORMATS = {"date": "yyyy-mm-dd", "money": "#,##0.00", "number": "0", "text": "@"}


@dataclass(frozen=True)
class Column:
    """A column under its name in both languages; money is whole yuan and fen as a text with two places."""

    zh: str
    en: str
    kind: Kind

    def title(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Table:
    """`rows` and `totals` have a text for every column, empty where there is nothing to say; the first of the totals names them.

    `notes` are names and what they stand for, below the table of a file that has nothing above it. The same table always gives the same bytes.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    totals: Sequence[str]
    notes: Sequence[tuple[str, str]] = ()

    def titles(self, language: Language) -> list[str]:
        return [column.title(language) for column in self.columns]

    def lines(self, language: Language) -> list[Sequence[str]]:
        """The rows, and the totals under them."""
        return [*self.rows, ("合计" if language == "zh" else "total", *self.totals[1:])]


def as_csv(table: Table, language: Language) -> bytes:
    """UTF-8 with a byte order mark, because spreadsheets guess other encodings without."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([table.titles(language), *table.lines(language), *table.notes])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(table: Table, language: Language) -> bytes:
    """A workbook of one sheet; amounts are numbers, days are dates, totals are bold."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        workbook.set_properties({"created": _NO_TIME})
        sheet = workbook.add_worksheet(table.name)
        shapes = {
            (kind, bold): workbook.add_format({"num_format": shape, "bold": bold})
            for kind, shape in _FORMATS.items()
            for bold in (False, True)
        }
        sheet.write_row(0, 0, table.titles(language), shapes["text", True])
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(table.lines(language), 1):
            for place, (column, text) in enumerate(zip(table.columns, row, strict=True)):
                below = line > len(table.rows)
                kind = column.kind if place or not below else "text"
                sheet.write(line, place, _cell(kind, text), shapes[kind, below])
        for line, note in enumerate(table.notes, len(table.rows) + 3):
            sheet.write_row(line, 0, note, shapes["text", False])
        sheet.autofit()
    return file.getvalue()


def as_pdf(table: Table, language: Language, title: str, heading: Sequence[tuple[str, str]]) -> bytes:
    """A4 across, with the heading above the table, the column titles on every page and the Chinese font embedded."""
    said = {
        "lang": language,
        "title": title,
        "heading": [list(pair) for pair in heading],
        "columns": table.titles(language),
        "right": [column.kind in ("money", "number") for column in table.columns],
        "lines": [_grouped(table, line) for line in table.rows],
        "totals": _grouped(table, table.lines(language)[-1]),
    }
    page = (Path(__file__).parent / "table.typ").read_bytes()
    data = {"data": json.dumps(said, ensure_ascii=False)}
    return typst.compile(page, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=data)


def _grouped(table: Table, line: Sequence[str]) -> list[str]:
    """Amounts with their thousands apart, as people read them."""
    cells = zip(table.columns, line, strict=True)
    return [f"{Decimal(text):,.2f}" if column.kind == "money" and text else text for column, text in cells]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(manimgx_fonts_cjk.__file__).parent)])


def _cell(kind: Kind, text: str) -> object:
    if kind == "date" and text:
        return date.fromisoformat(text)
    if kind == "money" and text:
        return Decimal(text)
    return int(text) if kind == "number" and text.isdigit() else text
