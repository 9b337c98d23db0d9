"""A row of a tape as the facts of a loan and of its claim; nothing is decided again, what a tape leaves open is derived and marked so."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from domain.calendar import add_months
from domain.compensation.claim import Claim
from domain.facts import Moment
from domain.loan.events import Allocation, TapeRow
from domain.loan.loan import Loan
from domain.money import Fen
from domain.ratio import PartyShare, ShareScheme
from ledger.importing.history import LoanHistory

Derived = tuple[date, str | None]
"""A day, and the rule it was derived by if the tape does not state it."""


def aggregates(history: LoanHistory, tape: TapeRow, borrower: UUID | None, moment: Moment) -> tuple[Loan, list[Claim]]:
    """The loan's stream and, where a charge-off had a guarantee, its claim's. Raises DatedInFuture.

    No terms are pinned: the interest of a tape is what it says was paid, none accrues on a guess of its conventions.
    """
    loan = _signed(history, tape, borrower, moment)
    paid_out = (history.disbursed_on, None) if history.disbursed_on else (history.approved_on, "date of approval")
    if history.disbursed or history.disbursed_on:
        loan.disburse(moment, amount=history.disbursed, value_date=paid_out[0], history=True, date_derived=paid_out[1])
    ended = _ended(history, paid_out[0], moment.today)
    claims = _charge_off(history, loan, ended, moment)
    _repay(history, loan, ended, moment)
    if history.jobs_created or history.jobs_retained:
        loan.report_jobs(moment, created=history.jobs_created, retained=history.jobs_retained, value_date=paid_out[0])
    return loan, claims


def _signed(history: LoanHistory, tape: TapeRow, borrower: UUID | None, moment: Moment) -> Loan:
    return Loan.sign(
        moment,
        loan_no=history.loan_no,
        value_date=history.approved_on,
        borrower=borrower,
        bank=history.bank,
        guarantor=history.guarantor,
        county=history.county,
        state=history.state,
        product=history.product,
        approved_fen=history.approved,
        guaranteed_fen=history.guaranteed,
        term_months=history.term_months,
        share_scheme=_scheme(history),
        source_status=history.source_status,
        urban_rural=history.urban_rural,
        tape=tape,
    )


def _scheme(history: LoanHistory) -> ShareScheme | None:
    """The tape's own guarantee ratio; at equal remainders the guarantor's share is rounded up, so it is half-up to the fen."""
    if not history.guaranteed or not history.approved:
        return None
    bank = max(history.approved - history.guaranteed, 0)
    return ShareScheme(
        name="tape_pro_rata",
        parties=(
            PartyShare(party="bank", institution=history.bank, weight=bank),
            PartyShare(party="guarantor", institution=history.guarantor, weight=history.guaranteed),
        ),
        tie_order=("guarantor", "bank"),
    )


def _ended(history: LoanHistory, paid_out: date, today: date) -> Derived:
    """When a loan without a stated end ended: disbursement + term, but no later than the day it is recorded on."""
    due = add_months(paid_out, history.term_months or 0)
    return min(
        due, today
    ), "disbursement + term" if due <= today else "disbursement + term, capped at the day of recording"


def _charge_off(history: LoanHistory, loan: Loan, ended: Derived, moment: Moment) -> list[Claim]:
    if history.status != "charged_off" and not history.charged_off and not history.charged_off_on:
        return []
    day, rule = (history.charged_off_on, None) if history.charged_off_on else ended
    claim_no = f"{history.loan_no}-1" if history.charged_off and loan.contract.share_scheme is not None else None
    lost = min(history.charged_off, max(history.disbursed - (history.outstanding or 0), 0))
    loan.charge_off(
        moment,
        amount=history.charged_off,
        value_date=day,
        claim_no=claim_no,
        stated=Allocation(principal_fen=lost),
        date_derived=rule,
    )
    if claim_no is None:
        return []
    return [Claim.of_charge_off(loan, claim_no, history.charged_off, day, moment, date_derived=rule)]


def _repay(history: LoanHistory, loan: Loan, ended: Derived, moment: Moment) -> None:
    """What was repaid: as the tape states it, else what was paid out and is neither owed nor given up."""
    principal = history.paid_principal
    if principal is None and (history.status == "paid_in_full" or history.outstanding is not None):
        principal = max(loan.outstanding - (history.outstanding or 0), 0)
    stated = Allocation(
        principal_fen=principal or 0, interest_fen=history.paid_interest or 0, penalty_fen=history.paid_penalty or 0
    )
    amount: Fen = stated.principal_fen + stated.interest_fen + stated.penalty_fen
    if not amount:
        return
    day, rule = (history.charged_off_on, "date of charge-off") if history.charged_off_on else ended
    loan.repay(moment, amount=amount, value_date=day, stated=stated, date_derived=rule)
