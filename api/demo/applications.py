"""Applications of the demonstration 申请演示: some loans begin with one, and the others end in every way there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from uuid import UUID

from api.demo.playing import CHANNEL
from api.demo.scene import FUND, GUARANTOR, Life, lives
from domain.actor import Actor
from domain.facts import Moment
from domain.loan_application.events import Source
from domain.money import Fen
from ledger import applying, approving, reviewing
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.fetching import FetchData, fetch_data
from ledger.registering import RegisterBorrower, register_borrower

PRODUCT, GROUP = "zheng_yin_dan", "returning_migrant"
MOST: Fen = 20_000_000
"""Within the limit of an individual in every edition that knows the package."""

FIRST_DAY = date(2021, 1, 4)
EVERY = 5
"""Every fifth loan begins with an application, if its borrower is one whose age is known to fit."""

_FORM, _ID_CARD = b"%PDF-1.7 demonstration form", b"\x89PNG\r\n\x1a\n demonstration"
_FIGURES: tuple[tuple[Source, dict[str, str]], ...] = (
    ("market_regulator", {"status": "in_business"}),
    ("civil_affairs", {"marital": "single"}),
    ("credit_registry", {"overdue": "no", "loans": ""}),
)


def begins_with_application(life: Life, number: int) -> bool:
    return number % EVERY == 0 and _fits(life)


def applied_in_vain(loans: int, seed: int, first: int) -> list[Life]:
    """Those who apply and get no loan: a tenth of those who get one, and one at least for every way."""
    fitting = filter(_fits, lives(4 * loans + 60, seed, 1_000_000 + 1000 * first))
    return [as_applied_for(life) for life in islice(fitting, max(loans // 10, len(WAYS)))]


def _fits(life: Life) -> bool:
    """A man born late enough to stay below retirement age; a woman's depends on a post that the scene does not know."""
    man, born = int(life.id_number[16]) % 2 == 1, int(life.id_number[6:10])
    return man and born >= 1972 and life.product != "small_enterprise"


def as_applied_for(life: Life) -> Life:
    """The life as the scheme of the package allows it."""
    return replace(life, product=PRODUCT, amount=min(life.amount, MOST), parts=1)


