"""Bank accounts 专户: opened in the books, their statements taken in, and what people match by hand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Protocol

from pydantic import Field

from domain.errors import SamePerson
from domain.frozen import PLAIN, Frozen
from domain.money import Fen
from domain.reconciliation import refusals
from domain.reconciliation.account import BankAccount, Source
from domain.reconciliation.events import KnownParty
from domain.subsidy.fund import SubsidyFund
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.funding import Code, Words
from ledger.keystore import Keystore, PersonKey
from ledger.ledger import Ledger, Receipt
from ledger.statements.reading import Read

RECONCILERS = ("operator", "finance_officer", "fund_officer")
_MOST = 200


class OpenAccount(Frozen):
    """`bank` is the one where the books keep the fund's money, `number` the account's own; `parties` are as in StateParties."""

    account: Code
    title: Words
    fund: str
    bank: Code
    number: str = Field(max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z ./-]*$")
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    parties: tuple[KnownParty, ...] = Field(default=(), max_length=_MOST)
    value_date: date


class StateParties(Frozen):
    """The institutions with which the account has dealings: bank, guarantor or a fiscal level, each with its names and account numbers."""

    account: str
    parties: tuple[KnownParty, ...] = Field(max_length=_MOST)
    value_date: date


class ImportStatement(Frozen):
    """`file` is the SHA-256 of the original, `mapping` that of the column map of a table."""

    account: str
    file: str
    mapping: str | None = None


class MatchLines(Frozen):
    """Fingerprints of lines and keys of entries; `confirmed_by` is the second person's pseudonym."""

    account: str
    lines: tuple[str, ...] = Field(min_length=1, max_length=_MOST)
    entries: tuple[str, ...] = Field(default=(), max_length=_MOST)
    confirmed_by: Code
    reason: str = Field(max_length=500, pattern=PLAIN)


class UnmatchLines(MatchLines):
    pass


class Entries(Protocol):
    """Whoever has the entries of a fund's account at a bank: their amounts in fen, by key."""

    def __call__(self, fund: str, bank: str, keys: Sequence[str]) -> Mapping[str, Fen]: ...


def open_account(ledger: Ledger, command: OpenAccount, context: CommandContext) -> Receipt | None:
    """专户登记: one account for a fund, of guarantees or of subsidies, at a bank. Raises AccountExists, AccountTaken, UnknownFund, NotPermitted, DatedInFuture."""
    context.actor.must_be(*RECONCILERS, action="open an account in the books")

    def decide() -> list[BankAccount]:
        if not ledger.knows(SubsidyFund.create_id(command.fund)):
            ledger.fund(command.fund)
        if ledger.knows(BankAccount.create_id(command.account)):
            raise refusals.AccountExists(field="account", account=command.account)
        said = {name: getattr(command, name) for name in type(command).model_fields}
        return [BankAccount.open(context.moment, **said)]

    return ledger.perform(command, context, decide)


def state_parties(ledger: Ledger, command: StateParties, context: CommandContext) -> Receipt | None:
    """往来单位登记; the same again is nothing new. Raises UnknownAccount, NotPermitted, DatedInFuture."""
    context.actor.must_be(*RECONCILERS, action="state an account's parties")

    def state(account: BankAccount) -> None:
        account.state_parties(context.moment, command.parties, command.value_date)

    return _told(ledger, command.account, command, context, state)


def import_statement(desk: Desk, account: str, read: Read, context: CommandContext) -> Receipt | None:
    """对账单导入: every statement of a file, proofs and new lines, and the original kept encrypted under its digest.

    The same file again adds nothing; None then. Raises UnknownAccount, NotPermitted, DatedInFuture.
    """
    context.actor.must_be(*RECONCILERS, action="take in a statement")
    desk.ledger.account(account)
    key = key_of(desk.keystore, account)
    if not context.preview:
        desk.materials.take(read.content, read.format, key)
    source = Source(read.file, read.format, read.mapping, marking(key))
    command = ImportStatement(account=account, file=read.file, mapping=read.mapping)

    def take_in(found: BankAccount) -> None:
        for place, statement in enumerate(read.statements, 1):
            found.take_in(context.moment, place, statement, source)

    return _told(desk.ledger, account, command, context, take_in)


def match_lines(ledger: Ledger, entries: Entries, command: MatchLines, context: CommandContext) -> Receipt | None:
    """人工勾对, by two people. Raises UnknownAccount, UnknownLine, UnknownEntry, MatchedAlready, SumsDiffer, SamePerson, NotPermitted."""
    _by_two(command, context, "match lines by hand")

    def match(account: BankAccount) -> None:
        amounts = _amounts(account, entries, command.entries)
        account.match(context.moment, command.lines, amounts, confirmed_by=command.confirmed_by, reason=command.reason)

    return _told(ledger, command.account, command, context, match)


def unmatch_lines(ledger: Ledger, entries: Entries, command: UnmatchLines, context: CommandContext) -> Receipt | None:
    """取消勾对, of people or of a rule, by two people. Raises UnknownAccount, UnknownLine, UnknownEntry, NothingMatched, SamePerson, NotPermitted."""
    _by_two(command, context, "take a match back")

    def unmatch(account: BankAccount) -> None:
        amounts = _amounts(account, entries, command.entries)
        account.unmatch(
            context.moment, command.lines, list(amounts), confirmed_by=command.confirmed_by, reason=command.reason
        )

    return _told(ledger, command.account, command, context, unmatch)


def key_of(keystore: Keystore, account: str) -> PersonKey:
    """The key under which an account's originals are kept; destroying it destroys what they say."""
    name = f"bank account {account}"
    return keystore.persons([name])[name]


def marking(key: PersonKey) -> Callable[[str], str]:
    """Keyed digests of texts, 32 hexadecimal digits."""

    def mark(text: str) -> str:
        return hmac.new(key.secret, b"statement line\x00" + text.encode(), hashlib.sha256).hexdigest()[:32]

    return mark


def _by_two(command: MatchLines, context: CommandContext, action: str) -> None:
    context.actor.must_be(*RECONCILERS, action=action)
    if command.confirmed_by == context.actor.subject:
        raise SamePerson(field="confirmed_by", subject=command.confirmed_by)


def _amounts(account: BankAccount, entries: Entries, keys: Sequence[str]) -> Mapping[str, Fen]:
    """Raises UnknownEntry."""
    amounts = entries(account.opening.fund, account.opening.bank, keys) if keys else {}
    for key in keys:
        if key not in amounts:
            raise refusals.UnknownEntry(field="entries", account=account.opening.account, entry=ascii(key[:40]))
    return amounts


def _told(
    ledger: Ledger,
    account: str,
    command: Frozen,
    context: CommandContext,
    tell: Callable[[BankAccount], None],
) -> Receipt | None:
    def decide() -> list[BankAccount]:
        found = ledger.account(account)
        tell(found)
        return [found]

    return ledger.perform(command, context, decide)
