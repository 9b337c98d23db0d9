"""A bank statement 银行对账单 as read, in our own shape, whatever its format was."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from domain.frozen import Frozen
from domain.money import Fen


class StatementLine(NamedTuple):
    """One line, in fen: what comes into the account is positive, what leaves it negative.

    `number` is its place in the statement from 1. `serial` is the bank's own number of it (交易流水号), `end_to_end` what the payer called it,
    `balance` the running balance after it; each None where the bank does not say. Names and texts are as the bank wrote them.
    """

    number: int
    booked_on: date
    value_date: date
    fen: Fen
    serial: str | None = None
    end_to_end: str | None = None
    counterparty: str | None = None
    counterparty_account: str | None = None
    text: str = ""
    balance: Fen | None = None
    reversal: bool = False


class Oddity(Frozen):
    """What was read but is not as it should be: `rule` names it, `line` is its place; 0 is the statement as a whole."""

    rule: str
    line: int = 0


class Statement(NamedTuple):
    """One statement of one account. None is what the bank does not say.

    `derived` says that the balances were worked out of the running balance; `lines` are in the order in which they were booked.
    """

    account: str | None
    currency: str | None
    statement_id: str | None
    page: int | None
    opening: Fen | None
    opening_day: date | None
    closing: Fen | None
    closing_day: date | None
    lines: tuple[StatementLine, ...]
    oddities: tuple[Oddity, ...] = ()
    derived: bool = False

    @property
    def first_day(self) -> date | None:
        """The first day that it tells of."""
        return self.opening_day or min((line.booked_on for line in self.lines), default=self.closing_day)

    @property
    def last_day(self) -> date | None:
        """The last day that it tells of."""
        return self.closing_day or max((line.booked_on for line in self.lines), default=self.opening_day)
