"""The mapping 映射 from a log of applications to our facts: TOML, shipped or written for another system's log."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.importing import refusals, shipped
from ledger.importing.sources import Words

Meaning: TypeAlias = Literal["submitted", "in_review", "approved", "rejected", "withdrawn", "expired", "noted"]

_OF_THE_STEP = ("case", "sequence", "activity", "occurred_at", "resource")
_OF_THE_CASE = ("amount", "product", "county", "bank")


class HistoryMapping(BaseModel):
    """Which column is what, and what each activity makes of an application; a column or an activity not named is refused.

    `case`, `sequence`, `activity`, `occurred_at` and `resource` are read in every row. The others, and those under `keep`, are
    of the whole case: its first step states them, and no later one may state anything else. `resource` is recorded as it
    stands, so that it must be a pseudonym and never a name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: str
    title: str = ""
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    strip: bool = False
    calendar: Literal["weekdays", "city"] = "city"
    case: str = Field(min_length=1)
    sequence: str = Field(min_length=1)
    activity: str = Field(min_length=1)
    occurred_at: str = Field(min_length=1)
    amount: str | None = Field(default=None, min_length=1)
    resource: str | None = Field(default=None, min_length=1)
    product: str | None = Field(default=None, min_length=1)
    county: str | None = Field(default=None, min_length=1)
    bank: str | None = Field(default=None, min_length=1)
    keep: Words = ()
    ignore: Words = ()
    activities: dict[str, Meaning]

    def needed_columns(self) -> list[str]:
        """Mapped and kept columns: what a log must have."""
        mapped = (getattr(self, key) for key in (*_OF_THE_STEP, *_OF_THE_CASE))
        return [*(column for column in mapped if column is not None), *self.keep]

    def columns_of_the_case(self) -> list[str]:
        """Columns of which only what the first step states is recorded."""
        mapped = (getattr(self, key) for key in _OF_THE_CASE)
        return [*(column for column in mapped if column is not None), *self.keep]


def shipped_histories() -> tuple[str, ...]:
    """The names of the mappings that come with the program."""
    return shipped.names("histories")


def load_history_mapping(name_or_path: str) -> HistoryMapping:
    """A shipped mapping by its name, or one's own by the path of its `.toml` file. Raises a Refusal that names the key."""
    name, raw = shipped.read(name_or_path, "histories")
    document = shipped.parsed(name_or_path, raw)
    for own in ("name", "digest"):
        if own in document:
            raise refusals.UnknownKey(field="mapping", file=name_or_path, key=own, allowed=_keys())
    try:
        mapping = HistoryMapping.model_validate({**document, "name": name, "digest": hashlib.sha256(raw).hexdigest()})
    except ValidationError as problem:
        raise _refusal(name_or_path, problem.errors(include_input=False)[0]) from None
    _check(name_or_path, mapping)
    return mapping


def _refusal(file: str, error: Any) -> Exception:
    key, kind = ".".join(map(str, error["loc"])), error["type"]
    if kind == "extra_forbidden":
        return refusals.UnknownKey(field="mapping", file=file, key=key, allowed=_keys())
    return refusals.BadMapping(field="mapping", file=file, key=key, problem=error["msg"].removeprefix("Value error, "))


def _keys() -> str:
    return ", ".join(key for key in HistoryMapping.model_fields if key not in ("name", "digest"))


def _check(file: str, mapping: HistoryMapping) -> None:
    """A column is one thing; and some activity opens a case, or none could ever be recorded."""
    places = [(key, getattr(mapping, key)) for key in (*_OF_THE_STEP, *_OF_THE_CASE)]
    places += [(group, column) for group in ("keep", "ignore") for column in getattr(mapping, group)]
    seen: dict[str, str] = {}
    for place, column in places:
        if column in seen:
            raise refusals.ColumnUsedTwice(field="mapping", file=file, column=column, first=seen[column], second=place)
        if column is not None:
            seen[column] = place
    if "submitted" not in mapping.activities.values():
        problem = 'no activity is "submitted", so that no application could begin'
        raise refusals.BadMapping(field="mapping", file=file, key="activities", problem=problem)
