"""The guarantee fund as an aggregate: its method, its capital, and where it gives no new guarantees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.errors import InvalidInput
from domain.facts import EventSourced, Fact, Moment
from domain.guarantee_fund import events, refusals
from domain.guarantee_fund.method import FundMethod, read_method
from domain.money import Fen, yuan

Standing: TypeAlias = Literal["within", "warned", "breached"]

_NOTICES: Mapping[Standing, type[events.CapacityNotice]] = {
    "within": events.MultiplierRestored,
    "warned": events.MultiplierWarned,
    "breached": events.MultiplierBreached,
}


class GuaranteeFund(EventSourced[Fact]):
    TOPIC = "fund"
    Event = Fact
    FundOpened = events.FundOpened
    MethodAdopted = events.MethodAdopted
    CapitalInjected = events.CapitalInjected
    CapitalWithdrawn = events.CapitalWithdrawn
    InterestReceived = events.InterestReceived
    GuaranteesSuspended = events.GuaranteesSuspended
    GuaranteesResumed = events.GuaranteesResumed
    MultiplierWarned = events.MultiplierWarned
    MultiplierBreached = events.MultiplierBreached
    MultiplierRestored = events.MultiplierRestored

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.FundOpened
        method: FundMethod

    @staticmethod
    def create_id(fund: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/funds/{fund}")

    @classmethod
    def open(
        cls, moment: Moment, *, fund: str, title: str, operator: str, method: FundMethod, value_date: date
    ) -> GuaranteeFund:
        """担保基金设立 with the method that it goes by. Raises DatedInFuture."""
        moment.not_before(value_date)
        said = {"fund": fund, "title": title, "operator": operator, "value_date": value_date}
        opened = cls.opened(events.FundOpened, cls.create_id(fund), moment, **said)
        opened.adopt(moment, method, value_date)
        return opened

    def scopes(self) -> tuple[str, ...]:
        return (f"fund:{self.fund}",)

    @property
    def fund(self) -> str:
        return self.opening.fund

    # Decisions: may refuse, change nothing themselves.

    def adopt(self, moment: Moment, method: FundMethod, value_date: date) -> None:
        """管理办法施行; the same text again is nothing new. Raises DatedInFuture."""
        moment.not_before(value_date)
        before = self._adopted[-1] if self._adopted else None
        if before is not None and before.digest == method.pin.digest:
            return
        rules = (method.capacity, method.drawing, method.stop, method.claims)
        self.tell(
            events.MethodAdopted,
            moment,
            value_date=value_date,
            fund=self.fund,
            method=method.method,
            digest=method.pin.digest,
            multiplier=method.capacity.multiplier,
            multiplier_before=before.multiplier if before else None,
            rules=len(rules),
            assumed=sum(rule.confidence in ("assumed", "mem") for rule in rules),
            text=method.text,
        )

    def inject(self, moment: Moment, *, level: events.Level, **cash: Any) -> None:
        """基金注资. Raises InvalidInput, DatedInFuture."""
        self._cash(events.CapitalInjected, moment, level=level, **cash)

    def withdraw(self, moment: Moment, *, level: events.Level, amount: Fen, **cash: Any) -> None:
        """基金退出: no more than the level brought in; capacity and cash are looked at in the append. Raises LevelShort, InvalidInput, DatedInFuture."""
        left = self.capital.get(level, 0)
        if amount > left:
            raise refusals.LevelShort(field="amount", left=yuan(left), fund=self.fund, level=level)
        self._cash(events.CapitalWithdrawn, moment, level=level, amount=amount, **cash)

    def receive_interest(self, moment: Moment, **cash: Any) -> None:
        """专户存款利息. Raises InvalidInput, DatedInFuture."""
        self._cash(events.InterestReceived, moment, **cash)

    def _cash(
        self, fact: type[events.CashFact], moment: Moment, *, bank: str, amount: Fen, value_date: date, **more: Any
    ) -> None:
        moment.not_before(value_date)
        if amount <= 0:
            problem = f"{yuan(amount)} is not more than 0.00"
            raise InvalidInput(field="amount", problem=problem, expected="a positive amount")
        self.tell(fact, moment, fund=self.fund, bank=bank, amount_fen=amount, value_date=value_date, **more)

    def suspend(
        self,
        moment: Moment,
        scope: events.Scope,
        code: str | None,
        *,
        value_date: date,
        reason: str | None = None,
        **figures: Any,
    ) -> None:
        """暂停新增担保; what is suspended already stays so. Raises InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        if (scope == "all") != (code is None):
            raise InvalidInput(
                field="code", problem=f"{code!a} with scope {scope}", expected="a bank's or county's code"
            )
        if (scope, code) not in self.suspended:
            said = {"scope": scope, "code": code, "value_date": value_date, "reason": reason, **figures}
            self.tell(events.GuaranteesSuspended, moment, fund=self.fund, **said)

    def resume(
        self,
        moment: Moment,
        scope: events.Scope,
        code: str | None,
        *,
        value_date: date,
        reason: str | None = None,
        **figures: Any,
    ) -> None:
        """恢复新增担保. Raises NothingToResume, DatedInFuture."""
        moment.not_before(value_date)
        if (scope, code) not in self.suspended:
            raise refusals.NothingToResume(field="scope", fund=self.fund, scope=shown(scope, code))
        said = {"scope": scope, "code": code, "value_date": value_date, "reason": reason, **figures}
        self.tell(events.GuaranteesResumed, moment, fund=self.fund, **said)

    def look_at_stop(
        self, moment: Moment, *, scope: events.Scope, code: str, compensated: Fen, balance: Fen, since: date
    ) -> None:
        """The stop by the figures: claims of the last months against the loan balance, both in fen (R-FUND-11).

        A suspension that somebody ordered for another reason is theirs to end.
        """
        rule, by_figures = self.method.stop, self.suspended.get((scope, code))
        figures: dict[str, Any] = {"compensated_fen": compensated, "balance_fen": balance}
        at: dict[str, Any] = {"scope": scope, "code": code, "value_date": moment.today}
        if by_figures is None and compensated * 100 >= rule.stop_percent * balance and compensated:
            self.suspend(moment, **at, **figures, since=since)
        elif by_figures is not None and by_figures.since and compensated * 100 < rule.resume_percent * balance:
            self.resume(moment, **at, **figures)

    def notice_capacity(self, moment: Moment, *, used: Fen, base: Fen) -> None:
        """Establish how the guarantees stand to the capacity; records a change of that, and nothing otherwise."""
        standing = self.standing_of(used, base)
        if standing != self.standing:
            told: dict[str, Any] = {"used_fen": used, "base_fen": base, "multiplier": self.method.capacity.multiplier}
            self.tell(_NOTICES[standing], moment, fund=self.fund, value_date=moment.today, **told)

    # What it is.

    def standing_of(self, used: Fen, base: Fen) -> Standing:
        """Whether so much guaranteed is within what the base allows; a guarantee of nothing is."""
        rule = self.method.capacity
        room = base * rule.multiplier
        if used > max(room, 0):
            return "breached"
        return "warned" if used and used * 100 > rule.warn_percent * room else "within"

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {
            "fund": self.fund,
            "title": self.opening.title,
            "operator": self.opening.operator,
            "method": self.method.method,
            "multiplier": self.method.capacity.multiplier,
            "capital": {level: yuan(fen) for level, fen in self._by_level(as_of).items()},
            "suspended": [shown(scope, code) for scope, code in self.suspended],
            "standing": self.standing,
        }

    @property
    def capital(self) -> Mapping[str, Fen]:
        """By the fiscal level that brought it, in fen."""
        return self._by_level(None)

    def _by_level(self, as_of: date | None) -> dict[str, Fen]:
        levels: dict[str, Fen] = {}
        for day, level, fen in self._capital:
            if as_of is None or day <= as_of:
                levels[level] = levels.get(level, 0) + fen
        return levels

    # Consequences: replayed for ever, they only assign.

    @singledispatchmethod
    def told(self, fact: Fact) -> None:
        raise TypeError(f"a fund knows nothing of {type(fact).__name__}")

    @told.register
    def _(self, fact: events.FundOpened) -> None:
        self.opening = fact
        self.standing: Standing = "within"
        self.suspended: dict[tuple[events.Scope, str | None], events.GuaranteesSuspended] = {}
        self._adopted: list[events.MethodAdopted] = []
        self._capital: list[tuple[date, str, Fen]] = []

    @told.register
    def _(self, fact: events.MethodAdopted) -> None:
        self._adopted.append(fact)
        self.method = read_method(fact.text)

    @told.register
    def _(self, fact: events.CapitalInjected) -> None:
        self._capital.append((fact.value_date, fact.level, fact.amount_fen))

    @told.register
    def _(self, fact: events.CapitalWithdrawn) -> None:
        self._capital.append((fact.value_date, fact.level, -fact.amount_fen))

    @told.register
    def _(self, fact: events.InterestReceived) -> None:
        pass

    @told.register
    def _(self, fact: events.GuaranteesSuspended) -> None:
        self.suspended[fact.scope, fact.code] = fact

    @told.register
    def _(self, fact: events.GuaranteesResumed) -> None:
        self.suspended.pop((fact.scope, fact.code), None)

    @told.register
    def _(self, fact: events.CapacityNotice) -> None:
        self.standing = next(standing for standing, kind in _NOTICES.items() if type(fact) is kind)


def shown(scope: events.Scope, code: str | None) -> str:
    """A scope in words."""
    return scope if code is None else f"{scope} {code}"
