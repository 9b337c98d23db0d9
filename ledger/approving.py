"""Approving 审批: all three concur and somebody else says yes; or no, with every reason; and what lapses unused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field

from domain.calendar import add_months
from domain.errors import InvalidInput
from domain.facts import Moment
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan.refusals import LoanExists
from domain.loan.schedule import must_be_serviced
from domain.loan.terms import RateBasis, RepaymentTerms, Servicing
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import Approved, CreditReviewed, Submitted
from domain.money import Fen
from domain.policy.edition import Edition
from domain.policy.eligibility import credit_findings, eligibility_findings, ends_on
from domain.policy.finding import Finding
from domain.policy.rules import Arrears
from domain.ratio import ShareScheme
from domain.rural_partner.partner import RURAL_LOAN, RuralPartner
from domain.rural_partner.project import PartnerProject
from ledger.context import CommandContext
from ledger.contracting import held_ready
from ledger.desk import Desk
from ledger.ledger import Receipt
from ledger.looking_up import Shown, applicant_of
from ledger.partnering import linked
from ledger.reviewing import Conditions, edition_of, security_findings

APPROVERS = ("approver", "operator")
PACKAGE = frozenset({"package.family", "package.partner"})
"""What may have ended between the reviews and the contract, as may whatever else stands for the loan."""
FUND = "jining_guarantee_fund"
"""The guarantee fund that is meant where none is named."""


class ApproveApplication(Frozen):
    """`amount_fen` and `months` left out: what was asked for, as far as the reviews allow."""

    case_no: str
    amount_fen: Fen | None = Field(default=None, gt=0)
    months: int | None = Field(default=None, gt=0, le=600)
    conditions: Conditions = ()
    fund: str = Field(default=FUND, max_length=64, pattern=PLAIN)
    value_date: date


class RejectApplication(Frozen):
    case_no: str
    reason: str | None = Field(default=None, max_length=500, pattern=PLAIN)
    value_date: date


class ExpireApplication(Frozen):
    """`value_date` is the day at whose end it is looked at."""

    case_no: str
    value_date: date


class SignApproved(Frozen):
    """The contract of an approved application; rate, policy, share scheme and servicing are pinned on the signing day.

    `every` is how many months an instalment is for, `due_day` the day of the month on which it falls due, `first_due` the first of these days: with
    2025-06-20, the 20th and three months they are the 20th of the quarters' last months (R-INT-9). A bullet has one at the end.
    """

    case_no: str
    loan_no: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f/]+$")
    method: str = Field(default="equal_instalment", pattern="^(equal_instalment|equal_principal|interest_only|bullet)$")
    every: int = Field(default=1, ge=1, le=36)
    due_day: int | None = Field(default=None, ge=1, le=31)
    first_due: date | None = None
    value_date: date


def approve_application(desk: Desk, command: ApproveApplication, context: CommandContext) -> Receipt | None:
    """审批通过 under the limits of the day of approval (domain.md §5.16); the fund reserves its share in the same append.

    Raises TooManyLoans, UnknownFund, FundCapacityExceeded, GuaranteesAreSuspended, NotPermitted, and what
    `LoanApplication.approve` refuses.
    """
    context.actor.must_be(*APPROVERS, action="approve an application")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        edition = desk.book.edition_on(command.value_date)
        amount = command.amount_fen or application.most
        months = command.months or application.opening.months or 0
        applicant = applicant_of(desk, application, command.value_date, Shown())
        looked_at = applicant.model_copy(update={"amount_fen": amount, "months": months})
        limits = [f for f in eligibility_findings(edition, looked_at) if f.rule in LIMITS]
        accepted_under = edition_of(desk, application, command.value_date)
        application.approve(
            context.moment,
            amount=amount,
            months=months,
            findings=(
                *limits,
                *_ages(application, command.value_date, months),
                *security_findings(desk, application, accepted_under, amount, command.value_date),
            ),
            policy=edition.pin,
            actor=context.actor,
            expires_on=command.value_date + timedelta(days=edition.clock.approval_valid_days),
            loans_most=edition.repeats.loans,
            conditions=command.conditions,
            scheme=_scheme(desk, edition, application, command.fund),
            value_date=command.value_date,
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def _ages(application: LoanApplication, day: date, months: int) -> Iterator[Finding]:
    """Retirement age, as the eligibility review found it, against the day on which the loan really ends (R-ELI-4)."""
    reviewed = application.reviews.get("eligibility")
    for found in reviewed.findings if reviewed else ():
        if found.rule == "age.retirement":
            yield ends_on(found, add_months(day, months))


def _scheme(desk: Desk, edition: Edition, application: LoanApplication, fund: str) -> ShareScheme:
    """The scheme of the application's package, with its parties named. Raises UnknownFund."""
    opening = application.opening
    parties = {"fund": fund, "bank": opening.bank or "", "guarantor": opening.guarantor or ""}
    scheme = edition.scheme_of(opening.product or "").pinned(**parties)
    if scheme.fund is not None:
        desk.ledger.fund(scheme.fund)
    return scheme


