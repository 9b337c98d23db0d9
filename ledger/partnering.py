"""Partnering 合伙人招募与认定: rural partners recruited, qualified, gone, and the loans that are linked to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeAlias
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from pydantic import Field

from domain.facts import Moment
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.personal_data import Sealed
from domain.rural_partner import refusals
from domain.rural_partner.events import Kind, PartnerPerson, Way
from domain.rural_partner.partner import RuralPartner
from domain.rural_partner.project import PartnerProject
from ledger.context import CommandContext
from ledger.keystore import Keystore, PersonKey
from ledger.ledger import Ledger, Receipt
from ledger.registering import Person

OFFICE = ("operator", "clerk", "partner_officer")
ASSESSORS = ("operator", "partner_officer", "hr_officer")
LINKERS = (*OFFICE, "bank_officer")

Code: TypeAlias = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x20\x7f/]+$")]
Words: TypeAlias = Annotated[str, Field(max_length=500, pattern=PLAIN)]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a document, as hexadecimal digits."""


class RecruitPartner(Frozen):
    """A team names every one of its people."""

    partner_no: Code
    kind: Kind
    way: Way
    county: Code
    township: Code | None = None
    persons: tuple[Person, ...] = Field(min_length=1, max_length=20)
    value_date: date


class QualifyPartner(Frozen):
    """`evidence` are digests of the documents that were looked at."""

    partner_no: str
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    value_date: date


class DisqualifyPartner(Frozen):
    partner_no: str
    reason: Words
    value_date: date


class LetPartnerLeave(Frozen):
    partner_no: str
    reason: Words
    value_date: date


class LinkLoan(Frozen):
    """`project_no` is left out where the loan is for no registered project."""

    partner_no: str
    loan_no: str
    project_no: str | None = None
    value_date: date


def recruit_partner(
    ledger: Ledger, keystore: Keystore, command: RecruitPartner, context: CommandContext
) -> Receipt | None:
    """合伙人招募. Raises PartnerExists, PersonIsPartner, NotPermitted, InvalidInput, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="recruit a partner")
    keys = keystore.persons(person.id_number for person in command.persons)
    stream = RuralPartner.create_id(command.partner_no)

    def decide() -> list[RuralPartner]:
        if ledger.knows(stream):
            raise refusals.PartnerExists(field="partner_no", partner_no=command.partner_no)
        persons = tuple(
            _sealed(person, keys[person.id_number], stream, place) for place, person in enumerate(command.persons)
        )
        who = {name: getattr(command, name) for name in type(command).model_fields if name != "persons"}
        return [RuralPartner.recruit(context.moment, persons=persons, **who)]

    return ledger.perform(command, context, decide)


def qualify_partner(ledger: Ledger, command: QualifyPartner, context: CommandContext) -> Receipt | None:
    """合伙人认定. Raises UnknownPartner, AlreadyQualified, PartnerGone, PartnerStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*ASSESSORS, action="qualify a partner")

    def qualify(partner: RuralPartner) -> None:
        partner.qualify(context.moment, actor=context.actor, evidence=command.evidence, value_date=command.value_date)

    return _told(ledger, command, context, qualify)


def disqualify_partner(ledger: Ledger, command: DisqualifyPartner, context: CommandContext) -> Receipt | None:
    """取消认定. Raises UnknownPartner, NotQualified, PartnerGone, PartnerStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*ASSESSORS, action="take a qualification back")

    def disqualify(partner: RuralPartner) -> None:
        partner.disqualify(context.moment, actor=context.actor, reason=command.reason, value_date=command.value_date)

    return _told(ledger, command, context, disqualify)


def let_partner_leave(ledger: Ledger, command: LetPartnerLeave, context: CommandContext) -> Receipt | None:
    """合伙人退出; loans and projects stand. Raises UnknownPartner, PartnerGone, PartnerStepTooEarly, NotPermitted, DatedInFuture."""
    context.actor.must_be(*OFFICE, action="let a partner leave")

    def leave(partner: RuralPartner) -> None:
        partner.leave(context.moment, reason=command.reason, value_date=command.value_date)

    return _told(ledger, command, context, leave)


def link_loan(ledger: Ledger, command: LinkLoan, context: CommandContext) -> Receipt | None:
    """贷款关联, with partner and project in one append.

    Raises UnknownPartner, UnknownProject, UnknownLoan, NotRuralLoan, NotPartnersLoan, NotQualified, TakesNoPart,
    LoanLinkedAlready, NotPermitted, InvalidInput, DatedInFuture.
    """
    context.actor.must_be(*LINKERS, action="link a loan")

    def decide() -> list[RuralPartner | PartnerProject]:
        loan = ledger.loan(command.loan_no)
        return linked(
            ledger, loan, command.partner_no, command.project_no, moment=context.moment, value_date=command.value_date
        )

    return ledger.perform(command, context, decide)


def linked(
    ledger: Ledger, loan: Loan, partner_no: str, project_no: str | None, *, moment: Moment, value_date: date
) -> list[RuralPartner | PartnerProject]:
    """The partner, and the project, told of a loan: to be saved with whatever else the command does. Refuses as `link_loan`."""
    partner = partner_of(ledger, partner_no)
    partner.link_loan(moment, loan=loan, project_no=project_no, value_date=value_date)
    if project_no is None:
        return [partner]
    project = project_of(ledger, project_no)
    project.link_loan(moment, loan=loan, partner_no=partner_no, value_date=value_date)
    return [partner, project]


def qualified_partner(ledger: Ledger, partner_no: str, *, on: date | None = None, person: UUID | None = None) -> bool:
    """Whether there is such a partner and it is qualified, on a day or now (R-LIM-9); with `person`, as one of its people."""
    try:
        partner = partner_of(ledger, partner_no)
    except refusals.UnknownPartner:
        return False
    return partner.is_qualified(on) and (person is None or person in partner.persons)


def partner_of(ledger: Ledger, partner_no: str) -> RuralPartner:
    """Raises UnknownPartner."""
    try:
        return ledger.repository.get(RuralPartner.create_id(partner_no))
    except AggregateNotFoundError:
        raise refusals.UnknownPartner(field="partner_no", partner_no=partner_no) from None


def project_of(ledger: Ledger, project_no: str) -> PartnerProject:
    """Raises UnknownProject."""
    try:
        return ledger.repository.get(PartnerProject.create_id(project_no))
    except AggregateNotFoundError:
        raise refusals.UnknownProject(field="project_no", project_no=project_no) from None


def _told(
    ledger: Ledger,
    command: QualifyPartner | DisqualifyPartner | LetPartnerLeave,
    context: CommandContext,
    tell: Callable[[RuralPartner], None],
) -> Receipt | None:
    def decide() -> list[RuralPartner]:
        partner = partner_of(ledger, command.partner_no)
        tell(partner)
        return [partner]

    return ledger.perform(command, context, decide)


def _sealed(person: Person, key: PersonKey, stream: UUID, place: int) -> PartnerPerson:
    """Every personal field sealed for its place in the stream's first fact."""

    def seal(text: str, field: str) -> Sealed:
        return key.seal(text, stream=stream, version=1, field=f"persons.{place}.{field}")

    return PartnerPerson(
        person=key.person,
        name=seal(person.name, "name"),
        id_number=seal(person.id_number, "id_number"),
        phone=None if person.phone is None else seal(person.phone, "phone"),
    )
