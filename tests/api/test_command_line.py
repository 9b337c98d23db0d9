"""The command line answers with one document or in words, with the status that says how it went, and never with a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import api.cli  # noqa: F401 - the commands register themselves
from api.command_line import taking_in
from api.command_line.app import run
from api.embedded import EmbeddedPostgres
from api.wiring import Installation
from domain.calendar import CITY
from domain.loan.loan import Loan
from projections.querying import ALL
from tests import conftest
from tests.conftest import as_role
from tests.ledger.tapes import HEADER, MINIMAL
from tests.ledger.writing import PROJECT, call_append

CLEAN, DIFFERENCES, BAD_INPUT, REFUSED = 0, 1, 2, 3
PROGRAM = Path(sys.executable).with_name("loan-ledger")
OUTSIDE = ("DATABASE_URL", "KEYSTORE_URL", "POSTGRES_ENABLE_DB_FUNCTIONS", "LC_ALL", "LC_MESSAGES", "LANG")
NOWHERE = "host=127.0.0.1 port=1 user=nobody dbname=none"


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output; fails if there is anything else."""
        assert self.out.count("\n") == 1 and self.out.endswith("\n"), self.out
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def error(self) -> dict[str, Any]:
        assert set(self.document) == {"error"}
        error = self.document["error"]
        assert set(error) == {"code", "field", "message"}
        assert error["message"]["en"]
        return dict(error)


Say: TypeAlias = Callable[..., Said]


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, and a folder of one's own for what is made without --data."""
    monkeypatch.chdir(tmp_path)
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process."""

    def said(*arguments: str) -> Said:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Said(status, *capsys.readouterr())

    return said


@dataclass(frozen=True)
class Home:
    """A data folder, and a database of a server if there is one."""

    data: Path
    dsn: str | None = None

    @property
    def options(self) -> tuple[str, str]:
        return ("--data", str(self.data))


@pytest.fixture
def home(server: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A database of one's own on the server of the tests, by DATABASE_URL."""
    yield from _at_home(server, database, tmp_path, monkeypatch)


