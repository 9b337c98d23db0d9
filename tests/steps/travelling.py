"""Steps of asking about other times 时点查询, sending again 幂等, making papers again 重建 and replaying 重放."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pytest_bdd import given, then, when

from domain.compensation.claim import Claim
from domain.errors import DatedInFuture
from domain.loan.loan import Loan
from domain.money import Fen
from ledger.ledger import Receipt
from ledger.repaying import RecordRepayment, record_repayment
from projections import log
from projections.querying import ALL
from projections.rebuilding import rebuild
from tests.conftest import as_role
from tests.steps.office import Office
from tests.steps.words import STATES, as_rows, in_people_s_notation, shown, step, yuan

PROJECT = Path(__file__).resolve().parents[2]


@when(step("the auditor draws a report named {name:quoted}"))
def draw_report(office: Office, name: str) -> None:
    office.reports[name] = office.recorded()


@given(step("the auditor drew a report named {name:quoted}"))
def drew_report(office: Office, name: str) -> None:
    draw_report(office, name)


@given(step("the bank sent the request {key:quoted} to record a repayment of {amount:yuan} on {day:day}"))
def sent(office: Office, key: str, amount: Fen, day: date) -> None:
    send(office, key, amount, day)
    office.first_answer = office.recorded()


@given(step("the bank sent the request {key:quoted} to record a repayment of {amount:yuan} on {day:day}, in vain"))
def sent_in_vain(office: Office, key: str, amount: Fen, day: date) -> None:
    send(office, key, amount, day)
    office.refused(DatedInFuture)


@when(step("the bank sends the request {key:quoted} to record a repayment of {amount:yuan} on {day:day}"))
def send(office: Office, key: str, amount: Fen, day: date) -> None:
    payment = RecordRepayment(loan_no=office.loan_no, amount_fen=amount, value_date=day, bank_reference="H-17")
    office.act(lambda: record_repayment(office.ledger, payment, office.by("bank_officer", office.bank, key=key)))


@when("every paper is made again from the facts")
def make_again(office: Office) -> None:
    assert office.engine.catch_up() == {}
    office.rebuilt = [rebuild(office.engine.connection, paper) for paper in ALL]


@given("every paper was made again from the facts")
def made_again(office: Office) -> None:
    make_again(office)


@given(step("somebody altered the loan book by hand so that {amount:yuan} is outstanding"))
def altered(office: Office, amount: Fen) -> None:
    assert office.engine.catch_up() == {}
    statement = "UPDATE projections.loan_book SET outstanding = %s WHERE loan_no = %s"
    assert office.engine.connection.execute(statement, (amount, office.loan_no)).rowcount == 1


@when("the history is replayed by a fresh process")
def replay_elsewhere(office: Office) -> None:
    streams = [str(Loan.create_id(office.loan_no)), str(office.claim)]
    command = [sys.executable, "-m", "tests.steps.fresh_process", as_role(office.database, "projector"), *streams]
    replayed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert replayed.returncode == 0, replayed.stderr
    office.elsewhere = json.loads(replayed.stdout)


@then("the loan was")
def loan_was(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    for row in as_rows(datatable):
        line = office.book(as_of=date.fromisoformat(row["on"]))
        assert line is not None
        assert in_people_s_notation(line["outstanding"]) == row["outstanding"], row["on"]
        assert line["status"] == STATES[row["state"]], row["on"]


@then("what was outstanding on a day is, by each report")
def outstanding_by_reports(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    for row in as_rows(datatable):
        for name in row.keys() - {"on"}:
            outstanding_by_report(office, name, yuan(row[name]), date.fromisoformat(row["on"]))


@then(step("by the {name:word} report {amount:yuan} was outstanding on {day:day}"))
def outstanding_by_report(office: Office, name: str, amount: Fen, day: date) -> None:
    line = office.book(as_of=day, known_at=office.reports[name].position)
    assert line is not None
    assert in_people_s_notation(line["outstanding"]) == shown(amount)


@then(step("by the time of the {name:word} report {amount:yuan} is outstanding"))
def outstanding_by_time(office: Office, name: str, amount: Fen) -> None:
    position = log.position_at(office.reader, office.reports[name].recorded_at)
    line = office.book(known_at=position)
    assert line is not None
    assert in_people_s_notation(line["outstanding"]) == shown(amount)


@then(step("nothing of the loan was there on {day:day}"))
def nothing_on(office: Office, day: date) -> None:
    assert office.book(as_of=day) is None


@then(step("before the record began nothing of the loan was there on {day:day}"))
def nothing_known(office: Office, day: date) -> None:
    assert office.book(as_of=day, known_at=0) is None


@then("it is recorded already, and the answer is the first one")
def recorded_already(office: Office) -> None:
    answer, first = office.answer, office.first_answer
    assert isinstance(answer, Receipt) and first is not None
    assert answer.repeated and not first.repeated
    assert (answer.position, answer.recorded_at, answer.leaf_hash) == (
        first.position,
        first.recorded_at,
        first.leaf_hash,
    )
    assert log.head(office.reader) == first.position


@then("each of them is the same to the byte")
def same_to_the_byte(office: Office) -> None:
    assert {paper.name: paper.equal for paper in office.rebuilt} == {paper.name: True for paper in ALL}
    assert all(
        paper.rows for paper in office.rebuilt if paper.name in ("loan_book", "repayment_history", "audit_trail")
    )


@then("the loan book is found to differ")
def book_differs(office: Office) -> None:
    differing = [paper.name for paper in office.rebuilt if not paper.equal]
    assert differing == ["loan_book"]


@then("the loan and the claim are the same there as here")
def same_elsewhere(office: Office) -> None:
    loan = office.ledger.loan(office.loan_no)
    claim: Claim = office.ledger.repository.get(office.claim)
    here = {str(loan.id): loan.state(), str(claim.id): claim.state()}
    assert office.elsewhere == json.loads(json.dumps(here))
    assert loan.state()["status"] == "charged_off"
