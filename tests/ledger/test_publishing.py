"""What a city publishes is recorded once, never changed, and read back as it was published, by this process and by any other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.actor import Actor
from domain.errors import DatedInFuture, NotPermitted
from domain.policy.edition import EditionUnreadable
from domain.policy.lpr import LprQuote, NoLpr
from domain.policy.policy import OtherCity, Policy, PublishedOtherwise, QuotedOtherwise
from domain.policy.shipped import shipped_calendars, shipped_editions, shipped_quotes
from domain.working_days import CalendarYear
from ledger.context import CommandContext
from ledger.ledger import Ledger
from ledger.publishing import (
    NoEdition,
    PolicyBook,
    PublishPolicy,
    UnknownEdition,
    ensure_shipped,
    in_force,
    publish_policy,
    shipped,
)
from projections.engine import Engine
from projections.keeper import connect
from projections.policy_register import PolicyRegister
from projections.querying import Question, ask
from tests.conftest import DIGEST_KEY, as_role
from tests.domain.policies import NOW, edition, text_of

QUOTE = LprQuote(published_on=date(2025, 6, 20), one_year=Decimal("0.0300"), five_year=Decimal("0.0350"))


def facts(ledger: Ledger) -> list[str]:
    return [fact.topic for fact in ledger.recorder.select_events(Policy.STREAM)] if ledger.knows(Policy.STREAM) else []


def publish(ledger: Ledger, context: CommandContext, **given: Any) -> None:
    """Under a key of its own."""
    publish_policy(ledger, PublishPolicy(**given), anew(context))


def anew(context: CommandContext) -> CommandContext:
    return CommandContext(context.actor, context.moment)


def local(start: str, name: str = "jining_local", end: str | None = None) -> str:
    """The edition of 2024 under another name, from another day."""
    until = f"\neffective_to = {end}" if end else ""
    return (
        text_of()
        .replace('edition = "jining_2024"', f'edition = "{name}"')
        .replace("effective_from = 2024-01-01", f"effective_from = {start}{until}")
    )


def test_what_ships_is_published_and_read_back_as_it_ships(ledger: Ledger, context: CommandContext) -> None:
    publish_policy(ledger, shipped(), context)
    book = PolicyBook(ledger)
    assert book.editions() == shipped_editions()
    assert book.lpr_on(date(2024, 10, 20)).one_year == Decimal("0.0335")
    assert book.calendar.provisional_years(date(2016, 1, 1), date(2027, 1, 1)) == (2027,)
    assert len(facts(ledger)) == 1 + len(shipped_editions()) + 1 + len(shipped_calendars())


def test_another_process_reads_the_same_book(ledger: Ledger, database: str, context: CommandContext) -> None:
    publish_policy(ledger, shipped(), context)
    with Ledger(as_role(database, "application"), digest_key=DIGEST_KEY) as other:
        assert PolicyBook(other).edition("jining_2024").pin == NOW.pin
        assert PolicyBook(other).calendar.is_working(date(2024, 2, 4))


def test_an_edition_of_another_city_is_not_published(ledger: Ledger, context: CommandContext) -> None:
    foreign = local("2025-01-01").replace('city = "370800"', 'city = "370100"')
    with pytest.raises(OtherCity, match="370100"):
        publish(ledger, context, editions=(foreign,))
    assert facts(ledger) == []


def test_publishing_again_changes_nothing(ledger: Ledger, context: CommandContext) -> None:
    assert publish_policy(ledger, shipped(), context) is not None
    before = facts(ledger)
    assert publish_policy(ledger, shipped(), anew(context)) is None
    ensure_shipped(ledger, context)
    assert facts(ledger) == before


def test_the_same_command_under_its_key_is_the_same_in_every_process(ledger: Ledger, context: CommandContext) -> None:
    """The days of a calendar are a set, and sets have no order that two processes agree on."""
    days = [date(2027, 1, 1), date(2027, 2, 8), date(2027, 2, 9)]
    texts = {
        PublishPolicy(
            calendars=(CalendarYear(year=2027, holidays=frozenset(order), make_up=frozenset()),)
        ).model_dump_json()
        for order in (days, days[::-1])
    }
    (text,) = texts
    assert '"holidays":["2027-01-01","2027-02-08","2027-02-09"]' in text
    first, again = (publish_policy(ledger, shipped(), context) for _ in range(2))
    assert first is not None and again is not None
    assert again.repeated and again.position == first.position


def test_what_ships_is_not_forced_on_a_city_that_published_its_own(ledger: Ledger, context: CommandContext) -> None:
    publish(ledger, context, editions=[local("2024-06-01")])
    ensure_shipped(ledger, context)
    assert [one.edition for one in PolicyBook(ledger).editions()] == ["jining_local"]


def test_a_later_program_leaves_what_a_city_has_published(ledger: Ledger, context: CommandContext) -> None:
    """What ships was corrected since: the city goes on by what it confirmed, and the rest is published."""
    earlier = shipped_editions()[-1].text.replace("# Every rule says", "# Each rule says")
    publish(ledger, context, editions=[earlier])
    assert publish_policy(ledger, shipped(), anew(context)) is not None
    kept = PolicyBook(ledger).edition("jining_2024")
    assert (kept.text, len(PolicyBook(ledger).editions())) == (earlier, len(shipped_editions()))
    assert publish_policy(ledger, shipped(), anew(context)) is None


def test_what_ships_is_there_for_a_demonstration(ledger: Ledger, context: CommandContext) -> None:
    ensure_shipped(ledger, context)
    assert PolicyBook(ledger).editions() == shipped_editions()


def test_an_edition_is_never_published_with_another_text(ledger: Ledger, context: CommandContext) -> None:
    publish(ledger, context, editions=[text_of()])
    before = facts(ledger)
    with pytest.raises(PublishedOtherwise, match="jining_2024"):
        publish(ledger, context, editions=[text_of() + "\n# another word"], quotes=[QUOTE])
    assert facts(ledger) == before


def test_nothing_of_a_command_is_recorded_where_a_part_of_it_is_refused(
    ledger: Ledger, context: CommandContext
) -> None:
    with pytest.raises(EditionUnreadable):
        publish(ledger, context, editions=[text_of(), "edition = 1"])
    assert facts(ledger) == []


@pytest.mark.parametrize("role", ["applicant", "bank_officer", "hr_officer", "approver"])
def test_only_who_makes_policy_publishes_it(ledger: Ledger, context: CommandContext, role: str) -> None:
    stranger = CommandContext(Actor(subject="x", role=role, institution="i", region="r"), context.moment)
    with pytest.raises(NotPermitted):
        publish(ledger, stranger, editions=[text_of()])
    officer = CommandContext(Actor(subject="x", role="policy_officer", institution="i", region="r"), context.moment)
    publish(ledger, officer, editions=[text_of()])
    assert PolicyBook(ledger).edition("jining_2024") == NOW


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2016, 7, 1), "jining_2016"),
        (date(2018, 12, 31), "jining_2016"),
        (date(2020, 4, 14), "jining_2019"),
        (date(2020, 4, 15), "jining_2020"),
        (date(2023, 12, 29), "jining_2021"),
        (date(2024, 1, 5), "jining_2024"),
        (date(2026, 11, 23), "jining_2024"),
    ],
)
def test_on_a_day_the_edition_of_the_day_is_in_force(day: date, name: str) -> None:
    """Domain.md §5.16: signed on 2023-12-29 and paid on 2024-01-05 are days of two editions."""
    assert in_force(shipped_editions(), day).edition == name


def test_before_the_first_edition_none_is_in_force(ledger: Ledger, context: CommandContext) -> None:
    with pytest.raises(NoEdition, match="2024-05-05"):
        PolicyBook(ledger).edition_on(date(2024, 5, 5))
    publish_policy(ledger, shipped(), context)
    with pytest.raises(NoEdition, match="2016-06-30"):
        PolicyBook(ledger).edition_on(date(2016, 6, 30))
    with pytest.raises(UnknownEdition, match="jining_2016, jining_2019"):
        PolicyBook(ledger).edition("jining_1999")
    with pytest.raises(NoLpr):
        PolicyBook(ledger).lpr_on(date(2019, 8, 19))


def test_a_later_edition_supersedes_from_its_first_day_though_the_earlier_had_no_last(
    ledger: Ledger, context: CommandContext
) -> None:
    publish(ledger, context, editions=[local("2026-06-01"), text_of()])
    book = PolicyBook(ledger)
    assert book.edition_on(date(2026, 5, 31)) == NOW
    assert book.edition_on(date(2026, 6, 1)).edition == "jining_local"


def test_when_a_short_edition_has_run_out_the_open_ended_one_goes_on(ledger: Ledger, context: CommandContext) -> None:
    publish(ledger, context, editions=[text_of(), local("2026-06-01", end="2026-06-30")])
    in_force_on = [PolicyBook(ledger).edition_on(date(2026, *day)).edition for day in ((5, 31), (6, 30), (7, 1))]
    assert in_force_on == ["jining_2024", "jining_local", "jining_2024"]


def test_where_every_edition_has_run_out_none_is_in_force(ledger: Ledger, context: CommandContext) -> None:
    publish(ledger, context, editions=[local("2026-06-01", end="2026-06-30")])
    with pytest.raises(NoEdition):
        PolicyBook(ledger).edition_on(date(2026, 7, 1))


def test_of_two_that_begin_together_the_later_published_is_in_force(ledger: Ledger, context: CommandContext) -> None:
    for name in ("z_first", "a_second"):
        publish(ledger, context, editions=[local("2026-06-01", name)])
    assert PolicyBook(ledger).edition_on(date(2026, 6, 1)).edition == "a_second"


def test_a_quote_is_published_once(ledger: Ledger, context: CommandContext) -> None:
    """Unique per date (domain.md §2)."""
    publish(ledger, context, quotes=[QUOTE])
    publish(ledger, context, quotes=[QUOTE, *shipped_quotes()])
    other = QUOTE.model_copy(update={"one_year": Decimal("0.0290")})
    with pytest.raises(QuotedOtherwise, match="2025-06-20 is recorded as"):
        publish(ledger, context, quotes=[other])
    assert PolicyBook(ledger).lpr_on(date(2025, 7, 1)) == QUOTE


def test_two_quotes_of_one_day_are_refused_together_too(ledger: Ledger, context: CommandContext) -> None:
    with pytest.raises(QuotedOtherwise):
        publish(ledger, context, quotes=[QUOTE, QUOTE.model_copy(update={"five_year": Decimal("0.04")})])
    assert facts(ledger) == []


def test_a_quote_of_tomorrow_is_refused(ledger: Ledger, context: CommandContext) -> None:
    tomorrow = context.moment.today + timedelta(days=1)
    with pytest.raises(DatedInFuture):
        publish(ledger, context, quotes=[QUOTE.model_copy(update={"published_on": tomorrow})])


def test_a_calendar_is_replaced_when_it_is_published_anew(ledger: Ledger, context: CommandContext) -> None:
    """In 2020 the Spring Festival was prolonged after the calendar had been published."""
    day = date(2027, 1, 29)
    publish(ledger, context, calendars=[CalendarYear(year=2027, holidays=frozenset(), make_up=frozenset())])
    assert PolicyBook(ledger).calendar.is_working(day)
    publish(ledger, context, calendars=[CalendarYear(year=2027, holidays=frozenset({day}), make_up=frozenset())])
    assert not PolicyBook(ledger).calendar.is_working(day)
    assert facts(ledger).count("policy.calendar_published") == 2


def test_offices_that_publish_at_once_record_everything_once(ledger: Ledger, context: CommandContext) -> None:
    commands = [PublishPolicy(editions=(one.text,)) for one in shipped_editions()] * 3
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda command: publish_policy(ledger, command, anew(context)), commands))
    assert PolicyBook(ledger).editions() == shipped_editions()
    assert facts(ledger).count("policy.edition_published") == len(shipped_editions())


def test_the_state_of_a_past_day_knows_what_had_been_published(ledger: Ledger, context: CommandContext) -> None:
    publish(ledger, context, editions=[text_of()])
    policy: Policy = ledger.repository.get(Policy.STREAM)
    today = context.moment.today
    assert policy.state(today)["editions"] == {"jining_2024": NOW.pin.digest}
    assert policy.state(today - timedelta(days=1))["editions"] == {}


# The register.


def test_the_register_lists_what_was_published_for_any_two_times(
    ledger: Ledger, context: CommandContext, database: str
) -> None:
    publish(ledger, context, editions=[edition("2021").text])
    first = len(facts(ledger))
    publish(ledger, context, editions=[text_of()])
    register = PolicyRegister()
    with Engine(as_role(database, "projector"), [register]) as engine:
        assert engine.catch_up() == {}

    def rows(**asked: Any) -> list[dict[str, Any]]:
        with connect(as_role(database, "reader")) as connection:
            return ask(connection, register, Question(**asked)).rows

    def listed(**times: Any) -> list[str]:
        return [row["edition"] for row in rows(**times)]

    assert listed() == ["jining_2021", "jining_2024"]
    assert listed(as_of=date(2023, 12, 31)) == ["jining_2021"]
    assert listed(as_of=date(2020, 12, 31)) == []
    assert listed(known_at=first) == ["jining_2021"]
    (row,) = rows(where={"edition": "jining_2024"})
    rules = [rule for _, rule in NOW.rules()]
    assert row == {
        "edition": "jining_2024",
        "city": "370800",
        "title": NOW.title,
        "document": NOW.document,
        "effective_from": "2024-01-01",
        "effective_to": None,
        "published_on": context.moment.today.isoformat(),
        "digest": NOW.pin.digest,
        "rules": len(rules),
        "assumed": sum(rule.confidence in ("assumed", "mem") for rule in rules),
    }
    assert 0 < row["assumed"] < row["rules"]
