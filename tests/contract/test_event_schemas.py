"""Facts are for ever: the published shapes only grow, and each way of shrinking is noticed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from domain.facts import TOPICS
from domain.schemas import event_schemas, shrunk
from tests.contract.publishing import SNAPSHOT, rendered


def test_the_snapshot_is_what_the_facts_say() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == rendered()


def test_the_same_shapes_have_not_shrunk() -> None:
    assert shrunk(event_schemas(), event_schemas()) == []


def test_a_new_topic_and_a_new_field_are_growth() -> None:
    old = event_schemas()
    del old["loan.settled"], old["loan.repaid"]["properties"]["stated"]
    assert shrunk(old, event_schemas()) == []


def _without_topic(schemas: dict[str, Any]) -> None:
    del schemas["loan.repaid"]


def _without_field(schemas: dict[str, Any]) -> None:
    del schemas["loan.repaid"]["properties"]["amount_fen"]


def _other_type(schemas: dict[str, Any]) -> None:
    schemas["loan.repaid"]["properties"]["amount_fen"]["type"] = "string"


def _without_nested_field(schemas: dict[str, Any]) -> None:
    del schemas["loan.repaid"]["$defs"]["BalanceChange"]["properties"]["party"]


def _without_value(schemas: dict[str, Any]) -> None:
    schemas["loan.repaid"]["$defs"]["Balance"]["enum"].remove("interest")


def _older(schemas: dict[str, Any]) -> None:
    schemas["loan.repaid"]["x-version"] = 0


@pytest.mark.parametrize(
    "shrink", [_without_topic, _without_field, _other_type, _without_nested_field, _without_value, _older]
)
def test_shrinking_is_noticed(shrink: Any) -> None:
    changed = copy.deepcopy(event_schemas())
    shrink(changed)
    assert shrunk(event_schemas(), changed) != []


def test_a_shape_with_a_higher_version_has_every_upcast_to_it() -> None:
    for kind in TOPICS.values():
        for step in range(1, kind.class_version):
            assert callable(getattr(kind, f"upcast_v{step}_v{step + 1}", None)), f"{kind.TOPIC} lacks upcast {step}"
