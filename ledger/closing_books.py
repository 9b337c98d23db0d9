"""Closing the books 结账 of a fund, month by month, and reopening them 反结账 with two people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from domain.bookkeeping.closing import AccountBalance, digest_of, results_of
from domain.bookkeeping.periods import KeepsBooks
from domain.errors import SamePerson
from domain.frozen import Frozen
from ledger.context import CommandContext
from ledger.funding import KEEPERS, Code, Words
from ledger.ledger import Ledger, Receipt


class ClosePeriod(Frozen):
    """`until` is the last day of a month; the months before it that are open are closed with it."""

    fund: str
    until: date


class ReopenPeriod(Frozen):
    """`confirmed_by` is the second person's pseudonym."""

    fund: str
    until: date
    confirmed_by: Code
    reason: Words


class Books(Protocol):
    """Whoever has a fund's trial balance as of a day and a position."""

    def __call__(self, fund: str, as_of: date, position: int) -> Sequence[AccountBalance]: ...


def close_period(ledger: Ledger, books: Books, command: ClosePeriod, context: CommandContext) -> Receipt | None:
    """结账: nothing is recorded between the trial balance that is sealed and the closing, which is the very next fact.

    Raises UnknownFund, PeriodNotOver, PeriodClosedAlready, FundDatedEarlier, BooksBehind, NotPermitted.
    """
    return closed(ledger, books, command, context, lambda: ledger.fund(command.fund))


def reopen_period(ledger: Ledger, command: ReopenPeriod, context: CommandContext) -> Receipt | None:
    """反结账 of the last closed period. Raises UnknownFund, NothingClosed, SamePerson, NotPermitted."""
    return reopened(ledger, command, context, lambda: ledger.fund(command.fund))


def closed(
    ledger: Ledger, books: Books, command: ClosePeriod, context: CommandContext, find: Callable[[], KeepsBooks]
) -> Receipt | None:
    """结账 of whose books they are. Raises PeriodNotOver, PeriodClosedAlready, FundDatedEarlier, BooksBehind, NotPermitted."""
    context.actor.must_be(*KEEPERS, action="close the books")

    def seal() -> Mapping[str, Any]:
        position = ledger.head
        balances = books(command.fund, command.until, position)
        return {"at_position": position, "trial_balance": digest_of(balances), "results": results_of(balances)}

    def decide() -> list[KeepsBooks]:
        fund = find()
        fund.close_period(context.moment, command.until, seal)
        return [fund]

    return alone(ledger, context, lambda: ledger.perform(command, context, decide))


def reopened(
    ledger: Ledger, command: ReopenPeriod, context: CommandContext, find: Callable[[], KeepsBooks]
) -> Receipt | None:
    """反结账 of whose books they are. Raises NothingClosed, SamePerson, NotPermitted."""
    context.actor.must_be(*KEEPERS, action="reopen the books")
    if command.confirmed_by == context.actor.subject:
        raise SamePerson(field="confirmed_by", subject=command.confirmed_by)

    def decide() -> list[KeepsBooks]:
        fund = find()
        fund.reopen_period(context.moment, command.until, confirmed_by=command.confirmed_by, reason=command.reason)
        return [fund]

    return ledger.perform(command, context, decide)


def alone(ledger: Ledger, context: CommandContext, do: Callable[[], Receipt | None]) -> Receipt | None:
    """Nobody else writes between what the books say and what is decided by it."""
    if context.preview:
        return do()
    with ledger.together():
        return do()
