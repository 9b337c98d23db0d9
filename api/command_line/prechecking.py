"""`policy precheck`: would somebody be eligible? Asked without an application 资格预审."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict

from api.command_line.app import CLEAN, REFUSED, facts_table, show
from api.command_line.applying import read_json
from api.command_line.policy import policy
from api.settings import Settings
from api.wiring import Installation
from domain.errors import InvalidInput
from domain.money import parse_yuan
from domain.policy.edition import Edition
from domain.policy.eligibility import Applicant, eligibility_findings
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
    """What the pre-check is given: `Applicant`, with amounts in yuan (`amount`, of other loans `amount` too); `edition` left out: that of the day."""

    model_config = ConfigDict(extra="allow", frozen=True)

    amount: str
    kind: Kind
    edition: str | None = None
    other_loans: tuple[Loan, ...] = ()


@policy.command()
def precheck(
    context: typer.Context,
    figures: Annotated[str, typer.Argument(help="The applicant's figures as a JSON file, or - for standard input.")],
) -> int:
    """Would somebody be eligible? Every rule answers, in both languages; nothing is recorded 资格预审."""
    settings: Settings = context.obj
    document = read_json(figures)
    given = Figures.model_validate(document)
    applicant = _applicant(document, given)
    with Installation(settings) as installation:
        edition = _edition_for(installation.desk.book, given.edition, applicant.on)
    if applicant.product not in edition.package_codes:
        known, problem = ", ".join(edition.package_codes), f"{applicant.product[:40]!a} is no package"
        raise InvalidInput(field="product", problem=problem, expected=f"one of: {known}")
    findings = eligibility_findings(edition, applicant)
    eligible = all(finding.holds for finding in findings)
    said = [
        {**finding.model_dump(mode="json"), "en": finding.say("en"), "zh": finding.say("zh")} for finding in findings
    ]
    words = {"eligible": eligible} | {str(n): f.say(settings.language) for n, f in enumerate(findings, 1)}
    show(settings, {"edition": edition.edition, "eligible": eligible, "findings": said}, facts_table(words))
    return CLEAN if eligible else REFUSED


def _applicant(document: dict[str, Any], given: Figures) -> Applicant:
    """Raises InvalidInput; a person whose age nobody knows cannot be pre-checked."""
    amount = parse_yuan(given.amount)
    if not amount:
        raise InvalidInput(field="amount", problem="it is nothing", expected="what is asked for, in yuan")
    for field in ("born", "sex"):
        if given.kind != "small_enterprise" and document.get(field) is None:
            expected = "the day of birth" if field == "born" else "male, female_worker or female_cadre"
            raise InvalidInput(field=field, problem="it is left out", expected=expected)
    rest = {name: value for name, value in document.items() if name not in ("amount", "edition")}
    loans = [
        {"kind": loan.kind, "of": loan.of, "fen": parse_yuan(loan.amount, field="other_loans")}
        for loan in given.other_loans
    ]
    return Applicant.model_validate({**rest, "amount_fen": amount, "other_loans": loans})


def _edition_for(book: PolicyBook, name: str | None, day: date) -> Edition:
    """By its name, or that of the day; where nothing has been published, among those that ship. Raises UnknownEdition, NoEdition."""
    editions = book.editions() or shipped_editions()
    return named(editions, name) if name else in_force(editions, day)
