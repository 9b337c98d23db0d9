"""Money is whole fen; reading is strict, dividing gives every fen away."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.money import LARGEST, Fen, parse_yuan, shared, yuan

AMOUNTS = st.integers(0, LARGEST - 1)
WEIGHTS = st.lists(st.integers(0, 1000), min_size=1, max_size=6).filter(any)
JINING, TIES = [9, 30, 61], [1, 2, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300000", 30_000_000),
        ("300000.5", 30_000_050),
        ("0.01", 1),
        ("0", 0),
        ("-0.00", 0),
        ("9999999999999.99", LARGEST - 1),
    ],
)
def test_an_amount_has_none_one_or_two_decimals(text: str, expected: Fen) -> None:
    assert parse_yuan(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1.", ".5", "1.234", "0.001", "1e5", "1E5", "NaN", "nan", "Infinity", "inf", "１００", "1０0", "٣", "1,000.00",
        "1_000", "1 000", "+5", "--5", "-", "007", "1.0.0", "¥5", "5元", "0x10", "1\n", "\n1", "1\x00", "\x1b[31m1", "1\u200b",
        "10000000000000.00", "9" * 400, "1\u00a0000", "１.００", "1．00", "½",
    ],
)  # fmt: skip
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_yuan(text, field="amount")
    assert refused.value.field == "amount"


@pytest.mark.parametrize("text", ["\x1b[2Jrm", "1\x00", "9\u202e1", "x" * 500])
def test_what_is_refused_is_shown_short_and_harmless(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_yuan(text)
    said = str(refused.value)
    assert said.isascii() and said.isprintable()
    assert len(said) < 150


def test_a_negative_amount_is_read_only_where_one_is_asked_for() -> None:
    with pytest.raises(InvalidInput, match="negative"):
        parse_yuan("-0.01")
    assert parse_yuan("-0.01", negative=True) == -1


@pytest.mark.parametrize("text", ["0", "0.00", "-0"])
def test_nothing_is_no_amount_where_something_is_asked_for(text: str) -> None:
    with pytest.raises(InvalidInput, match="nothing; give an amount of more than"):
        parse_yuan(text, zero=False)
    assert parse_yuan(text) == 0


@given(AMOUNTS, st.booleans())
def test_what_is_written_is_read_back(fen: Fen, negative: bool) -> None:
    signed = -fen if negative else fen
    assert parse_yuan(yuan(signed), negative=True) == signed


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        fen = parse_yuan(text)
    except InvalidInput:
        return
    assert 0 <= fen < LARGEST
    assert Fraction(text) == Fraction(fen, 100)


@given(st.integers(-LARGEST, LARGEST), WEIGHTS)
def test_every_fen_is_given_away_and_no_share_is_off_by_a_fen(fen: Fen, weights: list[int]) -> None:
    shares = shared(fen, weights, range(len(weights)))
    assert sum(shares) == fen
    assert all(abs(s - Fraction(fen * w, sum(weights))) < 1 for s, w in zip(shares, weights, strict=True))


@given(st.integers(0, LARGEST), WEIGHTS)
def test_a_negative_amount_is_divided_as_the_mirror_of_the_positive(fen: Fen, weights: list[int]) -> None:
    order = range(len(weights))
    assert shared(-fen, weights, order) == [-share for share in shared(fen, weights, order)]


@given(AMOUNTS, WEIGHTS)
def test_who_bears_nothing_gets_nothing(fen: Fen, weights: list[int]) -> None:
    shares = shared(fen, weights, range(len(weights)))
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if not weight)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
@pytest.mark.parametrize("left", [1, 2])
def test_among_equal_remainders_the_order_decides(order: list[int], left: int) -> None:
    shares = shared(300 + left, [1, 1, 1], order)
    assert [index for index in range(3) if shares[index] == 101] == sorted(order[:left])


def test_a_larger_remainder_comes_before_the_order() -> None:
    assert shared(1, [1, 2], [0, 1]) == [0, 1]


@pytest.mark.parametrize(
    ("amount", "fund", "bank", "guarantor"),
    [
        ("300000.00", "27000.00", "90000.00", "183000.00"),
        ("187333.37", "16860.00", "56200.01", "114273.36"),
        ("190404.48", "17136.40", "57121.35", "116146.73"),
        ("62345.36", "5611.08", "18703.61", "38030.67"),
        ("0.01", "0.00", "0.00", "0.01"),
        ("0.00", "0.00", "0.00", "0.00"),
    ],
)
def test_nine_thirty_sixty_one_as_worked_out_on_paper(amount: str, fund: str, bank: str, guarantor: str) -> None:
    assert [yuan(share) for share in shared(parse_yuan(amount), JINING, TIES)] == [fund, bank, guarantor]
