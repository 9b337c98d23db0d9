"""Facts and their stored bytes: every kind comes back as it was, old shapes are lifted, what cannot be read is named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from hypothesis import given, settings

from domain.actor import LOCAL_OPERATOR
from domain.borrower.borrower import Borrower
from domain.borrower.events import BorrowerRegistered
from domain.compensation.claim import Claim
from domain.facts import ENVELOPE_FIELDS, TOPICS, EventSourced, Fact, Moment
from domain.loan.events import JobsReported, Repaid
from domain.loan.loan import Loan
from domain.loan.terms import RepaymentTerms
from domain.personal_data import Sealed
from domain.ratio import zheng_yin_dan
from ledger.ledger import Ledger
from ledger.mapper import FactMapper, StoredFact
from tests.conftest import as_role
from tests.ledger.arbitrary import any_fact, domain_topics, simplest
from tests.ledger.writing import DAY, NOW, PROJECT, append, loan, said_under, several

MAPPER: Mapper[UUID] = FactMapper(JSONTranscoder())


def stored(fact: DomainEventProtocol[UUID]) -> StoredFact:
    event = MAPPER.to_stored_event(fact)
    assert isinstance(event, StoredFact)
    return event


def body(fact: Fact) -> dict[str, Any]:
    return dict(json.loads(stored(fact).state))


def without_scopes(fact: Fact) -> Fact:
    return fact.model_copy(update={"scopes": ()})


# There and back.


@settings(max_examples=300, deadline=None)
@given(any_fact())
def test_every_fact_comes_back_as_it_was(fact: Fact) -> None:
    event = stored(fact)
    back = MAPPER.to_domain_event(event)
    assert type(back) is type(fact)
    assert back == without_scopes(fact)
    assert (event.originator_id, event.originator_version, event.topic) == (
        fact.originator_id,
        fact.originator_version,
        fact.TOPIC,
    )
    assert (event.value_date, event.scopes) == (fact.value_date, fact.scopes)


@settings(max_examples=150, deadline=None)
@given(any_fact())
def test_what_came_back_is_stored_as_the_same_bytes(fact: Fact) -> None:
    first = stored(fact)
    back = MAPPER.to_domain_event(first)
    assert isinstance(back, Fact)
    assert stored(back).state == first.state


@pytest.mark.parametrize("kind", domain_topics().values(), ids=str)
def test_a_body_is_the_fact_without_its_envelope(kind: type[Fact]) -> None:
    fact = simplest(kind)
    assert body(fact).keys() == {"v", *kind.model_fields} - ENVELOPE_FIELDS
    assert body(fact)["v"] == kind.class_version


# Shapes that changed.


class Lifts:
    """How the test's own fact changed: `jobs` became `created`, then `retained` was added."""

    @staticmethod
    def upcast_v1_v2(old: dict[str, Any]) -> None:
        old["created"] = old.pop("jobs")

    @staticmethod
    def upcast_v2_v3(old: dict[str, Any]) -> None:
        old["retained"] = 0


@pytest.fixture
def changed_twice() -> Iterator[type[JobsReported]]:
    """A kind of fact of the tests', known while one of them runs."""

    class Changed(Lifts, JobsReported):
        TOPIC = "test.jobs_reported"
        class_version = 3

    yield Changed
    del TOPICS["test.jobs_reported"]


def old_body(version: Any, **shape: int) -> bytes:
    told = {"v": version, "timestamp": NOW.isoformat(), "value_date": DAY.isoformat(), **shape}
    return json.dumps(told, separators=(",", ":")).encode()


SHAPES = [(1, {"jobs": 5}), (2, {"created": 5}), (3, {"created": 5, "retained": 0})]


@pytest.mark.parametrize(("version", "shape"), SHAPES)
def test_stored_old_bytes_are_replayed_in_todays_shape(
    ledger: Ledger, changed_twice: type[JobsReported], version: int, shape: dict[str, int]
) -> None:
    opened = loan("L1")
    append(ledger, opened.collect_events())
    old = old_body(version, **shape)
    today = several(1, opened.id, first=2)[0]
    event = StoredFact(opened.id, 2, "test.jobs_reported", old, DAY, (), today)
    ledger.recorder.insert_events([event], context=said_under(), digest=b"", answers=[])
    assert [e.state for e in ledger.recorder.select_events(opened.id, gt=1)] == [old]
    replayed = list(ledger.events.get(opened.id))[1]
    assert type(replayed) is changed_twice
    state = ledger.loan("L1").state()
    assert (state["jobs_created"], state["jobs_retained"]) == (5, 0)


def test_a_fact_of_the_newest_shape_says_so(changed_twice: type[JobsReported]) -> None:
    fact = changed_twice(
        originator_id=UUID(int=1), originator_version=1, timestamp=NOW, value_date=DAY, created=1, retained=2
    )
    assert body(fact)["v"] == 3
    assert MAPPER.to_domain_event(stored(fact)) == fact


@pytest.mark.parametrize("version", [0, 4, -1, "1", None])
def test_a_shape_of_another_program_is_refused(changed_twice: type[JobsReported], version: Any) -> None:
    with pytest.raises(MapperDeserialisationError, match=r"test\.jobs_reported"):
        read("test.jobs_reported", old_body(version, created=1, retained=1))


