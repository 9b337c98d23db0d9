"""What a projection answers for any two times is what the facts say, added up by hand; and a question is never more than a question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.events import ClaimRecorded, RecoveryReceived, SharePaid
from domain.errors import InvalidInput, Refusal
from domain.facts import EventSourced, Fact, Moment
from domain.loan.events import (
    BecameOverdue,
    ChargedOff,
    ContractSigned,
    Disbursed,
    JobsReported,
    MoneyFact,
    OverdueCured,
    Reopened,
    Settled,
)
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms
from domain.money import yuan
from domain.ratio import zheng_yin_dan
from domain.recorded import Recorded
from domain.state import state_as_of
from ledger.ledger import Ledger
from projections import log
from projections.engine import Engine
from projections.keeper import connect
from projections.projection import Projection
from projections.querying import ALL, Answer, Question, UnknownColumn, UnknownProjection, ask
from projections.querying import projection as named
from tests import conftest
from tests.conftest import as_role
from tests.ledger.writing import NOW, append, open_ledger

MOMENT = Moment(now=NOW)
START = date(2024, 1, 1)
DAYS = 500
TELLER = Actor(subject="teller", role="bank_officer", institution="b", region="r")
SUPERVISOR = Actor(subject="supervisor", role="bank_supervisor", institution="b", region="r")
BANKS = ("rural", "postal")
SHOWN = (
    "approved", "guaranteed", "disbursed", "outstanding", "charged_off", "claimed", "recovered", "status",
    "jobs_created", "jobs_retained", "charged_off_year",
)  # fmt: skip

_numbers = count(1)


# Histories.


@dataclass(frozen=True)
class Step:
    """One thing that comes to the ledger: of which loan, what, how much, and on which day it was true."""

    loan: int
    kind: str
    fen: int
    day: date


KINDS = ("disburse", "repay", "repay", "repay", "reverse", "notice", "charge_off", "recover", "jobs")
STEPS = st.builds(
    Step,
    loan=st.integers(0, 2),
    kind=st.sampled_from(KINDS),
    fen=st.sampled_from((1, 100, 33_333, 500_000, 2_000_000)) | st.integers(1, 1_500_000),
    day=st.integers(0, DAYS).map(lambda n: START + timedelta(days=n)),
)
DATES = st.integers(-20, DAYS + 20).map(lambda n: START + timedelta(days=n))


@dataclass
class Course:
    """A few loans brought through random steps, in the order in which they come to the ledger."""

    number: int = field(default_factory=lambda: next(_numbers))
    loans: dict[int, Loan] = field(default_factory=dict)
    claims: dict[UUID, Claim] = field(default_factory=dict)
    paid: dict[UUID, list[int]] = field(default_factory=lambda: defaultdict(list))

    def take(self, step: Step) -> list[Fact]:
        """The facts of a step; none if a rule refuses it."""
        loan = self.loans.setdefault(step.loan, signed(self.number, step.loan))
        told: list[EventSourced[Any]] = [loan]
        try:
            match step.kind:
                case "disburse":
                    loan.disburse(MOMENT, amount=step.fen, value_date=step.day, history=step.fen % 2 == 0)
                case "repay":
                    version = loan.version + 1
                    loan.repay(MOMENT, amount=step.fen, value_date=step.day)
                    self.paid[loan.id].append(version)
                case "reverse":
                    self._reverse(loan, step)
                case "notice":
                    loan.close_day(MOMENT, step.day, claim_after=None)
                case "jobs":
                    loan.report_jobs(MOMENT, created=step.fen % 9, retained=step.fen % 4, value_date=step.day)
                case "charge_off":
                    told += self._charge_off(loan, step)
                case "recover":
                    told += self._recover(loan, step)
        except Refusal:
            pass
        return [fact for aggregate in told for fact in aggregate.collect_events()]

    def _reverse(self, loan: Loan, step: Step) -> None:
        if paid := self.paid[loan.id]:
            version = paid[step.fen % len(paid)]
            people: dict[str, Any] = {"requested_by": TELLER, "confirmed_by": SUPERVISOR}
            shown: dict[str, Any] = {"reason": "returned", "evidence": ("0" * 64,)}
            loan.reverse_repayment(MOMENT, version=version, value_date=step.day, **shown, **people)

    def _charge_off(self, loan: Loan, step: Step) -> list[Claim]:
        number, amount = f"{loan.contract.loan_no}-1", min(step.fen, loan.outstanding)
        if loan.id in self.claims or loan.contract.share_scheme is None:
            return []
        loan.charge_off(MOMENT, amount=amount, value_date=step.day, claim_no=number)
        self.claims[loan.id] = Claim.of_charge_off(loan, number, amount, step.day, MOMENT)
        return [self.claims[loan.id]]

    def _recover(self, loan: Loan, step: Step) -> list[Claim]:
        claim = self.claims.get(loan.id)
        if claim is not None:
            claim.recover(MOMENT, gross=step.fen, cost=step.fen // 40, value_date=step.day)
        return [] if claim is None else [claim]


def signed(number: int, place: int) -> Loan:
    """A loan of 20,000.00 from START on, of one of two banks; every second pins terms, every third no scheme."""
    bank = BANKS[place % 2]
    terms = RepaymentTerms(annual_rate=Decimal("0.0395"), instalments=6) if place % 2 else None
    scheme = None if place % 3 == 2 else zheng_yin_dan("fund", bank, "guarantor")
    return Loan.sign(
        MOMENT,
        loan_no=f"Q-{number}-{place}",
        value_date=START + timedelta(days=30 * place),
        bank=bank,
        county="370811",
        product="p",
        approved_fen=2_000_000,
        guaranteed_fen=1_400_000 if scheme else 0,
        terms=terms,
        share_scheme=scheme,
    )


HISTORIES = st.lists(STEPS, min_size=3, max_size=25)


# The book, added up by hand.


def added_up(facts: Iterable[Recorded], as_of: date) -> dict[UUID, dict[str, Any]]:
    """Every loan's line, from the changes dated on or before a day, of the facts given."""
    lines: dict[UUID, dict[str, Any]] = {}
    said: dict[UUID, list[tuple[date, int, str, Any]]] = defaultdict(list)

    def line(loan: UUID) -> dict[str, Any]:
        return lines.setdefault(loan, dict.fromkeys(SHOWN[:7], 0))

    for row in facts:
        fact = row.fact
        for loan, column, fen in _amounts(fact, as_of):
            line(loan)[column] += fen
        for loan, name, value in _said(fact):
            if fact.value_date <= as_of:
                line(loan)
                said[loan].append((fact.value_date, row.position, name, value))
    for loan, amounts in lines.items():
        amounts.update(_last(said[loan], amounts["disbursed"] != 0))
    return {loan: {n: yuan(v) if n in SHOWN[:7] else v for n, v in amounts.items()} for loan, amounts in lines.items()}


