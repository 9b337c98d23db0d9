"""Pre-checks 资格预审: would somebody be eligible? Asked without an application; the same by every way in."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import InvalidInput
from domain.money import parse_yuan
from domain.policy.edition import Edition
from domain.policy.eligibility import Applicant, credit_findings, eligibility_findings, waiver_finding
from domain.policy.finding import Finding
from domain.policy.rules import Kind
from domain.policy.shipped import shipped_editions
from ledger.publishing import PolicyBook, in_force, named


class Loan(BaseModel):
    """A loan elsewhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    amount: str
    of: Literal["borrower", "spouse"] = "borrower"


class Figures(BaseModel):
    """What the pre-check is given: the figures of `Applicant`, amounts in yuan; `edition` left out: that of the day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: date = Field(ge=date(1950, 1, 1), le=date(2199, 12, 31))
    kind: Kind
    product: str
    amount: str
    months: int = Field(ge=0, le=1200)
    group: str | None = None
    born: date | None = None
    sex: Literal["male", "female_worker", "female_cadre"] | None = None
    partners: int = Field(default=0, ge=0)
    business: str | None = None
    marital: str | None = None
    spouse: bool = False
    loans_so_far: int = Field(default=0, ge=0)
    loans_owing: int = Field(default=0, ge=0)
    overdue_record: bool = False
    other_loans: tuple[Loan, ...] = ()
    staff: int | None = Field(default=None, ge=0)
    hired: int | None = Field(default=None, ge=0)
    wages_owed: bool = False
    degree: str | None = None
    qualified_partner: bool = False
    family_guarantors: int = Field(default=0, ge=0)
    rating: str | None = None
    graduated_on: date | None = None
    margin_bp: int | None = Field(default=None, ge=-1000, le=1000)
    edition: str | None = None


def precheck(book: PolicyBook, figures: Figures) -> dict[str, Any]:
    """Every rule's answer, in both languages; of a `margin_bp` the bank's rules too, and what a counter-guarantee is waived by, if any.

    Raises InvalidInput, UnknownEdition, NoEdition.
    """
    applicant = _applicant(figures)
    edition = _edition_for(book, figures.edition, applicant.on)
    if applicant.product not in edition.package_codes:
        known, problem = ", ".join(edition.package_codes), f"{applicant.product[:40]!a} is no package"
        raise InvalidInput(field="product", problem=problem, expected=f"one of: {known}")
    findings = list(eligibility_findings(edition, applicant))
    if figures.margin_bp is not None:
        findings += credit_findings(edition, applicant, margin_bp=figures.margin_bp, rating=figures.rating)
    waiver = waiver_finding(edition, applicant)
    return {
        "edition": edition.edition,
        "eligible": all(one.holds for one in findings),
        "findings": [_said(one) for one in findings],
        "counter_guarantee": _said(waiver) if waiver.holds else None,
    }


def _said(one: Finding) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "en": one.say("en"), "zh": one.say("zh")}


def _applicant(given: Figures) -> Applicant:
    """Raises InvalidInput; a person whose age nobody knows cannot be pre-checked."""
    amount = parse_yuan(given.amount, zero=False)
    if not amount:
        raise InvalidInput(field="amount", problem="it is nothing", expected="what is asked for, in yuan")
    for field in ("born", "sex"):
        if given.kind != "small_enterprise" and getattr(given, field) is None:
            expected = "the day of birth" if field == "born" else "male, female_worker or female_cadre"
            raise InvalidInput(field=field, problem="it is left out", expected=expected)
    if given.kind == "partnership" and not given.partners:
        raise InvalidInput(field="partners", problem="there are none", expected="how many others borrow")
    loans = [
        {"kind": loan.kind, "of": loan.of, "fen": parse_yuan(loan.amount, field="other_loans")}
        for loan in given.other_loans
    ]
    rest = given.model_dump(exclude={"amount", "edition", "other_loans", "margin_bp"})
    return Applicant.model_validate({**rest, "amount_fen": amount, "other_loans": loans})


def _edition_for(book: PolicyBook, name: str | None, day: date) -> Edition:
    """By its name, or that of the day; where nothing has been published, among those that ship. Raises UnknownEdition, NoEdition."""
    editions = book.editions() or shipped_editions()
    return named(editions, name) if name else in_force(editions, day)
