"""Calculating a subsidy 贴息计算: of the interest of the days that are subsidised, what the budget bears, rounded once to the fen.

Exact fractions until the end; half a fen is rounded up, and the borrower bears the interest less the subsidy (R-SUB-15).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol, TypeAlias

from domain.loan.bearing import Stretch
from domain.money import Fen

Of: TypeAlias = Literal["rate", "lpr", "above"]


class Bears(Protocol):
    """What the budget bears of a year's interest: so many percent of the contract `rate`, or of the `lpr`; or all that is `above` the LPR and a margin."""

    @property
    def of(self) -> Of: ...
    @property
    def percent(self) -> int: ...
    @property
    def margin_bp(self) -> int: ...


class Subsidised(NamedTuple):
    """A stretch of days that is subsidised, in the loan's `year` from 1."""

    stretch: Stretch
    year: int


class Subsidy(NamedTuple):
    """Of a loan's quarter, in fen: `interest` of the days that are subsidised, what the budget bears of it and what is `shared` by the levels;
    the rest is the local budget's."""

    interest: Fen
    subsidy: Fen
    shared: Fen

    @property
    def local(self) -> Fen:
        return self.subsidy - self.shared

    @property
    def borrower(self) -> Fen:
        return self.interest - self.subsidy


def calculate(
    days: Iterable[Subsidised], formula: Bears, lpr: Decimal, within_limit: Fraction, shared: Sequence[Fraction]
) -> Subsidy:
    """By the formula of the loan's regime; `lpr` is the contract's, `within_limit` the part of the loan within the national limit, `shared` the part
    that the national rule pays in each year of the loan, the last for every later one."""
    interest, subsidy, nationally = Fraction(0), Fraction(0), Fraction(0)
    for stretch, year in days:
        of_year = stretch.principal * sum((Fraction(*part) for part in stretch.year_parts), Fraction(0))
        borne = of_year * subsidised_rate(formula, stretch.annual_rate, lpr)
        interest += of_year * Fraction(stretch.annual_rate)
        subsidy += borne
        nationally += borne * within_limit * shared[min(year, len(shared)) - 1]
    return Subsidy(half_up(interest), half_up(subsidy), half_up(nationally))


def subsidised_rate(formula: Bears, annual_rate: Decimal, lpr: Decimal) -> Fraction:
    """What the budget bears of a year, as a rate; never more than the loan's own."""
    rate = Fraction(annual_rate)
    match formula.of:
        case "rate":
            found = rate * formula.percent / 100
        case "lpr":
            found = Fraction(lpr) * formula.percent / 100
        case "above":
            found = rate - Fraction(lpr) - Fraction(formula.margin_bp, 10_000)
    return min(max(found, Fraction(0)), rate)


def half_up(fen: Fraction) -> Fen:
    """Rounded to the fen, half a fen up; of what is not negative."""
    return (2 * fen.numerator + fen.denominator) // (2 * fen.denominator)
