"""What was found once is looked at again where it may have changed: at approval and at signing, under the edition that was pinned."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.loan.refusals import DrawnTooLate
from domain.loan.terms import Servicing
from domain.loan_application.refusals import (
    ApplicationEnded,
    FindingsSpeakAgainst,
    LiveApplication,
    LongerThanAsked,
    NotLapsed,
)
from domain.policy.edition import EditionUnreadable, read_edition
from ledger.guards import LOANS
from ledger.publishing import PublishPolicy, publish_policy
from tests.domain.policies import NOW, text_of
from tests.ledger.deciding import MOMENT, MONDAY, Counter, counter


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


def test_a_loan_never_drawn_stops_counting_when_its_contract_lapses(counter: Counter) -> None:
    """Domain.md §5.19: of three places one was taken for ever by a contract that nobody drew."""
    borrower = counter.person()
    case_no = counter.approve(counter.reviewed(counter.accepted(borrower)))
    loan_no = counter.sign(case_no, date(2025, 3, 4))
    with pytest.raises(ApplicationEnded):
        counter.expire(case_no, date(2025, 6, 2))
    assert "repeats.repaid" in counter.eligibility(counter.accepted(borrower, date(2025, 6, 2)), date(2025, 6, 2))
    counter.expire(case_no, date(2025, 6, 3))
    ledger, lapsed = counter.desk.ledger, counter.application(case_no)
    assert (lapsed.status(), lapsed.status(date(2025, 6, 2)), lapsed.counter_guarantees) == ("expired", "approved", [])
    assert (ledger.holders(LOANS, str(borrower)), ledger.loan(loan_no).reserved) == ([], 0)
    with pytest.raises(DrawnTooLate):
        ledger.loan(loan_no).disburse(MOMENT, amount=100, value_date=date(2025, 6, 3))
    with pytest.raises(ApplicationEnded):
        counter.expire(case_no, date(2025, 6, 3))


def test_an_application_that_nobody_completes_lapses_and_its_household_may_apply_again(counter: Counter) -> None:
    applicant = counter.person()
    case_no = counter.submitted(applicant)
    with pytest.raises(NotLapsed):
        counter.expire(case_no, date(2025, 4, 15))
    counter.expire(case_no, date(2025, 4, 16))
    assert counter.application(case_no).status() == "expired"
    counter.submitted(applicant, date(2025, 4, 16))


def test_an_enterprise_has_one_application_open_whoever_signs_for_it(counter: Counter) -> None:
    stated: dict[str, Any] = {"credit_code": "91370811MA3C00000G", "staff": 10, "hired": 5}
    asked: dict[str, Any] = {"kind": "small_enterprise", "group": None, "enterprise": stated}
    first = counter.submitted(counter.person(), **asked)
    with pytest.raises(LiveApplication, match=first):
        counter.submitted(counter.person(), **asked)
    with pytest.raises(ValidationError, match="does not fit"):
        counter.submitted(counter.person(), **asked | {"enterprise": stated | {"credit_code": "91370811MA3C000001"}})
    with pytest.raises(ValidationError, match="18 digits and capitals") as refused:
        counter.submitted(counter.person(), **asked | {"enterprise": stated | {"credit_code": "张三 13905370001"}})
    assert "张三" not in str(refused.value.errors(include_input=False))


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


_MILDER = """[arrears]
rule = "R-INT-6"
source = "a draft"
confidence = "assumed"
overdue_percent = 30
misuse_percent = 50
compound = false
order = ["overdue_interest", "costs", "penalty", "overdue_principal", "interest", "principal"]

"""


@pytest.mark.parametrize(
    ("arrears", "pinned"),
    [
        (
            _MILDER,
            Servicing(
                order=("overdue_interest", "costs", "penalty", "overdue_principal", "interest", "principal"),
                overdue_surcharge=Decimal("0.3"),
                misuse_surcharge=Decimal("0.5"),
                compound=False,
            ),
        ),
        ("", Servicing()),
    ],
)
def test_what_arrears_cost_and_what_a_payment_pays_first_are_the_edition_s(
    counter: Counter, arrears: str, pinned: Servicing
) -> None:
    """R-INT-6: a contract pins what the edition of its day says; of one that says nothing, what was before (R-INT-7)."""
    text = text_of().replace('edition = "jining_2024"', 'edition = "other"')
    text = text.replace("effective_from = 2024-01-01", "effective_from = 2025-03-01")
    said = text[text.index("[arrears]") : text.index("[subsidy]")]
    edition = PublishPolicy(editions=(text.replace(said, arrears),))
    publish_policy(counter.desk.ledger, edition, counter.by("policy_officer"))
    case_no = counter.reviewed(counter.accepted(counter.person()))
    contract = counter.desk.ledger.loan(counter.sign(counter.approve(case_no))).contract
    assert contract.policy is not None
    assert contract.policy.edition == "other"
    assert contract.terms is not None
    assert contract.terms.servicing == pinned


def test_an_order_that_forgets_something_is_no_edition() -> None:
    with pytest.raises(EditionUnreadable, match="order has to name each of"):
        read_edition(text_of().replace('"costs", "penalty", "overdue_interest"', '"penalty", "overdue_interest"'))
