"""Funding 担保基金管理: the fund is opened, gets and gives back capital, and gives no new guarantees where it has stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import Field

from domain.errors import SamePerson
from domain.frozen import PLAIN, Frozen
from domain.guarantee_fund.events import Level, Scope
from domain.guarantee_fund.fund import GuaranteeFund
from domain.guarantee_fund.method import read_method
from domain.guarantee_fund.refusals import FundExists
from domain.loan.loan import Loan
from domain.money import Fen
from domain.subsidy.fund import SubsidyFund
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

KEEPERS = ("operator", "finance_officer")
"""Who moves the fund's money, and adopts its method."""
STOPPERS = (*KEEPERS, "fund_officer", "system")

Code: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f/|:]+$")]
Words: TypeAlias = Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]


class OpenFund(Frozen):
    """`operator` is the body that runs it, `method` the text of what it goes by (TOML)."""

    fund: Code
    title: Words
    operator: Code
    method: str
    value_date: date


class AdoptMethod(Frozen):
    fund: str
    method: str
    value_date: date


class MoveCash(Frozen):
    """Money on the fund's account at `bank`; `bank_reference` is the bank's own number of the payment."""

    fund: str
    bank: Code
    amount_fen: Fen
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    value_date: date


class InjectCapital(MoveCash):
    level: Level


class WithdrawCapital(MoveCash):
    """`confirmed_by` is the second person's pseudonym: public money leaves by four eyes."""

    level: Level
    confirmed_by: Code


class ReceiveInterest(MoveCash):
    pass


class SuspendGuarantees(Frozen):
    """`code` is the bank's or county's; left out for `all`."""

    fund: str
    scope: Scope
    code: Code | None = None
    reason: Words
    value_date: date


class ResumeGuarantees(SuspendGuarantees):
    pass


class WatchFund(Frozen):
    fund: str


@dataclass(frozen=True)
class Claimed:
    """What a bank's or county's claims since a day and its loan balance come to, in fen, the fund's own shares both."""

    scope: Scope
    code: str
    compensated_fen: Fen
    balance_fen: Fen
    since: date


class Figures(Protocol):
    """Whoever knows what the fund paid and stands for."""

    def __call__(self, fund: GuaranteeFund, today: date) -> Iterable[Claimed]: ...


class LapseReservation(Frozen):
    """`value_date` is the day at whose end it is looked at."""

    loan_no: str
    value_date: date


def open_fund(ledger: Ledger, command: OpenFund, context: CommandContext) -> Receipt | None:
    """担保基金设立 (R-FUND-1). Raises FundExists, MethodUnreadable, NotPermitted, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="open a guarantee fund")
    method = read_method(command.method, field="method")
    said = {name: getattr(command, name) for name in ("fund", "title", "operator", "value_date")}

    def decide() -> list[GuaranteeFund]:
        if any(ledger.knows(kind.create_id(command.fund)) for kind in (GuaranteeFund, SubsidyFund)):
            raise FundExists(field="fund", fund=command.fund)
        return [GuaranteeFund.open(context.moment, method=method, **said)]

    return ledger.perform(command, context, decide)


def adopt_method(ledger: Ledger, command: AdoptMethod, context: CommandContext) -> Receipt | None:
    """管理办法施行; None if it is the one in force. Raises UnknownFund, MethodUnreadable, NotPermitted, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="adopt a fund's method")
    method = read_method(command.method, field="method")

    def adopt(fund: GuaranteeFund) -> None:
        fund.adopt(context.moment, method, command.value_date)

    return _told(ledger, command.fund, command, context, adopt)