def _amounts(fact: Fact, as_of: date) -> Iterator[tuple[UUID, str, int]]:
    loan = fact.originator_id
    if isinstance(fact, MoneyFact):
        for change in fact.changes:
            column = {"principal": "outstanding", "charged_off": "charged_off"}.get(change.balance)
            if column and change.value_date <= as_of:
                yield loan, column, change.fen
    if fact.value_date > as_of:
        return
    match fact:
        case ContractSigned():
            yield loan, "approved", fact.approved_fen
            yield loan, "guaranteed", fact.guaranteed_fen
        case Disbursed():
            yield loan, "disbursed", fact.amount_fen
        case ClaimRecorded():
            yield fact.loan, "claimed", fact.covered_fen - next(s.fen for s in fact.shares if s.party == "bank")
        case RecoveryReceived():
            yield fact.loan, "recovered", sum(share.fen for share in fact.shares)


def _said(fact: Fact) -> Iterator[tuple[UUID, str, Any]]:
    loan = fact.originator_id
    match fact:
        case SharePaid():
            pass
        case ClaimRecorded() | RecoveryReceived():
            yield fact.loan, "claim", True
        case BecameOverdue() | OverdueCured():
            yield loan, "overdue", isinstance(fact, BecameOverdue)
        case Settled():
            yield loan, "settled", True
            yield loan, "overdue", False
        case Reopened():
            yield loan, "lost" if fact.ended == "charged_off" else "settled", False
        case JobsReported():
            yield loan, "jobs_created", fact.created
            yield loan, "jobs_retained", fact.retained
        case ChargedOff():
            if fact.ends:
                yield loan, "lost", True
                yield loan, "overdue", False
            yield loan, "charged_off_year", fact.value_date.year
        case _:
            yield loan, "begun", True


