"""An actor is a role, a pseudonym, an institution and a region, and may do what the role may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import LOCAL_OPERATOR, Actor, parse_actor
from domain.errors import InvalidInput, NotPermitted

NAMES = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters=":@/"), min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("teller", ("teller", "teller", "local", "local")),
        ("teller:li-4", ("li-4", "teller", "local", "local")),
        ("teller@jining_rcb", ("teller", "teller", "jining_rcb", "local")),
        ("bank_officer:li-4@jining_rcb/rencheng", ("li-4", "bank_officer", "jining_rcb", "rencheng")),
        ("clerk:李四@人社局/任城", ("李四", "clerk", "人社局", "任城")),
    ],
)
def test_what_is_left_out_is_the_role_or_local(text: str, expected: tuple[str, str, str, str]) -> None:
    actor = parse_actor(text)
    assert (actor.subject, actor.role, actor.institution, actor.region) == expected


@given(NAMES, NAMES, NAMES)
def test_any_names_without_separators_are_read_as_given(subject: str, institution: str, region: str) -> None:
    actor = parse_actor(f"clerk:{subject}@{institution}/{region}")
    assert (actor.subject, actor.institution, actor.region) == (subject, institution, region)


@pytest.mark.parametrize(
    "text",
    ["", "Teller", "9teller", "teller:", "teller@", "teller/", "teller:a b", "teller:a\n", "teller\x00", "teller:a@b@c", "teller/a@b", "t" * 33, "teller:" + "x" * 65],
)  # fmt: skip
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_actor(text)
    assert str(refused.value).isprintable()


def test_only_the_roles_named_may_act() -> None:
    clerk = Actor(subject="a", role="clerk", institution="b", region="c")
    clerk.must_be("clerk", "operator", action="register")
    with pytest.raises(NotPermitted, match="register"):
        clerk.must_be("operator", action="register")
    LOCAL_OPERATOR.must_be("operator", action="import")
