"""The places, institutions and conditions of the demonstration, and the lives that its loans lead; the same seed, the same book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Literal

from domain.loan.terms import RateBasis, RepaymentTerms, Servicing
from domain.money import Fen
from domain.policy.lpr import LprQuote, lpr_on
from domain.policy.shipped import shipped_quotes
from domain.ratio import ShareScheme, zheng_yin_dan

COUNTIES = (
    "370811",
    "370812",
    "370826",
    "370827",
    "370828",
    "370829",
    "370830",
    "370831",
    "370832",
    "370881",
    "370883",
)
BANKS = ("rural_commercial", "postal_savings", "bank_of_jining", "agricultural", "industrial_commercial")
FUND, GUARANTOR = "jining_guarantee_fund", "jining_guarantee_group"
PRODUCTS = ("plain", "rural_partner", "talent", "family", "small_enterprise", "credit")
MARGIN_BP = 50

Fate = Literal[
    "pays", "prepays", "bounces", "pays_late", "cured", "lost", "extended", "released", "rate", "restructured", "misused",
    "refunded", "shortened", "lowered", "died", "closed", "waived", "redated", "costs", "mistaken",
    "given_up",
]  # fmt: skip
_FATES: Mapping[Fate, int] = {
    "pays": 90, "prepays": 20, "bounces": 11, "pays_late": 11, "cured": 15, "lost": 12, "extended": 4, "released": 2, "rate": 4,
    "restructured": 3, "misused": 3, "refunded": 3, "shortened": 4, "lowered": 4, "died": 2, "closed": 3, "waived": 3, "redated": 3,
    "costs": 3, "mistaken": 2, "given_up": 2,
}  # fmt: skip
"""How often each is, of two hundred."""
_SURNAMES, _NAMES = "王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋"


@dataclass(frozen=True)
class Life:
    """One loan to be: who, where, how much, on what terms, and what becomes of it."""

    loan_no: str
    name: str
    id_number: str
    phone: str
    county: str
    bank: str
    product: str
    amount: Fen
    terms: RepaymentTerms
    basis: RateBasis
    scheme: ShareScheme
    signed_on: date
    disbursed_on: date
    parts: int
    jobs: tuple[int, int]
    fate: Fate


def lives(count: int, seed: int, start: int) -> list[Life]:
    """`count` lives, numbered from `start`."""
    return [_life(Random(f"{seed}/{number}"), number) for number in range(start, start + count)]


def companion(life: Life, place: int) -> tuple[str, str]:
    """Name and ID number of somebody at a life's side, the same at every call: a business partner, a guarantor, one of the family."""
    name = life.name[0] + "".join(Random(f"{life.id_number}/{place}").choices(_NAMES, k=2))
    return name, _with_check_digit(f"37999{place}{life.id_number[6:17]}")


def _life(chance: Random, number: int) -> Life:
    signed_on = date(2021, 1, 4) + timedelta(days=chance.randrange(1500))
    enterprise = chance.random() < 0.08
    basis = _basis(signed_on)
    rate = basis.lpr + Decimal(basis.margin_bp) / 10000
    terms = _terms(chance, rate, signed_on)
    bank = chance.choice(BANKS)
    return Life(
        loan_no=f"JN-{signed_on.year}-{number:06d}",
        name=chance.choice(_SURNAMES) + "".join(chance.choices(_NAMES, k=2)),
        id_number=_id_number(chance, number),
        phone=f"1390537{number % 10000:04d}",
        county=chance.choice(COUNTIES),
        bank=bank,
        product="small_enterprise" if enterprise else chance.choice(PRODUCTS[:-2]),
        amount=chance.randrange(100, 401) * 1_000_000 if enterprise else chance.randrange(5, 31) * 1_000_000,
        terms=terms,
        basis=basis,
        scheme=zheng_yin_dan(FUND, bank, GUARANTOR),
        signed_on=signed_on,
        disbursed_on=signed_on + timedelta(days=chance.randrange(1, 15)),
        parts=2 if chance.random() < 0.1 else 1,
        jobs=(chance.randrange(0, 9), chance.randrange(1, 5)),
        fate=chance.choices(list(_FATES), list(_FATES.values()))[0],
    )


def _terms(chance: Random, rate: Decimal, signed_on: date) -> RepaymentTerms:
    """Paid back at once, by the month, or with interest on the 20th of every quarter's last month; every way of repayment occurs."""
    way = chance.random()
    if way < 0.25:
        months = chance.choice((12, 24))
        return RepaymentTerms(annual_rate=rate, instalments=1, every=months, method="bullet", servicing=Servicing())
    if way < 0.45:
        quarter_end = date(signed_on.year, (signed_on.month + 2) // 3 * 3, 20)
        return RepaymentTerms(
            annual_rate=rate,
            instalments=chance.choice((4, 8)),
            every=3,
            method="interest_only",
            first_due=quarter_end if quarter_end > signed_on + timedelta(days=20) else None,
            due_day=20,
            servicing=Servicing(),
        )
    return RepaymentTerms(
        annual_rate=rate,
        instalments=chance.choice((12, 24, 36)),
        method="equal_principal" if way < 0.6 else "equal_instalment",
        servicing=Servicing(),
    )


def _basis(day: date) -> RateBasis:
    quote = lpr_on(_quotes(), day)
    return RateBasis(lpr_published_on=quote.published_on, lpr=quote.one_year, margin_bp=MARGIN_BP)


@lru_cache(maxsize=1)
def _quotes() -> tuple[LprQuote, ...]:
    return shipped_quotes()


def _id_number(chance: Random, number: int) -> str:
    """Of a place code that nobody has."""
    born = date(1965, 1, 1) + timedelta(days=chance.randrange(14000))
    return _with_check_digit(f"379999{born:%Y%m%d}{number % 1000:03d}")


def _with_check_digit(digits: str) -> str:
    """An ID number of its first seventeen digits (GB 11643)."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(digits))
    return digits + "10X98765432"[total % 11]
