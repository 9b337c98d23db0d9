"""What every decision on a loan keeps to, and how a fact that changes what is owed carries its dated changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from domain.actor import Actor
from domain.errors import InvalidInput, SamePerson
from domain.facts import Moment
from domain.loan import events, refusals
from domain.loan.allocation import dated
from domain.loan.balances import Balance, BalanceChange, DatedTotals, difference
from domain.loan.milestones import in_common
from domain.loan.movement import Movement, MovementKind
from domain.loan.standing import Standing
from domain.money import Fen, yuan

_AFTER_PAYOUT: tuple[MovementKind, ...] = ("repaid", "cost_charged", "waived", "misused")


class Deciding(Standing):
    """The part of the aggregate that decisions stand on."""

    def _tell_money(
        self,
        fact_class: type[events.MoneyFact],
        moment: Moment,
        movement: Movement,
        besides: tuple[BalanceChange, ...] = (),
        **body: Any,
    ) -> None:
        changes = self._changes_to({**self._movements, movement.order: movement}) + besides
        self.tell(fact_class, moment, value_date=movement.value_date, amount_fen=movement.fen, changes=changes, **body)

    def _changes_to(self, movements: Mapping[int, Movement]) -> tuple[BalanceChange, ...]:
        now = self._milestones
        before = now.in_order(self._movements.values())
        then = now.foresee(movements.values())
        common = in_common(before, then.in_order(()))
        old, new = (dated(some.effects(common, self.calendar)) for some in (now, then))
        return difference(old, new)

    def _unrecorded(self) -> tuple[BalanceChange, ...]:
        """What follows from all that moved, by the calendar of today, and is not what was recorded."""
        self._milestones.in_order(self._movements.values())
        recorded = DatedTotals()
        for change in self._changes:
            if change.balance is not Balance.RESERVED:
                key = (change.value_date, change.balance, change.party)
                recorded[key] = recorded.get(key, 0) + change.fen
        return difference(recorded, dated(self._milestones.effects(0, self.calendar)))

    def _settle_if_paid(self, moment: Moment, date_derived: str | None = None) -> None:
        """On the day of the last that moved; what was never paid out is not settled."""
        if not self._was_drawn:
            return
        day = self._last_moved
        if not self.outstanding and not self.is_ended and not (self.is_serviced and self.owed(day).everything):
            day = max(day, self._said_last("settled") or day)
            self.tell(events.Settled, moment, value_date=day, date_derived=date_derived)
            self._lapse(moment, day)

    def _lapse(self, moment: Moment, day: date) -> None:
        if self.reserved:
            rest = BalanceChange(balance=Balance.RESERVED, party="fund", fen=-self.reserved, value_date=day)
            self.tell(events.ReservationLapsed, moment, value_date=day, changes=(rest,))

    @property
    def _was_drawn(self) -> bool:
        return any(movement.kind == "disbursed" for movement in self.movements)

    def _must_be_drawn(self, day: date) -> None:
        self._must_be_in_order([Movement(day, self.version + 1, "repaid", 0), *self.movements])

    def _must_be_in_order(self, movements: Iterable[Movement]) -> None:
        """Nothing is paid, charged, waived or misused of a loan before it was paid out. Raises NothingDisbursed."""
        known = list(movements)
        first = min((m.value_date for m in known if m.kind == "disbursed"), default=date.max)
        early = [m.value_date for m in known if m.kind in _AFTER_PAYOUT and m.stated is None and m.value_date < first]
        if early:
            said = {"value_date": min(early), "loan_no": self.contract.loan_no}
            raise refusals.NothingDisbursed(field="value_date", **said)

    def _least_refundable(self, day: date, besides: Iterable[BalanceChange] = ()) -> Fen:
        """What is refundable on the day or a later one, where it is least."""
        changes = [c for c in (*self._changes, *besides) if c.balance is Balance.REFUNDABLE]
        days = {day, *(change.value_date for change in changes if change.value_date > day)}
        return min(sum(change.fen for change in changes if change.value_date <= some) for some in days)

    @property
    def _last_moved(self) -> date:
        return max(movement.value_date for movement in self.movements if not movement.kind.startswith("claim_"))

    def _later_money(self, day: date) -> date | None:
        """The last day after the given one on which anything moved, so that what it met would change."""
        moved = (m.value_date for m in self.movements if not m.kind.startswith("claim_") and m.value_date > day)
        return max(moved, default=None)

    def _must_be_open(self) -> None:
        if self.is_ended:
            raise refusals.LoanEnded(field="loan_no", loan_no=self.contract.loan_no, status=self.status())

    def _must_be_unclaimed(self) -> None:
        if self.claim_no is not None:
            raise refusals.UnderClaim(field="loan_no", loan_no=self.contract.loan_no, claim_no=self.claim_no)

    def _must_not_be_taken_over(self) -> None:
        """Nor be given up with a claim that answers it: those who bore the loss share what comes."""
        claim_no = self.claim_no if self.is_taken_over else self.answered_by if self.is_charged_off else None
        if claim_no is not None:
            raise refusals.IsTakenOver(field="loan_no", loan_no=self.contract.loan_no, claim_no=claim_no)

    def _must_be_serviced(self) -> None:
        if not self.is_serviced:
            raise refusals.NotServiced(field="loan_no", loan_no=self.contract.loan_no)

    def _must_not_precede(self, value_date: date) -> None:
        signed = self.contract.value_date
        if value_date < signed:
            said = {"value_date": value_date, "signed": signed, "loan_no": self.contract.loan_no}
            raise refusals.BeforeContract(field="value_date", **said)


def positive(amount: Fen) -> None:
    """Raises InvalidInput."""
    if amount <= 0:
        problem = f"{yuan(amount)} is not more than 0.00"
        raise InvalidInput(field="amount", problem=problem, expected="a positive amount")


def in_words(reason: str) -> None:
    """Raises InvalidInput."""
    if not reason.strip():
        raise InvalidInput(field="reason", problem="it is empty", expected="why, in words")


def with_evidence(digests: Sequence[str]) -> None:
    """Raises InvalidInput."""
    if not digests:
        raise InvalidInput(field="evidence", problem="there are none", expected="what shows it, by digest")


def put_right(reason: str, evidence: Sequence[str], requested_by: Actor, confirmed_by: Actor) -> dict[str, Any]:
    """What every correction says: why, what shows it, and two people. Raises SamePerson, InvalidInput."""
    by = by_two(requested_by, confirmed_by)
    in_words(reason)
    with_evidence(evidence)
    return {"reason": reason, "evidence": tuple(evidence), **by}


def by_two(requested_by: Actor, confirmed_by: Actor) -> dict[str, str]:
    """Raises SamePerson."""
    if requested_by.subject == confirmed_by.subject:
        raise SamePerson(field="confirmed_by", subject=requested_by.subject)
    return {"requested_by": requested_by.subject, "confirmed_by": confirmed_by.subject}
