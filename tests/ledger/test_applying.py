"""Rules across persons and applications hold whoever asks at the same moment, and free what they took."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.conninfo import make_conninfo

from domain.actor import LOCAL_OPERATOR, Actor
from domain.errors import NotPermitted, Refusal
from domain.facts import Fact, Moment
from domain.loan_application.events import Approved, CounterGuaranteeRegistered, Submitted, Withdrawn
from domain.loan_application.refusals import GuaranteesAlready, LiveApplication, TooManyLoans
from domain.policy.pin import PolicyPin
from ledger import applying, reviewing
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.guards import LIVE, LOANS, slot_moves
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.looking_up import born_and_sex
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook, publish_policy, shipped
from ledger.registering import RegisterBorrower, register_borrower
from tests.ledger.writing import DAY, NOW, append, at_once, contents, said_under
from tests.persons import id_number

MOMENT = Moment(now=datetime(2025, 6, 30, 4, tzinfo=UTC))
MONDAY = date(2025, 3, 3)
PIN = PolicyPin(edition="e", digest="0" * 64)


SOMEBODY = RegisterBorrower(name="张三", id_number="379999199001012112", value_date=MONDAY)
BOSS = Actor(subject="x", role="boss", institution="i", region="370811")


def clerk(**more: str) -> CommandContext:
    return CommandContext(LOCAL_OPERATOR.model_copy(update=more), MOMENT)


@pytest.fixture
def desk(ledger: Ledger, empty_database: str, tmp_path: Path) -> Desk:
    """A desk with Jining's policy."""
    publish_policy(ledger, shipped(), clerk())
    keystore = Keystore(make_conninfo(empty_database), tmp_path / "master.key")
    return Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(tmp_path / "materials"), NoSource())


def person(desk: Desk, number: int) -> UUID:
    command = RegisterBorrower(name="张三", id_number=id_number("19900101", number), value_date=MONDAY)
    return register_borrower(desk.ledger, desk.keystore, command, clerk())


def ask(desk: Desk, case_no: str, applicant: UUID, spouse: UUID | None = None) -> bool:
    """Whether the application was taken in."""
    command = applying.SubmitApplication(
        case_no=case_no,
        kind="individual",
        applicant=applicant,
        spouse=spouse,
        product="plain",
        amount_fen=10_000_000,
        months=12,
        channel="hall",
        bank="rural_commercial",
        county="370811",
        value_date=MONDAY,
    )
    try:
        return applying.submit_application(desk, command, clerk()) is not None
    except LiveApplication:
        return False


def test_of_eight_at_once_one_household_gets_one_application(desk: Desk, database: str) -> None:
    """Four times the husband with his wife, four times the wife with her husband."""
    husband, wife = person(desk, 1), person(desk, 2)
    pairs = [(husband, wife), (wife, husband)] * 4
    taken = at_once(8, lambda n: ask(desk, f"A-{n}", *pairs[n]))
    assert taken.count(True) == 1
    assert [len(desk.ledger.holders(LIVE, str(one))) for one in (husband, wife)] == [1, 1]
    assert contents(database)["command_outcome"][-1] is not None


def test_of_eight_at_once_a_guarantor_stands_for_one(desk: Desk) -> None:
    standing = person(desk, 99)
    for number in range(8):
        assert ask(desk, f"A-{number}", person(desk, number))

    def register(number: int) -> bool:
        command = reviewing.RegisterCounterGuarantee(
            case_no=f"A-{number}", form="civil_servant", person=standing, value_date=MONDAY
        )
        try:
            return reviewing.register_counter_guarantee(desk, command, clerk()) is not None
        except GuaranteesAlready:
            return False

    assert at_once(8, register).count(True) == 1


def approved(someone: UUID) -> list[Fact]:
    """An approval in a stream of its own, as far as the guard looks at it."""
    return [
        Approved(
            originator_id=uuid4(),
            originator_version=1,
            timestamp=NOW,
            value_date=DAY,
            amount_fen=1,
            months=1,
            margin_bp=0,
            policy=PIN,
            reviews=(),
            approver="a",
            expires_on=DAY,
            counted=(someone,),
            loans_most=3,
        )
    ]


