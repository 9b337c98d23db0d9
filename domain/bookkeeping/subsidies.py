"""The books of a subsidy batch 贴息账: what is granted, owed by the levels, paid, clawed back and collected, loan by loan, as its facts come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from domain.bookkeeping.posting import Line, Place, pair
from domain.facts import Fact
from domain.money import Fen
from domain.subsidy import events
from domain.subsidy.lines import LevelAmount, SubsidyLine


class SubsidyBook:
    """One batch on its way; told its facts in order, it gives the lines of each."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], SubsidyLine] = {}
        self._left_out: set[tuple[str, str]] = set()

    def post(self, fact: Fact, place: Place) -> list[Line]:
        """The lines of its next fact; `place` is at the bank that lent."""
        return [*self._post(fact, place)]

    def _post(self, fact: Fact, place: Place) -> Iterator[Line]:
        match fact:
            case events.SubsidyCalculated():
                self._lines.update({line.key: line for line in fact.lines})
                self._left_out -= {line.key for line in fact.lines}
            case events.LineDisputeSettled() if fact.outcome == "left_out":
                self._left_out.add((fact.loan_no, fact.quarter))
            case events.BatchApproved() if fact.office == "finance":
                for key, line in self._lines.items():
                    if key not in self._left_out:
                        yield from self._granted(line, fact.value_date, place)
            case events.SubsidyPaid():
                for part in fact.lines:
                    at = self._at(place, part.loan_no, part.quarter)
                    yield Line("S2001", fact.value_date, part.fen, at, loan_no=part.loan_no)
                yield Line("S1001", fact.value_date, -fact.amount_fen, Place(place.fund, fact.bank))
            case events.SubsidyPaymentFailed():
                yield from self._cash("S2001", fact, place)
            case events.ClawbackRaised():
                at, cut = self._at(place, fact.loan_no, fact.quarter), fact.cut_fen
                yield from pair("S2001", "S5001", cut, fact.value_date, at, loan_no=fact.loan_no)
                yield from _levels("S4001", "S1101", fact.levels, fact.value_date, at, fact.loan_no)
                rest = fact.amount_fen - cut
                yield from pair("S1201", "S5001", rest, fact.value_date, at, loan_no=fact.loan_no)
            case events.ClawbackCollected():
                yield from self._cash("S1201", fact, place)
                at = self._at(place, fact.loan_no, fact.quarter)
                yield from _levels("S4001", "S2101", fact.levels, fact.value_date, at, fact.loan_no)
            case events.ClawbackWaived():
                at = self._at(place, fact.loan_no, fact.quarter)
                yield from pair("S5001", "S1201", fact.amount_fen, fact.value_date, at, loan_no=fact.loan_no)

    def _granted(self, line: SubsidyLine, day: date, place: Place) -> Iterator[Line]:
        at = Place(place.fund, place.bank, line.county)
        yield from pair("S5001", "S2001", line.amount_fen, day, at, loan_no=line.loan_no)
        yield from _levels("S1101", "S4001", line.levels, day, at, line.loan_no)

    def _cash(
        self, account: str, fact: events.SubsidyPaymentFailed | events.ClawbackCollected, place: Place
    ) -> Iterator[Line]:
        """Money that came to the account at the fact's bank, for a line."""
        at, fen = self._at(place, fact.loan_no, fact.quarter), fact.amount_fen
        yield Line("S1001", fact.value_date, fen, Place(place.fund, fact.bank))
        yield Line(account, fact.value_date, -fen, at, loan_no=fact.loan_no)

    def _at(self, place: Place, loan_no: str, quarter: str) -> Place:
        line = self._lines.get((loan_no, quarter))
        return Place(place.fund, place.bank, line.county if line else None)


def _levels(
    debit: str, credit: str, levels: Iterable[LevelAmount], day: date, at: Place, loan_no: str
) -> Iterator[Line]:
    """What each level owes or is owed stands with the level; only of a county it says which."""
    for one in levels:
        place = Place(at.fund, None, at.county if one.level == "county" else None)
        fen: Fen = one.fen
        yield from pair(debit, credit, fen, day, place, level=one.level, loan_no=loan_no)
