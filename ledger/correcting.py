"""Correcting 更正: a payment, or what else was recorded, holds from another day; costs of collecting, and what the bank does without."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from domain.actor import Actor
from domain.frozen import Frozen
from domain.loan.events import Waivable
from domain.money import Fen
from ledger.altering import by_two, told
from ledger.claiming import BANK, Digest, Words
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt


class CorrectDate(Frozen):
    """`version` is the fact's in the loan's stream, `value_date` the day from which it holds; `confirmed_by` is the second person."""

    loan_no: str
    version: int
    reason: Words
    evidence: tuple[Digest, ...] = Field(min_length=1, max_length=20)
    confirmed_by: Actor
    value_date: date


class ChargeCost(Frozen):
    """`reason` says what for, `evidence` are the digests of the bills."""

    loan_no: str
    amount_fen: Fen
    reason: Words
    evidence: tuple[Digest, ...] = Field(min_length=1, max_length=20)
    value_date: date


class Waive(Frozen):
    """`part`: costs, penalty or interest; at most what is owed of it on the value date."""

    loan_no: str
    part: Waivable
    amount_fen: Fen
    reason: Words
    evidence: tuple[Digest, ...] = Field(min_length=1, max_length=20)
    confirmed_by: Actor
    value_date: date


def correct_date(ledger: Ledger, command: CorrectDate, context: CommandContext) -> Receipt | None:
    """起息日更正. Raises UnknownLoan, NotPermitted, OtherBank, SharesArePaid, and what `Loan.correct_date` refuses."""
    context.actor.must_be(*BANK, action="correct a date")
    said: dict[str, Any] = {"version": command.version, "evidence": command.evidence, "reason": command.reason}
    return told(
        ledger,
        command,
        context,
        lambda loan: loan.correct_date(
            context.moment, value_date=command.value_date, **said, **by_two(command, context)
        ),
        received=True,
    )


def charge_cost(ledger: Ledger, command: ChargeCost, context: CommandContext) -> Receipt | None:
    """费用. Raises UnknownLoan, NotPermitted, OtherBank, SharesArePaid, and what `Loan.charge_cost` refuses."""
    context.actor.must_be(*BANK, action="charge a cost")
    said: dict[str, Any] = {
        "amount": command.amount_fen,
        "evidence": command.evidence,
        "reason": command.reason,
        "by": context.actor,
    }
    return told(
        ledger,
        command,
        context,
        lambda loan: loan.charge_cost(context.moment, value_date=command.value_date, **said),
    )


def waive(ledger: Ledger, command: Waive, context: CommandContext) -> Receipt | None:
    """减免. Raises UnknownLoan, NotPermitted, OtherBank, SharesArePaid, and what `Loan.waive` refuses."""
    context.actor.must_be(*BANK, action="waive")
    said: dict[str, Any] = {
        "part": command.part,
        "amount": command.amount_fen,
        "evidence": command.evidence,
        "reason": command.reason,
    }
    return told(
        ledger,
        command,
        context,
        lambda loan: loan.waive(context.moment, value_date=command.value_date, **said, **by_two(command, context)),
        received=True,
    )
