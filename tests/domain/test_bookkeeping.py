"""The books: the worked claim of domain.md §3 to the fen, and every entry balanced in each book on each day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.bookkeeping.chart import CHART
from domain.bookkeeping.claims import ClaimBook
from domain.bookkeeping.posting import Line, Place, place_of, posted
from domain.errors import Refusal
from domain.facts import Fact
from domain.guarantee_fund.events import CapitalInjected, InterestReceived
from domain.loan.loan import Loan
from domain.money import Fen, yuan
from tests.domain.claiming import (
    approve,
    bullet,
    file,
    paid,
    recover,
    verify,
    write_off,
)
from tests.domain.lending import NOW, PAID_OUT, SCHEME, fen, pending, signed, terms
from tests.domain.test_any_life import ACTS, DAYS, act

PLACE = Place("jining_fund", "jining_rcb", "rencheng")
OPENED = date(2024, 1, 2)


def cash(kind: type[CapitalInjected | InterestReceived], amount: str, **more: object) -> Fact:
    body = {
        "originator_id": Loan.create_id("fund"),
        "originator_version": 2,
        "timestamp": NOW.now,
        "value_date": OPENED,
    }
    return kind.model_validate({**body, "fund": "jining_fund", "bank": "jining_rcb", "amount_fen": fen(amount), **more})


def totals(lines: Iterable[Line]) -> dict[str, str]:
    sums = Counter[str]()
    for line in lines:
        sums[line.account] += line.fen
    return {code: yuan(total) for code, total in sorted(sums.items()) if total}


def must_balance(lines: Iterable[Line]) -> None:
    sums: dict[tuple[str, date], Fen] = defaultdict(int)
    for line in lines:
        assert line.account in CHART
        assert line.fen
        sums[CHART[line.account].book, line.value_date] += line.fen
    assert not any(sums.values())


def test_the_memo_book_follows_the_fund_s_part_of_the_principal() -> None:
    loan = signed(terms=terms("0", 1, every=12, method="bullet"))
    loan.disburse(NOW, amount=fen("300000.00"), value_date=PAID_OUT)
    assert totals(line for fact in pending(loan) for line in posted(fact, PLACE)) == {
        "M9001": "27000.00",
        "M9009": "-27000.00",
    }
    loan.repay(NOW, amount=fen("112666.63"), value_date=date(2024, 6, 1))
    assert totals(posted(pending(loan)[-1], PLACE)) == {"M9001": "-10140.00", "M9009": "10140.00"}


def test_the_worked_claim() -> None:
    claim, book = file(bullet("190404.48", SCHEME, "0")), ClaimBook()
    verify(claim)
    approve(claim)
    paid(claim)
    recover(claim, fen("51260.07"), fen("1260.00"))
    recover(claim, fen("12345.29"))
    write_off(claim, "fund")
    recover(claim, fen("1000.01"))
    entries = [book.post(fact, PLACE) for fact in pending(claim)]
    for entry in entries:
        must_balance(entry)
    assert totals(entries[0]) == {"M9011": "17136.40", "M9019": "-17136.40"}
    opening = posted(cash(CapitalInjected, "5000000.00", level="city"), PLACE)
    lines = [*opening, *(line for entry in entries for line in entry)]
    assert {line.party for line in lines if line.account == "G1202"} == {"guarantor"}
    assert totals(lines) == {
        "G1001": "4982863.60",
        "G1202": "5701.08",
        "G3001": "-5000000.00",
        "G4101": "-90.00",
        "G5001": "11525.32",
        "M9021": "11435.32",
        "M9029": "-11435.32",
    }
    assert fen("4982863.60") + fen("5701.08") == fen("4988564.68"), "once the guarantor has passed its recoveries on"


def test_money_stands_at_the_bank_of_the_account_and_interest_is_income() -> None:
    injected = posted(cash(CapitalInjected, "100.00", level="incentive", bank="other"), PLACE)
    assert [(line.account, line.fen, line.place.bank, line.level) for line in injected] == [
        ("G1001", 10_000, "other", "incentive"),
        ("G3003", -10_000, "other", "incentive"),
    ]
    assert totals(posted(cash(InterestReceived, "1.00"), PLACE)) == {"G1001": "1.00", "G4001": "-1.00"}


def test_where_a_fact_is_posted_is_said_by_its_scopes() -> None:
    scopes = ("county:rencheng", "bank:rcb", "fund:jining_fund", "guarantor:g")
    assert place_of(scopes) == Place("jining_fund", "rcb", "rencheng")
    assert place_of(("bank:rcb",)) is None
    assert place_of(("bank:rcb",), "other_fund") == Place("other_fund", "rcb")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_to_a_loan_its_exposure_is_in_the_memo_book_on_every_day(data: st.DataObject) -> None:
    loan = signed(reserved_fen=fen("27000.00"), terms=terms("0.036", 12, method="equal_principal"))
    loan.disburse(NOW, amount=fen("12000.00"), value_date=PAID_OUT)
    for _ in range(data.draw(st.integers(1, 6))):
        try:
            act(loan, data.draw(st.sampled_from(ACTS)), data.draw(DAYS), data)
        except Refusal:
            continue
    entries = [posted(fact, PLACE) for fact in (loan.contract, *pending(loan))]
    for entry in entries:
        must_balance(entry)
    lines = [line for entry in entries for line in entry]
    for day in data.draw(st.lists(DAYS, max_size=4)):
        stood = {str(key): fen for key, fen in loan.state(day)["balances"].items()}
        by_then = totals(line for line in lines if line.value_date <= day)
        for account, balance in (("M9001", "exposure:fund"), ("M9031", "reserved:fund")):
            assert by_then.get(account, "0.00") == stood.get(balance, "0.00")
