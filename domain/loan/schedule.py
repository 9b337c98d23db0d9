"""Repayment schedule 还款计划: when what is due. 等额本息 (equal instalments) and 到期一次还本付息 (bullet) are computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from fractions import Fraction

from domain.calendar import add_months, year_fraction
from domain.errors import Refusal
from domain.loan.terms import RepaymentTerms
from domain.money import Fen

_ROUNDING = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP, "up": ROUND_UP, "down": ROUND_DOWN}
_PRECISE = Context(prec=60)


class ScheduleNotOffered(Refusal):
    """The terms ask for a convention that is recorded but not computed yet."""

    code = "schedule.not_offered"
    en = "a schedule with {field} = {value} is not computed yet; use one of: {offered}"
    zh = "暂不支持 {field} = {value} 的还款计划；可用：{offered}"


@dataclass(frozen=True)
class Instalment:
    """One row: what falls due on `due`, in fen, and the principal left after it."""

    due: date
    principal: Fen
    interest: Fen
    balance: Fen


def schedule(principal: Fen, start: date, terms: RepaymentTerms) -> list[Instalment]:
    """The instalments of a loan paid out in one sum on `start`.

    Interest of a period is the balance × rate × its part of a year, rounded to the fen; the last instalment takes what is
    left, so the principals sum to the amount and the last balance is 0. Raises ScheduleNotOffered.
    """
    _offered(terms)
    try:
        dates = due_dates(start, terms)
    except (ValueError, OverflowError):
        raise ScheduleNotOffered(
            field="instalments", value=terms.instalments, offered="a last day before 10000-01-01"
        ) from None
    if terms.method == "bullet":
        return _bullet(principal, start, dates, terms)
    return _equal_instalments(principal, start, dates, terms)


def due_dates(start: date, terms: RepaymentTerms) -> list[date]:
    """The k-th due date is k periods after `start`, counted from `start` itself (31 January, 29 February, 31 March)."""
    steps = [k * terms.every for k in range(1, terms.instalments + 1)]
    match terms.unit:
        case "days":
            return [start + timedelta(days=step) for step in steps]
        case "weeks":
            return [start + timedelta(weeks=step) for step in steps]
        case "months":
            return [add_months(start, step) for step in steps]
        case "years":
            return [add_months(start, 12 * step) for step in steps]


def _offered(terms: RepaymentTerms) -> None:
    plain = RepaymentTerms(annual_rate=terms.annual_rate, instalments=terms.instalments)
    if terms.method not in ("equal_instalment", "bullet"):
        raise ScheduleNotOffered(field="method", value=terms.method, offered="equal_instalment, bullet")
    for name in (
        "interest",
        "interest_period",
        "leap",
        "multiple_of_fen",
        "grace",
        "style",
        "recalculate_overdue",
        "first_due",
        "due_day",
    ):
        if getattr(terms, name) != getattr(plain, name):
            raise ScheduleNotOffered(field=name, value=getattr(terms, name), offered=str(getattr(plain, name)))


def _bullet(principal: Fen, start: date, dates: list[date], terms: RepaymentTerms) -> list[Instalment]:
    if not dates:
        return []
    interest = _fen(principal * _rate(start, dates[-1], terms), terms)
    return [Instalment(due=dates[-1], principal=principal, interest=interest, balance=0)]


def _equal_instalments(principal: Fen, start: date, dates: list[date], terms: RepaymentTerms) -> list[Instalment]:
    rates = [_rate(a, b, terms) for a, b in zip([start, *dates], dates, strict=False)]
    payment = _fen(_payment(principal, rates), terms)
    rows, balance = list[Instalment](), principal
    for due, rate in zip(dates, rates, strict=True):
        interest = _fen(balance * rate, terms)
        part = balance if due == dates[-1] else min(max(payment - interest, 0), balance)
        balance -= part
        rows.append(Instalment(due=due, principal=part, interest=interest, balance=balance))
    return rows


def _payment(principal: Fen, rates: list[Fraction]) -> Fraction:
    """The equal payment that brings the balance to zero: P·Π(1+r) ÷ Σ of what each payment grows to."""
    growth, weight = Decimal(1), Decimal(0)
    for rate in rates:
        factor = _PRECISE.add(Decimal(1), _decimal(rate))
        growth = _PRECISE.multiply(growth, factor)
        weight = _PRECISE.add(_PRECISE.multiply(weight, factor), Decimal(1))
    return Fraction(_PRECISE.divide(_PRECISE.multiply(Decimal(principal), growth), weight)) if rates else Fraction(0)


def _rate(start: date, end: date, terms: RepaymentTerms) -> Fraction:
    count = terms.day_count
    return Fraction(terms.annual_rate) * year_fraction(start, end, year=count.year, month=count.month)


def _decimal(value: Fraction) -> Decimal:
    return _PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))


def _fen(value: Fraction, terms: RepaymentTerms) -> Fen:
    return int(_decimal(value).quantize(Decimal(1), rounding=_ROUNDING[terms.rounding], context=_PRECISE))
