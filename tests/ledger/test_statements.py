"""Statement files: read into one shape, or refused with the exact reason; hostile ones without harm."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter

from api.demo.statements import Drawn, written
from domain.errors import BadInput
from domain.reconciliation.proofs import Bounds, failed, in_sequence, proved, same_account
from domain.reconciliation.reading import plain
from domain.reconciliation.references import MOST, references_in
from domain.reconciliation.statement import Statement
from ledger.statements import refusals
from ledger.statements.column_maps import map_of, read_map, shipped_maps
from ledger.statements.reading import read_file, read_statements

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bank"
HEADER = "交易日期,摘要,借方发生额,贷方发生额,余额,交易流水号,对方户名,对方账号"
ROWS = (
    '2025-03-03,代偿款 RF18539007547034,"17,136.40",,"4,982,863.60",000000000000123456,济宁农商行,9080100000000001',
    '2025-03-04,追偿款,,"4,500.01","4,987,363.61",000000000000123457,济宁市融资担保有限公司,1608000000000002',
)
CSV = "\n".join(["账号：3708001202600001,币种：人民币", "", HEADER, *ROWS, "合计,,17136.40,4500.01"]) + "\n"
MT940 = """:20:STMT
:25:3708001202600001
:28C:00012/001
:60F:C250302CNY5000000,00
:61:2503030303D17136,40NTRFNONREF//123456
:86:RF18539007547034
:61:2503040304C4500,01NTRFE2E-1//123457
:86:recovery
:62F:C250304CNY4987363,61
-
"""


def one(content: str | bytes, name: str = "statement", **more: Any) -> Statement:
    said = content.encode() if isinstance(content, str) else content
    (statement,) = read_statements(said, name, **more).statements
    return statement


def proofs(statement: Statement, before: Bounds | None = None, known: int = 0) -> dict[str, tuple[bool | None, int]]:
    found = proved(statement, number="3708001202600001", currency="CNY", before=before, known=known)
    return {proof.name: (proof.holds, proof.difference_fen) for proof in found}


def sheet(rows: list[list[Any]]) -> bytes:
    """A spreadsheet of those cells, numbers as numbers."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for at, row in enumerate(rows):
        for place, cell in enumerate(row):
            page.write(at, place, cell)
    book.close()
    return out.getvalue()


