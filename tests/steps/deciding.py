"""Steps of reviewing and approving 审核与审批."""

from __future__ import annotations

from datetime import date
from typing import Any

from pytest_bdd import given, then, when

from domain.actor import Actor
from domain.loan.loan import Loan
from domain.loan_application import events
from domain.loan_application.standing import REVIEWS
from domain.money import Fen
from ledger import approving, reviewing
from ledger.context import CommandContext
from ledger.disbursing import Disburse, disburse
from ledger.noticing import NoticeOverdue, notice_overdue
from ledger.repaying import RecordRepayment, record_repayment
from tests.steps.applying import Hall
from tests.steps.office import BANK, GUARANTOR, OTHER_BANK
from tests.steps.words import in_people_s_notation, shown, step

DAY = date(2025, 3, 4)
REVIEWERS = {
    "eligibility": Actor(subject="liu", role="hr_officer", institution="human_resources", region="370811"),
    "guarantee": Actor(subject="sun", role="guarantor_officer", institution=GUARANTOR, region="370811"),
    "credit": Actor(subject="zhou", role="bank_officer", institution=BANK, region="370811"),
}
APPROVER = Actor(subject="chen", role="approver", institution="human_resources", region="370811")
LOAN_NO = "JN-2025-0001"


def _by(hall: Hall, actor: Actor) -> CommandContext:
    return CommandContext(actor, hall.office.moment)


def _review(hall: Hall, which: str, day: date, actor: Actor | None = None, **more: Any) -> None:
    who = _by(hall, actor or REVIEWERS[which])
    said = {"case_no": hall.case_no, "value_date": day, **more}
    match which:
        case "eligibility":
            eligibility = reviewing.ReviewEligibility.model_validate(said)
            hall.office.act(lambda: reviewing.review_eligibility(hall.desk, eligibility, who))
        case "guarantee":
            guarantee = reviewing.ReviewGuarantee.model_validate(said)
            hall.office.act(lambda: reviewing.review_guarantee(hall.desk, guarantee, who))
        case _:
            credit = reviewing.ReviewCredit.model_validate({"margin_bp": 50, **said})
            hall.office.act(lambda: reviewing.review_credit(hall.desk, credit, who))


def _stands(hall: Hall, who: str, day: date, form: str = "civil_servant") -> None:
    command = reviewing.RegisterCounterGuarantee(
        case_no=hall.case_no, form=form, person=hall.person(who), value_date=day
    )
    officer = _by(hall, REVIEWERS["guarantee"])
    hall.office.act(lambda: reviewing.register_counter_guarantee(hall.desk, command, officer))


def _passes(hall: Hall, which: str, day: date, **more: Any) -> None:
    if which == "guarantee" and not hall.application.counter_guarantees:
        _stands(hall, "Wang", day)
    _review(hall, which, day, **more)


@when(step("the {which:word} review passes on {day:day}"))
def review_passes(hall: Hall, which: str, day: date) -> None:
    _passes(hall, which, day)


@given(step("the {which:word} review passed on {day:day}"))
def review_passed(hall: Hall, which: str, day: date) -> None:
    _passes(hall, which, day)
    hall.office.recorded()
    assert hall.application.has_passed(_named(which))


@given(step("all three reviews passed on {day:day}"))
def all_passed(hall: Hall, day: date) -> None:
    for which in REVIEWS:
        review_passed(hall, which, day)


@given(step("the bank allows at most {most:yuan} and all three reviews passed on {day:day}"))
def all_passed_with(hall: Hall, most: Fen, day: date) -> None:
    for which in REVIEWS:
        _passes(hall, which, day, **({"most_fen": most} if which == "credit" else {}))
        hall.office.recorded()


@given(step("the bank asks for {condition:quoted} and all three reviews passed on {day:day}"))
def all_passed_under(hall: Hall, condition: str, day: date) -> None:
    for which in REVIEWS:
        _passes(hall, which, day, **({"conditions": (condition,)} if which == "credit" else {}))
        hall.office.recorded()


@when(step("the credit review is made by another bank on {day:day}"))
def by_another_bank(hall: Hall, day: date) -> None:
    _review(hall, "credit", day, REVIEWERS["credit"].model_copy(update={"institution": OTHER_BANK}))


@when(step("the bank grants LPR + {margin:count} bp on {day:day}"))
def bank_grants(hall: Hall, margin: int, day: date) -> None:
    _review(hall, "credit", day, margin_bp=margin)


@given(step("the bank found LPR + {margin:count} bp too much on {day:day}"))
def bank_found(hall: Hall, margin: int, day: date) -> None:
    bank_grants(hall, margin, day)
    hall.office.recorded()


@when(step("the bank insists on passing LPR + {margin:count} bp on {day:day}"))
def bank_insists(hall: Hall, margin: int, day: date) -> None:
    _review(hall, "credit", day, margin_bp=margin, outcome="passed")


@when(step("the guarantor rejects without a word on {day:day}"))
def rejects_silently(hall: Hall, day: date) -> None:
    _stands(hall, "Wang", day)
    _review(hall, "guarantee", day, outcome="rejected")


