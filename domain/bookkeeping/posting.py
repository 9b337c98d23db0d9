"""Posting 过账: the lines of a fact, which add up to nothing in each book on each day (domain.md §3).

What a loan's fact changed of the fund's part is posted as the fact says, each change on its own day: exposure(before) − exposure(after),
never a share of a payment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from domain.bookkeeping.chart import CAPITAL
from domain.compensation.events import AssetSold, RecoveryReceived, RecoveryRemitted, RecoveryReversed, SharePaid
from domain.facts import Fact
from domain.guarantee_fund.events import CapitalInjected, CapitalWithdrawn, InterestReceived, PeriodClosed
from domain.loan.balances import Balance, BalanceChange
from domain.loan.events import ContractSigned, MoneyFact, ReservationLapsed
from domain.loan_application.events import CapacityReleased, CapacityReserved
from domain.money import Fen
from domain.subsidy.events import (
    ClawbackCollected,
    FiscalAllocationReceived,
    ReturnedToBudget,
    SubsidyPaid,
    SubsidyPaymentFailed,
    YearSettled,
)


class Place(NamedTuple):
    """Whose book, and the bank and county that a line is of."""

    fund: str
    bank: str | None = None
    county: str | None = None


class Line(NamedTuple):
    """One line of an entry, in fen: a debit is positive, a credit negative. `party` is who owes it, or is owed; `loan_no` where the fact is not of one loan."""

    account: str
    value_date: date
    fen: Fen
    place: Place
    level: str | None = None
    party: str | None = None
    loan_no: str | None = None


_MEMO = {Balance.EXPOSURE: ("M9001", "M9009"), Balance.RESERVED: ("M9031", "M9039")}


def place_of(scopes: Iterable[str], fund: str | None = None) -> Place | None:
    """Where a fact is posted, by its scopes; None where no fund of ours is concerned."""
    said = dict(scope.split(":", 1) for scope in reversed(list(scopes)))
    fund = said.get("fund") if fund is None else fund
    return None if fund is None else Place(fund, said.get("bank"), said.get("county"))


def posted(fact: Fact, place: Place) -> list[Line]:
    """The lines of a fact of a fund, a loan or an application."""
    match fact:
        case CapitalInjected() | CapitalWithdrawn():
            sign = 1 if isinstance(fact, CapitalInjected) else -1
            at = Place(fact.fund, fact.bank)
            return [*pair("G1001", CAPITAL[fact.level], sign * fact.amount_fen, fact.value_date, at, level=fact.level)]
        case InterestReceived():
            return [*pair("G1001", "G4001", fact.amount_fen, fact.value_date, Place(fact.fund, fact.bank))]
        case PeriodClosed():
            return [
                line
                for result in fact.results
                for line in pair(
                    "G3101", result.account, result.amount_fen, fact.until, Place(fact.fund, result.bank, result.county)
                )
            ]
        case FiscalAllocationReceived() | ReturnedToBudget():
            came = isinstance(fact, FiscalAllocationReceived)
            at, sign = Place(fact.fund, None, fact.county), 1 if came else -1
            return [
                Line("S1001", fact.value_date, sign * fact.amount_fen, Place(fact.fund, fact.bank)),
                Line("S1101" if came else "S2101", fact.value_date, -sign * fact.amount_fen, at, fact.level),
            ]
        case YearSettled():
            return [
                line
                for one in fact.levels
                for line in pair(
                    "S2101",
                    "S1101",
                    one.offset_fen,
                    fact.value_date,
                    Place(fact.fund, None, one.county),
                    level=one.level,
                )
            ]
        case CapacityReserved() | CapacityReleased():
            sign = 1 if isinstance(fact, CapacityReserved) else -1
            return [*pair("M9031", "M9039", sign * fact.amount_fen, fact.value_date, place)]
        case ContractSigned():
            return [*pair("M9031", "M9039", fact.reserved_fen or 0, fact.value_date, place)]
        case MoneyFact() | ReservationLapsed():
            return [line for change in fact.changes for line in _memo(change, place)]
    return []


def other_side(fact: Fact) -> str | None:
    """Who is on the other side of a payment of the fund's: bank, guarantor, borrower, or the fiscal level of its capital."""
    match fact:
        case CapitalInjected() | CapitalWithdrawn() | FiscalAllocationReceived() | ReturnedToBudget():
            return fact.level
        case SubsidyPaid():
            return "bank" if fact.route == "bank" else "borrower"
        case InterestReceived():
            return "bank"
        case SharePaid():
            return fact.payee
        case RecoveryRemitted():
            return fact.payee if fact.party == "fund" else fact.party
        case RecoveryReceived() | RecoveryReversed() | AssetSold() | SubsidyPaymentFailed() | ClawbackCollected():
            return "borrower"
    return None


def pair(
    debit: str,
    credit: str,
    fen: Fen,
    day: date,
    place: Place,
    *,
    level: str | None = None,
    party: str | None = None,
    loan_no: str | None = None,
) -> Iterator[Line]:
    """A debit and its credit, of nothing neither; a negative amount is the mirror of a positive one."""
    if fen:
        yield Line(debit, day, fen, place, level, party, loan_no)
        yield Line(credit, day, -fen, place, level, party, loan_no)


def _memo(change: BalanceChange, place: Place) -> Iterator[Line]:
    if change.party == "fund" and change.balance in _MEMO:
        yield from pair(*_MEMO[change.balance], change.fen, change.value_date, place)
