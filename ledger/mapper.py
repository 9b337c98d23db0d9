"""The library's mapper seam: facts to stored events and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent

from domain.facts import Fact
from domain.stored_form import Unreadable, decode, encode


@dataclass(frozen=True)
class StoredFact(StoredEvent):
    """A stored event with the parts of its envelope that the fact itself decides."""

    value_date: date
    scopes: tuple[str, ...]
    fact: Fact


class FactMapper(Mapper[UUID]):
    """Raises MapperDeserialisationError for bytes that cannot be read; upcasting happens in `decode`."""

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
        stream = stored_event.originator_id
        assert isinstance(stream, UUID)
        try:
            return decode(stream, stored_event.originator_version, stored_event.topic, stored_event.state)
        except Unreadable as problem:
            raise MapperDeserialisationError(str(problem)) from problem
