"""Matching: each pass by a case of its own, never where something else could be meant, and whatever the order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.demo.statements import Drawn, book_side, draw, score, synthetic, weighted
from domain.reconciliation.breaks import explained
from domain.reconciliation.matching import BankSide, BookSide, Match, Matching, match_up

DAY = date(2025, 3, 10)
UNTIL = date(2026, 1, 5)


def line(key: str, fen: int, *numbers: str, days: int = 0, of: Sequence[str] = (), **more: Any) -> BankSide:
    return BankSide(key, DAY + timedelta(days=days), fen, frozenset(numbers), frozenset(of), **more)


def entry(
    key: str, fen: int, *numbers: str, days: int = 0, of: Sequence[str] = (), party: str | None = None
) -> BookSide:
    return BookSide(key, DAY + timedelta(days=days), fen, frozenset(numbers), frozenset(of), party)


def said(
    lines: Sequence[BankSide], entries: Sequence[BookSide], **more: Any
) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(match.rule, match.lines, match.entries) for match in match_up(lines, entries, **more).matches]


def classes(
    lines: Sequence[BankSide], entries: Sequence[BookSide], until: date = UNTIL, elsewhere: Any = ()
) -> dict[str, int]:
    """The breaks' classes and amounts."""
    matching = match_up(lines, entries)
    by_key = {one.key: one for one in lines}, {one.key: one for one in entries}
    found = explained(matching, *by_key, elsewhere, until)
    assert sum(one.fen for one in found) == sum(one.fen for one in lines) - sum(one.fen for one in entries)
    assert all(
        one.evidence or one.kind in ("UNKNOWN_BANK", "MISSING_IN_BANK", "TIMING_IN_TRANSIT", "AMBIGUOUS")
        for one in found
    )
    return {one.kind: one.fen for one in found}


def test_the_bank_s_number_and_the_amount() -> None:
    assert said([line("a", 100, "B1", days=20)], [entry("1", 100, "B1")]) == [("P1", ("a",), ("1",))]
    assert not said([line("a", 101, "B1")], [entry("1", 100, "B1")])
    assert not said([line("a", 100, "B1", days=32)], [entry("1", 100, "B1")])


def test_a_line_that_names_something_else_of_the_books_is_not_taken() -> None:
    entries = [entry("1", 100, "B1", of=["C1"]), entry("2", 700, "B2", of=["C2"])]
    assert not said([line("a", 100, "B1", of=["C2"])], entries)
    assert said([line("a", 100, "B1", of=["C9"])], entries) == [("P1", ("a",), ("1",))]


def test_what_it_is_for_and_the_amount() -> None:
    assert said([line("a", 100, of=["C1"], days=3)], [entry("1", 100, "B1", of=["C1"])]) == [("P2", ("a",), ("1",))]
    twice = [entry("1", 100, "B1", of=["C1"]), entry("2", 100, "B2", of=["C1"])]
    assert not said([line("a", 100, of=["C1"])], twice), "it could be either"
    both = [line("a", 100, of=["C1"]), line("b", 100, of=["C1"], days=1)]
    assert said(both, twice) == [("P2", ("a", "b"), ("1", "2"))], (
        "all of them together, none with another in particular"
    )


def test_what_was_sent_or_recorded_twice_counts_once() -> None:
    sent = [line("a", 100, "B1"), line("b", 100, "B1")]
    assert said(sent, [entry("1", 100, "B1")]) == [("P1", ("a",), ("1",))]
    assert classes(sent, [entry("1", 100, "B1")]) == {"DUPLICATE_BANK": 100}
    recorded = [entry("1", 100, of=["C1"]), entry("2", 100, of=["C1"])]
    assert classes([line("a", 100, of=["C1"])], recorded) == {"DUPLICATE_LEDGER": -100}


