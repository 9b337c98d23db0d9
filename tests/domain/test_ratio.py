"""A scheme divides a loss among its parties, and divides what comes later so that nothing drifts."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import Fen, yuan
from domain.ratio import Backer, PartyAmount, PartyShare, ShareScheme
from tests.domain.lending import SCHEME, fen

PARTS = st.lists(st.integers(-(10**9), 10**10), min_size=1, max_size=24)


def _scheme(weights: dict[str, int], order: tuple[str, ...]) -> ShareScheme:
    parties = tuple(PartyShare(party=name, weight=weight) for name, weight in weights.items())
    return ShareScheme(name="test", parties=parties, tie_order=order)


def _shown(amounts: tuple[PartyAmount, ...]) -> dict[str, str]:
    return {amount.party: yuan(amount.fen) for amount in amounts}


@given(PARTS)
def test_what_is_divided_further_never_drifts(parts: list[Fen]) -> None:
    """Whatever the parts, all that a party got is its share of the whole."""
    got = {party.party: 0 for party in SCHEME.parties}
    for already, part in zip([0, *accumulate(parts)], parts, strict=False):
        further = SCHEME.divide_further(already, part)
        assert sum(amount.fen for amount in further) == part
        for amount in further:
            got[amount.party] += amount.fen
    assert got == {amount.party: amount.fen for amount in SCHEME.divide(sum(parts))}


def test_twenty_four_recoveries_of_333_33_do_not_move_a_fen() -> None:
    steps = [SCHEME.divide_further(33333 * number, 33333) for number in range(24)]
    totals = {party: sum(a.fen for step in steps for a in step if a.party == party) for party in SCHEME.tie_order}
    assert totals == {"fund": 71999, "bank": 239998, "guarantor": 487995}


def test_a_recovery_is_split_on_the_cumulative_amount() -> None:
    first = SCHEME.divide_further(0, fen("50000.07"))
    assert _shown(first) == {"fund": "4500.01", "bank": "15000.02", "guarantor": "30500.04"}
    second = SCHEME.divide_further(fen("50000.07"), fen("12345.29"))
    assert _shown(second) == {"fund": "1111.07", "bank": "3703.59", "guarantor": "7530.63"}


def test_what_is_taken_back_is_the_mirror_of_what_was_given() -> None:
    given_out, taken = SCHEME.divide_further(100, 12345), SCHEME.divide_further(12445, -12345)
    assert [a.fen for a in taken] == [-a.fen for a in given_out]


def test_ties_go_to_the_bank_then_to_the_guarantor_then_to_the_fund() -> None:
    equal = {"fund": 1, "bank": 1, "guarantor": 1}
    assert _shown(_scheme(equal, SCHEME.tie_order).divide(1))["bank"] == "0.01"
    assert _shown(_scheme(equal, SCHEME.tie_order).divide(2))["guarantor"] == "0.01"
    assert _shown(_scheme(equal, ("fund", "bank", "guarantor")).divide(1))["fund"] == "0.01"


def test_who_is_not_in_the_scheme_bears_nothing() -> None:
    assert SCHEME.part("fund", 30_000_000) == 2_700_000
    assert SCHEME.part("province", 30_000_000) == 0


@pytest.mark.parametrize(
    ("weights", "order"),
    [
        ({"fund": 9, "bank": 91}, ("fund",)),
        ({"fund": 9, "bank": 91}, ("fund", "fund")),
        ({"fund": 9, "bank": 91}, ("fund", "bank", "guarantor")),
        ({"fund": 0, "bank": 0}, ("fund", "bank")),
        ({"fund": -9, "bank": 109}, ("fund", "bank")),
        ({}, ()),
    ],
)
def test_a_scheme_that_leaves_a_fen_without_owner_is_none(weights: dict[str, int], order: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        _scheme(weights, order)


def test_a_party_stands_in_a_scheme_once() -> None:
    twice = (PartyShare(party="fund", weight=1), PartyShare(party="fund", weight=1))
    with pytest.raises(ValidationError):
        ShareScheme(name="test", parties=twice, tie_order=("fund", "fund"))


def test_who_stands_behind_a_party_bears_a_part_of_its_share() -> None:
    """再担保 behind the 61 %: the province 40 %, the national fund 20 %, the rest is the company's own."""
    behind = (Backer(institution="province", percent=40), Backer(institution="national", percent=20))
    company = PartyShare(party="guarantor", institution="g", weight=61, behind=behind)
    assert company.borne_behind(11_614_673) == {"province": 4_645_869, "national": 2_322_935}
    assert company.borne_behind(0) == {"province": 0, "national": 0}
    assert PartyShare(party="guarantor", weight=61).borne_behind(100) == {}
