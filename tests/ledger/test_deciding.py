"""What was found once is looked at again where it may have changed: at approval and at signing, under the edition that was pinned."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

from datetime import date

import pytest

from domain.loan_application.refusals import FindingsSpeakAgainst, LongerThanAsked
from ledger.publishing import PublishPolicy, publish_policy
from tests.domain.policies import NOW, text_of
from tests.ledger.deciding import MONDAY, Counter, counter


def test_the_term_approved_is_at_most_the_one_that_was_asked_for(counter: Counter) -> None:
    case_no = counter.reviewed(counter.accepted(counter.person("19660510"), months=12))
    with pytest.raises(LongerThanAsked, match="36 months"):
        counter.approve(case_no, months=36)


def test_an_approval_so_late_that_the_loan_outlasts_retirement_age_is_refused(counter: Counter) -> None:
    case_no = counter.reviewed(counter.accepted(counter.person("19660510"), months=19))
    with pytest.raises(FindingsSpeakAgainst, match="retirement age is reached on 2026-10-10"):
        counter.approve(case_no, date(2025, 3, 10))
    counter.approve(case_no, date(2025, 3, 9))
    found = {finding.rule: finding.figures for _, finding in counter.application(case_no).findings()}
    assert found["age.retirement"]["ends"] == "2026-10-09"


def test_a_contract_so_late_that_the_loan_outlasts_retirement_age_is_refused(counter: Counter) -> None:
    case_no = counter.approve(counter.reviewed(counter.accepted(counter.person("19660510"), months=19)))
    with pytest.raises(FindingsSpeakAgainst, match="would end on 2026-10-10"):
        counter.sign(case_no, date(2025, 3, 10))
    counter.sign(case_no, date(2025, 3, 9))


def test_eligibility_is_judged_by_the_edition_that_acceptance_pinned(counter: Counter) -> None:
    """Domain.md §5.16: an edition that is published afterwards for a day before decides nothing that is under way."""
    case_no = counter.accepted(counter.person())
    stricter = (
        text_of()
        .replace('edition = "jining_2024"', 'edition = "afterwards"')
        .replace("effective_from = 2024-01-01", "effective_from = 2025-03-01")
        .replace('most = "300000.00"\nmonths = 36', 'most = "100000.00"\nmonths = 36', 1)
    )
    publish_policy(counter.desk.ledger, PublishPolicy(editions=(stricter,)), counter.by("policy_officer"))
    assert counter.eligibility(case_no) == []
    assert counter.application(case_no).reviews["eligibility"].policy == NOW.pin
    assert "limit.kind" in counter.eligibility(counter.accepted(counter.person()))
