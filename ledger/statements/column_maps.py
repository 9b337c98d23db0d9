"""Column maps 列映射: where in a bank's table a line says what, as TOML; the header tells which map it is."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.policy.reading import read_rules
from ledger.statements.refusals import MapUnreadable, UnknownMap

Names = Annotated[tuple[str, ...], Field(strict=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Columns(_Part):
    """For each thing the names that its column may have; of several the first in the header counts, of `text` all.

    An amount is told by `paid_in` and `paid_out`, or by `amount` with a `direction`, or by a signed `amount` alone.
    """

    day: Names = Field(min_length=1)
    value_day: Names = ()
    paid_in: Names = ()
    paid_out: Names = ()
    amount: Names = ()
    direction: Names = ()
    balance: Names = ()
    serial: Names = ()
    end_to_end: Names = ()
    counterparty: Names = ()
    counterparty_account: Names = ()
    currency: Names = ()
    account: Names = ()
    text: Names = ()

    @model_validator(mode="after")
    def _says_amounts(self) -> Columns:
        if bool(self.paid_in) != bool(self.paid_out) or bool(self.paid_in) == bool(self.amount):
            raise ValueError("name the columns of paid_in and paid_out, or that of amount")
        if self.direction and not self.amount:
            raise ValueError("a direction goes with amount")
        return self


class ColumnMap(_Part):
    """`header` are the columns that make a line the header of this table. `empty` are the words that mean nothing; `text` is its own TOML.

    `label` are the words before the account's number above the header. `came_in` and `went_out` are the words of the direction.
    """

    map: str
    title: str
    header: Names = Field(min_length=2)
    days: Names = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")
    empty: Names = ("", "-", "--")
    label: Names = ()
    came_in: Names = ()
    went_out: Names = ()
    reversal: Names = ("冲正", "抹账", "撤销", "退汇")
    fallback: bool = False
    columns: Columns
    text: str = Field(repr=False)

    @model_validator(mode="after")
    def _says_directions(self) -> ColumnMap:
        if bool(self.columns.direction) != bool(self.came_in and self.went_out):
            raise ValueError("a direction needs the words of came_in and went_out, and they need its column")
        return self

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_map(text: str, field: str = "map") -> ColumnMap:
    """Raises MapUnreadable, which names the key and what is wrong with it."""
    return read_rules(ColumnMap, text, MapUnreadable, field=field, whole="the map")


@cache
def shipped_maps() -> tuple[ColumnMap, ...]:
    """Those that come with the program."""
    folder = resources.files("ledger.statements").joinpath("maps")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(read_map(file.read_text(encoding="utf-8")) for file in files)


def map_of(name: str) -> ColumnMap:
    """A shipped one by its name, or one of your own by its path. Raises UnknownMap, MapUnreadable."""
    for shipped in shipped_maps():
        if shipped.map == name:
            return shipped
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        known = ", ".join(shipped.map for shipped in shipped_maps())
        raise UnknownMap(field="map", name=ascii(name[:80]), shipped=known) from None
    return read_map(text)
