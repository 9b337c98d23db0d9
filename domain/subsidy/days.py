"""The days of a loan that are subsidised, and why the others are not 贴息天数 (R-SUB-4, R-SUB-13, R-SUB-14; domain.md §5.3-5.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

from domain.calendar import add_months
from domain.loan.bearing import Stretch, bearing
from domain.loan.loan import Loan
from domain.subsidy.method import Procedure, Stops

Cause: TypeAlias = Literal["misuse", "extension", "closed", "died", "stopped", "overdue"]
"""Why a day is not subsidised, the first that holds."""
_A_DAY = timedelta(days=1)


class Quarter(NamedTuple):
    """A quarter 结息季度 of the calendar year, from 1 to 4."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    def days(self, rule: Procedure) -> tuple[date, date]:
        """From the day after the last quarter's interest day up to the day after its own, which does not count."""
        end = date(self.year, self.number * 3, rule.interest_day) + _A_DAY
        return add_months(end, -3), end


class Span(NamedTuple):
    """A stretch of days in the loan's `year` from 1; it is subsidised unless there is a cause why not."""

    stretch: Stretch
    year: int
    cause: Cause | None


class Barred(NamedTuple):
    """Days on which nothing is subsidised; `until` does not count."""

    cause: Cause
    first: date
    until: date = date.max


def spans(loan: Loan, stops: Stops, first: date, until: date) -> tuple[Span, ...]:
    """Every stretch of a quarter's days on which the loan bore interest, by all that is known.

    The loan's contract says how it is run, and something of it was paid out.
    """
    terms = loan.contract.terms
    assert terms is not None
    start = min(movement.value_date for movement in loan.movements if movement.kind == "disbursed")
    asked = (terms, loan.movements, loan.calendar, first, until)
    borne = bearing(*asked)
    if not borne.stretches:
        return ()
    stopped = (Barred("stopped", since, resumed) for since, resumed in loan.subsidy_stops)
    barred = [*_ends(loan, stops, first), *stopped, *_overdue(stops, borne.overdue)]
    years = [add_months(start, 12 * year) for year in range(1, until.year - start.year + 2)]
    at = {day for bar in barred for day in (bar.first, bar.until)} | {*years}
    return tuple(
        Span(stretch, 1 + sum(year <= stretch.first for year in years), _cause(barred, stretch.first))
        for stretch in bearing(*asked, at).stretches
    )


def _ends(loan: Loan, stops: Stops, first: date) -> Iterator[Barred]:
    """What ends it: misuse, the contract's own maturity (an extension is not subsidised), a closure, a death."""
    misused = [movement.value_date for movement in loan.movements if movement.kind == "misused"]
    if misused:
        yield Barred("misuse", min(misused))
    if (maturity := loan.matures_by(loan.contract.terms)) is not None:
        yield Barred("extension", maturity)
    said: tuple[tuple[Cause, date | None, str], ...] = (
        ("closed", loan.closed_on, stops.closed),
        ("died", loan.died_on, stops.died),
    )
    for cause, day, ends in said:
        if day is not None and (ends == "that_day" or day < first):
            yield Barred(cause, day)


def _overdue(stops: Stops, overdue: Iterable[tuple[date, date]]) -> Iterator[Barred]:
    for since, cured in overdue:
        yield Barred("overdue", since, cured if stops.cured == "resumes" else date.max)


def _cause(barred: Iterable[Barred], day: date) -> Cause | None:
    return next((bar.cause for bar in barred if bar.first <= day < bar.until), None)
