"""A partner may borrow as one while it is qualified, and what was signed stands when it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DatedInFuture, InvalidInput, Refusal
from domain.loan.loan import Loan
from domain.rural_partner import events, refusals
from domain.rural_partner.partner import RuralPartner
from tests.domain.lending import NOW, SIGNED, refuses, signed, told_by
from tests.domain.partnering import CLERK, QUALIFIED, RECRUITED, VERIFIER, person, qualified, recruited

LEFT = date(2025, 5, 1)
TOMORROW = NOW.today + timedelta(days=1)


def rural_loan(who: str = "li", product: str = "rural_partner") -> Loan:
    """Signed on SIGNED, a month after the qualification."""
    return signed(borrower=person(who).person, product=product)


def test_a_life_from_recruitment_to_leaving() -> None:
    partner = recruited("li", "wang")
    partner.qualify(NOW, actor=VERIFIER, value_date=QUALIFIED)
    partner.link_loan(NOW, loan=rural_loan("wang"), project_no="X-1", value_date=SIGNED)
    partner.disqualify(NOW, actor=VERIFIER, reason="evaluation of 2024", value_date=date(2025, 1, 5))
    partner.qualify(NOW, actor=VERIFIER, value_date=date(2025, 2, 1))
    partner.leave(NOW, reason="moved away", value_date=LEFT)
    assert told_by(partner) == [
        ("partner.qualified", QUALIFIED),
        ("partner.loan_linked", SIGNED),
        ("partner.disqualified", date(2025, 1, 5)),
        ("partner.qualified", date(2025, 2, 1)),
        ("partner.left", LEFT),
    ]
    assert partner.state() == {
        "partner_no": "P-1",
        "kind": "large_grower",
        "way": "found_industry",
        "county": "370831",
        "status": "left",
        "loans": ["JN-1"],
    }
    assert partner.scopes() == ("county:370831",)


@pytest.mark.parametrize(
    ("on", "status"),
    [
        (RECRUITED - timedelta(days=1), None),
        (RECRUITED, "recruited"),
        (QUALIFIED - timedelta(days=1), "recruited"),
        (QUALIFIED, "qualified"),
        (LEFT - timedelta(days=1), "qualified"),
        (LEFT, "left"),
        (None, "left"),
    ],
)
def test_it_is_qualified_from_the_day_of_qualification_until_it_leaves(on: date | None, status: str | None) -> None:
    partner = qualified()
    partner.leave(NOW, reason="moved away", value_date=LEFT)
    assert (partner.status(on), partner.is_qualified(on)) == (status, status == "qualified")
    assert partner.state(on)["status"] == status


def test_there_are_eight_kinds_and_five_ways() -> None:
    assert (len(get_args(events.Kind)), len(get_args(events.Way))) == (8, 5)


@pytest.mark.parametrize(
    ("refusal", "act"),
    [
        (refusals.AlreadyQualified, lambda p: p.qualify(NOW, actor=VERIFIER, value_date=LEFT)),
        (refusals.PartnerStepTooEarly, lambda p: p.leave(NOW, reason="r", value_date=QUALIFIED - timedelta(days=1))),
        (DatedInFuture, lambda p: p.leave(NOW, reason="r", value_date=TOMORROW)),
        (InvalidInput, lambda p: p.leave(NOW, reason="  ", value_date=LEFT)),
        (InvalidInput, lambda p: p.disqualify(NOW, actor=CLERK, reason="", value_date=LEFT)),
        (refusals.NotRuralLoan, lambda p: _link(p, rural_loan(product="talent"))),
        (refusals.NotPartnersLoan, lambda p: _link(p, rural_loan("somebody else"))),
        (refusals.NotPartnersLoan, lambda p: _link(p, signed(product="rural_partner"))),
        (InvalidInput, lambda p: _link(p, rural_loan(), SIGNED - timedelta(days=1))),
        (DatedInFuture, lambda p: _link(p, rural_loan(), TOMORROW)),
    ],
)
def test_what_a_qualified_partner_refuses(refusal: type[Refusal], act: Callable[[RuralPartner], Any]) -> None:
    partner = qualified()
    refuses(partner, refusal, lambda: act(partner))


def test_who_has_not_been_qualified_can_neither_borrow_nor_lose_it() -> None:
    partner = recruited()
    refuses(partner, refusals.NotQualified, lambda: _link(partner, rural_loan()))
    refuses(
        partner,
        refusals.NotQualified,
        lambda: partner.disqualify(NOW, actor=VERIFIER, reason="r", value_date=QUALIFIED),
    )


def test_qualified_the_day_after_the_contract_is_too_late_and_on_the_day_is_in_time() -> None:
    for days, allowed in ((0, True), (1, False)):
        partner = recruited()
        partner.qualify(NOW, actor=VERIFIER, value_date=SIGNED + timedelta(days=days))
        partner.collect_events()
        if allowed:
            _link(partner, rural_loan(), date(2024, 6, 1))
        else:
            refuses(partner, refusals.NotQualified, lambda p=partner: _link(p, rural_loan(), date(2024, 6, 1)))  # type: ignore[misc]


def test_a_loan_signed_before_the_partner_left_is_still_linked_afterwards() -> None:
    partner = qualified()
    partner.leave(NOW, reason="moved away", value_date=LEFT)
    _link(partner, rural_loan(), date(2025, 6, 1))
    assert partner.state()["loans"] == ["JN-1"]
    assert partner.state(date(2025, 5, 31))["loans"] == []


def test_nothing_more_is_decided_of_who_has_left() -> None:
    partner = qualified()
    partner.leave(NOW, reason="moved away", value_date=LEFT)
    partner.collect_events()
    for act in (
        lambda: partner.leave(NOW, reason="again", value_date=LEFT),
        lambda: partner.qualify(NOW, actor=VERIFIER, value_date=LEFT),
        lambda: partner.disqualify(NOW, actor=VERIFIER, reason="r", value_date=LEFT),
    ):
        refuses(partner, refusals.PartnerGone, act)


def test_a_partner_is_there_from_the_day_of_recruitment_to_the_day_before_it_leaves() -> None:
    partner = qualified()
    partner.leave(NOW, reason="moved away", value_date=LEFT)
    partner.must_be_there(RECRUITED)
    partner.must_be_there(LEFT - timedelta(days=1))
    with pytest.raises(refusals.PartnerGone):
        partner.must_be_there(LEFT)
    with pytest.raises(refusals.PartnerStepTooEarly):
        partner.must_be_there(RECRUITED - timedelta(days=1))


def test_nobody_is_named_twice_in_a_team() -> None:
    with pytest.raises(InvalidInput, match="twice"):
        recruited("li", "li")


def test_a_partner_is_somebody() -> None:
    who = {"kind": "expert", "way": "flexible_expertise", "county": "370831", "persons": ()}
    with pytest.raises(InvalidInput, match="nobody"):
        RuralPartner.recruit(NOW, partner_no="P-2", value_date=RECRUITED, **who)


def test_nobody_is_recruited_tomorrow() -> None:
    who = {"kind": "expert", "way": "flexible_expertise", "county": "370831", "persons": (person("li"),)}
    with pytest.raises(DatedInFuture):
        RuralPartner.recruit(NOW, partner_no="P-2", value_date=TOMORROW, **who)


STEPS = st.lists(st.tuples(st.sampled_from(["qualify", "disqualify", "leave"]), st.integers(0, 800)), max_size=12)


@given(steps=STEPS, asked=st.integers(-30, 900))
def test_whatever_is_tried_the_state_on_a_day_is_that_of_the_facts_dated_by_then(
    steps: list[tuple[str, int]], asked: int
) -> None:
    partner = recruited()
    for step, days in steps:
        day = RECRUITED + timedelta(days=days)
        try:
            match step:
                case "qualify":
                    partner.qualify(NOW, actor=VERIFIER, value_date=day)
                case "disqualify":
                    partner.disqualify(NOW, actor=VERIFIER, reason="r", value_date=day)
                case _:
                    partner.leave(NOW, reason="r", value_date=day)
        except Refusal:
            pass
    on = RECRUITED + timedelta(days=asked)
    told = ["partner.recruited", *(topic for topic, day in told_by(partner) if day <= on)]
    expected = None if asked < 0 else told[-1].removeprefix("partner.")
    assert partner.status(on) == expected


def _link(partner: RuralPartner, loan: Loan, day: date = SIGNED) -> None:
    partner.link_loan(NOW, loan=loan, project_no=None, value_date=day)
