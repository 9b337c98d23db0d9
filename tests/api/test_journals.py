"""The journal for independent tools: they accept it, say what we say to the fen, and refuse it once a figure is altered."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import sys
from collections import Counter as Sums
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from api import journals
from domain.money import yuan
from ledger.claiming import FileClaim, file_claim
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import ALL
from tests.api.test_loan_commands import home, say
from tests.conftest import as_role
from tests.domain.claiming import PACKAGE
from tests.ledger.deciding import BANK, Counter, counter
from tests.ledger.test_closing import DUE, book
from tests.projections.test_general_ledger import balances

__all__ = ["counter", "home", "say"]

BEAN_CHECK = str(Path(sys.executable).with_name("bean-check"))
HLEDGER = shutil.which("hledger")
NEEDS_HLEDGER = pytest.mark.skipif(HLEDGER is None, reason="hledger is not here: apt-get install hledger")


@pytest.fixture
def reading(counter: Counter, database: str) -> Iterator[Connection[Any]]:
    """A book with money, promises and a claim that waits."""
    book(counter.desk.ledger, 3)
    claim = {"loan_no": "L-0", "claim_no": "C-1", "documents": PACKAGE, "value_date": DUE + timedelta(days=100)}
    file_claim(counter.desk.ledger, FileClaim.model_validate(claim), counter.by("bank_officer", BANK))
    reader = as_role(database, "projector")
    with Engine(reader, ALL) as engine, connect(reader) as connection:
        assert engine.catch_up() == {}
        yield connection


def written(connection: Connection[Any], form: journals.Format, as_of: date | None = None) -> str:
    out = io.StringIO()
    journals.write(form, journals.lines(connection, as_of, None), out)
    return out.getvalue()


def accepted(text: str, folder: Path, *tool: str) -> bool:
    file = folder / "journal"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([*tool, str(file)], capture_output=True, check=False).returncode == 0


def altered(text: str) -> Iterator[str]:
    """The first exposure of a loan on one side, and on both, so that the entry balances."""
    return (text.replace("1080.00", "1081.00", sides) for sides in (1, 2))


def test_beancount_accepts_it_and_refuses_it_altered(reading: Connection[Any], tmp_path: Path) -> None:
    text = written(reading, "beancount")
    assert accepted(text, tmp_path, BEAN_CHECK)
    assert not any(accepted(wrong, tmp_path, BEAN_CHECK) for wrong in altered(text))
    said = {name: fen for name, fen in balances(reading).items() if fen}
    last = dict(re.findall(r"^[0-9-]+ balance (\S+)  (\S+) CNY$", text, re.MULTILINE))
    sums = Sums[str]()
    for name, amount in last.items():
        code = next(part for part in name.split(":") if re.fullmatch(r"[GM]\d{4}", part))
        sums[code] += int(amount.replace(".", ""))
    assert {code: fen for code, fen in sums.items() if fen} == said


@NEEDS_HLEDGER
def test_hledger_accepts_it_says_the_same_and_refuses_it_altered(reading: Connection[Any], tmp_path: Path) -> None:
    assert HLEDGER is not None
    text = written(reading, "hledger")
    check = (HLEDGER, "check", "-s", "-f")
    assert accepted(text, tmp_path, *check)
    assert not any(accepted(wrong, tmp_path, *check) for wrong in altered(text))
    file = tmp_path / "said"
    file.write_text(text, encoding="utf-8")
    table = subprocess.run(
        [HLEDGER, "-f", str(file), "bal", "--flat", "-N", "-O", "csv"], capture_output=True, check=True
    )
    sums = Sums[str]()
    for account, amount in list(csv.reader(io.StringIO(table.stdout.decode())))[1:]:
        sums[next(part for part in account.split(":") if part[0] in "GM" and part[1:].isdigit())] += int(
            amount.removeprefix("CNY ").replace(".", "")
        )
    assert dict(sums) == {name: fen for name, fen in balances(reading).items() if fen}


def test_as_csv_it_is_every_line_and_of_a_day_what_was_until_then(reading: Connection[Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(written(reading, "csv"))))
    assert {row["loan_no"] for row in rows} == {"", "L-0", "L-1", "L-2"}
    assert {row["claim_no"] for row in rows} == {"", "C-1"}
    until = list(csv.DictReader(io.StringIO(written(reading, "csv", DUE))))
    assert until == [row for row in rows if row["value_date"] <= DUE.isoformat()] != rows
    assert yuan(balances(reading)["G1001"]) in written(reading, "beancount")


def test_no_two_codes_become_one_account() -> None:
    codes = ["a_b", "a-b", "a b", "a.b", "基金", "基 金", "A_b", "a-x2d-b", "none"]
    assert len({journals._plain(code) for code in codes}) == len(codes)


def test_from_the_command_line(say: Any, home: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    assert say(*home, "journal", "--format", "beancount", str(out)).document["entries"] >= 0
    assert say(*home, "journal", "--format", "gnucash", str(out)).error["field"] == "--format"
    gone = say(*home, "journal", str(tmp_path / "nowhere" / "books"))
    assert (gone.status, gone.error["code"]) == (2, "input.invalid")
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("books")] == ["books.beancount"]
