"""Eligibility checks: every rule of an edition, with its words, against the bare arithmetic of its limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from api.bench.contest import Contest, Effort, race
from domain.policy.edition import Edition
from domain.policy.eligibility import Applicant, eligibility_findings
from domain.policy.shipped import shipped_editions

CEILING = 200_000


@contextmanager
def checks(server: str, effort: Effort) -> Iterator[Contest]:
    """No server is asked: a check is a pure function, so anybody may ask beforehand."""
    edition = shipped_editions()[-1]
    applicants = [
        Applicant(
            on=date(2025, 3, 3),
            kind="individual",
            product="zheng_yin_dan",
            group="returning_migrant",
            amount_fen=10_000_000 + number,
            months=24,
            born=date(1990, 1, 1),
            sex="male",
        )
        for number in range(max(1, int(CEILING * effort.seconds)))
    ]
    yield Contest(
        lambda: race(lambda one: _checked(edition, one), [applicants], effort.seconds),
        lambda: race(lambda one: one.amount_fen <= edition.limits["individual"].most, [applicants], effort.seconds),
    )


def _checked(edition: Edition, applicant: Applicant) -> None:
    assert all(finding.holds for finding in eligibility_findings(edition, applicant))
