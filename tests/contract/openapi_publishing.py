"""Writes the snapshot of the API's document, and checks that since its first landing it only grew.

python -m tests.contract.openapi_publishing write     after adding operations or fields
python -m tests.contract.openapi_publishing check     what CI runs: against every version that the history holds
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from api.http.app import document_of
from tests.contract.publishing import history

SNAPSHOT = Path(__file__).with_name("openapi.json")
_SAID = ("description", "title", "summary", "tags", "example", "examples", "info")
"""What is only said, and may be said better."""


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        SNAPSHOT.write_text(rendered(), encoding="utf-8")
        return 0
    problems = [f"{commit[:12]}: {lost}" for commit, old in history(SNAPSHOT) for lost in shrunk(old, document_of())]
    if SNAPSHOT.read_text(encoding="utf-8") != rendered():
        problems.append(f"{SNAPSHOT.name} is not what the API says; run this with: write")
    sys.stdout.write("".join(f"{problem}\n" for problem in problems) or "the API's document only grew\n")
    return 1 if problems else 0


def rendered() -> str:
    return json.dumps(document_of(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def shrunk(old: Any, new: Any, place: str = "") -> list[str]:
    """What callers of the old document could rely on and no longer can.

    Whatever disappears or changes; and of what they are asked for, whatever is newly required. What is no longer required of them, may
    be longer, or may be said in other ways too, is no loss.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        if _of_a_request(place) and "anyOf" in new and "anyOf" not in old:
            return min((shrunk(old, one, place) for one in new["anyOf"]), key=len)
        lost = [f"{place}/{name} has disappeared" for name in old if name not in new and name not in _SAID]
        for name in old.keys() & new.keys() - set(_SAID):
            lost += shrunk(old[name], new[name], f"{place}/{name}")
        return lost
    if place.endswith("/parameters") and isinstance(old, list):
        return _parameters(old, new, place)
    if isinstance(old, list) and isinstance(new, list):
        more = [item for item in new if item not in old] if place.endswith("/required") else []
        asked = place.endswith("/required") and _of_a_request(place)
        lost = [f"{place} no longer has {item}" for item in old if item not in new and not asked]
        return lost + [f"{place} asks for {item}, too" for item in more if _of_a_request(place)]
    if place.endswith("/maxLength") and _of_a_request(place) and old < new:
        return []
    if place.endswith("/pattern") and (before := _choices(old)) and before <= _choices(new):
        return []
    return [] if old == new else [f"{place} was {old!r} and is {new!r}"]


def _choices(pattern: str) -> set[str]:
    """The words that a pattern such as `^(one|other)$` lets one choose from; none of another pattern."""
    found = re.fullmatch(r"\^\(([a-z_]+(?:\|[a-z_]+)*)\)\$", pattern)
    return set(found[1].split("|")) if found else set()


def _parameters(old: list[dict[str, Any]], new: list[dict[str, Any]], place: str) -> list[str]:
    before, now = ({(one["in"], one["name"]): one for one in listed} for listed in (old, new))
    lost = [f"{place}/{name} has disappeared" for _, name in before.keys() - now.keys()]
    more = [name for (_, name), one in now.items() if one.get("required") and (one["in"], name) not in before]
    lost += [f"{place}/{name} is asked for, too" for name in more]
    for key in before.keys() & now.keys():
        lost += shrunk(before[key], now[key], f"{place}/{key[1]}")
    return lost


def _of_a_request(place: str) -> bool:
    """Bodies are the components that are not ours to answer with; of them, and of parameters, less may be asked than before."""
    body = place.startswith("/components/schemas/") and not place.startswith("/components/schemas/Problem")
    return body or "/parameters/" in place


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
