"""A tape becomes facts once, whole, exact to the cent and without a name in the clear; what cannot be a fact is set aside with its reason."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg import sql

from domain.actor import LOCAL_OPERATOR, Actor
from domain.compensation.claim import Claim
from domain.errors import NotPermitted
from domain.facts import Moment
from domain.loan.events import ChargedOff, ContractSigned, Repaid, Settled
from domain.loan.loan import Loan
from domain.recorded import Recorded
from ledger.bulk import CHUNK, copy_in
from ledger.context import CommandContext
from ledger.importing import recording
from ledger.importing.mapping import load_mapping
from ledger.importing.reading import open_tape
from ledger.importing.recording import LOANS, Imported, import_tape
from ledger.keystore import Keystore
from projections.engine import Engine
from projections.keeper import connect
from projections.log import everything, stream
from projections.querying import ALL, Answer, Question, ask
from projections.querying import projection as named
from tests import conftest
from tests.conftest import SHARED, as_role
from tests.ledger.tapes import BANK, HEADER, MINIMAL, ROW, bank_tape, mapping
from tests.ledger.writing import append, loan, open_ledger, several, within

TODAY = date(2026, 6, 30)
NOON = datetime(2026, 6, 30, 4, tzinfo=UTC)
TAPES = SHARED / "data" / "loans"
needs_tapes = pytest.mark.skipif(not TAPES.is_dir(), reason=f"the real tapes are not in {TAPES}")

CANARIES = {"姓名": "欧阳金丝雀", "身份证号": "370811199002297731", "手机号": "13953799887"}


@dataclass
class Place:
    """A database to import into, its keystore, and what is read of both afterwards."""

    dsn: str
    keys: str
    master_key: Path
    folder: Path

    @property
    def keystore(self) -> Keystore:
        return Keystore(self.keys, self.master_key)

    def take(self, tape: bytes | Path, toml: str, *, actor: Actor = LOCAL_OPERATOR, dry_run: bool = False) -> Imported:
        """Import a tape by a shipped mapping's name or a mapping's text."""
        path = tape if isinstance(tape, Path) else self.folder / "tape.csv"
        if isinstance(tape, bytes):
            path.write_bytes(tape)
        by = load_mapping(toml) if "\n" not in toml else mapping(toml)
        context = CommandContext(actor, Moment(now=NOON), channel="command_line")
        with psycopg.connect(as_role(self.dsn, "importer"), autocommit=True) as importer:
            return import_tape(importer, self.keystore, open_tape(path, by), context, dry_run=dry_run)

    def book(self, name: str = "loan_book", **question: Any) -> Answer:
        with Engine(as_role(self.dsn, "projector"), ALL) as engine:
            assert engine.catch_up() == {}
            return ask(engine.connection, named(name), Question(**question))

    def facts(self) -> list[Recorded]:
        with connect(as_role(self.dsn, "projector")) as connection:
            return list(everything(connection))

    def loan(self, loan_no: str) -> list[Recorded]:
        with connect(as_role(self.dsn, "projector")) as connection:
            return stream(connection, Loan.create_id(loan_no))

    def length(self) -> int:
        return length_of(self.dsn)


@pytest.fixture(scope="module")
def keys(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A keystore's database and the folder of its master key; the people of these tests share it."""
    name = f"{template}_importing_keys"
    yield conftest._create(server, name), tmp_path_factory.mktemp("keys") / "master.key"
    conftest._drop(server, name)


@pytest.fixture
def place(database: str, keys: tuple[str, Path], tmp_path: Path) -> Place:
    return Place(database, *keys, tmp_path)


@contextmanager
def _place(server: str, template: str, folder: Path, name: str) -> Iterator[Place]:
    names = f"{template}_{name}", f"{template}_{name}_keys"
    dsn, keys = conftest._create(server, names[0], template), conftest._create(server, names[1])
    yield Place(dsn, keys, folder / "master.key", folder)
    for made in names:
        conftest._drop(server, made)


