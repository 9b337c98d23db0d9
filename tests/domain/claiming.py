"""A claim on paper: what the tests of the domain file, verify, approve and pay, without any store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.events import Deduction
from domain.errors import Refusal
from domain.guarantee_fund.method import read_method, shipped_method
from domain.loan.loan import Loan
from domain.money import Fen
from domain.ratio import PartyShare, ShareScheme
from tests.domain.lending import NOW, PAID_OUT, SCHEME, SUPERVISOR, paid_out, terms

METHOD = read_method(shipped_method())
PACKAGE = {material.code: f"{place:064x}" for place, material in enumerate(METHOD.claims.package)}
DUE = date(2025, 3, 5)
"""When the whole of a loan in one instalment falls due."""
FILED, VERIFIED, APPROVED, PAID = (DUE + timedelta(days=days) for days in (91, 95, 100, 110))
FUND_ONLY = ShareScheme(
    name="fund_only",
    parties=(PartyShare(party="fund", institution="jining_fund", weight=80), PartyShare(party="bank", institution="jining_rcb", weight=20)),
    tie_order=("bank", "fund"),
)  # fmt: skip
ADVANCED = SCHEME.model_copy(update={"route": "guarantor_advances"})


def actor(role: str, subject: str | None = None, institution: str = "office") -> Actor:
    return Actor(subject=subject or f"{role}-1", role=role, institution=institution, region="rencheng")


FILER = actor("bank_officer", "filer", "jining_rcb")
VERIFIER = actor("hr_officer", "verifier")
BANKER = actor("bank_officer", "banker", "jining_rcb")
GUARANTOR = actor("guarantor_officer", "guarantor", "jining_guarantee")
OFFICES = {office: actor(f"{office}_officer") for office in METHOD.claims.endorsed_by}
BY_PARTY = {"bank": BANKER, "guarantor": GUARANTOR}
FINANCE = actor("finance_officer", "finance-2")


def bullet(amount: str = "187333.37", scheme: ShareScheme = SCHEME, rate: str = "0.0395") -> Loan:
    """A loan in one instalment, due on DUE, paid out and not repaid."""
    return paid_out(amount, PAID_OUT, share_scheme=scheme, terms=terms(rate, 1, every=12, method="bullet"))


def file(loan: Loan, day: date = FILED, **more: Any) -> Claim:
    given: dict[str, Any] = {"claim_no": "C-1", "method": METHOD, "documents": PACKAGE, "excluded": 0, "actor": FILER}
    claim = Claim.file(NOW, loan=loan, value_date=day, **(given | more))
    loan.be_claimed(NOW, claim_no=claim.claim_no, value_date=day)
    return claim


def verify(claim: Claim, day: date = VERIFIED, principal: Fen | None = None, **more: Any) -> None:
    less = 0 if principal is None else claim.claimed[0] - principal
    deducted = (Deduction(fen=less, reason="late dunning"),) if less > 0 else ()
    given: dict[str, Any] = {"interest": None, "deductions": deducted, "actor": VERIFIER}
    claim.verify(NOW, principal=principal, value_date=day, **(given | more))


def approve(claim: Claim, day: date = APPROVED) -> None:
    for party in claim.confirmers:
        claim.confirm(NOW, party=party, actor=BY_PARTY[party], value_date=day)
    for office, officer in OFFICES.items():
        claim.endorse(NOW, office=office, actor=officer, value_date=day)


def pay(claim: Claim, party: str, day: date = PAID) -> None:
    claim.pay(NOW, party=party, bank="jining_rcb", bank_reference=f"{claim.claim_no}|{party}", value_date=day)


def paid(claim: Claim) -> Claim:
    for payment in claim.payments_due():
        pay(claim, payment.party)
    return claim


def of_covered(amount: str, scheme: ShareScheme = SCHEME) -> Claim:
    """A claim on principal only, paid by everybody."""
    claim = file(bullet(amount, scheme, "0"))
    verify(claim)
    approve(claim)
    return paid(claim)


def recover(claim: Claim, gross: Fen, cost: Fen = 0, day: date = PAID, **more: Any) -> int:
    """Take money in, and get the recovery's version."""
    version = claim.version + 1
    claim.recover(NOW, gross=gross, cost=cost, value_date=day, **more)
    return version


def take_back(claim: Claim, version: int, day: date = PAID, **more: Any) -> None:
    given = {"reason": "cheque returned", "requested_by": BANKER, "confirmed_by": SUPERVISOR, **more}
    claim.reverse_recovery(NOW, version=version, value_date=day, **given)


def write_off(claim: Claim, party: str, amount: Fen | None = None, day: date = PAID, **more: Any) -> None:
    given: dict[str, Any] = {"evidence": ("a" * 64,), "reason": "court", "proposed_by": BANKER, "approved_by": FINANCE}
    claim.write_off(NOW, party=party, amount=amount, value_date=day, **(given | more))


def tried(decision: Callable[[], object]) -> bool:
    """Whether it was not refused."""
    try:
        decision()
    except Refusal:
        return False
    return True


def take_over(claim: Claim, asset: str, value: Fen, day: date, party: str | None = None) -> None:
    by: dict[str, Any] = {"requested_by": BANKER, "confirmed_by": GUARANTOR, "collected_by": party}
    said: dict[str, Any] = {"reason": "the court's ruling", "evidence": ("1" * 64,), "value_date": day}
    claim.take_over_asset(NOW, asset=asset, value=value, **said, **by)


def sell(claim: Claim, asset: str, gross: Fen, cost: Fen, day: date) -> None:
    reference = f"s|{claim.claim_no}|{claim.version}"
    claim.sell_asset(NOW, asset=asset, gross=gross, cost=cost, value_date=day, bank="b", bank_reference=reference)
