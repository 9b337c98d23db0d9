"""Servicing 贷款还款: what moves a running loan, by the rules that its contract pins.

One object works out interest, arrears, penalty and what a payment pays; repayments, quotes, claims and previews all ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from domain.loan.balances import Balance
from domain.loan.events import Allocation, Prepayment, Waivable
from domain.loan.movement import Movement
from domain.loan.periods import Periods
from domain.loan.running import Due, RunningCourse
from domain.loan.schedule import remaining
from domain.loan.terms import Kind, RepaymentTerms, changed
from domain.money import Fen

_BALANCE: Mapping[Kind, Balance] = {
    "costs": Balance.COSTS,
    "penalty": Balance.PENALTY,
    "overdue_interest": Balance.INTEREST,
    "overdue_principal": Balance.PRINCIPAL,
    "interest": Balance.INTEREST,
    "principal": Balance.PRINCIPAL,
}


_OF_DUES: Mapping[Kind, tuple[str, str]] = {
    "overdue_interest": ("late", "interest"),
    "overdue_principal": ("late", "principal"),
    "interest": ("waiting", "interest"),
    "principal": ("waiting", "principal"),
}
"""Which dues each pays, and what of them."""
_WAIVES: Mapping[Waivable, tuple[Kind, ...]] = {
    "costs": ("costs",),
    "penalty": ("penalty",),
    "interest": ("overdue_interest", "interest"),
}
"""What of each the bank may do without, in order."""


@lru_cache(maxsize=4096)
def _planned(
    principal: Fen, day: date, number: int, last: int, start: date, terms: RepaymentTerms, kept: Fen | None
) -> tuple[tuple[Fen, ...], Fen | None]:
    """As `remaining`; the same plan is asked for whenever the same loan is gone through again."""
    parts, equal = remaining(principal, day, number, last, Periods(start, terms), kept)
    return tuple(parts), equal


@dataclass
class ServicedCourse(RunningCourse):
    """The loan as far as it has come, and what each movement does to it."""

    def move(self, movement: Movement) -> dict[Balance, Fen]:
        """What a movement changes; its day has been come to."""
        match movement.kind:
            case "disbursed":
                return self._disburse(movement)
            case "repaid":
                return self._repay(movement.fen, movement.prepayment)
            case "charged_off":
                if movement.stated is not None:
                    stated = self._give_up(movement.stated.principal_fen)
                    return {Balance.PRINCIPAL: -stated, Balance.CHARGED_OFF: movement.fen}
                given_up = self._give_up(movement.fen)
                self.given_up += given_up
                return {Balance.PRINCIPAL: -given_up, Balance.CHARGED_OFF: given_up}
            case "claim_approved" | "claim_ended":
                self.compensated = movement.kind == "claim_approved"
                return {}
            case "terms_changed":
                self._change(movement)
                return {}
            case "misused":
                self.misused = self.day
                self._fines_from_now()
                return {}
            case "refunded":
                self.refundable -= movement.fen
                return {Balance.REFUNDABLE: -movement.fen}
            case "cost_charged":
                self.costs += movement.fen
                return {Balance.COSTS: movement.fen}
            case "waived":
                return self._waive(movement)
            case "taken_over":
                return self._pass_over(movement.stated or Allocation(principal_fen=movement.fen))

    def _disburse(self, movement: Movement) -> dict[Balance, Fen]:
        """What is drawn later joins the due days that are left; without any, it is due at once."""
        if self.periods is None:
            self.periods, self.day = Periods(movement.value_date, self.terms), movement.value_date
            self._fines_from_now()
        self.future += movement.fen
        self.principal += movement.fen
        self.last = None
        self._replan()
        return {Balance.PRINCIPAL: movement.fen}

    def _change(self, movement: Movement) -> None:
        """Other terms from here on: what is due stays due, the principal to come is planned anew."""
        assert movement.terms is not None and movement.change is not None
        self.terms = changed(self.terms, movement.change, movement.terms)
        self.unguaranteed = self.unguaranteed or movement.released
        if movement.change != "rate_reset":
            self.last = None
        if self.periods is not None:
            self.periods = Periods(self.periods.start, self.terms)
            self._fines_from_now()
            self._replan()

    def _repay(self, fen: Fen, choice: Prepayment | None) -> dict[Balance, Fen]:
        """By the contract's order, the oldest first: what is overdue, what is due, and then ahead, interest that has run before principal."""
        paid = dict.fromkeys((Balance.COSTS, Balance.PENALTY, Balance.INTEREST, Balance.PRINCIPAL), 0)
        left = fen
        for kind in self.rules.pays:
            if not left:
                break
            part = self._pay_due(kind, left)
            paid[_BALANCE[kind]] += part
            left -= part
        self._forget_paid()
        interest = min(left, self._accrued) if left else 0
        principal = min(left - interest, self.future)
        self.taken += interest
        self._pay_ahead(principal, choice)
        paid[Balance.INTEREST] += interest
        paid[Balance.PRINCIPAL] += principal
        beyond = left - interest - principal
        back = min(max(beyond + min(self.refundable, 0), 0), self.given_up)
        self.given_up -= back
        self.refundable += beyond - back
        met = {balance: -part for balance, part in paid.items()}
        return {**met, Balance.CHARGED_OFF: -back, Balance.REFUNDABLE: beyond - back}

    def _pay_due(self, kind: Kind, left: Fen) -> Fen:
        """Of what is due, pay what `kind` names."""
        if kind == "costs":
            part = min(left, self.costs)
            self.costs -= part
            return part
        if kind == "penalty":
            part = min(left, self._penalty)
            self.fined += part
            return part
        paid, (which, what) = 0, _OF_DUES[kind]
        for due in getattr(self, which):
            if paid == left:
                break
            part = min(left - paid, getattr(due, what))
            setattr(due, what, getattr(due, what) - part)
            paid += part
        if what == "principal":
            self.principal -= paid
        if which == "late" and (what == "principal" or self.rules.compound):
            self.bearing -= paid
        return paid

    def _forget_paid(self) -> None:
        self.late = [due for due in self.late if due.principal or due.interest]
        self.waiting = [due for due in self.waiting if due.principal or due.interest]

    def _waive(self, movement: Movement) -> dict[Balance, Fen]:
        """As if it had been paid, the oldest first; what is not owed by all that is known cannot be waived and falls away."""
        assert movement.part is not None
        kinds, left = _WAIVES[movement.part], movement.fen
        for kind in kinds:
            left -= self._pay_due(kind, left)
        self._forget_paid()
        if movement.part == "interest":
            ahead = min(left, self._accrued)
            self.taken += ahead
            left -= ahead
        return {_BALANCE[kinds[0]]: left - movement.fen, Balance.WAIVED: movement.fen - left}

    def _pay_ahead(self, fen: Fen, choice: Prepayment | None) -> None:
        if not fen:
            return
        self.future -= fen
        self.principal -= fen
        if choice is not None:
            self._replan(self.equal if choice == "shorten" else None)
            if choice == "shorten":
                asking = [place for place, part in enumerate(self.plan) if place >= self.number - 1 and part]
                self.last = asking[-1] + 1 if asking else self.last
            return
        for place in range(self.number - 1, len(self.plan)):
            part = min(fen, self.plan[place])
            self.plan[place] -= part
            fen -= part
            if not fen:
                break

    def _replan(self, kept: Fen | None = None) -> None:
        """The principal of every instalment to come, for all that is not due yet; without any, it is due at once."""
        assert self.periods is not None
        if self.number > self.terms.instalments:
            if self.future:
                self.waiting.append(Due(self.day, self._pay_by(self.day), self.future, self._accrued))
                self.future = 0
                self._close_period()
            return
        last = max(self.last or self.terms.instalments, self.number)
        parts, self.equal = _planned(self.future, self.day, self.number, last, self.periods.start, self.terms, kept)
        self.plan[self.number - 1 :] = [*parts, *[0] * (self.terms.instalments - last)]

    def _give_up(self, fen: Fen) -> Fen:
        """Principal that the bank gives up: what is due first, then the rest."""
        given_up = self._pay_due("overdue_principal", fen)
        given_up += self._pay_due("principal", fen - given_up)
        rest = min(fen - given_up, self.future)
        self.future -= rest
        self.principal -= rest
        self._forget_paid()
        return given_up + rest

    def _pass_over(self, stated: Allocation) -> dict[Balance, Fen]:
        """The whole debt belongs to others from now on: nothing is owed here, and nothing accrues.

        Costs were not covered (R-FUND-10): the bank gets them out of what is recovered, before anybody's share (R-FUND-14).
        """
        gone = self._give_up(stated.principal_fen)
        costs, self.costs = self.costs, 0
        self.late, self.waiting, self.bearing, self.penal, self.fined = [], [], 0, {}, 0
        self._close_period()
        return {Balance.PRINCIPAL: -gone, Balance.INTEREST: -stated.interest_fen, Balance.COSTS: -costs}
