"""Applying 申请与受理: submitted at a hall, an outlet or online, completed with documents and data, accepted, corrected, withdrawn."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from domain.borrower.borrower import Borrower
from domain.credit_code import credit_code, enterprise_id
from domain.errors import InvalidInput
from domain.frozen import PLAIN, Frozen
from domain.loan_application import refusals
from domain.loan_application.application import LoanApplication
from domain.loan_application.clock import Clock
from domain.loan_application.events import BorrowerKind, Channel, CorrectionRequested, Enterprise, Source
from domain.money import Fen
from domain.policy.edition import Edition
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.ledger import Receipt
from ledger.materials import Material, media_type, read_file
from ledger.outside import entered_figures
from ledger.partnering import partner_of, project_of
from ledger.registering import Newcomers

INTAKE = ("operator", "applicant", "clerk", "outlet_clerk", "bank_officer")
CLERKS = ("operator", "clerk", "outlet_clerk", "bank_officer", "hr_officer")
LIVE_MOST = 1
"""One live application a household (domain.md §2, ApplicationSubmitted)."""

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f/]+$")]
"""A number or a code: without blanks, without a slash."""


def _with_a_credit_code(enterprise: Enterprise | None) -> Enterprise | None:
    if enterprise is not None:
        credit_code(enterprise.credit_code)
    return enterprise


class SubmitApplication(Frozen):
    """What somebody asks for. Persons are pseudonyms of registered borrowers; spouse and partners are of the household."""

    case_no: Code
    kind: BorrowerKind
    applicant: UUID
    spouse: UUID | None = None
    partners: tuple[UUID, ...] = Field(default=(), max_length=20)
    enterprise: Annotated[Enterprise | None, AfterValidator(_with_a_credit_code)] = None
    product: str = Field(max_length=64, pattern=PLAIN)
    group: str | None = Field(default=None, max_length=64, pattern=PLAIN)
    amount_fen: Fen = Field(gt=0)
    months: int = Field(gt=0, le=600)
    channel: Channel
    outlet: Code | None = None
    bank: Code
    guarantor: Code | None = None
    city: Code = "370800"
    county: Code
    township: Code | None = None
    partner_no: Code | None = None
    project_no: Code | None = None
    resubmits: Code | None = None
    value_date: date


class AddMaterial(Frozen):
    """`kind` is the code of the material in the edition (its list is shown by `policy show`)."""

    case_no: str
    kind: Code
    value_date: date


class RecordMaterial(AddMaterial):
    """The same of a certain content, so that another document under the same key is another command."""

    digest: str
    media_type: str
    size: int


class GiveConsent(Frozen):
    """`document` is the digest of the signed consent, a material of the application."""

    case_no: str
    source: Source
    document: str
    expires_on: date
    value_date: date
    person: UUID | None = None


class EnterData(Frozen):
    """Figures by the names that the source uses; `material` is the digest of the document they were read from."""

    case_no: str
    source: Source
    figures: dict[str, str] = Field(min_length=1, max_length=20)
    material: str
    reason: str = Field(max_length=500, pattern=PLAIN)
    value_date: date
    person: UUID | None = None
    """Whose they are; the applicant's if left out."""


class AcceptApplication(Frozen):
    case_no: str
    value_date: date


class RequestCorrection(Frozen):
    """`missing` names every material that is asked for; it can be asked only once."""

    case_no: str
    missing: tuple[Code, ...] = Field(min_length=1, max_length=20)
    value_date: date


class ConfirmCorrection(Frozen):
    case_no: str
    value_date: date


class WithdrawApplication(Frozen):
    case_no: str
    reason: str | None = Field(default=None, max_length=500, pattern=PLAIN)
    value_date: date


def submit_application(
    desk: Desk, command: SubmitApplication, context: CommandContext, newcomers: Newcomers | None = None
) -> Receipt | None:
    """Open an application under the edition of its day; people whom it names for the first time are registered with it.

    Raises ApplicationExists, NotResubmittable, LiveApplication, UnknownPartner, UnknownProject, NotPermitted, InvalidInput,
    DatedInFuture.
    """
    context.actor.must_be(*INTAKE, action="submit an application")

    def decide() -> list[Borrower | LoanApplication]:
        if desk.ledger.knows(LoanApplication.create_id(command.case_no)):
            raise refusals.ApplicationExists(field="case_no", case_no=command.case_no)
        edition = desk.book.edition_on(command.value_date)
        _must_be_offered(edition, command)
        _must_be_known(desk, command, newcomers)
        _may_follow(desk, command)
        asked = {name: getattr(command, name) for name in type(command).model_fields}
        enterprise = enterprise_id(command.enterprise.credit_code) if command.enterprise else None
        named = (command.applicant, command.spouse, *command.partners, enterprise)
        members = tuple(dict.fromkeys(one for one in named if one))
        application = LoanApplication.submit(
            context.moment, **asked, policy=edition.pin, members=members, live_most=LIVE_MOST
        )
        return [*(newcomers.unregistered(desk.ledger, context) if newcomers else ()), application]

    return desk.ledger.perform(command, context, decide)