def length_of(dsn: str) -> int:
    """How many facts there are: positions, leaves and streams hold together."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT position, leaf_recomputes FROM ledger.readable_events ORDER BY 1").fetchall()
        holes = connection.execute(
            "SELECT 1 FROM ledger.stored_events GROUP BY originator_id HAVING max(originator_version) <> count(*)"
        ).fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row[1] for row in rows) and holes == []
    return len(rows)


def minimal(numbers: Iterable[int], amount: str = "100.00") -> bytes:
    return (HEADER + "".join(f"{n},B,{amount},2020-01-31,\n" for n in numbers)).encode()


def quarantined(report: Imported) -> set[tuple[int, str]]:
    return {(row.row, reason.rule) for row in report.quarantined for reason in row.reasons}


# The real tape of guaranteed loans.


@dataclass
class Real:
    place: Place
    reports: tuple[Imported, Imported]
    lengths: tuple[int, int]
    totals: Mapping[str, Any]


@pytest.fixture(scope="module")
def sba(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with _place(server, template, tmp_path_factory.mktemp("sba"), "sba") as place:
        first = place.take(TAPES / "sba_california.csv", "sba")
        length = place.length()
        second = place.take(TAPES / "sba_california.csv", "sba")
        totals = json.loads((TAPES / "sba_california_totals.json").read_text())
        yield Real(place, (first, second), (length, place.length()), totals)


WORDS = {
    "disbursement_gross": "disbursed",
    "gr_appv": "approved",
    "sba_appv": "guaranteed",
    "chg_off_prin_gr": "charged_off",
    "chg_off": "charged_off",
    "claim_pro_rata_half_up": "claimed",
    "claim": "claimed",
    "create_job": "jobs_created",
    "retained_job": "jobs_retained",
    "n": "count",
}
"""The words of the stated totals, and ours; `chg_n` is not asked of the loan book."""


def stated(totals: Mapping[str, Any]) -> dict[str, Any]:
    """A group's totals in the words of the loan book."""
    said = {WORDS[word]: value for word, value in totals.items() if word != "chg_n"}
    whole = ("count", "jobs_created", "jobs_retained")
    return {name: int(value) if name in whole else f"{Decimal(value):.2f}" for name, value in said.items()}


@needs_tapes
def test_every_loan_of_the_real_tape_is_imported_and_none_set_aside(sba: Real) -> None:
    report = sba.reports[0]
    assert (report.rows, report.imported, report.unchanged, report.quarantined) == (2101, 2101, 0, [])
    whole = stated(sba.totals["total"])
    said = report.document()["totals"]
    assert said == {name: str(value) for name, value in whole.items() if name != "count"}


@needs_tapes
def test_importing_it_again_changes_nothing(sba: Real) -> None:
    first, second = sba.reports
    assert (second.rows, second.imported, second.unchanged, second.quarantined) == (2101, 0, 2101, [])
    assert sba.lengths[0] == sba.lengths[1] > 2101
    assert second.document()["totals"] == first.document()["totals"]
    assert second.exceptions == first.exceptions


@needs_tapes
def test_the_loan_book_gives_the_totals_of_the_whole_tape(sba: Real) -> None:
    expected = stated(sba.totals["total"])
    totals = sba.place.book().totals
    assert {name: totals[name] for name in expected} == expected


@needs_tapes
@pytest.mark.parametrize(
    ("column", "group", "expected_groups"),
    [
        ("approval_year", "by_approval_year", None),
        ("state", "by_state", None),
        ("source_status", "by_status", None),
        ("bank", "top_banks", 5),
        ("urban_rural", "by_urban_rural", None),
        ("charged_off_year", "by_chgoff_year", None),
    ],
)
def test_the_loan_book_gives_the_totals_of_every_group(
    sba: Real, column: str, group: str, expected_groups: int | None
) -> None:
    rows = {str(row[column]): row for row in sba.place.book(group_by=(column,)).rows}
    expected = sba.totals[group]
    assert len(expected) == (expected_groups or len(rows.keys() - {"None"}))
    for value, totals in expected.items():
        wanted = stated(totals)
        assert {name: rows[value][name] for name in wanted} == wanted


