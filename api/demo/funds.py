"""The guarantee fund of the demonstration 担保基金演示: opened, with capital of every level at several banks."""

from __future__ import annotations

from datetime import date

from api.demo.scene import BANKS, FUND
from domain.actor import Actor
from domain.facts import Moment
from domain.guarantee_fund.events import Level
from domain.guarantee_fund.fund import GuaranteeFund
from domain.guarantee_fund.method import shipped_method
from domain.money import Fen
from ledger.context import CommandContext
from ledger.funding import InjectCapital, OpenFund, inject_capital, open_fund
from ledger.ledger import Ledger

OPENED = date(2020, 12, 1)
_CAPITAL: tuple[tuple[Level, Fen], ...] = (
    ("city", 5_000_000_000), ("county", 3_000_000_000), ("province", 1_500_000_000), ("incentive", 500_000_000),
)  # fmt: skip
"""Enough for the 27,000 loans of Jining's book: 9 % of 5.38 billion yuan, a tenth of it."""


def ensure_fund(ledger: Ledger, moment: Moment, channel: str) -> None:
    """Open it once; a second run finds it open."""
    if ledger.knows(GuaranteeFund.create_id(FUND)):
        return

    def by() -> CommandContext:
        keeper = Actor(subject="finance-1", role="finance_officer", institution="jining_finance", region="370800")
        return CommandContext(keeper, moment, channel=channel)

    title = "济宁市创业担保贷款担保基金"
    opening = OpenFund(fund=FUND, title=title, operator="jining_hr", method=shipped_method(), value_date=OPENED)
    open_fund(ledger, opening, by())
    for number, (level, fen) in enumerate((level, fen // len(BANKS)) for level, fen in _CAPITAL for _ in BANKS):
        bank = BANKS[number % len(BANKS)]
        given = {"level": level, "bank": bank, "amount_fen": fen, "bank_reference": f"CAPITAL-{number + 1}"}
        injection = InjectCapital.model_validate({"fund": FUND, "value_date": OPENED, **given})
        inject_capital(ledger, injection, by())
