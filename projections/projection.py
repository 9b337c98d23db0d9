"""What a projection is: tables, how facts change them, and how they are read at any two times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeAlias, TypeVar

from psycopg import Connection, Cursor

Kind: TypeAlias = Literal["text", "year", "number", "count", "money", "date", "time"]
"""What a column holds: `year` and `number` are whole numbers that nobody adds up; `money` is fen inside and a decimal string outside; `count` and `money` are summed in groups."""


class Read(Protocol):
    """A fact on its way into a read model: `log.Told`, or `Recorded` where the envelope is read too."""

    @property
    def position(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def version(self) -> int: ...


F = TypeVar("F", bound=Read)


class Projection(ABC, Generic[F]):
    """One read model.

    `order` is how its rows are listed. `version` rises with every change of tables or folding, and the read model is then
    rebuilt. `topics` are the facts that concern it (None: all). `tables` are its tables with the columns that order their
    rows, for the digest. `ddl` creates them in `{schema}`.
    """

    name: ClassVar[str]
    order: ClassVar[str]
    version: ClassVar[int] = 1
    topics: ClassVar[frozenset[str] | None]
    tables: ClassVar[Mapping[str, str]]
    ddl: ClassVar[str]
    columns: ClassVar[Mapping[str, Kind]]
    counts_to_the_day: ClassVar[bool] = False
    """Whether it counts up to the day asked for, and so says more where whoever has a clock asks for today."""

    knows_earlier: ClassVar[bool] = True
    """Whether it says what was known at an earlier position."""

    @abstractmethod
    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[F]:
        """The next facts of the log, as much of each as the read model needs."""

    @abstractmethod
    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[F]) -> None:
        """Fold the facts, in order, into the tables of `schema`."""

    def settle(self, cursor: Cursor[Any], schema: str, upto: int) -> None:
        """At the head of the log, in the last page's transaction: work out what is worked out once for all pages."""

    @abstractmethod
    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        """A query, and its parameters, that gives `columns` as of a day and as known at a position."""

    def concerns(self, fact: F) -> bool:
        return self.topics is None or fact.topic in self.topics


def copy_rows(cursor: Cursor[Any], table: str, columns: str, rows: Iterable[Iterable[object]]) -> None:
    """Copy rows in as one block of text; a text may hold anything but NUL."""
    block = "".join("\t".join(map(_cell, row)) + "\n" for row in rows)
    if block:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
            copy.write(block)


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPED) if isinstance(value, str) else str(value)
