"""The statement of account: every line to the fen by all that is known, in four forms that say the same."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from api.printing import as_pdf
from api.statements import heading, printed, statement
from domain.errors import InvalidInput
from domain.facts import Fact
from domain.loan.loan import Loan
from domain.loan.terms import Servicing
from domain.money import parse_yuan
from domain.working_days import WorkCalendar
from tests.api.test_loan_commands import OUT, home, say
from tests.domain.lending import NOW, PAID_OUT, SIGNED, fen, pending, repay, reverse, signed, terms
from tests.domain.test_correcting import waive

__all__ = ["home", "say"]

END = date(2024, 6, 30)
EMPTY = WorkCalendar({})


def lent() -> tuple[list[Fact], Loan]:
    """12,000.00 in twelve parts: the first instalment came fifteen days late, a payment of May was taken back."""
    agreed = terms("0.036", 12, method="equal_principal", servicing=Servicing(next_working_day=False))
    loan = signed("12000.00", terms=agreed)
    loan.disburse(NOW, amount=1_200_000, value_date=PAID_OUT)
    repay(loan, "1039.53", date(2024, 4, 20))
    back = repay(loan, "500.00", date(2024, 5, 6))
    reverse(loan, back, date(2024, 5, 10))
    return told(loan), loan


def told(loan: Loan) -> list[Fact]:
    return [loan.contract, *pending(loan)]


def test_every_line_says_what_fell_due_and_what_a_payment_met() -> None:
    facts, _ = lent()
    said = statement(facts, EMPTY, None, END)
    lines = [(line["date"], line["entry"], line["amount"], line["penalty"], line["balance"]) for line in said["lines"]]
    assert lines == [
        ("2024-03-05", "disbursed", "12000.00", "0.00", "12000.00"),
        ("2024-04-05", "due", "1037.20", "0.00", "12000.00"),
        ("2024-04-20", "repaid", "1039.53", "2.33", "11000.00"),
        ("2024-05-05", "due", "1033.00", "0.00", "11000.00"),
        ("2024-05-06", "repaid", "500.00", "0.00", "11000.00"),
        ("2024-05-10", "reversed", "-500.00", "0.00", "11000.00"),
        ("2024-06-05", "due", "1031.00", "0.00", "11000.00"),
    ]
    assert (said["from"], said["opening_balance"], said["closing_balance"]) == (SIGNED.isoformat(), "0.00", "11000.00")
    assert said["totals"]["repaid"] == "1039.53"
    early = statement(facts, EMPTY, None, date(2024, 5, 9))
    assert [line["entry"] for line in early["lines"]][-1] == "due", (
        "the payment that was taken back on the 10th met nothing"
    )
    assert early["totals"]["repaid"] == "1039.53"
    later = statement(facts, EMPTY, date(2024, 5, 1), END)
    assert (later["opening_balance"], len(later["lines"])) == ("11000.00", 4)
    with pytest.raises(InvalidInput, match="from"):
        statement(facts, EMPTY, date(2024, 7, 1), END)


def test_what_came_of_a_loss_and_what_a_waiver_came_to() -> None:
    loan = signed("12000.00", terms=terms("0.036", 12, method="interest_only", servicing=Servicing()))
    loan.disburse(NOW, amount=1_200_000, value_date=PAID_OUT)
    waive(loan, "interest", "30.00", date(2024, 4, 5))
    loan.repay(NOW, amount=fen("20.00"), value_date=date(2024, 4, 4))
    loan.charge_off(NOW, amount=loan.outstanding, value_date=date(2024, 4, 10))
    loan.repay(NOW, amount=fen("100.00"), value_date=date(2024, 4, 11))
    lines = statement(told(loan), EMPTY, None, date(2024, 4, 11))["lines"]
    waived, recovered = (
        next(line for line in reversed(lines) if line["entry"] == kind) for kind in ("waived", "repaid")
    )
    assert (waived["amount"], waived["interest"]) == ("17.20", "17.20"), (
        "of 37.20 the 20.00 of the day before paid the rest"
    )
    assert (
        parse_yuan(recovered["charged_off"]) + parse_yuan(recovered["interest"]) + parse_yuan(recovered["penalty"])
        == 10_000
    )


@settings(deadline=None, max_examples=50)
@given(
    payments=st.lists(st.tuples(st.integers(1, 28), st.integers(1, 12), st.integers(1, 500_000)), max_size=8),
    split=st.dates(date(2024, 3, 1), date(2025, 3, 1)),
)
def test_the_lines_add_up_and_two_statements_make_one(payments: list[tuple[int, int, int]], split: date) -> None:
    loan = signed("12000.00", terms=terms("0.036", 12, servicing=Servicing()))
    loan.disburse(NOW, amount=1_200_000, value_date=PAID_OUT)
    for day, month, paid in payments:
        on = date(2024, month, day)
        if on > PAID_OUT:
            loan.repay(NOW, amount=paid, value_date=on)
    facts, end = told(loan), date(2025, 3, 31)
    whole = statement(facts, EMPTY, None, end)
    parts = ("principal", "interest", "penalty", "costs", "charged_off", "refundable")
    met = sum(parse_yuan(whole["totals"][part]) for part in parts)
    assert met == parse_yuan(whole["totals"]["repaid"])
    balance = 0
    for line in whole["lines"]:
        moved = {"disbursed": 1, "repaid": -1}.get(line["entry"], 0)
        balance += moved * parse_yuan(line["principal"])
        assert line["balance"] == f"{balance // 100}.{balance % 100:02d}"
    first, second = statement(facts, EMPTY, None, split), statement(facts, EMPTY, split, end)
    again = [line for line in first["lines"] if line["date"] != split.isoformat()] + second["lines"]
    assert again == whole["lines"]


def test_in_print_it_says_the_same(say: Any, home: tuple[str, ...], tmp_path: Path) -> None:
    say(*home, *OUT)
    say(*home, "loan", "repay", "JN-1", "1037.20", "--reference", "R-1", "--on", "2024-04-05")
    files = [tmp_path / f"statement.{kind}" for kind in ("csv", "xlsx", "pdf")]
    forms = [part for file in files for part in (f"--{file.suffix[1:]}", str(file))]
    said = say(*home, "--lang", "zh", "loan", "statement", "JN-1", "--to", "2024-05-05", *forms).document
    assert [line["bank_reference"] for line in said["lines"]] == ["D-1", None, "R-1", None]
    rows = list(csv.reader(io.StringIO(files[0].read_text(encoding="utf-8-sig"))))
    assert rows[0][:3] == ["日期", "摘要", "金额"]
    assert rows[4] == ["2024-04-05", "还款", "1037.20", "1000.00", "37.20", *["0.00"] * 4, "11000.00", "R-1"]
    sheet = CalamineWorkbook.from_path(files[1]).get_sheet_by_index(0).to_python()
    assert (sheet[4][0], sheet[4][3], sheet[-1][0]) == (date(2024, 4, 5), 1000.0, "合计")
    content = files[2].read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"NotoSansCJKsc" in content, "the Chinese font is embedded"
    signed_at = say(*home, "replay", "loan/JN-1").document["events"][0]["position"]
    early = say(*home, "loan", "statement", "JN-1", "--to", "2024-05-05", "--known-at", str(signed_at)).document
    assert early["lines"] == []
    assert say(*home, "loan", "statement", "nowhere").error["field"] == "loan_no"


def test_a_name_that_looks_like_markup_is_printed_as_it_is() -> None:
    facts, _ = lent()
    said = statement(facts, EMPTY, None, END) | {"bank": '#panic("x") $ * _ \\'}
    assert as_pdf(printed(said, "en"), "en", "Statement", heading(said, "en")).startswith(b"%PDF-")