def test_parts_of_one_and_one_of_parts() -> None:
    parts = [line("a", 30, of=["C1"]), line("b", 70, of=["C1"], days=2)]
    assert said(parts, [entry("1", 100, "B", of=["C1"])]) == [("P3", ("a", "b"), ("1",))]
    gathered = line("a", 100, of=["C1", "C2"])
    assert said([gathered], [entry("1", 60, of=["C1"]), entry("2", 40, of=["C2"])]) == [("P3", ("a",), ("1", "2"))]
    assert not said([gathered], [entry("1", 60, of=["C1"]), entry("2", 41, of=["C2"])])
    assert not said([gathered], [entry("1", 60, of=["C1"]), entry("2", 60, of=["C1"]), entry("3", 40, of=["C2"])])
    others = [entry("1", 60, of=["C1"]), entry("2", 40, of=["C1"]), entry("3", 50, of=["C1"])]
    assert said([line("a", 100, of=["C1"])], others) == [("P3", ("a",), ("2", "1"))], "the only two of three"


def test_a_bare_amount_from_a_known_institution() -> None:
    bare = line("a", 100, party="guarantor", days=1)
    assert said([bare], [entry("1", 100, "B1", party="guarantor")]) == [("P4", ("a",), ("1",))]
    assert not said([bare], [entry("1", 100, "B1", party="bank")])
    assert not said([bare], [entry("1", 100, party="guarantor"), entry("2", 100, party="guarantor", days=6)])
    assert not said([bare, line("b", 100, party="guarantor", days=7)], [entry("1", 100, party="guarantor")])
    assert not said([line("a", 100, party="guarantor", of=["C9"])], [entry("1", 100, party="guarantor")]), (
        "it names another"
    )


def test_the_only_covering_set() -> None:
    entries = [entry("1", 60, party="bank"), entry("2", 40, party="bank", days=1), entry("3", 33, party="bank")]
    assert said([line("a", 100, party="bank", days=2)], entries) == [("P5", ("a",), ("1", "2"))]
    other_way = [*entries, entry("4", 67, party="bank")]
    assert not said([line("a", 100, party="bank", days=2)], other_way), "67 and 33 come to it, too"


def test_a_small_fee_is_left_over_as_a_break() -> None:
    lines, entries = [line("a", 99_900, of=["C1"])], [entry("1", 100_000, of=["C1"])]
    (match,) = match_up(lines, entries).matches
    assert (match.rule, match.fen) == ("P6", -100)
    assert classes(lines, entries) == {"FEE": -100}
    assert classes([line("a", 98_900, of=["C1"])], entries) == {"SPLIT_PARTIAL": -1100}, "more than a hundredth"


def test_what_the_bank_took_back_itself() -> None:
    lines = [
        line("a", 100, "B1"),
        line("b", -100, "B1", reversal=True, days=1),
        line("c", 100, "B2", of=["C1"], days=2),
    ]
    assert said(lines, [entry("1", 100, "B9", of=["C1"])]) == [("reversal", ("a", "b"), ()), ("P2", ("c",), ("1",))]
    two = [line("a", 100, of=["C1"]), line("b", 100, of=["C1"]), line("c", -100, of=["C1"], reversal=True)]
    assert not said(two, [entry("1", 100, of=["C1"])]), "one of two was taken back, and nobody says which"


