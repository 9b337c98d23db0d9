"""The borrower as an aggregate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from domain.borrower import events
from domain.facts import EventSourced, Fact


class Borrower(EventSourced[Fact]):
    TOPIC = "borrower"
    Event = Fact
    BorrowerRegistered = events.BorrowerRegistered

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        registered: events.BorrowerRegistered

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {"person": str(self.id), "registered_on": self.registered.value_date.isoformat()}

    def told(self, fact: Fact) -> None:
        assert isinstance(fact, events.BorrowerRegistered)
        self.registered = fact
