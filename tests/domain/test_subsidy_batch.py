"""A subsidy batch, whatever happens to it: every entry balances, the books say what the stream says, and no fen of a level is lost."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.bookkeeping.posting import Place
from domain.bookkeeping.subsidies import SubsidyBook
from domain.errors import InvalidInput
from domain.loan.bearing import Stretch
from domain.money import Fen
from domain.state import replayed
from domain.subsidy import refusals
from domain.subsidy.batch import Key, SubsidyBatch
from domain.subsidy.calculating import Subsidised, calculate
from domain.subsidy.days import Span
from domain.subsidy.lines import SubsidyLine, applied, divided, traced
from domain.subsidy.method import read_method, shipped_method
from tests.domain.lending import NOW

METHOD = read_method(shipped_method())
RATE, LPR = Decimal("0.0395"), Decimal("0.0345")
FIRST, UNTIL = date(2024, 3, 21), date(2024, 6, 21)
DAY = date(2024, 7, 1)
LOANS = ("L-1", "L-2", "L-3")
PLACE = Place("subsidy", "bank", None)


def actor(subject: str) -> Actor:
    return Actor(subject=subject, role="operator", institution="i", region="r")


def line(loan_no: str, principal: Fen, days: int, within: Fraction, before: int) -> SubsidyLine:
    formula, lpr = METHOD.formula("C", "individual"), LPR
    stretch = Stretch(FIRST, FIRST + timedelta(days=days), principal, RATE, ((days, 360),))
    subsidy = calculate([Subsidised(stretch, 1)], formula, lpr, within, formula.shared)
    told = subsidy.subsidy * before // 4
    return SubsidyLine(
        loan_no=loan_no, kind="individual", county="rencheng", quarter="2024Q2", loan_version=1,
        applied=applied(formula, lpr, within), trace=traced([Span(stretch, 1, None)]),
        interest_fen=subsidy.interest, subsidy_fen=subsidy.subsidy, shared_fen=subsidy.shared, before_fen=told,
        levels=divided(METHOD.levels, subsidy, told),
    )  # fmt: skip


_LINES = st.tuples(
    *(
        st.tuples(
            st.just(loan),
            st.integers(1, 10**8),
            st.integers(1, 92),
            st.fractions(0, 1, max_denominator=20),
            st.integers(0, 3),
        )
        for loan in LOANS
    )
)
_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "fail", "claw", "collect", "waive"]), st.sampled_from(LOANS), st.integers(1, 400_000)
    ),
    max_size=25,
)


def approved(lines: list[SubsidyLine]) -> SubsidyBatch:
    said: dict[str, Any] = {
        "fund": "subsidy",
        "bank": "bank",
        "quarter": "2024Q2",
        "days": (FIRST, UNTIL),
        "method": METHOD.pin,
    }
    batch = SubsidyBatch.calculate(NOW, lines=lines, actor=actor("a"), value_date=DAY, **said)
    batch.confirm(NOW, actor=actor("b"), value_date=DAY)
    batch.approve(NOW, office="hr", actor=actor("c"), value_date=DAY)
    batch.approve(NOW, office="finance", actor=actor("d"), value_date=DAY)
    return batch


def act(batch: SubsidyBatch, what: str, loan_no: str, fen: Fen) -> None:
    of: dict[str, Any] = {"loan_no": loan_no, "quarter": None, "value_date": DAY}
    cash: dict[str, Any] = {"bank": "treasury", "bank_reference": f"r{batch.version}"}
    match what:
        case "pay":
            batch.pay(NOW, route="bank", loans=(loan_no,), actor=actor("e"), value_date=DAY, **cash)
        case "fail":
            batch.fail_payment(NOW, reason="closed", **of, **cash)
        case "claw":
            batch.claw_back(NOW, amount=fen, reason="employed", evidence=(), actor=actor("f"), **of)
        case "collect":
            batch.collect(NOW, amount=fen, **of, **cash)
        case "waive":
            batch.waive(NOW, amount=fen, reason="hardship", actor=actor("f"), confirmed_by="g", **of)


@settings(max_examples=150)
@given(_LINES, _ACTS)
def test_the_books_say_what_the_stream_says_whatever_happens(
    given_lines: tuple[tuple[str, Fen, int, Fraction, int], ...], acts: list[tuple[str, str, Fen]]
) -> None:
    batch = approved([line(*said) for said in given_lines])
    for said in acts:
        with suppress(refusals.MoreThanGranted, refusals.NothingToPay, refusals.NothingPaid, InvalidInput):
            act(batch, *said)
    facts, book = [*batch.collect_events()], SubsidyBook()
    of_loans, of_levels = Counter[tuple[str, str | None]](), Counter[tuple[str, str | None]]()
    for fact in facts:
        entry = book.post(fact, PLACE)
        assert sum(one.fen for one in entry) == 0 and all(one.fen and one.account[0] == "S" for one in entry)
        for one in entry:
            of_loans[one.account, one.loan_no] += one.fen
            of_levels[one.account, one.level] += one.fen
    for key, granted in batch.standing.items():
        loan_no, account = key[0], batch.account(key)
        assert batch.payable(key) >= 0 and account.owed_back >= 0 and account.given_up <= granted.amount_fen
        assert of_loans["S2001", loan_no] == -batch.payable(key)
        assert of_loans["S1201", loan_no] == account.owed_back
        assert of_loans["S5001", loan_no] == granted.amount_fen - account.given_up == batch.told_of(key)
        kept = granted.amount_fen - account.cut - account.collected
        assert of_loans["S4001", loan_no] == -kept
        assert of_loans["S2101", loan_no] == -account.collected
        assert of_loans["S1101", loan_no] == granted.amount_fen - account.cut
    for level in ("central", "province", "city", "county"):
        assert of_levels["S4001", level] <= 0, "no level gets back more than it bore"
    again = replayed(facts)
    assert again.state() == batch.state()
    assert {key: _money(again, key) for key in again.lines} == {key: _money(batch, key) for key in batch.lines}


def _money(batch: SubsidyBatch, key: Key) -> dict[str, Fen]:
    return dict(vars(batch.account(key)))


@given(_LINES)
def test_a_line_can_be_worked_out_of_itself(given_lines: tuple[tuple[str, Fen, int, Fraction, int], ...]) -> None:
    for said in given_lines:
        one = line(*said)
        assert one.worked_out() == (one.interest_fen, one.subsidy_fen, one.shared_fen)
        assert sum(level.fen for level in one.levels) == one.amount_fen and all(level.fen > 0 for level in one.levels)


def test_as_of_a_day_it_is_what_was_true_by_then() -> None:
    batch = approved([line("L-1", 10**7, 81, Fraction(1), 0)])
    later = DAY + timedelta(days=3)
    batch.pay(NOW, route="bank", loans=(), bank="t", bank_reference="p", actor=actor("e"), value_date=later)
    assert (
        batch.state(DAY)["paid"] == "0.00" and batch.state(later) == batch.state() and batch.state()["paid"] == "444.38"
    )
