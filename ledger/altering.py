"""Altering 贷后变更: a running loan gets other terms, or something becomes known of it, by two people; a refund."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from domain.actor import Actor
from domain.facts import EventSourced
from domain.frozen import PLAIN, Frozen
from domain.loan.loan import Loan
from domain.loan.refusals import OtherBank
from domain.loan.terms import RepaymentTerms
from domain.money import Fen
from ledger.claiming import BANK, Digest, Words, adjusted
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

REPORT_WITHIN = 10
"""Working days in which the bank tells the fund of a closure (R-FUND-16)."""
OBSERVERS = (*BANK, "hr_officer", "fund_officer", "guarantor_officer")


class ExtendLoan(Frozen):
    """`months` are whole instalments, at most twelve; `consented_by` is the guarantor's person, without whom it is released; `evidence` are
    digests, one at least where it is recorded after the loan's end, or money of a later day has moved."""

    loan_no: str
    months: int
    reason: Words
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    confirmed_by: Actor
    consented_by: Actor | None = None
    value_date: date


class ResetRate(Frozen):
    """`annual_rate` is a fraction as a text: 0.0345 is 3.45 %; `evidence` are digests, one at least where money of a later day has moved."""

    loan_no: str
    annual_rate: str = Field(pattern=r"^0(\.[0-9]{1,8})?$")
    reason: Words
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    confirmed_by: Actor
    value_date: date


class RestructureLoan(Frozen):
    """The plan from the value date on: so many instalments counted from the first, by `method`; `evidence` as for an extension."""

    loan_no: str
    instalments: int = Field(ge=1, le=600)
    method: str = Field(pattern=r"^(equal_instalment|equal_principal|interest_only|bullet)$")
    reason: Words
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    confirmed_by: Actor
    consented_by: Actor | None = None
    value_date: date


class FindMisuse(Frozen):
    """`value_date` is the first day of it, `evidence` are digests; `bank_knew`: then nobody else bears the loss."""

    loan_no: str
    bank_knew: bool = False
    reason: Words
    evidence: tuple[Digest, ...] = Field(min_length=1, max_length=20)
    confirmed_by: Actor
    value_date: date


class Refund(Frozen):
    loan_no: str
    amount_fen: Fen
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    value_date: date


class ReportDeath(Frozen):
    loan_no: str
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)
    value_date: date


class ReportClosure(ReportDeath):
    pass


def extend_loan(ledger: Ledger, command: ExtendLoan, context: CommandContext) -> Receipt | None:
    """展期. Raises UnknownLoan, NotPermitted, OtherBank, and what `Loan.extend` refuses."""
    context.actor.must_be(*BANK, action="extend a loan")
    said: dict[str, Any] = {"months": command.months, "reason": command.reason, "evidence": command.evidence}
    said |= by_two(command, context)
    return told(
        ledger,
        command,
        context,
        lambda loan: loan.extend(
            context.moment, value_date=command.value_date, consented_by=command.consented_by, **said
        ),
    )


def reset_rate(ledger: Ledger, command: ResetRate, context: CommandContext) -> Receipt | None:
    """利率调整, of its day or with hindsight. Raises UnknownLoan, NotPermitted, OtherBank, SharesArePaid, and what `Loan.reset_rate` refuses."""
    context.actor.must_be(*BANK, action="change a rate")
    said: dict[str, Any] = {"annual_rate": Decimal(command.annual_rate), "reason": command.reason}
    said |= {"evidence": command.evidence, **by_two(command, context)}
    return told(
        ledger, command, context, lambda loan: loan.reset_rate(context.moment, value_date=command.value_date, **said)
    )


