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
from domain.policy.eligibility import Applicant, OtherLoan, Personal
from ledger.desk import Desk
from ledger.fetching import id_number
from ledger.guards import GUARANTEED, LOANS
from ledger.partnering import qualified_partner


class Birth(Frozen):
    """A birthday that was shown because no ID number says it: of the applicant, or of the partner of that number."""

    born: date
    sex: Literal["male", "female"]
    partner: int | None = Field(default=None, gt=0)


class Shown(Frozen):
    """What an officer saw in documents: a degree, the day of graduation, a rating, birthdays; `post` decides a woman's retirement age."""

    degree: str | None = Field(default=None, max_length=40, pattern=PLAIN)
    graduated_on: date | None = None
    rating: str | None = Field(default=None, max_length=20, pattern=PLAIN)
    post: Literal["worker", "cadre"] = "worker"
    births: tuple[Birth, ...] = Field(default=(), max_length=21)


def applicant_of(desk: Desk, application: LoanApplication, day: date, shown: Shown) -> Applicant:
    """The applicant as the rules of an edition see them on a day; no name and no number is among the figures."""
    opening, figures = application.opening, application.figures()
    assert opening.applicant is not None
    assert opening.kind is not None
    market, enterprise = figures.get("market_regulator", {}), opening.enterprise
    return Applicant(
        **dict(_person(desk, application, opening.applicant, day, shown)),
        on=day,
        kind=opening.kind,
        product=opening.product or "",
        group=opening.group,
        amount_fen=opening.amount_fen,
        months=opening.months or 0,
        partners=len(opening.partners),
        beside=tuple(
            _person(desk, application, person, day, shown, place) for place, person in enumerate(opening.partners, 1)
        ),
        business=market.get("status"),
        marital=figures.get("civil_affairs", {}).get("marital"),
        spouse=opening.spouse is not None,
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


def _person(
    desk: Desk, application: LoanApplication, person: UUID, day: date, shown: Shown, partner: int | None = None
) -> Personal:
    """What is looked at of everybody who borrows."""
    born, male = born_and_sex(id_number(desk, person))
    if born is None and (seen := next((birth for birth in shown.births if birth.partner == partner), None)):
        born, male = seen.born, seen.sex == "male"
    earlier = _earlier(desk, application, person)
    loans = _loans(desk, earlier)
    credit = application.figures(person).get("credit_registry", {})
    return Personal(
        born=born,
        sex="male" if male else "female_cadre" if shown.post == "cadre" else "female_worker",
        loans_so_far=len(earlier),
        loans_owing=sum(loan.status(day) != "settled" for loan in loans),
        overdue_record=credit.get("overdue") == "yes" or any(loan.was_overdue(day) for loan in loans),
        other_loans=_loans_elsewhere(application, person),
    )


def _loans_elsewhere(application: LoanApplication, person: UUID) -> tuple[OtherLoan, ...] | None:
    """Of a person, and of the applicant's spouse: what the spouse's own report says goes before what the applicant's says of them."""
    reported = application.figures(person).get("credit_registry")
    if reported is None:
        return None
    loans, spouse = _other_loans(reported.get("loans", "")), application.opening.spouse
    theirs = application.figures(spouse).get("credit_registry") if spouse else None
    if theirs is None or person != application.opening.applicant:
        return loans
    of_spouse = (
        loan.model_copy(update={"of": "spouse"})
        for loan in _other_loans(theirs.get("loans", ""))
        if loan.of == "borrower"
    )
    return (*(loan for loan in loans if loan.of == "borrower"), *of_spouse)


def born_and_sex(number: str) -> tuple[date | None, bool]:
    """The day of birth, and whether it is a man's, from an ID number of 18 places (GB 11643); other papers say neither."""
    if len(number) != 18 or not number[:17].isdigit():
        return None, True
    try:
        born = parse_day(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except InvalidInput:
        born = None
    return born, int(number[16]) % 2 == 1


def _earlier(desk: Desk, application: LoanApplication, person: UUID) -> list[LoanApplication]:
    """A person's approved applications that count (domain.md §5.19)."""
    holders = desk.ledger.holders(LOANS, str(person))
    found: list[LoanApplication] = [desk.ledger.repository.get(UUID(holder)) for holder in sorted(holders)]
    return [earlier for earlier in found if earlier.id != application.id]


def guaranteed_overdue(desk: Desk, person: UUID, day: date) -> bool:
    """Whether somebody stood at its signing for a loan that ever was overdue (R-ELI-9)."""
    stood: list[LoanApplication] = [
        desk.ledger.repository.get(UUID(holder)) for holder in desk.ledger.holders(GUARANTEED, str(person))
    ]
    return any(loan.was_overdue(day) for loan in _loans(desk, stood))


def _loans(desk: Desk, earlier: list[LoanApplication]) -> list[Loan]:
    return [desk.ledger.loan(fact.loan_no) for one in earlier for fact in one.facts_of(Contracted)]


def _other_loans(listed: str) -> tuple[OtherLoan, ...]:
    parts = (entry.split(":") for entry in listed.split(";") if entry)
    return tuple(
        OtherLoan(kind=kind, fen=parse_yuan(amount, field="loans"), of="spouse" if of == "spouse" else "borrower")
        for kind, amount, of in parts
    )


def _count(fetched: str | None, stated: int | None) -> int | None:
    """What the source says goes before what the enterprise says of itself."""
    return int(fetched) if fetched is not None else stated
