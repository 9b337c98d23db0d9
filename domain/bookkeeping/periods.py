"""Whose books are closed 会计期间: month by month with the digest of a trial balance, and reopened by two people."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from domain.facts import EventSourced, Fact, Moment
from domain.guarantee_fund import events, refusals

F = TypeVar("F", bound=Fact)


class KeepsBooks(EventSourced[Fact]):
    """The part of a fund, of guarantees or of subsidies, in which its periods are closed; `_facts` are all that it was told."""

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        _facts: list[Fact]

    @property
    @abstractmethod
    def fund(self) -> str:
        """Its code, by which its books are told apart."""

    @property
    @abstractmethod
    def opening(self) -> Fact:
        """With what it began."""

    def scopes(self) -> tuple[str, ...]:
        return (f"fund:{self.fund}",)

    # Decisions: may refuse, change nothing themselves.

    def close_period(self, moment: Moment, until: date, seal: Callable[[], Mapping[str, Any]]) -> None:
        """结账 up to the last day of a month that is over; `seal` says the position, the trial balance's digest and the results.

        Raises PeriodNotOver, PeriodClosedAlready, FundDatedEarlier.
        """
        if until >= moment.today or (until + timedelta(days=1)).day != 1:
            raise refusals.PeriodNotOver(field="until", until=until)
        closed = self.closed_until
        if closed is not None and until <= closed:
            raise refusals.PeriodClosedAlready(field="until", fund=self.fund, closed_until=closed)
        self._must_be_dated(moment, until, after=self.opening)
        self.tell(events.PeriodClosed, moment, value_date=until, fund=self.fund, until=until, **seal())

    def reopen_period(self, moment: Moment, until: date, *, confirmed_by: str, reason: str) -> None:
        """反结账 of the last closed period, by two people; the result that went over stays there. Raises NothingClosed."""
        closed = self.closings
        if not closed or closed[-1].until != until:
            last = closed[-1].until if closed else "none"
            raise refusals.NothingClosed(field="until", fund=self.fund, until=until, closed_until=last)
        said = {
            "closed_until": closed[-2].until if len(closed) > 1 else None,
            "confirmed_by": confirmed_by,
            "reason": reason,
        }
        self.tell(events.PeriodReopened, moment, value_date=moment.today, fund=self.fund, until=until, **said)

    # What it is.

    @property
    def closings(self) -> list[events.PeriodClosed]:
        """The periods that are closed, in their order."""
        return self._closings(None)

    @property
    def closed_until(self) -> date | None:
        return self.closings[-1].until if self.closings else None

    def _of(self, kind: type[F], as_of: date | None = None) -> list[F]:
        """Its facts of a kind that were true by a day, in the order in which they were recorded."""
        return [fact for fact in self._facts if isinstance(fact, kind) and (as_of is None or fact.value_date <= as_of)]

    def _closings(self, as_of: date | None) -> list[events.PeriodClosed]:
        closed: list[events.PeriodClosed] = []
        for fact in self._of(Fact, as_of):
            if isinstance(fact, events.PeriodClosed):
                closed.append(fact)
            elif isinstance(fact, events.PeriodReopened):
                closed.pop()
        return closed

    # What its decisions keep to.

    def _must_be_dated(self, moment: Moment, value_date: date, *, after: Fact) -> None:
        moment.not_before(value_date)
        if value_date < after.value_date:
            said = {"fund": self.fund, "value_date": value_date, "first": after.value_date}
            raise refusals.FundDatedEarlier(field="value_date", **said)
