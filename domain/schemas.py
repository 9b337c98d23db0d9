"""The published shapes of all facts: JSON Schemas of their stored bodies, by topic. What has been published only grows."""

from __future__ import annotations

from typing import Any

from domain.borrower import events as borrower
from domain.compensation import events as compensation
from domain.facts import ENVELOPE_FIELDS, TOPICS
from domain.guarantee_fund import events as guarantee_fund
from domain.loan import events as loan
from domain.loan_application import events as loan_application
from domain.policy import events as policy
from domain.reconciliation import events as reconciliation
from domain.rural_partner import events as rural_partner
from domain.subsidy import events as subsidy

KINDS = (loan, compensation, borrower, loan_application, policy, rural_partner, guarantee_fund, reconciliation, subsidy)
"""The modules that define facts; importing them makes every topic known."""


def event_schemas() -> dict[str, Any]:
    """For every topic the schema of its stored body; `x-version` is the version of its shape."""
    return {topic: _schema(topic) for topic in sorted(TOPICS)}


def _schema(topic: str) -> dict[str, Any]:
    kind = TOPICS[topic]
    schema = kind.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
    properties = {name: shape for name, shape in schema["properties"].items() if name not in ENVELOPE_FIELDS}
    required = [name for name in schema.get("required", ()) if name not in ENVELOPE_FIELDS]
    return {**schema, "x-version": kind.class_version, "properties": properties, "required": required}


def shrunk(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What of the old shapes the new ones no longer hold; nothing if they only grew.

    A topic, a field or a value that disappears, a field that takes another type: each is named. A shape whose version has risen has upcasts,
    and may differ.
    """
    lost = [f"{topic}: the topic has disappeared" for topic in old if topic not in new]
    for topic in old.keys() & new.keys():
        if new[topic]["x-version"] == old[topic]["x-version"]:
            lost += [f"{topic}: {problem}" for problem in _lost(old[topic], new[topic], "")]
        elif new[topic]["x-version"] < old[topic]["x-version"]:
            lost.append(f"{topic}: the version has fallen")
    return sorted(lost)


def _lost(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        lost = []
        for key, shape in old.items():
            if key in ("description", "title", "default", "x-version"):
                continue
            here = f"{path}/{key}"
            lost += [f"{here} has disappeared"] if key not in new else _lost(shape, new[key], here)
        return lost
    if isinstance(old, list) and isinstance(new, list):
        return [f"{path} no longer has {item}" for item in old if item not in new]
    return [] if old == new else [f"{path} was {old!r} and is {new!r}"]
