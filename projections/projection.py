"""What a projection is: tables, how facts change them, and how they are read at any two times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal, TypeAlias

from psycopg import Cursor

from domain.facts import Fact
from domain.recorded import Recorded

Kind: TypeAlias = Literal["text", "year", "number", "count", "money", "date", "time"]
"""What a column holds: `year` and `number` are whole numbers that nobody adds up; `money` is fen inside and a decimal string outside; `count` and `money` are summed in groups."""


class Projection(ABC):
    """One read model; `order` is how its rows are listed.

    `version` rises with every change of tables or folding, and the read model is then rebuilt. `topics` are the facts that
    concern it (None: all). `tables` are its tables with the columns that order their rows, for the digest. `ddl` creates
    them in `{schema}`.
    """

    name: ClassVar[str]
    order: ClassVar[str]
    version: ClassVar[int] = 1
    topics: ClassVar[frozenset[str] | None]
    tables: ClassVar[Mapping[str, str]]
    ddl: ClassVar[str]
    columns: ClassVar[Mapping[str, Kind]]

    @abstractmethod
    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        """Fold the facts, in order, into the tables of `schema`."""

    @abstractmethod
    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        """A query, and its parameters, that gives `columns` as of a day and as known at a position."""

    def concerns(self, fact: Recorded) -> bool:
        return self.topics is None or fact.topic in self.topics


def topics(*kinds: type[Fact]) -> frozenset[str]:
    """The topics of some kinds of facts."""
    return frozenset(kind.TOPIC for kind in kinds)
