"""Differences 差异: two pairs of value date and knowledge of one loan, and fact by fact, day by day, what made its figures differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.printing import Language
from domain.loan.explaining import Figures, Point, Step, at, between, differing
from domain.loan.refusals import UnknownLoan
from domain.money import yuan
from domain.recorded import Recorded
from domain.working_days import WorkCalendar

_CAUSES: Mapping[str, tuple[str, str]] = {
    "recorded": ("入账", "recorded"),
    "calendar": ("工作日历变更", "another working calendar"),
    "moved": ("变动", "moved"),
    "fell_due": ("到期应还", "fell due"),
    "became_overdue": ("转为逾期", "became overdue"),
    "time": ("计息", "interest and penalty ran"),
}


@dataclass(frozen=True)
class Seen:
    """A day, the position up to which facts are known, all of them if None, and the working calendar of then."""

    as_of: date
    known_at: int | None
    calendar: WorkCalendar


def difference(told: Sequence[Recorded], start: Seen, end: Seen) -> dict[str, Any]:
    """Of all facts of a loan: its figures that differ, and the steps from the one to the other. Raises UnknownLoan."""
    loan_no: str = told[0].fact.loan_no  # type: ignore[attr-defined]  # a loan's first fact is its contract
    by_version = {row.version: row for row in told}
    first, last = (_point(told, seen) for seen in (start, end))
    if not first.facts and not last.facts:
        raise UnknownLoan(field="loan_no", loan_no=loan_no)
    before, after = differing(at(first), at(last))
    return {
        "loan_no": loan_no,
        "from": _seen(start),
        "to": _seen(end),
        "changes": _changes(before, after),
        "steps": [_step(step, by_version) for step in between(first, last)],
    }


def lines(document: Mapping[str, Any], language: Language) -> list[dict[str, Any]]:
    """A line for each figure of each step, and for the whole."""
    place = 0 if language == "zh" else 1
    names = [
        ("日期", "day"),
        ("原因", "cause"),
        ("记录", "fact"),
        ("项目", "figure"),
        ("变动前", "before"),
        ("变动后", "after"),
    ]
    rows = [
        (step["day"], _CAUSES[step["cause"]][place], _fact(step), *change.values())
        for step in document["steps"]
        for change in step["changes"]
    ]
    rows += [
        (document["to"]["as_of"], ("合计", "in all")[place], "", *change.values()) for change in document["changes"]
    ]
    return [dict(zip((name[place] for name in names), row, strict=True)) for row in rows]


def _point(told: Sequence[Recorded], seen: Seen) -> Point:
    known = [row.fact for row in told if seen.known_at is None or row.position <= seen.known_at]
    return Point(seen.as_of, known, seen.calendar)


def _seen(seen: Seen) -> dict[str, Any]:
    return {"as_of": seen.as_of.isoformat(), "known_at": seen.known_at}


def _changes(before: Figures, after: Figures) -> list[dict[str, Any]]:
    return [{"figure": name, "before": _said(before[name]), "after": _said(after[name])} for name in before]


def _said(value: int | date | None) -> str | None:
    return yuan(value) if isinstance(value, int) else value.isoformat() if value else None


def _step(step: Step, told: Mapping[int, Recorded]) -> dict[str, Any]:
    said: dict[str, Any] = {"cause": step.cause, "day": step.day.isoformat()}
    if step.version is not None:
        row = told[step.version]
        said |= {
            "version": row.version,
            "topic": row.topic,
            "position": row.position,
            "recorded_at": row.recorded_at.isoformat(),
            "actor": row.subject,
            "reason": row.fact.reason,
            "evidence": list(row.fact.evidence),
        }
    return said | {"changes": _changes(step.before, step.after)}


def _fact(step: Mapping[str, Any]) -> str:
    return f"{step['topic']} #{step['version']} @{step['position']}" if "topic" in step else ""
