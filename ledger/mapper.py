"""Facts to stored bytes and back, old shapes lifted to the present one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent

from domain.facts import TOPICS, Fact


@dataclass(frozen=True)
class StoredFact(StoredEvent):
    """A stored event with the parts of its envelope that the fact itself decides."""

    value_date: date
    scopes: tuple[str, ...]
    fact: Fact


class FactMapper(Mapper[UUID]):
    """The body is `{"v":N, …}`: N is the shape's version, what follows is the fact without its envelope."""

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredFact:
        assert isinstance(domain_event, Fact)
        return StoredFact(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.TOPIC,
            state=encode(domain_event),
            value_date=domain_event.value_date,
            scopes=domain_event.scopes,
            fact=domain_event,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Fact:
        return decode(
            UUID(str(stored_event.originator_id)),
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )


def encode(fact: Fact) -> bytes:
    """The body of a fact as it is stored and hashed."""
    body: bytes = fact.__pydantic_serializer__.to_json(fact)
    return _prefix(type(fact)) + body[1:]


def decode(stream: UUID, version: int, topic: str, state: bytes) -> Fact:
    """The fact that the bytes say; a body of an older shape goes through the upcasts first.

    Raises MapperDeserialisationError, which names the stream, the version and the topic.
    """
    try:
        fact_class = TOPICS[topic]
        prefix = _prefix(fact_class)
        if state.startswith(prefix):
            ids = b'{"originator_id":"%b","originator_version":%d,' % (str(stream).encode(), version)
            fact: Fact = fact_class.__pydantic_validator__.validate_json(ids + state[len(prefix) :])
            return fact
        body = _lifted(fact_class, json.loads(state))
        return fact_class.model_validate_json(
            json.dumps({**body, "originator_id": str(stream), "originator_version": version})
        )
    except Exception as problem:
        said = f"the stored fact {topic} (stream {stream}, version {version}) cannot be read: {problem}"
        raise MapperDeserialisationError(said) from problem


def _lifted(fact_class: type[Fact], body: dict[str, Any]) -> dict[str, Any]:
    version = body.pop("v")
    if not 1 <= version <= fact_class.class_version:
        raise ValueError(f"shape {version} is newer than this program's {fact_class.class_version}")
    for step in range(version, fact_class.class_version):
        getattr(fact_class, f"upcast_v{step}_v{step + 1}")(body)
    return body


@cache
def _prefix(fact_class: type[Fact]) -> bytes:
    return b'{"v":%d,' % fact_class.class_version
