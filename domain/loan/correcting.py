"""Correcting 更正: what was recorded did not hold, or not from that day; what the bank does without, and what collecting has cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import get_args

from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import Moment
from domain.loan import events, refusals
from domain.loan.balances import BalanceChange
from domain.loan.deciding import Deciding, by_two, in_words, positive, with_evidence
from domain.loan.movement import Movement
from domain.money import Fen, yuan

_REDATED: tuple[str, ...] = get_args(events.Redated)


class Correcting(Deciding):
    """The part of the aggregate in which what was recorded is put right by two people, or less is asked for."""

    def reverse_repayment(
        self,
        moment: Moment,
        *,
        version: int,
        value_date: date,
        reason: str,
        evidence: Sequence[str],
        requested_by: Actor,
        confirmed_by: Actor,
    ) -> None:
        """Take a repayment back, with a reason, evidence and two people; a settled loan that owes again is reopened.

        The allocation is worked out again as if the payment had never come. Raises UnknownRepayment, AlreadyReversed,
        SamePerson, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        by = by_two(requested_by, confirmed_by)
        in_words(reason)
        with_evidence(evidence)
        if version in self._reversed:
            raise refusals.AlreadyReversed(field="version", version=version, loan_no=self.contract.loan_no)
        movement = self._movements.get(version)
        if movement is None or movement.kind != "repaid":
            raise refusals.UnknownRepayment(field="version", version=version, loan_no=self.contract.loan_no)
        rest = {v: m for v, m in self._movements.items() if v != version}
        self.tell(
            events.RepaymentReversed,
            moment,
            value_date=value_date,
            amount_fen=movement.fen,
            reverses_version=version,
            reason=reason,
            evidence=tuple(evidence),
            changes=self._changes_to(rest),
            **by,
        )
        self._reopen_if_owing(moment, value_date)

    def correct_date(
        self,
        moment: Moment,
        *,
        version: int,
        value_date: date,
        reason: str,
        evidence: Sequence[str],
        requested_by: Actor,
        confirmed_by: Actor,
    ) -> None:
        """起息日更正: what fact `version` recorded holds from the value date on, not from its own; what came after is worked out anew.

        Raises UnknownMovement, IsTakenOver, BeforeContract, AfterMaturity, InvalidInput, SamePerson, DatedInFuture.
        """
        moment.not_before(value_date)
        by = by_two(requested_by, confirmed_by)
        in_words(reason)
        with_evidence(evidence)
        movement = self._movements.get(version)
        if movement is None or movement.kind not in _REDATED or movement.stated is not None:
            raise refusals.UnknownMovement(field="version", version=version, loan_no=self.contract.loan_no)
        self._must_not_be_taken_over()
        self._must_not_precede(value_date)
        if value_date == movement.value_date:
            raise InvalidInput(field="value_date", problem="it is recorded of that day", expected="another day")
        self._must_not_be_matured(movement, value_date)
        other = replace(movement, value_date=value_date)
        self.tell(
            events.DateCorrected,
            moment,
            value_date=value_date,
            amount_fen=movement.fen,
            corrects_version=version,
            corrects=movement.kind,
            from_date=movement.value_date,
            reason=reason,
            evidence=tuple(evidence),
            changes=self._changes_to({**self._movements, version: other}) + self._redated(movement, value_date),
            **by,
        )
        self._settle_if_paid(moment)
        self._reopen_if_owing(moment, value_date)

    def charge_cost(
        self, moment: Moment, *, amount: Fen, value_date: date, reason: str, evidence: Sequence[str], by: Actor
    ) -> None:
        """费用: what collecting has cost is owed, too, and paid in the contract's order; it bears nothing, and no claim covers it (R-FUND-10).

        Raises NotServiced, NothingDisbursed, LoanEnded, BeforeContract, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        positive(amount)
        in_words(reason)
        with_evidence(evidence)
        self._must_be_serviced()
        self._must_be_open()
        self._must_not_precede(value_date)
        movement = Movement(value_date, self.version + 1, "cost_charged", amount)
        shown = tuple(evidence)
        self._tell_money(events.CostCharged, moment, movement, reason=reason, evidence=shown, charged_by=by.subject)

    def waive(
        self,
        moment: Moment,
        *,
        part: events.Waivable,
        amount: Fen,
        value_date: date,
        reason: str,
        evidence: Sequence[str],
        requested_by: Actor,
        confirmed_by: Actor,
    ) -> None:
        """减免 of costs, penalty or interest, at most what is owed of it on the day; principal is given up by a charge-off.

        Raises NotServiced, LoanEnded, MoreThanWaivable, InvalidInput, SamePerson, DatedInFuture.
        """
        moment.not_before(value_date)
        positive(amount)
        by = by_two(requested_by, confirmed_by)
        in_words(reason)
        with_evidence(evidence)
        self._must_be_serviced()
        self._must_be_open()
        owed: Fen = getattr(self.owed(value_date), part)
        if amount > owed:
            said = {"amount": yuan(amount), "owed": yuan(owed), "part": part, "loan_no": self.contract.loan_no}
            raise refusals.MoreThanWaivable(field="amount", **said)
        movement = Movement(value_date, self.version + 1, "waived", amount, part=part)
        self._tell_money(
            events.Waived,
            moment,
            movement,
            part=part,
            reason=reason,
            evidence=tuple(evidence),
            requested_by=by["requested_by"],
            confirmed_by=by["confirmed_by"],
        )
        self._settle_if_paid(moment)

    # Under these.

    def _redated(self, movement: Movement, day: date) -> tuple[BalanceChange, ...]:
        """What a payout took of what was held ready, taken back on its day and taken on the other."""
        taken = self._readied.get(movement.order, ())
        back = (change.model_copy(update={"fen": -change.fen, "value_date": movement.value_date}) for change in taken)
        return (*back, *(change.model_copy(update={"value_date": day}) for change in taken))

    def _reopen_if_owing(self, moment: Moment, day: date) -> None:
        """By what is owed once all has moved: in the middle of its life a settled loan owed, too."""
        last = max(day, self._last_moved)
        if self.is_settled and (self.outstanding or (self.is_serviced and self.owed(last).everything)):
            settled_on = max(said for said, _, name, _ in self._said if name == "settled")
            self.tell(events.Reopened, moment, value_date=max(day, settled_on))

    def _must_not_be_matured(self, movement: Movement, value_date: date) -> None:
        """Terms with a later end have to hold before the loan matures by those before them (R-LIM-7)."""
        if movement.kind != "terms_changed":
            return
        rest = [other for other in self.movements if other.order != movement.order]
        before, longer = (self.matures_by(self._terms_by(some, date.max)) for some in (rest, self.movements))
        if before is not None and longer is not None and longer > before and value_date > before:
            said = {"value_date": value_date, "matures_on": before, "loan_no": self.contract.loan_no}
            raise refusals.AfterMaturity(field="value_date", **said)
