"""The journal for independent tools 日记账导出: beancount, hledger and CSV, with the balance of every account at the end of each day on which it moved.

Entries stand by the day on which they are booked, then in the order in which they were recorded. An account of a tool is an account of ours, of one fund at one bank;
county, party, loan and claim stand beside the line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal, NamedTuple, TextIO, TypeAlias

import psycopg
from psycopg.rows import tuple_row

from domain.bookkeeping.chart import OF_LEVELS
from domain.errors import InvalidInput
from domain.money import Fen, yuan
from projections.querying import projection

Format: TypeAlias = Literal["beancount", "hledger", "csv"]
COLUMNS = (
    "booked_on", "value_date", "position", "line", "fact", "account", "title", "fund", "bank", "county", "level", "party", "loan_no", "claim_no",
    "debit", "credit",
)  # fmt: skip


class JournalLine(NamedTuple):
    """A line of the general ledger, in fen, debit less credit; `fact` is the topic of its fact."""

    position: int
    line: int
    value_date: date
    booked_on: date
    fact: str
    account: str
    title: str
    fen: Fen
    fund: str
    bank: str | None
    county: str | None
    level: str | None
    party: str | None
    loan_no: str | None
    claim_no: str | None


def lines(connection: psycopg.Connection[Any], as_of: date | None, known_at: int | None) -> Iterator[JournalLine]:
    """By the day on which they are booked, then as recorded; streamed, all of one moment."""
    source, parameters = projection("general_ledger").source(as_of, known_at)
    query = (
        "SELECT position, line, value_date, booked_on, fact, account, title, debit - credit AS fen, fund, bank, county, level, party, loan_no,"
        f" claim_no FROM ({source}) l ORDER BY booked_on, position, line"
    )
    with connection.transaction(), connection.cursor("journal", row_factory=tuple_row) as cursor:
        cursor.itersize = 5000
        for row in cursor.execute(query.encode(), parameters):
            yield JournalLine(*row)


def form_of(text: str, field: str) -> Format:
    """Raises InvalidInput."""
    for form in _FORMS:
        if form == text:
            return form
    raise InvalidInput(field=field, problem=f"{text[:60]!a} is no form", expected=f"one of: {', '.join(_FORMS)}")


def write(form: Format, told: Iterable[JournalLine], out: TextIO) -> int:
    """In that form; gives how many entries there are."""
    return _FORMS[form](told, out)


def _csv(told: Iterable[JournalLine], out: TextIO) -> int:
    rows, count = csv.writer(out, lineterminator="\n"), 0
    rows.writerow(COLUMNS)
    for _, entries in _days(told):
        count += len(entries)
        for line in (line for entry in entries for line in entry):
            sides = yuan(max(line.fen, 0)), yuan(max(-line.fen, 0))
            rows.writerow([*(getattr(line, name) for name in COLUMNS[:-2]), *sides])
    return count


_ROOTS = {"1": "Assets", "2": "Liabilities", "3": "Equity", "4": "Income", "5": "Expenses"}


def _name(line: JournalLine) -> str:
    """An account as beancount and hledger name it; the memo book stands under equity, where it adds up to nothing."""
    root = "Equity:Memo" if line.account.startswith("M") else _ROOTS[line.account[1]]
    of_level = f":L-{_plain(line.level)}" if line.account in OF_LEVELS and line.level else ""
    return f"{root}:{line.account}:F-{_plain(line.fund)}:B-{_plain(line.bank or 'none')}{of_level}"


def _plain(code: str) -> str:
    """Letters, digits and hyphens; whatever else is written as its number, so that no two codes become one."""
    return "".join(c if c.isascii() and c.isalnum() else "-" if c == "_" else f"-x{ord(c):x}-" for c in code)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _told_of(line: JournalLine) -> str:
    return line.claim_no or line.loan_no or line.fund


def _about(line: JournalLine) -> Iterator[tuple[str, str]]:
    """What of a line its account does not say."""
    for name in ("county", "level", "party", "loan_no", "claim_no"):
        if value := getattr(line, name):
            yield name, value
    if line.booked_on != line.value_date:
        yield "value_date", str(line.value_date)


def _days(told: Iterable[JournalLine]) -> Iterator[tuple[date, list[list[JournalLine]]]]:
    """Day by day, the entries."""
    for day, of_day in groupby(told, key=attrgetter("booked_on")):
        yield day, [list(entry) for _, entry in groupby(of_day, key=attrgetter("position"))]


class _Entry(NamedTuple):
    """An entry for a tool: the accounts that begin with it, with their titles, and its lines by account."""

    first: JournalLine
    begun: Mapping[str, str]
    lines: list[tuple[str, JournalLine]]


def _in_accounts(told: Iterable[JournalLine]) -> Iterator[tuple[date, list[_Entry], Mapping[str, Fen]]]:
    """Day by day the entries, and what each account that moved comes to in the end."""
    balances = dict[str, Fen]()
    for day, entries in _days(told):
        shown, moved = list[_Entry](), set[str]()
        for entry in entries:
            named = [(_name(line), line) for line in entry]
            begun = {name: line.title for name, line in named if name not in balances}
            shown.append(_Entry(entry[0], begun, named))
            for name, line in named:
                balances[name] = balances.get(name, 0) + line.fen
                moved.add(name)
        yield day, shown, {name: balances[name] for name in sorted(moved)}


def _beancount(told: Iterable[JournalLine], out: TextIO) -> int:
    out.write('option "title" "Loan Ledger 创业担保贷款台账"\noption "operating_currency" "CNY"\n')
    count = 0
    for day, entries, balances in _in_accounts(told):
        count += len(entries)
        for first, begun, named in entries:
            out.writelines(f"{day} open {name} CNY\n  title: {_quoted(title)}\n" for name, title in begun.items())
            out.write(f"{day} * {_quoted(first.fact)} {_quoted(_told_of(first))}\n  position: {first.position}\n")
            for name, line in named:
                out.write(f"  {name}  {yuan(line.fen)} CNY\n")
                out.writelines(f"    {key}: {_quoted(value)}\n" for key, value in _about(line))
        for name, fen in balances.items():
            out.write(f"{day + timedelta(days=1)} balance {name}  {yuan(fen)} CNY\n")
    return count


def _hledger(told: Iterable[JournalLine], out: TextIO) -> int:
    out.write("commodity CNY 1000.00\n")
    count = 0
    for day, entries, balances in _in_accounts(told):
        count += len(entries)
        for first, begun, named in entries:
            out.writelines(f"account {name}\n" for name in begun)
            out.write(f"{day} * ({first.position}) {first.fact} | {_of_one_line(_told_of(first))}\n")
            for name, line in named:
                about = ", ".join(f"{key}:{_of_one_line(value)}" for key, value in _about(line))
                out.write(f"    {name}  CNY {yuan(line.fen)}" + (f"  ; {about}\n" if about else "\n"))
        out.write(f"{day} * end of the day\n")
        for name, fen in balances.items():
            out.write(f"    {name}  CNY 0.00 = CNY {yuan(fen)}\n")
    return count


def _of_one_line(text: str) -> str:
    """Where a semicolon or a comma would begin something else."""
    return text.replace(";", " ").replace(",", " ").replace("\n", " ")


_FORMS: Mapping[Format, Callable[[Iterable[JournalLine], TextIO], int]] = {
    "beancount": _beancount,
    "hledger": _hledger,
    "csv": _csv,
}
