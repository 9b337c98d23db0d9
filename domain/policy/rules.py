"""The rules 条款 of an edition, each block with its number, where its document says it, where that was seen and how sure it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from domain.errors import BadInput
from domain.frozen import PLAIN, Frozen
from domain.loan.terms import ORDER
from domain.loan.terms import Kind as Paid
from domain.money import Fen, parse_yuan, yuan
from domain.policy.finding import Confidence
from domain.ratio import Backer, PartyShare, ShareScheme

Kind: TypeAlias = Literal["individual", "partnership", "small_enterprise"]
KINDS: tuple[Kind, ...] = ("individual", "partnership", "small_enterprise")


def _amount(value: object) -> Fen:
    if not isinstance(value, str):
        raise ValueError('amounts are written as text in yuan, such as "300000.00"')
    try:
        return parse_yuan(value)
    except BadInput as problem:
        raise ValueError(str(problem)) from None


Amount = Annotated[Fen, BeforeValidator(_amount), PlainSerializer(yuan, when_used="json"), Field(gt=0)]
Count = Annotated[int, Field(gt=0, strict=True)]
Days = Annotated[int, Field(gt=0, le=1000, strict=True)]
Day = Annotated[date, Field(strict=True, ge=date(2002, 1, 1), le=date(2099, 12, 31))]
"""From the year of the first method (银发〔2002〕394号) on; anything else is a slip of the keyboard."""
Name = Annotated[str, Field(pattern=PLAIN, max_length=200)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Rule(Frozen):
    """`rule` is its number in the collection of rules, `article` where its document says it, `source` where that was seen."""

    rule: Annotated[str, Field(pattern=r"^R-[A-Z]+-[0-9]+$")]
    article: Name | None = None
    source: Name
    confidence: Confidence

    @property
    def cited(self) -> dict[str, Any]:
        """As a finding cites it."""
        return {"article": self.article or self.rule, "source": self.source, "confidence": self.confidence}


class Dates(Rule):
    """Where the first and the last day were seen."""


class Named(Rule):
    code: Code
    zh: Name
    en: Name


class Group(Named):
    """扶持人群; `local` ones are paid for by the city alone.

    Of graduates, who graduated at most `within_years` ago; `asks` is what else has to be shown of somebody who belongs to it.
    """

    local: bool = False
    within_years: Count | None = None
    asks: Literal["degree", "partner"] | None = None


class Limit(Rule):
    """`percent` of the sum of the partners' own limits is what a partnership may ask for; `partners` how many count at most."""

    most: Amount
    months: Annotated[Count, Field(le=600)]
    percent: Annotated[Count, Field(le=200)] | None = None
    partners: Count | None = None


class Repeats(Rule):
    loans: Count


class Retirement(Frozen):
    """Statutory retirement: `years`, and for the later born one month more for every `step` months, at most `most` months."""

    sex: Literal["male", "female_worker", "female_cadre"]
    years: Annotated[Count, Field(le=100)]
    born_from: Annotated[date, Field(strict=True, ge=date(1900, 1, 1), le=date(2099, 12, 31))]
    step: Count
    most: Annotated[int, Field(ge=0, le=600, strict=True)]


class Age(Rule):
    """`gradual_from` is the first day on which the gradual table binds."""

    least: Annotated[Count, Field(le=100)]
    gradual_from: Day
    retirement: Annotated[tuple[Retirement, ...], Field(min_length=3, max_length=3)]

    @model_validator(mode="after")
    def _is_for_all(self) -> Age:
        if len({entry.sex for entry in self.retirement}) != len(self.retirement):
            raise ValueError("retirement names somebody twice")
        return self


class OtherLoans(Rule):
    """Kinds that borrower and spouse may have; of the `consumer` kinds at most so much in all."""

    allowed: tuple[Code, ...]
    consumer: tuple[Code, ...]
    consumer_most: Amount


class RateCap(Rule):
    """Over the one-year LPR."""

    margin_bp: Annotated[int, Field(ge=0, le=2000, strict=True)]


class Arrears(Rule):
    """罚息: what a contract pins of how its loan is run (R-INT-6, R-INT-7): surcharges in per cent of its rate, the higher of the two counts;
    whether unpaid interest bears it, too; whether a due day that is none may be paid on the next working day; what a payment pays, in order.
    """

    overdue_percent: Annotated[int, Field(ge=0, le=200, strict=True)]
    misuse_percent: Annotated[int, Field(ge=0, le=200, strict=True)]
    compound: Annotated[bool, Field(strict=True)] = True
    next_working_day: Annotated[bool, Field(strict=True)] = True
    order: tuple[Paid, ...] = ORDER

    @model_validator(mode="after")
    def _orders_everything_once(self) -> Arrears:
        if sorted(self.order) != sorted(ORDER):
            raise ValueError(f"order has to name each of {', '.join(ORDER)} once")
        return self


class Subsidy(Rule):
    """贴息: which regime a loan falls under is decided by the day of its `regime_key`."""

    regime: Literal["A", "B", "C"]
    regime_key: Literal["contract", "disbursement"]
    share: Name


class HireRatio(Rule):
    """新招用比例 for enterprises with more than `above` staff."""

    above: Annotated[int, Field(ge=0, strict=True)]
    percent: Annotated[Count, Field(le=100)]


