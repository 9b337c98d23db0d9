"""Correcting 更正: what was recorded did not hold, or not from that day; what the bank does without, and what collecting has cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import get_args

from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import Moment
from domain.loan import events, refusals
from domain.loan.balances import BalanceChange
from domain.loan.deciding import Deciding, in_words, positive, put_right, with_evidence
from domain.loan.movement import Movement
from domain.money import Fen, yuan

_REDATED: tuple[str, ...] = get_args(events.Redated)
_REVERSIBLE = frozenset({"repaid", "died", "closed", *_REDATED})


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
        """冲正: take a repayment back, or what else never was, with a reason, evidence and two people; an ended loan that owes again is reopened.

        Everything is worked out again without it. What was paid out is taken back before anything is paid on it. Raises UnknownRepayment,
        AlreadyReversed, NothingDisbursed, IsTakenOver, SamePerson, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        said = put_right(reason, evidence, requested_by, confirmed_by)
        if version in self._reversed:
            raise refusals.AlreadyReversed(field="version", version=version, loan_no=self.contract.loan_no)
        found = self._reversible(version)
        if found is None:
            raise refusals.UnknownRepayment(field="version", version=version, loan_no=self.contract.loan_no)
        kind, day = found
        movement = self._movements.get(version)
        rest = {v: m for v, m in self._movements.items() if v != version}
        said |= {"value_date": value_date, "amount_fen": movement.fen if movement else 0, "reverses_version": version}
        if kind == "repaid":
            self.tell(events.RepaymentReversed, moment, changes=self._changes_to(rest), **said)
        else:
            self._must_not_be_taken_over()
            self._must_be_in_order(rest.values())
            changes = self._changes_to(rest)
            if movement is not None:
                changes += tuple(_against(movement, self._readied.get(version, ())))
            self.tell(events.EntryReversed, moment, reverses=kind, from_date=day, changes=changes, **said)
            self._settle_if_paid(moment)
        self._reopen_if_owing(moment)

    # Under these.

    def _reversible(self, version: int) -> tuple[str, date] | None:
        """What fact `version` recorded, and of which day, if it can be taken back."""
        movement = self._movements.get(version)
        if movement is not None:
            return (movement.kind, movement.value_date) if movement.kind in _REVERSIBLE else None
        reported = ((name, day) for day, of, name, _ in self._said if of == version and name in _REVERSIBLE)
        return next(reported, None)

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
        said = put_right(reason, evidence, requested_by, confirmed_by)
        movement = self._movements.get(version)
        if movement is None or movement.kind not in _REDATED or movement.stated is not None:
            raise refusals.UnknownMovement(field="version", version=version, loan_no=self.contract.loan_no)
        self._must_not_be_taken_over()
        self._must_not_precede(value_date)
        if value_date == movement.value_date:
            raise InvalidInput(field="value_date", problem="it is recorded of that day", expected="another day")
        self._must_not_be_matured(movement, value_date)
        movements = {**self._movements, version: replace(movement, value_date=value_date)}
        self._must_be_in_order(movements.values())
        readied = self._readied.get(version, ())
        again = (change.model_copy(update={"value_date": value_date}) for change in readied)
        changes = (*self._changes_to(movements), *_against(movement, readied), *again)
        if movement.kind == "refunded" and self._least_refundable(value_date, changes) < 0:
            left = yuan(max(self._least_refundable(value_date), 0))
            more = {"amount": yuan(movement.fen), "left": left, "loan_no": self.contract.loan_no}
            raise refusals.MoreThanRefundable(field="value_date", **more)
        said |= {"value_date": value_date, "amount_fen": movement.fen, "changes": changes}
        self.tell(
            events.DateCorrected,
            moment,
            corrects_version=version,
            corrects=movement.kind,
            from_date=movement.value_date,
            **said,
        )
        self._settle_if_paid(moment)
        self._reopen_if_owing(moment)

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
        self._must_be_drawn(value_date)
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
        by = put_right(reason, evidence, requested_by, confirmed_by)
        self._must_be_serviced()
        self._must_be_open()
        owed: Fen = getattr(self.owed(value_date), part)
        if amount > owed:
            said = {"amount": yuan(amount), "owed": yuan(owed), "part": part, "loan_no": self.contract.loan_no}
            raise refusals.MoreThanWaivable(field="amount", **said)
        movement = Movement(value_date, self.version + 1, "waived", amount, part=part)
        self._tell_money(events.Waived, moment, movement, part=part, **by)
        self._settle_if_paid(moment)

    def _reopen_if_owing(self, moment: Moment) -> None:
        """By what is owed once all has moved: in the middle of its life a settled loan owed, too. It had never ended, by what is known now."""
        if self.is_settled and self._was_drawn:
            ended, owing = "settled", self.outstanding or (self.is_serviced and self.owed(self._last_moved).everything)
        else:
            ended, owing = "charged_off", self.is_charged_off and self.is_serviced and self.outstanding
        if owing:
            self.tell(events.Reopened, moment, value_date=self._said_last(ended), ended=ended)

    def _must_not_be_matured(self, movement: Movement, value_date: date) -> None:
        """Terms with a later end have to hold before the loan matures by those before them (R-LIM-7)."""
        if movement.kind != "terms_changed":
            return
        rest = [other for other in self.movements if other.order != movement.order]
        before, after = (self.matures_by(self._terms_by(some, date.max)) for some in (rest, self.movements))
        if before is not None and after is not None and value_date > min(before, after) and before != after:
            said = {"value_date": value_date, "matures_on": min(before, after), "loan_no": self.contract.loan_no}
            raise refusals.AfterMaturity(field="value_date", **said)


def _against(movement: Movement, readied: Iterable[BalanceChange]) -> Iterator[BalanceChange]:
    """What a payout took of what was held ready, taken back on its day."""
    return (change.model_copy(update={"fen": -change.fen, "value_date": movement.value_date}) for change in readied)