def test_of_eight_at_once_a_person_gets_three_loans(ledger: Ledger) -> None:
    someone = uuid4()

    def approve(_: int) -> bool:
        try:
            append(ledger, approved(someone))
        except TooManyLoans:
            return False
        return True

    assert at_once(8, approve).count(True) == 3
    assert len(ledger.holders(LOANS, str(someone))) == 3


def test_an_approval_that_was_never_used_does_not_count(ledger: Ledger) -> None:
    someone = uuid4()
    facts = [approved(someone) for _ in range(3)]
    for fact in facts:
        append(ledger, fact)
    withdrawn = Withdrawn(
        originator_id=facts[0][0].originator_id,
        originator_version=2,
        timestamp=NOW,
        value_date=DAY,
        counted=(someone,),
    )
    append(ledger, [withdrawn])
    append(ledger, approved(someone))
    with pytest.raises(TooManyLoans):
        append(ledger, approved(someone))


def test_histories_and_things_take_no_place() -> None:
    common: dict[str, Any] = {"originator_id": uuid4(), "originator_version": 1, "timestamp": NOW, "value_date": DAY}
    history = Submitted(**common, case_no="T", amount_fen=1)
    thing = CounterGuaranteeRegistered(**common, form="mortgage", value_fen=1)
    assert slot_moves([history, thing]) == []


@pytest.mark.parametrize(
    ("number", "born", "male"),
    [
        ("379999199001012112", date(1990, 1, 1), True),
        ("379999200002292123", date(2000, 2, 29), False),
        ("379999199902302125", None, False),
        ("91370800MA3ABCDE1X", None, True),
        ("E12345678", None, True),
    ],
)
def test_birthday_and_sex_are_read_from_an_id_number_where_it_holds_them(
    number: str, born: date | None, male: bool
) -> None:
    assert born_and_sex(number) == (born, male)


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("hr_officer", "submit"),
        ("applicant", "enter"),
        ("applicant", "accept"),
        ("applicant", "ask"),
        ("approver", "withdraw"),
    ],
)
def test_only_those_whose_work_it_is_may_act(desk: Desk, role: str, act: str) -> None:
    by = CommandContext(Actor(subject="x", role=role, institution="i", region="370811"), MOMENT)
    assert ask(desk, "A-1", person(desk, 1))
    acts = {
        "submit": lambda: applying.submit_application(
            desk,
            applying.SubmitApplication(
                case_no="A-2",
                kind="individual",
                applicant=person(desk, 2),
                product="plain",
                amount_fen=1,
                months=1,
                channel="hall",
                bank="b",
                county="c",
                value_date=MONDAY,
            ),
            by,
        ),
        "enter": lambda: applying.enter_data(
            desk,
            applying.EnterData(
                case_no="A-1", source="civil_affairs", figures={"a": "b"}, material="m", reason="r", value_date=MONDAY
            ),
            by,
        ),
        "accept": lambda: applying.accept_application(
            desk, applying.AcceptApplication(case_no="A-1", value_date=MONDAY), by
        ),
        "ask": lambda: applying.request_correction(
            desk, applying.RequestCorrection(case_no="A-1", missing=("m",), value_date=MONDAY), by
        ),
        "withdraw": lambda: applying.withdraw_application(
            desk, applying.WithdrawApplication(case_no="A-1", value_date=MONDAY), by
        ),
    }
    before = desk.ledger.recorder.max_notification_id()
    with pytest.raises(Refusal) as refused:
        acts[act]()
    assert refused.value.code == "actor.not_permitted"
    assert (desk.ledger.recorder.max_notification_id() or 0) - (before or 0) <= (act == "submit")
    with pytest.raises(NotPermitted):
        register_borrower(desk.ledger, desk.keystore, SOMEBODY, CommandContext(BOSS, MOMENT))


def test_a_command_given_twice_under_its_key_has_one_effect(desk: Desk) -> None:
    someone = person(desk, 1)
    command = applying.SubmitApplication(
        case_no="A-1",
        kind="individual",
        applicant=someone,
        product="plain",
        amount_fen=10_000_000,
        months=12,
        channel="hall",
        bank="b",
        county="c",
        value_date=MONDAY,
    )
    first = applying.submit_application(desk, command, said_under("k", channel="python"))
    again = applying.submit_application(desk, command, said_under("k", channel="python"))
    assert first is not None and again is not None
    assert (again.position, again.repeated) == (first.position, True)
