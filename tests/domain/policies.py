"""What the tests of the policy speak of: the shipped editions by their year, and an applicant whom every rule likes."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Any

from domain.policy.edition import Edition
from domain.policy.eligibility import Applicant
from domain.policy.finding import Finding
from domain.policy.shipped import shipped_editions

EDITIONS = {edition.edition.removeprefix("jining_"): edition for edition in shipped_editions()}
NOW = EDITIONS["2024"]


def text_of(year: str = "2024") -> str:
    return resources.files("domain.policy").joinpath("editions", f"jining_{year}.toml").read_text(encoding="utf-8")


def applicant(**more: Any) -> Applicant:
    """A woman of 40 who wants 200,000.00 for two years."""
    given = {
        "on": date(2025, 3, 3),
        "kind": "individual",
        "product": "plain",
        "group": "registered_unemployed",
        "amount_fen": 20_000_000,
        "months": 24,
        "born": date(1985, 3, 3),
        "sex": "female_worker",
        **more,
    }
    return Applicant.model_validate(given)


def enterprise(staff: int, hired: int, **more: Any) -> Applicant:
    """A small enterprise that wants 4,000,000.00 for two years."""
    given = {"kind": "small_enterprise", "product": "small_enterprise", "amount_fen": 400_000_000, "months": 24}
    return Applicant.model_validate({"on": date(2025, 3, 3), "staff": staff, "hired": hired, **given, **more})


def finding(rule: str, found: tuple[Finding, ...]) -> Finding:
    (one,) = (finding for finding in found if finding.rule == rule)
    return one


def failing(found: tuple[Finding, ...]) -> set[str]:
    return {finding.rule for finding in found if not finding.holds}


def edition(year: str) -> Edition:
    return EDITIONS[year]
