"""Reviewing 并联审核: eligibility by human resources, due diligence by the guarantor, credit by the bank, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.borrower.borrower import Borrower
from domain.errors import InvalidInput
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import Accepted, Contracted, Review
from domain.loan_application.refusals import StillStands
from domain.money import Fen
from domain.policy.edition import Edition
from domain.policy.eligibility import (
    Standing,
    credit_findings,
    eligibility_findings,
    guarantee_findings,
    waiver_finding,
)
from domain.policy.finding import Finding
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.ledger import Receipt
from ledger.looking_up import Shown, applicant_of, guaranteed_overdue
from ledger.registering import Newcomers

REVIEWERS = {"eligibility": "hr_officer", "guarantee": "guarantor_officer", "credit": "bank_officer"}

Conditions: TypeAlias = Annotated[
    tuple[Annotated[str, Field(max_length=500, pattern=PLAIN)], ...], Field(max_length=10)
]
"""附加条件: what has to be so for the loan, each in words."""


class MakeReview(Frozen):
    """`outcome` left out: what the rules say. A refusal of one's own needs a `note`; `most_fen` is what this institution allows."""

    case_no: str
    value_date: date
    outcome: Literal["passed", "rejected"] | None = None
    note: str | None = Field(default=None, max_length=500, pattern=PLAIN)
    conditions: Conditions = ()
    shown: Shown = Shown()


class ReviewEligibility(MakeReview):
    pass


class ReviewGuarantee(MakeReview):
    most_fen: Fen | None = Field(default=None, gt=0)


class ReviewCredit(MakeReview):
    """`margin_bp` is over the LPR of the signing day; a review that passes says it."""

    most_fen: Fen | None = Field(default=None, gt=0)
    margin_bp: int | None = Field(default=None, ge=-1000, le=10_000)


class RegisterCounterGuarantee(Frozen):
    """A person (a registered pseudonym) or a thing of some value, as the form needs; `member` says that the person is of the family (亲情贷)."""

    case_no: str
    form: str = Field(max_length=64, pattern=PLAIN)
    person: UUID | None = None
    member: bool = False
    value_fen: Fen | None = Field(default=None, gt=0)
    material: str | None = None
    value_date: date


class WaiveCounterGuarantee(Frozen):
    case_no: str
    shown: Shown = Shown()
    value_date: date


class ReleaseCounterGuarantee(Frozen):
    """`version` is the registration's version in the application's stream."""

    case_no: str
    version: int
    reason: str = Field(max_length=500, pattern=PLAIN)
    value_date: date


def review_eligibility(desk: Desk, command: ReviewEligibility, context: CommandContext) -> Receipt | None:
    """资格审核, under the edition of the day of acceptance (domain.md §5.16). Raises what `LoanApplication.review` refuses."""

    def findings(application: LoanApplication, edition: Edition) -> tuple[Finding, ...]:
        return eligibility_findings(edition, applicant_of(desk, application, command.value_date, command.shown))

    return _review(desk, "eligibility", command, context, findings)


def review_guarantee(desk: Desk, command: ReviewGuarantee, context: CommandContext) -> Receipt | None:
    """担保审核 with its counter-guarantees or their waiver. Raises what `LoanApplication.review` refuses."""

    def findings(application: LoanApplication, edition: Edition) -> tuple[Finding, ...]:
        return security_findings(
            desk, application, edition, command.most_fen or application.opening.amount_fen, command.value_date
        )

    return _review(desk, "guarantee", command, context, findings, most_fen=command.most_fen)


def review_credit(desk: Desk, command: ReviewCredit, context: CommandContext) -> Receipt | None:
    """授信审核; the rate is at most the cap and at least 0. Raises NoLpr, InvalidInput, and what `LoanApplication.review` refuses."""
    margin = command.margin_bp

    def findings(application: LoanApplication, edition: Edition) -> tuple[Finding, ...]:
        if margin is None:
            return ()
        applicant = applicant_of(desk, application, command.value_date, command.shown)
        return credit_findings(edition, applicant, margin_bp=margin, rating=command.shown.rating)

    if command.outcome != "rejected" and margin is None:
        raise InvalidInput(field="margin_bp", problem="it is left out", expected="basis points over the LPR")
    if margin is not None:
        _must_leave_interest(desk, margin, command.value_date)
    more = {"most_fen": command.most_fen, "rating": command.shown.rating, "margin_bp": margin}
    return _review(desk, "credit", command, context, findings, **more)