def _last(said: list[tuple[date, int, str, Any]], paid_out: bool) -> dict[str, Any]:
    """What was said last, by value date and then by position."""
    now = {name: value for _, _, name, value in sorted(said, key=lambda s: s[:2])}
    flags = ("lost", "charged_off"), ("settled", "settled"), ("overdue", "overdue")
    status = next((shown for flag, shown in flags if now.get(flag)), "active" if paid_out else "contracted")
    jobs = {name: now.get(name, 0) for name in ("jobs_created", "jobs_retained")}
    return {"status": status, **jobs, "charged_off_year": now.get("charged_off_year")}


# One book for all histories.


@dataclass
class Book:
    """A ledger that histories are recorded in, its projections, and who reads them."""

    ledger: Ledger
    engine: Engine
    reading: Connection[Any]

    @property
    def head(self) -> int:
        return log.head(self.reading)

    def record(self, facts: Sequence[Fact]) -> None:
        if facts:
            append(self.ledger, facts)
        assert self.engine.catch_up() == {}

    def ask(self, name: str, **question: Any) -> Answer:
        return ask(self.reading, named(name), Question(**question))

    def lines(
        self, course: Course, as_of: date | None = None, known_at: int | None = None
    ) -> dict[UUID, dict[str, Any]]:
        """What the loan book says of these loans."""
        ids = {loan.contract.loan_no: loan.id for loan in course.loans.values()}
        rows = self.ask("loan_book", as_of=as_of, known_at=known_at).rows
        return {ids[row["loan_no"]]: {n: row[n] for n in SHOWN} for row in rows if row["loan_no"] in ids}


@pytest.fixture(scope="module")
def book(server: str, template: str) -> Iterator[Book]:
    name = f"{template}_querying"
    dsn = conftest._create(server, name, template)
    with (
        open_ledger(dsn) as ledger,
        Engine(as_role(dsn, "projector"), ALL) as engine,
        connect(as_role(dsn, "projector")) as reading,
    ):
        engine.catch_up()
        yield Book(ledger, engine, reading)
    conftest._drop(server, name)


THOROUGHLY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.target],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


# Two times.


@THOROUGHLY
@given(steps=HISTORIES, asked=st.lists(st.tuples(DATES, st.integers(0, 60)), min_size=3, max_size=6))
def test_the_loan_book_at_any_two_times_is_what_the_facts_add_up_to(
    book: Book, steps: list[Step], asked: list[tuple[date, int]]
) -> None:
    course, before = Course(), book.head
    book.record([fact for step in steps for fact in course.take(step)])
    facts = list(log.everything(book.reading, before))
    for as_of, ahead in asked:
        known_at = before + ahead
        known = [row for row in facts if row.position <= known_at]
        assert book.lines(course, as_of, known_at) == added_up(known, as_of), (as_of, ahead)


@THOROUGHLY
@given(steps=HISTORIES, as_of=DATES)
def test_the_book_now_is_the_book_at_the_end_of_both_times(book: Book, steps: list[Step], as_of: date) -> None:
    course, before = Course(), book.head
    book.record([fact for step in steps for fact in course.take(step)])
    now = book.lines(course)
    assert now == added_up(log.everything(book.reading, before), date.max)
    assert (
        now
        == book.lines(course, date.max, book.head)
        == book.lines(course, date.max)
        == book.lines(course, None, book.head)
    )
    assert book.lines(course, as_of) == book.lines(course, as_of, book.head)


@THOROUGHLY
@given(earlier=HISTORIES, later=HISTORIES, as_of=DATES)
def test_what_was_known_then_never_changes(book: Book, earlier: list[Step], later: list[Step], as_of: date) -> None:
    course = Course()
    book.record([fact for step in earlier for fact in course.take(step)])
    known_at, names = book.head, [p.name for p in ALL if p.knows_earlier]
    then = {name: book.ask(name, as_of=as_of, known_at=known_at) for name in names}
    book.record([fact for step in later for fact in course.take(step)])
    for name in names:
        again = book.ask(name, as_of=as_of, known_at=known_at)
        assert (again.rows, again.totals) == (then[name].rows, then[name].totals)


