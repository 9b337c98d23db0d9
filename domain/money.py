"""Money 金额: whole fen inside, decimal strings with two places outside, and the one function that divides it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from domain.errors import InvalidInput

Fen: TypeAlias = int
"""An amount in fen, 1/100 yuan; signed where it is a change."""

LARGEST: Fen = 10**15
"""No single amount may reach ten trillion yuan; anything larger is a slip of the keyboard."""

YUAN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$"
"""How an amount of 0.00 or more is written."""

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?", re.ASCII)


def yuan(fen: Fen) -> str:
    """The amount as people and programs read it: `"300000.00"`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def parse_yuan(text: str, *, field: str = "amount", negative: bool = False, zero: bool = True) -> Fen:
    """Read an amount in yuan with none, one or two decimals; exponents, separators and other digits are refused.

    Less than zero is read only where `negative` says so, and zero not where `zero` says so.

    Raises InvalidInput.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise InvalidInput(field=field, problem=f"{_shown(text)} is not an amount", expected="yuan such as 300000.00")
    sign, whole, cents = match.groups()
    fen = int(whole) * 100 + int((cents or "0").ljust(2, "0"))
    if fen >= LARGEST:
        raise InvalidInput(field=field, problem=f"{_shown(text)} is too large", expected=f"less than {yuan(LARGEST)}")
    least = "an amount of 0.00 or more" if zero else "an amount of more than 0.00"
    if sign and not negative and fen:
        raise InvalidInput(field=field, problem=f"{_shown(text)} is negative", expected=least)
    if not (fen or zero):
        raise InvalidInput(field=field, problem=f"{_shown(text)} is nothing", expected=least)
    return -fen if sign else fen


def shared(fen: Fen, weights: Sequence[int], order: Sequence[int]) -> list[Fen]:
    """Divide an amount by whole weights so that every fen is given away (largest remainder).

    What is left after rounding down goes fen by fen to the largest remainders, ties in `order` (indexes of `weights`).
    A negative amount is divided as the mirror of the positive one. Source: domain.md §3, "floor, then the leftover fen to
    the largest remainder".
    """
    if fen < 0:
        return [-share for share in shared(-fen, weights, order)]
    whole = sum(weights)
    shares = [fen * weight // whole for weight in weights]
    left = fen - sum(shares)
    if left:
        rank = {index: place for place, index in enumerate(order)}
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(fen * weights[i] % whole), rank[i]))
        for index in by_remainder[:left]:
            shares[index] += 1
    return shares


def _shown(text: str) -> str:
    """The offending text, short and without control characters, fit for a message."""
    return ascii(text if len(text) <= 40 else text[:37] + "...")
