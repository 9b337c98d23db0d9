"""Showing 说明: how a decision is told to people, the same by every way in."""

from __future__ import annotations

from typing import Any

from domain.loan_application.application import LoanApplication


def findings(found: LoanApplication) -> list[dict[str, Any]]:
    """Every finding of an application's life, with its figures, its source and its sentence in both languages."""
    return [
        {
            "step": topic.removeprefix("application."),
            "rule": finding.rule,
            "holds": finding.holds,
            "edition": finding.edition,
            "article": finding.article,
            "figures": finding.figures,
            "en": finding.say("en"),
            "zh": finding.say("zh"),
        }
        for topic, finding in found.findings()
    ]
