"""A subsidy method 贴息办法: what the budget bears under each regime, where it stops, and which fiscal level pays, each with its source."""

from __future__ import annotations

import hashlib
from datetime import date
from fractions import Fraction
from importlib import resources
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from domain.errors import BadInput
from domain.frozen import Frozen
from domain.guarantee_fund.events import Level
from domain.money import Fen, shared
from domain.policy.pin import PolicyPin
from domain.policy.reading import read_rules
from domain.policy.rules import KINDS, Amount, Code, Count, Day, Kind, Name, Rule
from domain.subsidy.calculating import Of

Regime: TypeAlias = Literal["A", "B", "C"]


class SubsidyMethodUnreadable(BadInput):
    code = "subsidy.method_unreadable"
    en = "{field}: {key}: {problem}; see the shipped method for an example (`subsidy method`)"
    zh = "{field}：{key}：{problem}；请参照随附的贴息办法（subsidy method）"


def _part(value: object) -> Fraction:
    """A part of the whole such as 2/3."""
    if isinstance(value, Fraction):
        return value
    try:
        found = Fraction(value) if isinstance(value, str) else None
    except (ValueError, ZeroDivisionError):
        found = None
    if found is None or not 0 <= found <= 1:
        raise ValueError("a part is a text such as 2/3, from 0 to 1")
    return found


Part = Annotated[Fraction, BeforeValidator(_part), PlainSerializer(str)]


class Formula(Rule):
    """What the budget bears of a year's interest under a regime, for kinds of borrowers.

    `of` the contract `rate`, or of the `lpr` of the signing day, so many `percent`; or all that is `above` what the borrower bears, the LPR and
    `margin_bp` basis points (R-SUB-1, R-SUB-2, R-SUB-3). `shared` is the part that the national rule pays in the loan's first year, its second
    and so on, the last for every later one; what is beyond is the local budget's (R-SUB-8).
    """

    regime: Regime
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    of: Of
    percent: Annotated[Count, Field(le=100)] = 100
    margin_bp: Annotated[int, Field(ge=-2000, le=2000, strict=True)] = 0
    shared: Annotated[tuple[Part, ...], Field(min_length=1)] = (Fraction(1),)


class NationalLimit(Rule):
    """The largest loan of a kind that the national rule subsidises, signed from a day on; what is beyond is the local budget's (R-SUB-8)."""

    kind: Kind
    effective_from: Day
    most: Amount


class Levels(Rule):
    """Which fiscal level bears which part of what is shared, in whole weights, and who bears what is local (R-SUB-9, R-SUB-10)."""

    weights: Annotated[dict[Level, Annotated[int, Field(ge=0, strict=True)]], Field(min_length=1)]
    tie_order: tuple[Level, ...]
    local: Level

    @model_validator(mode="after")
    def _names_all(self) -> Levels:
        if sorted(self.tie_order) != sorted(self.weights) or not sum(self.weights.values()):
            raise ValueError("tie_order names every level of the weights once, and one of them bears something")
        return self

    def divide(self, shared_fen: Fen, local_fen: Fen) -> dict[Level, Fen]:
        """What each level bears, in fen; the parts add up exactly."""
        names = list(self.weights)
        parts = shared(shared_fen, list(self.weights.values()), [names.index(level) for level in self.tie_order])
        divided: dict[Level, Fen] = dict(zip(names, parts, strict=True))
        divided[self.local] = divided.get(self.local, 0) + local_fen
        return divided


class Stops(Rule):
    """Where nothing is subsidised (R-SUB-4, R-SUB-13, R-SUB-14): overdue days and those of an extension never are.

    `cured` says whether it resumes when all arrears are paid or stops for good; `died` whether it ends on the day or with the quarter.
    """

    cured: Literal["resumes", "for_good"]
    died: Literal["that_day", "quarter_end"]
    closed: Literal["that_day", "quarter_end"]


class Procedure(Rule):
    """先付后贴, quarter by quarter (R-SUB-5, R-SUB-7): the quarter ends on this day of its last month; who has how many working days."""

    interest_day: Annotated[int, Field(ge=1, le=28, strict=True)]
    bank_days: Count
    check_days: Count


class SubsidyMethod(Frozen):
    """What subsidies go by. `text` is the TOML that it was read from; its digest is what calculations pin."""

    text: str = Field(repr=False)
    method: Code
    title: Name
    document: Name
    formulas: Annotated[tuple[Formula, ...], Field(min_length=1)]
    limits: Annotated[tuple[NationalLimit, ...], Field(min_length=1)]
    levels: Levels
    stops: Stops
    procedure: Procedure

    @model_validator(mode="after")
    def _is_whole(self) -> SubsidyMethod:
        for regime in {formula.regime for formula in self.formulas}:
            kinds = [kind for formula in self.formulas if formula.regime == regime for kind in formula.kinds]
            if sorted(kinds) != sorted(KINDS):
                raise ValueError(f"regime {regime} has to name each of {', '.join(KINDS)} once")
        return self

    @property
    def pin(self) -> PolicyPin:
        return PolicyPin(edition=self.method, digest=hashlib.sha256(self.text.encode()).hexdigest())

    def formula(self, regime: Regime, kind: Kind) -> Formula:
        return next(f for f in self.formulas if f.regime == regime and kind in f.kinds)

    def national_most(self, kind: Kind, signed_on: date) -> Fen | None:
        """What of a loan signed that day the national rule subsidises at most; None where it says nothing."""
        known = [limit for limit in self.limits if limit.kind == kind and limit.effective_from <= signed_on]
        return max(known, key=lambda limit: limit.effective_from).most if known else None


def read_method(text: str, *, field: str = "file") -> SubsidyMethod:
    """A method from its TOML. Raises SubsidyMethodUnreadable, which names the key, the rule and what to do."""
    return read_rules(SubsidyMethod, text, SubsidyMethodUnreadable, field=field, whole="the method")


def shipped_method() -> str:
    """The text of Jining's, which comes with the program."""
    return resources.files("domain.subsidy").joinpath("methods", "jining.toml").read_text(encoding="utf-8")
