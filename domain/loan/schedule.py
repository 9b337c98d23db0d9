"""Repayment schedule 还款计划: when what is due, by every convention that terms can name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from domain.loan.periods import Periods
from domain.loan.periods import ScheduleNotOffered as ScheduleNotOffered
from domain.loan.refusals import TermsNotServiced
from domain.loan.terms import RepaymentTerms
from domain.money import Fen

SMOOTHINGS = 3
"""How often the equal instalment is corrected so that the last one comes closer to it (peers.md §A)."""

_PRECISE = Context(prec=50)
Rate = tuple[int, int]
"""Of a period or a year, on a balance: a numerator and a denominator."""


class Instalment(NamedTuple):
    """One row: what falls due on `due`, in fen, and the principal left after it."""

    due: date
    principal: Fen
    interest: Fen
    balance: Fen


def schedule(principal: Fen, start: date, terms: RepaymentTerms, as_of: date | None = None) -> list[Instalment]:
    """The instalments of a loan paid out in one sum on `start`.

    Interest of a period is the balance × rate × its part of a year, rounded to the fen; the last instalment takes what is left, so the
    principals sum to the amount and the last balance is 0. Without instalments everything is due on the first day. Where terms
    recalculate what is overdue, all principal that fell due by `as_of` counts as unpaid until then. Raises ScheduleNotOffered.
    """
    if not terms.instalments:
        return [Instalment(due=start, principal=principal, interest=0, balance=0)]
    course = _Course(principal, start, Periods(start, terms), as_of)
    return course.bullet() if terms.method == "bullet" else course.instalments()[0]


def remaining(
    principal: Fen, day: date, number: int, last: int, periods: Periods, kept: Fen | None = None
) -> tuple[list[Fen], Fen | None]:
    """The principal of the `number`-th to the `last` instalment for what is left on a day; and the equal amount that they come from.

    With an amount that is `kept` there are fewer of them: the last ones ask for nothing.
    """
    rows, equal = _Course(principal, day, periods, number=number, last=last).instalments(kept)
    return [row.principal for row in rows], equal


def must_be_serviced(principal: Fen, start: date, terms: RepaymentTerms) -> None:
    """A contract's terms give a schedule, and the loan can be run by them. Raises TermsNotServiced, ScheduleNotOffered."""
    grace = terms.grace
    for field, value, serviced in (
        ("interest", terms.interest, "declining"),
        ("grace.interest_payment", grace.interest_payment, 0),
        ("grace.interest_free", grace.interest_free, 0),
    ):
        if value != serviced:
            raise TermsNotServiced(field=field, value=value, offered=serviced)
    schedule(principal, start, terms)


def due_dates(start: date, terms: RepaymentTerms) -> list[date]:
    """When the instalments fall due. Raises ScheduleNotOffered."""
    return Periods(start, terms).dates()


