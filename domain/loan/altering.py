"""What changes a running loan 贷后变更: an extension, another rate, another plan; misuse, a death, a business that closed; a refund."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from domain.actor import Actor
from domain.calendar import add_months
from domain.errors import InvalidInput
from domain.facts import Moment
from domain.loan import events, refusals
from domain.loan.deciding import Deciding, by_two, in_words, positive, with_evidence
from domain.loan.movement import Movement
from domain.loan.schedule import must_be_serviced
from domain.loan.terms import RepaymentTerms, TermsChange, changed
from domain.money import Fen, yuan

MOST_MONTHS = 12
"""An extension is at most a year (R-LIM-7)."""


class Altering(Deciding):
    """The part of the aggregate in which what was agreed, or what is known of it, changes."""

    def extend(
        self,
        moment: Moment,
        *,
        months: int,
        value_date: date,
        reason: str,
        evidence: Sequence[str] = (),
        requested_by: Actor,
        confirmed_by: Actor,
        consented_by: Actor | None,
    ) -> None:
        """展期, once, by at most a year, asked for before maturity; without its consent the guarantor is released (R-LIM-7, R-FUND-15).

        What is due stays due; the principal to come is planned over the instalments that are left and those that are added, on the day of
        maturity over those that are added. One that is recorded after the maturity, or after later money, needs evidence.
        Raises NotServiced, LoanEnded, UnderClaim, ExtendedAlready, AfterMaturity, InvalidInput, OtherGuarantor, SamePerson, DatedInFuture.
        """
        terms = self._terms_on(value_date)
        if self._was_extended:
            raise refusals.ExtendedAlready(field="loan_no", loan_no=self.contract.loan_no)
        self._must_not_be_matured_by(value_date)
        if terms.unit != "months" or months <= 0 or months > MOST_MONTHS or months % terms.every:
            raise InvalidInput(
                field="months",
                problem=f"{months} months do not fit",
                expected=f"1 to {MOST_MONTHS} months, in whole instalments of {terms.every}",
            )
        longer = terms.model_copy(update={"instalments": terms.instalments + months // terms.every})
        by: dict[str, Any] = {"requested_by": requested_by, "confirmed_by": confirmed_by, "consented_by": consented_by}
        self._change_terms(moment, "extension", longer, value_date, reason, evidence, **by)

    def reset_rate(
        self,
        moment: Moment,
        *,
        annual_rate: Decimal,
        value_date: date,
        reason: str,
        evidence: Sequence[str] = (),
        requested_by: Actor,
        confirmed_by: Actor,
    ) -> None:
        """利率调整: another rate a year from the value date on, which may lie behind: what was paid since is allocated anew, by evidence.

        Raises NotServiced, LoanEnded, UnderClaim, InvalidInput, SamePerson, DatedInFuture.
        """
        terms = self._terms_on(value_date)
        if annual_rate == terms.annual_rate:
            raise InvalidInput(field="annual_rate", problem="it is the rate of today", expected="another rate")
        other = terms.model_copy(update={"annual_rate": annual_rate})
        by: dict[str, Any] = {"requested_by": requested_by, "confirmed_by": confirmed_by, "consented_by": None}
        self._change_terms(moment, "rate_reset", other, value_date, reason, evidence, **by)

    def restructure(
        self,
        moment: Moment,
        *,
        terms: RepaymentTerms,
        value_date: date,
        reason: str,
        evidence: Sequence[str] = (),
        requested_by: Actor,
        confirmed_by: Actor,
        consented_by: Actor | None,
    ) -> None:
        """重组: another plan for the principal to come, at most a year longer; without its consent the guarantor is released (R-FUND-15).

        It ends after the value date; one that puts off the end keeps to what an extension keeps to. Raises NotServiced, LoanEnded, UnderClaim,
        ExtendedAlready, AfterMaturity, InvalidInput, TermsNotServiced, OtherGuarantor, SamePerson, DatedInFuture.
        """
        before, matures_on = self._terms_on(value_date), self.matures_on
        if (terms.every, terms.unit) != (before.every, before.unit):
            raise InvalidInput(field="every", problem="it is another period", expected="the period of the contract")
        pinned = changed(before, "restructuring", terms)
        must_be_serviced(self.disbursed, self.contract.value_date, pinned)
        agreed, longer = self.matures_by(self.contract.terms), self.matures_by(pinned)
        if matures_on is None or agreed is None or longer is None or longer > add_months(agreed, MOST_MONTHS):
            expected = f"an end at most {MOST_MONTHS} months after the contract's"
            raise InvalidInput(field="instalments", problem=f"the loan would end on {longer}", expected=expected)
        if longer <= value_date:
            expected = f"a last instalment after {value_date}"
            raise InvalidInput(field="instalments", problem=f"the loan would end on {longer}", expected=expected)
        if longer > matures_on:
            if self._was_extended:
                raise refusals.ExtendedAlready(field="loan_no", loan_no=self.contract.loan_no)
            self._must_not_be_matured_by(value_date)
        by: dict[str, Any] = {"requested_by": requested_by, "confirmed_by": confirmed_by, "consented_by": consented_by}
        self._change_terms(moment, "restructuring", pinned, value_date, reason, evidence, **by)

    def find_misuse(
        self,
        moment: Moment,
        *,
        value_date: date,
        reason: str,
        evidence: Sequence[str],
        bank_knew: bool,
        found_by: Actor,
        confirmed_by: Actor,
    ) -> None:
        """挪用认定 from the first day of it on, late as it may be found; once (R-INT-6, R-INT-7, domain.md §5.27).

        Raises NotServiced, LoanEnded, NothingDisbursed, MisuseKnown, InvalidInput, SamePerson, DatedInFuture.
        """
        moment.not_before(value_date)
        self._must_be_serviced()
        self._must_be_open()
        self._must_not_precede(value_date)
        self._must_be_drawn(value_date)
        in_words(reason)
        with_evidence(evidence)
        if any(movement.kind == "misused" for movement in self.movements):
            raise refusals.MisuseKnown(field="loan_no", loan_no=self.contract.loan_no)
        by = by_two(found_by, confirmed_by)
        self._tell_money(
            events.MisuseFound,
            moment,
            Movement(value_date, self.version + 1, "misused", 0),
            reason=reason,
            evidence=tuple(evidence),
            bank_knew=bank_knew,
            found_by=by["requested_by"],
            confirmed_by=by["confirmed_by"],
        )

    def refund(self, moment: Moment, *, amount: Fen, value_date: date, bank_reference: str | None) -> None:
        """退款 of what was paid beyond what was owed, on the day and ever since. Raises MoreThanRefundable, InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        positive(amount)
        left = max(self._least_refundable(value_date), 0)
        if amount > left:
            said = {"amount": yuan(amount), "left": yuan(left), "loan_no": self.contract.loan_no}
            raise refusals.MoreThanRefundable(field="amount", **said)
        movement = Movement(value_date, self.version + 1, "refunded", amount)
        self._tell_money(events.Refunded, moment, movement, bank_reference=bank_reference)

    def report_death(self, moment: Moment, *, value_date: date, evidence: Sequence[str], by: Actor) -> None:
        """借款人身故, late as it may be known (domain.md §5.11). Raises SaidBefore, InvalidInput, DatedInFuture."""
        self._report(moment, value_date, "died")
        said = {"evidence": tuple(evidence), "reported_by": by.subject}
        self.tell(events.BorrowerDied, moment, value_date=value_date, **said)

    def report_closure(
        self, moment: Moment, *, value_date: date, report_by: date, evidence: Sequence[str], by: Actor
    ) -> None:
        """停业; `report_by` is until when the bank tells the fund (R-FUND-16). Raises SaidBefore, InvalidInput, DatedInFuture."""
        self._report(moment, value_date, "closed")
        said = {"evidence": tuple(evidence), "report_by": report_by, "reported_by": by.subject}
        self.tell(events.BusinessClosed, moment, value_date=value_date, **said)

    def stop_subsidy(
        self, moment: Moment, *, value_date: date, reason: str, evidence: Sequence[str], by: Actor
    ) -> None:
        """停止贴息 from the first bad day on, late as it may be found (R-SUB-14). Raises SubsidyStoppedBefore, BeforeContract, InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        self._must_not_precede(value_date)
        in_words(reason)
        with_evidence(evidence)
        if self._last("subsidy_stopped", value_date):
            raise refusals.SubsidyStoppedBefore(
                field="value_date", loan_no=self.contract.loan_no, value_date=value_date
            )
        said = {"reason": reason, "evidence": tuple(evidence), "found_by": by.subject}
        self.tell(events.SubsidyStopped, moment, value_date=value_date, **said)

    def resume_subsidy(self, moment: Moment, *, value_date: date, reason: str, by: Actor) -> None:
        """恢复贴息 from a day on. Raises SubsidyNotStopped, InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        in_words(reason)
        if not self._last("subsidy_stopped", value_date):
            raise refusals.SubsidyNotStopped(field="value_date", loan_no=self.contract.loan_no, value_date=value_date)
        said = {"reason": reason, "found_by": by.subject}
        self.tell(events.SubsidyResumed, moment, value_date=value_date, **said)

    # Under these.

    def _terms_on(self, value_date: date) -> RepaymentTerms:
        """The terms in force on a day, of a loan that may be given others."""
        self._must_be_serviced()
        self._must_be_open()
        self._must_be_unclaimed()
        self._must_not_precede(value_date)
        terms = self.terms_on(value_date)
        assert terms is not None, "a serviced loan has terms"
        return terms

    def _change_terms(
        self,
        moment: Moment,
        change: TermsChange,
        terms: RepaymentTerms,
        value_date: date,
        reason: str,
        evidence: Sequence[str],
        *,
        requested_by: Actor,
        confirmed_by: Actor,
        consented_by: Actor | None,
    ) -> None:
        moment.not_before(value_date)
        in_words(reason)
        ended = self.matures_on is not None and self.matures_on < moment.today
        if self._later_money(value_date) or (ended and change != "rate_reset"):
            with_evidence(evidence)
        scheme = self.contract.share_scheme
        guarantor = next((s for s in scheme.parties if s.party == "guarantor"), None) if scheme else None
        if consented_by is not None and (guarantor is None or consented_by.institution != guarantor.institution):
            expected = guarantor.institution if guarantor else "-"
            said = {"expected": expected, "institution": consented_by.institution, "loan_no": self.contract.loan_no}
            raise refusals.OtherGuarantor(field="consented_by", **said)
        released = guarantor is not None and consented_by is None and change != "rate_reset"
        movement = Movement(
            value_date, self.version + 1, "terms_changed", 0, terms=terms, change=change, released=released
        )
        by = by_two(requested_by, confirmed_by)
        self._tell_money(
            events.TermsChanged,
            moment,
            movement,
            reason=reason,
            evidence=tuple(evidence),
            change=change,
            terms=terms,
            guarantor_released=released,
            consented_by=consented_by.subject if consented_by else None,
            requested_by=by["requested_by"],
            confirmed_by=by["confirmed_by"],
        )
        self._settle_if_paid(moment)

    @property
    def _was_extended(self) -> bool:
        """Whether its end was put off once, by an extension or by another plan."""
        agreed, matures_on = self.matures_by(self.contract.terms), self.matures_on
        later = agreed is not None and matures_on is not None and matures_on > agreed
        return later or any(movement.change == "extension" for movement in self.movements)

    def _must_not_be_matured_by(self, value_date: date) -> None:
        """What puts off the end is agreed before it (R-LIM-7). Raises AfterMaturity."""
        matures_on = self.matures_on
        if matures_on is None or value_date > matures_on:
            said = {"value_date": value_date, "matures_on": matures_on or "-", "loan_no": self.contract.loan_no}
            raise refusals.AfterMaturity(field="value_date", **said)

    def _report(self, moment: Moment, value_date: date, what: str) -> None:
        moment.not_before(value_date)
        self._must_not_precede(value_date)
        if self._last(what):
            raise refusals.SaidBefore(field="loan_no", loan_no=self.contract.loan_no)
