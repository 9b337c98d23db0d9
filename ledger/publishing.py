"""Publishing policy 政策发布, and the book of what has been published 政策汇编."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from functools import lru_cache

from pydantic import Field

from domain.errors import Refusal
from domain.frozen import Frozen
from domain.policy.edition import Edition, read_edition
from domain.policy.lpr import LprQuote, lpr_on
from domain.policy.pin import PolicyPin
from domain.policy.policy import Policy
from domain.policy.shipped import CITY_CODE, shipped_calendars, shipped_editions, shipped_quotes
from domain.working_days import CalendarYear, WorkCalendar
from ledger.context import CommandContext
from ledger.ledger import Ledger, Receipt

PUBLISHERS = ("operator", "policy_officer")


class NoEdition(Refusal):
    code = "policy.no_edition"
    en = "no published edition covers {day}; publish one (`policy publish`)"
    zh = "没有覆盖 {day} 的已发布政策版本；请先发布（policy publish）"


class UnknownEdition(Refusal):
    code = "policy.unknown_edition"
    en = "edition {edition} has not been published; published are: {known}"
    zh = "政策版本 {edition} 未发布；已发布：{known}"


class PublishPolicy(Frozen):
    """Any of: the texts of editions, LPR quotes, the calendars of years; together they are recorded in one append.

    With `keep_published` an edition, a quote or a calendar that is published otherwise stays as it is, instead of a refusal or
    a new calendar: what a later program ships never changes what a city has confirmed.
    """

    editions: tuple[str, ...] = ()
    quotes: tuple[LprQuote, ...] = ()
    calendars: tuple[CalendarYear, ...] = Field(default=(), max_length=100)
    keep_published: bool = False


def publish_policy(ledger: Ledger, command: PublishPolicy, context: CommandContext) -> Receipt | None:
    """Record what is new of it; None if nothing is.

    Raises EditionUnreadable, OtherCity, PublishedOtherwise, QuotedOtherwise, NotPermitted, DatedInFuture.
    """
    context.actor.must_be(*PUBLISHERS, action="publish policy")
    editions = [_edition(text) for text in command.editions]

    def decide() -> list[Policy]:
        policy: Policy = ledger.find(Policy.STREAM) or Policy.begin(context.moment, CITY_CODE)
        kept = command.keep_published
        for edition in editions:
            if not (kept and edition.edition in policy.editions):
                policy.publish(context.moment, edition)
        policy.publish_quotes(
            context.moment, [q for q in command.quotes if not (kept and q.published_on in policy.quotes)]
        )
        for calendar in command.calendars:
            if not (kept and calendar.year in policy.calendars):
                policy.publish_calendar(context.moment, calendar)
        return [policy]

    return ledger.perform(command, context, decide)


def shipped() -> PublishPolicy:
    """Everything that comes with the program: Jining's editions, the LPR, the calendars; what is published under their names stays."""
    texts = tuple(edition.text for edition in shipped_editions())
    calendars = tuple(shipped_calendars())
    return PublishPolicy(editions=texts, quotes=shipped_quotes(), calendars=calendars, keep_published=True)


def ensure_shipped(ledger: Ledger, context: CommandContext) -> None:
    """Publish what ships where no edition has been published, under a key of its own: for demonstrations and tests.

    Nothing else publishes of itself: a city confirms what the shipped editions only assume, and publishes by its own act.
    """
    if not PolicyBook(ledger).editions():
        publish_policy(ledger, shipped(), replace(context, given_key=None))


def in_force(editions: Sequence[Edition], day: date) -> Edition:
    """Of editions in their order, the last that has begun by the day and has not run out.

    A later one supersedes from its first day, whatever the earlier one says of its last; when it runs out, the earlier one
    goes on if it is open-ended. Raises NoEdition.
    """
    lasting = [e for e in editions if e.effective_from <= day and (e.effective_to is None or day <= e.effective_to)]
    if not lasting:
        raise NoEdition(field="value_date", day=day)
    return lasting[-1]


def named(editions: Sequence[Edition], name: str) -> Edition:
    """Raises UnknownEdition."""
    known = {edition.edition: edition for edition in editions}
    if name not in known:
        raise UnknownEdition(field="edition", edition=ascii(name[:60]), known=", ".join(known) or "none")
    return known[name]


class PolicyBook:
    """What has been published, as the log has it at the moment of the question."""

    def __init__(self, ledger: Ledger) -> None:
        self._find: Callable[[], Policy | None] = lambda: ledger.find(Policy.STREAM)

    def as_it_is(self) -> PolicyBook:
        """What is published now, whoever publishes more while it is looked at; it asks the log once."""
        policy, kept = self._find(), copy(self)
        kept._find = lambda: policy
        return kept

    def editions(self) -> list[Edition]:
        """By their first day; of two that begin together the later recorded one last."""
        policy = self._find()
        read = [_edition(fact.text) for fact in policy.editions.values()] if policy else []
        return sorted(read, key=lambda edition: edition.effective_from)

    def edition_on(self, day: date) -> Edition:
        """Raises NoEdition."""
        return in_force(self.editions(), day)

    def edition(self, name: str) -> Edition:
        """Raises UnknownEdition."""
        return named(self.editions(), name)

    def pinned(self, pin: PolicyPin) -> Edition:
        """The edition of that text. Raises UnknownEdition."""
        return named([edition for edition in self.editions() if edition.pin.digest == pin.digest], pin.edition)

    def lpr_on(self, day: date) -> LprQuote:
        """Raises NoLpr."""
        policy = self._find()
        return lpr_on(policy.quotes.values() if policy else (), day)

    @property
    def calendar(self) -> WorkCalendar:
        policy = self._find()
        return WorkCalendar(policy.calendars if policy else {})


@lru_cache(maxsize=64)
def _edition(text: str) -> Edition:
    return read_edition(text)