class _Course:
    """A loan's way through its periods from a day on, from the `number`-th instalment to the `last` one."""

    def __init__(
        self,
        principal: Fen,
        start: date,
        periods: Periods,
        as_of: date | None = None,
        number: int = 1,
        last: int | None = None,
    ) -> None:
        terms = periods.terms
        self.principal, self.terms, self.periods, self.number = principal, terms, periods, number
        self.dates = periods.dates()[number - 1 : last]
        self.starts = [start, *self.dates[:-1]]
        self.without_principal = max(terms.grace.principal - number + 1, 0)
        self.annual = terms.annual_rate.as_integer_ratio()
        self.rates = [self._rate(place) for place in range(len(self.dates))]
        self.as_of = as_of if as_of is not None and terms.recalculate_overdue else start

    def instalments(self, kept: Fen | None = None) -> tuple[list[Instalment], Fen | None]:
        """By the method; and the equal amount of all but the last, whether it is worked out here or `kept`."""
        count, flat = len(self.dates), self.terms.interest == "flat"
        if self.terms.method in ("interest_only", "bullet"):
            return self.rows([0] * count), None
        if self.terms.method == "equal_principal" or (flat and self.terms.style == "cumulative"):
            part = self._in_multiples(Fraction(self.principal, count - self._first_paying)) if kept is None else kept
            return self.rows([part] * count), part
        payment = self._payment() if kept is None else kept
        return self.rows(payment=payment), payment

    def _payment(self) -> Fen:
        """等额本息: rounded; where the last one would be far from it, it is corrected and kept if that helps."""
        if self.terms.interest == "flat":
            whole = self.principal + sum(self._spread())
            return self._in_multiples(Fraction(whole, len(self.dates) - self._first_paying))
        payment = self._in_multiples(_payment(self.principal, self.rates[self._first_paying :]))
        return self._smoothed(payment) if self.terms.style == "progressive" else payment

    def bullet(self) -> list[Instalment]:
        """到期一次还本付息: one row, its interest rounded once."""
        interest = self._rounded(self.principal * self._whole_rate)
        return [Instalment(due=self.dates[-1], principal=self.principal, interest=interest, balance=0)]

    def rows(
        self, parts: Sequence[Fen] | None = None, payment: Fen | None = None, *, overdue: bool = True
    ) -> list[Instalment]:
        """The rows of given principal parts, or of an equal payment; the last takes what is left."""
        rows, balance, put_off = list[Instalment](), self.principal, 0
        flat = self._spread() if self.terms.interest == "flat" else None
        last, grace = len(self.dates) - 1, self.terms.grace
        for number, due in enumerate(self.dates):
            accrued = put_off + (flat[number] if flat else self._accrued(number, balance, overdue=overdue))
            asked = number >= grace.interest_payment or number == last
            interest, put_off = (accrued, 0) if asked else (0, accrued)
            wanted = parts[number] if parts is not None else max((payment or 0) - interest, 0)
            part = balance if number == last else 0 if number < self.without_principal else min(wanted, balance)
            balance -= part
            rows.append(Instalment(due, part, interest, balance))
        return rows

    @property
    def _first_paying(self) -> int:
        """The place of the first instalment that asks for principal."""
        return min(self.without_principal, len(self.dates) - 1)

    def _smoothed(self, payment: Fen) -> Fen:
        half = len(self.dates) // 2
        gap = _gap(self.rows(payment=payment, overdue=False), payment)
        for _ in range(SMOOTHINGS):
            if not half or abs(gap) <= half:
                break
            corrected = self._in_multiples(Fraction(payment + self._rounded(Fraction(gap, len(self.dates)))))
            nearer = _gap(self.rows(payment=corrected, overdue=False), corrected)
            if corrected == payment or abs(nearer) >= abs(gap):
                break
            payment, gap = corrected, nearer
        return payment

    def _spread(self) -> list[Fen]:
        """Flat interest of every instalment."""
        parts = [self._interest(number, self.principal) for number in range(len(self.dates))]
        if self.terms.style == "progressive":
            return parts
        whole, left = self._rounded(self.principal * self._whole_rate), list[Fen]()
        free = min(self.terms.grace.interest_free, len(parts) - 1)
        even = self._rounded(Fraction(whole, len(parts) - free))
        for number in range(len(parts) - 1):
            left.append(0 if number < free else min(even, whole - sum(left)))
        return [*left, whole - sum(left)]

    @property
    def _whole_rate(self) -> Fraction:
        return sum((Fraction(*rate) for rate in self.rates), Fraction(0))

    def _accrued(self, number: int, balance: Fen, *, overdue: bool) -> Fen:
        """Interest of a period: on everything until `as_of`, because nothing was paid, and on the balance from then on."""
        start, due = self.starts[number], self.dates[number]
        if not overdue or self.as_of <= start or balance == self.principal:
            return self._interest(number, balance)
        if self.as_of >= due:
            return self._interest(number, self.principal)
        elapsed = Fraction((self.as_of - start).days, (due - start).days)
        return self._rounded(Fraction(*self.rates[number]) * (self.principal * elapsed + balance * (1 - elapsed)))

    def _interest(self, number: int, balance: Fen) -> Fen:
        """Interest of a whole period on a balance."""
        over, under = self.rates[number]
        return rounded(balance * over, under, self.terms.rounding)

    def _rate(self, place: int) -> Rate:
        """Of a period; nothing while none is charged."""
        number = self.number + place
        if number <= self.terms.grace.interest_free:
            return 0, 1
        begun = place == 0 and self.starts[0] != self.periods.begins(number)
        over, under = self.periods.part(self.starts[0], self.dates[0]) if begun else self.periods.whole(number)
        return self.annual[0] * over, self.annual[1] * under

    def _in_multiples(self, value: Fraction) -> Fen:
        """Rounded to the fen, or to the nearest multiple that the terms ask for."""
        multiple = self.terms.multiple_of_fen or 1
        return multiple * self._rounded(value / multiple)

    def _rounded(self, value: Fraction) -> Fen:
        return rounded(value.numerator, value.denominator, self.terms.rounding)


def rounded(over: int, under: int, rounding: str) -> Fen:
    """A fraction that is not negative, rounded to a whole number: `half_even`, `half_up`, `up` or `down`; a negative one as its mirror."""
    if over < 0:
        return -rounded(-over, under, rounding)
    whole, rest = divmod(over, under)
    match rounding:
        case "half_even":
            return whole + (2 * rest > under or (2 * rest == under and whole % 2 == 1))
        case "half_up":
            return whole + (2 * rest >= under)
        case "up":
            return whole + (rest > 0)
        case _:
            return whole


def _gap(rows: Sequence[Instalment], payment: Fen) -> Fen:
    """By how much the last instalment is greater than the equal one."""
    return rows[-1].principal + rows[-1].interest - payment if len(rows) > 1 else 0


def _payment(principal: Fen, rates: Sequence[Rate]) -> Fraction:
    """The equal payment that brings the balance to zero: P·Π(1+r) ÷ Σ of what each payment grows to (peers.md §B.2)."""
    growth, weight = Decimal(1), Decimal(0)
    for over, under in rates:
        factor = _PRECISE.add(1, _PRECISE.divide(over, under))
        growth = _PRECISE.multiply(growth, factor)
        weight = _PRECISE.add(_PRECISE.multiply(weight, factor), 1)
    return Fraction(_PRECISE.divide(_PRECISE.multiply(principal, growth), weight))
