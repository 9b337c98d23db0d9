"""The reconciliation of an account 银行存款余额调节表: bank closing − ledger closing = the sum of its breaks, to the fen, or it says that it failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from domain.money import Fen, yuan
from domain.reconciliation.account import BankAccount, bounds_of
from domain.reconciliation.breaks import Break, explained
from domain.reconciliation.events import BankLine, StatementImported
from domain.reconciliation.matching import BankSide, BookSide, Match, match_up
from domain.reconciliation.proofs import in_sequence
from domain.reconciliation.references import compared, plain_number


class Reconciliation(NamedTuple):
    """All in fen. `residual` is what the breaks do not explain: 0, or the reconciliation has failed."""

    until: date
    bank_closing: Fen
    ledger_closing: Fen
    matches: list[Match]
    breaks: list[Break]
    lines: int
    entries: int

    @property
    def difference(self) -> Fen:
        return self.bank_closing - self.ledger_closing

    @property
    def residual(self) -> Fen:
        return self.difference - sum(found.fen for found in self.breaks)


class _Chained(NamedTuple):
    """A statement in its place: the sum of its lines that no earlier one has, and of those that one has."""

    fact: StatementImported
    own: Fen
    known: Fen


def reconcile(
    account: BankAccount, entries: Iterable[BookSide], until: date, elsewhere: Collection[tuple[str, Fen]] = ()
) -> Reconciliation:
    """The account as its statements have it and its entries in the books, up to a day. `elsewhere` as `breaks.explained` takes it."""
    lines = {key: _side(line) for key, line in account.lines.items() if line.booked_on <= until}
    books = {entry.key: entry for entry in entries if entry.day <= until}
    chain = _chain(account, until)
    begun = chain[0].fact.opening_day if chain else None
    manual = [
        Match("manual", fact.lines, fact.entries, f"{fact.confirmed_by}: {fact.reason or ''}".strip(": "))
        for fact in account.matched
        if all(key in lines for key in fact.lines) and all(key in books for key in fact.entries)
    ]
    matching = match_up(lines.values(), books.values(), manual=manual, apart=account.apart)
    earlier = [entry for entry in matching.entries if begun is not None and entry.day < begun]
    left = matching._replace(entries=[entry for entry in matching.entries if begun is None or entry.day >= begun])
    breaks = [*_of_statements(chain, earlier, until), *explained(left, lines, books, elsewhere, until)]
    return Reconciliation(
        until=until,
        bank_closing=_closing(chain, until, lines, account),
        ledger_closing=sum(entry.fen for entry in books.values()),
        matches=matching.matches,
        breaks=breaks,
        lines=len(lines),
        entries=len(books),
    )


def _side(line: BankLine) -> BankSide:
    numbers = frozenset(plain_number(number) for number in (line.serial, line.end_to_end) if number)
    references = frozenset(compared(number) for number in line.references) - numbers
    return BankSide(
        line.fingerprint, line.booked_on, line.fen, numbers, references, line.party, line.reversal, line.kind
    )


def _chain(account: BankAccount, until: date) -> list[_Chained]:
    """The statements that had begun by the day, in the order of their days; a line counts in the first that has it."""
    of: dict[int, list[str]] = {}
    for key, number in account.of_statement.items():
        of.setdefault(number, []).append(key)
    told, chain = set[str](), list[_Chained]()
    ends = date.min
    for fact in account.chain:
        if fact.opening_day is not None and fact.opening_day > until:
            continue
        keys = [*of.get(fact.statement, ()), *fact.known]
        own, known = 0, 0
        for key in keys:
            line = account.lines[key]
            if line.booked_on > until:
                continue
            if key in told:
                known += line.fen
            else:
                own += line.fen
        if told.issuperset(keys) and fact.closing_day is not None and fact.closing_day <= ends and keys:
            continue  # it tells of days that an earlier one tells of altogether
        told.update(keys)
        ends = max(ends, fact.closing_day or ends)
        chain.append(_Chained(fact, own, known))
    return chain


def _closing(chain: Sequence[_Chained], until: date, lines: Mapping[str, BankSide], account: BankAccount) -> Fen:
    """What the bank says: the closing of the last statement that is over; of one that goes on, its opening and its lines so far."""
    if not chain:
        return sum(line.fen for line in lines.values())
    last = chain[-1]
    if last.fact.closing_fen is not None and last.fact.closing_day is not None and last.fact.closing_day <= until:
        return last.fact.closing_fen
    if last.fact.opening_fen is not None:
        return last.fact.opening_fen + last.own + last.known
    return _closing(chain[:-1], until, lines, account) + last.own if len(chain) > 1 else last.own


def _of_statements(chain: Sequence[_Chained], earlier: Sequence[BookSide], until: date) -> list[Break]:
    """What the statements say that does not come out among themselves, and before the first of them."""
    breaks = list[Break]()
    closing: Fen | None = None
    before: StatementImported | None = None
    for at, (fact, own, known) in enumerate(chain):
        day = fact.opening_day or fact.value_date
        name = f"statement {fact.statement}"
        if at == 0:
            opening = fact.opening_fen or 0
            if difference := opening - sum(entry.fen for entry in earlier):
                said = f"bank {yuan(opening)}, books {yuan(opening - difference)}"
                breaks.append(
                    Break(
                        "OPENING_MISMATCH", difference, day, entries=tuple(e.key for e in earlier[:20]), evidence=said
                    )
                )
        elif closing is not None and fact.opening_fen is not None:
            gap = fact.opening_fen + known - closing
            hole = in_sequence(fact.statement_id, fact.page, fact.opening_day, bounds_of(before)) is False
            if gap or hole:
                said = f"{name} opens with {yuan(fact.opening_fen)}, the one before closed with {yuan(closing)}"
                breaks.append(Break("MISSING_STATEMENT", gap, day, evidence=said))
        told = fact.opening_fen + own + known if fact.opening_fen is not None else (closing or 0) + own
        closing = told
        if fact.closing_fen is not None and fact.closing_day is not None and fact.closing_day <= until:
            if difference := fact.closing_fen - told:
                breaks.append(
                    Break(
                        "STATEMENT_DOES_NOT_ADD",
                        difference,
                        fact.closing_day or day,
                        evidence=f"{name} closes with {yuan(fact.closing_fen)}, adds up to {yuan(told)}",
                    )
                )
            closing = fact.closing_fen
        before = fact
    return breaks
