"""A loan on paper: what the tests of the domain sign, pay out and read, without any store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.actor import Actor
from domain.errors import Refusal
from domain.facts import EventSourced, Fact, Moment
from domain.loan.balances import BalanceChange, DatedTotals
from domain.loan.events import MoneyFact
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms
from domain.money import Fen, parse_yuan
from domain.ratio import zheng_yin_dan

NOW = Moment(now=datetime(2026, 6, 30, 4, tzinfo=UTC))
SIGNED = date(2024, 3, 1)
PAID_OUT = date(2024, 3, 5)
SCHEME = zheng_yin_dan("jining_fund", "jining_rcb", "jining_guarantee")
TELLER = Actor(subject="teller-1", role="bank_officer", institution="jining_rcb", region="rencheng")
SUPERVISOR = Actor(subject="supervisor-1", role="bank_supervisor", institution="jining_rcb", region="rencheng")

ENVELOPE = {"timestamp", "value_date", "date_derived", "reason", "evidence"}


def terms(rate: str = "0.0395", instalments: int = 12, **more: Any) -> RepaymentTerms:
    return RepaymentTerms(annual_rate=Decimal(rate), instalments=instalments, **more)


def signed(approved: str = "300000.00", **more: Any) -> Loan:
    """A contract of 300,000.00 at 3.95 %, guaranteed 9/30/61, its signature already saved."""
    given = {"terms": terms(), "share_scheme": SCHEME, "county": "rencheng", **more}
    contract = {"bank": "jining_rcb", "product": "individual", "guaranteed_fen": 0, **given}
    loan = Loan.sign(NOW, loan_no="JN-1", value_date=SIGNED, approved_fen=parse_yuan(approved), **contract)
    loan.collect_events()
    return loan


def paid_out(amount: str = "300000.00", day: date = PAID_OUT, **more: Any) -> Loan:
    """The same, paid out."""
    loan = signed(**more)
    loan.disburse(NOW, amount=parse_yuan(amount), value_date=day)
    loan.collect_events()
    return loan


def repay(loan: Loan, amount: str, day: date) -> int:
    """Pay, and get the payment's version."""
    version = loan.version + 1
    loan.repay(NOW, amount=parse_yuan(amount), value_date=day)
    return version


def reverse(loan: Loan, version: int, day: date, **more: Any) -> None:
    given = {
        "reason": "cheque returned",
        "evidence": ("0" * 64,),
        "requested_by": TELLER,
        "confirmed_by": SUPERVISOR,
        **more,
    }
    loan.reverse_repayment(NOW, version=version, value_date=day, **given)


def told_by(aggregate: EventSourced[Any]) -> list[tuple[str, date]]:
    """What was told and is not saved yet: topic and value date."""
    return [(fact.TOPIC, fact.value_date) for fact in pending(aggregate)]


def pending(aggregate: EventSourced[Any]) -> list[Fact]:
    return [fact for fact in aggregate.pending_events if isinstance(fact, Fact)]


def body(fact: Fact) -> dict[str, Any]:
    """What the fact itself says, without its envelope and its balance changes."""
    return fact.model_dump(exclude=ENVELOPE | {"changes"}, exclude_none=True)


def changes(facts: Iterable[Fact]) -> list[BalanceChange]:
    return [change for fact in facts if isinstance(fact, MoneyFact) for change in fact.changes]


def dated_totals(facts: Iterable[Fact]) -> DatedTotals:
    """What the facts come to, by date, balance and party; nothing where they cancel out."""
    totals: DatedTotals = {}
    for change in changes(facts):
        key = (change.value_date, change.balance, change.party)
        totals[key] = totals.get(key, 0) + change.fen
    return {key: fen for key, fen in totals.items() if fen}


def refuses(aggregate: EventSourced[Any], refusal: type[Refusal], decision: Callable[[], object]) -> Refusal:
    """The decision is refused by that rule, and leaves no fact and no change."""
    before = (told_by(aggregate), aggregate.version, aggregate.state())
    with pytest.raises(refusal) as caught:
        decision()
    assert caught.type is refusal
    assert (told_by(aggregate), aggregate.version, aggregate.state()) == before
    return caught.value


def fen(text: str) -> Fen:
    return parse_yuan(text, negative=True)
