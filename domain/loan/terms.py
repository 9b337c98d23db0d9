"""Repayment terms 还款条件: every convention that a schedule or an interest amount depends on, pinned in the contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from domain.frozen import Frozen
from domain.money import Fen
from domain.policy.pin import PolicyPin as PolicyPin


class Grace(Frozen):
    """Instalments at the start in which principal, or interest, is not asked for, or no interest is charged."""

    principal: int = Field(default=0, ge=0)
    interest_payment: int = Field(default=0, ge=0)
    interest_free: int = Field(default=0, ge=0)


class DayCount(Frozen):
    """How days become a part of a year."""

    year: Literal["360", "364", "365", "actual"] = "360"
    month: Literal["actual", "30"] = "actual"


Kind: TypeAlias = Literal["costs", "penalty", "overdue_interest", "overdue_principal", "interest", "principal"]
"""What a payment may pay."""
ORDER: tuple[Kind, ...] = ("costs", "penalty", "overdue_interest", "overdue_principal", "interest", "principal")


class Servicing(Frozen):
    """How the loan is run: what a payment pays first, and what arrears cost.

    Surcharges are parts of the contract rate (0.5 is +50 %, R-INT-6, R-INT-7); of both the higher one counts. `compound`: unpaid interest bears the penalty rate, too.
    `next_working_day`: what falls due on another day may be paid on the next working day (domain.md §5.4). An order that does not name
    costs, as contracts had before there were any, pays them first.
    """

    order: tuple[Kind, ...] = ORDER
    overdue_surcharge: Decimal = Field(default=Decimal("0.5"), ge=0, le=2)
    misuse_surcharge: Decimal = Field(default=Decimal(1), ge=0, le=2)
    compound: bool = True
    next_working_day: bool = True

    @model_validator(mode="after")
    def _orders_everything_once(self) -> Self:
        if sorted(self.pays) != sorted(ORDER):
            raise ValueError(f"order has to name each of {', '.join(ORDER)} once")
        return self

    @property
    def pays(self) -> tuple[Kind, ...]:
        """The order, with costs."""
        return self.order if "costs" in self.order else ("costs", *self.order)


class RepaymentTerms(Frozen):
    """The terms of interfaces.md `schedule`, without amount and start; `annual_rate` is a fraction (0.0395 is 3.95 %)."""

    annual_rate: Decimal = Field(ge=0, le=1)
    instalments: int = Field(ge=0, le=600)
    every: int = Field(default=1, ge=1, le=600)
    unit: Literal["days", "weeks", "months", "years"] = "months"
    method: Literal["equal_instalment", "equal_principal", "interest_only", "bullet"] = "equal_instalment"
    interest: Literal["declining", "flat"] = "declining"
    interest_period: Literal["daily", "same_as_repayment"] = "daily"
    day_count: DayCount = DayCount()
    leap: Literal["feb_29_period_only"] | None = None
    rounding: Literal["half_even", "half_up", "up", "down"] = "half_even"
    multiple_of_fen: Fen | None = Field(default=None, ge=1)
    grace: Grace = Grace()
    style: Literal["progressive", "cumulative"] = "progressive"
    recalculate_overdue: bool = False
    first_due: date | None = None
    due_day: int | None = Field(default=None, ge=1, le=31)
    servicing: Servicing | None = None
    """Contracts signed before there was any have none: interest first, then principal, and arrears cost nothing."""


TermsChange: TypeAlias = Literal["extension", "rate_reset", "restructuring"]
_CHANGED: Mapping[TermsChange, tuple[str, ...]] = {
    "extension": ("instalments",),
    "rate_reset": ("annual_rate",),
    "restructuring": ("instalments", "method"),
}


def changed(terms: RepaymentTerms, change: TermsChange, other: RepaymentTerms) -> RepaymentTerms:
    """The terms after a change, which is only of what it is about: a rate that becomes known later holds through an extension."""
    return terms.model_copy(update={name: getattr(other, name) for name in _CHANGED[change]})


class RateBasis(Frozen):
    """Where the contract rate comes from: the LPR 贷款市场报价利率 in force on the signing day, and basis points over it."""

    lpr_published_on: date
    lpr: Decimal
    margin_bp: int
