"""The borrower as an aggregate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.borrower import events
from domain.facts import EventSourced, Fact


class Borrower(EventSourced[Fact]):
    TOPIC = "borrower"
    Event = Fact
    BorrowerRegistered = events.BorrowerRegistered

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {"person": str(self.id), "registered_on": self.registered_on.isoformat()}

    def told(self, fact: Fact) -> None:
        self.registered_on = fact.value_date
