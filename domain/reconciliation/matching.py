"""Matching 勾对: which lines of the bank are which entries of the books, pass by pass, from the surest sign to the weakest.

Every pass goes through keys in one total order, so the order of what is given changes nothing. What is taken is taken on both sides.
What could be one thing or another is left to people. Windows are in days between the bank's booking and the entry's value date.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any, Literal, NamedTuple, TypeAlias

from domain.money import Fen

Pass: TypeAlias = Literal["manual", "reversal", "P1", "P2", "P3", "P4", "P5", "P6"]
PASSES: tuple[Pass, ...] = ("manual", "reversal", "P1", "P2", "P3", "P4", "P5", "P6")
RULES = "matching/1"
"""The version of these rules; a match names it."""

_NUMBER, _REFERENCE, _AMOUNT, _COVER, _GATHERED, _REVERSAL = 31, 31, 1, 7, 4, 7
"""Within how many days: the bank's own number, a reference, a bare amount, a covering set and what it is gathered from, a reversal."""
_LEGS, _CHOICE, _MANY = 4, 10, 100
"""Legs that a covering set has at most, and of how many it may be chosen; of more some sum comes out by chance."""
_FEE_MOST, _FEE_SHARE = 5000, 100
"""A fee is at most 50.00 yuan, and at most a hundredth of what was paid."""

Apart: TypeAlias = Collection[tuple[frozenset[str], frozenset[str]]]


class BankSide(NamedTuple):
    """A line of the bank's. `numbers` are the numbers that the bank and the payer gave it, `references` what it says it is for."""

    key: str
    day: date
    fen: Fen
    numbers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    party: str | None = None
    reversal: bool = False
    kind: str | None = None


class BookSide(NamedTuple):
    """An entry of the books. `numbers` are the bank's numbers that were recorded with it, `references` what it is of."""

    key: str
    day: date
    fen: Fen
    numbers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    party: str | None = None


class Match(NamedTuple):
    """`rule` is the pass, `evidence` what they have in common, `fen` what the lines come to beyond the entries: 0, but for a fee."""

    rule: Pass
    lines: tuple[str, ...]
    entries: tuple[str, ...]
    evidence: str
    fen: Fen = 0


class Matching(NamedTuple):
    """The matches in the order in which they were made, and what is left of either side in the order of its days."""

    matches: list[Match]
    lines: list[BankSide]
    entries: list[BookSide]


def match_up(
    lines: Iterable[BankSide], entries: Iterable[BookSide], *, manual: Iterable[Match] = (), apart: Apart = ()
) -> Matching:
    """Match what people matched, then pass by pass; `apart` are lines and entries that people say do not belong together."""
    work = _Work(lines, entries, apart)
    for match in manual:
        work.take(match)
    work.reversals()
    work.by_number()
    work.by_reference()
    work.by_parts()
    work.by_amount()
    work.by_cover()
    work.by_fee()
    return work.result()


