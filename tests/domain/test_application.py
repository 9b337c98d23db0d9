"""Decisions of an application, given the facts before them: what is recorded, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.actor import Actor
from domain.errors import DatedInFuture, InvalidInput, Refusal, SamePerson
from domain.facts import Fact, Moment
from domain.loan_application import events, refusals
from domain.loan_application.application import LoanApplication
from domain.loan_application.clock import Clock
from domain.loan_application.standing import REVIEWS
from domain.policy.finding import Finding
from domain.policy.pin import PolicyPin
from domain.working_days import WorkCalendar
from tests.domain.lending import refuses

NOW = Moment(now=datetime(2025, 6, 30, 4, tzinfo=UTC))
PIN = PolicyPin(edition="jining_2024", digest="0" * 64)
CLOCK = Clock(WorkCalendar({}), 15)
PEOPLE = {name: uuid5(UUID(int=0), name) for name in ("applicant", "spouse", "partner", "guarantor")}
HR = Actor(subject="hr-1", role="hr_officer", institution="hr", region="370811")
GUARANTOR = Actor(subject="g-1", role="guarantor_officer", institution="jining_guarantee", region="370811")
BANK = Actor(subject="b-1", role="bank_officer", institution="rural_commercial", region="370811")
APPROVER = Actor(subject="a-1", role="approver", institution="hr", region="370811")
MONDAY = date(2025, 3, 3)


def finding(holds: bool = True) -> Finding:
    return Finding(
        rule="limit.package",
        holds=holds,
        figures={"asked": "350,000.00", "most": "300,000.00", "package": "乡村贷"},
        edition="jining_2024",
        article="R-LIM-9",
        source="seed",
        confidence="H",
    )


def submitted(day: date = MONDAY, **more: Any) -> LoanApplication:
    given = {
        "kind": "individual",
        "applicant": PEOPLE["applicant"],
        "spouse": PEOPLE["spouse"],
        "members": (PEOPLE["applicant"], PEOPLE["spouse"]),
        "live_most": 1,
        "product": "plain",
        "amount_fen": 30_000_000,
        "months": 24,
        "channel": "hall",
        "bank": "rural_commercial",
        "guarantor": "jining_guarantee",
        "county": "370811",
        "policy": PIN,
        **more,
    }
    return LoanApplication.submit(NOW, case_no="A-1", value_date=day, **given)


def with_form(application: LoanApplication | None = None, day: date = MONDAY, kind: str = "form") -> LoanApplication:
    found = application or submitted()
    found.add_material(NOW, kind=kind, digest=kind * 2, media_type="application/pdf", size=9, value_date=day)
    return found


def accepted(day: date = MONDAY) -> LoanApplication:
    found = with_form()
    found.accept(NOW, required=["form"], pulled=[], clock=CLOCK, value_date=day)
    return found


def review(found: LoanApplication, which: events.Review, outcome: str = "passed", **more: Any) -> LoanApplication:
    actor = {"eligibility": HR, "guarantee": GUARANTOR, "credit": BANK}[which]
    given = {"findings": (), "policy": PIN, "actor": actor, "value_date": date(2025, 3, 5), **more}
    if which == "credit":
        given.setdefault("margin_bp", 50)
    found.review(NOW, which, outcome=outcome, **given)
    return found


def reviewed() -> LoanApplication:
    found = accepted()
    for which in REVIEWS:
        review(found, which)
    found.register_counter_guarantee(
        NOW, form="civil_servant", person=PEOPLE["guarantor"], most=1, value_date=date(2025, 3, 5)
    )
    return found


def approve(found: LoanApplication, **more: Any) -> LoanApplication:
    given = {
        "amount": found.most,
        "months": 24,
        "findings": [finding()],
        "policy": PIN,
        "actor": APPROVER,
        "expires_on": date(2025, 6, 3),
        "loans_most": 3,
        "value_date": date(2025, 3, 6),
        **more,
    }
    found.approve(NOW, **given)
    return found


def topics(found: LoanApplication) -> list[str]:
    told = [fact for fact in found.pending_events if isinstance(fact, Fact)]
    return [fact.TOPIC.removeprefix("application.") for fact in told]


def test_a_life_from_submission_to_contract() -> None:
    found = approve(reviewed())
    assert (found.status(), found.waits_for()) == ("approved", ("contract",))
    assert found.approval is not None and found.approval.margin_bp == 50
    assert found.approval.counted == (PEOPLE["applicant"],)
    found.contract(NOW, loan_no="L-1", value_date=date(2025, 3, 10))
    assert (found.status(), found.waits_for()) == ("approved", ())
    assert found.approval is None
    assert topics(found) == [
        "submitted",
        "material_added",
        "accepted",
        "eligibility_reviewed",
        "guarantee_reviewed",
        "credit_reviewed",
        "counter_guarantee_registered",
        "approved",
        "contracted",
    ]


@pytest.mark.parametrize(
    ("then", "waits", "status"),
    [
        ((), ("eligibility", "guarantee", "credit"), "in_review"),
        (("credit",), ("eligibility", "guarantee"), "in_review"),
        (("guarantee", "eligibility"), ("credit",), "in_review"),
        (("credit", "guarantee", "eligibility"), ("approver",), "in_review"),
    ],
)
def test_reviews_are_parallel_and_it_is_known_who_waits_on_whom(
    then: Sequence[events.Review], waits: tuple[str, ...], status: str
) -> None:
    found = accepted()
    for which in then:
        review(found, which)
    assert (found.waits_for(), found.status()) == (waits, status)


def test_before_acceptance_the_intake_is_waited_for_and_nobody_reviews() -> None:
    found = submitted()
    assert (found.waits_for(), found.status()) == (("intake",), "submitted")
    refuses(found, refusals.NotInReview, lambda: review(found, "credit"))


def test_nothing_is_accepted_with_something_missing() -> None:
    found = submitted()

    def take(*pulled: str) -> None:
        found.accept(NOW, required=["form"], pulled=pulled, clock=CLOCK, value_date=MONDAY)

    refuses(found, refusals.MaterialsMissing, take)
    with_form(found)
    refuses(found, refusals.MaterialsMissing, lambda: take("civil_affairs"))
    found.enter_data(
        NOW,
        source="civil_affairs",
        figures={"marital": "married"},
        material="formform",
        reason="down",
        value_date=MONDAY,
    )
    take("civil_affairs")
    assert found.status() == "in_review"
    refuses(found, refusals.AlreadyAccepted, take)


def test_the_clock_stands_still_while_the_applicant_corrects_and_is_asked_once() -> None:
    """Fifteen working days from Monday 3 March end on the 24th; two are used when it stops, thirteen are left on the 17th."""
    found = accepted()
    (start,) = found.facts_of(events.Accepted)
    assert start.due_on == date(2025, 3, 24)
    found.request_correction(NOW, missing=["roster"], value_date=date(2025, 3, 5))
    assert found.waits_for() == ("applicant",)
    refuses(found, refusals.Paused, lambda: review(found, "credit"))
    refuses(
        found, refusals.AskedAlready, lambda: found.request_correction(NOW, missing=["x"], value_date=date(2025, 3, 6))
    )
    refuses(found, refusals.MaterialsMissing, lambda: found.correct(NOW, clock=CLOCK, value_date=date(2025, 3, 17)))
    with_form(found, date(2025, 3, 14), "roster")
    found.correct(NOW, clock=CLOCK, value_date=date(2025, 3, 17))
    assert found.facts_of(events.Corrected)[0].due_on == date(2025, 4, 3)
    refuses(found, refusals.NothingAsked, lambda: found.correct(NOW, clock=CLOCK, value_date=date(2025, 3, 18)))
    refuses(
        found, refusals.AskedAlready, lambda: found.request_correction(NOW, missing=["x"], value_date=date(2025, 3, 18))
    )


def test_nobody_passes_what_a_rule_refuses_and_nobody_refuses_without_a_reason() -> None:
    found = accepted()
    refuses(
        found, refusals.FindingsSpeakAgainst, lambda: review(found, "eligibility", "passed", findings=(finding(False),))
    )
    refuses(found, refusals.ReasonMissing, lambda: review(found, "eligibility", "rejected", findings=(finding(),)))
    review(found, "eligibility", "rejected", note="the business has closed")
    refuses(found, refusals.AlreadyReviewed, lambda: review(found, "eligibility"))


@pytest.mark.parametrize(
    ("which", "actor", "refusal"),
    [
        ("credit", GUARANTOR, refusals.OtherInstitution),
        ("guarantee", BANK, refusals.OtherInstitution),
        ("eligibility", BANK.model_copy(update={"subject": "hr-1"}), refusals.OtherInstitution),
        ("eligibility", HR.model_copy(update={"subject": "b-1"}), SamePerson),
    ],
)
def test_each_review_is_made_by_its_own_institution_and_its_own_person(
    which: events.Review, actor: Actor, refusal: type[Refusal]
) -> None:
    found = review(accepted(), "credit") if which != "credit" else accepted()
    refuses(found, refusal, lambda: review(found, which, actor=actor))


@pytest.mark.parametrize("reviewer", [HR, GUARANTOR, BANK])
def test_whoever_reviewed_may_not_approve(reviewer: Actor) -> None:
    found = reviewed()
    refuses(found, SamePerson, lambda: approve(found, actor=reviewer))


def test_approval_needs_all_three_a_counter_guarantee_and_what_was_reviewed() -> None:
    found = accepted()
    for which in ("credit", "eligibility"):
        review(found, which, **({"most_fen": 20_000_000} if which == "credit" else {}))  # type: ignore[arg-type]
    refuses(found, refusals.ReviewsMissing, lambda: approve(found))
    review(found, "guarantee")
    refuses(found, refusals.CounterGuaranteeMissing, lambda: approve(found))
    refuses(
        found,
        refusals.FindingsSpeakAgainst,
        lambda: found.waive_counter_guarantee(NOW, finding=finding(False), value_date=date(2025, 3, 5)),
    )
    found.waive_counter_guarantee(NOW, finding=finding(), value_date=date(2025, 3, 5))
    refuses(found, refusals.MoreThanReviewed, lambda: approve(found, amount=20_000_001))
    refuses(found, refusals.FindingsSpeakAgainst, lambda: approve(found, findings=[finding(False)]))
    refuses(found, refusals.LongerThanAsked, lambda: approve(found, months=25))
    approve(found)
    assert found.approval is not None and found.approval.amount_fen == 20_000_000


def test_a_review_that_rejects_keeps_it_from_being_approved_and_tells_why() -> None:
    found = accepted()
    refuses(
        found,
        refusals.ReasonMissing,
        lambda: found.reject(
            NOW, reason=None, policy=PIN, actor=APPROVER, notify_by=date(2025, 3, 13), value_date=date(2025, 3, 6)
        ),
    )
    review(found, "eligibility", "rejected", findings=(finding(), finding(False)))
    review(found, "guarantee")
    review(found, "credit")
    refuses(found, refusals.ReviewsMissing, lambda: approve(found))
    found.reject(NOW, reason=None, policy=PIN, actor=APPROVER, notify_by=date(2025, 3, 13), value_date=date(2025, 3, 6))
    (rejected,) = found.facts_of(events.Rejected)
    assert [(f.rule, f.holds) for f in rejected.findings] == [("limit.package", False)]
    assert found.status() == "rejected"
    refuses(found, refusals.ApplicationEnded, lambda: review(found, "credit"))


def test_what_ends_frees_the_household_and_whoever_stood_for_it() -> None:
    found = reviewed()
    found.withdraw(NOW, reason="another bank", value_date=date(2025, 3, 6))
    assert topics(found)[-2:] == ["counter_guarantee_released", "withdrawn"]
    (withdrawn,) = found.facts_of(events.Withdrawn)
    assert (withdrawn.members, withdrawn.counted) == ((PEOPLE["applicant"], PEOPLE["spouse"]), ())
    assert found.counter_guarantees == []
    later = approve(reviewed())
    later.withdraw(NOW, reason=None, value_date=date(2025, 3, 7))
    assert later.facts_of(events.Withdrawn)[0].counted == (PEOPLE["applicant"],)


def test_an_approval_lapses_the_day_after_its_last_and_not_before() -> None:
    found = approve(reviewed())
    for day in (date(2025, 6, 2), date(2025, 6, 3)):
        refuses(found, refusals.NotLapsed, lambda day=day: found.expire(NOW, until=None, day=day))  # type: ignore[misc]
    refuses(found, refusals.ApprovalLapsed, lambda: found.contract(NOW, loan_no="L", value_date=date(2025, 6, 4)))
    found.expire(NOW, until=None, day=date(2025, 6, 4))
    assert found.status() == "expired"
    refuses(found, refusals.NotApproved, lambda: found.contract(NOW, loan_no="L", value_date=date(2025, 6, 4)))


def test_a_correction_that_never_comes_lets_the_application_lapse() -> None:
    found = accepted()
    found.request_correction(NOW, missing=["roster"], value_date=date(2025, 3, 5))
    until = date(2025, 4, 5)
    refuses(found, refusals.NotLapsed, lambda: found.expire(NOW, until=until, day=until))
    found.expire(NOW, until=until, day=date(2025, 4, 6))
    assert found.status() == "expired"


def test_an_approval_is_used_once() -> None:
    found = approve(reviewed())
    found.contract(NOW, loan_no="L-1", value_date=date(2025, 3, 10))
    refuses(found, refusals.NotApproved, lambda: found.contract(NOW, loan_no="L-2", value_date=date(2025, 3, 10)))
    refuses(found, refusals.ApplicationEnded, lambda: found.withdraw(NOW, reason=None, value_date=date(2025, 3, 11)))


def test_consent_is_needed_and_must_hold_on_the_day() -> None:
    found = with_form()
    with pytest.raises(refusals.ConsentMissing):
        found.consent("credit_registry", MONDAY)
    given = {"person": PEOPLE["applicant"], "source": "credit_registry", "value_date": MONDAY}
    refuses(
        found,
        refusals.UnknownMaterial,
        lambda: found.give_consent(NOW, document="none", expires_on=MONDAY, **given),  # type: ignore[arg-type]
    )
    refuses(
        found,
        InvalidInput,
        lambda: found.give_consent(NOW, document="formform", expires_on=date(2025, 3, 2), **given),  # type: ignore[arg-type]
    )
    found.give_consent(NOW, document="formform", expires_on=date(2025, 3, 4), **given)  # type: ignore[arg-type]
    assert found.consent("credit_registry", date(2025, 3, 4)).document == "formform"
    for day in (date(2025, 3, 2), date(2025, 3, 5)):
        with pytest.raises(refusals.ConsentMissing):
            found.consent("credit_registry", day)
    with pytest.raises(refusals.ConsentMissing, match="2025-03-05"):
        found.consent("credit_registry", date(2025, 3, 4), date(2025, 3, 5))
    with pytest.raises(refusals.ConsentMissing):
        found.consent("credit_registry", date(2025, 3, 4), person=PEOPLE["spouse"])


def test_steps_are_dated_in_order_and_never_in_the_future() -> None:
    found = accepted(date(2025, 3, 4))
    refuses(found, refusals.BeforeLastStep, lambda: review(found, "credit", value_date=MONDAY))
    refuses(found, DatedInFuture, lambda: review(found, "credit", value_date=date(2025, 7, 1)))


def test_the_borrower_stands_for_nobody_and_what_is_released_no_longer_binds() -> None:
    found = accepted()
    day = date(2025, 3, 5)
    register = found.register_counter_guarantee
    refuses(
        found,
        InvalidInput,
        lambda: register(NOW, form="civil_servant", person=PEOPLE["applicant"], value_date=day),
    )
    for odd in (
        {"form": "third_party", "needs": "either"},
        {"form": "mortgage", "needs": "value", "person": PEOPLE["guarantor"]},
        {"form": "employee", "needs": "person", "value": 1},
        {"form": "employee", "needs": "person", "person": PEOPLE["spouse"]},
        {"form": "employee", "needs": "person", "person": PEOPLE["guarantor"], "member": True},
        {"form": "family_member", "needs": "family", "value": 1, "member": True},
        {"form": "family_member", "needs": "family", "person": PEOPLE["applicant"]},
    ):
        refuses(found, InvalidInput, lambda odd=odd: register(NOW, value_date=day, **odd))  # type: ignore[misc]
    register(NOW, form="civil_servant", person=PEOPLE["guarantor"], most=1, value_date=day)
    (binding,) = found.counter_guarantees
    refuses(
        found,
        refusals.BeforeLastStep,
        lambda: found.release_counter_guarantee(
            NOW, version=binding.originator_version, reason="back-dated", value_date=MONDAY
        ),
    )
    found.release_counter_guarantee(NOW, version=binding.originator_version, reason="settled", value_date=day)
    assert found.counter_guarantees == []
    refuses(
        found,
        refusals.UnknownCounterGuarantee,
        lambda: found.release_counter_guarantee(
            NOW, version=binding.originator_version, reason="again", value_date=day
        ),
    )


def test_the_spouse_stands_as_one_of_the_family_only() -> None:
    found = accepted()
    day = date(2025, 3, 5)
    found.register_counter_guarantee(
        NOW, form="family_member", needs="family", person=PEOPLE["spouse"], most=1, value_date=day
    )
    assert [one.member for one in found.counter_guarantees] == [True]


def test_what_was_let_go_after_approval_is_missing_at_signing() -> None:
    found = approve(reviewed())
    (binding,) = found.counter_guarantees
    found.release_counter_guarantee(
        NOW, version=binding.originator_version, reason="let go", value_date=date(2025, 3, 7)
    )
    refuses(
        found, refusals.CounterGuaranteeMissing, lambda: found.contract(NOW, loan_no="L-1", value_date=date(2025, 3, 8))
    )


def test_the_state_on_an_earlier_day_is_what_was_true_then() -> None:
    found = approve(reviewed())
    days = [MONDAY, date(2025, 3, 5), date(2025, 3, 6)]
    assert [found.status(day) for day in days] == ["in_review", "in_review", "approved"]
    assert found.state(MONDAY)["reviews"] == {}
    assert set(found.state(date(2025, 3, 5))["reviews"]) == {"eligibility", "guarantee", "credit"}


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((), "submitted"),
        ((("A_PREACCEPTED", "in_review", None),), "in_review"),
        ((("A_APPROVED", None, "approved"), ("A_REGISTERED", None, None), ("A_ACTIVATED", None, None)), "approved"),
        ((("A_PREACCEPTED", "in_review", None), ("A_DECLINED", None, "rejected")), "rejected"),
    ],
)
def test_a_history_from_elsewhere_stands_where_its_steps_say_in_their_sequence(
    steps: Sequence[tuple[str, Any, Any]], status: str
) -> None:
    found = LoanApplication.opened(
        events.Submitted, LoanApplication.create_id("T-1"), NOW, case_no="T-1", value_date=MONDAY, amount_fen=0
    )
    for sequence, (activity, now_status, ending) in enumerate(steps, 1):
        found.tell(
            events.HistoryRecorded,
            NOW,
            value_date=MONDAY,
            activity=activity,
            sequence=sequence,
            occurred_at=NOW.now,
            status=now_status,
            ending=ending,
            row=sequence,
        )
    assert found.status() == status
