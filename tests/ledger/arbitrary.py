"""Arbitrary facts for property tests: any value that a fact's own fields allow."""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid4

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.facts import TOPICS, Fact
from domain.loan.terms import ORDER, Servicing
from domain.ratio import ShareScheme

LARGE = 10**15

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=9, minutes=30))])
MOMENTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=ZONES)
SCOPES = st.lists(st.text(st.characters(exclude_characters="\x00\x1f"), min_size=1, max_size=12), max_size=16)


def domain_topics() -> dict[str, type[Fact]]:
    """Every kind of fact of the product, and none of the tests'."""
    return {topic: kind for topic, kind in sorted(TOPICS.items()) if kind.__module__.startswith("domain.")}


def facts(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    fields = {name: _field(field) for name, field in kind.model_fields.items()}
    given = {"originator_version": st.integers(1, 2**62), "scopes": SCOPES.map(tuple)}
    return st.builds(kind, **(fields | given))


def simplest(kind: type[Fact]) -> Fact:
    """One fact of the kind, the first of a stream of its own."""
    found = find(
        facts(kind), lambda _: True, settings=settings(phases=[Phase.generate], max_examples=20, database=None)
    )
    own = {"originator_id": uuid4(), "originator_version": 1, "bank_reference": str(uuid4())}
    return found.model_copy(update={name: value for name, value in own.items() if name in kind.model_fields})


def any_fact() -> st.SearchStrategy[Fact]:
    return st.one_of([facts(kind) for kind in domain_topics().values()])


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _values(field.annotation, field.metadata)


def _values(kind: Any, limits: list[Any]) -> st.SearchStrategy[Any]:
    if get_origin(kind) in (Union, types.UnionType):
        return st.one_of([_values(option, limits) for option in get_args(kind)])
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(_values(get_args(kind)[0], []), max_size=3).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(*(_values(part, []) for part in get_args(kind)), max_size=3)
    if kind is ShareScheme:
        return _schemes()
    if kind is Servicing:
        fields = {name: _field(field) for name, field in Servicing.model_fields.items()}
        return st.builds(Servicing, **(fields | {"order": st.permutations(ORDER).map(tuple)}))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return st.builds(kind, **{name: _field(field) for name, field in kind.model_fields.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _PLAIN[kind](limits)


def _limit(limits: list[Any], kind: Any, name: str, otherwise: int) -> int:
    return int(next((getattr(limit, name) for limit in limits if isinstance(limit, kind)), otherwise))


def _integers(limits: list[Any]) -> st.SearchStrategy[int]:
    least = max(_limit(limits, Ge, "ge", -LARGE), _limit(limits, Gt, "gt", -LARGE - 1) + 1)
    return st.integers(least, _limit(limits, Le, "le", LARGE))


def _decimals(limits: list[Any]) -> st.SearchStrategy[Decimal]:
    least, most = _limit(limits, Ge, "ge", -LARGE), _limit(limits, Le, "le", LARGE)
    return st.decimals(least, most, allow_nan=False, allow_infinity=False)


def _texts(limits: list[Any]) -> st.SearchStrategy[str]:
    return st.text(min_size=_limit(limits, MinLen, "min_length", 0), max_size=_limit(limits, MaxLen, "max_length", 20))


_PLAIN: dict[Any, Callable[[list[Any]], st.SearchStrategy[Any]]] = {
    int: _integers,
    str: _texts,
    Decimal: _decimals,
    bool: lambda _: st.booleans(),
    UUID: lambda _: st.uuids(),
    date: lambda _: st.dates(),
    datetime: lambda _: MOMENTS,
    types.NoneType: lambda _: st.none(),
}


@st.composite
def _schemes(draw: st.DrawFn) -> ShareScheme:
    names = draw(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4, unique=True))
    parties = [
        {"party": name, "institution": draw(st.none() | st.text()), "weight": draw(st.integers(1, 99))}
        for name in names
    ]
    order = draw(st.permutations(names))
    return ShareScheme.model_validate({"name": draw(st.text()), "parties": parties, "tie_order": order})
