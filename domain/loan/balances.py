"""Dated balance changes 余额变动: what a fact of money did to the balances, each change with its own value date.

The state on any day is the sum of the changes dated on or before it; journals post exactly these changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from domain.frozen import Frozen
from domain.money import Fen


class Balance(StrEnum):
    """The balances of a loan.

    `interest` and `penalty` fall when they are paid or waived (what has accrued is derived, so arrears are accrued + balance);
    `costs` rise when they are charged and fall likewise; `waived` is what the bank did without of all three;
    `charged_off` is the principal that was given up, less what came in after all; `refundable` is what was paid beyond what was owed; `exposure` is a guaranteeing party's part of the principal, `reserved`
    its part of what may still be drawn.
    """

    PRINCIPAL = "principal"
    INTEREST = "interest"
    PENALTY = "penalty"
    COSTS = "costs"
    WAIVED = "waived"
    REFUNDABLE = "refundable"
    CHARGED_OFF = "charged_off"
    EXPOSURE = "exposure"
    RESERVED = "reserved"


class BalanceChange(Frozen):
    """A signed change in fen; `party` names whose exposure or reservation changed."""

    balance: Balance
    party: str | None = None
    fen: Fen
    value_date: date


DatedTotals: TypeAlias = dict[tuple[date, Balance, str | None], Fen]


def difference(before: DatedTotals, after: DatedTotals) -> tuple[BalanceChange, ...]:
    """The changes that lead from one set of dated totals to another, in date order, none of them zero."""
    keys = sorted(before.keys() | after.keys(), key=lambda k: (k[0], k[1], k[2] or ""))
    steps = ((key, after.get(key, 0) - before.get(key, 0)) for key in keys)
    return tuple(BalanceChange(value_date=k[0], balance=k[1], party=k[2], fen=fen) for k, fen in steps if fen)


def balances(changes: Iterable[BalanceChange], as_of: date | None = None) -> Mapping[tuple[Balance, str | None], Fen]:
    """The sum of the changes dated on or before `as_of` (all of them without it), by balance and party."""
    totals: dict[tuple[Balance, str | None], Fen] = {}
    for change in changes:
        if as_of is None or change.value_date <= as_of:
            key = (change.balance, change.party)
            totals[key] = totals.get(key, 0) + change.fen
    return totals