@needs_tapes
def test_what_a_tape_leaves_open_is_derived_and_marked_so(sba: Real) -> None:
    rows = sba.place.book(where={"source_status": "PIF"}).rows
    assert {row["outstanding"] for row in rows} == {"0.00"}
    tape = {row["loan_nr"]: row for row in csv.DictReader((TAPES / "sba_california.csv").open())}
    for recorded in sba.place.facts():
        fact = recorded.fact
        if isinstance(fact, Repaid | Settled):
            assert fact.date_derived, "the tape states no date of repayment"
        elif isinstance(fact, ContractSigned):
            assert fact.date_derived is None
            assert fact.tape is not None and fact.tape.values == tape[fact.loan_no]
            assert str(recorded.value_date) == tape[fact.loan_no]["approval_date"]
        elif isinstance(fact, ChargedOff) and fact.claim_no:
            source = tape[fact.claim_no.removesuffix("-1")]
            assert (fact.date_derived is None) == bool(source["chg_off_date"])


@needs_tapes
def test_each_transaction_of_an_import_is_short(sba: Real) -> None:
    sizes = Counter(row.recorded_at for row in sba.place.facts())
    assert max(sizes.values()) <= CHUNK
    assert len(sizes) == -(-2101 // LOANS)


# The real tape with cents.


@needs_tapes
def test_balances_of_a_tape_with_cents_are_exact_by_status(place: Place) -> None:
    report = place.take(TAPES / "lending_club_2018.csv.gz", "lending_club")
    assert (report.imported, report.quarantined) == (10_000, [])
    totals = json.loads((TAPES / "lending_club_2018_totals.json").read_text())
    rows = {row["source_status"]: row for row in place.book(group_by=("source_status",)).rows}
    assert rows.keys() == totals["by_status"].keys()
    for status, expected in totals["by_status"].items():
        assert (rows[status]["count"], rows[status]["outstanding"]) == (
            expected["n"],
            f"{Decimal(expected['balance']):.2f}",
        )
        assert rows[status]["disbursed"] == f"{Decimal(expected['loan_amount']):.2f}"
    paid = place.book("repayment_history", where={"kind": "repaid"}).totals
    whole = totals["total"]
    wanted = {"principal": "paid_principal", "interest": "paid_interest", "penalty": "paid_late_fees"}
    assert {k: paid[k] for k in wanted} == {k: f"{-Decimal(whole[v]):.2f}" for k, v in wanted.items()}
    assert report.exceptions["parts_do_not_sum"] == _rows_whose_parts_do_not_sum()


def _rows_whose_parts_do_not_sum() -> int:
    """By the stated rule: the total, rounded half-even to the cent, against its parts."""
    with gzip.open(TAPES / "lending_club_2018.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))
    cent = Decimal("0.01")
    parts = ("paid_principal", "paid_interest", "paid_late_fees")
    return sum(
        Decimal(row["paid_total"]).quantize(cent, ROUND_HALF_EVEN) != sum(Decimal(row[part]) for part in parts)
        for row in rows
    )


# Dirty tapes.

CLEAN = {
    "loan_nr": "1000000001", "city": "ANAHEIM", "state": "CA", "zip": "92801", "bank": "A BANK", "bank_state": "CA",
    "naics": "532420", "approval_date": "2001-04-09", "approval_fy": "2001", "term_months": "36", "no_emp": "1",
    "new_exist": "1", "create_job": "2", "retained_job": "3", "franchise_code": "1", "urban_rural": "0", "rev_line_cr": "Y",
    "low_doc": "N", "chg_off_date": "", "disbursement_date": "2001-04-30", "disbursement_gross": "30000",
    "balance_gross": "0", "mis_status": "PIF", "chg_off_prin_gr": "0", "gr_appv": "30000", "sba_appv": "15000",
}  # fmt: skip
LOST = {"mis_status": "CHGOFF", "chg_off_date": "2003-01-02", "chg_off_prin_gr": "10000"}

KEPT: list[tuple[dict[str, str], set[str]]] = [
    ({}, set()),
    (LOST, set()),
    ({"disbursement_date": "2001-03-01"}, {"disbursed_before_approval"}),
    ({**LOST, "chg_off_date": "2001-04-15"}, {"charged_off_before_disbursement"}),
    ({**LOST, "chg_off_date": "2000-01-01"}, {"charged_off_before_disbursement"}),
    ({**LOST, "chg_off_prin_gr": "30001"}, {"charged_off_above_disbursed"}),
    ({**LOST, "chg_off_date": ""}, {"charge_off_date_missing"}),
    ({**LOST, "chg_off_date": "2009-01-02"}, {"charged_off_after_term"}),
    ({**LOST, "chg_off_prin_gr": "0"}, {"charge_off_amount_missing"}),
    ({**LOST, "mis_status": "PIF"}, {"paid_in_full_but_charged_off"}),
    ({**LOST, "mis_status": ""}, {"status_missing", "charge_off_without_status"}),
    ({"mis_status": ""}, {"status_missing"}),
    ({"mis_status": "WHAT"}, {"unknown_code"}),
    ({"rev_line_cr": "0", "low_doc": "S", "new_exist": "9"}, {"unknown_code"}),
    ({"rev_line_cr": "", "low_doc": ""}, {"missing"}),
    ({"bank": "", "state": "", "chg_off_prin_gr": ""}, {"missing"}),
    ({"disbursement_date": ""}, {"disbursement_date_missing"}),
    ({"disbursement_date": "", "disbursement_gross": "0"}, {"disbursement_date_missing", "disbursed_below_approved"}),
    ({"disbursement_gross": "0"}, {"disbursed_below_approved"}),
    ({"disbursement_gross": "45000"}, {"disbursed_above_approved"}),
    ({"gr_appv": "0", "sba_appv": "0"}, {"approved_zero", "disbursed_above_approved"}),
    ({"gr_appv": "0"}, {"approved_zero", "disbursed_above_approved", "guaranteed_above_approved"}),
    ({**LOST, "gr_appv": "0"}, {"approved_zero", "disbursed_above_approved", "guaranteed_above_approved"}),
    ({"sba_appv": "30001"}, {"guaranteed_above_approved"}),
    ({**LOST, "sba_appv": "60000"}, {"guaranteed_above_approved"}),
    ({"term_months": "0"}, {"term_zero"}),
    ({"term_months": "1200"}, set()),
    ({"create_job": "8800", "retained_job": "8800"}, {"implausible_job_count"}),
    ({"balance_gross": "5000"}, {"paid_in_full_but_outstanding"}),
    ({"balance_gross": "5000", "mis_status": "WHAT"}, {"unknown_code"}),
    ({"balance_gross": "90000"}, {"paid_in_full_but_outstanding"}),
    ({**LOST, "balance_gross": "25000"}, set()),
    ({"approval_date": "0001-01-01", "disbursement_date": "0001-01-02"}, set()),
]  # fmt: skip
SET_ASIDE: list[tuple[dict[str, str], set[str]]] = [
    ({"disbursement_date": "2026-07-01"}, {"date_in_future"}),
    ({**LOST, "chg_off_date": "2069-01-01"}, {"date_in_future"}),
    ({"approval_date": ""}, {"missing"}),
    ({"approval_date": "2001-02-30"}, {"date_impossible"}),
    ({"approval_date": "04/09/2001"}, {"date_format"}),
    ({"gr_appv": "-1"}, {"negative"}),
    ({"gr_appv": "30000.001"}, {"too_many_decimals"}),
    ({"sba_appv": "1e4"}, {"exponent"}),
    ({"disbursement_gross": "$30,000.00"}, {"not_an_amount"}),
    ({"disbursement_gross": "NaN"}, {"not_a_number"}),
    ({"create_job": "２"}, {"full_width_digits"}),
    ({"term_months": "1201"}, {"term_too_long"}),
    ({"loan_nr": ""}, {"missing"}),
    ({"bank": "A\x07BANK"}, {"control_character"}),
]


def sba_tape(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(CLEAN), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def numbered(changes: Iterable[Mapping[str, str]], first: int = 1) -> list[dict[str, str]]:
    return [{**CLEAN, "loan_nr": f"{n}", **change} for n, change in enumerate(changes, first)]


def test_odd_facts_are_kept_and_counted_and_only_the_impossible_is_set_aside(place: Place) -> None:
    odd = [change for change, _ in KEPT]
    impossible = [change for change, _ in SET_ASIDE]
    report = place.take(sba_tape(numbered(odd + impossible)), "sba")
    assert (report.imported, report.unchanged, report.rows) == (len(KEPT), 0, len(KEPT) + len(SET_ASIDE))
    assert quarantined(report) == {
        (row, rule) for row, (_, rules) in enumerate(SET_ASIDE, len(KEPT) + 1) for rule in rules
    }
    for rules in (rules for _, rules in KEPT):
        assert rules <= set(report.exceptions)
    again = place.take(place.folder / "tape.csv", "sba")
    assert (again.imported, again.unchanged, again.exceptions) == (0, len(KEPT), report.exceptions)
    assert place.book().totals["count"] == len(KEPT)


def test_each_oddity_is_listed_by_its_own_rule_and_no_other(place: Place) -> None:
    for change, rules in KEPT:
        report = place.take(sba_tape(numbered([change])), "sba", dry_run=True)
        assert (report.imported, set(report.exceptions)) == (1, rules), change


def test_the_money_of_a_dirty_tape_is_kept_to_the_cent(place: Place) -> None:
    rows = numbered([change for change, _ in KEPT])
    place.take(sba_tape(rows), "sba")
    book = {line["loan_no"]: line for line in place.book().rows}
    columns = {
        "approved": "gr_appv",
        "disbursed": "disbursement_gross",
        "guaranteed": "sba_appv",
        "charged_off": "chg_off_prin_gr",
    }
    for row in rows:
        line = book[row["loan_nr"]]
        for ours, theirs in columns.items():
            assert line[ours] == f"{Decimal(row[theirs] or 0):.2f}", (row, ours)
        if row["mis_status"] == "PIF" and row["balance_gross"] == "0":
            assert line["outstanding"] == "0.00", row
        if line["charged_off"] == "0.00" and Decimal(row["balance_gross"]) <= Decimal(row["disbursement_gross"]):
            assert line["outstanding"] == f"{Decimal(row['balance_gross']):.2f}", row


def test_a_random_dirty_tape_accounts_for_every_row(place: Place) -> None:
    chance = Random(7)
    odd, impossible = [change for change, _ in KEPT], [change for change, _ in SET_ASIDE]
    rows = [
        {**CLEAN, "loan_nr": f"R{chance.randrange(1100)}", **chance.choice(odd), **chance.choice(odd)}
        | (chance.choice(impossible) if chance.random() < 0.1 else {})
        for _ in range(1300)
    ]
    report = place.take(sba_tape(rows), "sba")
    said = report.document()
    assert said["rows"] == len(rows) == said["imported"] + said["unchanged"] + len(said["quarantined"])
    assert len({entry["row"] for entry in said["quarantined"]}) == len(said["quarantined"])
    assert min(said["imported"], said["unchanged"], len(said["quarantined"])) > 0
    totals = place.book().totals
    assert totals["count"] == said["imported"]
    bad = {entry["row"] for entry in said["quarantined"]}
    first: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 1):
        if number not in bad:
            first.setdefault(row["loan_nr"], row)
    assert len(first) == said["imported"]
    assert totals["charged_off"] == f"{sum(Decimal(row['chg_off_prin_gr'] or 0) for row in first.values()):.2f}"
    assert totals["disbursed"] == f"{sum(Decimal(row['disbursement_gross']) for row in first.values()):.2f}"


def test_a_number_that_comes_twice_is_unchanged_or_set_aside(place: Place) -> None:
    rows = [*numbered([{}, {}]), *numbered([{}, {"city": "ELSEWHERE"}])]
    report = place.take(sba_tape(rows), "sba")
    assert (report.rows, report.imported, report.unchanged) == (4, 2, 1)
    assert quarantined(report) == {(4, "loan_no_repeated")}
    assert report.document()["totals"]["approved"] == "60000.00"


def test_a_number_that_comes_twice_far_apart_is_noticed_too(place: Place) -> None:
    rows = [*range(1, LOANS + 50), 1]
    report = place.take(minimal(rows), MINIMAL)
    assert (report.imported, report.unchanged) == (LOANS + 49, 1)


def test_a_loan_recorded_with_other_values_is_set_aside_and_stays_as_it_was(place: Place) -> None:
    place.take(minimal([1, 2]), MINIMAL)
    before = place.facts()
    report = place.take(minimal([1, 2, 3], "200.00"), MINIMAL)
    assert (report.imported, report.unchanged) == (1, 0)
    assert quarantined(report) == {(1, "recorded_differently"), (2, "recorded_differently")}
    assert place.facts()[: len(before)] == before
    assert place.book().totals["approved"] == "400.00"


def test_a_loan_recorded_from_a_tape_of_other_columns_is_compared_by_its_facts(place: Place) -> None:
    place.take(minimal([1], "100.00"), MINIMAL)
    report = place.take(bank_tape({**ROW, "贷款编号": "1"}), BANK)
    assert quarantined(report) == {(1, "recorded_differently")}


def test_a_loan_that_another_person_is_said_to_owe_is_set_aside(place: Place) -> None:
    place.take(bank_tape(ROW), BANK)
    for other in ("370811198101010002", "370811198101010003"):
        report = place.take(bank_tape({**ROW, "身份证号": other}), BANK)
        assert quarantined(report) == {(1, "recorded_differently")}
    report = place.take(bank_tape({**ROW, "身份证号": ""}), BANK)
    assert (report.unchanged, report.quarantined) == (1, [])


def test_a_loan_that_was_signed_here_is_not_taken_from_a_tape(place: Place) -> None:
    with open_ledger(place.dsn) as ledger:
        append(ledger, loan("1").collect_events())
    report = place.take(minimal([1]), MINIMAL)
    assert quarantined(report) == {(1, "recorded_differently")}
    assert len(place.facts()) == 1


def test_a_claim_number_that_is_taken_ends_nothing(place: Place) -> None:
    """The claim of an imported loan is named after it; somebody may have given that name to another claim."""
    row = {**ROW, "状态": "代偿", "代偿金额": "1,000.00", "代偿日期": "2022/1/3"}
    with open_ledger(place.dsn) as ledger:
        place.take(bank_tape({**row, "贷款编号": "X"}), BANK)
        claim = next(fact.fact for fact in place.facts() if fact.topic == "claim.recorded")
        other = claim.model_copy(update={"originator_id": Claim.create_id("JN-001-1"), "claim_no": "JN-001-1"})
        append(ledger, [other])
    report = within(10, lambda: place.take(bank_tape(row, {**ROW, "贷款编号": "JN-002"}), BANK))
    assert (report.rows, report.imported + len(report.quarantined)) == (2, 2)
    assert "JN-002" in {line["loan_no"] for line in place.book().rows}


# Who, and how often.


@pytest.mark.parametrize("role", ["clerk", "bank_officer", "auditor", "system", "administrator"])
def test_nobody_but_the_operator_imports(place: Place, role: str) -> None:
    actor = Actor(subject="s", role=role, institution="i", region="r")
    with pytest.raises(NotPermitted, match="operator"):
        place.take(minimal([1]), MINIMAL, actor=actor)
    assert place.length() == 0


def people(place: Place) -> int:
    with psycopg.connect(place.keys) as connection:
        row = connection.execute("SELECT count(*) FROM person_key").fetchone()
    assert row is not None
    return int(row[0])


def test_a_dry_run_says_the_same_and_records_nothing(place: Place) -> None:
    rows = [{**ROW, "贷款编号": f"JN-{n}", "身份证号": f"37081119810101{n:04d}"} for n in range(1, 6)]
    tape = bank_tape(*rows, {**ROW, "合同金额": "-1"}, rows[0])
    place.take(minimal([]), MINIMAL)
    known = people(place)
    dry = place.take(tape, BANK, dry_run=True)
    assert (place.length(), people(place)) == (0, known)
    assert dry.document() == place.take(tape, BANK).document()
    assert people(place) > known
    assert place.take(tape, BANK, dry_run=True).document() == place.take(tape, BANK).document()


def test_two_imports_of_one_tape_at_once_record_each_loan_once(place: Place) -> None:
    numbers = range(1, 2 * LOANS + 100)
    tape = place.folder / "together.csv"
    tape.write_bytes(minimal(numbers))
    start = Barrier(3)

    def take(_: int) -> Imported:
        start.wait(10)
        return place.take(tape, MINIMAL)

    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(take, range(3)))
    assert sum(report.imported for report in reports) == len(numbers)
    assert all(r.imported + r.unchanged == r.rows == len(numbers) and not r.quarantined for r in reports)
    assert place.length() == 2 * len(numbers)
    assert place.book().totals["count"] == len(numbers)


def test_two_imports_of_the_same_people_at_once_register_each_once(place: Place) -> None:
    paths = [place.folder / f"{half}.csv" for half in "ab"]
    for half, path in zip("ab", paths, strict=True):
        path.write_bytes(
            bank_tape(*({**ROW, "贷款编号": f"{half}{n}", "身份证号": f"3708111980010{n:05d}"} for n in range(60)))
        )
    start = Barrier(2)

    def take(path: Path) -> Imported:
        start.wait(10)
        return place.take(path, BANK)

    with ThreadPoolExecutor(2) as pool:
        assert [report.imported for report in pool.map(take, paths)] == [60, 60]
    topics = Counter(row.topic for row in place.facts())
    assert (topics["borrower.registered"], topics["loan.contract_signed"]) == (60, 120)


def test_an_interrupted_import_is_completed_by_doing_it_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    count, calls = 3 * LOANS + 7, list[int]()

    def fails_the_third_time(*given: Any) -> tuple[int, int]:
        calls.append(len(given[1]))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return copy_in(*given)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(recording, "copy_in", fails_the_third_time)
        place.take(minimal(range(count)), MINIMAL)
    assert place.length() == 4 * LOANS, "whole loans, or nothing of them"
    report = place.take(place.folder / "tape.csv", MINIMAL)
    assert (report.imported, report.unchanged, report.quarantined) == (count - 2 * LOANS, 2 * LOANS, [])
    assert place.length() == 2 * count
    assert place.book().totals["outstanding"] == f"{100 * count}.00"


def test_more_facts_than_a_chunk_are_not_copied_in_one_transaction(place: Place) -> None:
    context = CommandContext(LOCAL_OPERATOR, Moment(now=NOON))
    with psycopg.connect(as_role(place.dsn, "importer"), autocommit=True) as importer:
        with pytest.raises(AssertionError):
            copy_in(importer, several(CHUNK + 1), context)
        assert place.length() == 0
        assert copy_in(importer, several(CHUNK), context) == (1, CHUNK)


def test_the_fullest_loans_fit_into_their_chunks_whole(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A borrower, a contract, money out and in, jobs, a loss, a claim and its shares: none is cut in two."""
    row = {**ROW, "状态": "代偿", "代偿金额": "1,000.00", "代偿日期": "2022/1/3"}
    tape = bank_tape(*({**row, "贷款编号": f"F{n}", "身份证号": f"3708111980010{n:05d}"} for n in range(LOANS)))
    place.take(tape, BANK)
    facts = place.facts()
    assert len(facts) <= CHUNK
    assert len({row.recorded_at for row in facts}) == 1


# Nobody's name in the clear.


def everything_in(dsn: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert tables
        rows = (
            connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*table))) for table in tables
        )
        return "\n".join(row[0] for cursor in rows for row in cursor.fetchall())


def disguises(secret: str) -> set[str]:
    raw = secret.encode()
    return {secret, raw.hex(), base64.b64encode(raw).decode().rstrip("="), secret.encode("unicode_escape").decode()}


def test_names_and_numbers_of_people_are_nowhere_in_the_clear(place: Place) -> None:
    report = place.take(bank_tape({**ROW, **CANARIES}, {**ROW, **CANARIES, "贷款编号": "B", "合同日期": "no"}), BANK)
    place.book()
    assert (report.imported, len(report.quarantined)) == (1, 1)
    kept = everything_in(place.dsn) + everything_in(place.keys) + json.dumps(report.document(), ensure_ascii=False)
    assert any(form in kept for form in disguises("任城农商行")), "the search finds what is there"
    for secret in CANARIES.values():
        assert not [form for form in disguises(secret) if form in kept]


def test_a_borrower_is_found_again_by_the_number_and_read_with_the_key(place: Place) -> None:
    place.take(bank_tape({**ROW, **CANARIES}), BANK)
    person = place.keystore.person_of(CANARIES["身份证号"])
    assert person is not None
    assert place.keystore.person_of("370811199002297732") is None
    facts = {row.topic: row.fact for row in place.facts()}
    registered, signed = facts["borrower.registered"], facts["loan.contract_signed"]
    assert isinstance(signed, ContractSigned) and signed.borrower == person == registered.originator_id
    sealed = {"name": "姓名", "id_number": "身份证号", "phone": "手机号"}
    for field, column in sealed.items():
        opened = place.keystore.key(person).open(getattr(registered, field), stream=person, version=1, field=field)
        assert opened == CANARIES[column]


def test_one_borrower_of_several_loans_is_registered_once(place: Place) -> None:
    place.take(bank_tape(ROW, {**ROW, "贷款编号": "B"}), BANK)
    place.take(bank_tape({**ROW, "贷款编号": "C"}, {**ROW, "贷款编号": "D", "身份证号": "370811198001011235"}), BANK)
    borrowers = defaultdict[Any, list[str]](list)
    for row in place.facts():
        if isinstance(row.fact, ContractSigned):
            borrowers[row.fact.borrower].append(row.fact.loan_no)
    assert sorted(borrowers.values()) == [["D"], ["JN-001", "B", "C"]]
    assert sum(row.topic == "borrower.registered" for row in place.facts()) == 2


def test_a_loan_without_a_number_of_its_borrower_has_none(place: Place) -> None:
    place.take(bank_tape({**ROW, "身份证号": ""}), BANK)
    (signed,) = (row.fact for row in place.facts() if isinstance(row.fact, ContractSigned))
    assert signed.borrower is None
    assert not any(row.topic == "borrower.registered" for row in place.facts())
