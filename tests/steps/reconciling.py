"""Steps of bank statements and their reconciliation 银行对账."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from pytest_bdd import given, then, when

from api.reconciliations import PaperEntries, reconciled
from domain.errors import SamePerson
from domain.money import Fen, parse_yuan, yuan
from domain.reconciliation.events import KnownParty
from domain.reconciliation.refusals import SumsDiffer
from ledger import accounts, funding
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook
from ledger.statements.reading import read_statements
from tests.funds import CAPITAL, OPENED
from tests.steps.office import BANK, Office
from tests.steps.words import step

ACCOUNT, NUMBER = "rcb-fund", "3708001202600001"
_HEADER = "交易日期,摘要,借方发生额,贷方发生额,余额,交易流水号,对方户名,对方账号"


class Statements:
    """The bank's side of a scenario: what it booked, and the desk that takes it in."""

    def __init__(self, office: Office, keys: str, folder: Path) -> None:
        keystore = Keystore(keys, folder / "master.key")
        self.desk = Desk(
            office.ledger, PolicyBook(office.ledger), keystore, MaterialStore(folder / "materials"), NoSource()
        )
        self.rows: list[str] = []
        self.balance: Fen = 0

    def book(self, day: date, fen: Fen, serial: str = "", text: str = "") -> None:
        self.balance += fen
        came, went = (yuan(fen), "") if fen > 0 else ("", yuan(-fen))
        self.rows.append(f"{day},{text},{went},{came},{yuan(self.balance)},{serial},,")

    def content(self, number: str = NUMBER) -> bytes:
        return "\n".join([f"账号：{number}", _HEADER, *self.rows, ""]).encode("gb18030")


@given("the fund has its account at the bank in the books", target_fixture="bank")
def account_opened(office: Office, empty_database: str, tmp_path: Path) -> Statements:
    said = {"account": ACCOUNT, "title": "专户", "fund": office.fund, "bank": BANK, "number": NUMBER}
    parties = (KnownParty(party="guarantor", names=("济宁市融资担保有限公司",)),)
    command = accounts.OpenAccount.model_validate({**said, "parties": parties, "value_date": date(2025, 1, 2)})
    office.act(lambda: accounts.open_account(office.ledger, command, office.by("finance_officer", "finance")))
    office.recorded()
    bank = Statements(office, empty_database, tmp_path)
    bank.book(OPENED, CAPITAL, f"CAPITAL-{office.fund}")
    return bank


@given(step("the books have {amount:yuan} of interest on {day:day} with the bank's number {serial}"))
def in_the_books(office: Office, amount: Fen, day: date, serial: str) -> None:
    said = {"fund": office.fund, "bank": BANK, "amount_fen": amount, "bank_reference": serial, "value_date": day}
    command = funding.ReceiveInterest.model_validate(said)
    office.act(lambda: funding.receive_interest(office.ledger, command, office.by("finance_officer", "finance")))


@given(step("the bank booked {amount:yuan} on {day:day} with its number {serial}"))
def booked(bank: Statements, amount: Fen, day: date, serial: str) -> None:
    bank.book(day, amount, serial)


@given(step("the bank booked {amount:yuan} on {day:day} saying {text}"))
def booked_saying(bank: Statements, amount: Fen, day: date, text: str) -> None:
    bank.book(day, amount, text=text)


@given(step("the bank kept {amount:yuan} on {day:day} saying {text}"))
def kept_back(bank: Statements, amount: Fen, day: date, text: str) -> None:
    bank.book(day, -amount, text=text)


@when("finance takes in the bank's statement")
@given("finance has taken in the bank's statement")
def taken_in(office: Office, bank: Statements) -> None:
    read = read_statements(bank.content(), "statement.csv")
    by = office.by("finance_officer", "finance")
    office.act(lambda: accounts.import_statement(bank.desk, ACCOUNT, read, by))


@then("nothing more is recorded")
def nothing_more(office: Office) -> None:
    assert office.answer is None


@when("finance takes in a statement of another account")
def another(office: Office, bank: Statements) -> None:
    read = read_statements(bank.content("9999"), "statement.csv")
    by = office.by("finance_officer", "finance")
    office.act(lambda: accounts.import_statement(bank.desk, ACCOUNT, read, by))


@then(step("the account has {lines:count} lines and {failed:count} proofs that do not hold"))
def has_lines(office: Office, lines: int, failed: int) -> None:
    state = office.ledger.account(ACCOUNT).state()
    assert (state["lines"], state["failed_proofs"]) == (lines, failed)


@then(step("up to {day:day} the bank has {bank_has:yuan}, the books {books:yuan}, and the breaks explain all of it"))
def reconciles(office: Office, day: date, bank_has: Fen, books: Fen) -> None:
    document = _document(office, day)
    assert (document["bank_closing"], document["ledger_closing"]) == (yuan(bank_has), yuan(books))
    assert document["residual"] == "0.00" and document["four_way"]["equal"]


@then(step("up to {day:day} there is a break {kind} of {amount:yuan}, for the {owner} to see to"))
def has_break(office: Office, day: date, kind: str, amount: Fen, owner: str) -> None:
    found = [one for one in _document(office, day)["breaks"] if one["class"] == kind]
    assert [abs(parse_yuan(one["amount"], negative=True)) for one in found] == [amount], found
    assert found[0]["owner"] == owner and found[0]["next"]["zh"] and found[0]["next"]["en"]


@then(step("up to {day:day} there is no break"))
def no_break(office: Office, day: date) -> None:
    assert not _document(office, day)["breaks"]


@when(step("finance matches the line of {line:yuan} with the entry of {entry:yuan} and the head of finance"))
def matched_by_two(office: Office, line: Fen, entry: Fen) -> None:
    _match(office, line, entry, "head-of-finance")


@when(step("finance matches the line of {line:yuan} with the entry of {entry:yuan} alone"))
def matched_alone(office: Office, line: Fen, entry: Fen) -> None:
    _match(office, line, entry, "finance_officer-1")


@then("it is refused: the sums differ")
def sums_differ(office: Office) -> None:
    office.refused(SumsDiffer)


@then("it is refused: a second person has to match")
def not_alone(office: Office) -> None:
    office.refused(SamePerson)


def _match(office: Office, line: Fen, entry: Fen, second: str) -> None:
    document = _document(office, date(2025, 12, 31))
    lines = [one for found in document["breaks"] for one in found["lines"] if one["amount"] == yuan(line)]
    books = [one for found in document["breaks"] for one in found["entries"] if one["amount"] == yuan(entry)]
    said: dict[str, Any] = {"account": ACCOUNT, "confirmed_by": second, "reason": "seen on the bank's advice"}
    command = accounts.MatchLines(lines=(lines[0]["line"],), entries=(books[0]["entry"],), **said)
    entries = PaperEntries(lambda: nullcontext(office.reader))
    by = office.by("finance_officer", "finance")
    office.act(lambda: accounts.match_lines(office.ledger, entries, command, by))


def _document(office: Office, day: date) -> dict[str, Any]:
    office.engine.catch_up()
    return reconciled(office.reader, office.reader, ACCOUNT, day)
