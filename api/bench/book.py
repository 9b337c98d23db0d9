"""A book of loans, the same every time: contract, disbursement and ten to twenty repayments a loan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import LOCAL_OPERATOR
from domain.facts import Fact, Moment
from domain.loan.events import MoneyFact, Repaid
from domain.loan.loan import Loan
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms
from domain.ratio import PartyShare, ShareScheme
from ledger.context import CommandContext

MOMENT = Moment(now=datetime(2025, 12, 31, 4, 0, tzinfo=UTC))
SIGNED = date(2022, 3, 1)
APPROVED, REPAYMENT = 30_000_000, 600_000
"""In fen. Thirty-six payments of this size do not settle a loan, so that every slot does the same work."""
TERMS = RepaymentTerms(annual_rate=Decimal("0.0395"), instalments=36)
SCHEME = ShareScheme(
    name="tape_pro_rata",
    parties=(
        PartyShare(party="bank", institution="bank-jining", weight=30),
        PartyShare(party="reguarantor", institution="reguarantor-shandong", weight=9),
        PartyShare(party="guarantor", institution="guarantor-jining", weight=61),
    ),
    tie_order=("bank", "guarantor", "reguarantor"),
)
"""Three parties, none of them a fund of ours: histories are copied in, and they move no fund's capacity."""
DIGEST_KEY = b"digest key of the benchmarks, 32"


def stream(salt: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"loan-ledger:/bench/{salt}")


def context(key: str | None = None) -> CommandContext:
    return CommandContext(LOCAL_OPERATOR, MOMENT, channel="bench", given_key=key)


def due(payment: int) -> date:
    """The day of a loan's payments, the first being number 1."""
    return SIGNED + timedelta(days=30 * payment)


def opened(loan_no: str) -> Loan:
    """A loan that is signed and paid out, with everything that the scheme pins."""
    loan = Loan.sign(
        MOMENT,
        loan_no=loan_no,
        value_date=SIGNED,
        borrower=stream("borrower"),
        bank="bank-jining",
        guarantor="guarantor-jining",
        county="370800",
        state="SD",
        product="individual",
        approved_fen=APPROVED,
        guaranteed_fen=APPROVED,
        term_months=36,
        terms=TERMS,
        rate_basis=RateBasis(lpr_published_on=SIGNED, lpr=Decimal("0.037"), margin_bp=25),
        policy=PolicyPin(edition="jining-2022", digest="00" * 32),
        share_scheme=SCHEME,
    )
    loan.disburse(MOMENT, amount=APPROVED, value_date=SIGNED)
    return loan


@cache
def life(payments: int) -> tuple[Fact, ...]:
    """The facts of one loan with so many repayments, as the loan itself decides them."""
    loan = opened("template")
    for number in range(1, payments + 1):
        loan.repay(MOMENT, amount=REPAYMENT + number, value_date=due(number))
    return tuple(loan.collect_events())


@cache
def repayment() -> Repaid:
    """One ordinary repayment of a loan with all its dated changes."""
    fact = life(10)[-1]
    assert isinstance(fact, Repaid)
    return fact


def facts(loans: int, salt: str) -> list[Fact]:
    """The book, in the order of the days on which things happened; another salt gives other loans."""
    told = [fact for number in range(loans) for fact in placed(f"{salt}-{number}", number)]
    return sorted(told, key=lambda fact: fact.value_date)


def placed(loan_no: str, number: int) -> Iterator[Fact]:
    """The life of the so-many-th loan: of one of twelve counties and seven banks, some days later than the first."""
    county, bank = f"37{number % 12:04d}", f"bank-{number % 7}"
    opening, *others = renamed(loan_no, 10 + number % 11, number % 27)
    concerned = {"scopes": (f"county:{county}", f"bank:{bank}", *opening.scopes[2:])}
    yield opening.model_copy(update=concerned | {"county": county, "bank": bank})
    for fact in others:
        yield fact.model_copy(update=concerned)


def renamed(loan_no: str, payments: int, later: int = 0) -> Iterator[Fact]:
    """The life of a loan as another loan's, some days later."""
    opening, *others = _later(payments, later)
    loan = stream(loan_no)
    yield opening.model_copy(update={"originator_id": loan, "loan_no": loan_no})
    for fact in others:
        yield fact.model_copy(update={"originator_id": loan})


@cache
def _later(payments: int, days: int) -> tuple[Fact, ...]:
    """The life of a loan, moved by some days with every change of it."""
    return tuple(_moved(fact, timedelta(days=days)) for fact in life(payments))


def _moved(fact: Fact, shift: timedelta) -> Fact:
    update: dict[str, object] = {"value_date": fact.value_date + shift}
    if isinstance(fact, MoneyFact):
        update["changes"] = tuple(
            change.model_copy(update={"value_date": change.value_date + shift}) for change in fact.changes
        )
    return fact.model_copy(update=update)
