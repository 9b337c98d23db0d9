"""Allocating 贴息资金管理: the subsidy fund is opened, gets money from the levels and gives it back; its books are closed, its years settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from eventsourcing.application import AggregateNotFoundError
from pydantic import Field

from domain.bookkeeping.closing import AccountBalance, digest_of
from domain.errors import SamePerson
from domain.facts import EventSourced
from domain.frozen import PLAIN, Frozen
from domain.guarantee_fund.events import Level
from domain.guarantee_fund.fund import GuaranteeFund
from domain.money import Fen
from domain.subsidy import refusals
from domain.subsidy.events import LevelSettled
from domain.subsidy.fund import SubsidyFund
from domain.subsidy.method import read_method
from ledger.closing_books import Books, ClosePeriod, ReopenPeriod, alone, closed, reopened
from ledger.context import CommandContext
from ledger.funding import KEEPERS, Code, Words
from ledger.ledger import Ledger, Receipt


class OpenSubsidyFund(Frozen):
    """`operator` is the body that runs it, `method` the text of what its batches go by (TOML)."""

    fund: Code
    title: Words
    operator: Code
    method: str
    value_date: date


class AdoptSubsidyMethod(Frozen):
    fund: str
    method: str
    value_date: date


class ReceiveAllocation(Frozen):
    """`county` where the level is a county; `bank_reference` is the bank's own number of the payment."""

    fund: str
    level: Level
    county: Code | None = None
    bank: Code
    amount_fen: Fen
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    value_date: date


class ReturnToBudget(ReceiveAllocation):
    """`confirmed_by` is the second person's pseudonym: public money leaves by four eyes."""

    confirmed_by: Code


class SettleSubsidyYear(Frozen):
    fund: str
    year: int = Field(ge=2000, le=2199)


class CloseSubsidyPeriod(ClosePeriod):
    pass


class ReopenSubsidyPeriod(ReopenPeriod):
    pass


def open_subsidy_fund(ledger: Ledger, command: OpenSubsidyFund, context: CommandContext) -> Receipt | None:
    """贴息资金设立, apart from every guarantee fund (R-FUND-1). Raises FundCodeTaken, SubsidyMethodUnreadable, NotPermitted, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="open a subsidy fund")
    method = read_method(command.method, field="method")
    said = {name: getattr(command, name) for name in ("fund", "title", "operator", "value_date")}

    def decide() -> list[SubsidyFund]:
        for kind in (GuaranteeFund, SubsidyFund):
            if ledger.knows(kind.create_id(command.fund)):
                raise refusals.FundCodeTaken(field="fund", fund=command.fund)
        return [SubsidyFund.open(context.moment, method=method, **said)]

    return ledger.perform(command, context, decide)


def adopt_subsidy_method(ledger: Ledger, command: AdoptSubsidyMethod, context: CommandContext) -> Receipt | None:
    """贴息办法施行. Raises UnknownSubsidyFund, FundDatedEarlier, SubsidyMethodUnreadable, NotPermitted, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="adopt a subsidy method")
    method = read_method(command.method, field="method")

    def adopt(fund: SubsidyFund) -> None:
        fund.adopt(context.moment, method, command.value_date)

    return _told(ledger, command.fund, command, context, adopt)


