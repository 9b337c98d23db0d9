"""What every fact and every aggregate has in common.

A fact is a frozen pydantic model with a short stable TOPIC. Its stream, version and scopes travel in the envelope; its body is
what is stored and hashed. An aggregate decides (may refuse, changes nothing) and is told (assigns, never refuses).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate
from pydantic import Field

from domain.calendar import city_day
from domain.errors import DatedInFuture
from domain.frozen import Frozen

ENVELOPE_FIELDS = frozenset({"originator_id", "originator_version", "scopes"})
"""Fields of a fact that stand in the envelope and so are left out of the stored body."""


class Fact(Frozen, CanMutateAggregate[UUID]):
    """Something that happened, recorded once and never changed.

    `timestamp` is the command's clock, `value_date` the day on which it is true in business; `reason` and `evidence` (digests or
    references of documents) stand in the body. A shape that changes gets the next `class_version` and an
    `upcast_vN_vM` static method that lifts an older body (a dict, changed in place).
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1

    originator_id: UUID = Field(exclude=True)
    originator_version: int = Field(exclude=True)
    scopes: tuple[str, ...] = Field(default=(), exclude=True)
    timestamp: datetime
    value_date: date
    date_derived: str | None = None
    """The rule by which the value date was derived, where the source states none."""
    reason: str | None = None
    evidence: tuple[str, ...] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "TOPIC" in cls.__dict__:
            TOPICS[cls.TOPIC] = cls

    def apply(self, aggregate: Any) -> None:
        aggregate.told(self)


class OpeningFact(Fact, CanInitAggregate[UUID]):
    """The first fact of a stream."""

    originator_topic: ClassVar[str]  # type: ignore[misc]  # the library keeps a field for what never differs
    """The topic of the aggregate that it begins."""

    def _as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("originator_id", "originator_version", "timestamp")}


TOPICS: dict[str, type[Fact]] = {}
"""Every kind of fact, by topic."""

F = TypeVar("F", bound=Fact)


class Moment(Frozen):
    """The clock, handed to decisions; nothing in `domain` reads one."""

    now: datetime

    @property
    def today(self) -> date:
        return city_day(self.now)

    def not_before(self, value_date: date) -> None:
        """Raises DatedInFuture if `value_date` has not come yet."""
        if value_date > self.today:
            raise DatedInFuture(field="value_date", value_date=value_date, today=self.today)


class EventSourced(BaseAggregate[UUID], Generic[F]):
    """The library's aggregate with our facts: decisions call `tell`, `told` assigns."""

    Event = Fact

    def __init__(self) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy that may be told more: facts and values are shared, because they never change."""
        copied = type(self).__new__(type(self))
        copied.__dict__.update({name: _copied(value) for name, value in self.__dict__.items()})
        return copied

    @classmethod
    def opened(cls, fact_class: type[OpeningFact], stream: UUID, moment: Moment, **body: Any) -> Self:
        """A new aggregate, begun by the given fact."""
        fact = fact_class(originator_id=stream, originator_version=1, timestamp=moment.now, **body)
        aggregate = fact.mutate(None)
        assert isinstance(aggregate, cls)
        fact.__dict__["scopes"] = aggregate.scopes()
        aggregate.pending_events.append(fact)
        return aggregate

    def tell(self, fact_class: type[Fact], moment: Moment, **body: Any) -> None:
        """Add a fact to what has to be saved."""
        self.trigger_event(fact_class, timestamp=moment.now, scopes=self.scopes(), **body)

    def collect_events(self) -> list[Fact]:
        """What has to be saved, handed over once."""
        told = [fact for fact in self._pending_events if isinstance(fact, Fact)]
        self._pending_events.clear()
        return told

    @abstractmethod
    def told(self, fact: Fact) -> None:
        """Take a fact in. Replayed for ever: assigns and never refuses."""

    def scopes(self) -> tuple[str, ...]:
        """The county and every institution that the stream's facts concern."""
        return ()

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        """What the stream says, as of a day or now, for people to read."""
        return {}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(held) for key, held in value.items()}
    return value.copy() if isinstance(value, list | set) else value