@THOROUGHLY
@given(steps=HISTORIES, as_of=DATES, ahead=st.integers(1, 60))
def test_a_loan_in_the_book_is_the_loan_replayed(book: Book, steps: list[Step], as_of: date, ahead: int) -> None:
    course, before = Course(), book.head
    book.record([fact for step in steps for fact in course.take(step)])
    lines = book.lines(course, as_of, before + ahead)
    for loan in course.loans.values():
        facts = [row.fact for row in log.stream(book.reading, loan.id, before + ahead)]
        state = state_as_of(facts, as_of) if facts else {}
        if not state:
            continue
        line = lines[loan.id]
        assert line["status"] == state["status"]
        assert line["outstanding"] == state["balances"].get("principal", "0.00")
        assert line["charged_off"] == state["balances"].get("charged_off", "0.00")
        assert (line["jobs_created"], line["jobs_retained"]) == (state["jobs_created"], state["jobs_retained"])


@THOROUGHLY
@given(steps=HISTORIES, as_of=DATES, ahead=st.integers(1, 60))
def test_the_repayment_history_adds_up_to_the_loan_book(book: Book, steps: list[Step], as_of: date, ahead: int) -> None:
    course, before = Course(), book.head
    book.record([fact for step in steps for fact in course.take(step)])
    times = {"as_of": as_of, "known_at": before + ahead}
    for loan in course.loans.values():
        where = {"loan_no": loan.contract.loan_no}
        moved = book.ask("repayment_history", where=where, **times).totals
        line = book.ask("loan_book", where=where, **times).totals
        assert moved["principal"] == line["outstanding"]


def test_a_late_payment_changes_the_past_only_for_who_knows_of_it(book: Book) -> None:
    course = Course()
    first, early = START + timedelta(days=10), START + timedelta(days=20)
    book.record([*course.take(Step(0, "disburse", 1_000_000, first))])
    known_at = book.head
    book.record(course.take(Step(0, "repay", 400_000, early)))
    (loan,) = course.loans

    def owed(as_of: date, position: int | None) -> str:
        (line,) = book.lines(course, as_of, position).values()
        return str(line["outstanding"])

    assert loan == 0
    assert (owed(early, known_at), owed(early, None)) == ("10000.00", "6000.00")
    assert owed(early - timedelta(days=1), None) == "10000.00"


def test_before_anything_was_known_there_is_nothing(book: Book) -> None:
    book.record(Course().take(Step(0, "disburse", 100, START)))
    for asked in ALL:
        if asked.knows_earlier:
            answer = book.ask(asked.name, known_at=0)
            assert (answer.rows, answer.totals["count"]) == ([], 0)
        assert book.ask(asked.name, as_of=date(1900, 1, 1)).rows == []


# Questions.


@pytest.fixture(scope="module")
def filled(book: Book) -> Book:
    for kind, fen in (("disburse", 1_999_998), ("repay", 123_456), ("jobs", 7), ("charge_off", 900_000)):
        for _ in range(3):
            course = Course()
            begun = [fact for place in range(3) for fact in course.take(Step(place, "disburse", 900_000, START))]
            book.record(begun + [f for place in range(3) for f in course.take(Step(place, kind, fen, START))])
    return book