def inject_capital(ledger: Ledger, command: InjectCapital, context: CommandContext) -> Receipt | None:
    """基金注资. Raises UnknownFund, ReferenceUsed, NotPermitted, InvalidInput, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="bring capital in")

    def inject(fund: GuaranteeFund) -> None:
        fund.inject(context.moment, level=command.level, **_cash(command))

    return _told(ledger, command.fund, command, context, inject)


def withdraw_capital(ledger: Ledger, command: WithdrawCapital, context: CommandContext) -> Receipt | None:
    """基金退出: what the level brought in, what is on the account, and no more than the guarantees leave.

    Raises UnknownFund, LevelShort, CashShort, FundCapacityExceeded, SamePerson, ReferenceUsed, NotPermitted, InvalidInput, DatedInFuture.
    """
    context.actor.must_be(*KEEPERS, action="take capital out")
    if command.confirmed_by == context.actor.subject:
        raise SamePerson(field="confirmed_by", subject=command.confirmed_by)

    def withdraw(fund: GuaranteeFund) -> None:
        fund.withdraw(context.moment, level=command.level, confirmed_by=command.confirmed_by, **_cash(command))

    return _told(ledger, command.fund, command, context, withdraw)


def receive_interest(ledger: Ledger, command: ReceiveInterest, context: CommandContext) -> Receipt | None:
    """专户存款利息. Raises UnknownFund, ReferenceUsed, NotPermitted, InvalidInput, DatedInFuture."""
    context.actor.must_be(*KEEPERS, action="record interest")

    def receive(fund: GuaranteeFund) -> None:
        fund.receive_interest(context.moment, **_cash(command))

    return _told(ledger, command.fund, command, context, receive)


def suspend_guarantees(ledger: Ledger, command: SuspendGuarantees, context: CommandContext) -> Receipt | None:
    """暂停新增担保; None if it is so already. Raises UnknownFund, NotPermitted, InvalidInput, DatedInFuture."""
    context.actor.must_be(*STOPPERS, action="suspend guarantees")

    def suspend(fund: GuaranteeFund) -> None:
        at, day = (command.scope, command.code), command.value_date
        fund.suspend(context.moment, *at, value_date=day, reason=command.reason)

    return _told(ledger, command.fund, command, context, suspend)


def resume_guarantees(ledger: Ledger, command: ResumeGuarantees, context: CommandContext) -> Receipt | None:
    """恢复新增担保. Raises UnknownFund, NothingToResume, NotPermitted, DatedInFuture."""
    context.actor.must_be(*STOPPERS, action="resume guarantees")

    def resume(fund: GuaranteeFund) -> None:
        at, day = (command.scope, command.code), command.value_date
        fund.resume(context.moment, *at, value_date=day, reason=command.reason)

    return _told(ledger, command.fund, command, context, resume)


def watch_fund(ledger: Ledger, figures: Figures, command: WatchFund, context: CommandContext) -> Receipt | None:
    """担保基金监测: the stop by the figures of every bank and county (R-FUND-11), and the capacity; None where nothing changes.

    Raises UnknownFund, NotPermitted.
    """
    context.actor.must_be(*STOPPERS, action="watch a fund")

    def look(fund: GuaranteeFund) -> None:
        for claimed in figures(fund, context.moment.today):
            fund.look_at_stop(
                context.moment,
                scope=claimed.scope,
                code=claimed.code,
                compensated=claimed.compensated_fen,
                balance=claimed.balance_fen,
                since=claimed.since,
            )

    receipt = _told(ledger, command.fund, command, context, look)
    noticed = ledger.notice_capacity(command.fund, context)
    return receipt or noticed


def lapse_reservation(ledger: Ledger, command: LapseReservation, context: CommandContext) -> Receipt | None:
    """额度失效 of what was not drawn in time (domain.md §5.24). Raises UnknownLoan, NothingToLapse, NotPermitted, DatedInFuture."""
    context.actor.must_be(*STOPPERS, "bank_officer", action="let a reservation lapse")

    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        loan.lapse_reservation(context.moment, command.value_date)
        return [loan]

    return ledger.perform(command, context, decide)


def _told(
    ledger: Ledger, fund: str, command: Frozen, context: CommandContext, tell: Callable[[GuaranteeFund], None]
) -> Receipt | None:
    def decide() -> list[GuaranteeFund]:
        found = ledger.fund(fund)
        tell(found)
        return [found]

    return ledger.perform(command, context, decide)


def _cash(command: MoveCash) -> dict[str, Any]:
    reference = f"{command.bank}|{command.bank_reference}"
    return {
        "bank": command.bank,
        "amount": command.amount_fen,
        "bank_reference": reference,
        "value_date": command.value_date,
    }
