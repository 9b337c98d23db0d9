"""Bank accounts: what is taken in is taken in once, whatever the order; people match by two; every reconciliation comes out to the fen."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from api.demo.statements import NAMES, Drawn, Owed, draw, weighted, written
from api.reconciliations import PaperEntries, entries_of, matches_of, reconciled
from domain.actor import Actor
from domain.errors import NotPermitted, SamePerson
from domain.facts import Moment
from domain.reconciliation import refusals
from domain.reconciliation.account import LINES
from domain.reconciliation.events import KnownParty
from ledger import accounts, funding
from ledger.accounts import ImportStatement, MatchLines, OpenAccount, StateParties, UnmatchLines
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.ledger import Ledger, Receipt
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook
from ledger.statements.reading import read_statements
from projections.engine import Engine
from projections.querying import Question, ask, projection
from tests.funds import open_with_capital

FUND, BANK, ACCOUNT, NUMBER = "jining_guarantee_fund", "jining_rcb", "rcb", "3708001202600001"
FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
CAPITAL = 500_000_000


@pytest.fixture
def desk(ledger: Ledger, empty_database: str, tmp_path: Path, moment: Moment) -> Desk:
    """A fund with its capital, and its account."""
    open_with_capital(ledger, moment, FUND)
    keystore = Keystore(empty_database, tmp_path / "master.key")
    accounts.open_account(ledger, opening(), by(moment))
    return Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(tmp_path / "materials"), NoSource())


def opening(**more: Any) -> OpenAccount:
    parties = tuple(KnownParty(party=party, names=(name,)) for party, name in NAMES.items())
    said = {
        "account": ACCOUNT,
        "title": "专户",
        "fund": FUND,
        "bank": BANK,
        "number": NUMBER,
        "parties": parties,
        "value_date": FIRST,
    }
    return OpenAccount.model_validate(said | more)


def by(moment: Moment, subject: str = "Li", role: str = "finance_officer") -> CommandContext:
    return CommandContext(Actor(subject=subject, role=role, institution="finance", region="370800"), moment)


def earn(ledger: Ledger, moment: Moment, fen: int, day: date, reference: str) -> None:
    said = {"fund": FUND, "bank": BANK, "amount_fen": fen, "bank_reference": reference, "value_date": day}
    funding.receive_interest(ledger, funding.ReceiveInterest.model_validate(said), by(moment))


def line(fen: int, day: date, serial: str | None = None, text: str = "结息", party: str | None = None) -> Drawn:
    return Drawn(day, fen, serial, text, party, frozenset(), "", True)


def take(
    desk: Desk, moment: Moment, lines: list[Drawn], first: date, last: date, number: int, opens: int, **more: int
) -> Receipt | None:
    content, _ = written(lines, NUMBER, opens, first, last, number, **more)
    return accounts.import_statement(desk, ACCOUNT, read_statements(content, "s.xml"), by(moment))


def looked_at(reading: Connection[Any], engine: Engine, until: date = LAST) -> dict[str, Any]:
    """The reconciliation, which always comes out."""
    assert not engine.catch_up()
    document = reconciled(reading, reading, ACCOUNT, until)
    assert document["residual"] == "0.00"
    assert document["four_way"]["equal"], document["four_way"]
    return document


def classes(document: dict[str, Any]) -> dict[str, str]:
    return {one["class"]: one["amount"] for one in document["breaks"]}


def test_the_same_file_ten_times_adds_nothing(
    desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any]
) -> None:
    same = [line(100, FIRST), line(100, FIRST), line(-30, FIRST, "S1")]
    receipt = take(desk, moment, same, FIRST, FIRST, 1, CAPITAL)
    assert receipt is not None
    head = desk.ledger.head
    for _ in range(9):
        assert take(desk, moment, same, FIRST, FIRST, 1, CAPITAL) is None
    assert desk.ledger.head == head
    assert len(desk.ledger.account(ACCOUNT).lines) == 3, "two equal lines on one day are two lines"
    engine.catch_up()
    rows = ask(reading, projection("bank_statement"), Question(where={"account": ACCOUNT})).rows
    assert [row["paid_in"] for row in rows] == ["1.00", "1.00", "0.00"]


def test_what_overlaps_counts_once_in_whatever_order_it_comes(
    desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any]
) -> None:
    days = [FIRST + timedelta(days=at) for at in range(10)]
    lines = [line(1000 + at, day, f"S{at}") for at, day in enumerate(days)]
    opens = [CAPITAL + sum(one.fen for one in lines[:at]) for at in range(11)]
    for start, end, number in ((4, 10, 2), (0, 6, 1), (2, 5, 3)):
        take(desk, moment, lines[start:end], days[start], days[end - 1], number, opens[start])
    assert len(desk.ledger.account(ACCOUNT).lines) == 10
    document = looked_at(reading, engine)
    assert (document["bank_closing"], document["lines"]) == (f"{opens[10] // 100}.{opens[10] % 100:02d}", 10)
    assert not {"MISSING_STATEMENT", "STATEMENT_DOES_NOT_ADD", "OPENING_MISMATCH"} & set(classes(document))
    for until in days:
        assert looked_at(reading, engine, until)["bank_closing"] == f"{opens[days.index(until) + 1] / 100:.2f}"


def test_a_failed_proof_is_a_break(desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any]) -> None:
    month = FIRST + timedelta(days=30)
    take(desk, moment, [line(500, FIRST, "S1")], FIRST, FIRST, 1, CAPITAL, off=-7)
    take(desk, moment, [line(600, month, "S2")], month, month, 3, CAPITAL + 900)
    account = desk.ledger.account(ACCOUNT)
    held = [{proof.name: proof.holds for proof in kept.proofs} for kept in account.statements]
    assert held[0]["adds_up"] is False and held[1]["adds_up"] is True
    assert (held[1]["continues"], held[1]["in_sequence"]) == (False, False)
    found = classes(looked_at(reading, engine))
    assert (found["STATEMENT_DOES_NOT_ADD"], found["MISSING_STATEMENT"]) == ("-0.07", "4.07")
    take(
        desk,
        moment,
        [line(407, FIRST + timedelta(days=9), "S9")],
        FIRST + timedelta(days=1),
        month - timedelta(days=1),
        2,
        CAPITAL + 493,
    )
    found = classes(looked_at(reading, engine))
    assert "MISSING_STATEMENT" not in found, "the missing one has come"


def test_a_statement_of_another_account_or_currency_is_kept_and_counts_for_nothing(
    desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any]
) -> None:
    content, _ = written([line(500, FIRST)], "999", CAPITAL, FIRST, FIRST, 1)
    accounts.import_statement(desk, ACCOUNT, read_statements(content, "s"), by(moment))
    content, _ = written([line(500, FIRST)], NUMBER, CAPITAL, FIRST, FIRST, 1)
    accounts.import_statement(desk, ACCOUNT, read_statements(content.replace(b"CNY", b"USD"), "s"), by(moment))
    account = desk.ledger.account(ACCOUNT)
    assert [(kept.taken, kept.lines) for kept in account.statements] == [(False, 1), (False, 1)]
    assert not account.lines and not account.chain
    assert account.state()["failed_proofs"] == 2
    assert looked_at(reading, engine)["bank_closing"] == "0.00"


def test_the_original_is_kept_and_nobody_s_name_stands_in_the_facts(desk: Desk, moment: Moment, database: str) -> None:
    named = Drawn(FIRST, 100, None, "张三还款 13905370001 6222021234567890123", None, frozenset(), "", True)
    content, _ = written([named], NUMBER, CAPITAL, FIRST, FIRST, 1)
    read = read_statements(content, "s.xml")
    accounts.import_statement(desk, ACCOUNT, read, by(moment))
    assert desk.materials.open(read.file, accounts.key_of(desk.keystore, ACCOUNT)) == content
    with psycopg.connect(database) as connection:
        states = connection.execute("SELECT convert_from(state, 'UTF8') FROM ledger.stored_events").fetchall()
    for canary in ("张三", "13905370001", "6222021234567890123"):
        assert not any(canary in state for (state,) in states)


def test_a_long_statement_is_one_act(desk: Desk, moment: Moment) -> None:
    lines = [line(at + 1, FIRST, f"S{at}") for at in range(2 * LINES + 1)]
    receipt = take(desk, moment, lines, FIRST, FIRST, 1, CAPITAL)
    assert receipt is not None and receipt.position - receipt.first_position == 3
    assert len(desk.ledger.account(ACCOUNT).lines) == 2 * LINES + 1


def test_two_people_match_by_hand_and_take_it_back(
    desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any]
) -> None:
    earn(desk.ledger, moment, 700, FIRST, "I-1")
    take(desk, moment, [line(300, FIRST, text="a"), line(400, FIRST, text="b")], FIRST, FIRST, 1, CAPITAL)
    document = looked_at(reading, engine)
    assert classes(document)["MISSING_IN_BANK"] == "-7.00"
    keys = [found["line"] for one in document["breaks"] for found in one["lines"]]
    (mine,) = [found["entry"] for one in document["breaks"] for found in one["entries"]]
    entries = PaperEntries(lambda: nullcontext(reading))

    def match(lines: list[str], books: list[str], second: str = "Zhao", kind: type[MatchLines] = MatchLines) -> None:
        said = kind(
            account=ACCOUNT, lines=tuple(lines), entries=tuple(books), confirmed_by=second, reason="seen on the advice"
        )
        act: Any = accounts.match_lines if kind is MatchLines else accounts.unmatch_lines
        act(desk.ledger, entries, said, by(moment))

    for refusal, arguments in (
        (refusals.SumsDiffer, (keys[:1], [mine])),
        (refusals.SumsDiffer, (keys, [])),
        (refusals.UnknownLine, (["nobody's"], [mine])),
        (refusals.UnknownEntry, (keys, ["0.1"])),
        (SamePerson, (keys, [mine], "Li")),
    ):
        with pytest.raises(refusal):
            match(*arguments)
    match(keys, [mine])
    with pytest.raises(refusals.MatchedAlready):
        match(keys, [mine])
    document = looked_at(reading, engine)
    assert not document["breaks"] and document["matched"] == {"manual": {"lines": 2, "entries": 1}}
    (said,) = matches_of(reading, reading, ACCOUNT, LAST)
    assert (said["pass"], said["evidence"], said["amount"]) == ("manual", "Zhao: seen on the advice", "7.00")
    match(keys, [mine], kind=UnmatchLines)
    with pytest.raises(refusals.NothingMatched):
        match(keys, [mine], kind=UnmatchLines)
    assert len(looked_at(reading, engine)["breaks"]) == 3


def test_an_automatic_match_is_taken_back_for_good(
    desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any]
) -> None:
    earn(desk.ledger, moment, 700, FIRST, "I-1")
    take(desk, moment, [line(700, FIRST, "I-1")], FIRST, FIRST, 1, CAPITAL)
    assert looked_at(reading, engine)["matched"] == {"P1": {"lines": 1, "entries": 1}}
    known = desk.ledger.head
    (said,) = matches_of(reading, reading, ACCOUNT, LAST)
    command = UnmatchLines(
        account=ACCOUNT,
        lines=tuple(said["lines"]),
        entries=tuple(said["entries"]),
        confirmed_by="Zhao",
        reason="two payments",
    )
    accounts.unmatch_lines(desk.ledger, PaperEntries(lambda: nullcontext(reading)), command, by(moment))
    document = looked_at(reading, engine)
    assert document["matched"] == {} and len(document["breaks"]) == 2
    assert reconciled(reading, reading, ACCOUNT, LAST, known)["matched"] == {"P1": {"lines": 1, "entries": 1}}, (
        "as it was known then"
    )


def test_one_account_for_a_fund_at_a_bank(desk: Desk, moment: Moment) -> None:
    with pytest.raises(refusals.AccountExists):
        accounts.open_account(desk.ledger, opening(bank="another"), by(moment))
    with pytest.raises(refusals.AccountTaken):
        accounts.open_account(desk.ledger, opening(account="second"), by(moment))
    with pytest.raises(refusals.UnknownAccount):
        desk.ledger.account("nobody's")
    with pytest.raises(NotPermitted):
        accounts.open_account(desk.ledger, opening(account="third", bank="x"), by(moment, role="bank_officer"))


def test_parties_are_stated_anew_for_what_comes_after(desk: Desk, moment: Moment) -> None:
    said = StateParties(account=ACCOUNT, parties=(KnownParty(party="city", accounts=("3700 1",)),), value_date=FIRST)
    assert accounts.state_parties(desk.ledger, said, by(moment)) is not None
    assert accounts.state_parties(desk.ledger, said, by(moment)) is None
    take(desk, moment, [line(5, FIRST, party="guarantor")], FIRST, FIRST, 1, CAPITAL)
    (kept,) = desk.ledger.account(ACCOUNT).lines.values()
    assert kept.party is None, "by that name nobody is known any more"
    assert ImportStatement(account=ACCOUNT, file="x").mapping is None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_bank_sends_every_reconciliation_comes_out(
    desk: Desk, moment: Moment, engine: Engine, reading: Connection[Any], seed: int
) -> None:
    chance = Random(seed)
    for at in range(60):
        earn(
            desk.ledger, moment, chance.randrange(1000, 10**7), FIRST + timedelta(days=chance.randrange(360)), f"I-{at}"
        )
    engine.catch_up()
    owed = [
        Owed(e.key, e.value_date, e.fen, e.reference, None, e.other_side) for e in entries_of(reading, FUND, LAST, None)
    ]
    lines = draw(owed, LAST, chance, weighted(chance), noise=5)
    opens, first = CAPITAL + chance.choice((0, 0, 5)), FIRST
    contents = list[bytes]()
    for number in range(1, 13):
        last = FIRST + timedelta(days=30 * number)
        here = [one for one in lines if first <= one.day <= last]
        content, closes = written(here, NUMBER, opens, first, last, number, off=chance.choice((0, 0, 0, 9)))
        if chance.random() < 0.85:
            contents.append(content)
        opens, first = closes, last + timedelta(days=1)
    chance.shuffle(contents)
    for content in contents:
        accounts.import_statement(desk, ACCOUNT, read_statements(content, "s.xml"), by(moment))
    for _ in range(6):
        looked_at(reading, engine, FIRST + timedelta(days=chance.randrange(-5, 380)))