@pytest.mark.parametrize(
    ("bank", "books", "expected"),
    [
        (line("a", 100), None, {"UNKNOWN_BANK": 100}),
        (line("a", 100, kind="interest"), None, {"INTEREST": 100}),
        (line("a", -500, kind="fee"), None, {"FEE": -500}),
        (line("a", -100, reversal=True), None, {"REVERSED": -100}),
        (None, entry("1", 100), {"MISSING_IN_BANK": -100}),
        (None, entry("1", 100, days=295), {"TIMING_IN_TRANSIT": -100}),
        (line("a", 1100, of=["C1"]), entry("1", 1000, of=["C1"]), {"AMOUNT_DIFF": 100}),
        (line("a", 1001, of=["C1"]), entry("1", 1000, of=["C1"]), {"CLAIM_SHARE_DIFF": 1}),
        (line("a", 600, of=["C1"]), entry("1", 1000, of=["C1"]), {"SPLIT_PARTIAL": -400}),
        (line("a", 100, of=["RF00BROKEN"]), entry("1", 100, of=["C1"]), {"WRONG_REF": 100, "MISSING_IN_BANK": -100}),
        (line("a", 100, "ELSEWHERE"), None, {"WRONG_ACCOUNT": 100}),
    ],
)
def test_every_difference_has_its_class(
    bank: BankSide | None, books: BookSide | None, expected: dict[str, int]
) -> None:
    lines, entries = [bank] if bank else [], [books] if books else []
    assert classes(lines, entries, elsewhere={("ELSEWHERE", 100)}) == expected


def test_people_come_first_and_what_they_keep_apart_stays_apart() -> None:
    lines, entries = [line("a", 100, "B1"), line("b", 100)], [entry("1", 100, "B1")]
    manual = [Match("manual", ("b",), ("1",), "Zhao")]
    assert said(lines, entries, manual=manual) == [("manual", ("b",), ("1",))]
    assert not said(lines, entries, apart={(frozenset("a"), frozenset("1"))})


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_changes_nothing(seed: int, shuffler: Random) -> None:
    lines, entries, _ = statement(120, seed)
    before = match_up(lines, entries)
    shuffler.shuffle(lines)
    shuffler.shuffle(entries)
    assert match_up(lines, entries) == before
    taken = [key for match in before.matches for key in (*match.lines, *match.entries)]
    assert len(taken) == len(set(taken)), "each is taken once"
    assert len(taken) + len(before.lines) + len(before.entries) == len(lines) + len(entries)


def statement(count: int, seed: int) -> tuple[list[BankSide], list[BookSide], dict[str, Drawn]]:
    """A labelled statement: its lines, the entries, and the truth by the line's key."""
    chance = Random(seed)
    owed = synthetic(count, chance)
    drawn = draw(owed, UNTIL, chance, weighted(chance))
    truth = {f"L{at:06d}": one for at, one in enumerate(drawn) if one.defect != "wrong_account"}
    return [one.side(key) for key, one in truth.items()], [book_side(one) for one in owed], truth


def test_nothing_false_is_matched_and_hardly_anything_is_missed() -> None:
    found = wanted = 0
    for seed in range(12):
        lines, entries, truth = statement(1500, seed)
        scored = score(match_up(lines, entries).matches, truth)
        assert scored.false == 0, seed
        found, wanted = found + scored.found, wanted + scored.determinable
    assert wanted > 12_000 and found / wanted >= 0.97, (found, wanted)


def test_the_labels_find_a_matcher_out_that_is_not_careful() -> None:
    lines, entries, truth = statement(1500, 1)
    by_amount = {entry.fen: entry.key for entry in entries}
    careless = [Match("P4", (one.key,), (by_amount[one.fen],), "") for one in lines if one.fen in by_amount]
    assert score(careless, truth).false > 10
    assert score([], truth).found == 0


def test_every_class_comes_up_in_a_statement_with_every_defect() -> None:
    lines, entries, _ = statement(3000, 4)
    matching: Matching = match_up(lines, entries)
    by_key = {one.key: one for one in lines}, {one.key: one for one in entries}
    found = explained(matching, *by_key, (), UNTIL)
    assert sum(one.fen for one in found) == sum(one.fen for one in lines) - sum(one.fen for one in entries)
    assert {one.kind for one in found} >= {
        "MISSING_IN_BANK", "UNKNOWN_BANK", "AMOUNT_DIFF", "SPLIT_PARTIAL", "CLAIM_SHARE_DIFF", "DUPLICATE_BANK", "DUPLICATE_LEDGER",
        "WRONG_REF", "REVERSED", "FEE", "INTEREST", "AMBIGUOUS",
    }  # fmt: skip
