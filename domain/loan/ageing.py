"""Ageing 账龄 and the five categories 五级分类 of a loan, by the whole days since its oldest unpaid due day.

Source: 商业银行金融资产风险分类办法（令〔2023〕第1号）: overdue is at least special mention, more than 90 days at least substandard, more than
270 at least doubtful, more than 360 loss. A bank may know worse of a loan than its days; what is established here are the days.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import Literal, TypeAlias

from domain.calendar import add_months

Ageing: TypeAlias = Literal["none", "1-30", "31-60", "61-90", "over_90"]
Category: TypeAlias = Literal["normal", "special_mention", "substandard", "doubtful", "loss"]

AGEINGS: tuple[Ageing, ...] = ("none", "1-30", "31-60", "61-90", "over_90")
CATEGORIES: tuple[Category, ...] = ("normal", "special_mention", "substandard", "doubtful", "loss")
AGES_ON, FALLS_ON = (1, 31, 61, 91), (1, 91, 271, 361)
"""The days overdue on which each ageing and each category but the first begins."""


def ageing(days: int) -> Ageing:
    """Of a loan that is so many days overdue, 0 if it is not."""
    return AGEINGS[bisect_right(AGES_ON, days)]


def category(days: int) -> Category:
    """Of a loan that is so many days overdue, 0 if it is not."""
    return CATEGORIES[bisect_right(FALLS_ON, days)]


def next_line(days: int) -> int | None:
    """After so many days overdue, the days on which ageing or category changes next; None if neither will."""
    return min((line for line in {*AGES_ON, *FALLS_ON} if line > days), default=None)


def quarter_end(day: date) -> date:
    """The last day of the calendar quarter."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return date.fromordinal(add_months(first, 3).toordinal() - 1)
