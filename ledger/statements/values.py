"""Amounts and days as statements write them, exact or refused."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import NoReturn

from domain.money import LARGEST, Fen
from ledger.statements.refusals import BadValue


class Place:
    """Where something stands in a file, for messages."""

    def __init__(self, file: str, where: str = "the file") -> None:
        self.file, self.where = file, where

    def at(self, where: str) -> Place:
        return Place(self.file, where)

    def bad(self, name: str, value: str, expected: str) -> NoReturn:
        """Raises BadValue."""
        shown = ascii(value if len(value) <= 40 else value[:37] + "...")
        raise BadValue(
            field="file",
            file=self.file,
            place=self.where,
            name=name,
            value=shown,
            expected=expected,
        )


def amount(text: str, point: str, place: Place, name: str, *, sign: bool = False) -> Fen:
    """Fen of an amount with at most two decimals that count; thousands may be set apart by commas where the point is one. Raises BadValue."""
    said = text.replace("，", ",").strip().removeprefix("¥").removeprefix("￥")
    pattern = (
        r"([+-]?)0*([0-9]{1,15})(?:,([0-9]*))?"
        if point == ","
        else r"([+-]?)([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.([0-9]*))?"
    )
    match = re.fullmatch(pattern, said, re.ASCII)
    if match is None or (match[1] and not sign):
        place.bad(name, text, "an amount")
    cents = (match[3] or "").rstrip("0").ljust(2, "0")
    fen = int(match[2].replace(",", "")) * 100 + int(cents[:2])
    if len(cents) > 2 or fen >= LARGEST:
        place.bad(name, text, "an amount")
    return -fen if match[1] == "-" else fen


def short_day(text: str) -> tuple[date, bool]:
    """A day of YYMMDD, and whether there is such a day: past the end of its month the last day stands for it. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{6}", text, re.ASCII):
        raise ValueError(text)
    year, month, day = 2000 + int(text[:2]), int(text[2:4]), int(text[4:])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(text)
    last = monthrange(year, month)[1]
    return date(year, month, min(day, last)), day <= last