def add_material(desk: Desk, command: AddMaterial, file: Path, context: CommandContext) -> str:
    """Keep a document and record it; gives its digest. Raises MaterialUnreadable, and what `add_document` refuses."""
    return add_document(desk, command, read_file(file), file.name, context)[0].digest


def add_document(
    desk: Desk, command: AddMaterial, content: bytes, name: str, context: CommandContext
) -> tuple[Material, Receipt | None]:
    """Keep a document whose content agrees with its name, and record it.

    Raises UnknownApplication, MaterialRefused, ApplicationEnded, NotPermitted, DatedInFuture.
    """
    context.actor.must_be(*INTAKE, "hr_officer", "guarantor_officer", action="add a document")
    application = desk.ledger.application(command.case_no)
    applicant = application.opening.applicant
    if applicant is None:
        raise refusals.ApplicationEnded(field="case_no", case_no=command.case_no, status="recorded elsewhere")
    _must_be_a_kind(desk, application, command)
    kept = desk.materials.take(content, media_type(content, Path(name)), desk.keystore.key(applicant))
    return kept, record_material(desk, command, kept, context)


def record_material(desk: Desk, command: AddMaterial, kept: Material, context: CommandContext) -> Receipt | None:
    """A document that is kept belongs to the application. Raises ApplicationEnded, DatedInFuture."""
    named = RecordMaterial(**dict(command), digest=kept.digest, media_type=kept.media_type, size=kept.size)

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        _must_be_a_kind(desk, application, command)
        what = {name: getattr(named, name) for name in type(named).model_fields if name != "case_no"}
        application.add_material(context.moment, **what)
        return [application]

    return desk.ledger.perform(named, context, decide)