def receive_allocation(ledger: Ledger, command: ReceiveAllocation, context: CommandContext) -> Receipt | None:
    """财政拨款到账. Raises UnknownSubsidyFund, FundDatedEarlier, NotPermitted, InvalidInput, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="record an allocation")

    def receive(fund: SubsidyFund) -> None:
        fund.receive(context.moment, **_cash(command))

    return _told(ledger, command.fund, command, context, receive)


def return_to_budget(ledger: Ledger, books: Books, command: ReturnToBudget, context: CommandContext) -> Receipt | None:
    """缴回财政, by two people: no more than was clawed back for the level, by the books.

    Raises UnknownSubsidyFund, NothingToReturn, CashShort, SamePerson, FundDatedEarlier, BooksBehind, NotPermitted, InvalidInput, DatedInFuture.
    """
    context.actor.must_be(*KEEPERS, action="give money back to the budget")
    if command.confirmed_by == context.actor.subject:
        raise SamePerson(field="confirmed_by", subject=command.confirmed_by)

    def give_back(fund: SubsidyFund) -> None:
        balances = books(command.fund, context.moment.today, ledger.head)
        held = -_net(balances, "S2101").get((command.level, command.county or ""), 0)
        fund.give_back(context.moment, held=held, confirmed_by=command.confirmed_by, **_cash(command))

    return alone(ledger, context, lambda: _told(ledger, command.fund, command, context, give_back))


def close_subsidy_period(
    ledger: Ledger, books: Books, command: CloseSubsidyPeriod, context: CommandContext
) -> Receipt | None:
    """结账 of a subsidy fund. Raises UnknownSubsidyFund, PeriodNotOver, PeriodClosedAlready, FundDatedEarlier, BooksBehind, NotPermitted."""
    return closed(ledger, books, command, context, lambda: subsidy_fund(ledger, command.fund))


def reopen_subsidy_period(ledger: Ledger, command: ReopenSubsidyPeriod, context: CommandContext) -> Receipt | None:
    """反结账 of the last closed period of a subsidy fund. Raises UnknownSubsidyFund, NothingClosed, SamePerson, NotPermitted."""
    return reopened(ledger, command, context, lambda: subsidy_fund(ledger, command.fund))


def settle_subsidy_year(
    ledger: Ledger, books: Books, command: SettleSubsidyYear, context: CommandContext
) -> Receipt | None:
    """年终清算 between centre, province, city and counties: what each owed, was granted, paid and owes; what is held for a level is set off against
    what it owes. Raises UnknownSubsidyFund, YearNotClosed, YearSettledAlready, BooksBehind, NotPermitted."""
    context.actor.must_be(*KEEPERS, action="settle a year")

    def settle(fund: SubsidyFund) -> None:
        def seal(first: date, until: date) -> Mapping[str, Any]:
            position = ledger.head
            before, then = books(command.fund, first, position), books(command.fund, until, position)
            now = books(command.fund, context.moment.today, position)
            return {"at_position": position, "trial_balance": digest_of(then), "levels": levels_of(before, then, now)}

        fund.settle_year(context.moment, command.year, seal)

    return alone(ledger, context, lambda: _told(ledger, command.fund, command, context, settle))


def levels_of(
    before: Sequence[AccountBalance], then: Sequence[AccountBalance], now: Sequence[AccountBalance]
) -> tuple[LevelSettled, ...]:
    """Level by level, and county by county: due before + granted − received = due, by the trial balances of two days; set off is what the fund holds
    for a level that owes it, then and still now."""
    accounts = ("S1101", "S2101", "S4001")
    (due_0, held_0, granted_0), (due_1, held_1, granted_1) = (
        tuple(_net(balances, account) for account in accounts) for balances in (before, then)
    )
    due_2, held_2 = _net(now, "S1101"), _net(now, "S2101")
    settled = []
    for place in sorted({*due_1, *held_1, *granted_1}):
        first, last = (due.get(place, 0) + held.get(place, 0) for due, held in ((due_0, held_0), (due_1, held_1)))
        granted = granted_0.get(place, 0) - granted_1.get(place, 0)
        offset = min(due_1.get(place, 0), -held_1.get(place, 0), due_2.get(place, 0), -held_2.get(place, 0))
        level, county = place
        settled.append(
            LevelSettled.model_validate(
                {
                    "level": level,
                    "county": county or None,
                    "due_before_fen": first,
                    "granted_fen": granted,
                    "received_fen": first + granted - last,
                    "due_fen": last,
                    "offset_fen": max(offset, 0),
                }
            )
        )
    return tuple(settled)


def subsidy_fund(ledger: Ledger, fund: str) -> SubsidyFund:
    """Raises UnknownSubsidyFund."""
    try:
        return ledger.repository.get(SubsidyFund.create_id(fund))
    except AggregateNotFoundError:
        raise refusals.UnknownSubsidyFund(field="fund", fund=ascii(fund[:60])[1:-1]) from None


def _net(balances: Sequence[AccountBalance], account: str) -> dict[tuple[str, str], Fen]:
    """Debit less credit of an account, by level and county."""
    sums = dict[tuple[str, str], Fen]()
    for balance in balances:
        if balance.account == account:
            place = (balance.level, balance.county)
            sums[place] = sums.get(place, 0) + balance.debit - balance.credit
    return sums


def _cash(command: ReceiveAllocation) -> dict[str, Any]:
    return {
        "level": command.level,
        "county": command.county,
        "bank": command.bank,
        "amount": command.amount_fen,
        "bank_reference": f"{command.bank}|{command.bank_reference}",
        "value_date": command.value_date,
    }


def _told(
    ledger: Ledger, fund: str, command: Frozen, context: CommandContext, tell: Callable[[SubsidyFund], None]
) -> Receipt | None:
    def decide() -> list[EventSourced[Any]]:
        found = subsidy_fund(ledger, fund)
        tell(found)
        return [found]

    return ledger.perform(command, context, decide)
