"""Loans without servicing rules 无计息规则的贷款: interest runs on the principal, a payment pays it first, and arrears cost nothing.

So are contracts that were signed before contracts pinned such rules, and loans of tapes, whose payments say themselves what they paid.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from math import lcm

from domain.loan.balances import Balance
from domain.loan.events import Allocation
from domain.loan.movement import Movement
from domain.loan.owed import Owed
from domain.loan.periods import Periods
from domain.loan.schedule import Instalment
from domain.loan.terms import RepaymentTerms
from domain.money import Fen


@dataclass
class PlainCourse:
    """The loan as far as it has come; `lent` is principal × time, in fen-years, by the parts that a year is counted in."""

    terms: RepaymentTerms | None
    periods: Periods | None = None
    day: date = date.min
    principal: Fen = 0
    released: bool = False
    given_up: Fen = 0
    lent: dict[int, int] = field(default_factory=dict)
    interest_paid: Fen = 0
    refundable: Fen = 0

    def copy(self) -> PlainCourse:
        return replace(self, lent=dict(self.lent))

    def advance(self, day: date) -> None:
        """Interest runs on the principal, the first day counted and the last not (R-INT-8, assumed)."""
        if self.periods is not None and self.principal and day > self.day:
            for part, of_year in self.periods.parts(self.day, day):
                self.lent[of_year] = self.lent.get(of_year, 0) + self.principal * part
        self.day = day

    def before(self, movement: Movement) -> date:
        """The last day whose dues stand before it: nothing falls due here."""
        return movement.value_date

    def come_to(self, movement: Movement) -> None:
        """To the day on which it moves."""
        self.advance(movement.value_date)

    def owed(self) -> Owed:
        return Owed(accrued=self._interest_due, future=self.principal, refundable=self.refundable)

    def coming(self) -> list[Instalment]:
        """None: nothing says what falls due."""
        return []

    def lapses_next(self) -> list[date]:
        """The next day on which something may become overdue: any, while principal is owed by terms."""
        return [self.day + timedelta(days=1)] if self.terms is not None and self.principal else []

    @property
    def _interest_due(self) -> Fen:
        """What has accrued and is unpaid: the accrued total is rounded, half to even, never its parts."""
        if self.terms is None or not self.lent:
            return 0
        rate, per = self.terms.annual_rate.as_integer_ratio()
        year = lcm(*self.lent)
        accrued = Fraction(rate * sum(lent * (year // length) for length, lent in self.lent.items()), per * year)
        return max(round(accrued) - self.interest_paid, 0)

    def move(self, movement: Movement) -> dict[Balance, Fen]:
        """What a movement changes; its day has been come to."""
        match movement.kind:
            case "disbursed":
                if self.terms is not None and self.periods is None:
                    self.periods = Periods(movement.value_date, self.terms)
                self.principal += movement.fen
                return {Balance.PRINCIPAL: movement.fen}
            case "charged_off":
                if movement.stated is not None:
                    self.principal -= movement.stated.principal_fen
                    return {Balance.PRINCIPAL: -movement.stated.principal_fen, Balance.CHARGED_OFF: movement.fen}
                given_up = min(movement.fen, self.principal)
                self.principal -= given_up
                self.given_up += given_up
                return {Balance.PRINCIPAL: -given_up, Balance.CHARGED_OFF: given_up}
            case "claim_approved" | "claim_ended":
                self.released = movement.kind == "claim_approved"
                return {}
            case "refunded":
                self.refundable -= movement.fen
                return {Balance.REFUNDABLE: -movement.fen}
            case "terms_changed" | "misused" | "cost_charged" | "waived":
                raise TypeError("a loan without servicing keeps its terms, and owes principal and interest only")
            case "taken_over":
                split = self._split(movement)
                gone = min(split.principal_fen, self.principal)
                self.principal -= gone
                self.interest_paid += split.interest_fen
                return {Balance.PRINCIPAL: -gone, Balance.INTEREST: -split.interest_fen}
            case "repaid":
                split = self._split(movement)
                self.principal -= split.principal_fen
                self.interest_paid += split.interest_fen
                beyond = movement.fen - split.principal_fen - split.interest_fen - split.penalty_fen
                beyond_all = max(beyond + min(self.refundable, 0), 0)
                back = min(beyond_all, self.given_up) if movement.stated is None else 0
                self.given_up -= back
                beyond -= back
                self.refundable += beyond
                return {
                    Balance.PRINCIPAL: -split.principal_fen,
                    Balance.INTEREST: -split.interest_fen,
                    Balance.PENALTY: -split.penalty_fen,
                    Balance.CHARGED_OFF: -back,
                    Balance.REFUNDABLE: beyond,
                }

    def _split(self, movement: Movement) -> Allocation:
        """Interest is met first, then principal; or as the source stated it."""
        if movement.stated is not None:
            return movement.stated
        interest = min(movement.fen, self._interest_due)
        return Allocation(interest_fen=interest, principal_fen=min(movement.fen - interest, self.principal))
