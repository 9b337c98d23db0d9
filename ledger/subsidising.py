"""Subsidising 贴息: what a loan's quarter comes to, by the method and the regime that the loan falls under."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from domain.errors import InvalidInput
from domain.loan.loan import Loan
from domain.policy.edition import Edition
from domain.policy.rules import Kind
from domain.subsidy.calculating import Subsidised, Subsidy, calculate
from domain.subsidy.days import Quarter, Span, spans
from domain.subsidy.method import Formula, SubsidyMethod
from domain.subsidy.refusals import NotSubsidised
from ledger.ledger import Ledger
from ledger.publishing import PolicyBook

_QUARTER = re.compile(r"(19|20|21)([0-9]{2})Q([1-4])", re.ASCII)


class Calculated(NamedTuple):
    """What was worked out of a loan's quarter: its days, the formula and the LPR that they went by, the part within the national limit, and what it
    comes to in fen."""

    first: date
    until: date
    spans: tuple[Span, ...]
    kind: Kind
    formula: Formula
    lpr: Decimal
    within: Fraction
    subsidy: Subsidy


def quarter_of(text: str, field: str = "quarter") -> Quarter:
    """Raises InvalidInput."""
    found = _QUARTER.fullmatch(text)
    if found is None:
        raise InvalidInput(field=field, problem=f"{text[:20]!a} is no quarter", expected="one such as 2024Q2")
    return Quarter(int(found[1] + found[2]), int(found[3]))


def calculated(
    ledger: Ledger, book: PolicyBook, method: SubsidyMethod, loan_no: str, quarter: Quarter, today: date
) -> Calculated:
    """Of a quarter that is over, by all that is known now. Raises InvalidInput, UnknownLoan, NotSubsidised, UnknownEdition, NoEdition."""
    must_be_over(quarter.days(method.procedure)[1], today)
    return calculated_of(book, method, ledger.loan(loan_no), quarter)


def must_be_over(until: date, today: date) -> None:
    """Raises InvalidInput."""
    if until > today:
        problem = f"the quarter is not over before {until}"
        raise InvalidInput(field="quarter", problem=problem, expected="an earlier one")


def calculated_of(book: PolicyBook, method: SubsidyMethod, loan: Loan, quarter: Quarter) -> Calculated:
    """Of a loan with the published calendar in its hand. Raises NotSubsidised, UnknownEdition, NoEdition."""
    first, until = quarter.days(method.procedure)
    contract, first_paid = loan.contract, _first_paid(loan)
    if contract.terms is None or not loan.is_serviced or contract.policy is None or contract.rate_basis is None:
        raise _none(loan, "its contract does not say how it is run, or under which policy")
    if first_paid is None:
        raise _none(loan, "nothing of it is paid out")
    edition = book.pinned(contract.policy)
    kind = _kind(loan, edition)
    key = edition if edition.subsidy.regime_key == "contract" else book.edition_on(first_paid)
    formula, lpr = method.formula(key.subsidy.regime, kind), contract.rate_basis.lpr
    found = spans(loan, method.stops, first, until)
    days = (Subsidised(span.stretch, span.year) for span in found if span.cause is None)
    most = method.national_most(kind, contract.value_date)
    within = Fraction(1) if most is None or contract.approved_fen <= most else Fraction(most, contract.approved_fen)
    subsidy = calculate(days, formula, lpr, within, formula.shared)
    return Calculated(first, until, found, kind, formula, lpr, within, subsidy)


def _first_paid(loan: Loan) -> date | None:
    return min((movement.value_date for movement in loan.movements if movement.kind == "disbursed"), default=None)


def _kind(loan: Loan, edition: Edition) -> Kind:
    """The contract's; of one signed before it was said, the first kind of its package. Raises NotSubsidised."""
    if loan.contract.borrower_kind is not None:
        return loan.contract.borrower_kind
    if loan.contract.product not in edition.package_codes:
        raise _none(loan, "its edition knows no such package")
    return edition.package(loan.contract.product).kinds[0]


def _none(loan: Loan, problem: str) -> NotSubsidised:
    return NotSubsidised(field="loan_no", loan_no=loan.contract.loan_no, problem=problem)
