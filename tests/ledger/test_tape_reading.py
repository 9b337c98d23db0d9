"""A tape as a whole: the real ones convert to their totals, and a file that is not whole is refused before any row."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.money import parse_yuan
from ledger.importing import refusals
from ledger.importing.history import LoanHistory
from ledger.importing.mapping import load_mapping
from ledger.importing.reading import Tape, open_tape
from tests.ledger.tapes import (
    BANK,
    HEADER,
    LINE,
    MINIMAL,
    ROW,
    TODAY,
    bank_tape,
    kept,
    mapping,
    only_refusals_or_rows,
    read,
    reasons,
    rules,
)

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "loans"


def shared(name: str) -> Path:
    if not (SHARED / name).exists():
        pytest.skip(f"real input {SHARED / name} is not here")
    return SHARED / name


def real(name: str, mapping_name: str) -> tuple[Tape, list[LoanHistory], dict[str, Any]]:
    tape = open_tape(shared(name), load_mapping(mapping_name))
    totals = json.loads(shared(f"{name.split('.')[0]}_totals.json").read_text())
    return tape, [kept(row) for row in tape.rows(TODAY)], totals


# The real tapes


def test_sba_converts_whole_with_its_totals() -> None:
    tape, loans, totals = real("sba_california.csv", "sba")
    assert tape.check() == len(loans) == 2101
    groups = {"CHGOFF": totals["by_status"]["CHGOFF"], "PIF": totals["by_status"]["PIF"], "": totals["total"]}
    for word, expected in groups.items():
        chosen = [loan for loan in loans if word in ("", loan.source_status)]
        assert len(chosen) == expected["n"]
        assert sum(loan.approved for loan in chosen) == parse_yuan(expected["gr_appv"])
        assert sum(loan.guaranteed for loan in chosen) == parse_yuan(expected["sba_appv"])
        assert sum(loan.disbursed for loan in chosen) == parse_yuan(expected["disbursement_gross"])
        assert sum(loan.charged_off for loan in chosen) == parse_yuan(expected["chg_off_prin_gr"])
        assert sum(loan.jobs_created for loan in chosen) == int(expected["create_job"])
        assert sum(loan.jobs_retained for loan in chosen) == int(expected["retained_job"])


def test_sba_lists_what_is_odd() -> None:
    _, loans, _ = real("sba_california.csv", "sba")
    counted = Counter(exception.rule for loan in loans for exception in loan.exceptions)
    assert counted == {
        "unknown_code": 788,
        "disbursed_above_approved": 611,
        "charged_off_after_term": 226,
        "disbursed_below_approved": 124,
        "paid_in_full_but_charged_off": 11,
        "missing": 9,
        "term_zero": 3,
        "disbursement_date_missing": 2,
    }
    assert {loan.bank for loan in loans if loan.values["bank"] == ""} == {"(not stated)"}


def test_sba_keeps_every_column_verbatim() -> None:
    _, loans, _ = real("sba_california.csv", "sba")
    with shared("sba_california.csv").open(encoding="utf-8", newline="") as file:
        assert [loan.values for loan in loans] == list(csv.DictReader(file))


def test_lending_club_balances_to_the_cent() -> None:
    tape, loans, totals = real("lending_club_2018.csv.gz", "lending_club")
    assert tape.check() == len(loans) == 10_000
    for word, expected in {"": totals["total"], **totals["by_status"]}.items():
        chosen = [loan for loan in loans if word in ("", loan.source_status)]
        assert len(chosen) == expected["n"]
        assert sum(loan.approved for loan in chosen) == parse_yuan(expected["loan_amount"])
        assert sum(loan.outstanding or 0 for loan in chosen) == parse_yuan(expected["balance"])
        assert sum(loan.paid_principal or 0 for loan in chosen) == parse_yuan(expected["paid_principal"])
        assert sum(loan.paid_interest or 0 for loan in chosen) == parse_yuan(expected["paid_interest"])
        assert sum(loan.paid_penalty or 0 for loan in chosen) == parse_yuan(expected["paid_late_fees"])
    for loan in loans:
        assert loan.approved - (loan.paid_principal or 0) - loan.charged_off == loan.outstanding
    assert sum(loan.charged_off for loan in loans) == parse_yuan("85574.24")
    counted = Counter(exception.rule for loan in loans for exception in loan.exceptions)
    assert counted == {"charge_off_date_missing": 7, "parts_do_not_sum": 4}
    assert sum(Decimal(loan.values["paid_total"]) for loan in loans) == Decimal(totals["total"]["paid_total"])
    assert (loans[0].loan_no, loans[0].approved_on, loans[0].term_months) == ("LC2018-0", date(2018, 3, 1), 60)
    assert loans[0].annual_rate == Decimal("0.1407")


def test_progress_tells_the_bytes_read() -> None:
    tape = open_tape(shared("lending_club_2018.csv.gz"), load_mapping("lending_club"))
    told: list[int] = []
    tape.check(told.append)
    assert told == sorted(told) and told[-1] == tape.size


# The file as a whole


def test_plain_packed_marked_and_blank_lined_files_read_the_same() -> None:
    plain = (HEADER + LINE).encode()
    expected = read(plain)
    assert len(expected) == 1
    assert read(b"\xef\xbb\xbf" + plain) == expected
    assert read(gzip.compress(plain, mtime=0), name="tape.csv.gz") == expected
    assert read(plain.replace(b"\n", b"\r\n") + b"\r\n") == expected
    assert read(HEADER.encode()) == []


def test_a_row_with_another_number_of_fields_is_quarantined_alone() -> None:
    rows = read((HEADER + "1,B,100\n" + LINE + "2,B,1,2020-01-31,x,secret\n" + LINE).encode())
    assert reasons(rows[0]) == {("row", "wrong_number_of_fields", "3 fields where the header has 5")}
    assert reasons(rows[2]) == {("row", "wrong_number_of_fields", "6 fields where the header has 5")}
    assert kept(rows[1]).values == kept(rows[3]).values and (rows[2].row, rows[3].row) == (3, 4)


def test_a_last_line_without_its_end_is_kept_and_listed() -> None:
    row = read((HEADER + LINE + "2,B,1,2020-01-31,cut").encode())[1]
    assert rules(row) == {("last_line_without_end", "note", "cut")}


GB = (HEADER + "1,济宁银行,100.00,2020-01-31,\n").encode("gb18030")
WHOLE = (HEADER + LINE * 3).encode()


@pytest.mark.parametrize(
    ("raw", "refusal", "said"),
    [
        (b"", refusals.TapeEmpty, "is empty"),
        (b"\n\n", refusals.NotAHeader, "it is no header"),
        (b"\xef\xbb\xbf", refusals.NotAHeader, "it is no header"),
        (GB, refusals.NotUtf8, r'line 2, byte 26.*encoding = "gb18030"'),
        (HEADER.encode("utf-16"), refusals.WrongEncoding, "UTF-16"),
        ((HEADER + LINE).encode().replace(b"B", b"\0"), refusals.NulByte, "line 2, byte 26"),
        (HEADER.replace("note", "bank").encode(), refusals.RepeatedColumns, "bank more than once"),
        (
            HEADER.replace("note", "note,memo,").encode(),
            refusals.UnmappedColumns,
            r"memo, \(without a name\): map, keep",
        ),
        (
            HEADER.replace("note", "memo").encode(),
            refusals.MissingColumns,
            r"lacks note.*\(unmapped in the file: memo\)",
        ),
        (HEADER.replace(",", ";").encode(), refusals.NotAHeader, "separator is not ','"),
        (WHOLE[:-8], refusals.TapeCutOff, "line 4"),
        (WHOLE + b'4,"B', refusals.TapeCutOff, "line 5"),
        (WHOLE + b'4,"B,100.00,2020-01-31,\n' + LINE.encode() * 9, refusals.TapeCutOff, "line 5"),
        (WHOLE + b"4,B,1,2020-01-31,\xe5\xbc", refusals.TapeCutOff, "line 5"),
        (WHOLE + b'4,"B"C,100.00,2020-01-31,\n', refusals.BadQuoting, "line 5"),
        (WHOLE + b"4,B\rC,100.00,2020-01-31,\n", refusals.BadQuoting, "carriage return"),
        (WHOLE + b"4,B,1,2020-01-31," + b"x" * 65_537 + b"\n", refusals.HugeField, "line 5 is longer than 65536"),
        (WHOLE + b"4,B,1,2020-01-31," + b"x" * 200_000 + b"\n", refusals.HugeField, "line 5"),
        (WHOLE + b"x," * 600_000 + b"\n", refusals.HugeLine, "line 5 is longer than 1048576 bytes"),
        (gzip.compress(WHOLE, mtime=0)[:-9], refusals.BadGzip, "not a whole gzip file"),
        (b"\x1f\x8b" + WHOLE, refusals.BadGzip, "not a whole gzip file"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_before_any_row(raw: bytes, refusal: type[Refusal], said: str) -> None:
    with pytest.raises(refusal, match=said) as refused:
        read(raw)
    assert "tape.csv" in refused.value.message("zh")


def test_a_gz_name_without_gzip_inside_is_refused() -> None:
    with pytest.raises(refusals.BadGzip):
        read(WHOLE, name="tape.csv.gz")


@pytest.mark.parametrize(
    "raw",
    [
        bank_tape(ROW).decode("gb18030").encode(),
        b"\xef\xbb\xbf" + WHOLE,
        pytest.param("贷款,银行\n".encode(), id="bytes that are GB18030 too, with no column of the mapping"),
    ],
)
def test_utf8_where_the_mapping_says_gb18030_is_refused(raw: bytes) -> None:
    with pytest.raises(refusals.NotGb18030, match='encoding = "utf-8"'):
        read(raw, 'encoding = "gb18030"\n' + MINIMAL)


def test_a_file_without_a_header_does_not_show_its_first_row() -> None:
    with pytest.raises(refusals.NotAHeader) as refused:
        read("\n".join(bank_tape(ROW).decode("gb18030").splitlines()[1:]).encode("gb18030"), BANK)
    assert not any(value in str(refused.value) for value in ROW.values() if len(value) > 1)


@pytest.mark.parametrize("path", ["/nowhere/tape.csv", "/", "no\0path.csv"])
def test_a_path_that_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(refusals.TapeUnreadable, match="cannot be read"):
        open_tape(path, mapping(MINIMAL))


@pytest.mark.parametrize("later", [HEADER + LINE * 2, HEADER.replace("note", "noted") + LINE, HEADER])
def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path, later: str) -> None:
    path = tmp_path / "tape.csv"
    path.write_text(HEADER + LINE)
    tape = open_tape(path, mapping(MINIMAL))
    assert tape.check() == 1
    path.write_text(later)
    with pytest.raises(refusals.TapeChanged):
        list(tape.rows(TODAY))


# Anything at all


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=400), start=st.sampled_from([b"", HEADER.encode(), WHOLE, b"\x1f\x8b\x08\x00"]))
def test_any_bytes_are_rows_or_a_refusal(raw: bytes, start: bytes) -> None:
    only_refusals_or_rows(lambda: read(start + raw))
    only_refusals_or_rows(lambda: read(start + raw, name="tape.csv.gz"))
    only_refusals_or_rows(lambda: read(start + raw, MINIMAL + '[codes]\nbank = ["B"]\n'))


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.integers(0, 10_000))
def test_a_damaged_gzip_is_rows_or_a_refusal(place: int, byte: int, cut: int) -> None:
    raw = bytearray(gzip.compress(WHOLE, mtime=0))
    raw[place % len(raw)] = byte
    only_refusals_or_rows(lambda: read(bytes(raw[: 1 + cut % len(raw)]), name="tape.csv.gz"))