@dataclass
class Applicants:
    """Plays applications up to today."""

    desk: Desk
    moment: Moment

    def sign(self, life: Life, borrower: UUID) -> None:
        """From the form to the contract, all within the days before it."""
        case_no = f"A-{life.loan_no}"
        day = max(life.signed_on - timedelta(days=3), FIRST_DAY)
        self.accepted(case_no, life, borrower, day)
        self.reviewed(case_no, life, day)
        self.approved(case_no, life, life.signed_on)
        method = "bullet" if life.terms.method == "bullet" else "equal_instalment"
        command = approving.SignApproved(
            case_no=case_no, loan_no=life.loan_no, method=method, fund=FUND, value_date=life.signed_on
        )
        approving.sign_approved(self.desk, command, self.by(life, "bank_officer", life.bank))

    def play(self, life: Life, number: int) -> None:
        """One application that becomes no loan: the ways take turns."""
        case_no = f"A-{life.loan_no}-{number}"
        registration = RegisterBorrower(
            name=life.name, id_number=life.id_number, phone=life.phone, value_date=life.signed_on
        )
        clerk = self.by(life, "clerk", FUND)
        borrower = register_borrower(self.desk.ledger, self.desk.keystore, registration, clerk)
        WAYS[number % len(WAYS)](self, case_no, life, borrower)

    def submitted(self, case_no: str, life: Life, borrower: UUID, day: date) -> None:
        months = life.terms.instalments * life.terms.every if life.terms.unit == "months" else 12
        command = applying.SubmitApplication(
            case_no=case_no,
            kind="individual",
            applicant=borrower,
            product=PRODUCT,
            group=GROUP,
            amount_fen=life.amount,
            months=months,
            channel="outlet",
            outlet=f"{life.bank}-{life.county}",
            bank=life.bank,
            guarantor=GUARANTOR,
            county=life.county,
            value_date=day,
        )
        applying.submit_application(self.desk, command, self.by(life, "outlet_clerk", life.bank))

    def accepted(self, case_no: str, life: Life, borrower: UUID, day: date) -> None:
        """Nobody is connected in a demonstration: the first source is asked in vain, all figures are entered by hand."""
        clerk = "outlet_clerk"
        self.submitted(case_no, life, borrower, day)
        digest = self.document(case_no, life, borrower, "form", _FORM, "application/pdf", day)
        self.document(case_no, life, borrower, "identity", _ID_CARD, "image/png", day)
        consent = applying.GiveConsent(
            case_no=case_no,
            source="civil_affairs",
            document=digest,
            expires_on=day + timedelta(days=180),
            value_date=day,
        )
        applying.give_consent(self.desk, consent, self.by(life, clerk, life.bank))
        fetch = FetchData(case_no=case_no, source="civil_affairs", value_date=day)
        fetch_data(self.desk, fetch, self.by(life, clerk, life.bank))
        for source, figures in _FIGURES:
            entry = applying.EnterData(
                case_no=case_no, source=source, figures=figures, material=digest, reason="来源未接入", value_date=day
            )
            applying.enter_data(self.desk, entry, self.by(life, clerk, life.bank))
        accept = applying.AcceptApplication(case_no=case_no, value_date=day)
        applying.accept_application(self.desk, accept, self.by(life, clerk, life.bank))

    def document(
        self, case_no: str, life: Life, borrower: UUID, kind: str, content: bytes, media_type: str, day: date
    ) -> str:
        kept = self.desk.materials.take(content, media_type, self.desk.keystore.key(borrower))
        command = applying.AddMaterial(case_no=case_no, kind=kind, value_date=day)
        applying.record_material(self.desk, command, kept, self.by(life, "outlet_clerk", life.bank))
        return kept.digest

    def reviewed(self, case_no: str, life: Life, day: date, margin_bp: int = 50) -> None:
        """The bank first, then the guarantor, then human resources."""
        credit = reviewing.ReviewCredit(case_no=case_no, value_date=day, margin_bp=margin_bp)
        reviewing.review_credit(self.desk, credit, self.by(life, "bank_officer", life.bank))
        security = reviewing.RegisterCounterGuarantee(
            case_no=case_no, form="mortgage", value_fen=life.amount, value_date=day
        )
        guarantor = self.by(life, "guarantor_officer", GUARANTOR)
        reviewing.register_counter_guarantee(self.desk, security, guarantor)
        guarantee = reviewing.ReviewGuarantee(case_no=case_no, value_date=day)
        reviewing.review_guarantee(self.desk, guarantee, self.by(life, "guarantor_officer", GUARANTOR))
        eligibility = reviewing.ReviewEligibility(case_no=case_no, value_date=day)
        reviewing.review_eligibility(self.desk, eligibility, self.by(life, "hr_officer", FUND))

    def approved(self, case_no: str, life: Life, day: date) -> None:
        command = approving.ApproveApplication(case_no=case_no, value_date=day)
        approving.approve_application(self.desk, command, self.by(life, "approver", FUND))

    def by(self, life: Life, role: str, institution: str) -> CommandContext:
        actor = Actor(subject=f"{role}-{institution}"[:64], role=role, institution=institution, region=life.county)
        return CommandContext(actor, self.moment, channel=CHANNEL)


def _rejected(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """The bank's rate is above the cap; the others passed."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    play.reviewed(case_no, life, day, margin_bp=120)
    command = approving.RejectApplication(case_no=case_no, value_date=day + timedelta(days=1))
    approving.reject_application(play.desk, command, play.by(life, "approver", FUND))


def _withdrawn(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    play.submitted(case_no, life, borrower, life.signed_on)
    command = applying.WithdrawApplication(case_no=case_no, reason="另有资金来源", value_date=life.signed_on)
    applying.withdraw_application(play.desk, command, play.by(life, "applicant", "online"))


def _unused(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """Approved, and never signed."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    play.reviewed(case_no, life, day)
    play.approved(case_no, life, day)
    _lapse(play, case_no, life, day + timedelta(days=100))


def _never_corrected(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    asked = applying.RequestCorrection(case_no=case_no, missing=("licence",), value_date=day)
    applying.request_correction(play.desk, asked, play.by(life, "clerk", FUND))
    _lapse(play, case_no, life, day + timedelta(days=60))


def _open(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """Corrected, and waiting for its reviews."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    asked = applying.RequestCorrection(case_no=case_no, missing=("licence",), value_date=day)
    applying.request_correction(play.desk, asked, play.by(life, "clerk", FUND))
    later = day + timedelta(days=2)
    play.document(case_no, life, borrower, "licence", _FORM + b" licence", "application/pdf", later)
    confirm = applying.ConfirmCorrection(case_no=case_no, value_date=later)
    applying.confirm_correction(play.desk, confirm, play.by(life, "clerk", FUND))


def _lapse(play: Applicants, case_no: str, life: Life, day: date) -> None:
    if day <= play.moment.today:
        command = approving.ExpireApplication(case_no=case_no, value_date=day)
        approving.expire_application(play.desk, command, play.by(life, "system", "day_close"))


WAYS: tuple[Callable[[Applicants, str, Life, UUID], None], ...] = (
    _rejected,
    _withdrawn,
    _unused,
    _never_corrected,
    _open,
)