@when(step("the guarantor looks at what stands for it on {day:day}"))
@when(step("the guarantor looks without any counter-guarantee on {day:day}"))
def looks_without(hall: Hall, day: date) -> None:
    _review(hall, "guarantee", day)


@when(step("human resources look at eligibility on {day:day}"))
def look_at_eligibility(hall: Hall, day: date) -> None:
    _review(hall, "eligibility", day)


@then(step("the {which:word} review is rejected"))
def review_is_rejected(hall: Hall, which: str) -> None:
    hall.office.recorded()
    assert hall.application.reviews[_named(which)].outcome == "rejected"


@then(step("the reason is {words:quoted}"))
def reason_is(hall: Hall, words: str) -> None:
    against = [finding for _, finding in hall.application.findings() if not finding.holds]
    assert {finding.say("en") for finding in against} == {words}
    assert all(finding.say("zh").startswith("不予通过：") for finding in against)


@when(step("the spouse stands for Wang's application and then for Zhang's on {day:day}"))
def stands_twice(hall: Hall, day: date) -> None:
    first = hall.case_no
    hall.another()
    hall.submit("Wang", 10_000_000, 12, day)
    hall.complete(day)
    hall.accept(day)
    _stands(hall, "the spouse of Zhang", day)
    hall.case_no = first
    _stands(hall, "the spouse of Zhang", day, "family_member")


@when(step("the application is approved on {day:day}"))
def approve(hall: Hall, day: date) -> None:
    _approve(hall, day, APPROVER)


@given(step("the application was approved on {day:day}"))
def approved(hall: Hall, day: date) -> None:
    approve(hall, day)
    hall.office.recorded()


@given(step("the application was approved on {day:day} provided that {condition:quoted}"))
def approved_under(hall: Hall, condition: str, day: date) -> None:
    _approve(hall, day, APPROVER, conditions=(condition,))
    hall.office.recorded()


@when(step("the reviewer of eligibility approves it on {day:day}"))
def reviewer_approves(hall: Hall, day: date) -> None:
    _approve(hall, day, REVIEWERS["eligibility"].model_copy(update={"role": "approver"}))


@when(step("{amount:yuan} is approved on {day:day}"))
def approve_amount(hall: Hall, amount: Fen, day: date) -> None:
    _approve(hall, day, APPROVER, amount_fen=amount)


@when(step("the application is rejected on {day:day}"))
def reject(hall: Hall, day: date) -> None:
    command = approving.RejectApplication(case_no=hall.case_no, value_date=day)
    hall.office.act(lambda: approving.reject_application(hall.desk, command, _by(hall, APPROVER)))


@given(step("the application was rejected on {day:day}"))
def rejected(hall: Hall, day: date) -> None:
    reject(hall, day)
    hall.office.recorded()


@when(step("Zhang submits it anew on {day:day}"))
def submit_anew(hall: Hall, day: date) -> None:
    earlier = hall.case_no
    hall.another()
    hall.submit("Zhang", 20_000_000, 24, day, resubmits=earlier)


@when(step("the contract is signed on {day:day}"))
def sign(hall: Hall, day: date) -> None:
    command = approving.SignApproved(case_no=hall.case_no, loan_no=f"{LOAN_NO}-{hall.count}", value_date=day)
    hall.office.act(lambda: approving.sign_approved(hall.desk, command, _by(hall, REVIEWERS["credit"])))


@given(step("the contract was signed on {day:day}"))
def signed(hall: Hall, day: date) -> None:
    sign(hall, day)
    hall.office.recorded()


@given(step("the bank paid out {amount:yuan} of it on {day:day}"))
@when(step("the bank pays out {amount:yuan} of it on {day:day}"))
def pay_out(hall: Hall, amount: Fen, day: date) -> None:
    command = Disburse(loan_no=_loan_no(hall), amount_fen=amount, value_date=day, bank_reference=f"P-{hall.count}")
    hall.office.act(lambda: disburse(hall.desk.ledger, command, _by(hall, REVIEWERS["credit"])))


@then(step("it is signed under {one:quoted} and {other:quoted}"))
def is_signed_under(hall: Hall, one: str, other: str) -> None:
    hall.office.recorded()
    assert hall.application.state()["conditions"] == [one, other]


@then(step("the loan runs at {rate:percent} a year"))
def runs_at(hall: Hall, rate: Any) -> None:
    hall.office.recorded()
    terms = _loan(hall).contract.terms
    assert terms is not None
    assert terms.annual_rate == rate


@then(step("it is shared 9/30/61"))
def is_shared(hall: Hall) -> None:
    scheme = _loan(hall).contract.share_scheme
    assert scheme is not None
    assert {p.party: (p.weight, p.institution) for p in scheme.parties} == {
        "fund": (9, "jining_guarantee_fund"),
        "bank": (30, BANK),
        "guarantor": (61, GUARANTOR),
    }


@then(step("it pins the edition {edition:quoted}"))
def pins(hall: Hall, edition: str) -> None:
    assert _loan(hall).contract.policy == hall.desk.book.edition(edition).pin


