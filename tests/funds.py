"""A guarantee fund for tests that need one to stand behind their loans."""

from __future__ import annotations

from datetime import date

from domain.actor import LOCAL_OPERATOR
from domain.facts import Moment
from domain.guarantee_fund.method import shipped_method
from domain.money import Fen
from ledger.context import CommandContext
from ledger.funding import InjectCapital, OpenFund, inject_capital, open_fund
from ledger.ledger import Ledger

OPENED = date(2019, 1, 2)
CAPITAL: Fen = 500_000_000


def open_with_capital(
    ledger: Ledger, moment: Moment, fund: str, capital: Fen = CAPITAL, bank: str = "jining_rcb"
) -> None:
    """Open it with the shipped method and, if there is any, the city's capital at one bank."""
    context = CommandContext(LOCAL_OPERATOR, moment)
    opening = OpenFund(
        fund=fund, title="济宁市创业担保贷款担保基金", operator="jining_hr", method=shipped_method(), value_date=OPENED
    )
    open_fund(ledger, opening, context)
    if capital:
        given = {"bank": bank, "amount_fen": capital, "bank_reference": f"CAPITAL-{fund}", "value_date": OPENED}
        injection = InjectCapital.model_validate({"fund": fund, "level": "city", **given})
        inject_capital(ledger, injection, CommandContext(LOCAL_OPERATOR, moment))
