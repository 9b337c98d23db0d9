"""The intake of an application 受理: documents, consents, data, acceptance, and the one correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from domain.errors import InvalidInput
from domain.facts import Moment
from domain.loan_application import events, refusals
from domain.loan_application.clock import Clock
from domain.loan_application.standing import Standing
from domain.policy.pin import PolicyPin

OF_BOTH: tuple[events.Source, ...] = ("credit_registry",)
"""What is asked about borrower and spouse, who may have no other loans (R-ELI-5)."""


class Intake(Standing):
    """The decisions up to the reviews."""

    # Materials and data.

    def add_material(
        self, moment: Moment, *, kind: str, digest: str, media_type: str, size: int, value_date: date
    ) -> None:
        """A document came in; the same one a second time is nothing new."""
        self._step(moment, value_date)
        if all((m.kind, m.digest) != (kind, digest) for m in self.facts_of(events.MaterialAdded)):
            self.tell(
                events.MaterialAdded,
                moment,
                value_date=value_date,
                kind=kind,
                digest=digest,
                media_type=media_type,
                size=size,
            )

    def give_consent(
        self,
        moment: Moment,
        *,
        person: UUID,
        source: events.Source,
        document: str,
        expires_on: date,
        value_date: date,
    ) -> None:
        """Raises UnknownMaterial, InvalidInput."""
        self._step(moment, value_date)
        self._must_have(document)
        if expires_on < value_date:
            problem = f"{expires_on} is before {value_date}"
            raise InvalidInput(field="expires_on", problem=problem, expected="a day on which the consent still holds")
        self.tell(
            events.ConsentGiven,
            moment,
            value_date=value_date,
            person=person,
            source=source,
            document=document,
            expires_on=expires_on,
        )

    def consent(self, source: events.Source, *days: date, person: UUID | None = None) -> events.ConsentGiven:
        """The person's own consent, the applicant's where nobody is named, under which a source may be asked on all of the days.

        Raises ConsentMissing.
        """
        who = person or self.opening.applicant
        given = [g for g in self.facts_of(events.ConsentGiven) if g.source == source and g.person == who]
        for one in reversed(given):
            if all(_holds(one, day) for day in days):
                return one
        day = next((day for day in days if not any(_holds(one, day) for one in given)), days[-1])
        raise refusals.ConsentMissing(field="source", case_no=self.case_no, source=source, day=day)

    def record_answer(
        self,
        moment: Moment,
        *,
        source: events.Source,
        digest: str,
        figures: dict[str, str],
        value_date: date,
        person: UUID | None = None,
    ) -> None:
        """Raises ConsentMissing."""
        self._step(moment, value_date)
        consent = self.consent(source, value_date, moment.today, person=person).document
        self.tell(
            events.DataFetched,
            moment,
            value_date=value_date,
            source=source,
            consent=consent,
            digest=digest,
            figures=figures,
            person=person,
        )

    def record_no_answer(
        self,
        moment: Moment,
        *,
        source: events.Source,
        problem: str,
        detail: str,
        value_date: date,
        person: UUID | None = None,
    ) -> None:
        self._step(moment, value_date)
        said = {"source": source, "problem": problem, "detail": detail[:200], "person": person}
        self.tell(events.DataNotFetched, moment, value_date=value_date, **said)

    def enter_data(
        self,
        moment: Moment,
        *,
        source: events.Source,
        figures: dict[str, str],
        material: str,
        reason: str,
        value_date: date,
        person: UUID | None = None,
    ) -> None:
        """The clerk goes on by hand, from a document. Raises UnknownMaterial."""
        self._step(moment, value_date)
        self._must_have(material)
        self.tell(
            events.DataEntered,
            moment,
            value_date=value_date,
            source=source,
            figures=figures,
            material=material,
            reason=reason,
            person=person,
        )

    # Acceptance and corrections.

    def accept(
        self,
        moment: Moment,
        *,
        required: Iterable[str],
        pulled: Iterable[str],
        clock: Clock,
        value_date: date,
        policy: PolicyPin | None = None,
    ) -> None:
        """Start the clock when nothing is missing. Raises MaterialsMissing, AlreadyAccepted."""
        self._step(moment, value_date)
        if accepted := self.facts_of(events.Accepted):
            raise refusals.AlreadyAccepted(case_no=self.case_no, accepted=accepted[-1].value_date)
        if missing := self.missing(required, pulled):
            raise refusals.MaterialsMissing(field="materials", case_no=self.case_no, missing=", ".join(missing))
        due_on = clock.due_on(value_date, clock.working_days)
        self.tell(
            events.Accepted,
            moment,
            value_date=value_date,
            materials=tuple(required),
            working_days=clock.working_days,
            due_on=due_on,
            provisional_years=clock.provisional_years(value_date, due_on),
            policy=policy,
        )

    def missing(self, required: Iterable[str], pulled: Iterable[str] = ()) -> tuple[str, ...]:
        """Materials that are not there and sources whose figures nobody knows, of the spouse too where both are looked at."""
        there = {material.kind for material in self.facts_of(events.MaterialAdded)}
        opening = self.opening
        both = opening.spouse is not None and opening.kind != "small_enterprise"
        return (
            *(kind for kind in required if kind not in there),
            *(source for source in pulled if source not in self.figures()),
            *(f"{s}:spouse" for s in pulled if both and s in OF_BOTH and s not in self.figures(opening.spouse)),
        )

    def figures(self, person: UUID | None = None) -> Mapping[str, Mapping[str, str]]:
        """What is known from each source of a person, of the applicant where nobody is named: fetched or entered, whichever came last."""
        applicant = self.opening.applicant
        known = [f for f in self._facts if isinstance(f, events.DataFetched | events.DataEntered)]
        return {fact.source: fact.figures for fact in known if (fact.person or applicant) == (person or applicant)}

    def request_correction(self, moment: Moment, *, missing: Sequence[str], value_date: date) -> None:
        """Ask the applicant, once, for all that is missing; the clock stands still. Raises AskedAlready, NotInReview."""
        self._step(moment, value_date)
        self._must_be_in_review()
        if asked := self.facts_of(events.CorrectionRequested):
            raise refusals.AskedAlready(case_no=self.case_no, asked=asked[-1].value_date)
        if not missing:
            raise InvalidInput(field="missing", problem="it is empty", expected="every material that is asked for")
        self.tell(events.CorrectionRequested, moment, value_date=value_date, missing=tuple(missing))

    def correct(self, moment: Moment, *, clock: Clock, value_date: date) -> None:
        """What was asked for is there; the clock runs on. Raises NothingAsked, MaterialsMissing."""
        self._step(moment, value_date)
        asked = self.paused_by
        if asked is None:
            raise refusals.NothingAsked(case_no=self.case_no)
        since = {m.kind for m in self.facts_of(events.MaterialAdded) if m.originator_version > asked.originator_version}
        if missing := [kind for kind in asked.missing if kind not in since]:
            raise refusals.MaterialsMissing(field="materials", case_no=self.case_no, missing=", ".join(missing))
        accepted = self.facts_of(events.Accepted)[-1]
        left = max(accepted.working_days - clock.used(accepted.value_date, asked.value_date), 0)
        self.tell(events.Corrected, moment, value_date=value_date, due_on=clock.due_on(value_date, left))

    def due(self, clock: Clock, working_days: int) -> date | None:
        """The last of so many working days from acceptance, in which the clock stood still while the applicant corrected."""
        accepted, corrected = self.facts_of(events.Accepted), self.facts_of(events.Corrected)
        if not accepted or self.paused_by is not None:
            return None
        start = accepted[-1].value_date
        if not corrected:
            return clock.due_on(start, working_days)
        left = working_days - clock.used(start, self.facts_of(events.CorrectionRequested)[-1].value_date)
        return clock.due_on(corrected[-1].value_date, left) if left > 0 else clock.due_on(start, working_days)


def _holds(given: events.ConsentGiven, day: date) -> bool:
    return given.value_date <= day <= given.expires_on
