"""Looking up 查核: the figures that the rules look at, gathered from the application, its persons and what the sources said."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from domain.calendar import parse_day
from domain.errors import InvalidInput
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import Contracted
from domain.money import parse_yuan
from domain.policy.eligibility import Applicant, OtherLoan
from ledger.desk import Desk
from ledger.fetching import id_number
from ledger.guards import GUARANTEED, LOANS
from ledger.partnering import qualified_partner


class Shown(Frozen):
    """What an officer saw in documents: a degree, the day of graduation, a rating; `post` decides a woman's retirement age."""

    degree: str | None = Field(default=None, max_length=40, pattern=PLAIN)
    graduated_on: date | None = None
    rating: str | None = Field(default=None, max_length=20, pattern=PLAIN)
    post: Literal["worker", "cadre"] = "worker"


def applicant_of(desk: Desk, application: LoanApplication, day: date, shown: Shown) -> Applicant:
    """The applicant as the rules of an edition see them on a day; no name and no number is among the figures."""
    opening, figures = application.opening, application.figures()
    assert opening.applicant is not None
    assert opening.kind is not None
    born, male = born_and_sex(id_number(desk, opening.applicant))
    earlier = _earlier(desk, application)
    loans = _loans(desk, earlier)
    market, credit = figures.get("market_regulator", {}), figures.get("credit_registry", {})
    enterprise = opening.enterprise
    return Applicant(
        on=day,
        kind=opening.kind,
        product=opening.product or "",
        group=opening.group,
        amount_fen=opening.amount_fen,
        months=opening.months or 0,
        born=born,
        sex="male" if male else "female_cadre" if shown.post == "cadre" else "female_worker",
        partners=len(opening.partners),
        loans_so_far=len(earlier),
        loans_owing=sum(loan.status(day) != "settled" for loan in loans),
        overdue_record=credit.get("overdue") == "yes" or any(loan.was_overdue for loan in loans),
        other_loans=_other_loans(credit.get("loans", "")),
        staff=_count(market.get("staff"), enterprise.staff if enterprise else None),
        hired=_count(market.get("hired"), enterprise.hired if enterprise else None),
        wages_owed=bool(enterprise and enterprise.wages_owed),
        degree=shown.degree,
        qualified_partner=opening.partner_no is not None
        and qualified_partner(desk.ledger, opening.partner_no, on=day, person=opening.applicant),
        family_guarantors=len({fact.person for fact in application.counter_guarantees if fact.member and fact.person}),
        rating=shown.rating,
        graduated_on=shown.graduated_on,
    )


def born_and_sex(number: str) -> tuple[date | None, bool]:
    """The day of birth, and whether it is a man's, from an ID number of 18 places (GB 11643); other papers say neither."""
    if len(number) != 18 or not number[:17].isdigit():
        return None, True
    try:
        born = parse_day(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except InvalidInput:
        born = None
    return born, int(number[16]) % 2 == 1


def _earlier(desk: Desk, application: LoanApplication) -> list[LoanApplication]:
    """Approved applications of any of the borrowers that count (domain.md §5.19), each once."""
    holders = {holder for person in application.borrowers for holder in desk.ledger.holders(LOANS, str(person))}
    found: list[LoanApplication] = [desk.ledger.repository.get(UUID(holder)) for holder in sorted(holders)]
    return [earlier for earlier in found if earlier.id != application.id]


def guaranteed_overdue(desk: Desk, person: UUID) -> bool:
    """Whether somebody stood at its signing for a loan that ever was overdue (R-ELI-9)."""
    stood: list[LoanApplication] = [
        desk.ledger.repository.get(UUID(holder)) for holder in desk.ledger.holders(GUARANTEED, str(person))
    ]
    return any(loan.was_overdue for loan in _loans(desk, stood))


def _loans(desk: Desk, earlier: list[LoanApplication]) -> list[Loan]:
    return [desk.ledger.loan(fact.loan_no) for one in earlier for fact in one.facts_of(Contracted)]


def _other_loans(listed: str) -> tuple[OtherLoan, ...]:
    """Raises InvalidInput: a clerk may have entered anything."""
    parts = [entry.split(":") for entry in listed.split(";") if entry]
    if any(len(part) != 3 for part in parts):
        raise InvalidInput(field="loans", problem="an entry has not three parts", expected="KIND:AMOUNT:OF;...")
    return tuple(
        OtherLoan(kind=kind, fen=parse_yuan(amount, field="loans"), of="spouse" if of == "spouse" else "borrower")
        for kind, amount, of in parts
    )


def _count(fetched: str | None, stated: int | None) -> int | None:
    """What the source says goes before what the enterprise says of itself."""
    return int(fetched) if fetched is not None and fetched.isdigit() else stated
