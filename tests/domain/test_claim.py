"""A loss is shared by the scheme that the loan pinned, to the fen, and so is what comes back of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.compensation.claim import Claim
from domain.compensation.events import RecoveryReceived
from domain.errors import DatedInFuture, InvalidInput
from domain.money import Fen, yuan
from tests.domain.lending import NOW, SCHEME, body, fen, paid_out, pending, refuses, signed, told_by

LOST, BACK, AGAIN = date(2025, 1, 10), date(2025, 3, 1), date(2025, 6, 1)


def _claim(covered: str = "190404.48") -> Claim:
    claim = Claim.of_charge_off(paid_out(covered), "C-1", fen(covered), LOST, NOW)
    claim.collect_events()
    return claim


def _recover(claim: Claim, gross: str, cost: str = "0.00", day: date = BACK) -> None:
    claim.recover(NOW, gross=fen(gross), cost=fen(cost), value_date=day)


def _recoveries(claim: Claim) -> list[RecoveryReceived]:
    return [fact for fact in pending(claim) if isinstance(fact, RecoveryReceived)]


def test_a_charge_off_opens_the_claim_and_every_party_bears_its_share() -> None:
    claim = Claim.of_charge_off(paid_out("190404.48"), "C-1", fen("190404.48"), LOST, NOW)
    assert told_by(claim) == [("claim.recorded", LOST), *[("claim.share_paid", LOST)] * 3]
    borne = {fact["party"]: (fact["institution"], yuan(fact["amount_fen"])) for fact in map(body, pending(claim)[1:])}
    assert borne == {
        "fund": ("jining_fund", "17136.40"),
        "bank": ("jining_rcb", "57121.35"),
        "guarantor": ("jining_guarantee", "116146.73"),
    }
    assert claim.id == Claim.create_id("C-1")
    assert "county:rencheng" in pending(claim)[0].scopes


def test_a_loan_that_pinned_no_scheme_has_no_claim() -> None:
    with pytest.raises(AssertionError, match="guarantee"):
        Claim.of_charge_off(signed(share_scheme=None), "C-1", 1, LOST, NOW)


def test_recoveries_are_split_on_the_cumulative_net_after_costs() -> None:
    claim = _claim()
    _recover(claim, "51260.07", "1260.00")
    _recover(claim, "12345.29", day=AGAIN)
    split = [{share.party: yuan(share.fen) for share in fact.shares} for fact in _recoveries(claim)]
    assert split == [
        {"fund": "4500.01", "bank": "15000.02", "guarantor": "30500.04"},
        {"fund": "1111.07", "bank": "3703.59", "guarantor": "7530.63"},
    ]
    assert [fact.net_before_fen for fact in _recoveries(claim)] == [0, 5_000_007]
    assert claim.state()["recovered"] == {"fund": "5611.08", "bank": "18703.61", "guarantor": "38030.67"}
    assert claim.state(BACK)["recovered"] == {"fund": "4500.01", "bank": "15000.02", "guarantor": "30500.04"}
    assert claim.state(LOST)["paid"] == {"fund": "17136.40", "bank": "57121.35", "guarantor": "116146.73"}
    assert claim.state(date(2025, 1, 9))["paid"] == {"fund": "0.00", "bank": "0.00", "guarantor": "0.00"}


@given(st.lists(st.tuples(st.integers(1, 2_000_000), st.integers(0, 1000)), max_size=9))
def test_whatever_comes_back_each_party_has_its_share_of_the_whole(parts: list[tuple[Fen, Fen]]) -> None:
    claim = _claim()
    for net, cost in parts:
        claim.recover(NOW, gross=net + cost, cost=cost, value_date=BACK)
    whole = sum(net for net, _ in parts)
    assert claim.recovered == whole
    assert claim.state()["recovered"] == {share.party: yuan(share.fen) for share in SCHEME.divide(whole)}


def test_what_comes_in_beyond_the_loss_is_the_borrower_s() -> None:
    claim = _claim("100.00")
    _recover(claim, "60.00")
    _recover(claim, "45.00", "5.00")
    _recover(claim, "0.01")
    assert [fact.refundable_fen for fact in _recoveries(claim)] == [0, 0, 1]
    state = claim.state()
    assert (state["recovered"], state["refundable"]) == (state["paid"], "0.01")
    assert set(state["outstanding"].values()) == {"0.00"}


@pytest.mark.parametrize(("gross", "cost"), [("0.00", "0.00"), ("-1.00", "0.00"), ("1.00", "1.01"), ("1.00", "-0.01")])
def test_a_recovery_meets_its_costs(gross: str, cost: str) -> None:
    claim = _claim()
    refuses(claim, InvalidInput, lambda: _recover(claim, gross, cost))


def test_costs_may_eat_a_recovery_up() -> None:
    claim = _claim()
    _recover(claim, "5.00", "5.00")
    assert claim.recovered == 0


def test_no_recovery_is_dated_tomorrow() -> None:
    claim = _claim()
    refuses(claim, DatedInFuture, lambda: _recover(claim, "1.00", day=date(2026, 7, 1)))


def test_nothing_is_recovered_before_it_was_lost() -> None:
    claim = _claim()
    with pytest.raises(InvalidInput):
        _recover(claim, "1.00", day=date(2025, 1, 9))
