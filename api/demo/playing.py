"""Bringing a book through its life: every step is a command of somebody who would give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from uuid import UUID

from api.demo.claims import Case
from api.demo.scene import FUND, Life
from api.demo.servicing import ACTS, changing, shown, two
from domain.actor import Actor
from domain.facts import Moment
from domain.loan.schedule import Instalment, schedule
from domain.money import Fen
from domain.policy.edition import Edition
from domain.policy.shipped import shipped_editions
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.disbursing import Disburse, disburse
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.noticing import NoticeOverdue, notice_overdue
from ledger.publishing import in_force
from ledger.registering import RegisterBorrower, register_borrower
from ledger.repaying import RecordRepayment, ReverseRepayment, record_repayment, reverse_repayment
from ledger.reporting import ReportJobs, report_jobs

CHANNEL = "demonstration"
_AFTER_ANY_HOLIDAY = timedelta(days=12)
"""What falls due on a holiday may be paid on the first working day after it."""


@dataclass
class Player:
    """Plays lives into a ledger up to today."""

    ledger: Ledger
    keystore: Keystore
    moment: Moment

    def play(self, life: Life, apply: Callable[[Life, UUID], None] | None = None) -> None:
        """Register, sign (or `apply`), pay out, report jobs, and then what the loan's fate is."""
        self._begin(life, apply)
        rows = schedule(life.amount, life.disbursed_on, life.terms)
        due = [row for row in rows if row.due < self.moment.today]
        _FATES[life.fate](self, life, due)

    def _begin(self, life: Life, apply: Callable[[Life, UUID], None] | None) -> None:
        clerk, bank = self.by(life, "clerk", FUND), self.by(life, "bank_officer", life.bank)
        registration = RegisterBorrower(
            name=life.name, id_number=life.id_number, phone=life.phone, value_date=life.signed_on
        )
        borrower = register_borrower(self.ledger, self.keystore, registration, clerk)
        if apply is not None:
            apply(life, borrower)
        else:
            sign_contract(self.ledger, _contract(life, borrower), bank)
        first = life.amount // life.parts
        for part, amount in enumerate((first, life.amount - first)[: life.parts], 1):
            reference = f"D-{life.loan_no}-{part}"
            order = Disburse(
                loan_no=life.loan_no, amount_fen=amount, value_date=life.disbursed_on, bank_reference=reference
            )
            disburse(self.ledger, order, self.by(life, "bank_officer", life.bank))
        created, retained = life.jobs
        jobs = ReportJobs(
            loan_no=life.loan_no, created=created, retained=retained, value_date=life.disbursed_on + timedelta(days=30)
        )
        if jobs.value_date <= self.moment.today:
            report_jobs(self.ledger, jobs, self.by(life, "clerk", FUND))

    def pay(self, life: Life, row: Instalment, *, days_late: int = 0, fen: Fen | None = None) -> int | None:
        """Pay an instalment, if anything is due, or another amount; returns the payment's version in the loan's stream."""
        day = row.due + timedelta(days=days_late)
        if day > self.moment.today:
            return None
        loan = self.ledger.loan(life.loan_no)
        owed = loan.owed(day)
        asked = owed.everything if row.balance == 0 else owed.everything - owed.future - owed.accrued
        if not (fen or asked):
            return None
        late = any(movement.value_date > day for movement in loan.movements)
        payment = RecordRepayment(
            loan_no=life.loan_no,
            amount_fen=fen or asked,
            value_date=day,
            bank_reference=f"R-{life.loan_no}-{loan.version + 1}",
            **(two(life, "银行流水补录 the bank's file came late") | shown(life, "slip") if late else {}),
        )
        record_repayment(self.ledger, payment, self.by(life, "bank_officer", life.bank))
        return loan.version + 1

    def notice(self, life: Life, day: date) -> None:
        """Close the day for one loan."""
        if day <= self.moment.today:
            notice = NoticeOverdue(loan_no=life.loan_no, day=day)
            notice_overdue(self.ledger, notice, self.by(life, "system", "day_close"))

    def by(self, life: Life, role: str, institution: str) -> CommandContext:
        actor = Actor(subject=f"{role}-{institution}"[:64], role=role, institution=institution, region=life.county)
        return CommandContext(actor, self.moment, channel=CHANNEL)


def _contract(life: Life, borrower: UUID) -> SignContract:
    return SignContract(
        loan_no=life.loan_no,
        borrower=borrower,
        bank=life.bank,
        county=life.county,
        state="SD",
        product=life.product,
        borrower_kind="small_enterprise" if life.product == "small_enterprise" else "individual",
        approved_fen=life.amount,
        guaranteed_fen=life.amount - life.scheme.part("bank", life.amount),
        terms=life.terms,
        rate_basis=life.basis,
        policy=_edition_on(life.signed_on).pin,
        share_scheme=life.scheme,
        value_date=life.signed_on,
    )


@cache
def _edition_on(day: date) -> Edition:
    return in_force(_editions(), day)


@cache
def _editions() -> tuple[Edition, ...]:
    return tuple(shipped_editions())


def _pays(player: Player, life: Life, due: list[Instalment]) -> None:
    for row in due:
        player.pay(life, row)


def _prepays(player: Player, life: Life, due: list[Instalment]) -> None:
    """Pays half of the instalments, then everything at once."""
    half = due[: len(due) // 2]
    _pays(player, life, half)
    if len(due) > len(half):
        loan = player.ledger.loan(life.loan_no)
        row = due[len(half)]
        player.pay(life, row, fen=loan.owed(row.due).everything)


def _bounces(player: Player, life: Life, due: list[Instalment]) -> None:
    """The last payment is reversed because the cheque bounced."""
    version = None
    for row in due:
        version = player.pay(life, row)
    if version is not None:
        reversal = ReverseRepayment(
            loan_no=life.loan_no,
            version=version,
            value_date=due[-1].due,
            **two(life, "支票退票 cheque returned unpaid"),
            **shown(life, "cheque"),
        )
        reverse_repayment(player.ledger, reversal, player.by(life, "bank_officer", life.bank))


def _pays_late(player: Player, life: Life, due: list[Instalment]) -> None:
    """One payment comes to the ledger after the next one did, with its own earlier date."""
    if len(due) > 2:
        due = [*due[:-2], due[-1], due[-2]]
    _pays(player, life, due)


def _cured(player: Player, life: Life, due: list[Instalment]) -> None:
    """The last instalment is paid three weeks late."""
    _pays(player, life, due[:-1])
    for row in due[-1:]:
        player.notice(life, row.due + _AFTER_ANY_HOLIDAY)
        if player.pay(life, row, days_late=21) is not None:
            player.notice(life, row.due + timedelta(days=21))


def _lost(player: Player, life: Life, due: list[Instalment]) -> None:
    """Pays a third and falls overdue for good; four months later the bank claims."""
    kept = len(due) // 3
    _pays(player, life, due[:kept])
    if not due:
        return
    broke_on = due[kept].due
    player.notice(life, broke_on + _AFTER_ANY_HOLIDAY)
    day = broke_on + timedelta(days=120)
    if day > player.moment.today:
        return
    Case(player.ledger, player.moment, CHANNEL, life, f"{life.loan_no}-1").play(day)


_FATES: dict[str, Callable[[Player, Life, list[Instalment]], None]] = {
    "pays": _pays,
    "prepays": _prepays,
    "bounces": _bounces,
    "pays_late": _pays_late,
    "cured": _cured,
    "lost": _lost,
    **{fate: changing(act) for fate, act in ACTS.items()},
}