class _Work:
    """The two sides on their way, in total order; what is free shrinks with every pass."""

    def __init__(self, lines: Iterable[BankSide], entries: Iterable[BookSide], apart: Apart) -> None:
        self._lines = {line.key: line for line in sorted(lines, key=lambda s: (s.day, s.fen, len(s.key), s.key))}
        self._entries = {entry.key: entry for entry in sorted(entries, key=lambda s: (s.day, s.fen, len(s.key), s.key))}
        self._apart = apart
        self._known = {number for entry in self._entries.values() for number in (*entry.numbers, *entry.references)}
        self._of_reference = _by(self._entries.values(), lambda entry: entry.references)
        self._doubtful = set[str]()
        self._matches = list[Match]()

    def result(self) -> Matching:
        return Matching(self._matches, list(self._lines.values()), list(self._entries.values()))

    def take(self, match: Match) -> None:
        for key in match.lines:
            self._lines.pop(key, None)
        for key in match.entries:
            self._entries.pop(key, None)
        self._matches.append(match)

    def _propose(
        self, rule: Pass, lines: Sequence[BankSide], entries: Sequence[BookSide], evidence: str, fen: Fen = 0
    ) -> None:
        """Take them if all are free, nothing else speaks against it, and nobody has said that they do not belong together."""
        if not all(line.key in self._lines and line.key not in self._doubtful for line in lines):
            return
        if not all(entry.key in self._entries for entry in entries):
            return
        if entries and any(self._says_otherwise(line, entries) for line in lines):
            return
        said = tuple(line.key for line in lines), tuple(entry.key for entry in entries)
        if self._apart and (frozenset(said[0]), frozenset(said[1])) in self._apart:
            return
        self.take(Match(rule, *said, evidence, fen))

    def _says_otherwise(self, line: BankSide, entries: Sequence[BookSide]) -> bool:
        """Whether the line names something that is in the books, and is none of these entries."""
        meant = {number for entry in entries for number in (*entry.numbers, *entry.references)}
        return any(number in self._known and number not in meant for number in (*line.numbers, *line.references))

    # The passes.

    def reversals(self) -> None:
        """The bank took a line back itself: it and the one line of the opposite amount that it names, by its number or else its reference.

        Where it could be one of several none of them is matched: one has been taken back.
        """
        taken_back = [line for line in self._lines.values() if line.reversal]
        wanted = {(number, -line.fen) for line in taken_back for number in (*line.numbers, *line.references)}
        numbered = _by(self._lines.values(), lambda line: ((n, line.fen) for n in line.numbers), wanted)
        named = _by(self._lines.values(), lambda line: ((n, line.fen) for n in line.references), wanted)
        for line in taken_back:
            found = self._taken_back(line, line.numbers, numbered) or self._taken_back(line, line.references, named)
            if len(found) == 1:
                self._propose("reversal", (found[0], line), (), "the bank reversed it")
            self._doubtful.update(other.key for other in (line, *found) if other.key in self._lines)

    def _taken_back(
        self, line: BankSide, numbers: Iterable[str], lines: dict[tuple[str, Fen], list[BankSide]]
    ) -> list[BankSide]:
        found = {
            other.key: other
            for number in numbers
            for other in lines.get((number, -line.fen), ())
            if not other.reversal and other.key in self._lines and 0 <= (line.day - other.day).days <= _REVERSAL
        }
        return list(found.values())

    def by_number(self) -> None:
        """P1: the bank's own number of the payment, and the amount."""
        self._one_kind("P1", lambda side: [f"{number} {side.fen}" for number in side.numbers], _NUMBER)

    def by_reference(self) -> None:
        """P2: what it is for, and the amount."""
        self._one_kind(
            "P2", lambda side: [f"{number} {side.fen}" for number in (*side.references, *side.numbers)], _REFERENCE
        )

    def _one_kind(self, rule: Pass, keys: Callable[[BankSide | BookSide], Iterable[str]], window: int) -> None:
        """Of each number and amount: as many lines as entries belong together, one to one or, where they are alike, all of them.

        Of lines, or entries, that are the same in everything the first counts: the others were sent, or recorded, twice.
        """
        entries = _by(self._entries.values(), keys)
        lines = _by(self._lines.values(), keys, entries)
        for key in sorted(lines):
            ours = [entry for entry in entries[key] if entry.key in self._entries]
            theirs = [line for line in lines[key] if line.key in self._lines]
            if len(theirs) > len(ours) == 1 and len({line._replace(key="") for line in theirs}) == 1:
                theirs = theirs[:1]
            if len(ours) > len(theirs) == 1 and len({entry._replace(key="") for entry in ours}) == 1:
                ours = ours[:1]
            if ours and len(ours) == len(theirs) and _near(theirs, ours, window):
                self._propose(rule, theirs, ours, key.split()[0])

    def by_parts(self) -> None:
        """P3: one payment for several entries, or several for one, that name the same reference and come to the same in one way only."""
        for line in list(self._lines.values()):
            self._all_named(line)
        lines = _by(self._lines.values(), lambda line: (*line.references, *line.numbers))
        entries = _by(self._entries.values(), lambda entry: (*entry.references, *entry.numbers))
        for number in sorted(lines.keys() & entries.keys()):
            theirs = [line for line in lines[number] if line.key in self._lines]
            ours = [entry for entry in entries[number] if entry.key in self._entries]
            if not theirs or not ours or len(theirs) + len(ours) < 3:
                continue
            if 1 in (len(theirs), len(ours)) and _sum(theirs) == _sum(ours) and _one_sign(theirs, ours):
                if _near(theirs, ours, _REFERENCE):
                    self._propose("P3", theirs, ours, number)
                continue
            for entry in ours:
                if (parts := _cover(entry, theirs, _REFERENCE)) is not None:
                    self._propose("P3", parts, [entry], number)
            for line in theirs:
                if line.key in self._lines and (legs := _cover(line, ours, _REFERENCE)) is not None:
                    self._propose("P3", [line], legs, number)

    def _all_named(self, line: BankSide) -> None:
        """A payment that names several things: one free entry of each, if they come to it in one way only."""
        if not 2 <= len(line.references) <= _LEGS:
            return
        free = [
            [e for e in self._of_reference.get(number, ()) if e.key in self._entries and _near([line], [e], _REFERENCE)]
            for number in sorted(line.references)
        ]
        if any(not 1 <= len(choice) <= _LEGS for choice in free):
            return
        ways = [some for some in product(*free) if _sum(some) == line.fen and _one_sign([line], some)]
        if len(ways) == 1:
            self._propose("P3", [line], ways[0], " ".join(sorted(line.references)))

    def by_amount(self) -> None:
        """P4: the amount, the institution on the other side and the day, with no second that could be meant on either side."""
        lines = _by(self._nameless(), lambda line: ((line.party, line.fen),))
        entries = _by(self._entries.values(), lambda entry: ((entry.party, entry.fen),))
        for key in sorted((key for key in lines.keys() & entries.keys() if key[0] is not None), key=str):
            for line in lines[key]:
                ours = [entry for entry in entries[key] if abs((line.day - entry.day).days) <= _COVER]
                if len(ours) != 1 or abs((line.day - ours[0].day).days) > _AMOUNT:
                    continue
                theirs = [other for other in lines[key] if abs((other.day - ours[0].day).days) <= _COVER]
                if len(theirs) == 1:
                    self._propose("P4", theirs, ours, f"{key[0]} {line.day}")

    def by_cover(self) -> None:
        """P5: the only set of two to four that comes to the amount, all of one institution and within a week.

        Parts come on one day, and payments that are gathered are of half a week.         A set of which anything has its own amount on the other side is left to people.
        """
        lines, entries = self._nameless(), [entry for entry in self._entries.values() if entry.party is not None]
        paid, owed = {(line.party, line.fen) for line in lines}, {(entry.party, entry.fen) for entry in entries}
        ours, theirs = _by(entries, lambda entry: (entry.party,)), _by(lines, lambda line: (line.party,))
        found = list[tuple[Sequence[BankSide], Sequence[BookSide]]]()
        for line in lines:
            if (legs := _cover(line, ours.get(line.party, ()), _COVER)) is not None:
                found.append(([line], legs))
        for entry in entries:
            if (parts := _cover(entry, theirs.get(entry.party, ()), _COVER)) is not None:
                found.append((parts, [entry]))
        used = Counter(key for bank, books in found for key in _keys(bank, books))
        for bank, books in found:
            alone = not any((line.party, line.fen) in owed for line in bank) and not any(
                (entry.party, entry.fen) in paid for entry in books
            )
            together = _near(bank, (), 0) and _near((), books, _GATHERED)
            if alone and together and all(used[key] == 1 for key in _keys(bank, books)):
                self._propose("P5", bank, books, f"{bank[0].party} {bank[0].day}")

    def by_fee(self) -> None:
        """P6: the one line and the one entry of a reference that differ by a small fee; the fee is left over, to be recorded."""
        lines = _by(self._lines.values(), lambda line: (*line.numbers, *line.references))
        entries = _by(self._entries.values(), lambda entry: (*entry.numbers, *entry.references))
        for number in sorted(lines.keys() & entries.keys()):
            theirs = [line for line in lines[number] if line.key in self._lines]
            ours = [entry for entry in entries[number] if entry.key in self._entries]
            if len(theirs) != 1 or len(ours) != 1 or not _one_sign(theirs, ours) or not _near(theirs, ours, _NUMBER):
                continue
            fee = ours[0].fen - theirs[0].fen
            if 100 <= fee <= _FEE_MOST and fee * _FEE_SHARE <= abs(ours[0].fen):
                self._propose("P6", theirs, ours, number, -fee)

    def _nameless(self) -> list[BankSide]:
        """Lines that say nothing of what they are for, from a known institution."""
        return [
            line
            for line in self._lines.values()
            if line.party is not None and not line.references and line.kind is None
        ]


