"""The reconciliation of an account as page data 银行存款余额调节表: two closings, every break between them, and what is left unexplained."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import tuple_row
from pydantic_core import to_json

from domain.money import Fen, parse_yuan, yuan
from domain.reconciliation.account import BankAccount
from domain.reconciliation.breaks import KINDS, Break
from domain.reconciliation.matching import PASSES, RULES, BookSide
from domain.reconciliation.reconciling import Reconciliation, reconcile
from domain.reconciliation.references import compared, payment_reference, plain_number
from domain.reconciliation.refusals import UnknownAccount
from domain.state import replayed
from projections import log
from projections.querying import Question, ask, projection, written_up_to

CASH = ("G1001", "S1001")
"""A guarantee fund's cash, or a subsidy fund's; a fund is one or the other."""
_LEDGER, _BALANCE, _POSITION = projection("general_ledger"), projection("trial_balance"), projection("fund_position")
BOOKS = (_LEDGER, _BALANCE, _POSITION)
"""The read models that a reconciliation looks at."""


class Entry(NamedTuple):
    """A line of the fund's cash in the books; `key` is its position and its number in the entry."""

    key: str
    bank: str
    value_date: date
    booked_on: date
    fen: Fen
    reference: str | None
    other_side: str | None
    loan_no: str | None
    claim_no: str | None
    fact: str


@dataclass(frozen=True)
class PaperEntries:
    """The entries of a fund's account as the general ledger has them; `papers` opens a connection that may read it."""

    papers: Callable[[], AbstractContextManager[Connection[Any]]]

    def __call__(self, fund: str, bank: str, keys: Sequence[str]) -> Mapping[str, Fen]:
        with self.papers() as papers:
            found = {entry.key: entry.fen for entry in entries_of(papers, fund, None, None) if entry.bank == bank}
        return {key: found[key] for key in keys if key in found}


def entries_of(papers: Connection[Any], fund: str, as_of: date | None, known_at: int | None) -> Iterator[Entry]:
    """What the books of a fund say of its cash, at every bank, booked by a day."""
    source, parameters = _LEDGER.source(as_of, known_at)
    columns = "position, line, bank, value_date, booked_on, debit - credit, bank_reference, other_side, loan_no, claim_no, fact"
    statement = (
        f"SELECT {columns} FROM ({source}) l WHERE fund = %(fund)s AND account = ANY(%(cash)s) ORDER BY position, line"
    )
    with papers.cursor(row_factory=tuple_row) as cursor:
        for position, line, bank, *rest in cursor.execute(
            statement.encode(), {**parameters, "fund": fund, "cash": [*CASH]}
        ):
            yield Entry(f"{position}.{line}", bank or "", *rest)


def account_at(facts: Connection[Any], account: str, known_at: int) -> BankAccount:
    """The account by the facts up to a position. Raises UnknownAccount."""
    found: BankAccount | None = replayed(
        [row.fact for row in log.stream(facts, BankAccount.create_id(account), known_at)]
    )
    if found is None:
        raise UnknownAccount(field="account", account=ascii(account[:60]))
    return found


def reconciled(
    facts: Connection[Any], papers: Connection[Any], account: str, until: date, known_at: int | None = None
) -> dict[str, Any]:
    """余额调节表 of an account up to a day, as known at a position (now, as far as the books are written, if left out). Raises UnknownAccount."""
    known = known_at if known_at is not None else written_up_to(papers, BOOKS)
    found = account_at(facts, account, known)
    opening = found.opening
    every = [*entries_of(papers, opening.fund, until, known)]
    ours = {entry.key: entry for entry in every if entry.bank == opening.bank}
    elsewhere = {(number, entry.fen) for entry in every if entry.bank != opening.bank for number in _numbers(entry)}
    said = reconcile(found, map(_side, ours.values()), until, elsewhere)
    document: dict[str, Any] = {
        "account": opening.account,
        "title": opening.title,
        "fund": opening.fund,
        "bank": opening.bank,
        "number": opening.number,
        "currency": opening.currency,
        "to": until.isoformat(),
        "bank_closing": yuan(said.bank_closing),
        "ledger_closing": yuan(said.ledger_closing),
        "difference": yuan(said.difference),
        "lines": said.lines,
        "entries": said.entries,
        "rules": RULES,
        "matched": _counted(said),
        "breaks": [_shown(one, found, ours, until) for one in said.breaks],
        "explained": yuan(sum(one.fen for one in said.breaks)),
        "residual": yuan(said.residual),
        "four_way": _four_ways(papers, found, said, ours.values(), until, known),
        "as_of_position": known,
    }
    document["digest"] = hashlib.sha256(to_json(document)).hexdigest()
    return document


def matches_of(
    facts: Connection[Any], papers: Connection[Any], account: str, until: date, known_at: int | None = None
) -> list[dict[str, Any]]:
    """Every match with its pass and its evidence. Raises UnknownAccount."""
    known = known_at if known_at is not None else written_up_to(papers, BOOKS)
    found = account_at(facts, account, known)
    ours = [e for e in entries_of(papers, found.opening.fund, until, known) if e.bank == found.opening.bank]
    said = reconcile(found, map(_side, ours), until)
    return [
        {
            "pass": match.rule, "lines": list(match.lines), "entries": list(match.entries), "evidence": match.evidence,
            "amount": yuan(sum(found.lines[line].fen for line in match.lines)), "difference": yuan(match.fen),
        }
        for match in said.matches
    ]  # fmt: skip


