"""Claims from the command line: the worked example from the package to the last recovery, and what is said when it cannot be."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from psycopg.conninfo import conninfo_to_dict

import api.cli  # noqa: F401 - the commands register themselves
from api.command_line.app import BAD_INPUT, CLEAN, REFUSED, run
from api.settings import Settings
from api.wiring import Installation
from domain.facts import Moment
from ledger.ledger import Ledger
from tests import conftest
from tests.funds import open_with_capital
from tests.ledger.test_claiming import BANK, FUND, GUARANTOR, Office
from tests.papers import pdf

Answer: TypeAlias = tuple[int, dict[str, Any]]
Say: TypeAlias = Callable[..., Answer]
BANKER, SECOND_BANKER = f"bank_officer:b-1@{BANK}/rencheng", f"bank_officer:b-2@{BANK}/rencheng"
COMPANY, FUNDS = f"guarantor_officer:g-1@{GUARANTOR}/rencheng", "fund_officer:f-1@hr/jining"
PACKAGE = [f"--document={code}={n:064x}" for n, code in enumerate(("claim_form", "dunning", "contract"))]


@pytest.fixture
def say(
    ledger: Ledger,
    database: str,
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Say]:
    """Runs a command in this process on a database with one loan that was never repaid; gives its status and its document."""
    office = Office(ledger, Moment(now=datetime.now(UTC)))
    open_with_capital(ledger, office.moment, FUND)
    office.lend()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.delenv("KEYSTORE_URL", raising=False)

    def said(*arguments: str, by: str = BANKER) -> Answer:
        capsys.readouterr()
        status = run(["--data", str(tmp_path / "data"), "--json", "--as", by, *arguments])
        return status, json.loads(capsys.readouterr().out)

    yield said
    conftest._drop(server, f"{conninfo_to_dict(database)['dbname']}_keys")


def done(say: Say, *arguments: str, by: str = BANKER) -> dict[str, Any]:
    status, document = say("claim", *arguments, by=by)
    assert status == CLEAN, (arguments, document)
    return document


def approved(say: Say) -> dict[str, Any]:
    done(say, "file", "C-1", "L-1", *PACKAGE, "--excluded", "500.00", "--on", "2025-06-04")
    done(say, "return", "C-1", "dunning", "--on", "2025-06-05", by="hr_officer:h-1@hr")
    done(say, "resubmit", "C-1", f"--document=dunning={'d' * 64}", "--on", "2025-06-06")
    done(say, "verify", "C-1", "--on", "2025-06-09", by="hr_officer:h-1@hr")
    done(say, "dispute", "C-1", "bank", "--reason", "more is owed", "--on", "2025-06-09", by=SECOND_BANKER)
    settle = ("settle-dispute", "C-1", "dismissed", "--reason", "it is not", "--on", "2025-06-09")
    done(say, *settle, by="hr_officer:h-1@hr")
    done(say, "confirm", "C-1", "bank", "--on", "2025-06-10", by=SECOND_BANKER)
    done(say, "confirm", "C-1", "guarantor", "--on", "2025-06-10", by=COMPANY)
    for office in ("pboc", "finance", "hr"):
        document = done(say, "endorse", "C-1", office, "--on", "2025-06-11", by=f"{office}_officer:{office}-7@{office}")
    return document


def test_the_worked_example_from_the_package_to_the_last_recovery(say: Say) -> None:
    assert approved(say)["waits_for"] == ["fund", "guarantor"]
    done(say, "pay", "C-1", "guarantor", "--reference", "P-1", "--on", "2025-06-20", by=COMPANY)
    done(say, "pay", "C-1", "fund", "--reference", "P-2", "--bank", BANK, "--on", "2025-06-20", by=FUNDS)
    account = ("--bank", BANK, "--reference")
    first = ("recover", "C-1", "51260.07", "--cost", "1260.00", *account, "Z-1", "--on", "2025-09-10")
    assert done(say, *first, by=COMPANY)["recovered"]["fund"] == "4500.01"
    remit = ("remit", "C-1", "guarantor", "fund", "4500.01", *account, "T-1", "--on", "2025-09-11")
    done(say, *remit, by=COMPANY)
    _, history = say("replay", "claim/C-1")
    version = next(e["version"] for e in history["events"] if e["topic"] == "claim.recovery_received")
    done(say, "recover", "C-1", "12345.29", *account, "Z-2", "--on", "2025-10-10", by=COMPANY)
    second = done(say, "recover", "C-1", "1.00", *account, "Z-3", "--on", "2025-10-11", by=COMPANY)
    assert (second["recovered"]["fund"], version > 1) == ("5611.17", True)
    back = ("reverse-recovery", "C-1", str(history["events"][-1]["version"] + 2), "--reason", "a slip")
    done(say, *back, "--with", f"guarantor_officer:g-2@{GUARANTOR}", "--on", "2025-10-12", by=COMPANY)
    over = ("take-over", "C-1", "shop-1", "100.00", "--reason", "ruling", "--evidence", "e" * 64, "--on", "2025-10-13")
    assert done(say, *over, "--with", f"guarantor_officer:g-2@{GUARANTOR}", by=COMPANY)["assets"] == ["shop-1"]
    sold = done(say, "sell", "C-1", "shop-1", "0.00", *account, "Z-9", "--on", "2025-10-14", by=COMPANY)
    assert (sold["assets"], sold["recovered"]["fund"]) == ([], "5611.08"), "given back"
    off = ("write-off", "C-1", "fund", "--reason", "court", "--evidence", "e" * 64)
    done(say, *off, "--with", "finance_officer:fin-1@finance", "--on", "2025-11-01", by=FUNDS)
    late = done(say, "recover", "C-1", "1000.01", *account, "Z-4", "--on", "2025-12-01", by=COMPANY)
    assert late["written_off"]["fund"] == "11525.32"
    assert (late["outstanding"]["fund"], late["recovered_after_write_off"]["fund"]) == ("0.00", "90.00")
    _, register = say("query", "claim_register")
    (row,) = register["rows"]
    assert (row["status"], row["covered"], row["fund_share"]) == ("paid", "190404.48", "17136.40")
    assert say("query", "claim_register", "--as-of", "2025-06-10")[1]["rows"][0]["waiting_for"] == "hr, finance, pboc"
    _, book = say("query", "loan_book")
    assert (book["rows"][0]["status"], book["rows"][0]["outstanding"]) == ("taken_over", "0.00")


def test_a_file_is_kept_under_the_borrower_s_key_and_known_by_its_digest(
    say: Say, ledger: Ledger, tmp_path: Path
) -> None:
    paper = tmp_path / "dunning.pdf"
    paper.write_bytes(pdf("reminders"))
    digest = hashlib.sha256(paper.read_bytes()).hexdigest()
    with Installation(Settings(data=tmp_path / "data", database_url=os.environ["DATABASE_URL"])) as installation:
        (key,) = installation.keystore.persons(["379999198201010010"]).values()
        Office(ledger, Moment(now=datetime.now(UTC))).lend("L-2", borrower=key.person)
        done(say, "file", "C-2", "L-2", *PACKAGE[:1], f"--document=dunning={paper}", PACKAGE[2])
        assert installation.desk.materials.open(digest, key) == paper.read_bytes()
    _, history = say("replay", "claim/C-2")
    assert history["events"][0]["body"]["documents"]["dunning"] == digest
    status, said = say("claim", "file", "C-1", "L-1", *PACKAGE[:1], f"--document=dunning={paper}", PACKAGE[2])
    assert (status, said["error"]["code"]) == (REFUSED, "keystore.person_unreadable"), (
        "nobody has a key to keep it under"
    )


def test_a_claim_in_part_and_one_that_ends(say: Say) -> None:
    done(say, "file", "C-1", "L-1", *PACKAGE, "--on", "2025-06-04")
    part = ("verify", "C-1", "--principal", "190000.00", "--deduct", "404.48=late dunning", "--on", "2025-06-05")
    assert done(say, *part, by="hr_officer:h-1@hr")["covered"] == "190000.00"
    reject = ("reject", "C-1", "--ground", "guarantor_released", "--reason", "changed without consent")
    assert done(say, *reject, "--on", "2025-06-06", by="hr_officer:h-1@hr")["status"] == "rejected"
    done(say, "file", "C-2", "L-1", *PACKAGE, "--on", "2025-06-07")
    assert done(say, "withdraw", "C-2", "--reason", "he pays", "--on", "2025-06-08")["status"] == "withdrawn"
    assert done(say, "show", "C-1")["status"] == "rejected"


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("show", "nowhere"), REFUSED, "claim.unknown"),
        (("file", "C-1", "L-1", "--on", "2025-06-04"), REFUSED, "claim.documents_missing"),
        (("file", "C-1", "L-1", *PACKAGE, "--on", "2025-06-03"), REFUSED, "claim.not_overdue_enough"),
        (("file", "C-1", "L-1", "--document", "dunning"), BAD_INPUT, "input.invalid"),
        (("file", "C-1", "L-1", "--excluded", "1,5"), BAD_INPUT, "input.invalid"),
        (("settle-dispute", "C-1", "perhaps", "--reason", "x"), BAD_INPUT, "input.invalid"),
        (("confirm", "C-1", "x" * 99), BAD_INPUT, "input.invalid"),
        (("recover", "C-1", "1.001", "--bank", "b", "--reference", "r"), BAD_INPUT, "input.invalid"),
    ],
)
def test_what_cannot_be_is_said(say: Say, arguments: tuple[str, ...], status: int, code: str) -> None:
    answered, document = say("claim", *arguments)
    assert (answered, document["error"]["code"]) == (status, code)
    assert document["error"]["message"]["zh"] != document["error"]["message"]["en"]
