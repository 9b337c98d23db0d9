"""A city's policy as an aggregate: everything that it has published, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from domain.errors import Refusal
from domain.facts import EventSourced, Fact, Moment
from domain.policy import events
from domain.policy.edition import Edition
from domain.policy.lpr import LprQuote
from domain.working_days import CalendarYear


class PublishedOtherwise(Refusal):
    """An edition is published once; another text is another edition."""

    code = "policy.published_otherwise"
    en = "edition {edition} is published with another text; give the changed text a name of its own"
    zh = "政策版本 {edition} 已以其他内容发布；修改后的内容请另行命名"


class OtherCity(Refusal):
    """One ledger, one city: the limits of another one bind nobody here."""

    code = "policy.other_city"
    en = "{field}: edition {edition} is of the city {other}, and this ledger is {city}'s; publish an edition of this city"
    zh = "{field}：政策版本 {edition} 属于城市 {other}，本台账属于 {city}；请发布本市的政策版本"


class QuotedOtherwise(Refusal):
    """One quote a day; what was published is never changed."""

    code = "policy.quoted_otherwise"
    en = "the LPR of {day} is recorded as {known}; another one of that day cannot be right"
    zh = "{day} 的 LPR 已登记为 {known}；同日不得另有报价"


class Policy(EventSourced[Fact]):
    TOPIC = "policy"
    Event = Fact
    PolicyOpened = events.PolicyOpened
    EditionPublished = events.EditionPublished
    LprPublished = events.LprPublished
    CalendarPublished = events.CalendarPublished
    STREAM = uuid5(NAMESPACE_URL, "loan-ledger:/policy")

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        city: str
        editions: dict[str, events.EditionPublished]
        quotes: dict[date, LprQuote]
        calendars: dict[int, CalendarYear]
        calendars_since: tuple[int, datetime] | None  # by which fact they are as they are, and when it was recorded

    @classmethod
    def begin(cls, moment: Moment, city: str) -> Policy:
        return cls.opened(events.PolicyOpened, cls.STREAM, moment, value_date=moment.today, city=city)

    # Decisions: may refuse, change nothing themselves.

    def publish(self, moment: Moment, edition: Edition) -> None:
        """An edition may be published before it binds; the same text again is nothing new. Raises OtherCity, PublishedOtherwise."""
        if edition.city != self.city:
            raise OtherCity(field="city", edition=edition.edition, other=edition.city, city=self.city)
        known = self.editions.get(edition.edition)
        if known is not None and known.digest != edition.pin.digest:
            raise PublishedOtherwise(field="edition", edition=edition.edition)
        if known is None:
            rules = [rule for _, rule in edition.rules()]
            self.tell(
                events.EditionPublished,
                moment,
                value_date=moment.today,
                edition=edition.edition,
                digest=edition.pin.digest,
                city=edition.city,
                title=edition.title,
                document=edition.document,
                effective_from=edition.effective_from,
                effective_to=edition.effective_to,
                rules=len(rules),
                assumed=sum(rule.confidence in ("assumed", "mem") for rule in rules),
                text=edition.text,
            )

    def publish_quotes(self, moment: Moment, quotes: Sequence[LprQuote]) -> None:
        """Quotes that are known already are nothing new. Raises QuotedOtherwise, DatedInFuture."""
        new = dict[date, LprQuote]()
        for quote in quotes:
            known = self.quotes.get(quote.published_on) or new.setdefault(quote.published_on, quote)
            if known != quote:
                shown = f"{known.one_year} / {known.five_year}"
                raise QuotedOtherwise(field="published_on", day=quote.published_on, known=shown)
            moment.not_before(quote.published_on)
        if new:
            self.tell(events.LprPublished, moment, value_date=moment.today, quotes=tuple(new.values()))

    def publish_calendar(self, moment: Moment, year: CalendarYear) -> None:
        """The same calendar again is nothing new; another one takes its place."""
        if self.calendars.get(year.year) != year:
            self.tell(
                events.CalendarPublished,
                moment,
                value_date=moment.today,
                year=year.year,
                holidays=tuple(sorted(year.holidays)),
                make_up=tuple(sorted(year.make_up)),
            )

    # What it is.

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {
            "city": self.city,
            "editions": {
                name: edition.digest
                for name, edition in self.editions.items()
                if as_of is None or edition.value_date <= as_of
            },
            "quotes": len(self.quotes),
            "calendars": sorted(self.calendars),
        }

    # Consequences: replayed for ever, they only assign.

    def told(self, fact: Fact) -> None:
        match fact:
            case events.PolicyOpened():
                self.city, self.editions, self.quotes, self.calendars = fact.city, {}, {}, {}
                self.calendars_since = None
            case events.EditionPublished():
                self.editions[fact.edition] = fact
            case events.LprPublished():
                self.quotes.update({quote.published_on: quote for quote in fact.quotes})
            case events.CalendarPublished():
                holidays, make_up = frozenset(fact.holidays), frozenset(fact.make_up)
                self.calendars[fact.year] = CalendarYear(year=fact.year, holidays=holidays, make_up=make_up)
                self.calendars_since = fact.originator_version, fact.timestamp
            case _:
                raise TypeError(f"policy knows nothing of {type(fact).__name__}")
