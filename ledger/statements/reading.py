"""Reading a statement file 对账单文件: what it is by its content, bounded, and refused with the reason where it is none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from domain.reconciliation.events import Format
from domain.reconciliation.statement import Statement
from ledger.statements import camt053, refusals, swift, tables
from ledger.statements.column_maps import ColumnMap, shipped_maps

LARGEST = 64 * 1024 * 1024
_MT940 = re.compile(rb"(^|\n):(20|25|28C?|60[FM]|61|62[FM]|64|86|NS):", re.ASCII)


class Read(NamedTuple):
    """A file's statements: its SHA-256 as hexadecimal digits, what it was, the digest of the column map, and its bytes."""

    file: str
    format: Format
    mapping: str | None
    statements: Sequence[Statement]
    content: bytes


def read_file(file: Path, wanted: str = "auto", mapping: ColumnMap | None = None) -> Read:
    """Raises StatementUnreadable, StatementTooLarge, and whatever `read_statements` refuses."""
    try:
        if file.stat().st_size > LARGEST:
            raise refusals.StatementTooLarge(field="file", file=file.name, most=LARGEST // 2**20, what="MB")
        content = file.read_bytes()
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or "it is no path"
        raise refusals.StatementUnreadable(field="file", file=ascii(str(file)), problem=said) from None
    return read_statements(content, file.name, wanted, mapping)


def read_statements(content: bytes, name: str, wanted: str = "auto", mapping: ColumnMap | None = None) -> Read:
    """The statements of a file; `wanted` is a format or `auto`, `mapping` the column map of a table, told by its header if left out.

    Raises NoStatement, OtherFormat, OtherMessage, Hostile, NotWellFormed, TagMissing, BadValue, DigitsLost, NoHeader, TwoHeaders, Undecoded,
    CurrenciesMixed, StatementTooLarge.
    """
    name = ascii(name).strip("'\"")
    found = _format(content, name)
    if wanted not in ("auto", found):
        raise refusals.OtherFormat(field="format", file=name, found=found, wanted=wanted)
    maps = shipped_maps() if mapping is None else (mapping,)
    used: ColumnMap | None = None
    match found:
        case "camt053":
            statements = camt053.read(content, name)
        case "mt940":
            statements = swift.read(_text(content), name)
        case "xlsx":
            statements, used = tables.read_xlsx(content, name, maps)
        case "csv":
            statements, used = tables.read_csv(content, name, maps)
    return Read(hashlib.sha256(content).hexdigest(), found, used.digest if used else None, statements, content)


def _format(content: bytes, name: str) -> Format:
    """What the first bytes say. Raises NoStatement."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise refusals.NoStatement(field="file", file=name)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"<") or (head[:2] in (b"\xff\xfe", b"\xfe\xff") and b"<\x00" in head[:8]):
        return "camt053"
    if head.startswith((b"\xd0\xcf\x11\xe0", b"%PDF-")):
        raise refusals.NoStatement(field="file", file=name)
    if _MT940.search(content[:65536].replace(b"\r", b"\n")):
        return "mt940"
    if b"," in content or b"\t" in content:
        return "csv"
    raise refusals.NoStatement(field="file", file=name)


def _text(content: bytes) -> str:
    """MT940 is ASCII by its standard; banks send UTF-8, GB18030 and Latin letters all the same, outside what counts."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")