def summed(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Every amount and count of the rows, added up."""
    columns = named(name).columns
    sums: dict[str, Any] = {"count": sum(row.get("count", 1) for row in rows)}
    for column, kind in columns.items():
        if kind == "money":
            sums[column] = f"{sum((Decimal(row[column]) for row in rows), Decimal(0)):.2f}"
        elif kind == "count":
            sums[column] = sum(row[column] for row in rows)
    return sums


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("loan_book", ("bank",)),
        ("loan_book", ("status", "bank")),
        ("loan_book", ("approval_year",)),
        ("loan_book", ("charged_off_year", "county", "state")),
        ("repayment_history", ("kind",)),
        ("repayment_history", ("value_date", "bank")),
        ("audit_trail", ("topic",)),
    ],
)
@pytest.mark.parametrize("as_of", [None, START + timedelta(days=45)])
def test_groups_sum_to_their_rows_and_together_to_the_totals(
    filled: Book, name: str, groups: tuple[str, ...], as_of: date | None
) -> None:
    rows = filled.ask(name, as_of=as_of)
    grouped = filled.ask(name, as_of=as_of, group_by=groups)
    assert len(grouped.rows) > 1 or groups[0] != "bank"
    for group in grouped.rows:
        members = [row for row in rows.rows if all(row[column] == group[column] for column in groups)]
        assert group == {column: group[column] for column in groups} | summed(name, members)
    assert grouped.totals == rows.totals == summed(name, rows.rows) == summed(name, grouped.rows)


def test_a_limit_shortens_the_rows_and_not_the_totals(filled: Book) -> None:
    for asked in ALL:
        whole = filled.ask(asked.name)
        for limit in (0, 1, 5, 10**6):
            few = filled.ask(asked.name, limit=limit)
            assert few.rows == whole.rows[:limit]
            assert few.totals == whole.totals


def test_an_answer_states_the_position_that_it_stands_at(filled: Book) -> None:
    before = filled.head
    append(filled.ledger, Course().take(Step(0, "disburse", 100, START)))
    assert filled.ask("loan_book").as_of_position == before
    filled.engine.catch_up()
    assert filled.ask("loan_book").as_of_position == filled.head


@pytest.mark.parametrize("asked", ALL, ids=lambda p: p.name)
def test_every_column_can_be_asked_for_by_the_value_that_it_shows(filled: Book, asked: Projection[Any]) -> None:
    rows = filled.ask(asked.name, limit=5).rows
    for row in rows:
        for column, value in row.items():
            if value is not None:
                found = filled.ask(asked.name, where={column: str(value)}).rows
                assert row in found, (column, value)
                assert all(other[column] == value for other in found)


@pytest.mark.parametrize("asked", ALL, ids=lambda p: p.name)
def test_a_value_that_no_column_could_hold_finds_nothing_or_is_refused(filled: Book, asked: Projection[Any]) -> None:
    odd = (
        "abc",
        "",
        "-7",
        "9" * 30,
        "1e5",
        "NaN",
        "infinity",
        "2024-02-30",
        "0001-01-01",
        "9999-12-31T23:59:59-23:59",
        "{}",
    )
    for column in asked.columns:
        for value in odd:
            try:
                assert filled.ask(asked.name, where={column: value}).rows == []
            except InvalidInput as refused:
                assert refused.message("zh") and value[:20] in str(refused)


@pytest.mark.parametrize("asked", ALL, ids=lambda p: p.name)
def test_every_column_can_be_grouped_by(filled: Book, asked: Projection[Any]) -> None:
    for column in asked.columns:
        grouped = filled.ask(asked.name, group_by=(column,))
        assert sum(row["count"] for row in grouped.rows) == filled.ask(asked.name).totals["count"], column


def test_several_wishes_hold_together(filled: Book) -> None:
    wanted = {"bank": "rural", "status": "charged_off"}
    found = filled.ask("loan_book", where=wanted).rows
    assert found == [r for r in filled.ask("loan_book").rows if all(r[c] == v for c, v in wanted.items())] != []


@pytest.mark.parametrize(
    "value",
    [
        "rural' OR '1'='1",
        "' ; DROP TABLE projections.loan_book; --",
        "%(as_of)s",
        "%",
        "\\",
        "rural') OR (1=1",
        "\u3000",
        "",
    ],
)
def test_a_value_is_never_more_than_a_value(filled: Book, value: str) -> None:
    assert filled.ask("loan_book", where={"bank": value}).rows == []
    odd = signed(next(_numbers), 0)
    contract = odd.contract.model_copy(update={"bank": value})
    filled.record([contract])
    (row,) = filled.ask("loan_book", where={"bank": value}).rows
    assert (row["loan_no"], row["bank"]) == (contract.loan_no, value)


@pytest.mark.parametrize(
    "column", ["", "nothing", "loan", "bank OR 1=1", "bank; DROP TABLE x", "BANK", "bank ", "1", "count"]
)
@pytest.mark.parametrize("as_", ["where", "group_by"])
def test_a_column_that_there_is_not_is_refused(filled: Book, column: str, as_: str) -> None:
    question: dict[str, Any] = {"where": {column: "1"}} if as_ == "where" else {"group_by": ("bank", column)}
    with pytest.raises(UnknownColumn) as refused:
        filled.ask("loan_book", **question)
    assert refused.value.field == ("--where" if as_ == "where" else "--group-by")
    for said in (str(refused.value), refused.value.message("zh")):
        assert ascii(column) in said and "charged_off_year" in said


@pytest.mark.parametrize("name", ["", "nothing", "loan_book ", "projections.loan_book", "loan_book; --"])
def test_a_projection_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(UnknownProjection, match="loan_book, repayment_history, audit_trail"):
        named(name)
