"""The facts of policy: editions, the LPR, and the working calendar."""

from __future__ import annotations

from datetime import date

from domain.facts import Fact, OpeningFact
from domain.policy.lpr import LprQuote


class PolicyOpened(OpeningFact):
    """政策登记: a city begins to publish its policy here."""

    TOPIC = "policy.opened"
    originator_topic = "policy"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    city: str


class EditionPublished(Fact):
    """政策版本发布: the edition's text as it was published, whole; `effective_from` may lie ahead of the value date."""

    TOPIC = "policy.edition_published"

    edition: str
    digest: str
    city: str
    title: str
    document: str
    effective_from: date
    effective_to: date | None = None
    rules: int
    assumed: int
    """How many of its rules are assumed or from memory, and have to be confirmed."""
    text: str


class LprPublished(Fact):
    """LPR 公布: quotes that were not known yet; each counts from its own day."""

    TOPIC = "policy.lpr_published"

    quotes: tuple[LprQuote, ...]


class CalendarPublished(Fact):
    """工作日历公布或调整: the weekdays off and the weekend days on of one year, as the State Council has them now."""

    TOPIC = "policy.calendar_published"

    year: int
    holidays: tuple[date, ...]
    make_up: tuple[date, ...]
