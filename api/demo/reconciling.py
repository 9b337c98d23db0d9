"""The fund's accounts of the demonstration 演示对账: interest, statements with every defect, four quarters closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

from psycopg import Connection

from api.demo.funds import OPENED
from api.demo.playing import CHANNEL
from api.demo.scene import BANKS, FUND
from api.demo.statements import NAMES, Drawn, Owed, draw, in_turn, written
from api.reconciliations import Entry, entries_of
from domain.actor import Actor
from domain.calendar import add_months
from domain.facts import Moment
from domain.money import Fen
from domain.reconciliation.account import BankAccount
from domain.reconciliation.events import KnownParty
from ledger.accounts import OpenAccount, import_statement, open_account
from ledger.closing_books import Books, ClosePeriod, close_period
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.funding import InjectCapital, ReceiveInterest, inject_capital, receive_interest
from ledger.ledger import Ledger
from ledger.statements.reading import read_statements

QUARTERS = 4
"""How many are closed."""
_CAPITAL: Fen = 2_000_000_000
_RATE = 35
"""Interest of 0.35 % a year, in ten-thousandths."""
_TWICE = 2
"""Banks at which one quarter's interest was recorded twice; at the first the bank's number shows which, at the second nothing does."""


def quarter_ends(today: date) -> list[date]:
    """The ends of the quarters that are over, from the fund's first."""
    ends, day = list[date](), date(OPENED.year, 12, 31)
    while day < today:
        ends.append(day)
        day = add_months(day + timedelta(days=1), 3) - timedelta(days=1)
    return ends


def keep_accounts(
    desk: Desk, papers: Connection[Any], moment: Moment, seed: int, fold: Callable[[], None]
) -> Sequence[str]:
    """Interest, accounts and statements up to the last quarter's end, once; `fold` brings the books up to the log. The accounts' codes."""
    codes = [f"{bank}-fund" for bank in BANKS]
    if desk.ledger.knows(BankAccount.create_id(codes[0])):
        return codes
    ends = quarter_ends(moment.today)
    with desk.ledger.together():
        for number, bank in enumerate(BANKS):
            _earn(desk.ledger, moment, bank, ends, twice=number < _TWICE)
            _open(desk.ledger, moment, bank)
        cash = {"fund": FUND, "bank": BANKS[-1], "amount_fen": 100_000_000, "bank_reference": "CAPITAL-TRANSIT"}
        transit = InjectCapital.model_validate({**cash, "level": "city", "value_date": ends[-1]})
        inject_capital(desk.ledger, transit, _by(moment))
    fold()
    for bank, lines in _drawn(papers, ends[-1], seed).items():
        for content in _statements(bank, lines, ends):
            found = read_statements(content, f"{bank}.xml")
            import_statement(desk, f"{bank}-fund", found, _by(moment))
    return codes


def close_quarters(ledger: Ledger, books: Books, moment: Moment) -> None:
    """The last quarters' ends that are not closed yet."""
    for until in quarter_ends(moment.today)[-QUARTERS:]:
        closed = ledger.fund(FUND).closed_until
        if closed is None or until > closed:
            close_period(ledger, books, ClosePeriod(fund=FUND, until=until), _by(moment))


def _by(moment: Moment) -> CommandContext:
    keeper = Actor(subject="finance-1", role="finance_officer", institution="jining_finance", region="370800")
    return CommandContext(keeper, moment, channel=CHANNEL)


def _earn(ledger: Ledger, moment: Moment, bank: str, ends: Sequence[date], *, twice: bool) -> None:
    """Interest comes on the 21st of a quarter's last month."""
    amount = _CAPITAL * _RATE // 10_000 // 4
    for end in ends:
        copies = 2 if twice and end == ends[-3] else 1
        for copy in range(copies):
            said = {"bank_reference": f"INT-{bank}-{end}" + ("-B" if copy else ""), "value_date": end.replace(day=21)}
            fen = amount + end.year * 100 + end.month
            received = ReceiveInterest.model_validate({"fund": FUND, "bank": bank, "amount_fen": fen, **said})
            receive_interest(ledger, received, _by(moment))


def _open(ledger: Ledger, moment: Moment, bank: str) -> None:
    parties = tuple(KnownParty(party=party, names=(name,)) for party, name in NAMES.items())
    said = {
        "account": f"{bank}-fund",
        "title": f"担保基金专户（{bank}）",
        "fund": FUND,
        "bank": bank,
        "number": _number(bank),
    }
    command = OpenAccount.model_validate({**said, "parties": parties, "value_date": OPENED})
    open_account(ledger, command, _by(moment))


def _number(bank: str) -> str:
    return f"37080012026{BANKS.index(bank) + 1:05d}"


def _drawn(papers: Connection[Any], until: date, seed: int) -> dict[str, list[Drawn]]:
    """Every account's lines; what came to a wrong account stands on the next."""
    chance, defect_of = Random(seed), in_turn()
    entries = [*entries_of(papers, FUND, until, None)]
    lines: dict[str, list[Drawn]] = {bank: [] for bank in BANKS}
    for number, bank in enumerate(BANKS):
        of_bank = [owed_of(entry) for entry in entries if entry.bank == bank]
        twins = {owed.key for owed in of_bank if (owed.reference or "").endswith("-B")}
        owed = [one._replace(twin=one.key in twins) for one in of_bank]
        doubled = {(one.day, one.fen): "amount" if number else "exact" for one in owed if one.twin}
        for line in draw(owed, until, chance, partial(_defect, doubled, defect_of), 6):
            elsewhere = BANKS[(number + 1) % len(BANKS)]
            if line.defect == "wrong_account":
                lines[elsewhere].append(line)
            else:
                lines[bank].append(line)
    return lines


def _defect(doubled: Mapping[tuple[date, Fen], str], defect_of: Callable[[Owed], str], owed: Owed) -> str:
    """What becomes of an entry; of one that was recorded twice what is said."""
    return doubled.get((owed.day, owed.fen)) or defect_of(owed)


def owed_of(entry: Entry) -> Owed:
    return Owed(
        entry.key, entry.value_date, entry.fen, entry.reference, entry.claim_no or entry.loan_no, entry.other_side
    )


def _statements(bank: str, lines: Sequence[Drawn], ends: Sequence[date]) -> Iterator[bytes]:
    """A statement a quarter. The first account's begin with more than there should be, the second's lack one, the third's has one that does not add up."""
    number = BANKS.index(bank)
    closing: Fen = 123_456 if number == 0 else 0
    first = OPENED
    for at, end in enumerate(ends):
        here = sorted((line for line in lines if first <= line.day <= end), key=lambda line: line.day)
        off = -1_000 if number == 2 and at == len(ends) // 2 else 0
        content, closing = written(here, _number(bank), closing, first, end, at + 1, off=off)
        if not (number == 1 and at == len(ends) // 2):
            yield content
        first = end + timedelta(days=1)
