"""The guarantee fund as an aggregate: its method, its capital, and where it gives no new guarantees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.bookkeeping.periods import KeepsBooks
from domain.errors import InvalidInput
from domain.facts import Fact, Moment
from domain.guarantee_fund import events, refusals
from domain.guarantee_fund.method import FundMethod, read_method
from domain.money import Fen, yuan
from domain.policy.pin import PolicyPin

Standing: TypeAlias = Literal["within", "warned", "breached"]

_NOTICES: Mapping[Standing, type[events.CapacityNotice]] = {
    "within": events.MultiplierRestored,
    "warned": events.MultiplierWarned,
    "breached": events.MultiplierBreached,
}


class GuaranteeFund(KeepsBooks):
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
    PeriodClosed = events.PeriodClosed
    PeriodReopened = events.PeriodReopened

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

    @property
    def opening(self) -> events.FundOpened:
        opening = self._facts[0]
        assert isinstance(opening, events.FundOpened)
        return opening

    @property
    def fund(self) -> str:
        return self.opening.fund

    def pinned(self, pin: PolicyPin) -> FundMethod:
        """The method that it went by when something was decided."""
        return _read(next(fact.text for fact in self._of(events.MethodAdopted) if fact.digest == pin.digest))

    # Decisions: may refuse, change nothing themselves.

    def adopt(self, moment: Moment, method: FundMethod, value_date: date) -> None:
        """管理办法施行; the same text again is nothing new, and none is in force before the one that it replaces.

        Raises FundDatedEarlier, DatedInFuture.
        """
        adopted = self._of(events.MethodAdopted)
        before = adopted[-1] if adopted else None
        if before is not None and before.digest == method.pin.digest:
            return
        self._must_be_dated(moment, value_date, after=before or self.opening)
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
        """基金注资. Raises FundDatedEarlier, InvalidInput, DatedInFuture."""
        self._cash(events.CapitalInjected, moment, level=level, **cash)

    def withdraw(self, moment: Moment, *, level: events.Level, amount: Fen, value_date: date, **cash: Any) -> None:
        """基金退出: no more than the level had brought in by that day; capacity and cash are looked at in the append.

        Raises LevelShort, FundDatedEarlier, InvalidInput, DatedInFuture.
        """
        left = min(self._by_level(day).get(level, 0) for day in (value_date, None))
        if amount > left:
            raise refusals.LevelShort(field="amount", left=yuan(left), fund=self.fund, level=level)
        self._cash(events.CapitalWithdrawn, moment, level=level, amount=amount, value_date=value_date, **cash)

    def receive_interest(self, moment: Moment, **cash: Any) -> None:
        """专户存款利息. Raises FundDatedEarlier, InvalidInput, DatedInFuture."""
        self._cash(events.InterestReceived, moment, **cash)

    def _cash(
        self, fact: type[events.CashFact], moment: Moment, *, bank: str, amount: Fen, value_date: date, **more: Any
    ) -> None:
        self._must_be_dated(moment, value_date, after=self.opening)
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
        """暂停新增担保; what is suspended already stays so, but an order takes the place of a suspension by the figures.

        Raises FundDatedEarlier, InvalidInput, DatedInFuture.
        """
        self._must_be_dated(moment, value_date, after=self.opening)
        if scope == "all" and code is not None:
            raise InvalidInput(field="code", problem="it is given", expected="no code, as the scope is all")
        if scope != "all" and code is None:
            raise InvalidInput(field="code", problem="it is left out", expected="a bank's or county's code")
        stands = self.suspended.get((scope, code))
        if stands is not None:
            if stands.since is None or figures:
                return
            day = max(value_date, stands.value_date)
            self.resume(moment, scope, code, value_date=day, reason="an order takes its place")
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
        """恢复新增担保, not before they were suspended. Raises NothingToResume, FundDatedEarlier, DatedInFuture."""
        stands = self.suspended.get((scope, code))
        if stands is None:
            raise refusals.NothingToResume(field="scope", fund=self.fund, scope=shown(scope, code))
        self._must_be_dated(moment, value_date, after=stands)
        said = {"scope": scope, "code": code, "value_date": value_date, "reason": reason, **figures}
        self.tell(events.GuaranteesResumed, moment, fund=self.fund, **said)

    def look_at_stop(
        self, moment: Moment, *, scope: events.Scope, code: str, compensated: Fen, balance: Fen, since: date
    ) -> None:
        """The stop by the figures: claims of the last months against the loan balance, both in fen (R-FUND-11).

        Where nothing was paid nothing stops. A suspension that somebody ordered for another reason is theirs to end.
        """
        rule, by_figures = self.method.stop, self.suspended.get((scope, code))
        figures: dict[str, Any] = {"compensated_fen": compensated, "balance_fen": balance}
        at: dict[str, Any] = {"scope": scope, "code": code, "value_date": moment.today}
        if by_figures is None and compensated * 100 >= rule.stop_percent * balance and compensated:
            self.suspend(moment, **at, **figures, since=since)
        below = not compensated or compensated * 100 < rule.resume_percent * balance
        if by_figures is not None and by_figures.since and below:
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

    @property
    def method(self) -> FundMethod:
        """What it goes by now."""
        return _read(self._of(events.MethodAdopted)[-1].text)

    @property
    def standing(self) -> Standing:
        return self._standing(None)

    @property
    def suspended(self) -> Mapping[tuple[events.Scope, str | None], events.GuaranteesSuspended]:
        """Where it gives no new guarantees, by scope and code, and by what fact."""
        return self._suspended(None)

    @property
    def capital(self) -> Mapping[str, Fen]:
        """By the fiscal level that brought it, in fen."""
        return self._by_level(None)

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        adopted = self._of(events.MethodAdopted, as_of)
        return {
            "fund": self.fund,
            "title": self.opening.title,
            "operator": self.opening.operator,
            "method": adopted[-1].method if adopted else None,
            "multiplier": adopted[-1].multiplier if adopted else None,
            "capital": {level: yuan(fen) for level, fen in self._by_level(as_of).items()},
            "suspended": [shown(scope, code) for scope, code in self._suspended(as_of)],
            "standing": self._standing(as_of),
            "closed_until": closings[-1].until.isoformat() if (closings := self._closings(as_of)) else None,
        }

    def _by_level(self, as_of: date | None) -> dict[str, Fen]:
        levels: dict[str, Fen] = {}
        for fact in self._of(events.CashFact, as_of):
            match fact:
                case events.CapitalInjected():
                    levels[fact.level] = levels.get(fact.level, 0) + fact.amount_fen
                case events.CapitalWithdrawn():
                    levels[fact.level] = levels.get(fact.level, 0) - fact.amount_fen
        return levels

    def _suspended(self, as_of: date | None) -> dict[tuple[events.Scope, str | None], events.GuaranteesSuspended]:
        suspended: dict[tuple[events.Scope, str | None], events.GuaranteesSuspended] = {}
        for fact in self._of(Fact, as_of):
            if isinstance(fact, events.GuaranteesSuspended):
                suspended[fact.scope, fact.code] = fact
            elif isinstance(fact, events.GuaranteesResumed):
                suspended.pop((fact.scope, fact.code), None)
        return suspended

    def _standing(self, as_of: date | None) -> Standing:
        notices = self._of(events.CapacityNotice, as_of)
        return next(name for name, kind in _NOTICES.items() if type(notices[-1]) is kind) if notices else "within"

    # Consequences: replayed for ever, they only assign.

    def told(self, fact: Fact) -> None:
        if isinstance(fact, events.FundOpened):
            self._facts = []
        elif not fact.TOPIC.startswith("fund."):
            raise TypeError(f"a fund knows nothing of {type(fact).__name__}")
        self._facts.append(fact)


_read = lru_cache(maxsize=16)(read_method)


def shown(scope: events.Scope, code: str | None) -> str:
    """A scope in words."""
    return scope if code is None else f"{scope} {code}"