def as_rows(document: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Its breaks and what they come to, for a table."""
    total = "合计" if language == "zh" else "in all"
    rows = [
        {
            "class": one["class"], "what": one["title"][language], "amount": one["amount"], "since": one["since"], "age": one["age"],
            "owner": one["owner"], "evidence": one["evidence"], "next": one["next"][language],
        }
        for one in document["breaks"]
    ]  # fmt: skip
    last = {
        "class": total,
        "what": "",
        "amount": document["explained"],
        "since": "",
        "age": "",
        "owner": "",
        "evidence": "",
        "next": "",
    }
    return [*rows, last]


def _side(entry: Entry) -> BookSide:
    numbers = frozenset([plain_number(entry.reference)] if entry.reference else [])
    return BookSide(entry.key, entry.value_date, entry.fen, numbers, frozenset(_references(entry)), entry.other_side)


def _references(entry: Entry) -> Iterator[str]:
    """What a payment may say that it is for: the claim or the loan, as it is or as a creditor reference."""
    number = entry.claim_no or entry.loan_no
    if number is not None:
        yield compared(number)
        if (reference := payment_reference(number)) is not None:
            yield reference


def _numbers(entry: Entry) -> Iterator[str]:
    if entry.reference:
        yield plain_number(entry.reference)
    yield from _references(entry)


def _counted(said: Reconciliation) -> dict[str, dict[str, int]]:
    """How many lines and entries each pass matched."""
    lines, entries = Counter[str](), Counter[str]()
    for match in said.matches:
        lines[match.rule] += len(match.lines)
        entries[match.rule] += len(match.entries)
    return {rule: {"lines": lines[rule], "entries": entries[rule]} for rule in PASSES if lines[rule] or entries[rule]}


def _shown(one: Break, account: BankAccount, entries: Mapping[str, Entry], until: date) -> dict[str, Any]:
    kind = KINDS[one.kind]
    return {
        "class": one.kind,
        "title": {"zh": kind.zh, "en": kind.en},
        "amount": yuan(one.fen),
        "since": one.day.isoformat(),
        "age": (until - one.day).days,
        "owner": kind.owner,
        "evidence": one.evidence,
        "next": {"zh": kind.do_zh, "en": kind.do_en},
        "lines": [_line(account, key) for key in one.lines],
        "entries": [_entry(entries[key]) for key in one.entries if key in entries],
        "candidates": [_entry(entries[key]) for key in one.candidates if key in entries],
    }


def _line(account: BankAccount, key: str) -> dict[str, Any]:
    line = account.lines[key]
    numbers = [number for number in (line.serial, line.end_to_end, *line.references) if number]
    return {
        "line": key,
        "booked_on": line.booked_on.isoformat(),
        "amount": yuan(line.fen),
        "numbers": numbers,
        "party": line.party,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    numbers = [number for number in (entry.reference, entry.claim_no or entry.loan_no) if number]
    return {
        "entry": entry.key, "value_date": entry.value_date.isoformat(), "amount": yuan(entry.fen), "numbers": numbers,
        "fact": entry.fact, "other_side": entry.other_side,
    }  # fmt: skip


def _four_ways(
    papers: Connection[Any], account: BankAccount, said: Reconciliation, entries: Any, until: date, known: int
) -> dict[str, Any]:
    """The bank adjusted by its breaks = the account in the trial balance = the sum of its sub-ledgers = what is owed of it + what is available.

    The last comes from a guarantee fund's position, which goes by value dates: what was booked late into an open period is taken off; a subsidy
    fund's reserve is what it has granted and not paid.
    """
    at: dict[str, Any] = {"as_of": until, "known_at": known}
    where = {"fund": account.opening.fund, "bank": account.opening.bank}
    ledger = sum(_balance(papers, {**where, "account": cash}, at) for cash in CASH)
    subs = Counter[str]()
    for entry in entries:
        subs[entry.claim_no or entry.loan_no or account.opening.fund] += entry.fen
    late = sum(
        entry.fen
        for entry in entries_of(papers, account.opening.fund, None, known)
        if entry.bank == account.opening.bank and entry.value_date <= until < entry.booked_on
    )
    position = ask(papers, _POSITION, Question(where, group_by=("bank",), **at)).rows
    payable, cash = (sum(parse_yuan(row[name], negative=True) for row in position) for name in ("payable", "cash"))
    if not position:  # a subsidy fund's: what is granted and not paid is reserved
        payable = -_balance(papers, {"fund": account.opening.fund, "account": "S2001"}, at)
        cash = sum(subs.values()) + late
    ways = (said.bank_closing - sum(one.fen for one in said.breaks), ledger, sum(subs.values()), cash - late)
    return {
        "bank_adjusted": yuan(ways[0]),
        "ledger_account": yuan(ways[1]),
        "sub_ledgers": yuan(ways[2]),
        "reserved": yuan(payable),
        "available": yuan(ways[3] - payable),
        "equal": len(set(ways)) == 1,
    }


def _balance(papers: Connection[Any], where: Mapping[str, str], at: Mapping[str, Any]) -> Fen:
    """What accounts come to, debit less credit."""
    return sum(parse_yuan(row["balance"], negative=True) for row in ask(papers, _BALANCE, Question(where, **at)).rows)