LIMITS = frozenset({"limit.kind", "limit.package", "limit.term", "repeats.loans", "repeats.repaid", *PACKAGE})
"""What is looked at again under the edition of the day of approval."""


def reject_application(desk: Desk, command: RejectApplication, context: CommandContext) -> Receipt | None:
    """不予通过; the applicant is told within five working days. Raises ReasonMissing, ApplicationEnded, NotPermitted."""
    context.actor.must_be(*APPROVERS, "hr_officer", action="reject an application")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        edition = desk.book.edition_on(command.value_date)
        notify_by = desk.book.calendar.add(command.value_date, edition.clock.reasons_within_days)
        application.reject(
            context.moment,
            reason=command.reason,
            policy=edition.pin,
            actor=context.actor,
            notify_by=notify_by,
            value_date=command.value_date,
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def expire_application(desk: Desk, command: ExpireApplication, context: CommandContext) -> Receipt | None:
    """失效 of what was not completed, corrected, signed or drawn in time; what the fund still holds ready for the loan lapses with it.

    Raises NotLapsed, ApplicationEnded, NotPermitted, DatedInFuture.
    """
    context.actor.must_be("system", "clerk", *APPROVERS, action="let an application lapse")

    def decide() -> list[LoanApplication | Loan]:
        return expired(desk, desk.ledger.application(command.case_no), context.moment, command.value_date)

    return desk.ledger.perform(command, context, decide)


def expired(desk: Desk, application: LoanApplication, moment: Moment, day: date) -> list[LoanApplication | Loan]:
    """The application told that it has lapsed, and its loan of what the fund still held ready. Raises NotLapsed, ApplicationEnded, BeforeLastStep."""
    edition, asked = desk.book.edition_on(day), application.paused_by
    since = asked.value_date if asked else application.opening.value_date
    until = desk.book.calendar.add(since, edition.clock.correction_within_days)
    loan = desk.ledger.loan(application.signed.loan_no) if application.signed else None
    undrawn = loan is not None and loan.never_drawn(day)
    application.expire(moment, until=until, day=day, undrawn=undrawn)
    if loan is None or not loan.reserved:
        return [application]
    loan.lapse_reservation(moment, day)
    return [application, loan]


def sign_approved(desk: Desk, command: SignApproved, context: CommandContext) -> Receipt | None:
    """签订借款合同 of an approval: the loan begins, the approval is used, and a 乡村贷 is linked to its partner and project, in one append.

    Raises NotApproved, ApprovalLapsed, CounterGuaranteeMissing, LoanExists, FindingsSpeakAgainst, NotPermitted, DatedInFuture, and what
    `sign_contract` refuses of the fund and `link_loan` of the partner.
    """
    context.actor.must_be("bank_officer", "operator", action="sign a contract")

    def decide() -> list[LoanApplication | Loan | RuralPartner | PartnerProject]:
        application = desk.ledger.application(command.case_no)
        if desk.ledger.knows(Loan.create_id(command.loan_no)):
            raise LoanExists(field="loan_no", loan_no=command.loan_no)
        reserved = application.reservation
        approval = application.contract(context.moment, loan_no=command.loan_no, value_date=command.value_date)
        edition = desk.book.edition_on(command.value_date)
        _must_still_hold(desk, application, approval, edition, command.value_date)
        scheme, opening = _scheme(desk, edition, application, reserved.fund if reserved else FUND), application.opening
        loan = _begun(desk, opening, approval, scheme, edition, command, context)
        if opening.product != RURAL_LOAN or opening.partner_no is None:
            return [application, loan]
        told = linked(
            desk.ledger,
            loan,
            opening.partner_no,
            opening.project_no,
            moment=context.moment,
            value_date=command.value_date,
        )
        return [application, loan, *told]

    return desk.ledger.perform(command, context, decide)


def _must_still_hold(desk: Desk, application: LoanApplication, approval: Approved, edition: Edition, day: date) -> None:
    """What may have changed between the reviews and the contract. Raises FindingsSpeakAgainst."""
    applicant = applicant_of(desk, application, day, Shown())
    rating = application.facts_of(CreditReviewed)[-1].rating
    accepted_under = edition_of(desk, application, day)
    for finding in (
        *credit_findings(edition, applicant, margin_bp=approval.margin_bp, rating=rating),
        *(f for f in eligibility_findings(edition, applicant) if f.rule in PACKAGE),
        *_ages(application, day, approval.months),
        *security_findings(desk, application, accepted_under, approval.amount_fen, day),
    ):
        application.must_hold(finding)


def _begun(
    desk: Desk,
    opening: Submitted,
    approval: Approved,
    scheme: ShareScheme,
    edition: Edition,
    command: SignApproved,
    context: CommandContext,
) -> Loan:
    """The loan with everything pinned that the signing day says. Raises NoLpr, InvalidInput, TermsNotServiced, ScheduleNotOffered, DatedInFuture."""
    quote, amount = desk.book.lpr_on(command.value_date), approval.amount_fen
    terms = _terms(command, approval.months, quote.one_year + Decimal(approval.margin_bp) / 10_000, edition)
    must_be_serviced(amount, command.value_date, terms)
    return Loan.sign(
        context.moment,
        loan_no=command.loan_no,
        value_date=command.value_date,
        borrower=opening.applicant,
        bank=opening.bank or "",
        guarantor=opening.guarantor,
        county=opening.county,
        product=opening.product,
        borrower_kind=opening.kind,
        approved_fen=amount,
        guaranteed_fen=amount - scheme.part("bank", amount),
        term_months=approval.months,
        terms=terms,
        rate_basis=RateBasis(lpr_published_on=quote.published_on, lpr=quote.one_year, margin_bp=approval.margin_bp),
        policy=edition.pin,
        share_scheme=scheme,
        **held_ready(desk.ledger, scheme, amount, command.value_date),
    )


def _terms(command: SignApproved, months: int, rate: Decimal, edition: Edition) -> RepaymentTerms:
    """The rate of the signing day is kept for the contract (R-INT-5), and how the edition of that day has loans run. Raises InvalidInput."""
    every = months if command.method == "bullet" else command.every
    if months % every:
        problem = f"{months} months are no whole number of such instalments"
        raise InvalidInput(field="every", problem=problem, expected="months that divide the term")
    given = {"annual_rate": rate, "method": command.method, "instalments": months // every, "every": every}
    if command.method != "bullet":
        given |= {"due_day": command.due_day, "first_due": command.first_due}
    return RepaymentTerms.model_validate(given | {"servicing": _servicing(edition.arrears)})


def _servicing(arrears: Arrears | None) -> Servicing:
    if arrears is None:
        return Servicing()
    return Servicing(
        order=arrears.order,
        overdue_surcharge=Decimal(arrears.overdue_percent) / 100,
        misuse_surcharge=Decimal(arrears.misuse_percent) / 100,
        compound=arrears.compound,
        next_working_day=arrears.next_working_day,
    )
