"""Facts are replayed for ever: the same facts give the same state, and what stands in a fact is what was said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.compensation.claim import Claim
from domain.facts import TOPICS, EventSourced, Fact
from domain.loan.events import BecameOverdue, JobsReported
from domain.loan.loan import Loan
from domain.state import state_as_of
from domain.stored_form import Unreadable, decode, encode
from tests.domain.lending import NOW, PAID_OUT, SCHEME, fen, paid_out, pending, repay, reverse, signed, terms

LATER = date(2025, 1, 10)


def _lived() -> list[Fact]:
    """The whole life of a loan: signed, paid out, paid, late, reversed, overdue, lost; jobs reported."""
    loan = Loan.sign(
        NOW, loan_no="JN-1", value_date=date(2024, 3, 1), bank="b", product="p", approved_fen=30_000_000, guaranteed_fen=0,
        terms=terms(), share_scheme=SCHEME,
    )  # fmt: skip
    loan.disburse(NOW, amount=30_000_000, value_date=PAID_OUT, bank_reference="b|1")
    loan.report_jobs(NOW, created=2, retained=1, value_date=date(2024, 4, 1))
    version = repay(loan, "50000.00", date(2024, 9, 1))
    repay(loan, "400000.00", date(2024, 6, 1))
    reverse(loan, version + 1, date(2024, 10, 1))
    loan.close_day(NOW, date(2024, 12, 1), claim_after=None)
    loan.charge_off(NOW, amount=loan.outstanding, value_date=LATER, claim_no="C-1")
    return pending(loan)


def _replayed(facts: list[Fact]) -> EventSourced[Any]:
    aggregate: EventSourced[Any] | None = None
    for fact in facts:
        aggregate = cast("EventSourced[Any] | None", fact.mutate(aggregate))
    assert aggregate is not None
    return aggregate


def _read_back(fact: Fact) -> Fact:
    return decode(fact.originator_id, fact.originator_version, fact.TOPIC, encode(fact))


def test_the_life_has_every_kind_of_money_in_it() -> None:
    topics = {fact.TOPIC for fact in _lived()}
    assert {
        "loan.settled",
        "loan.reopened",
        "loan.repayment_reversed",
        "loan.became_overdue",
        "loan.charged_off",
    } <= topics


def test_the_same_facts_told_twice_give_the_same_state() -> None:
    facts = _lived()
    one, other = _replayed(facts), _replayed(facts)
    days = [None, *sorted({fact.value_date for fact in facts})]
    assert [one.state(day) for day in days] == [other.state(day) for day in days]
    assert one.version == other.version == len(facts)
    assert one.pending_events == []


def test_the_state_is_that_of_the_aggregate_that_decided() -> None:
    loan = paid_out()
    repay(loan, "10.00", LATER)
    told = pending(loan)
    again = paid_out()
    for fact in told:
        fact.mutate(again)
    assert again.state() == loan.state()
    assert again.state() != paid_out().state()


def test_what_is_stored_is_read_back_the_same() -> None:
    facts = _lived()
    read = [_read_back(fact) for fact in facts]
    assert [fact.model_dump(exclude={"scopes"}) for fact in read] == [
        fact.model_dump(exclude={"scopes"}) for fact in facts
    ]
    assert _replayed(read).state() == _replayed(facts).state()


@given(st.integers(0, 12))
def test_a_state_knows_only_the_facts_known(known: int) -> None:
    facts = _lived()[:known]
    assert dict(state_as_of(facts)) == (dict(_replayed(facts).state()) if facts else {})


def test_before_its_first_day_a_stream_says_nothing() -> None:
    facts = _lived()
    assert state_as_of(facts, date(2024, 2, 29)) == {}
    assert state_as_of(facts, date(2024, 3, 1))["status"] == "contracted"
    assert state_as_of(facts, PAID_OUT)["balances"]["principal"] == "300000.00"


def test_a_claim_replays_too() -> None:
    claim = Claim.of_charge_off(paid_out("100.00"), "C-1", fen("100.00"), LATER, NOW)
    claim.recover(NOW, gross=100, cost=1, value_date=LATER)
    facts = pending(claim)
    assert _replayed([_read_back(fact) for fact in facts]).state() == claim.state()


def test_facts_are_handed_over_for_saving_once() -> None:
    loan = signed()
    loan.disburse(NOW, amount=1, value_date=PAID_OUT)
    assert [fact.TOPIC for fact in loan.collect_events()] == ["loan.disbursed"]
    assert loan.collect_events() == []


def test_a_fact_cannot_be_changed_and_takes_nothing_unknown() -> None:
    fact = _lived()[0]
    with pytest.raises(ValidationError):
        fact.value_date = LATER
    with pytest.raises(ValidationError):
        JobsReported(
            originator_id=uuid4(),
            originator_version=1,
            timestamp=NOW.now,
            value_date=LATER,
            created=1,
            retained=1,
            odd=1,
        )  # type: ignore[call-arg]


def test_a_loan_is_not_told_what_is_not_of_a_loan() -> None:
    claim = Claim.of_charge_off(paid_out("1.00"), "C-1", 100, LATER, NOW)
    with pytest.raises(TypeError):
        signed().told(pending(claim)[1])
    with pytest.raises(TypeError):
        claim.told(_lived()[1])


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("loan.unheard_of", b'{"v":1}'),
        ("loan.settled", b"not json"),
        ("loan.settled", b'{"v":2,"timestamp":"2024-01-01T00:00:00Z","value_date":"2024-01-01"}'),
        ("loan.settled", b'{"v":1,"timestamp":"2024-01-01T00:00:00Z"}'),
    ],
)
def test_bytes_that_cannot_be_read_name_the_fact(topic: str, state: bytes) -> None:
    stream = uuid4()
    with pytest.raises(Unreadable) as refused:
        decode(stream, 7, topic, state)
    assert topic in str(refused.value) and str(stream) in str(refused.value) and "7" in str(refused.value)


@given(st.sampled_from(sorted(TOPICS)))
def test_a_topic_leads_to_its_fact_and_every_fact_has_a_value_date(topic: str) -> None:
    assert topic == TOPICS[topic].TOPIC
    assert TOPICS[topic].model_fields["value_date"].is_required()


def test_a_fact_needs_the_moment_and_the_day() -> None:
    with pytest.raises(ValidationError):
        BecameOverdue(
            originator_id=uuid4(), originator_version=1, timestamp=datetime(2024, 1, 1, tzinfo=UTC), value_date=LATER,
            oldest_due=LATER, arrears_fen=-1,
        )  # fmt: skip
