"""Paying a claim 代偿: every party by the scheme's route, once; and what the borrower does before that lowers it."""

from __future__ import annotations

from datetime import date

from domain.compensation import events, refusals
from domain.compensation.standing import OPEN, ClaimStanding
from domain.facts import Fact, Moment
from domain.money import Fen


class Indemnity(ClaimStanding):
    """The part of the aggregate in which the parties pay."""

    def adjust(self, moment: Moment, *, principal: Fen, interest: Fen, value_date: date, received: bool = True) -> None:
        """代偿调整: so much is still claimed of what was filed; a claim of which nothing is left lapses (domain.md §5.7).

        `received`: because money came, not because it was taken back. Tells nothing if nothing has changed. Once a share is paid the claim
        stands: money that comes is refused as SharesArePaid, and what was taken back is the bank's.
        """
        if self.status() not in (*OPEN, "approved"):
            return
        shares_are_paid = bool(self.facts_of(events.SharePaid))
        if shares_are_paid and received:
            raise refusals.SharesArePaid(field="loan_no", claim_no=self.claim_no)
        filing = self.filing
        now = min(filing.principal_fen, principal), min(filing.interest_fen, interest)
        if now == self.claimed or shares_are_paid:
            return
        approval = next(iter(self.facts_of(events.ClaimApproved)), None)
        before = None if approval is None else self.scheme.parts(self.covered)
        self._honour(moment, now, before, max(value_date, (approval or filing).value_date))

    def _honour(self, moment: Moment, claimed: tuple[Fen, Fen], before: list[Fen] | None, value_date: date) -> None:
        verified = self.facts_of(events.ClaimVerified)
        most = (verified[-1].principal_fen, verified[-1].interest_fen) if verified else claimed
        covered = sum(map(min, claimed, most))
        changes = [] if before is None else [a - b for a, b in zip(self.scheme.parts(covered), before, strict=True)]
        self.tell(
            events.ClaimAdjusted,
            moment,
            value_date=value_date,
            loan=self.opening.loan,
            fund=self.fund,
            bank=self.filing.bank,
            principal_fen=claimed[0],
            interest_fen=claimed[1],
            covered_fen=covered,
            share_changes=self._amounts_of(changes) if changes else (),
        )
        if not covered:
            self.tell(events.ClaimWithdrawn, moment, value_date=self._last_day(), lapsed=True)
        elif before is not None:
            self._subrogate_if_paid(moment)

    # Paying.

    def pay(self, moment: Moment, *, party: str, bank: str | None, bank_reference: str, value_date: date) -> None:
        """代偿支付: what the scheme's route says, whole and once; with the last payment the debt passes to the parties.

        Raises PaidAlready, NothingToPay, NotAdvancedYet, ClaimStepOutOfOrder, ClaimStepTooEarly, DatedInFuture.
        """
        if any(fact.party == party for fact in self.facts_of(events.SharePaid)):
            raise refusals.PaidAlready(field="party", party=party, claim_no=self.claim_no)
        moment.not_before(value_date)
        self._must_stand("a payment", "approved")
        self._not_earlier(value_date, *self.facts_of(events.ClaimApproved))
        due = {payment.party: payment for payment in self.payments_due()}
        if party not in due:
            waiting = ", ".join(due) or "-"
            raise refusals.NothingToPay(field="party", party=party, claim_no=self.claim_no, waiting=waiting)
        payment = due[party]
        if payment.payee in due:
            raise refusals.NotAdvancedYet(field="party", party=party, claim_no=self.claim_no)
        self.tell(
            events.SharePaid,
            moment,
            value_date=value_date,
            loan=self.opening.loan,
            party=party,
            institution=self._institution(party),
            amount_fen=payment.fen,
            payee=payment.payee,
            advanced_fen=payment.advanced,
            fund=self.fund,
            bank=bank or self.filing.bank,
            bank_reference=bank_reference,
        )
        self._subrogate_if_paid(moment)

    def _subrogate_if_paid(self, moment: Moment) -> None:
        """代位求偿, on the day of the last step."""
        if self.status() == "approved" and not self.payments_due():
            self.tell(
                events.ClaimSubrogated,
                moment,
                value_date=self._last_day(),
                loan=self.opening.loan,
                covered_fen=self.covered,
                shares=self.scheme.divide(self.covered),
            )

    def _last_day(self) -> date:
        return max(fact.value_date for fact in self._facts)

    # What these keep to.

    def _must_know(self, party: str, known: tuple[str, ...]) -> None:
        if party not in known:
            raise refusals.NoSuchParty(field="party", party=party, claim_no=self.claim_no, parties=", ".join(known))

    def _not_earlier(self, value_date: date, *facts: Fact) -> None:
        last = max(fact.value_date for fact in facts)
        if value_date < last:
            raise refusals.ClaimStepTooEarly(
                field="value_date", value_date=value_date, claim_no=self.claim_no, last=last
            )

    def _institution(self, party: str) -> str | None:
        return next((share.institution for share in self.scheme.parties if share.party == party), None)
