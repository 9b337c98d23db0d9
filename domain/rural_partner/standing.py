"""How a partners' project stands: what its facts come to, on any day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from domain.facts import EventSourced, Fact
from domain.rural_partner import events

STEPS: Mapping[type[Fact], tuple[events.ProjectStatus, tuple[events.ProjectStatus, ...]]] = {
    events.ProjectLanded: ("landed", ("registered",)),
    events.ProjectSuspended: ("suspended", ("landed",)),
    events.ProjectResumed: ("landed", ("suspended",)),
    events.ProjectEnded: ("ended", ("registered", "landed", "suspended")),
}
"""A project's steps: how each leaves it, and how it must stand before."""


class ProjectStanding(EventSourced[Fact]):
    """The part of the aggregate that only reads and is told."""

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.ProjectRegistered

    @property
    def project_no(self) -> str:
        return self.opening.project_no

    def status(self, as_of: date | None = None) -> events.ProjectStatus | None:
        """Where its last step by then left it; nothing before it was registered."""
        dated = [step for step in self._steps if as_of is None or step.value_date <= as_of]
        if not dated:
            return None
        return STEPS[type(dated[-1])][0] if len(dated) > 1 else "registered"

    def partners(self, as_of: date | None = None) -> tuple[str, ...]:
        """The numbers of the partners who take part, in the order of joining."""
        there: dict[str, None] = {}
        for day, number, joins in self._moves:
            if as_of is None or day <= as_of:
                there.update({number: None}) if joins else there.pop(number, None)
        return tuple(there)

    def jobs_reported(self, as_of: date | None = None) -> int:
        return found.jobs if (found := self.report(as_of)) else 0

    def jobs_verified(self, as_of: date | None = None) -> int:
        return found.jobs if (found := _last(self._verified, as_of)) else 0

    def report(self, as_of: date | None = None) -> events.ProjectJobsReported | None:
        """The last report by a day."""
        found: events.ProjectJobsReported | None = _last(self._reports, as_of)
        return found

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {
            "project_no": self.project_no,
            "title": self.opening.title,
            "county": self.opening.county,
            "status": self.status(as_of),
            "partners": list(self.partners(as_of)),
            "jobs_reported": self.jobs_reported(as_of),
            "jobs_verified": self.jobs_verified(as_of),
            "loans": [link.loan_no for link in self._links if as_of is None or link.value_date <= as_of],
        }

    @singledispatchmethod
    def told(self, fact: Fact) -> None:
        raise TypeError(f"a project knows nothing of {type(fact).__name__}")

    @told.register
    def _(self, fact: events.ProjectRegistered) -> None:
        self.opening = fact
        self._steps: list[Fact] = [fact]
        self._moves = [(fact.value_date, number, True) for number in fact.partners]
        self._reports: list[events.ProjectJobsReported] = []
        self._verified: list[events.ProjectJobsVerified] = []
        self._links: list[events.ProjectLoanLinked] = []

    @told.register
    def _(
        self,
        fact: events.ProjectLanded | events.ProjectSuspended | events.ProjectResumed | events.ProjectEnded,
    ) -> None:
        self._steps.append(fact)

    @told.register
    def _(self, fact: events.ProjectPartnerJoined) -> None:
        self._moves.append((fact.value_date, fact.partner_no, True))

    @told.register
    def _(self, fact: events.ProjectPartnerParted) -> None:
        self._moves.append((fact.value_date, fact.partner_no, False))

    @told.register
    def _(self, fact: events.ProjectJobsReported) -> None:
        self._reports.append(fact)

    @told.register
    def _(self, fact: events.ProjectJobsVerified) -> None:
        self._verified.append(fact)

    @told.register
    def _(self, fact: events.ProjectLoanLinked) -> None:
        self._links.append(fact)


def _last(said: Sequence[Any], as_of: date | None) -> Any:
    """What was said last by a day: by its own date, then by the order of recording."""
    dated = [fact for fact in said if as_of is None or fact.value_date <= as_of]
    return max(dated, key=lambda fact: (fact.value_date, fact.originator_version), default=None)
