"""What lies between two looks at a loan: the steps lead from the one to the other, and each says why."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.loan.explaining import Point, Step, at, between
from domain.loan.loan import Loan
from tests.domain.lending import NOW, PAID_OUT, SCHEME, SIGNED, fen, pending, repay, reverse, terms
from tests.domain.test_altering import STRICT, extend
from tests.domain.test_correcting import charge, correct, waive

FIRST_DUE = date(2024, 4, 5)


def begun(method: str = "interest_only", *, serviced: bool = True) -> Loan:
    """12,000.00 at 3.6 %, 37.20 of interest in the first month; none of its facts is saved."""
    agreed = terms("0.036", 12, method=method, servicing=STRICT if serviced else None)
    contract = {"bank": "jining_rcb", "product": "individual", "guaranteed_fen": 0, "share_scheme": SCHEME}
    loan = Loan.sign(NOW, loan_no="JN-1", value_date=SIGNED, approved_fen=fen("12000.00"), terms=agreed, **contract)
    loan.disburse(NOW, amount=fen("12000.00"), value_date=PAID_OUT)
    return loan


def follow(start: Point, end: Point) -> list[Step]:
    """The steps, each of which begins where the last one ended."""
    figures, steps = dict(at(start)), list(between(start, end))
    for step in steps:
        assert step.before, "a step changes something"
        assert {name: figures[name] for name in step.before} == step.before
        assert all(step.before[name] != step.after[name] for name in step.before)
        figures |= step.after
    assert figures == at(end)
    return steps


def test_days_go_by() -> None:
    loan = begun()
    version = repay(loan, "37.20", date(2024, 4, 20))
    told = pending(loan)
    steps = follow(Point(PAID_OUT, told), Point(date(2024, 5, 1), told))
    assert [(step.cause, step.day, step.version) for step in steps] == [
        ("fell_due", FIRST_DUE, None),
        ("became_overdue", date(2024, 4, 6), None),
        ("time", date(2024, 4, 20), None),
        ("moved", date(2024, 4, 20), version),
        ("time", date(2024, 5, 1), None),
    ]
    paid = steps[3]
    assert (paid.before["overdue_interest"], paid.after["overdue_interest"]) == (fen("37.20"), fen("0.08"))
    assert (paid.before["penalty"], paid.after["penalty"]) == (fen("0.08"), 0)


def test_a_receipt_becomes_known() -> None:
    loan = begun()
    known = len(pending(loan))
    version = repay(loan, "37.20", FIRST_DUE)
    told, day = pending(loan), date(2024, 5, 1)
    before, after = Point(day, told[:known]), Point(day, told)
    (step,) = follow(before, after)
    assert (step.cause, step.day, step.version) == ("recorded", FIRST_DUE, version)
    assert (step.before["oldest_due"], step.after["oldest_due"]) == (FIRST_DUE, None)
    (back,) = follow(after, before)
    assert (back.before, back.after) == (step.after, step.before), "what was known less, looked at from later"


def test_before_a_loan_was_known_nothing_was_owed() -> None:
    told = pending(begun())
    steps = follow(Point(PAID_OUT, []), Point(PAID_OUT, told))
    assert [(step.cause, step.version) for step in steps] == [("recorded", 2)]
    assert follow(Point(FIRST_DUE, []), Point(PAID_OUT, [])) == []


def test_a_loan_without_servicing_rules() -> None:
    loan = begun(serviced=False)
    repay(loan, "100.00", date(2024, 4, 20))
    told = pending(loan)
    steps = follow(Point(PAID_OUT, told), Point(date(2024, 5, 1), told))
    assert [step.cause for step in steps] == ["time", "moved", "time"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_two_looks_at_any_life(data: st.DataObject) -> None:
    loan = begun(data.draw(st.sampled_from(["interest_only", "equal_principal", "equal_instalment"])))
    days = st.integers(0, 500).map(lambda n: PAID_OUT + timedelta(days=n))
    paid: list[int] = []
    for _ in range(data.draw(st.integers(1, 7))):
        what, day = data.draw(st.sampled_from(["repay", "reverse", "cost", "waive", "extend", "date"])), data.draw(days)
        amount = f"{data.draw(st.integers(1, 3000))}.{data.draw(st.integers(10, 99))}"
        try:
            match what:
                case "repay":
                    paid.append(repay(loan, amount, day))
                case "reverse":
                    reverse(loan, data.draw(st.sampled_from(paid or [0])), day)
                case "cost":
                    charge(loan, amount, day)
                case "waive":
                    waive(loan, "interest", "1.00", day)
                case "extend":
                    extend(loan, day)
                case "date":
                    correct(loan, data.draw(st.sampled_from(paid or [0])), day)
        except Refusal:
            continue
    told = pending(loan)
    looks = [Point(data.draw(days), told[: data.draw(st.integers(0, len(told)))]) for _ in range(2)]
    follow(*looks)
    follow(looks[1], looks[0])
