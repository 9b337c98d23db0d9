"""Tapes and mappings to test with, and how a test reads them."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from domain.errors import Refusal
from ledger.importing.history import LoanHistory, Quarantined
from ledger.importing.mapping import TapeMapping, load_mapping
from ledger.importing.reading import open_tape

TODAY = date(2026, 6, 30)
BANK = """
title = "某市商业银行创业担保贷款台账"
encoding = "gb18030"
keep = ["备注"]
ignore = ["家庭住址"]

[loan]
loan_no = "贷款编号"
bank = { column = "经办银行", fill = "（未注明）", expected = true }
product = { value = "个人创业担保贷款" }
county = "县区"
guarantor = { value = "市创业贷款担保中心" }
approved = { column = "合同金额", thousands = "," }
guaranteed = { column = "合同金额", thousands = "," }
disbursed = { column = "发放金额", thousands = "," }
charged_off = { column = "代偿金额", thousands = ",", empty = ["-"] }
approved_on = { column = "合同日期", format = "%Y%m%d" }
disbursed_on = { column = "发放日期", format = "%Y/%-m/%-d" }
charged_off_on = { column = "代偿日期", format = "%Y/%-m/%-d", empty = ["-"] }
term_months = "期限"
jobs_created = { column = "带动就业", implausible_from = 8800 }
borrower_name = { column = "姓名", expected = true }
borrower_id_number = "身份证号"
borrower_phone = "手机号"

[loan.status]
column = "状态"
codes = { "结清" = "paid_in_full", "代偿" = "charged_off", "正常" = "open" }
"""
ROW = {
    "贷款编号": "JN-001",
    "经办银行": "任城农商行",
    "县区": "任城区",
    "合同金额": "300,000.00",
    "发放金额": "300,000.00",
    "代偿金额": "-",
    "合同日期": "20210315",
    "发放日期": "2021/3/18",
    "代偿日期": "-",
    "期限": "36",
    "带动就业": "3",
    "姓名": "张建国",
    "身份证号": "370811198001011234",
    "手机号": "13800138000",
    "状态": "正常",
    "备注": "首贷",
    "家庭住址": "某街道某号",
}
MINIMAL = """
keep = ["note"]
[loan]
loan_no = "no"
bank = "bank"
product = { value = "p" }
approved = "amount"
guaranteed = { value = "0.00" }
disbursed = "amount"
approved_on = "day"
disbursed_on = "day"
status = { value = "open" }
"""
HEADER = "no,bank,amount,day,note\n"
LINE = "1,B,100.00,2020-01-31,\n"


SECRET = {"姓名": "欧阳暗记", "身份证号": "SECRET-37081119", "手机号": "SECRET-138"}


@cache
def mapping(toml: str) -> TapeMapping:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mine.toml")
        path.write_text(toml, encoding="utf-8")
        return load_mapping(str(path))


def read(raw: bytes, toml: str = MINIMAL, *, name: str = "tape.csv") -> list[Quarantined | LoanHistory]:
    """All rows of a file of these bytes, after its check counted as many."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(raw)
        tape = open_tape(path, mapping(toml))
        counted, rows = tape.check(), list(tape.rows(TODAY))
    assert counted == len(rows)
    return rows


def bank_tape(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROW))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("gb18030")


def bank_row(**changes: str) -> LoanHistory | Quarantined:
    return read(bank_tape({**ROW, **changes}), BANK)[0]


def kept(row: LoanHistory | Quarantined) -> LoanHistory:
    assert isinstance(row, LoanHistory), row
    return row


def reasons(row: LoanHistory | Quarantined) -> set[tuple[str, str, str]]:
    assert isinstance(row, Quarantined), row
    return {(reason.field, reason.rule, reason.value) for reason in row.reasons}


def rules(row: LoanHistory | Quarantined) -> set[tuple[str, str, str]]:
    return {(odd.rule, odd.field, odd.value) for odd in kept(row).exceptions}


def only_refusals_or_rows(work: Callable[[], list[Quarantined | LoanHistory]]) -> list[Quarantined | LoanHistory]:
    """Any other exception fails the test."""
    try:
        return work()
    except Refusal as refused:
        said = str(refused) + refused.message("zh")
        assert "tape.csv" in said and not any(secret in said for secret in SECRET.values())
        return []