def camt(version: str = "08", **more: Any) -> str:
    """Two entries, opening 5,000,000.00."""
    lines = [
        Drawn(date(2025, 3, 3), -1713640, "123456", "RF18539007547034", "bank", frozenset(), "", True),
        Drawn(date(2025, 3, 4), 450001, "123457", "追偿款", "guarantor", frozenset(), "", True),
    ]
    said, _ = written(lines, "3708001202600001", 500_000_000, date(2025, 3, 3), date(2025, 3, 4), 12, **more)
    return said.decode().replace("camt.053.001.08", f"camt.053.001.{version}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_of_a_chinese_bank(encoding: str) -> None:
    statement = one(CSV.encode(encoding))
    assert (statement.account, statement.currency, len(statement.lines)) == ("3708001202600001", None, 2)
    first, second = statement.lines
    assert (first.fen, second.fen, first.balance) == (-1713640, 450001, 498286360)
    assert first.serial == "000000000000123456", "a serial number is a text: no digit is lost"
    assert (first.counterparty, first.counterparty_account) == ("济宁农商行", "9080100000000001")
    assert (statement.opening, statement.closing, statement.derived) == (500000000, 498736361, True)
    assert proofs(statement)["runs"] == (True, 0)


def test_the_newest_line_may_come_first() -> None:
    turned = one("\n".join([HEADER, *reversed(ROWS)]) + "\n")
    assert [line.number for line in turned.lines] == [1, 2]
    assert [line.fen for line in turned.lines] == [-1713640, 450001]
    assert [oddity.rule for oddity in turned.oddities] == ["newest_first"]
    same_day = [row.replace("2025-03-04", "2025-03-03") for row in ROWS]
    assert one("\n".join([HEADER, *reversed(same_day)]) + "\n").lines[0].fen == -1713640, "the running balance tells"


def test_a_column_that_says_debit_or_credit() -> None:
    text = "记账日期,金额,借贷标志,余额,流水号\n20250303,100.00,借,900.00,S1\n20250304,-30.00,借,930.00,S2\n20250305,5,贷,935.00,S3\n"
    assert [line.fen for line in one(text).lines] == [-10000, 3000, 500]
    with pytest.raises(refusals.BadValue, match=r"line 2: direction '\\u5176'"):
        one(text.replace("借,900.00", "其,900.00"))


def test_a_spreadsheet_says_the_same_as_the_table() -> None:
    cells: list[list[Any]] = [["账号", "3708001202600001"], HEADER.split(",")]
    cells += [
        [
            "2025-03-03",
            "代偿款 RF18539007547034",
            17136.40,
            "",
            4982863.6,
            "000000000000123456",
            "济宁农商行",
            "9080100000000001",
        ]
    ]
    cells += [
        [
            "2025-03-04",
            "追偿款",
            "",
            "4,500.01",
            4987363.61,
            "000000000000123457",
            "济宁市融资担保有限公司",
            "1608000000000002",
        ]
    ]
    assert one(sheet(cells))._replace(oddities=()) == one(CSV)._replace(oddities=())


def test_a_number_of_more_than_fifteen_digits_is_refused_where_it_is_a_text() -> None:
    cells: list[list[Any]] = [HEADER.split(","), ["2025-03-03", "x", 1, "", 99, 1234567890123456, "", ""]]
    with pytest.raises(refusals.DigitsLost, match="line 2"):
        one(sheet(cells))
    cells[1][5] = 123456789012345
    assert one(sheet(cells)).lines[0].serial == "123456789012345"


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_camt053_of_every_version(version: str) -> None:
    said = camt(version)
    if version in ("02", "04"):  # a plain status, and a plain name
        said = said.replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>").replace("<Pty>", "").replace("</Pty>", "")
    statement = one(said)
    assert (statement.account, statement.currency, statement.statement_id) == ("3708001202600001", "CNY", "12")
    assert (statement.opening, statement.closing, statement.opening_day) == (500000000, 498736361, date(2025, 3, 3))
    assert [line.fen for line in statement.lines] == [-1713640, 450001]
    assert statement.lines[1].counterparty == "济宁市融资担保有限公司" and statement.lines[1].serial == "123457"
    assert not failed(proved(statement, number="3708001202600001", currency="CNY", before=None))


def test_what_is_only_announced_is_no_line() -> None:
    statement = one(camt().replace("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>", 1))
    assert [line.fen for line in statement.lines] == [450001]
    assert [(oddity.rule, oddity.line) for oddity in statement.oddities] == [("not_booked", 1)]
    assert proofs(statement)["adds_up"] == (False, -1713640)


def test_mt940_is_read_message_by_message() -> None:
    statement = one(MT940)
    assert (statement.statement_id, statement.page, statement.currency) == ("00012", 1, "CNY")
    assert [(line.fen, line.serial, line.end_to_end) for line in statement.lines] == [
        (-1713640, "123456", None),
        (450001, "123457", "E2E-1"),
    ]
    assert proofs(statement)["adds_up"] == (True, 0)
    assert len(read_statements((MT940 + MT940.replace("00012", "00013")).encode(), "two").statements) == 2
    reversal = one(MT940.replace("D17136,40", "RD17136,40"))
    assert reversal.lines[0].fen == 1713640 and reversal.lines[0].reversal
    february = one(MT940.replace(":61:2503030303", ":61:2502300303"))
    assert february.lines[0].value_date == date(2025, 2, 28)
    assert [(oddity.rule, oddity.line) for oddity in february.oddities] == [("no_such_day:250230", 1)]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", refusals.NoStatement),
        (b"hello", refusals.NoStatement),
        (b"%PDF-1.7", refusals.NoStatement),
        (CSV.encode("utf-16"), refusals.Undecoded),
        (b"a,b\nc,\xff\xff\n", refusals.Undecoded),
        (b"a,b\nc,d\n", refusals.NoHeader),
        (CSV.replace("17,136.40", "17,13.40").encode(), refusals.BadValue),
        (CSV.replace("17,136.40", "17,136.405").encode(), refusals.BadValue),
        (CSV.replace("2025-03-03", "2025-02-30").encode(), refusals.BadValue),
        (CSV.replace('"17,136.40",,', '"17,136.40",5,').encode(), refusals.BadValue),
        (CSV.replace("9080100000000001", '"9080').encode(), refusals.NotWellFormed),
        (CSV.replace("9080100000000001", "9080100000000001,more").encode(), refusals.BadValue),
        (camt().replace("camt.053", "camt.054").encode(), refusals.OtherMessage),
        (camt("01").encode(), refusals.OtherMessage),
        (camt()[:-20].encode(), refusals.NotWellFormed),
        (camt().replace("CRDT", "CREDIT").encode(), refusals.TagMissing),
        (camt().replace("17136.40", "17136.405").encode(), refusals.BadValue),
        (camt().replace("2025-03-03</Dt>", "2025-03-33</Dt>").encode(), refusals.BadValue),
        (b"<html></html>", refusals.TagMissing),
        (MT940.replace(":62F:", ":63F:").encode(), refusals.TagMissing),
        (MT940.replace("C250304CNY4987363,61", "C2503044987363,61").encode(), refusals.BadValue),
        (MT940.replace("250303D", "250303X").replace("0303D", "0303X").encode(), BadInput),
        (b":20:X\n:25:1\n:28C:1\n:34F:CNYD0,00\n:13D:1610301730+0000\n:61:1610301031D0,42MCI0NONREF\n", refusals.OtherMessage),
        (b"PK\x03\x04rubbish", refusals.NotWellFormed),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', refusals.Hostile),
        (b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', refusals.Hostile),
        (camt().replace("<Ntry>", "<A>" * 60 + "</A>" * 60 + "<Ntry>", 1).encode(), refusals.Hostile),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_refused_with_the_reason(content: bytes, refusal: type[BadInput]) -> None:
    with pytest.raises(refusal) as refused:
        read_statements(content, "statement.x")
    assert refused.value.message("zh") and "statement.x" in refused.value.message("en")


def test_an_archive_that_unpacks_without_end_is_not_unpacked() -> None:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (300 * 1024 * 1024))
    with pytest.raises(refusals.Hostile):
        read_statements(out.getvalue(), "bomb.xlsx")


@pytest.mark.parametrize("kind", ["csv", "mt940", "camt053", "xlsx"])
def test_whatever_is_done_to_a_file_it_is_read_or_refused(kind: str) -> None:
    whole = {"csv": CSV.encode(), "mt940": MT940.encode(), "camt053": camt().encode()}
    content = whole.get(kind) or sheet([HEADER.split(","), *[row.replace('"', "").split(",") for row in ROWS]])
    chance = Random(kind)
    refused = 0
    for _ in range(400):
        mangled = bytearray(content)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(mangled))
            match chance.randrange(3):
                case 0:
                    mangled[at] = chance.randrange(256)
                case 1:
                    del mangled[at : at + chance.randrange(1, 30)]
                case _:
                    mangled[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        try:
            found = read_statements(bytes(mangled), "mangled").statements
            assert all(isinstance(line.fen, int) for statement in found for line in statement.lines)
        except BadInput as problem:
            refused += 1
            assert problem.message("zh")
    assert 0 < refused <= 400


def test_what_would_fill_the_ledger_is_bounded() -> None:
    with pytest.raises(refusals.StatementTooLarge, match="1000 statements"):
        read_statements(MT940.encode() * 1001, "many.sta")
    with pytest.raises(refusals.StatementTooLarge, match="1000 statements"):
        said = camt()
        one_of_them = said[said.index("<Stmt>") : said.index("</Stmt>") + len("</Stmt>")]
        read_statements(said.replace(one_of_them, one_of_them * 1001).encode(), "many.xml")
    assert len(references_in(" ".join(f"JN-2025-{at:06d}" for at in range(500)))) == MOST
    assert plain("x" * 65) is None and plain("0012/1") == "0012/1" and plain("张三") is None


def test_the_format_is_said_or_found_out() -> None:
    assert read_statements(MT940.encode(), "x", "mt940").format == "mt940"
    with pytest.raises(refusals.OtherFormat, match="is mt940, not csv"):
        read_statements(MT940.encode(), "x", "csv")
    with pytest.raises(refusals.StatementUnreadable):
        read_file(Path("/nowhere/x.csv"))


def test_a_map_of_one_s_own() -> None:
    own = """map = "own"
title = "Own"
header = ["Datum", "Betrag"]
days = ["%d.%m.%Y"]
[columns]
day = ["Datum"]
amount = ["Betrag"]
"""
    statement = one("Datum,Betrag\n03.03.2025,-17.50\n", mapping=read_map(own))
    assert [(line.booked_on, line.fen) for line in statement.lines] == [(date(2025, 3, 3), -1750)]
    with pytest.raises(refusals.MapUnreadable, match="amount"):
        read_map(own.replace("amount =", "amounts ="))
    with pytest.raises(refusals.MapUnreadable, match="paid_in"):
        read_map(own.replace('amount = ["Betrag"]', 'paid_in = ["Betrag"]'))
    with pytest.raises(refusals.UnknownMap):
        map_of("nobody's")
    assert {m.map for m in shipped_maps()} >= {
        "abc",
        "boc",
        "bocom",
        "cmb",
        "icbc",
        "enterprise",
        "enterprise_direction",
    }


def test_a_statement_follows_on_the_one_before() -> None:
    before = Bounds("11", 1, date(2025, 2, 28), 500_000_000)
    statement = one(camt())
    assert proofs(statement, before)["continues"] == (True, 0)
    assert proofs(statement, before)["in_sequence"][0] is True
    assert proofs(statement, before._replace(closing=499_999_000))["continues"] == (False, 1000)
    assert proofs(statement, before._replace(statement_id="10"))["in_sequence"][0] is False
    overlapping = before._replace(closing=500_000_000 - 1713640)
    assert proofs(statement, overlapping, known=-1713640)["continues"] == (True, 0), "what both tell of counts once"
    assert in_sequence("1", None, date(2025, 1, 1), Bounds("12", None, date(2024, 12, 1), 0)) is True, "a new year"
    assert in_sequence("12", 2, date(2025, 1, 1), Bounds("12", 1, date(2025, 1, 1), 0)) is True, "the next page"
    assert in_sequence("0", None, None, Bounds("0", None, None, 0)) is None, "not numbered"
    assert in_sequence("A", None, None, Bounds("0", None, None, 0)) is None


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("3708 0012 0260 0001", True),
        ("3708****0001", True),
        ("****0001", True),
        ("3708****0002", False),
        ("****", False),
        ("1", False),
    ],
)
def test_an_account_may_be_masked(said: str, same: bool) -> None:
    assert same_account(said, "3708001202600001") is same


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data/bank")
def test_every_file_of_real_banks_is_read_or_refused_with_the_reason() -> None:
    read, refused = dict[str, int](), dict[str, str]()
    for file in sorted(SHARED.rglob("*.*")):
        try:
            read[file.name] = sum(len(statement.lines) for statement in read_file(file).statements)
        except BadInput as problem:
            refused[file.name] = problem.code
            assert file.name in problem.message("en") and problem.message("zh")
    assert read["boc.csv"] == 17 and read["abc.csv"] == 5 and read["bocom.csv"] == 6 and read["cmb.csv"] == 5
    assert (read["cmxl-mt940.sta"], read["jejik-abnamro.sta"], read["jejik-ing.sta"]) == (16, 10, 7)
    assert refused["icbc.csv"] == "statement.value", "its balances are xx,yyyy.zz"
    assert refused["self-provided-mt942.sta"] == "statement.other_message"
    assert refused["self-provided-raphaelm.sta"] == "statement.value", "a balance without a currency"
    assert refused["self-provided-invalid_statement.sta"] == "statement.unknown_format"
    assert read["self-provided-february_30.sta"] == 1
    assert len(read) + len(refused) == 42
