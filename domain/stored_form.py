"""The stored form of a fact: the bytes that are kept and hashed for ever, and the way back from them.

The body is `{"v":N, …}`: N is the shape's version, what follows is the fact without its envelope. A body of an older shape is
lifted by the fact's own upcasts before it is read.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from domain.facts import TOPICS, Fact


class Unreadable(ValueError):
    """Stored bytes that this program cannot read; says which fact they are."""


def encode(fact: Fact) -> bytes:
    """The body of a fact as it is stored and hashed."""
    body: bytes = fact.__pydantic_serializer__.to_json(fact)
    return _prefix(type(fact)) + body[1:]


def decode(stream: UUID, version: int, topic: str, state: bytes) -> Fact:
    """The fact that the bytes say. Raises Unreadable."""
    try:
        fact_class = TOPICS[topic]
        prefix = _prefix(fact_class)
        if state.startswith(prefix):
            body = state[len(prefix) :]
        else:
            body = json.dumps(_lifted(fact_class, json.loads(state))).encode()[1:]
        ids = b'{"originator_id":"%b","originator_version":%d,' % (str(stream).encode(), version)
        fact: Fact = fact_class.__pydantic_validator__.validate_json(ids + body)
    except Exception as problem:
        said = f"the stored fact {topic} (stream {stream}, version {version}) cannot be read: {problem}"
        raise Unreadable(said) from problem
    return fact


def body_of(topic: str, state: bytes) -> dict[str, Any]:
    """The body as its published schema describes it, in the present shape, without making the fact: for read models.

    Raises Unreadable.
    """
    try:
        body: dict[str, Any] = from_json(state)
        fact_class = TOPICS[topic]
        if body.pop("v") != fact_class.class_version:
            return _lifted(fact_class, from_json(state))
    except Exception as problem:
        raise Unreadable(f"the stored fact {topic} cannot be read: {problem}") from problem
    return body


def _lifted(fact_class: type[Fact], body: dict[str, Any]) -> dict[str, Any]:
    version = body.pop("v")
    if not 1 <= version <= fact_class.class_version:
        raise ValueError(f"shape {version} is not one of this program's, 1 to {fact_class.class_version}")
    for step in range(version, fact_class.class_version):
        getattr(fact_class, f"upcast_v{step}_v{step + 1}")(body)
    return body


@cache
def _prefix(fact_class: type[Fact]) -> bytes:
    return b'{"v":%d,' % fact_class.class_version