def _review(
    desk: Desk,
    which: Review,
    command: MakeReview,
    context: CommandContext,
    look: Callable[[LoanApplication, Edition], Sequence[Finding]],
    **more: Any,
) -> Receipt | None:
    context.actor.must_be(REVIEWERS[which], "operator", action=f"make the {which} review")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        edition = edition_of(desk, application, command.value_date)
        findings = look(application, edition)
        application.review(
            context.moment,
            which,
            outcome=command.outcome or ("passed" if all(f.holds for f in findings) else "rejected"),
            findings=findings,
            policy=edition.pin,
            actor=context.actor,
            value_date=command.value_date,
            note=command.note,
            conditions=command.conditions,
            **more,
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def _must_leave_interest(desk: Desk, margin_bp: int, day: date) -> None:
    """Nobody pays the borrower for borrowing: no contract could be signed at less than 0. Raises NoLpr, InvalidInput."""
    lpr = desk.book.lpr_on(day).one_year
    if lpr + Decimal(margin_bp) / 10_000 < 0:
        problem = f"the LPR of {lpr * 100} % and {margin_bp} bp come to less than 0"
        raise InvalidInput(field="margin_bp", problem=problem, expected=f"at least {-lpr * 10_000:.0f}")


def register_counter_guarantee(
    desk: Desk, command: RegisterCounterGuarantee, context: CommandContext, newcomers: Newcomers | None = None
) -> Receipt | None:
    """反担保登记; who stands is registered with it, if nothing is known of them. Raises GuaranteesAlready, UnknownMaterial, InvalidInput, ApplicationEnded, NotPermitted, DatedInFuture."""
    context.actor.must_be("guarantor_officer", "operator", "clerk", action="register a counter-guarantee")

    def decide() -> list[Borrower | LoanApplication]:
        application = desk.ledger.application(command.case_no)
        rules = edition_of(desk, application, command.value_date).counter_guarantee
        if command.form not in rules.form_codes:
            known = ", ".join(rules.form_codes)
            raise InvalidInput(field="form", problem=f"{command.form!a} is no form", expected=f"one of: {known}")
        new = newcomers.unregistered(desk.ledger, context) if newcomers else []
        if (
            command.person is not None
            and command.person not in {one.id for one in new}
            and not desk.ledger.knows(command.person)
        ):
            problem = f"{command.person} is nobody"
            raise InvalidInput(field="person", problem=problem, expected="a registered person")
        application.register_counter_guarantee(
            context.moment,
            form=command.form,
            person=command.person,
            member=command.member,
            value=command.value_fen,
            material=command.material,
            most=rules.guarantor_most,
            needs=rules.form(command.form).needs,
            value_date=command.value_date,
        )
        return [*new, application]

    return desk.ledger.perform(command, context, decide)


def waive_counter_guarantee(desk: Desk, command: WaiveCounterGuarantee, context: CommandContext) -> Receipt | None:
    """免除反担保, where a rule of the edition says so. Raises FindingsSpeakAgainst, ApplicationEnded, NotPermitted, DatedInFuture."""
    context.actor.must_be("guarantor_officer", "hr_officer", "operator", action="waive a counter-guarantee")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        edition = edition_of(desk, application, command.value_date)
        finding = waiver_finding(edition, applicant_of(desk, application, command.value_date, command.shown))
        application.waive_counter_guarantee(context.moment, finding=finding, value_date=command.value_date)
        return [application]

    return desk.ledger.perform(command, context, decide)


def release_counter_guarantee(desk: Desk, command: ReleaseCounterGuarantee, context: CommandContext) -> Receipt | None:
    """解除反担保; of a signed loan when nothing is owed of it. Raises UnknownCounterGuarantee, BeforeLastStep, StillStands, NotPermitted, DatedInFuture."""
    context.actor.must_be("guarantor_officer", "operator", action="release a counter-guarantee")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        for contracted in application.facts_of(Contracted):
            _must_be_over(desk.ledger.loan(contracted.loan_no), command)
        application.release_counter_guarantee(
            context.moment, version=command.version, reason=command.reason, value_date=command.value_date
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def _must_be_over(loan: Loan, command: ReleaseCounterGuarantee) -> None:
    """Settled by the day; or never drawn, and too late to be. Raises StillStands."""
    status = loan.status(command.value_date)
    if status != "settled" and not loan.never_drawn(command.value_date):
        said = {"case_no": command.case_no, "loan_no": loan.contract.loan_no, "status": status}
        raise StillStands(field="version", **said, day=command.value_date)


def security_findings(
    desk: Desk, application: LoanApplication, edition: Edition, amount: Fen, day: date
) -> tuple[Finding, ...]:
    """What stands for the application now, set against an amount."""
    standing = [
        Standing(
            form=fact.form,
            person=str(fact.person) if fact.person else None,
            fen=fact.value_fen,
            overdue=fact.person is not None and guaranteed_overdue(desk, fact.person, day),
        )
        for fact in application.counter_guarantees
    ]
    return guarantee_findings(edition, standing, amount=amount, waived=application.waiver is not None)


def edition_of(desk: Desk, application: LoanApplication, day: date) -> Edition:
    """Eligibility is judged by the edition that acceptance pinned, whatever is published later (domain.md §5.16); before it, by that of the day."""
    accepted = application.facts_of(Accepted)
    if accepted and accepted[-1].policy is not None:
        return desk.book.pinned(accepted[-1].policy)
    return desk.book.edition_on(application.accepted_on or day)
