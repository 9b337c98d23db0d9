"""The state of a stream at a point of both times: facts as known then, their changes dated on or before a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from domain.facts import EventSourced, Fact


def replayed(facts: Sequence[Fact]) -> Any:
    """The aggregate that the facts come to; None without any."""
    aggregate: EventSourced[Any] | None = None
    for fact in facts:
        aggregate = fact.mutate(aggregate)
    return aggregate


def state_as_of(facts: Sequence[Fact], as_of: date | None = None) -> Mapping[str, Any]:
    """Replay the facts (all that were known) and read the state as of a day; empty if the stream had not begun by then."""
    aggregate = replayed(facts)
    if aggregate is None or (as_of is not None and min(fact.value_date for fact in facts) > as_of):
        return {}
    state: Mapping[str, Any] = aggregate.state(as_of)
    return state
