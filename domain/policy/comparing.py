"""Comparing editions 版本比对: what one says and another says otherwise, place by place, and which rule of each says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.frozen import Frozen
from domain.policy.edition import Edition
from domain.policy.rules import Rule


class Difference(NamedTuple):
    """A place in the text and what stands there in each edition; nothing where it stands in one only.

    The articles are those of the rules around the place; the edition's own names and days stand in none.
    """

    place: str
    old: str | None
    new: str | None
    old_article: str | None
    new_article: str | None


def differences(old: Edition, new: Edition) -> list[Difference]:
    """In the order of their places; entries of lists are compared by their codes, never by their number."""
    before, after = _leaves(old), _leaves(new)
    nothing: tuple[None, None] = (None, None)
    pairs = ((place, before.get(place, nothing), after.get(place, nothing)) for place in sorted(before | after))
    return [
        Difference(place, old_text, new_text, old_article, new_article)
        for place, (old_text, old_article), (new_text, new_article) in pairs
        if old_text != new_text
    ]


def _leaves(edition: Edition) -> dict[str, tuple[str, str | None]]:
    return dict(_leaves_in("", edition, None))


def _leaves_in(place: str, value: Any, article: str | None) -> Iterator[tuple[str, tuple[str, str | None]]]:
    match value:
        case Frozen():
            within = (value.article or value.rule) if isinstance(value, Rule) else article
            shown = value.model_dump(mode="json", exclude={"text"})
            for name in shown:
                held = getattr(value, name)
                nested = isinstance(held, Frozen | dict | tuple)
                yield from _leaves_in(f"{place}.{name}".lstrip("."), held if nested else shown[name], within)
        case dict():
            for key, held in value.items():
                yield from _leaves_in(f"{place}.{key}", held, article)
        case tuple() if value and not any(isinstance(held, Frozen) for held in value):
            yield place, (", ".join(map(str, value)), article)
        case tuple():
            for number, held in enumerate(value):
                yield from _leaves_in(f"{place}[{_name(held, number)}]", held, article)
        case None:
            return
        case _:
            yield place, (str(value), article)


def _name(entry: Any, number: int) -> str:
    """What an entry of a list is known by: its code, whom it is for, from which head count on; else its number."""
    return str(next((getattr(entry, name) for name in ("code", "sex", "above") if hasattr(entry, name)), number))
