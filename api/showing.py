"""Showing 说明: how a decision is told to people, the same by every way in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.errors import Language
from domain.loan_application.application import LoanApplication
from domain.loan_application.clock import Clock
from ledger.applying import needed
from ledger.publishing import PolicyBook


def findings(found: LoanApplication) -> list[dict[str, Any]]:
    """Every finding of an application's life, with its figures, its source and its sentence in both languages."""
    return [
        {
            "step": topic.removeprefix("application."),
            "rule": finding.rule,
            "holds": finding.holds,
            "edition": finding.edition,
            "document": finding.document,
            "article": finding.article,
            "source": finding.source,
            "confidence": finding.confidence,
            "figures": finding.figures,
            "en": finding.say("en"),
            "zh": finding.say("zh"),
        }
        for topic, finding in found.findings()
    ]


def awaited(found: LoanApplication, book: PolicyBook) -> dict[str, Any]:
    """What is missing before acceptance, by the edition that it was submitted under; after it, by when each review is to be made."""
    opening = found.opening
    if opening.policy is None or opening.kind is None:
        return {}
    edition = book.edition(opening.policy.edition)
    if found.status() == "submitted":
        return {"missing": list(found.missing(*needed(edition, found)))}
    days = {"eligibility": edition.clock.eligibility_days, "guarantee": edition.clock.guarantee_days}
    days["credit"] = edition.clock.credit_days
    clock = Clock(book.calendar, edition.clock.working_days)
    due = {which: found.due(clock, count) for which, count in days.items() if which in found.waits_for()}
    return {"reviews_due": due} if due else {}


_HEADINGS: Mapping[str, tuple[str, str]] = {
    "case_no": ("case", "受理编号"),
    "status": ("status", "状态"),
    "product": ("package", "贷款包"),
    "amount": ("amount", "申请金额"),
    "bank": ("bank", "经办银行"),
    "reviews": ("reviews", "审核"),
    "notes": ("notes", "审核意见"),
    "conditions": ("conditions", "附加条件"),
    "counter_guarantees": ("counter-guarantees", "反担保"),
    "waived": ("counter-guarantee waived", "免除反担保"),
    "due_on": ("decision due on", "办结期限"),
    "reviews_due": ("reviews due on", "各项审核期限"),
    "missing": ("missing", "尚缺"),
    "asked_for": ("asked of the applicant", "待补正"),
    "reason": ("reason", "理由"),
    "notify_by": ("applicant told by", "告知期限"),
    "waits_for": ("waits for", "待办"),
}
_SURE: Mapping[str, tuple[str, str]] = {
    "H": ("seen on a government page", "政府网站"),
    "M": ("seen on a secondary page", "二手来源"),
    "mem": ("from memory, to be confirmed", "凭记忆，待核实"),
    "assumed": ("assumed, to be confirmed", "暂定，待确认"),
}


def in_words(found: LoanApplication, awaited: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """How it stands, in lines: only those that say something; every finding with its source and how sure that is."""
    spoken = language == "zh"
    stands = {**found.state(), **awaited}
    lines = {
        heading[spoken]: _plain(stands[name])
        for name, heading in _HEADINGS.items()
        if stands.get(name) not in (None, [], {}, False)
    }
    for number, (_, finding) in enumerate(found.findings(), 1):
        lines[str(number)] = f"{finding.say(language)} [{finding.source}: {_SURE[finding.confidence][spoken]}]"
    return lines


def _plain(value: Any) -> Any:
    """As a table shows it."""
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items() if held not in (None, False)}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return value.isoformat() if isinstance(value, date) else value