@then(step("{amount:yuan} of the loan is outstanding"))
def is_outstanding(hall: Hall, amount: Fen) -> None:
    hall.office.recorded()
    hall.office.loan_no = _loan_no(hall)
    line = hall.office.book()
    assert line is not None
    assert in_people_s_notation(line["outstanding"]) == shown(amount)


@then(step("the household may apply again"))
def may_apply_again(hall: Hall) -> None:
    hall.another()
    hall.submit("the spouse of Zhang", 10_000_000, 12, hall.office.today)
    hall.office.recorded()


@given(step("Zhang has had three guaranteed loans"))
def three_loans(hall: Hall) -> None:
    """The one on the desk becomes the first of them; a fourth is then accepted."""
    for _ in range(3):
        _mortgages(hall, Fen(20_000_000), DAY)
        all_passed(hall, DAY)
        approved(hall, DAY)
        signed(hall, DAY)
        pay_out(hall, Fen(20_000_000), DAY)
        repaid(hall, DAY)
        _asks_again(hall, DAY)


@given(step("Zhang has a guaranteed loan that was paid out on {day:day}"))
def loan_that_runs(hall: Hall, day: date) -> None:
    """The one on the desk becomes it; another is then accepted."""
    all_passed(hall, day)
    approved(hall, day)
    signed(hall, day)
    pay_out(hall, Fen(20_000_000), day)
    _asks_again(hall, day)


def _asks_again(hall: Hall, day: date) -> None:
    hall.another()
    hall.submit("Zhang", 20_000_000, 24, day)
    hall.complete(day)
    hall.accept(day)


def _approve(hall: Hall, day: date, actor: Actor, **more: Any) -> None:
    command = approving.ApproveApplication(case_no=hall.case_no, value_date=day, **more)
    hall.office.act(lambda: approving.approve_application(hall.desk, command, _by(hall, actor)))


@when(step("whoever stands for the loan is released on {day:day}"))
def release(hall: Hall, day: date) -> None:
    (registered,) = hall.application.counter_guarantees
    command = reviewing.ReleaseCounterGuarantee(
        case_no=hall.case_no, version=registered.originator_version, reason="asked to be let go", value_date=day
    )
    officer = _by(hall, REVIEWERS["guarantee"])
    hall.office.act(lambda: reviewing.release_counter_guarantee(hall.desk, command, officer))


@given(step("whoever stood for the loan was released on {day:day}"))
def released(hall: Hall, day: date) -> None:
    release(hall, day)
    hall.office.recorded()


@given(step("the borrower repaid all of it on {day:day}"))
def repaid(hall: Hall, day: date) -> None:
    amount = hall.desk.ledger.loan(_loan_no(hall)).owed(day).everything
    command = RecordRepayment(
        loan_no=_loan_no(hall), amount_fen=amount, value_date=day, bank_reference=f"R-{hall.count}"
    )
    hall.office.act(lambda: record_repayment(hall.desk.ledger, command, _by(hall, REVIEWERS["credit"])))
    hall.office.recorded()


@given(step("Wang stood for a loan that went overdue and was settled"))
def stood_for_overdue(hall: Hall) -> None:
    """The one on the desk becomes that loan; Zhang asks for another."""
    all_passed(hall, DAY)
    approved(hall, DAY)
    signed(hall, DAY)
    pay_out(hall, Fen(20_000_000), DAY)
    late = date(2025, 5, 30)
    notice = NoticeOverdue(loan_no=_loan_no(hall), day=late)
    hall.office.act(lambda: notice_overdue(hall.desk.ledger, notice, hall.office.by("system", "day_close")))
    hall.office.recorded()
    repaid(hall, late)
    released(hall, late)
    _asks_again(hall, late)


@when(step("the guarantee review is made with Wang on {day:day}"))
def review_with_wang(hall: Hall, day: date) -> None:
    _stands(hall, "Wang", day)
    hall.office.recorded()
    _review(hall, "guarantee", day)


@then(step("nobody stands for the loan any more"))
def nobody_stands(hall: Hall) -> None:
    hall.office.recorded()
    assert hall.application.counter_guarantees == []


@given(step("things worth {value:yuan} stand for the loan since {day:day}"))
def mortgaged(hall: Hall, value: Fen, day: date) -> None:
    _mortgages(hall, value, day)


def _mortgages(hall: Hall, value: Fen, day: date) -> None:
    command = reviewing.RegisterCounterGuarantee(case_no=hall.case_no, form="mortgage", value_fen=value, value_date=day)
    officer = _by(hall, REVIEWERS["guarantee"])
    hall.office.act(lambda: reviewing.register_counter_guarantee(hall.desk, command, officer))
    hall.office.recorded()


@when(step("the spouse of Zhang stands for it as {form:quoted} on {day:day}"))
def spouse_stands(hall: Hall, form: str, day: date) -> None:
    _stands(hall, "the spouse of Zhang", day, form)


def _named(which: str) -> events.Review:
    return next(name for name in REVIEWS if name == which)


def _loan_no(hall: Hall) -> str:
    return hall.application.facts_of(events.Contracted)[-1].loan_no


def _loan(hall: Hall) -> Loan:
    return hall.desk.ledger.loan(_loan_no(hall))
