"""The Loan Prime Rate 贷款市场报价利率: in force on a day is what was last published on or before it (R-INT-4)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pydantic import Field, ValidationError

from domain.errors import BadInput, Refusal
from domain.frozen import Frozen


class LprUnreadable(BadInput):
    code = "policy.lpr_unreadable"
    en = "{field}: {problem}; give quotes with published_on, one_year and five_year in percent"
    zh = "{field}：{problem}；请提供含 published_on、one_year、five_year（百分数）的报价"


class NoLpr(Refusal):
    code = "policy.no_lpr"
    en = "no LPR has been published on or before {day}; publish it first"
    zh = "{day} 及以前没有已登记的 LPR；请先登记"


class LprQuote(Frozen):
    """What was published on a day, as fractions a year (0.0345 is 3.45 %)."""

    published_on: date
    one_year: Decimal = Field(ge=0, le=1)
    five_year: Decimal = Field(ge=0, le=1)


class _InPercent(Frozen):
    """As the file has it; the LPR is published since 2013-10-25."""

    published_on: date = Field(strict=True, ge=date(2013, 10, 25), le=date(2099, 12, 31))
    one_year: Decimal = Field(ge=0, le=100, max_digits=5, decimal_places=2)
    five_year: Decimal = Field(ge=0, le=100, max_digits=5, decimal_places=2)


class _File(Frozen):
    quotes: tuple[_InPercent, ...] = Field(min_length=1)


def lpr_on(quotes: Iterable[LprQuote], day: date) -> LprQuote:
    """On a 20th that is no working day the earlier rate stands until the next is published. Raises NoLpr."""
    known = [quote for quote in quotes if quote.published_on <= day]
    if not known:
        raise NoLpr(field="value_date", day=day)
    return max(known, key=lambda quote: quote.published_on)


def read_quotes(text: str, *, field: str = "file") -> tuple[LprQuote, ...]:
    """The quotes of a TOML file, in percent there. Raises LprUnreadable."""
    try:
        read = _File.model_validate(tomllib.loads(text)).quotes
    except tomllib.TOMLDecodeError as problem:
        raise LprUnreadable(field=field, problem=str(problem)) from None
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        raise LprUnreadable(field=field, problem=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return tuple(quote_in_percent(q.published_on, q.one_year, q.five_year) for q in read)


def quote_in_percent(published_on: date, one_year: Decimal, five_year: Decimal) -> LprQuote:
    return LprQuote(published_on=published_on, one_year=one_year / 100, five_year=five_year / 100)
