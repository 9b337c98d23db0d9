"""Fetching data 数据共享: a source is asked with consent; whatever it answers, or that it did not, is recorded."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from domain.borrower.borrower import Borrower
from domain.frozen import Frozen
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import ConsentGiven, Source
from ledger.applying import CLERKS, one_of
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.ledger import Receipt
from ledger.outside import OutsideProblem, Request, figures_of


class FetchData(Frozen):
    case_no: str
    source: Source
    value_date: date
    person: UUID | None = None
    """About whom of the application; the applicant if left out."""


def fetch_data(desk: Desk, command: FetchData, context: CommandContext) -> Receipt | None:
    """Ask a source, once; an answer of no use is recorded with its cause, and the clerk may go on by hand.

    Each answer is sealed under the key of whom it is about. Raises ConsentMissing, InvalidInput, ApplicationEnded, NotPermitted, DatedInFuture.
    """
    context.actor.must_be(*CLERKS, action="ask an outside system")
    application = desk.ledger.application(command.case_no)
    person = one_of(application, command.person)
    consent = application.consent(command.source, command.value_date, context.moment.today, person=person)
    request = _request(desk, application, consent)
    try:
        answer = desk.source.ask(request)
        figures = figures_of(request, answer)
    except OutsideProblem as problem:
        return _not_answered(desk, command, context, person, problem)
    kept = desk.materials.take(answer, "application/json", desk.keystore.key(person))

    def decide() -> list[LoanApplication]:
        found = desk.ledger.application(command.case_no)
        found.record_answer(
            context.moment,
            source=command.source,
            digest=kept.digest,
            figures=figures,
            value_date=command.value_date,
            person=person,
        )
        return [found]

    return desk.ledger.perform(command, context, decide)


def id_number(desk: Desk, person: object) -> str:
    """A registered person's ID number, opened with their key. Raises PersonUnreadable."""
    found: Borrower = desk.ledger.repository.get(person)  # type: ignore[arg-type]
    sealed = found.registered.id_number
    return desk.keystore.key(sealed.person).open(sealed, stream=found.id, version=1, field="id_number")


def _request(desk: Desk, application: LoanApplication, consent: ConsentGiven) -> Request:
    """Whom to ask about: an enterprise is known by its code, whoever has none by the ID number."""
    enterprise = application.opening.enterprise
    return Request(
        source=consent.source,
        id_number=id_number(desk, consent.person),
        credit_code=enterprise.credit_code if enterprise and consent.source == "market_regulator" else None,
        consent=consent.document,
    )


def _not_answered(
    desk: Desk, command: FetchData, context: CommandContext, person: UUID, problem: OutsideProblem
) -> Receipt | None:
    def decide() -> list[LoanApplication]:
        found = desk.ledger.application(command.case_no)
        found.record_no_answer(
            context.moment,
            source=command.source,
            problem=problem.problem,
            detail=problem.detail,
            value_date=command.value_date,
            person=person,
        )
        return [found]

    return desk.ledger.perform(command, context, decide)
