"""What people of the demonstration ask for 申请种类: the plain loan and each of the packages, every kind of borrower, every door."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from api.demo.scene import Life
from domain.credit_code import PLACES, check_digit
from domain.loan_application.events import BorrowerKind, Channel, Source
from domain.money import Fen
from domain.rural_partner.partner import RURAL_LOAN
from ledger.looking_up import Shown

EVERY = 8
"""Every eighth loan begins with an application, if its borrower is one whose age is known to fit."""

STAFF, HIRED = 20, 4
"""Of every enterprise that asks."""

Brought = tuple[str, bytes, str]
"""A document: which it is, its content, its media type."""

_FORM: Brought = ("form", b"%PDF-1.7 demonstration form", "application/pdf")
_IDENTITY: Brought = ("identity", b"\x89PNG\r\n\x1a\n demonstration", "image/png")
_OF_PERSONS = (_FORM, _IDENTITY)
_OF_ENTERPRISES = (
    _FORM,
    *((kind, b"%PDF-1.7 " + kind.encode(), "application/pdf") for kind in ("licence", "roster", "statement")),
)
_BY_HAND: dict[Source, dict[str, str]] = {
    "market_regulator": {"status": "in_business"},
    "civil_affairs": {"marital": "single"},
    "credit_registry": {"overdue": "no", "loans": ""},
}


@dataclass(frozen=True)
class Asked:
    """A kind of application: who asks for what, at which door, with what to show, and who or what stands for it.

    The amount is `times` the life's own, at most `most`, which is within every edition's limit. A person gives the `form` of
    counter-guarantee where `stands` says so, otherwise a thing; left out, a rule waives it.
    """

    product: str = "zheng_yin_dan"
    kind: BorrowerKind = "individual"
    group: str | None = "returning_migrant"
    channel: Channel = "outlet"
    most: Fen = 20_000_000
    times: int = 1
    shown: Shown = field(default_factory=Shown)
    form: str | None = "mortgage"
    stands: bool = False
    conditions: tuple[str, ...] = ()

    @property
    def brought(self) -> tuple[Brought, ...]:
        return _OF_ENTERPRISES if self.kind == "small_enterprise" else _OF_PERSONS

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(s for s in _BY_HAND if self.kind != "small_enterprise" or s != "civil_affairs")

    def knows(self, source: Source) -> bool:
        """The market regulator knows enterprises by their code; a person's business is read from its licence."""
        return source != "market_regulator" or self.kind == "small_enterprise"


ORDINARY = Asked()
ASKED = (
    Asked(product="plain", channel="hall", form="civil_servant", stands=True),
    ORDINARY,
    Asked(product="talent", group="talent", channel="online", shown=Shown(degree="bachelor")),
    Asked(product="family", form="family_member", stands=True),
    Asked(product="credit", channel="online", shown=Shown(rating="AA"), form=None),
    Asked(product=RURAL_LOAN, group=RURAL_LOAN, most=30_000_000, form="employee", stands=True),
    Asked(
        product="small_enterprise",
        kind="small_enterprise",
        group=None,
        channel="hall",
        most=400_000_000,
        times=10,
        conditions=("每季报送职工名册 the roster is sent every quarter",),
    ),
    Asked(kind="partnership", most=40_000_000, times=2, form="third_party", stands=True),
)
"""They take turns."""


def asked_by(life: Life, number: int) -> Asked | None:
    """What somebody applies for whose loan is of that number; None if the loan begins with a contract."""
    asked = ASKED[number // EVERY % len(ASKED)]
    return asked if number % EVERY == 0 and fits(life, asked) else None


def fits(life: Life, asked: Asked = ORDINARY) -> bool:
    """Born late enough to stay below retirement age, men below 60 and women below 50; of an enterprise nobody asks."""
    born, man = int(life.id_number[6:10]), int(life.id_number[16]) % 2 == 1
    return born >= (1972 if man else 1982) or asked.kind == "small_enterprise"


def as_asked(life: Life, asked: Asked = ORDINARY) -> Life:
    """The life as the scheme of the package allows it; an enterprise has two years at most."""
    terms = life.terms
    if asked.kind == "small_enterprise" and terms.instalments > 24:
        terms = terms.model_copy(update={"instalments": 24})
    amount = min(life.amount * asked.times, asked.most)
    return replace(life, product=asked.product, amount=amount, terms=terms, parts=1)


def figures_by_hand(source: Source) -> dict[str, str]:
    """What a clerk reads from documents."""
    return _BY_HAND[source]


def credit_code(life: Life) -> str:
    """Of the enterprise that a life runs."""
    number, places = int(life.id_number[6:17]), ""
    for _ in range(7):
        number, at = divmod(number, len(PLACES))
        places = PLACES[at] + places
    first = f"91{life.county}MA{places}"
    return first + check_digit(first)