def give_consent(desk: Desk, command: GiveConsent, context: CommandContext) -> Receipt | None:
    """Raises UnknownMaterial, InvalidInput, ApplicationEnded, DatedInFuture."""
    context.actor.must_be(*INTAKE, action="record a consent")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        application.give_consent(
            context.moment,
            person=one_of(application, command.person),
            source=command.source,
            document=command.document,
            expires_on=command.expires_on,
            value_date=command.value_date,
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def enter_data(desk: Desk, command: EnterData, context: CommandContext) -> Receipt | None:
    """Go on by hand where a source gave no answer.

    Raises InvalidInput, UnknownMaterial, ApplicationEnded, NotPermitted, DatedInFuture.
    """
    context.actor.must_be(*CLERKS, action="enter figures by hand")
    figures = entered_figures(command.source, command.figures)

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        application.enter_data(
            context.moment,
            source=command.source,
            figures=figures,
            material=command.material,
            reason=command.reason,
            value_date=command.value_date,
            person=one_of(application, command.person),
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def accept_application(desk: Desk, command: AcceptApplication, context: CommandContext) -> Receipt | None:
    """Start the clock. Raises MaterialsMissing, AlreadyAccepted, ApplicationEnded, NotPermitted, DatedInFuture."""
    context.actor.must_be(*CLERKS, action="accept an application")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        edition = desk.book.edition_on(command.value_date)
        required, pulled = needed(edition, application)
        application.accept(
            context.moment,
            required=required,
            pulled=pulled,
            clock=clock(desk, edition),
            value_date=command.value_date,
            policy=edition.pin,
        )
        return [application]

    return desk.ledger.perform(command, context, decide)


def request_correction(desk: Desk, command: RequestCorrection, context: CommandContext) -> Receipt | None:
    """Ask once for all that is missing. Raises AskedAlready, NotInReview, NotPermitted, DatedInFuture."""
    context.actor.must_be(*CLERKS, "guarantor_officer", action="ask for a correction")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        application.request_correction(context.moment, missing=command.missing, value_date=command.value_date)
        return [application]

    return desk.ledger.perform(command, context, decide)


def confirm_correction(desk: Desk, command: ConfirmCorrection, context: CommandContext) -> Receipt | None:
    """Everything asked for is there; the clock runs on. Raises NothingAsked, MaterialsMissing, DatedInFuture."""
    context.actor.must_be(*INTAKE, "hr_officer", "guarantor_officer", action="confirm a correction")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        edition = desk.book.edition_on(command.value_date)
        application.correct(context.moment, clock=clock(desk, edition), value_date=command.value_date)
        return [application]

    return desk.ledger.perform(command, context, decide)


def withdraw_application(desk: Desk, command: WithdrawApplication, context: CommandContext) -> Receipt | None:
    """Until there is a contract. Raises ApplicationEnded, NotPermitted, DatedInFuture."""
    context.actor.must_be(*INTAKE, action="withdraw an application")

    def decide() -> list[LoanApplication]:
        application = desk.ledger.application(command.case_no)
        application.withdraw(context.moment, reason=command.reason, value_date=command.value_date)
        return [application]

    return desk.ledger.perform(command, context, decide)


def one_of(application: LoanApplication, person: UUID | None) -> UUID:
    """Somebody of the application, the applicant where nobody is named. Raises InvalidInput."""
    found = person or application.opening.applicant
    if found is None or found not in (*application.borrowers, application.opening.spouse):
        problem = "somebody who is not of this application"
        raise InvalidInput(field="person", problem=problem, expected="the applicant, the spouse or a partner")
    return found


def needed(edition: Edition, application: LoanApplication) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The materials that somebody has to bring, and the sources that are asked instead of the applicant (R-PRO-4)."""
    materials = edition.materials_for(application.opening.kind or "individual")
    return tuple(m.code for m in materials.required), materials.pulled


def clock(desk: Desk, edition: Edition) -> Clock:
    return Clock(desk.book.calendar, edition.clock.working_days)


def _must_be_a_kind(desk: Desk, application: LoanApplication, command: AddMaterial) -> None:
    """A material that the edition knows, or that the applicant was asked for."""
    edition = desk.book.edition_on(application.accepted_on or command.value_date)
    known = dict.fromkeys(
        (
            *edition.material_codes,
            *(kind for asked in application.facts_of(CorrectionRequested) for kind in asked.missing),
        )
    )
    if command.kind not in known:
        problem = f"{command.kind!a} is no material"
        raise InvalidInput(field="kind", problem=problem, expected=f"one of: {', '.join(known)}")


def _must_be_offered(edition: Edition, command: SubmitApplication) -> None:
    """What is asked for must be something that the edition knows."""
    if command.product not in edition.package_codes:
        known = ", ".join(edition.package_codes)
        raise InvalidInput(field="product", problem=f"{command.product!a} is no package", expected=f"one of: {known}")
    if command.group is not None and command.group not in edition.group_codes:
        known = ", ".join(edition.group_codes)
        raise InvalidInput(field="group", problem=f"{command.group!a} is no group", expected=f"one of: {known}")
    if command.kind == "small_enterprise" and command.enterprise is None:
        raise InvalidInput(field="enterprise", problem="it is left out", expected="what the enterprise states")
    if command.kind != "small_enterprise" and command.enterprise is not None:
        raise InvalidInput(field="enterprise", problem="only a small enterprise has one", expected="none")
    if command.kind == "partnership" and not command.partners:
        raise InvalidInput(field="partners", problem="there are none", expected="every other partner")
    if command.channel == "outlet" and command.outlet is None:
        raise InvalidInput(field="outlet", problem="it is left out", expected="the outlet that took it in")


def _must_be_known(desk: Desk, command: SubmitApplication, newcomers: Newcomers | None) -> None:
    for field, persons in (
        ("applicant", (command.applicant,)),
        ("spouse", (command.spouse,) if command.spouse else ()),
        ("partners", command.partners),
    ):
        for person in persons:
            if not (newcomers and person in newcomers) and not desk.ledger.knows(person):
                raise InvalidInput(field=field, problem=f"{person} is nobody", expected="a registered borrower")
    if command.partner_no is not None:
        partner_of(desk.ledger, command.partner_no)
    if command.project_no is not None:
        project_of(desk.ledger, command.project_no)


def _may_follow(desk: Desk, command: SubmitApplication) -> None:
    """An ended application may be submitted anew, by its own applicant."""
    if command.resubmits is None:
        return
    earlier = desk.ledger.application(command.resubmits)
    if earlier.status() not in ("rejected", "withdrawn", "expired") or earlier.opening.applicant != command.applicant:
        raise refusals.NotResubmittable(field="resubmits", resubmits=command.resubmits, status=earlier.status())
