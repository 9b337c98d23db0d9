"""The roll-forward of recoverables 应收代偿款变动表: opening + claims − recoveries − write-offs = closing, of a fund, bank by bank and in all.

It is two looks at the account in the general ledger, at the day before the first and at the last, and what lies between them by kind of fact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from api.printing import Language
from domain.compensation import events
from domain.errors import InvalidInput
from domain.money import Fen, parse_yuan, yuan
from projections.querying import Question

ACCOUNT = "G1101"
_KINDS: Mapping[str, str] = {
    events.ClaimApproved.TOPIC: "claims",
    events.ClaimAdjusted.TOPIC: "claims",
    events.SharePaid.TOPIC: "claims",
    events.RecoveryReceived.TOPIC: "recovered",
    events.RecoveryReversed.TOPIC: "recovered",
    events.ShareWrittenOff.TOPIC: "written_off",
}
"""What each fact that is posted to the account is to it; a history's share is a claim where it was paid."""
FIGURES = ("opening", "claims", "recovered", "written_off", "closing")
Rows = Iterable[Mapping[str, Any]]


def looks(fund: str, start: date, end: date, known_at: int | None) -> tuple[Question, Question]:
    """What is asked of the general ledger: what stood before the first day, and at the end of the last. Raises InvalidInput."""
    if start > end:
        raise InvalidInput(field="from", problem=f"{start} is after {end}", expected="a day up to the last one")
    where, groups = {"fund": fund, "account": ACCOUNT}, ("bank", "fact")
    earlier = start - timedelta(days=1) if start > date.min else start
    before, by_then = (Question(where, groups, as_of=day, known_at=known_at) for day in (earlier, end))
    return before, by_then


def roll_forward(fund: str, start: date, end: date, before: Rows, by_then: Rows) -> dict[str, Any]:
    """As page data, from the rows of the two looks."""
    lines: dict[str, dict[str, Fen]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    for rows, sign, stood in ((before, -1, "opening"), (by_then, 1, "closing")):
        for row in rows:
            fen = parse_yuan(row["debit"]) - parse_yuan(row["credit"])
            kind, line = _KINDS[row["fact"]], lines[row["bank"] or ""]
            line[stood] += fen
            line[kind] += sign * (fen if kind == "claims" else -fen)
    totals = {name: sum(line[name] for line in lines.values()) for name in FIGURES}
    shown = [{"bank": bank or None, **_shown(lines[bank])} for bank in sorted(lines) if any(lines[bank].values())]
    return {"fund": fund, "from": start.isoformat(), "to": end.isoformat(), "lines": shown, "totals": _shown(totals)}


def _shown(figures: Mapping[str, Fen]) -> dict[str, str]:
    return {name: yuan(figures[name]) for name in FIGURES}


def as_rows(document: Mapping[str, Any], language: Language) -> Sequence[dict[str, Any]]:
    """Its lines and their sum, for a table."""
    return [*document["lines"], {"bank": "合计" if language == "zh" else "in all", **document["totals"]}]
