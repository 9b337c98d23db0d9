"""A line of a subsidy batch 贴息明细: what the budget bears of a loan's quarter, with the trace by which each fen can be worked out again.

The trace says everything that the sum needs: days, principal, rate, the parts of a year, why days are not subsidised, and the formula. A line for
a quarter that an earlier batch had told of carries what that came to (`before_fen`), and only the difference is paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from domain.frozen import Frozen
from domain.guarantee_fund.events import Level
from domain.loan.bearing import Stretch
from domain.money import Fen
from domain.policy.rules import Kind
from domain.subsidy.calculating import Of, Subsidised, Subsidy, calculate, half_up
from domain.subsidy.days import Cause, Span
from domain.subsidy.method import Formula, Levels, Regime


class YearPart(Frozen):
    """So many `days` of a year that is counted as `of` days."""

    days: int
    of: int


class Traced(Frozen):
    """A stretch of days up to `until`, which does not count; subsidised unless there is a cause why not."""

    first: date
    until: date
    principal_fen: Fen
    annual_rate: Decimal
    parts: tuple[YearPart, ...]
    year: int
    cause: Cause | None = None

    @property
    def span(self) -> Span:
        parts = tuple((part.days, part.of) for part in self.parts)
        stretch = Stretch(self.first, self.until, self.principal_fen, self.annual_rate, parts)
        return Span(stretch, self.year, self.cause)


class Applied(Frozen):
    """The formula as it was applied: what the budget bears by the regime, the contract's LPR, the part that the national rule pays in each year of the
    loan, and `within`, the part of the loan that is within the national limit (fractions as texts such as 2/3)."""

    rule: str
    regime: Regime
    of: Of
    percent: int
    margin_bp: int
    lpr: Decimal
    shared: tuple[str, ...]
    within: str


class LevelAmount(Frozen):
    """What a fiscal level bears."""

    level: Level
    fen: Fen


class SubsidyLine(Frozen):
    """Of a loan's quarter, in fen: the interest of the days that are subsidised, what the budget bears of it, what of that is shared by the levels.

    `levels` divide what this line adds. `loan_version` is the loan's version that it was worked out of.
    """

    loan_no: str
    kind: Kind
    county: str | None = None
    quarter: str
    loan_version: int
    applied: Applied
    trace: tuple[Traced, ...]
    interest_fen: Fen = Field(ge=0)
    subsidy_fen: Fen = Field(ge=0)
    shared_fen: Fen = Field(ge=0)
    before_fen: Fen = 0
    levels: tuple[LevelAmount, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.loan_no, self.quarter

    @property
    def amount_fen(self) -> Fen:
        """What it adds to what was told before."""
        return self.subsidy_fen - self.before_fen

    @property
    def local_fen(self) -> Fen:
        return self.subsidy_fen - self.shared_fen

    @property
    def days(self) -> tuple[int, int]:
        """Subsidised days, and days that are not."""
        counted = [((one.until - one.first).days, one.cause is None) for one in self.trace]
        return sum(days for days, held in counted if held), sum(days for days, held in counted if not held)

    def worked_out(self) -> Subsidy:
        """What its own trace gives; the figures of the line, or it is wrong."""
        days = (Subsidised(one.span.stretch, one.year) for one in self.trace if one.cause is None)
        applied = self.applied
        shared = tuple(map(Fraction, applied.shared))
        return calculate(days, applied, applied.lpr, Fraction(applied.within), shared)


def traced(spans: Iterable[Span]) -> tuple[Traced, ...]:
    return tuple(
        Traced(
            first=span.stretch.first,
            until=span.stretch.until,
            principal_fen=span.stretch.principal,
            annual_rate=span.stretch.annual_rate,
            parts=tuple(YearPart(days=days, of=of) for days, of in span.stretch.year_parts),
            year=span.year,
            cause=span.cause,
        )
        for span in spans
    )


def applied(formula: Formula, lpr: Decimal, within: Fraction) -> Applied:
    return Applied(
        rule=formula.rule,
        regime=formula.regime,
        of=formula.of,
        percent=formula.percent,
        margin_bp=formula.margin_bp,
        lpr=lpr,
        shared=tuple(map(str, formula.shared)),
        within=str(within),
    )


def divided(levels: Levels, subsidy: Subsidy, before: Fen) -> tuple[LevelAmount, ...]:
    """What each level bears of what is added to what was told `before`; a difference is shared as the whole is."""
    more = subsidy.subsidy - before
    more_shared = half_up(Fraction(more * subsidy.shared, subsidy.subsidy)) if before else subsidy.shared
    return amounts(levels.divide(more_shared, more - more_shared))


def amounts(by_level: Mapping[Level, Fen]) -> tuple[LevelAmount, ...]:
    return tuple(LevelAmount(level=level, fen=fen) for level, fen in by_level.items() if fen)
