"""The loan as an aggregate: what may be recorded of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import Fact, Moment
from domain.loan import events, refusals
from domain.loan.ageing import AGEINGS, CATEGORIES, ageing, category, next_line, quarter_end
from domain.loan.altering import Altering
from domain.loan.balances import Balance, BalanceChange, balances
from domain.loan.correcting import Correcting
from domain.loan.deciding import by_two, positive
from domain.loan.movement import Movement
from domain.money import Fen, yuan

_A_DAY = timedelta(days=1)


class Loan(Altering, Correcting):
    TOPIC = "loan"
    Event = Fact
    ContractSigned = events.ContractSigned
    Disbursed = events.Disbursed
    ReservationLapsed = events.ReservationLapsed
    Repaid = events.Repaid
    RepaymentReversed = events.RepaymentReversed
    BecameOverdue = events.BecameOverdue
    OverdueCured = events.OverdueCured
    Aged = events.Aged
    Classified = events.Classified
    ClaimBecameDue = events.ClaimBecameDue
    Refunded = events.Refunded
    TermsChanged = events.TermsChanged
    MisuseFound = events.MisuseFound
    CostCharged = events.CostCharged
    Waived = events.Waived
    DateCorrected = events.DateCorrected
    EntryReversed = events.EntryReversed
    Recalculated = events.Recalculated
    BorrowerDied = events.BorrowerDied
    BusinessClosed = events.BusinessClosed
    SubsidyStopped = events.SubsidyStopped
    SubsidyResumed = events.SubsidyResumed
    ChargedOff = events.ChargedOff
    LoanClaimFiled = events.LoanClaimFiled
    LoanClaimEnded = events.LoanClaimEnded
    LoanClaimApproved = events.LoanClaimApproved
    TakenOver = events.TakenOver
    Settled = events.Settled
    Reopened = events.Reopened
    JobsReported = events.JobsReported

    @staticmethod
    def create_id(loan_no: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/loans/{loan_no}")

    @classmethod
    def sign(cls, moment: Moment, *, loan_no: str, value_date: date, **contract: Any) -> Loan:
        """Open the loan with its contract. Raises DatedInFuture."""
        moment.not_before(value_date)
        return cls.opened(
            events.ContractSigned, cls.create_id(loan_no), moment, loan_no=loan_no, value_date=value_date, **contract
        )

    def scopes(self) -> tuple[str, ...]:
        contract = self.contract
        concerned = [contract.county and f"county:{contract.county}", f"bank:{contract.bank}"]
        if contract.share_scheme is not None:
            concerned += [f"{p.party}:{p.institution}" for p in contract.share_scheme.parties if p.institution]
        if contract.guarantor:
            concerned.append(f"guarantor:{contract.guarantor}")
        return tuple(dict.fromkeys(scope for scope in concerned if scope))

    # Decisions: may refuse, change nothing themselves.

    def disburse(
        self,
        moment: Moment,
        *,
        amount: Fen,
        value_date: date,
        bank_reference: str | None = None,
        history: bool = False,
        date_derived: str | None = None,
    ) -> None:
        """Pay out; the sum of a live loan's disbursements stays within the contract, history is recorded as it was.

        What the guarantee fund held ready becomes its exposure.

        Raises BeyondContract, BeforeContract, BusinessIsClosed, DrawnTooLate, LoanEnded, UnderClaim, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        if not history:
            positive(amount)
            self._must_be_open()
            self._must_be_unclaimed()
            self._must_not_precede(value_date)
            if self._last("closed"):
                raise refusals.BusinessIsClosed(field="loan_no", loan_no=self.contract.loan_no)
            until = self.contract.draw_until
            if until is not None and value_date > until:
                raise refusals.DrawnTooLate(
                    field="value_date", value_date=value_date, until=until, loan_no=self.contract.loan_no
                )
            if self.disbursed + amount > self.contract.approved_fen:
                raise refusals.BeyondContract(
                    field="amount",
                    amount=yuan(amount),
                    left=yuan(self.contract.approved_fen - self.disbursed),
                    loan_no=self.contract.loan_no,
                )
        self._tell_money(
            events.Disbursed,
            moment,
            Movement(value_date, self.version + 1, "disbursed", amount),
            self._drawn(amount, value_date),
            bank_reference=bank_reference,
            date_derived=date_derived,
        )

    def repay(
        self,
        moment: Moment,
        *,
        amount: Fen,
        value_date: date,
        bank_reference: str | None = None,
        stated: events.Allocation | None = None,
        prepayment: events.Prepayment | None = None,
        date_derived: str | None = None,
        **said: Any,
    ) -> None:
        """Record a payment, which pays what the contract's order says; what is left over is refundable.

        A payment that arrives late carries what it changes in later allocations. When nothing is owed any more the loan
        is settled. `stated` is how a tape split it, `prepayment` what the borrower chose for principal paid ahead, `said` why it is late and who
        says so. Raises NothingDisbursed, IsTakenOver, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        if stated is None:
            positive(amount)
            self._must_not_be_taken_over()
            self._must_be_drawn(value_date)
        movement = Movement(value_date, self.version + 1, "repaid", amount, stated, prepayment)
        self._tell_money(
            events.Repaid,
            moment,
            movement,
            bank_reference=bank_reference,
            stated=stated,
            prepayment=prepayment,
            date_derived=date_derived,
            **said,
        )
        self._settle_if_paid(moment, date_derived)

    def receive(
        self,
        moment: Moment,
        *,
        value_date: date,
        reason: str | None,
        evidence: Sequence[str],
        requested_by: Actor,
        confirmed_by: Actor | None,
        **payment: Any,
    ) -> None:
        """Record a payment as `repay` does. One that changes what later money has met is said by two people, with a reason and evidence.

        Raises LateReceipt, SamePerson, and what `repay` refuses.
        """
        later = self._later_money(value_date)
        given = {"reason": (reason or "").strip(), "evidence": evidence, "confirmed_by": confirmed_by}
        if later is not None and (missing := [name for name, said in given.items() if not said]):
            said = {"value_date": value_date, "later": later, "loan_no": self.contract.loan_no}
            raise refusals.LateReceipt(field=missing[0], **said)
        by: dict[str, Any] = {**by_two(requested_by, confirmed_by)} if confirmed_by else {}
        self.repay(moment, value_date=value_date, reason=reason, evidence=tuple(evidence), **payment, **by)

    def lapse_reservation(self, moment: Moment, day: date) -> None:
        """What was not drawn by the last day for it lapses at the end of a later one. Raises NothingToLapse, DatedInFuture."""
        moment.not_before(day)
        until = self.contract.draw_until
        if not self.reserved or until is None or day <= until:
            raise refusals.NothingToLapse(field="loan_no", loan_no=self.contract.loan_no, day=day)
        self._lapse(moment, day)

    def _drawn(self, amount: Fen, day: date) -> tuple[BalanceChange, ...]:
        """Of what is held ready, the share of what is drawn: share(after) − share(before) of all that was."""
        scheme, drawn = self.contract.share_scheme, self.disbursed
        if scheme is None or not self.reserved:
            return ()
        share = scheme.part("fund", drawn + amount) - scheme.part("fund", drawn)
        fen = -min(share, self.reserved)
        return (BalanceChange(balance=Balance.RESERVED, party="fund", fen=fen, value_date=day),) if fen else ()

    def close_day(self, moment: Moment, day: date, *, claim_after: int | None) -> date:
        """日终: establish at the end of `day` whether it is overdue, its ageing and category, whether it may be claimed (`claim_after` so
        many days, None where no fund stands behind it), and let lapse what was not drawn in time. Records changes, and nothing otherwise.

        Gives the first later day on which there may be something to establish if nothing is recorded meanwhile. Raises DatedInFuture.
        """
        moment.not_before(day)
        until = self.contract.draw_until
        if self.reserved and until is not None and until < day:
            self._lapse(moment, day)
        looks = [until + _A_DAY] if self.reserved and until is not None else []
        if self.ended_by(day):
            self._establish_overdue(moment, day, None, 0)
            return min(looks, default=date.max)
        looks += [movement.value_date for movement in self.movements if movement.value_date > day]
        course = self._course_at(day)
        oldest, arrears = self._arrears(course, day)
        days = (day - oldest).days if oldest else 0
        self._establish_overdue(moment, day, oldest, arrears)
        if oldest is not None and (oldest.toordinal(), AGEINGS.index(ageing(days)), arrears) != (
            self._last("oldest_due", day),
            self._last("ageing", day),
            self._last("arrears", day),
        ):
            said = {"oldest_due": oldest, "days": days, "ageing": ageing(days), "arrears_fen": arrears}
            self.tell(events.Aged, moment, value_date=day, **said)
        if CATEGORIES.index(category(days)) != self._last("category", day):
            self.tell(events.Classified, moment, value_date=day, category=category(days), days=days)
        looks += course.lapses_next()
        if oldest is None:
            return min(looks, default=date.max)
        if claim_after is not None and self.claim_no is None:
            if days > claim_after and self._last("claim_due", day) != oldest.toordinal():
                file_by = quarter_end(oldest + (claim_after + 1) * _A_DAY)
                self.tell(events.ClaimBecameDue, moment, value_date=day, oldest_due=oldest, days=days, file_by=file_by)
            looks += [oldest + (claim_after + 1) * _A_DAY] if days <= claim_after else []
        line = next_line(days)
        return min([*looks, *([oldest + line * _A_DAY] if line else [])], default=date.max)

    def recalculate(self, moment: Moment, day: date) -> None:
        """重算: record how what follows from all that is known now differs from what was recorded, if it does. Raises DatedInFuture."""
        moment.not_before(day)
        if changes := self._unrecorded():
            self.tell(events.Recalculated, moment, value_date=day, amount_fen=0, changes=changes)
            self._settle_if_paid(moment)
            self._reopen_if_owing(moment)

    def _establish_overdue(self, moment: Moment, day: date, oldest: date | None, arrears: Fen) -> None:
        overdue = bool(self._last("overdue", day))
        if oldest is not None and not overdue:
            self.tell(events.BecameOverdue, moment, value_date=day, oldest_due=oldest, arrears_fen=arrears)
        elif oldest is None and overdue:
            self.tell(events.OverdueCured, moment, value_date=day)

    def charge_off(
        self,
        moment: Moment,
        *,
        amount: Fen,
        value_date: date,
        claim_no: str | None = None,
        stated: events.Allocation | None = None,
        date_derived: str | None = None,
    ) -> None:
        """The bank gives principal up; a live loan can lose no more than it owes, history says itself what it lost. It ends the loan if it is all.

        Money that comes in afterwards pays what is still owed, and then what was given up. Raises MoreThanOwed, UnderClaim, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        if stated is None:
            positive(amount)
            if not self.is_taken_over:
                self._must_be_unclaimed()
            before = self._said_last("charged_off")
            if before is not None and value_date < before:
                problem = f"the loan was charged off before, on {before}"
                raise InvalidInput(field="value_date", problem=problem, expected="that day or a later one")
            owed = min(self.outstanding, balances(self._changes, value_date).get((Balance.PRINCIPAL, None), 0))
            if amount > owed:
                raise refusals.MoreThanOwed(
                    field="amount", amount=yuan(amount), owed=yuan(owed), loan_no=self.contract.loan_no
                )
        movement = Movement(value_date, self.version + 1, "charged_off", amount, stated)
        self._tell_money(
            events.ChargedOff,
            moment,
            movement,
            claim_no=claim_no,
            stated=stated,
            ends=stated is not None or amount == self.outstanding,
            date_derived=date_derived,
        )
        if self.is_ended:
            self._lapse(moment, value_date)

    # Its claim, told in the same append as the claim itself.

    def be_claimed(self, moment: Moment, *, claim_no: str, value_date: date) -> None:
        """代偿申请中. Raises UnderClaim, LoanEnded."""
        self._must_be_open()
        self._must_be_unclaimed()
        self.tell(events.LoanClaimFiled, moment, value_date=value_date, claim_no=claim_no)

    def be_released(self, moment: Moment, *, covered: Fen, value_date: date) -> None:
        """代偿已批: nobody stands for it any more; what is owed stays owed."""
        movement = Movement(value_date, self.version + 1, "claim_approved", covered)
        self._tell_money(events.LoanClaimApproved, moment, movement, claim_no=self.claim_no)
        self._lapse(moment, value_date)

    def be_taken_over(self, moment: Moment, *, interest: Fen, value_date: date) -> None:
        """代偿接管: all principal that is owed, and the interest that the claim covered (fen)."""
        stated = events.Allocation(principal_fen=self.outstanding, interest_fen=interest)
        fen = stated.principal_fen + stated.interest_fen
        movement = Movement(value_date, self.version + 1, "taken_over", fen, stated)
        self._tell_money(events.TakenOver, moment, movement, claim_no=self.claim_no, stated=stated)

    def end_claim(self, moment: Moment, *, value_date: date) -> None:
        """代偿终止: as if it had not been filed."""
        movement = Movement(value_date, self.version + 1, "claim_ended", 0)
        self._tell_money(events.LoanClaimEnded, moment, movement, claim_no=self.claim_no)

    def report_jobs(self, moment: Moment, *, created: int, retained: int, value_date: date) -> None:
        """What the borrower says of jobs; a later report replaces an earlier one. Raises DatedInFuture."""
        moment.not_before(value_date)
        self.tell(events.JobsReported, moment, created=created, retained=retained, value_date=value_date)
