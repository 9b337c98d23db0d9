"""How applications of the demonstration end without a loan 未成贷的申请, one function a way; they take turns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from uuid import UUID

from api.demo.applications import Applicants
from api.demo.asking import as_asked, fits
from api.demo.scene import FUND, GUARANTOR, Life, lives
from ledger import applying, reviewing


def applied_in_vain(loans: int, seed: int, first: int) -> list[Life]:
    """Those who apply and get no loan: a tenth of those who get one, and one at least for every way."""
    fitting = filter(fits, lives(4 * loans + 60, seed, 1_000_000 + 1000 * first))
    return [as_asked(life) for life in islice(fitting, max(loans // 10, len(WAYS)))]


def play_in_vain(play: Applicants, life: Life, number: int) -> None:
    borrower = play.known(life, (life.name, life.id_number), life.signed_on, life.phone)
    WAYS[number % len(WAYS)](play, f"A-{life.loan_no}-{number}", life, borrower)


def _too_dear(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """The bank's rate is above the cap; the others passed."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    play.secured(case_no, life, day)
    play.reviewed(case_no, life, day, margin_bp=120)
    play.rejected(case_no, life, day + timedelta(days=1))


def _reviewed_against(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """Every rule holds, and the guarantor says in words why not."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    play.secured(case_no, life, day)
    play.reviewed(case_no, life, day, against="经营场所未能核实 the place of business could not be found")
    play.rejected(case_no, life, day + timedelta(days=1))


def _resubmitted(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """Rejected for its rate, submitted anew at a lower one and approved; never signed."""
    _too_dear(play, case_no, life, borrower)
    again, day = f"{case_no}-2", life.signed_on + timedelta(days=10)
    play.accepted(again, life, borrower, day, resubmits=case_no)
    play.secured(again, life, day)
    play.reviewed(again, life, day)
    play.approved(again, life, day)
    play.lapsed(again, life, day + timedelta(days=100))


def _withdrawn(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    play.submitted(case_no, life, borrower, life.signed_on)
    _withdraw(play, case_no, life, life.signed_on)


def _released(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """The mortgage is released because a better one takes its place; approved, and then withdrawn."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    play.secured(case_no, life, day)
    (mortgage,) = play.desk.ledger.application(case_no).counter_guarantees
    release = reviewing.ReleaseCounterGuarantee(
        case_no=case_no, version=mortgage.originator_version, reason="另行提供抵押 another is given", value_date=day
    )
    reviewing.release_counter_guarantee(play.desk, release, play.by(life, "guarantor_officer", GUARANTOR))
    play.secured(case_no, life, day)
    play.reviewed(case_no, life, day)
    play.approved(case_no, life, day)
    _withdraw(play, case_no, life, day)


def _unused(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """Approved, and never signed."""
    day = life.signed_on
    play.accepted(case_no, life, borrower, day)
    play.secured(case_no, life, day)
    play.reviewed(case_no, life, day)
    play.approved(case_no, life, day)
    play.lapsed(case_no, life, day + timedelta(days=100))


def _never_corrected(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    play.accepted(case_no, life, borrower, life.signed_on)
    _ask_for_licence(play, case_no, life)
    play.lapsed(case_no, life, life.signed_on + timedelta(days=60))


def _open(play: Applicants, case_no: str, life: Life, borrower: UUID) -> None:
    """Corrected, and waiting for its reviews."""
    play.accepted(case_no, life, borrower, life.signed_on)
    _ask_for_licence(play, case_no, life)
    later = life.signed_on + timedelta(days=2)
    play.document(case_no, life, borrower, "licence", b"%PDF-1.7 licence", "application/pdf", later)
    confirm = applying.ConfirmCorrection(case_no=case_no, value_date=later)
    applying.confirm_correction(play.desk, confirm, play.by(life, "clerk", FUND))


def _ask_for_licence(play: Applicants, case_no: str, life: Life) -> None:
    asked = applying.RequestCorrection(case_no=case_no, missing=("licence",), value_date=life.signed_on)
    applying.request_correction(play.desk, asked, play.by(life, "clerk", FUND))


def _withdraw(play: Applicants, case_no: str, life: Life, day: date) -> None:
    command = applying.WithdrawApplication(case_no=case_no, reason="另有资金来源", value_date=day)
    applying.withdraw_application(play.desk, command, play.by(life, "applicant", "online"))


WAYS: tuple[Callable[[Applicants, str, Life, UUID], None], ...] = (
    _too_dear,
    _withdrawn,
    _unused,
    _never_corrected,
    _open,
    _reviewed_against,
    _resubmitted,
    _released,
)
