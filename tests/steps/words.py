"""The field's words in steps, read in one place: money, days, states, reasons for a refusal, parties."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from pytest_bdd import parsers

from domain.compensation import refusals as claims
from domain.errors import DatedInFuture, InvalidInput, NotPermitted, Refusal, SamePerson
from domain.guarantee_fund import refusals as funds
from domain.loan import refusals
from domain.loan_application import refusals as applications
from domain.money import Fen, parse_yuan
from domain.rural_partner import refusals as partners
from ledger.materials import MaterialRefused
from ledger.store import KeyReused

STATES = {
    "signed only": "contracted",
    "running": "active",
    "overdue": "overdue",
    "settled": "settled",
    "charged off": "charged_off",
    "taken over": "taken_over",
}
REASONS: dict[str, type[Refusal]] = {
    "it cannot be what it is said to be": InvalidInput,
    "it has not happened yet": DatedInFuture,
    "a second person has to confirm": SamePerson,
    "there is no such loan": refusals.UnknownLoan,
    "the number is taken": refusals.LoanExists,
    "the contract has no room for it": refusals.BeyondContract,
    "the contract was not signed": refusals.BeforeContract,
    "nothing was paid out": refusals.NothingDisbursed,
    "the loan has ended": refusals.LoanEnded,
    "so much is not owed": refusals.MoreThanOwed,
    "two people say why it is late": refusals.LateReceipt,
    "so much is not owed to be waived": refusals.MoreThanWaivable,
    "it was taken back already": refusals.AlreadyReversed,
    "the bank's reference is recorded already": refusals.ReferenceUsed,
    "the name belongs to another request": KeyReused,
    "the household has an open application": applications.LiveApplication,
    "something is missing": applications.MaterialsMissing,
    "the document is not what its name says": MaterialRefused,
    "there is no consent": applications.ConsentMissing,
    "what is missing is asked for once": applications.AskedAlready,
    "the review was made already": applications.AlreadyReviewed,
    "the review belongs to another institution": applications.OtherInstitution,
    "a rule speaks against it": applications.FindingsSpeakAgainst,
    "there is no reason": applications.ReasonMissing,
    "the guarantor has no room": applications.GuaranteesAlready,
    "nothing stands for the loan": applications.CounterGuaranteeMissing,
    "the loan is not over": applications.StillStands,
    "a review is missing": applications.ReviewsMissing,
    "the same person acted before": SamePerson,
    "it is more than was reviewed": applications.MoreThanReviewed,
    "the approval has lapsed": applications.ApprovalLapsed,
    "the fund has no room": funds.FundCapacityExceeded,
    "the fund gives no new guarantees there": funds.GuaranteesAreSuspended,
    "the level brought in less": funds.LevelShort,
    "it was to be drawn before": refusals.DrawnTooLate,
    "nothing has lapsed": refusals.NothingToLapse,
    "the person is a partner already": partners.PersonIsPartner,
    "the partner was not qualified": partners.NotQualified,
    "the loan is not the partner's": partners.NotPartnersLoan,
    "the loan is linked already": partners.LoanLinkedAlready,
    "the project is past that": partners.StepOutOfOrder,
    "the project had not landed": partners.NotLanded,
    "so many were not reported": partners.MoreThanReported,
    "the document proves another project's jobs": partners.EvidenceUsed,
    "the role does not allow it": NotPermitted,
    "the loan is not overdue for so long": claims.NotOverdueEnough,
    "the loan has a claim": refusals.UnderClaim,
    "it has to be claimed": claims.ClaimFirst,
    "it was extended before": refusals.ExtendedAlready,
    "it has matured": refusals.AfterMaturity,
    "the guarantor is released": refusals.GuarantorReleased,
    "a document is missing": claims.DocumentsMissing,
    "the claim does not stand so": claims.ClaimStepOutOfOrder,
    "the share is paid already": claims.PaidAlready,
    "nothing was advanced yet": claims.NotAdvancedYet,
    "it is a recovery": refusals.IsTakenOver,
    "so much is not due": claims.MoreThanDue,
    "the recovery was taken back already": claims.RecoveryReversedAlready,
    "so much is not outstanding": claims.MoreThanOutstanding,
    "there is no evidence": claims.WriteOffEvidenceMissing,
}
PARTIES = {"fund": "fund", "bank": "bank", "guarantee company": "guarantor"}
KINDS = {"disbursed": "paid out", "repaid": "repaid", "reversed": "taken back", "charged_off": "charged off"}


T = TypeVar("T")


@dataclass(frozen=True)
class Word(Generic[T]):
    """A word of a step: what it looks like, and what it means."""

    pattern: str
    means: Callable[[str], T]

    def __call__(self, text: str) -> T:
        return self.means(text)


def yuan(text: str) -> Fen:
    return parse_yuan(text.removeprefix("¥").replace(",", ""))


def percent(text: str) -> Decimal:
    return Decimal(text.removesuffix(" %")) / 100


def _some(names: Iterable[str]) -> str:
    """One of the names, or several of them with commas and "and"."""
    one = f"(?:{'|'.join(names)})"
    return f"{one}(?:(?:, | and ){one})*"


def _listed(text: str) -> list[str]:
    return re.split(r", | and ", text)


_WORDS: dict[str, Word[object]] = {
    "yuan": Word(r"¥[0-9,]+\.[0-9]{2}", yuan),
    "day": Word(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat),
    "percent": Word(r"[0-9]+\.[0-9]+ %", percent),
    "state": Word("|".join(STATES), STATES.__getitem__),
    "reason": Word("|".join(REASONS), REASONS.__getitem__),
    "count": Word(r"[0-9]+", int),
    "quoted": Word(r'"[^"]*"', lambda text: text.strip('"')),
    "party": Word("|".join(PARTIES), PARTIES.__getitem__),
    "parties": Word(_some(PARTIES), _listed),
    "offices": Word(_some(("hr", "finance", "pboc")), _listed),
    "word": Word(r"[^ ]+", str),
}


def step(text: str) -> parsers.parse:
    """A step's text with its words typed: `{amount:yuan}`, `{day:day}`."""
    return parsers.parse(text, extra_types=_WORDS)


def shown(fen: Fen) -> str:
    """An amount as the features write it."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def in_people_s_notation(amount: str) -> str:
    """What a paper says, as the features write it."""
    return shown(parse_yuan(amount, negative=True))


def as_rows(table: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """A table with its header line, line by line."""
    header, *lines = table
    return [dict(zip(header, line, strict=True)) for line in lines]
