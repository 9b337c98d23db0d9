"""From the text of a cell to a fact: strict, one named rule for everything that cannot be one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from domain.errors import InvalidInput
from domain.money import Fen, parse_yuan

Rounding: TypeAlias = Literal["half_even", "half_up"]

LONGEST_LOAN_NO = 64
LONGEST_TERM = 1200

_ROUNDINGS = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP}
_FRACTIONS = re.compile(r"(0|[1-9][0-9]{0,12})\.[0-9]{3,20}", re.ASCII)
_GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_WHOLE_AS_DECIMAL = re.compile(r"([0-9]{1,9})(?:\.0+)?", re.ASCII)
_RATE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,10})?", re.ASCII)

_ODD_NUMBERS = (
    ("full_width_digits", re.compile(r".*[０-９．，－＋].*", re.DOTALL)),
    ("not_a_number", re.compile(r"[+-]?(nan|inf|infinity|null|none|n/a|#n/a)", re.IGNORECASE)),
    ("exponent", re.compile(r"[+-]?[0-9.]+e[+-]?[0-9]+", re.IGNORECASE | re.ASCII)),
    ("thousands_separator", re.compile(r"-?[0-9]+(,[0-9]+)+(\.[0-9]+)?", re.ASCII)),
    ("negative", re.compile(r"-[0-9]+(\.[0-9]+)?", re.ASCII)),
    ("too_many_decimals", re.compile(r"[0-9]+\.[0-9]{3,}", re.ASCII)),
    ("leading_zero", re.compile(r"0[0-9]+(\.[0-9]+)?", re.ASCII)),
    ("too_large", re.compile(r"[0-9]{14,}(\.[0-9]+)?", re.ASCII)),
)
_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)  # noqa: SIM905
}
_DATE_PARTS = {
    "%Y": r"(?P<year>[0-9]{4})",
    "%m": r"(?P<month>[0-9]{2})",
    "%-m": r"(?P<month>[0-9]{1,2})",
    "%b": r"(?P<name>[A-Za-z]{3})",
    "%d": r"(?P<day>[0-9]{2})",
    "%-d": r"(?P<day>[0-9]{1,2})",
}


class CannotBe(Exception):
    """The text is no such fact; `rule` says why."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


def amount(text: str, *, thousands: bool = False, rounding: Rounding | None = None) -> Fen:
    """Yuan with at most two decimals; separators and further decimals only as the mapping states. Raises CannotBe."""
    plain = text
    if thousands and _GROUPED.fullmatch(text):
        plain = text.replace(",", "")
    if rounding and _FRACTIONS.fullmatch(plain):
        plain = str(Decimal(plain).quantize(Decimal("0.01"), rounding=_ROUNDINGS[rounding]))
    try:
        return parse_yuan(plain)
    except InvalidInput:
        raise CannotBe(_number_rule(plain, otherwise="not_an_amount")) from None


def whole(text: str, *, decimal: bool = False) -> int:
    """A whole number of digits; `36.0` only where the mapping says so. Raises CannotBe."""
    match = (_WHOLE_AS_DECIMAL if decimal else _WHOLE).fullmatch(text)
    if match is None:
        fractional = re.fullmatch(r"[0-9]+\.[0-9]+", text, re.ASCII)
        raise CannotBe("fractional" if fractional else _number_rule(text, otherwise="not_a_whole_number"))
    return int(match[1] if decimal else text)


def term(text: str, *, decimal: bool = False) -> int:
    """Months, 1,200 at most. Raises CannotBe."""
    months = whole(text, decimal=decimal)
    if months > LONGEST_TERM:
        raise CannotBe("term_too_long")
    return months


def rate(text: str, *, percent: bool = False) -> Decimal:
    """An annual rate as a fraction; `14.07` is 0.1407 where the mapping says percent. Raises CannotBe."""
    if not _RATE.fullmatch(text):
        raise CannotBe(_number_rule(text, otherwise="not_a_rate"))
    return Decimal(text).scaleb(-2) if percent else Decimal(text)


def loan_no(text: str, *, prefix: str = "") -> str:
    """A number that identifies: 1 to 64 visible characters, no space around them. Raises CannotBe."""
    number = prefix + text
    if len(number) > LONGEST_LOAN_NO:
        raise CannotBe("loan_no_too_long")
    if not number.isprintable():
        raise CannotBe("control_character")
    if text != text.strip():
        raise CannotBe("loan_no_spaces")
    return number


def day_reader(layout: str, first_day: int | None) -> Callable[[str], date]:
    """The strict reader of one date layout; the names of months are English whatever the locale.

    Raises ValueError for a layout that does not give a year, a month and (here or by `first_day`) a day, once each.
    """
    pattern = re.compile(_date_pattern(layout), re.ASCII)
    groups = pattern.groupindex
    if "year" not in groups or not {"month", "name"} & set(groups):
        raise ValueError("format needs %Y and one of %m, %-m, %b")
    if ("day" in groups) == (first_day is not None):
        raise ValueError("say the day once: %d (or %-d) in format, or day = 1 where the tape has months only")

    @lru_cache(maxsize=4096)
    def read(text: str) -> date:
        match = pattern.fullmatch(text)
        if match is None:
            raise CannotBe("date_format")
        parts = match.groupdict()
        month = _MONTHS.get(parts["name"].lower(), 0) if "name" in parts else int(parts["month"])
        try:
            return date(int(parts["year"]), month, first_day or int(parts["day"]))
        except ValueError:
            raise CannotBe("date_impossible") from None

    return read


def _date_pattern(layout: str) -> str:
    pieces = re.split(r"(%-?[a-zA-Z%])", layout)
    for piece in pieces[1::2]:
        if piece not in _DATE_PARTS:
            raise ValueError(
                f"format knows {', '.join(_DATE_PARTS)}, not {piece}; a two-digit year could be of any century"
            )
    try:
        pattern = "".join(_DATE_PARTS.get(piece) or re.escape(piece) for piece in pieces)
        re.compile(pattern)
    except re.error:
        raise ValueError("format names a part of the date twice") from None
    return pattern


def _number_rule(text: str, *, otherwise: str) -> str:
    return next((rule for rule, pattern in _ODD_NUMBERS if pattern.fullmatch(text)), otherwise)
