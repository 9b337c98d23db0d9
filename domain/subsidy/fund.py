"""The subsidy fund 贴息资金 as an aggregate: its method, what the levels paid in and got back, its closed periods and settled years."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.bookkeeping.periods import KeepsBooks
from domain.errors import InvalidInput
from domain.facts import Fact, Moment
from domain.guarantee_fund.events import Level, PeriodClosed, PeriodReopened
from domain.loan.deciding import positive
from domain.money import Fen, yuan
from domain.policy.pin import PolicyPin
from domain.subsidy import events, refusals
from domain.subsidy.method import SubsidyMethod, read_method


class SubsidyFund(KeepsBooks):
    TOPIC = "subsidy_fund"
    Event = Fact
    SubsidyFundOpened = events.SubsidyFundOpened
    SubsidyMethodAdopted = events.SubsidyMethodAdopted
    FiscalAllocationReceived = events.FiscalAllocationReceived
    ReturnedToBudget = events.ReturnedToBudget
    YearSettled = events.YearSettled
    PeriodClosed = PeriodClosed
    PeriodReopened = PeriodReopened

    @staticmethod
    def create_id(fund: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/subsidy-funds/{fund}")

    @classmethod
    def open(
        cls, moment: Moment, *, fund: str, title: str, operator: str, method: SubsidyMethod, value_date: date
    ) -> SubsidyFund:
        """贴息资金设立 with the method that it goes by. Raises DatedInFuture."""
        moment.not_before(value_date)
        said = {"fund": fund, "title": title, "operator": operator, "value_date": value_date}
        opened = cls.opened(events.SubsidyFundOpened, cls.create_id(fund), moment, **said)
        opened.adopt(moment, method, value_date)
        return opened

    @property
    def opening(self) -> events.SubsidyFundOpened:
        opening = self._facts[0]
        assert isinstance(opening, events.SubsidyFundOpened)
        return opening

    @property
    def fund(self) -> str:
        return self.opening.fund

    @property
    def method(self) -> SubsidyMethod:
        """What batches that are begun now go by."""
        return _read(self._of(events.SubsidyMethodAdopted)[-1].text)

    def pinned(self, pin: PolicyPin) -> SubsidyMethod:
        """The method that a batch goes by."""
        return _read(next(fact.text for fact in self._of(events.SubsidyMethodAdopted) if fact.digest == pin.digest))

    # Decisions: may refuse, change nothing themselves.

    def adopt(self, moment: Moment, method: SubsidyMethod, value_date: date) -> None:
        """贴息办法施行; the same text again is nothing new, and none is in force before the one that it replaces.

        Raises FundDatedEarlier, DatedInFuture.
        """
        adopted = self._of(events.SubsidyMethodAdopted)
        if adopted and adopted[-1].digest == method.pin.digest:
            return
        self._must_be_dated(moment, value_date, after=adopted[-1] if adopted else self.opening)
        rules = (*method.formulas, *method.limits, method.levels, method.stops, method.procedure)
        self.tell(
            events.SubsidyMethodAdopted,
            moment,
            value_date=value_date,
            fund=self.fund,
            method=method.method,
            digest=method.pin.digest,
            rules=len(rules),
            assumed=sum(rule.confidence in ("assumed", "mem") for rule in rules),
            text=method.text,
        )

    def receive(self, moment: Moment, **cash: Any) -> None:
        """财政拨款到账. Raises FundDatedEarlier, InvalidInput, DatedInFuture."""
        self._cash(events.FiscalAllocationReceived, moment, **cash)

    def give_back(self, moment: Moment, *, held: Fen, **cash: Any) -> None:
        """缴回财政: no more than `held`, what was clawed back for the level. Raises NothingToReturn, FundDatedEarlier, InvalidInput, DatedInFuture."""
        if cash["amount"] > held:
            said = {"fund": self.fund, "held": yuan(held), "level": cash["level"]}
            raise refusals.NothingToReturn(field="amount", **said)
        self._cash(events.ReturnedToBudget, moment, **cash)

    def _cash(
        self,
        fact: type[events.SubsidyCashFact],
        moment: Moment,
        *,
        level: Level,
        county: str | None,
        amount: Fen,
        value_date: date,
        **more: Any,
    ) -> None:
        self._must_be_dated(moment, value_date, after=self.opening)
        positive(amount)
        if (level == "county") != (county is not None):
            problem = "it is left out" if county is None else "it is given"
            expected = "the county that pays" if county is None else "no county, as another level pays"
            raise InvalidInput(field="county", problem=problem, expected=expected)
        said = {"level": level, "county": county, "amount_fen": amount, "value_date": value_date}
        self.tell(fact, moment, fund=self.fund, **said, **more)

    def settle_year(self, moment: Moment, year: int, seal: Callable[[date, date], Mapping[str, Any]]) -> None:
        """年终清算 of a year whose books are closed, once; `seal` says the levels' accounts from a day to a day, the position and the digest.

        Raises YearSettledAlready, YearNotClosed.
        """
        first, until = date(year - 1, 12, 31), date(year, 12, 31)
        if any(fact.year >= year for fact in self._of(events.YearSettled)):
            raise refusals.YearSettledAlready(field="year", fund=self.fund, year=year)
        if self.closed_until is None or self.closed_until < until:
            raise refusals.YearNotClosed(field="year", fund=self.fund, until=until)
        self.tell(events.YearSettled, moment, value_date=until, fund=self.fund, year=year, **seal(first, until))

    # What it is.

    @property
    def settlements(self) -> list[events.YearSettled]:
        return self._of(events.YearSettled)

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        adopted, closings = self._of(events.SubsidyMethodAdopted, as_of), self._closings(as_of)
        settled = self._of(events.YearSettled, as_of)
        return {
            "fund": self.fund,
            "title": self.opening.title,
            "operator": self.opening.operator,
            "method": adopted[-1].method if adopted else None,
            "received": self._by_level(events.FiscalAllocationReceived, as_of),
            "returned": self._by_level(events.ReturnedToBudget, as_of),
            "closed_until": closings[-1].until.isoformat() if closings else None,
            "settlements": [shown(fact) for fact in settled],
        }

    def _by_level(self, kind: type[events.SubsidyCashFact], as_of: date | None) -> dict[str, str]:
        sums: dict[str, Fen] = {}
        for fact in self._of(kind, as_of):
            name = fact.level if fact.county is None else f"{fact.level} {fact.county}"
            sums[name] = sums.get(name, 0) + fact.amount_fen
        return {name: yuan(fen) for name, fen in sums.items()}

    # Consequences: replayed for ever, they only assign.

    def told(self, fact: Fact) -> None:
        if isinstance(fact, events.SubsidyFundOpened):
            self._facts = []
        elif not fact.TOPIC.startswith("subsidy_fund.") and not isinstance(fact, PeriodClosed | PeriodReopened):
            raise TypeError(f"a subsidy fund knows nothing of {type(fact).__name__}")
        self._facts.append(fact)


def shown(settled: events.YearSettled) -> dict[str, Any]:
    """A settled year as page data, level by level."""
    levels = [
        {
            "level": one.level,
            "county": one.county,
            "due_before": yuan(one.due_before_fen),
            "granted": yuan(one.granted_fen),
            "received": yuan(one.received_fen),
            "due": yuan(one.due_fen),
            "offset": yuan(one.offset_fen),
        }
        for one in settled.levels
    ]
    return {"year": settled.year, "at_position": settled.at_position, "levels": levels}


_read = lru_cache(maxsize=16)(read_method)
