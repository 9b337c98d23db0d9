"""What every decision on a loan keeps to, and how a fact that changes what is owed carries its dated changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from domain.actor import Actor
from domain.errors import InvalidInput, SamePerson
from domain.facts import Moment
from domain.loan import events, refusals
from domain.loan.allocation import dated
from domain.loan.balances import Balance, BalanceChange, difference
from domain.loan.milestones import in_common
from domain.loan.movement import Movement
from domain.loan.standing import Standing
from domain.money import Fen, yuan


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

    def _settle_if_paid(self, moment: Moment, date_derived: str | None = None) -> None:
        """On the day of the last that moved; what was never paid out is not settled."""
        if not self._was_drawn:
            return
        day = self._last_moved
        if not self.outstanding and not self.is_ended and not (self.is_serviced and self.owed(day).everything):
            day = max([day, *(said for said, _, name, _ in self._said if name == "settled")])
            self.tell(events.Settled, moment, value_date=day, date_derived=date_derived)
            self._lapse(moment, day)

    def _lapse(self, moment: Moment, day: date) -> None:
        if self.reserved:
            rest = BalanceChange(balance=Balance.RESERVED, party="fund", fen=-self.reserved, value_date=day)
            self.tell(events.ReservationLapsed, moment, value_date=day, changes=(rest,))

    @property
    def _was_drawn(self) -> bool:
        return any(movement.kind == "disbursed" for movement in self.movements)

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
        if self.is_taken_over:
            raise refusals.IsTakenOver(field="loan_no", loan_no=self.contract.loan_no, claim_no=self.claim_no)

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


def by_two(requested_by: Actor, confirmed_by: Actor) -> dict[str, str]:
    """Raises SamePerson."""
    if requested_by.subject == confirmed_by.subject:
        raise SamePerson(field="confirmed_by", subject=requested_by.subject)
    return {"requested_by": requested_by.subject, "confirmed_by": confirmed_by.subject}