def restructure_loan(ledger: Ledger, command: RestructureLoan, context: CommandContext) -> Receipt | None:
    """重组. Raises UnknownLoan, NotPermitted, OtherBank, and what `Loan.restructure` refuses."""
    context.actor.must_be(*BANK, action="restructure a loan")

    def restructure(loan: Loan) -> None:
        agreed = loan.terms_on(command.value_date)
        plan = {"instalments": command.instalments, "method": command.method}
        terms = RepaymentTerms.model_validate((agreed.model_dump() if agreed else {"annual_rate": 0}) | plan)
        said: dict[str, Any] = {"terms": terms, "reason": command.reason, "evidence": command.evidence}
        said |= by_two(command, context)
        loan.restructure(context.moment, value_date=command.value_date, consented_by=command.consented_by, **said)

    return told(ledger, command, context, restructure)


def find_misuse(ledger: Ledger, command: FindMisuse, context: CommandContext) -> Receipt | None:
    """挪用认定. Raises UnknownLoan, NotPermitted, SharesArePaid, and what `Loan.find_misuse` refuses."""
    context.actor.must_be(*OBSERVERS, action="record misuse")
    said: dict[str, Any] = {"reason": command.reason, "evidence": command.evidence, "bank_knew": command.bank_knew}
    said |= {"found_by": context.actor, "confirmed_by": command.confirmed_by}
    return told(
        ledger, command, context, lambda loan: loan.find_misuse(context.moment, value_date=command.value_date, **said)
    )


def refund(ledger: Ledger, command: Refund, context: CommandContext) -> Receipt | None:
    """退款. Raises UnknownLoan, NotPermitted, OtherBank, ReferenceUsed, and what `Loan.refund` refuses."""
    context.actor.must_be(*BANK, action="refund")

    def pay_back(loan: Loan) -> None:
        reference = f"{loan.contract.bank}|{command.bank_reference}"
        loan.refund(context.moment, amount=command.amount_fen, value_date=command.value_date, bank_reference=reference)

    return told(ledger, command, context, pay_back)


def report_death(ledger: Ledger, command: ReportDeath, context: CommandContext) -> Receipt | None:
    """借款人身故. Raises UnknownLoan, NotPermitted, SaidBefore, BeforeContract, DatedInFuture."""
    context.actor.must_be(*OBSERVERS, action="report a death")
    said: dict[str, Any] = {"evidence": command.evidence, "by": context.actor}
    return told(
        ledger, command, context, lambda loan: loan.report_death(context.moment, value_date=command.value_date, **said)
    )


def report_closure(ledger: Ledger, command: ReportClosure, context: CommandContext) -> Receipt | None:
    """停业; the bank tells the fund within ten working days (R-FUND-16). Raises UnknownLoan, NotPermitted, SaidBefore, BeforeContract, DatedInFuture."""
    context.actor.must_be(*OBSERVERS, action="report a closure")
    report_by = ledger.calendar.add(command.value_date, REPORT_WITHIN)
    said: dict[str, Any] = {"evidence": command.evidence, "by": context.actor, "report_by": report_by}
    return told(
        ledger,
        command,
        context,
        lambda loan: loan.report_closure(context.moment, value_date=command.value_date, **said),
    )


def by_two(command: Any, context: CommandContext) -> dict[str, Any]:
    """Who asks, and who confirms."""
    return {"requested_by": context.actor, "confirmed_by": command.confirmed_by}


def told(
    ledger: Ledger, command: Any, context: CommandContext, tell: Callable[[Loan], None], *, received: bool = False
) -> Receipt | None:
    """The loan told by somebody who may, and the claim that stands on it of what is owed then; `received`: it may have ceased to be
    overdue. Raises UnknownLoan, OtherBank, SharesArePaid.
    """

    def decide() -> list[EventSourced[Any]]:
        loan, actor = ledger.loan(command.loan_no), context.actor
        bank = loan.contract.bank
        if actor.role == "bank_officer" and actor.institution != bank:
            raise OtherBank(field="loan_no", loan_no=command.loan_no, expected=bank, institution=actor.institution)
        tell(loan)
        return adjusted(ledger, loan, context.moment, command.value_date, received=received)

    return ledger.perform(command, context, decide)