class Package(Named):
    """贷款包; what it `asks` for beyond the rules of all, and whether its counter-guarantee is waived.

    `most` beyond the limit of the borrower's kind takes that one's place: the city pays for what it widens (R-SUB-8).
    `ratings` are those that are good enough where it asks for one.
    """

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    most: Amount | None = None
    asks: Literal["partner", "degree", "family", "rating"] | None = None
    ratings: tuple[Name, ...] = ()
    waived: bool = False
    scheme: Code

    @model_validator(mode="after")
    def _rates(self) -> Package:
        if (self.asks == "rating") != bool(self.ratings):
            raise ValueError("ratings belong to a package that asks for a rating, and to no other")
        return self


class Waiver(Rule):
    """Groups whose loans up to an amount need no counter-guarantee."""

    groups: tuple[Code, ...]
    most: Amount


class Scheme(Named):
    """风险分担: whole-number weights, and who gets a leftover fen first; `behind` says of a party who bears how many percent of its share in turn 再担保."""

    weights: Annotated[dict[Code, Annotated[int, Field(ge=0, strict=True)]], Field(min_length=1)]
    tie_order: tuple[Code, ...]
    behind: dict[Code, dict[Code, Annotated[int, Field(ge=0, le=100, strict=True)]]] = Field(default={})
    route: Literal["each_pays_bank", "guarantor_advances"] = "each_pays_bank"

    @model_validator(mode="after")
    def _is_whole(self) -> Scheme:
        self.pinned(**dict.fromkeys(("fund", "bank", "guarantor"), ""))
        if sum(self.weights.values()) != 100:
            raise ValueError("the weights must come to 100")
        for party, behind in self.behind.items():
            if party not in self.weights or sum(behind.values()) > 100:
                raise ValueError("behind names parties of the weights, and at most 100 percent of the share of each")
        return self

    def pinned(self, *, fund: str, bank: str, guarantor: str) -> ShareScheme:
        """The scheme with its parties named, as a loan pins it."""
        who = {"fund": fund, "bank": bank, "guarantor": guarantor}
        parties = tuple(
            PartyShare(
                party=party,
                institution=who.get(party) or None,
                weight=weight,
                behind=tuple(Backer(institution=i, percent=n) for i, n in self.behind.get(party, {}).items()),
            )
            for party, weight in self.weights.items()
        )
        return ShareScheme(name=self.code, parties=parties, tie_order=self.tie_order, route=self.route)


class Material(Frozen):
    code: Code
    zh: Name
    en: Name


ALSO = (
    Material(code="consent", zh="授权书", en="the consent"),
    Material(code="group_proof", zh="人员类别证明", en="the proof of the group"),
    Material(code="degree", zh="学历证书", en="the degree"),
    Material(code="marriage", zh="婚姻证明", en="the proof of marriage"),
    Material(code="social_security_card", zh="社会保障卡", en="the social-security card"),
    Material(code="credit_report", zh="信用报告", en="the credit report"),
    Material(code="counter_guarantee", zh="反担保材料", en="the papers of the counter-guarantee"),
    Material(code="contracts", zh="劳动合同", en="the labour contracts"),
    Material(code="wages", zh="工资发放证明", en="the proof of wages"),
    Material(code="insurance", zh="社会保险缴费证明", en="the proof of insurance"),
    Material(code="tax", zh="完税证明", en="the proof of tax"),
)
"""What may be brought, too, where an edition does not say: the long lists of other cities (R-PRO-5), assumed."""


class Materials(Rule):
    """What is brought, what `also` may be, and which sources are asked for the rest."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    required: tuple[Material, ...]
    also: tuple[Material, ...] = ALSO
    pulled: tuple[Literal["market_regulator", "civil_affairs", "credit_registry"], ...] = ()


class TimeLimits(Rule):
    """办理时限, in working days, except that an approval holds for calendar days."""

    working_days: Days
    eligibility_days: Days
    guarantee_days: Days
    credit_days: Days
    reasons_within_days: Days
    correction_within_days: Days
    approval_valid_days: Days


Needs: TypeAlias = Literal["person", "family", "value", "either"]


class Form(Material):
    """反担保方式: what it `needs` to stand; of persons at `least` so many, each for a household, none of them the borrower's."""

    needs: Needs
    least: Count

    @property
    def persons(self) -> bool:
        """Whether a person may stand in it."""
        return self.needs != "value"

    @property
    def things(self) -> bool:
        return self.needs in ("value", "either")

    @model_validator(mode="before")
    @classmethod
    def _as_assumed(cls, given: Any) -> Any:
        """What an edition leaves out is assumed of the forms that R-PRO-1 lists; of any other, that either will do."""
        if not isinstance(given, dict):
            return given
        needs, least = _FORMS.get(str(given.get("code")), ("either", 1))
        return {"needs": needs, "least": least, **given}


_FORMS = {
    "civil_servant": ("person", 1),
    "employee": ("person", 1),
    "joint_households": ("person", 3),
    "family_member": ("family", 1),
    "mortgage": ("value", 1),
    "pledge": ("value", 1),
}


class CounterGuarantee(Rule):
    """反担保; `guarantor_most` is for how many loans a person may stand."""

    forms: Annotated[tuple[Form, ...], Field(min_length=1)]
    guarantor_most: Count
    waivers: tuple[Waiver, ...] = ()

    @property
    def form_codes(self) -> tuple[str, ...]:
        return tuple(form.code for form in self.forms)

    def form(self, code: str) -> Form:
        """As the edition has it, or as is assumed of what another one had."""
        found = next((form for form in self.forms if form.code == code), None)
        return found or Form.model_validate({"code": code, "zh": code, "en": code})