@pytest.fixture
def empty_home(server: str, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """The same, without any table yet."""
    yield from _at_home(server, empty_database, tmp_path, monkeypatch)


def _at_home(server: str, dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("DATABASE_URL", dsn)
    yield Home(folder / "data", dsn)
    conftest._drop(server, keys_beside(dsn))


def database_of(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["dbname"])


def keys_beside(dsn: str) -> str:
    """The name of the keystore's database where no KEYSTORE_URL is set."""
    return f"{database_of(dsn)}_keys"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A data folder with a demonstration of three loans; its embedded server stays up for whoever comes."""
    data = tmp_path_factory.mktemp("played")
    with EmbeddedPostgres.start(data):
        done = program("--data", str(data), "demo", "--loans", "3", "--json")
        assert done.status == CLEAN, done.err
        yield Home(data)


def program(*arguments: str, **environment: str) -> Said:
    """Runs the installed program in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    done = subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=PROJECT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def tape(tmp_path: Path) -> tuple[str, str]:
    """A tape of three loans, the last of which cannot be one, and its mapping."""
    return write_tape(tmp_path, "1,B,100.00,2020-01-31,\n2,C,50.00,2020-02-29,\n3,C,-1,2020-02-29,\n")


def write_tape(folder: Path, lines: str) -> tuple[str, str]:
    rows, mapping = folder / "tape.csv", folder / "mine.toml"
    rows.write_text(HEADER + lines, encoding="utf-8")
    mapping.write_text(MINIMAL, encoding="utf-8")
    return str(rows), str(mapping)


def taken(say: Say, home: Home, tape: tuple[str, str]) -> dict[str, Any]:
    """Three loans of the tape imported, one of them set aside."""
    return say(*home.options, "import", tape[0], "--mapping", tape[1], "--json").document


# One document.

ASKED: Sequence[tuple[str, ...]] = (
    ("demo", "--loans", "1"),
    ("query", "loan_book"),
    ("query", "loan_book", "--group-by", "bank", "--where", "state=SD", "--limit", "2"),
    ("query", "repayment_history", "--as-of", "2024-01-01"),
    ("query", "audit_trail", "--known-at", "5"),
    ("rebuild",),
    ("rebuild", "loan_book", "--check"),
)
KEYS = {
    "demo": {
        "loans", "events", "disbursed", "outstanding", "claims_paid", "recovered", "jobs", "rebuild", "verified", "seconds",
    },
    "query": {"rows", "as_of_position"},
    "import": {"rows", "imported", "unchanged", "quarantined", "exceptions", "totals"},
    "replay": {"events", "state", "position"},
}  # fmt: skip
REBUILT = {"events", "seconds", "rows", "digest", "equal"}


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_json_is_one_document_wherever_it_is_asked_for(
    played: Home, say: Say, asked: tuple[str, ...], first: bool
) -> None:
    arguments = ("--json", *played.options, *asked) if first else (*asked, *played.options, "--json")
    said = say(*arguments)
    assert (said.status, said.err) == (CLEAN, "")
    assert set(said.document) >= KEYS.get(asked[0], set())
    if asked[0] == "rebuild":
        assert all(set(rebuilt) == REBUILT and rebuilt["equal"] is True for rebuilt in said.document.values())
        assert set(said.document) == set(asked[1:2]) or set(said.document) == {paper.name for paper in ALL}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_an_import_and_a_replay_are_one_document_too(home: Home, say: Say, tape: tuple[str, str], first: bool) -> None:
    for asked in (("import", tape[0], "--mapping", tape[1]), ("replay", "loan/1")):
        said = say("--json", *home.options, *asked) if first else say(*asked, "--json", *home.options)
        assert set(said.document) == KEYS[asked[0]]


@pytest.mark.parametrize(
    "asked",
    [
        ("query", "nothing"),
        ("query", "loan_book", "--limit", "-1"),
        ("query",),
        ("no-such-command",),
        ("query", "loan_book", "--no-such-option"),
        ("replay", "loan/none"),
        ("import", "/nowhere.csv", "--mapping", "sba"),
        ("import", "/nowhere.csv", "--mapping", "nobody"),
        ("demo", "--loans", "0"),
        ("demo", "--loans", "many"),
        ("rebuild", "nothing"),
    ],
    ids=" ".join,
)
def test_a_failure_is_one_document_too_and_says_why_on_the_other_stream(
    played: Home, say: Say, asked: tuple[str, ...]
) -> None:
    said = say(*played.options, "--json", *asked)
    assert said.status == BAD_INPUT
    assert said.error["message"]["en"] in " ".join(said.err.split("\n"))
    assert "Traceback" not in said.err


def test_without_json_the_answer_is_in_words(played: Home, say: Say) -> None:
    said = say(*played.options, "query", "loan_book", "--group-by", "state")
    assert said.status == CLEAN
    assert "state" in said.out and "SD" in said.out and not said.out.startswith("{")


def test_the_program_itself_prints_one_document_and_no_more(tmp_path: Path) -> None:
    """Cluster made, demonstration played, server stopped, nothing left running."""
    said = program("demo", "--loans", "2", "--data", str(tmp_path / "new"), "--json")
    assert (said.status, said.err) == (CLEAN, "")
    assert said.document["loans"] == 2
    assert not list((tmp_path / "new").glob("postgres/cluster/postmaster.pid"))
    again = program("query", "loan_book", "--data", str(tmp_path / "new"), "--json")
    assert len(again.document["rows"]) == 2


# Exit statuses.


def test_status_0_is_done_and_clean(played: Home, say: Say) -> None:
    assert say(*played.options, "query", "loan_book").status == CLEAN
    assert say("--help").status == CLEAN


def test_status_1_is_done_with_differences(home: Home, say: Say, tape: tuple[str, str]) -> None:
    said = say(*home.options, "--json", "import", tape[0], "--mapping", tape[1])
    assert (said.status, said.document["imported"], len(said.document["quarantined"])) == (DIFFERENCES, 2, 1)
    assert say(*home.options, "rebuild", "--check").status == CLEAN
    assert home.dsn is not None
    with psycopg.connect(as_role(home.dsn, "projector")) as connection:
        connection.execute("UPDATE projections.loan_book SET outstanding = 1")
    said = say(*home.options, "--json", "rebuild", "--check")
    assert (said.status, said.document["loan_book"]["equal"]) == (DIFFERENCES, False)
    assert say(*home.options, "rebuild").status == DIFFERENCES
    assert say(*home.options, "rebuild", "--check").status == CLEAN


def test_status_1_is_also_a_projection_that_stopped(home: Home, say: Say, tape: tuple[str, str]) -> None:
    taken(say, home, tape)
    assert home.dsn is not None
    with psycopg.connect(as_role(home.dsn, "application"), autocommit=True) as connection:
        at = call_append(connection, p_topics=["loan.repaid"], p_states=[b"{}"])[0]
    said = say(*home.options, "--json", "query", "loan_book")
    assert said.status == DIFFERENCES
    assert f"position {at} " in said.document["stopped"]["loan_book"]
    assert (len(said.document["rows"]), said.document["as_of_position"]) == (2, at - 1)
    assert say(*home.options, "query", "audit_trail").status == CLEAN
    rebuilt = say(*home.options, "--json", "rebuild")
    assert rebuilt.status == DIFFERENCES
    assert f"position {at} " in rebuilt.document["loan_book"]["stopped"]
    assert rebuilt.document["audit_trail"]["equal"] is True


def test_status_1_is_also_a_projection_that_has_not_come_so_far(
    home: Home, say: Say, tape: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(say, home, tape)
    before = say(*home.options, "--json", "query", "loan_book").document
    assert home.dsn is not None
    monkeypatch.setattr(Installation.up_to_date, "__defaults__", (ALL, 0.2))
    with psycopg.connect(home.dsn, autocommit=True) as busy:
        busy.execute("SELECT pg_advisory_lock(hashtext('loan-ledger projection'), hashtext('loan_book'))")
        with psycopg.connect(as_role(home.dsn, "application"), autocommit=True) as connection:
            at = call_append(connection)[0]
        said = say(*home.options, "--json", "query", "loan_book")
    assert said.status == DIFFERENCES
    assert f"has not come to position {at} " in said.document["stopped"]["loan_book"]
    assert said.document == before | {"stopped": said.document["stopped"]}


def test_status_3_is_refused_by_a_rule(home: Home, say: Say, tape: tuple[str, str]) -> None:
    said = say(*home.options, "--json", "--as", "clerk:li", "import", tape[0], "--mapping", tape[1])
    assert (said.status, said.error["code"], said.error["field"]) == (REFUSED, "actor.not_permitted", "actor")


def test_an_interruption_is_a_failure_that_says_how_to_go_on(
    home: Home, say: Say, tape: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(taking_in, "import_tape", interrupted)
    said = say(*home.options, "--json", "import", tape[0], "--mapping", tape[1])
    assert (said.status, said.error["code"]) == (DIFFERENCES, "interrupted")
    assert "again" in said.err


# Languages.


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (("query", "nothing"), "没有投影 nothing"),
        (("replay", "loan/none"), "loan/none"),
        (("query", "loan_book", "--where", "x=1"), "没有列"),
        (("query", "loan_book", "--as-of", "no"), "应为"),
        (("--as", "clerk", "import", "TAPE", "--mapping", "MAPPING"), "无权"),
        (("import", "/nowhere.csv", "--mapping", "sba"), "无法读取 /nowhere.csv"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)
def test_messages_are_in_the_language_asked_for(
    played: Home, say: Say, tape: tuple[str, str], asked: tuple[str, ...], word: str
) -> None:
    given = [{"TAPE": tape[0], "MAPPING": tape[1]}.get(argument, argument) for argument in asked]
    for said in (say(*played.options, "--lang", "zh", *given), say(*given, "--lang=zh", *played.options)):
        assert word in said.err and any("一" <= character <= "鿿" for character in said.err)
        assert said.status in (BAD_INPUT, REFUSED) and said.out == ""
    english = say(*played.options, "--lang", "en", *given)
    assert english.err.isascii() and english.err


@pytest.mark.parametrize(
    ("name", "value", "chinese"),
    [("LC_ALL", "zh_CN.UTF-8", True), ("LANG", "zh_TW", True), ("LANG", "en_US.UTF-8", False), ("LC_ALL", "C", False)],
)
def test_the_language_is_the_locales_unless_another_is_asked_for(
    say: Say, monkeypatch: pytest.MonkeyPatch, name: str, value: str, chinese: bool
) -> None:
    monkeypatch.setenv(name, value)
    assert ("没有投影" in say("query", "nothing").err) is chinese
    assert "there is no projection" in say("query", "nothing", "--lang", "en").err


def test_a_language_that_is_not_offered_is_refused(say: Say) -> None:
    said = say("--json", "--lang", "fr", "query", "loan_book")
    assert (said.status, said.error["field"]) == (BAD_INPUT, "--lang")
    assert "zh or en" in said.error["message"]["en"]


# Who acts.


def test_the_actor_is_recorded_as_given(home: Home, say: Say, tape: tuple[str, str]) -> None:
    say(*home.options, "import", tape[0], "--mapping", tape[1], "--as", "operator:li@postal/370811")
    (event, *_) = say(*home.options, "--json", "replay", "loan/1").document["events"]
    expected = {"role": "operator", "subject": "li", "institution": "postal", "region": "370811"}
    assert (event["actor"], event["channel"]) == (expected, "command_line")


def test_whoever_sits_at_the_machine_is_the_local_operator(home: Home, say: Say, tape: tuple[str, str]) -> None:
    taken(say, home, tape)
    (event, *_) = say(*home.options, "--json", "replay", "loan/1").document["events"]
    assert (event["actor"]["role"], event["actor"]["subject"]) == ("operator", "local")


@pytest.mark.parametrize(
    "actor", ["", "Operator", "a b", "operator:", "operator:li@", "操作员", "operator\n", "x" * 40]
)
def test_what_is_no_actor_is_refused(say: Say, actor: str) -> None:
    said = say("--json", "--as", actor, "query", "loan_book")
    assert (said.status, said.error["field"]) == (BAD_INPUT, "--as")
    assert "ROLE[:SUBJECT]" in said.error["message"]["en"]


# Bad input.


@pytest.mark.parametrize(
    ("asked", "field", "remedy"),
    [
        (("query", "loan_book", "--as-of", "2024-02-30"), "--as-of", "YYYY-MM-DD"),
        (("query", "loan_book", "--as-of", "20240228"), "--as-of", "YYYY-MM-DD"),
        (("query", "loan_book", "--as-of", "２０２４-01-01"), "--as-of", "YYYY-MM-DD"),
        (("query", "loan_book", "--as-of", ""), "--as-of", "YYYY-MM-DD"),
        (("replay", "loan/1", "--as-of", "yesterday"), "--as-of", "YYYY-MM-DD"),
        (("query", "loan_book", "--known-at", "yesterday"), "--known-at", "42 or"),
        (("query", "loan_book", "--known-at", "-1"), "--known-at", "42 or"),
        (("query", "loan_book", "--known-at", "４"), "--known-at", "42 or"),
        (("query", "loan_book", "--known-at", "9" * 30), "--known-at", "42 or"),
        (("query", "loan_book", "--where", "bank"), "--where", "COLUMN=VALUE"),
        (("query", "loan_book", "--where", "bank=a", "--where", "bank=b"), "--where", "one value a column"),
        (("query", "loan_book", "--where", "nothing=1"), "--where", "charged_off_year"),
        (("query", "loan_book", "--group-by", "bank,nothing"), "--group-by", "charged_off_year"),
        (("query", "loan_book", "--where", "bank=\udcff"), "arguments", "UTF-8"),
        (("query", "loan_book", "--where", "outstanding=plenty"), "outstanding", "300000.00"),
        (("query", "nothing"), "name", "loan_book, repayment_history, audit_trail"),
        (("replay", "loan/none"), "stream", "loan/NUMBER"),
        (("replay", "claim/none"), "stream", "(or claim, "),
        (("replay", "none"), "stream", "loan/NUMBER"),
        (("replay", "loan/"), "stream", "loan/NUMBER"),
        (("replay", "00000000-0000-4000-8000-000000000000"), "stream", "loan/NUMBER"),
        (("import", "/nowhere.csv", "--mapping", "sba"), "file", "path"),
        (("import", "/nowhere.csv", "--mapping", "nobody"), "mapping", "sba"),
    ],
    ids=lambda v: ascii(" ".join(v)) if isinstance(v, tuple) else "",
)
def test_bad_input_names_the_field_and_what_to_give(
    played: Home, say: Say, asked: tuple[str, ...], field: str, remedy: str
) -> None:
    said = say(*played.options, "--json", *asked)
    assert (said.status, said.error["field"]) == (BAD_INPUT, field)
    assert remedy in said.error["message"]["en"]
    assert said.error["message"]["zh"] != said.error["message"]["en"]


# Both times.


def test_known_at_is_a_position_or_a_time(home: Home, say: Say, tmp_path: Path) -> None:
    tape = write_tape(tmp_path, "1,B,100.00,2020-01-31,\n")
    before = datetime.now(UTC) - timedelta(seconds=1)
    taken(say, home, tape)
    time.sleep(0.01)
    between = datetime.now(UTC)
    time.sleep(0.01)
    tape = write_tape(tmp_path, "1,B,100.00,2020-01-31,\n2,B,100.00,2020-01-31,\n")
    taken(say, home, tape)

    def known(when: str) -> int:
        document = say(*home.options, "--json", "query", "loan_book", "--known-at", when).document
        assert document["totals"]["count"] == len(document["rows"])
        return len(document["rows"])

    tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    yesterday = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"
    assert [known(at) for at in ("0", "1", "2", "3", "4", "999")] == [0, 1, 1, 2, 2, 2]
    assert [known(at.isoformat()) for at in (before, between, datetime.now(UTC))] == [0, 1, 2]
    assert [known(at) for at in (yesterday, tomorrow)] == [0, 2]
    local = between.astimezone(CITY).replace(tzinfo=None).isoformat()
    assert known(local) == 1, "a time without an offset is the city's"


def test_a_replay_goes_to_a_point_of_both_times(home: Home, say: Say, tmp_path: Path) -> None:
    taken(say, home, write_tape(tmp_path, "1,B,100.00,2020-01-31,\n"))
    whole = say(*home.options, "--json", "replay", "loan/1").document
    assert [event["topic"] for event in whole["events"]] == ["loan.contract_signed", "loan.disbursed"]
    assert (whole["position"], whole["state"]["balances"]["principal"]) == (2, "100.00")
    assert say(*home.options, "--json", "replay", str(Loan.create_id("1"))).document == whole
    known = say(*home.options, "--json", "replay", "loan/1", "--known-at", "1").document
    assert (len(known["events"]), known["state"]["status"], known["position"]) == (1, "contracted", 1)
    dated = say(*home.options, "--json", "replay", "loan/1", "--as-of", "2020-01-30").document
    assert (len(dated["events"]), dated["state"]) == (2, {})
    assert say(*home.options, "replay", "loan/1", "--known-at", "0").status == BAD_INPUT


# The demonstration.


def total(say: Say, home: Home) -> str:
    rows = say(*home.options, "--json", "query", "loan_book").document["rows"]
    return f"{sum(Decimal(row['outstanding']) for row in rows):.2f}"


def test_the_demonstration_adds_up_and_again_when_it_goes_on(home: Home, say: Say) -> None:
    events, loans = 0, 0
    for count in (12, 5):
        said = say(*home.options, "--json", "demo", "--loans", str(count))
        document, loans = said.document, loans + count
        assert said.status == CLEAN
        assert document["outstanding"] == total(say, home)
        assert (document["verified"], document["rebuild"]["equal"]) == (True, True)
        assert document["events"] > events
        assert document["rebuild"]["events"] == len(ALL) * document["events"]
        assert sum(document["by_status"].values()) == loans
        events = document["events"]


def test_the_same_seed_gives_the_same_book(home: Home, played: Home, say: Say, tmp_path: Path) -> None:
    first = say(*home.options, "--json", "demo", "--loans", "3", "--seed", "1").document
    rows = say(*home.options, "--json", "query", "loan_book").document["rows"]
    numbers = {row["loan_no"] for row in rows}
    others = say(*played.options, "--json", "query", "loan_book").document["rows"]
    assert len(numbers) == first["loans"] == 3
    assert [row for row in others if row["loan_no"] in numbers] == rows


def test_a_demonstration_is_refused_beside_real_facts(home: Home, say: Say, tape: tuple[str, str]) -> None:
    taken(say, home, tape)
    said = say(*home.options, "--json", "demo", "--loans", "1")
    assert (said.status, said.error["code"], said.error["field"]) == (REFUSED, "demo.real_facts", "--data")
    assert len(say(*home.options, "--json", "query", "loan_book").document["rows"]) == 2


def test_the_demonstration_is_in_nobodys_clear_text(home: Home, say: Say) -> None:
    say(*home.options, "demo", "--loans", "2")
    (loan,) = say(*home.options, "--json", "query", "loan_book", "--limit", "1").document["rows"]
    document = say(*home.options, "--json", "replay", f"loan/{loan['loan_no']}").document
    borrower = document["events"][0]["body"]["borrower"]
    registered = say(*home.options, "--json", "replay", borrower).document
    body = registered["events"][0]["body"]
    assert set(body["name"]) == {"algorithm", "person", "key_id", "nonce", "ciphertext"}
    assert body["name"]["ciphertext"].isascii()


# Servers and keys.


@pytest.mark.parametrize("url", [NOWHERE, "postgresql://nobody:hush-hush@127.0.0.1:1/none", "no url", "port=x"])
@pytest.mark.parametrize("asked", [("query", "loan_book"), ("demo", "--loans", "1")], ids=" ".join)
def test_a_server_that_cannot_be_reached_is_said_plainly_and_soon(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, asked: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    began = time.monotonic()
    said = say("--json", "--data", str(tmp_path / "d"), *asked)
    assert time.monotonic() - began < 8
    assert (said.status, said.error["field"]) == (BAD_INPUT, "DATABASE_URL")
    assert "hush-hush" not in said.out + said.err
    assert not (tmp_path / "d" / "postgres").exists(), "no embedded server takes its place"


@pytest.mark.parametrize("url", [NOWHERE, "no url"])
def test_a_keystore_that_cannot_be_reached_is_said_plainly(
    home: Home, say: Say, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("KEYSTORE_URL", url)
    said = say(*home.options, "--json", "demo", "--loans", "1")
    assert (said.status, said.error["field"]) == (BAD_INPUT, "KEYSTORE_URL")


def test_a_server_of_ones_own_is_used_and_its_keystore_beside_it(empty_home: Home, say: Say, server: str) -> None:
    home = empty_home
    assert say(*home.options, "demo", "--loans", "1").status == CLEAN
    assert home.dsn is not None
    with psycopg.connect(home.dsn) as connection:
        facts = connection.execute("SELECT count(*) FROM ledger.stored_events").fetchone()
        name = connection.info.dbname
    with psycopg.connect(make_conninfo(server, dbname=f"{name}_keys")) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM person_key").fetchone() == (True,)
    assert facts is not None and facts[0] > 0
    assert not (home.data / "postgres").exists()


@pytest.mark.parametrize("harm", ["removed", "another", "cut"])
def test_a_lost_master_key_is_refused_with_what_to_do(home: Home, say: Say, harm: str) -> None:
    say(*home.options, "demo", "--loans", "1")
    key = home.data / "keys" / "master.key"
    whole = key.read_bytes()
    key.unlink()
    if harm != "removed":
        key.write_bytes(bytes(32) if harm == "another" else whole[:16])
    said = say(*home.options, "--json", "demo", "--loans", "1")
    assert (said.status, said.error["code"], said.error["field"]) == (REFUSED, "keystore.master_key_lost", str(key))
    assert "backup" in said.error["message"]["en"] and "备份" in said.error["message"]["zh"]
    assert key.exists() is (harm != "removed"), "no new key is made in the place of a lost one"
    assert say(*home.options, "query", "loan_book").status == CLEAN, "what needs no key goes on"


@pytest.mark.parametrize("value", ["y", "1", "true", "perhaps"])
def test_the_librarys_lossy_functions_are_refused_at_the_start(
    say: Say, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", value)
    said = say("--json", "query", "loan_book")
    assert (said.status, said.error["code"]) == (REFUSED, "database.lossy_functions")
    assert said.error["field"] == "POSTGRES_ENABLE_DB_FUNCTIONS"


def test_a_data_folder_that_cannot_be_one_is_explained(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = say("--data", str(file), "--json", "query", "loan_book")
    assert (said.status, said.error["code"]) == (REFUSED, "database.embedded")
    assert str(file) in said.error["message"]["en"]


# The worker.


@pytest.fixture
def worker(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own, which has said that it works."""
    environment = {**os.environ, "DATABASE_URL": home.dsn or ""}
    command = [str(PROGRAM), "work", "--json", *home.options]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "working" in process.stderr.readline()
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_keeps_projections_up_to_date_and_ends_in_order(
    home: Home, say: Say, tape: tuple[str, str], worker: subprocess.Popen[str], number: signal.Signals
) -> None:
    taken(say, home, tape)
    assert home.dsn is not None
    assert _seen(home.dsn, 2), "nobody but the worker folds"
    worker.send_signal(number)
    out, err = worker.communicate(timeout=20)
    assert (worker.returncode, json.loads(out)) == (CLEAN, {"stopped": True})
    assert "Traceback" not in err


def test_a_worker_that_loses_its_connection_connects_again(
    home: Home, say: Say, tape: tuple[str, str], worker: subprocess.Popen[str]
) -> None:
    assert home.dsn is not None and worker.stderr is not None
    said = list[str]()
    reading = Thread(target=lambda: said.extend(worker.stderr or ()), daemon=True)
    reading.start()
    with psycopg.connect(home.dsn, autocommit=True) as owner:
        holders = (
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        )
        holders += " (SELECT oid FROM pg_database WHERE datname = current_database())"
        assert _until(lambda: owner.execute(holders.encode()).rowcount > 0)
    taken(say, home, tape)
    assert _seen(home.dsn, 2)
    worker.terminate()
    assert worker.wait(20) == CLEAN
    reading.join(5)
    assert any("connection was lost" in line for line in said)


def _seen(dsn: str, loans: int) -> bool:
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = "SELECT to_regclass('projections.loan_book') IS NOT NULL"
        counted = "SELECT count(*) FROM projections.loan_book"
        return _until(
            lambda: (
                connection.execute(made).fetchone() == (True,) and connection.execute(counted).fetchone() == (loans,)
            ),
            30,
        )


def _until(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    give_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("name", ["demo", "import", "query", "replay", "rebuild", "work", "bench"])
def test_every_command_is_there_and_explains_itself(say: Say, name: str) -> None:
    said = say(name, "--help")
    assert said.status == CLEAN
    assert "Usage" in said.out