def _by(
    sides: Iterable[BankSide] | Iterable[BookSide],
    keys: Callable[..., Iterable[Hashable]],
    wanted: Collection[Hashable] | None = None,
) -> dict[Any, list[Any]]:
    """The sides by their keys, or by those that are wanted."""
    found: dict[Any, list[Any]] = {}
    for side in sides:
        for key in keys(side):
            if wanted is None or key in wanted:
                if key in found:
                    found[key].append(side)
                else:
                    found[key] = [side]
    return found


def _sum(sides: Sequence[BankSide] | Sequence[BookSide]) -> Fen:
    return sum(side.fen for side in sides)


def _one_sign(theirs: Sequence[BankSide], ours: Sequence[BookSide]) -> bool:
    return len({side.fen > 0 for side in theirs} | {side.fen > 0 for side in ours}) == 1


def _near(theirs: Sequence[BankSide], ours: Sequence[BookSide], window: int) -> bool:
    days = [side.day for side in theirs] + [side.day for side in ours]
    return (max(days) - min(days)).days <= window


def _keys(theirs: Sequence[BankSide], ours: Sequence[BookSide]) -> list[str]:
    return [side.key for side in theirs] + [side.key for side in ours]


def _cover(side: BankSide | BookSide, others: Sequence[Any], window: int) -> list[Any] | None:
    """The only set of others, which are in the order of their days, that comes to the side's amount; None where there is none, or more than one."""
    start = bisect_left(others, side.day - timedelta(days=window), key=_day)
    end = bisect_right(others, side.day + timedelta(days=window), key=_day)
    if not 2 <= end - start <= _MANY:
        return None
    choice = [o for o in others[start:end] if abs(o.fen) < abs(side.fen) and (o.fen > 0) == (side.fen > 0)]
    if not 2 <= len(choice) <= _CHOICE:
        return None
    sets = _sets(choice, side.fen)
    first = next(sets, None)
    return None if first is None or next(sets, None) is not None else first


def _day(side: BankSide | BookSide) -> date:
    return side.day


def _sets(choice: Sequence[Any], fen: Fen) -> Iterator[list[Any]]:
    for legs in range(2, _LEGS + 1):
        for some in combinations(choice, legs):
            if sum(side.fen for side in some) == fen:
                yield list(some)
