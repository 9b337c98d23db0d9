"""Matching a year's statement with the books, against one look-up of every line in a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from random import Random

from api.bench.contest import Contest, Effort, race
from api.demo.statements import book_side, draw, synthetic, weighted
from domain.reconciliation.matching import BankSide, BookSide, match_up

LINES = 100_000


@contextmanager
def matchings(server: str, effort: Effort) -> Iterator[Contest]:
    """No server is asked: matching is a pure function. A hundred thousand lines and as many entries at full effort."""
    chance, count = (
        Random(1),
        max(100, round(LINES * effort.seconds / Effort.seconds)),
    )  # the same seed gives the same statement
    owed = synthetic(count, chance)
    drawn = draw(owed, date(2026, 1, 5), chance, weighted(chance))
    lines = [line.side(f"L{at}") for at, line in enumerate(drawn) if line.defect != "wrong_account"]
    entries = [book_side(one) for one in owed]

    def matched(sides: tuple[list[BankSide], list[BookSide]]) -> int:
        assert match_up(*sides).matches
        return len(sides[0])

    def looked_up(sides: tuple[list[BankSide], list[BookSide]]) -> int:
        known = {(number, entry.fen): entry for entry in sides[1] for number in entry.numbers}
        assert any((number, line.fen) in known for line in sides[0] for number in line.numbers)
        return len(sides[0])

    yield Contest(
        lambda: len(lines) * race(matched, [[(lines, entries)]], effort.seconds),
        lambda: len(lines) * race(looked_up, [[(lines, entries)]], effort.seconds),
    )