def read(topic: str, state: bytes) -> Any:
    return MAPPER.to_domain_event(StoredEvent(UUID(int=7), 12, topic, state))


POISON = [
    b"",
    b"\xff",
    b"null",
    b"[]",
    b"{}",
    b'{"v":1,',
    b'{"v":1,}',
    old_body(1),
    old_body(1, created=-1, retained=0),
    old_body(1, created=1, retained=0, surprise=1),
    old_body(2, created=1, retained=0),
]


@pytest.mark.parametrize("state", POISON, ids=str)
def test_a_poison_body_names_its_stream_version_and_topic(state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError) as unreadable:
        read("loan.jobs_reported", state)
    for named in ("loan.jobs_reported", str(UUID(int=7)), "version 12"):
        assert named in str(unreadable.value)


def test_an_unknown_topic_is_named() -> None:
    with pytest.raises(MapperDeserialisationError, match=r"loan\.never_heard_of.*version 12"):
        read("loan.never_heard_of", old_body(1))


# A fresh process.

READ_ALL = """
import json, sys
from uuid import UUID
from ledger.ledger import Ledger
with Ledger(sys.argv[1], digest_key=b'') as ledger:
    for event in ledger.recorder.select_notifications(1, 10_000):
        fact = ledger.mapper.to_domain_event(event)
        print(json.dumps([event.topic, ledger.mapper.to_stored_event(fact).state == event.state]))
    for stream in sys.argv[2:]:
        aggregate = ledger.repository.get(UUID(stream))
        print(json.dumps([type(aggregate).__name__, aggregate.version, dict(aggregate.state())], default=str))
"""


def in_a_fresh_process(database: str, *streams: UUID) -> list[Any]:
    command = [sys.executable, "-c", READ_ALL, as_role(database, "application"), *map(str, streams)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_fresh_process_reads_every_kind_of_fact(ledger: Ledger, database: str) -> None:
    for kind in domain_topics().values():
        append(ledger, [simplest(kind)])
    assert in_a_fresh_process(database) == [[topic, True] for topic in domain_topics()]


def lives() -> list[EventSourced[Fact]]:
    """A loan that went through everything, its claim and its borrower."""
    scheme, moment = zheng_yin_dan("jining", "ICBC", "guarantee"), Moment(now=NOW)
    lent = Loan.sign(
        moment,
        loan_no="L9",
        value_date=date(2025, 1, 10),
        bank="ICBC",
        county="rencheng",
        product="personal",
        approved_fen=12_000_00,
        guaranteed_fen=12_000_00,
        terms=RepaymentTerms.model_validate({"annual_rate": "0.0395", "instalments": 12}),
        share_scheme=scheme,
    )
    lent.disburse(moment, amount=12_000_00, value_date=date(2025, 1, 10), bank_reference="ICBC|1")
    lent.close_day(moment, date(2025, 3, 1), claim_after=None)
    lent.repay(moment, amount=3_000_00, value_date=date(2025, 3, 5), bank_reference="ICBC|2")
    lent.close_day(moment, date(2025, 3, 6), claim_after=None)
    lent.report_jobs(moment, created=2, retained=1, value_date=date(2025, 3, 7))
    lent.repay(moment, amount=10_000_00, value_date=date(2025, 4, 1), bank_reference="ICBC|3")
    last_payment = [fact for fact in lent.pending_events if isinstance(fact, Repaid)][-1].originator_version
    lent.reverse_repayment(
        moment,
        version=last_payment,
        value_date=date(2025, 4, 2),
        reason="returned",
        evidence=("0" * 64,),
        requested_by=LOCAL_OPERATOR,
        confirmed_by=LOCAL_OPERATOR.model_copy(update={"subject": "second"}),
    )
    lost = lent.outstanding
    lent.charge_off(moment, amount=lost, value_date=date(2025, 9, 1), claim_no="C9")
    claim = Claim.of_charge_off(lent, "C9", lost, date(2025, 9, 1), moment)
    claim.recover(moment, gross=100_00, cost=1_00, value_date=date(2025, 10, 1), bank_reference="ICBC|4")
    person = uuid4()
    sealed = Sealed(person=person, key_id=uuid4(), nonce="", ciphertext="")
    borrower = Borrower.opened(BorrowerRegistered, person, moment, value_date=DAY, name=sealed, id_number=sealed)
    return [lent, claim, borrower]


def test_a_fresh_process_replays_every_stream_to_the_same_state(ledger: Ledger, database: str) -> None:
    recorded = lives()
    told = {stored(fact).topic for aggregate in recorded for fact in aggregate.pending_events}
    assert told >= {
        "loan.reopened",
        "loan.settled",
        "loan.overdue_cured",
        "loan.charged_off",
        "claim.recovery_received",
    }
    for aggregate in recorded:
        append(ledger, aggregate.collect_events())
    here = [[type(a).__name__, a.version, json.loads(json.dumps(dict(a.state()), default=str))] for a in recorded]
    assert in_a_fresh_process(database, *(a.id for a in recorded))[-3:] == here
