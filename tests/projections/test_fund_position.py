"""The fund's position through the life of a claim: to the fen, on any day, and the same as what guards the append."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from domain.actor import Actor
from domain.facts import Moment
from domain.guarantee_fund.refusals import CashShort
from ledger import recovering
from ledger.ledger import Ledger
from projections.engine import Engine
from projections.querying import Question, ask, projection
from tests.domain.claiming import FILED, PAID
from tests.funds import open_with_capital
from tests.ledger.test_claiming import BANK, FUND, GUARANTOR, Office
from tests.projections.test_general_ledger import must_agree

Figures = dict[str, str]


def test_every_step_of_a_claim_is_in_the_position_and_in_the_guard(
    ledger: Ledger, database: str, moment: Moment, engine: Engine, reading: Connection[Any]
) -> None:
    open_with_capital(ledger, moment, FUND)
    office = Office(ledger, moment)

    def now(**question: Any) -> Figures:
        assert engine.catch_up() == {}
        totals = ask(reading, projection("fund_position"), Question(where={"fund": FUND}, **question)).totals
        return {name: value for name, value in totals.items() if name != "count"}

    def stands(**figures: str) -> None:
        at = now()
        assert {name: at[name] for name in figures} == figures
        used, base, cash = _guards(database)
        assert used == Decimal(at["exposure"]) + Decimal(at["reserved"])
        must_agree(reading, FUND)
        assert (base, cash) == (Decimal(at["cash"]) - Decimal(at["payable"]), Decimal(at["cash"]))

    office.lend()
    stands(exposure="17136.40", reserved="0.00", cash="5000000.00", headroom="49982863.60")
    office.file()
    office.approve()
    stands(exposure="0.00", payable="17136.40", cash="5000000.00", capacity="49828636.00")
    office.pay("guarantor")
    office.pay("fund")
    stands(payable="0.00", claims_paid="17136.40", cash="4982863.60", recoverable="17136.40")
    office.recover("R-1", 5_000_007)
    stands(recovered="4500.01", due="4500.01", cash="4982863.60", recoverable="12636.39")
    remitted = recovering.RemitRecovery(
        claim_no="C-1",
        party="guarantor",
        payee="fund",
        amount_fen=450_001,
        bank=BANK,
        bank_reference="M-1",
        value_date=PAID,
    )
    recovering.remit_recovery(ledger, remitted, office.by("guarantor_officer", GUARANTOR))
    stands(due="0.00", cash="4987363.61", recoverable="12636.39")
    given_up = recovering.WriteOffShare(
        claim_no="C-1",
        party="fund",
        reason="court termination",
        evidence=("0" * 64,),
        approved_by=Actor(subject="Wang", role="finance_officer", institution="finance", region="rencheng"),
        value_date=PAID,
    )
    recovering.write_off_share(ledger, given_up, office.by("fund_officer", "hr"))
    stands(recoverable="0.00", written_off="12636.39")
    office.recover("R-2", 100_001)
    stands(recovered="4590.01", recovered_after_write_off="90.00", due="90.00", recoverable="0.00")
    assert now(as_of=FILED)["exposure"] == "17136.40", "before the claim was approved"


def test_the_fund_pays_only_what_is_on_its_account(ledger: Ledger, moment: Moment) -> None:
    open_with_capital(ledger, moment, FUND, 1_000_000)
    office = Office(ledger, moment)
    office.lend()
    office.lend("L-2")
    for loan_no, claim_no in (("L-1", "C-1"), ("L-2", "C-2")):
        office.file(loan_no, claim_no)
        office.approve(claim_no)
        office.pay("guarantor", claim_no=claim_no)
    with pytest.raises(CashShort, match=r"only 10000\.00"):
        office.pay("fund")


def _guards(database: str) -> tuple[Decimal, Decimal, Decimal]:
    """What is promised, its base, and the cash of all accounts, in yuan, as the append guards them."""
    with psycopg.connect(database) as owner:
        rows = owner.execute(
            "SELECT guard, sum(used), sum(capacity) FROM ledger.guard_total WHERE guard IN ('fund_capacity', 'fund_cash')"
            " GROUP BY guard ORDER BY guard"
        ).fetchall()
    (_, used, base), (_, _, cash) = rows
    return Decimal(used) / 100, Decimal(base) / 100, Decimal(cash) / 100
