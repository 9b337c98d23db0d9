"""Previews 预览: what a command would record, and every figure that would change, by every way in; nothing is recorded.

What only an append looks at (another command in between, the places and capacities that all streams share) is not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from api.owing import owing
from domain.calendar import city_day
from domain.facts import EventSourced, Fact
from domain.loan.loan import Loan
from ledger.ledger import Previewed


def previewed(seen: Previewed, now: datetime) -> dict[str, Any]:
    """`facts` in the order in which they would be recorded, `changes` by stream and figure; a figure that would begin has no `before`."""
    facts, changes = list[dict[str, Any]](), list[dict[str, Any]]()
    for before, after in seen.streams:
        told = [fact for fact in after.pending_events if isinstance(fact, Fact)]
        facts += [_fact(after, fact) for fact in told]
        changes += _differences(before, after, now)
    return {"preview": True, "facts": facts, "changes": changes}


def _fact(stream: EventSourced[Any], fact: Fact) -> dict[str, Any]:
    body = fact.model_dump(mode="json", exclude={"originator_id", "originator_version", "timestamp"}, exclude_none=True)
    return {"stream": _name(stream), "topic": fact.TOPIC, "body": body}


def _differences(before: EventSourced[Any] | None, after: EventSourced[Any], now: datetime) -> Iterator[dict[str, Any]]:
    if isinstance(before, Loan) and isinstance(after, Loan):
        before.calendar = after.calendar
    old = dict(_flat(_figures(before, now))) if before is not None else {}
    new = dict(_flat(_figures(after, now)))
    for figure in [*old, *(figure for figure in new if figure not in old)]:
        if old.get(figure) != new.get(figure):
            said = {"figure": figure, "before": old.get(figure), "after": new.get(figure)}
            yield {"stream": _name(after), **said}


def _figures(stream: EventSourced[Any], now: datetime) -> Mapping[str, Any]:
    if not isinstance(stream, Loan):
        return stream.state()
    owed = {
        name: said for name, said in owing(stream, city_day(now)).items() if name not in ("loan_no", "on", "status")
    }
    return {**stream.state(), "owed": owed}


def _flat(said: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure under its path; instalments by their due days."""
    if isinstance(said, Mapping):
        for name, value in said.items():
            yield from _flat(value, f"{path}.{name}" if path else str(name))
    elif isinstance(said, list) and all(isinstance(item, Mapping) and "due" in item for item in said):
        for item in said:
            yield from _flat({name: value for name, value in item.items() if name != "due"}, f"{path}.{item['due']}")
    else:
        yield path, said


def _name(stream: EventSourced[Any]) -> str:
    """As histories name it."""
    state = stream.state()
    number = next((state[name] for name in _NUMBERS if name in state), stream.id)
    kind: str = getattr(type(stream), "TOPIC", "stream")
    return f"{kind}/{number}"


_NUMBERS = ("claim_no", "loan_no", "case_no", "partner_no", "project_no", "fund")
