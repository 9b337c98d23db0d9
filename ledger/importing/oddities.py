"""Facts that are kept though they are odd: what a tape says of one loan, compared with itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.calendar import add_months
from domain.money import Fen, yuan
from ledger.importing.history import LoanHistory, TapeException, shown


class Oddities:
    """Lists what is odd about a loan; an exception carries the tape's column and its words where it has a column."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns

    def of(self, loan: LoanHistory) -> Iterator[TapeException]:
        for rules in (_of_amounts, _of_disbursement, _of_charge_off, _of_ending):
            for rule, target in rules(loan):
                yield self._exception(loan, rule, target)

    def parts_do_not_sum(self, loan: LoanHistory, paid_total: Fen | None) -> Iterator[TapeException]:
        """The total paid, rounded as the mapping states, is its parts to the fen."""
        parts = (loan.paid_principal or 0) + (loan.paid_interest or 0) + (loan.paid_penalty or 0)
        if paid_total is not None and paid_total != parts:
            yield self._exception(loan, "parts_do_not_sum", "paid_total")

    def _exception(self, loan: LoanHistory, rule: str, target: str) -> TapeException:
        if (column := self._columns.get(target)) is not None:
            return TapeException(rule, column, shown(loan.values[column]))
        fact = getattr(loan, target)
        return TapeException(rule, target, yuan(fact) if isinstance(fact, int) else str(fact or ""))


def _of_amounts(loan: LoanHistory) -> Iterator[tuple[str, str]]:
    if loan.approved == 0:
        yield "approved_zero", "approved"
    if loan.disbursed > loan.approved:
        yield "disbursed_above_approved", "disbursed"
    elif loan.disbursed < loan.approved:
        yield "disbursed_below_approved", "disbursed"
    if loan.guaranteed > loan.approved:
        yield "guaranteed_above_approved", "guaranteed"
    if loan.annual_rate is not None and loan.annual_rate > 1:
        yield "rate_above_100_percent", "annual_rate"


def _of_disbursement(loan: LoanHistory) -> Iterator[tuple[str, str]]:
    if loan.disbursed_on is None:
        yield "disbursement_date_missing", "disbursed_on"
    elif loan.disbursed_on < loan.approved_on:
        yield "disbursed_before_approval", "disbursed_on"
    if loan.term_months == 0:
        yield "term_zero", "term_months"


def _of_charge_off(loan: LoanHistory) -> Iterator[tuple[str, str]]:
    if loan.charged_off > loan.disbursed:
        yield "charged_off_above_disbursed", "charged_off"
    if loan.charged_off_on is None:
        if loan.charged_off or loan.status == "charged_off":
            yield "charge_off_date_missing", "charged_off_on"
    elif loan.disbursed_on is not None:
        if loan.charged_off_on < loan.disbursed_on:
            yield "charged_off_before_disbursement", "charged_off_on"
        if loan.term_months is not None and loan.charged_off_on > add_months(loan.disbursed_on, loan.term_months):
            yield "charged_off_after_term", "charged_off_on"


def _of_ending(loan: LoanHistory) -> Iterator[tuple[str, str]]:
    if loan.status == "charged_off":
        if not loan.charged_off:
            yield "charge_off_amount_missing", "charged_off"
    elif loan.charged_off or loan.charged_off_on is not None:
        paid = loan.status == "paid_in_full"
        yield "paid_in_full_but_charged_off" if paid else "charge_off_without_status", "charged_off"
    if loan.status == "paid_in_full" and loan.outstanding:
        yield "paid_in_full_but_outstanding", "outstanding"
    if None not in (loan.outstanding, loan.paid_principal) and loan.outstanding != _left(loan):
        yield "balance_does_not_tie", "outstanding"


def _left(loan: LoanHistory) -> Fen:
    """What a loan still owes by its own history: disbursed, less principal paid, less charged off."""
    return loan.disbursed - (loan.paid_principal or 0) - loan.charged_off
