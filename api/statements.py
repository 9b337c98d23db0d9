"""The customer's statement of account 客户对账单: a loan's entries between two days, by all that was known at a position.

Payments that were taken back by then are shown with what took them back; they met nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from api.owing import owing
from api.printing import Column, Language, Table, as_csv, as_pdf, as_xlsx
from domain.errors import InvalidInput
from domain.facts import Fact
from domain.loan.events import Disbursed, Refunded, Repaid, RepaymentReversed
from domain.loan.loan import Loan
from domain.loan.statement import Entry, entries
from domain.money import yuan
from domain.state import replayed
from domain.working_days import WorkCalendar

COLUMNS = (
    Column("日期", "date", "date"),
    Column("摘要", "entry", "text"),
    Column("金额", "amount", "money"),
    Column("本金", "principal", "money"),
    Column("利息", "interest", "money"),
    Column("罚息", "penalty", "money"),
    Column("费用", "costs", "money"),
    Column("已转销", "charged off", "money"),
    Column("可退", "refundable", "money"),
    Column("本金余额", "balance", "money"),
    Column("银行流水号", "bank reference", "text"),
)
_SAID = {
    "due": ("应还", "fell due"),
    "disbursed": ("放款", "paid out"),
    "repaid": ("还款", "repaid"),
    "refunded": ("退款", "refunded"),
    "cost_charged": ("费用", "cost charged"),
    "waived": ("减免", "waived"),
    "charged_off": ("转销", "charged off"),
    "taken_over": ("代偿接管", "taken over"),
    "reversed": ("还款冲正", "repayment taken back"),
}
_PARTS = ("principal", "interest", "penalty", "costs", "charged_off", "refundable")
_PAID_BACK = ("repaid", "reversed")


def statement(facts: Sequence[Fact], calendar: WorkCalendar, start: date | None, end: date) -> dict[str, Any]:
    """Of a loan's facts, in their order; `start` left out: from its contract. Raises InvalidInput."""
    loan: Loan = replayed(facts)
    loan.calendar = calendar
    first = start or loan.contract.value_date
    if first > end:
        raise InvalidInput(field="from", problem=f"{first} is after {end}", expected="a day up to the last one")
    references = _references(facts)
    told = _with_reversed(list(entries(loan.contract.terms, loan.movements, calendar, end)), facts, end)
    before, within = [e for e in told if e.day < first], [e for e in told if e.day >= first]
    opening = before[-1].balance if before else 0
    paid = [entry for entry in within if entry.kind in _PAID_BACK]
    owed = owing(loan, end)
    return {
        "loan_no": loan.contract.loan_no,
        "bank": loan.contract.bank,
        "from": first.isoformat(),
        "to": end.isoformat(),
        "opening_balance": yuan(opening),
        "lines": [_line(entry, references) for entry in within],
        "totals": {
            "disbursed": yuan(sum(entry.amount for entry in within if entry.kind == "disbursed")),
            "due": yuan(sum(entry.amount for entry in within if entry.kind == "due")),
            "repaid": yuan(sum(entry.amount for entry in paid)),
            **{part: yuan(sum(getattr(entry, part) for entry in paid)) for part in _PARTS},
        },
        "closing_balance": yuan(within[-1].balance if within else opening),
        "owed": {name: said for name, said in owed.items() if name not in ("loan_no", "on", "instalments")},
        "instalments": owed["instalments"],
    }


def printed(document: dict[str, Any], language: Language) -> Table:
    """The lines as a table; its totals are of what was repaid."""
    place = 0 if language == "zh" else 1
    lines = [
        (
            line["date"],
            _SAID[line["entry"]][place],
            *(line[name] for name in ("amount", *_PARTS, "balance")),
            line["bank_reference"] or "",
        )
        for line in document["lines"]
    ]
    sums = document["totals"]
    opening = (
        document["from"],
        ("期初余额", "opening balance")[place],
        *[""] * (len(_PARTS) + 1),
        document["opening_balance"],
        "",
    )
    totals = (
        "",
        ("还款合计", "repaid in all")[place],
        sums["repaid"],
        *(sums[part] for part in _PARTS),
        document["closing_balance"],
        "",
    )
    return Table("对账单", COLUMNS, [opening, *lines], totals)


def heading(document: dict[str, Any], language: Language) -> list[tuple[str, str]]:
    """What stands above the lines in print."""
    owed = document["owed"]
    said = (
        ("贷款编号", "loan", document["loan_no"]),
        ("经办银行", "bank", document["bank"]),
        ("期间", "period", f"{document['from']} – {document['to']}"),
        ("期初本金余额", "opening principal", document["opening_balance"]),
        ("期末本金余额", "closing principal", document["closing_balance"]),
        ("逾期本金", "overdue principal", owed["overdue_principal"]),
        ("逾期利息", "overdue interest", owed["overdue_interest"]),
        ("罚息", "penalty", owed["penalty"]),
        ("费用", "costs", owed["costs"]),
        ("当日结清金额", "payoff on the last day", owed["payoff"]),
    )
    return [(zh if language == "zh" else en, value) for zh, en, value in said]


def in_print(document: dict[str, Any], form: str, language: Language) -> bytes:
    """As `csv`, `xlsx` or `pdf`."""
    table = printed(document, language)
    match form:
        case "csv":
            return as_csv(table, language)
        case "xlsx":
            return as_xlsx(table, language)
    title = "客户对账单" if language == "zh" else "Statement of account"
    return as_pdf(table, language, title, heading(document, language))


def _line(entry: Entry, references: dict[int, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"date": entry.day.isoformat(), "entry": entry.kind, "amount": yuan(entry.amount)}
    said |= {part: yuan(getattr(entry, part)) for part in _PARTS}
    return said | {"balance": yuan(entry.balance), "bank_reference": references.get(entry.version or 0)}


def _references(facts: Sequence[Fact]) -> dict[int, str]:
    """The bank's own numbers, by the versions of the facts, without the bank before them."""
    moved = (fact for fact in facts if isinstance(fact, Disbursed | Repaid | Refunded) and fact.bank_reference)
    return {fact.originator_version: (fact.bank_reference or "").partition("|")[2] for fact in moved}


def _with_reversed(told: list[Entry], facts: Sequence[Fact], end: date) -> list[Entry]:
    """The payments that were taken back, and what took them back, after the others of their days, moving no balance."""
    paid = {fact.originator_version: fact for fact in facts if isinstance(fact, Repaid)}
    back_and_forth = list[Entry]()
    for fact in facts:
        if not isinstance(fact, RepaymentReversed):
            continue
        back = paid[fact.reverses_version]
        moved = max(back.value_date, fact.value_date)
        if moved <= end:
            back_and_forth.append(Entry(back.value_date, "repaid", back.amount_fen, version=back.originator_version))
            back_and_forth.append(Entry(moved, "reversed", -fact.amount_fen, version=back.originator_version))
    balance, placed, known = 0, list[Entry](), {id(entry) for entry in told}
    for entry in sorted([*told, *back_and_forth], key=lambda entry: entry.day):
        if id(entry) in known:
            balance = entry.balance
        placed.append(entry if id(entry) in known else replace(entry, balance=balance))
    return placed
