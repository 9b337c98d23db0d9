"""How an application stands: what its facts come to, on any day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from domain.facts import EventSourced, Fact, Moment
from domain.loan_application import events, refusals
from domain.money import Fen, yuan
from domain.policy.finding import Finding

F = TypeVar("F", bound=Fact)

REVIEWS: Mapping[events.Review, type[events.Reviewed]] = {
    "eligibility": events.EligibilityReviewed,
    "guarantee": events.GuaranteeReviewed,
    "credit": events.CreditReviewed,
}


class Standing(EventSourced[Fact]):
    """The part of the aggregate that only reads and is told."""

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.Submitted

    def told(self, fact: Fact) -> None:
        if isinstance(fact, events.Submitted):
            self.opening = fact
            self._facts: list[Fact] = []
        self._facts.append(fact)

    def facts_of(self, kind: type[F]) -> list[F]:
        """Its facts of one kind, in order."""
        return [fact for fact in self._facts if isinstance(fact, kind)]

    @property
    def case_no(self) -> str:
        return self.opening.case_no

    @property
    def accepted_on(self) -> date | None:
        accepted = self.facts_of(events.Accepted)
        return accepted[-1].value_date if accepted else None

    @property
    def borrowers(self) -> tuple[UUID, ...]:
        """For whom a loan of this application counts."""
        return tuple(person for person in (self.opening.applicant, *self.opening.partners) if person is not None)

    @property
    def reviews(self) -> Mapping[events.Review, events.Reviewed]:
        return {which: made[-1] for which, kind in REVIEWS.items() if (made := self.facts_of(kind))}

    @property
    def counter_guarantees(self) -> list[events.CounterGuaranteeRegistered]:
        """Those that still bind."""
        return self._binding(None)

    @property
    def waiver(self) -> Finding | None:
        waived = self.facts_of(events.CounterGuaranteeWaived)
        return waived[-1].finding if waived else None

    @property
    def paused_by(self) -> events.CorrectionRequested | None:
        """The request that is being waited for, if any."""
        asked = self.facts_of(events.CorrectionRequested)
        return asked[-1] if asked and not self.facts_of(events.Corrected) else None

    @property
    def signed(self) -> events.Contracted | None:
        """The contract that its approval was used for, if it has not lapsed undrawn."""
        contracted = self.facts_of(events.Contracted)
        return contracted[-1] if contracted and self.status() == "approved" else None

    @property
    def approval(self) -> events.Approved | None:
        """The approval that may still be used."""
        approved = self.facts_of(events.Approved)
        return (
            approved[-1] if approved and self.status() == "approved" and not self.facts_of(events.Contracted) else None
        )

    def conditions(self, as_of: date | None = None) -> tuple[str, ...]:
        """附加条件 that the contract is signed under: the approval's, which has those of the reviews; before it, the reviews' own."""
        dated = [fact for fact in self._facts if as_of is None or fact.value_date <= as_of]
        if approved := [fact for fact in dated if isinstance(fact, events.Approved)]:
            return approved[-1].conditions
        return tuple(said for fact in dated if isinstance(fact, events.Reviewed) for said in fact.conditions)

    @property
    def reservation(self) -> events.CapacityReserved | None:
        """What a guarantee fund holds ready for it."""
        reserved = self.facts_of(events.CapacityReserved)
        return reserved[-1] if reserved and not self.facts_of(events.CapacityReleased) else None

    @property
    def most(self) -> Fen:
        """What was asked for, and no more than any review allows."""
        bounded = (r for r in self.reviews.values() if isinstance(r, events.GuaranteeReviewed | events.CreditReviewed))
        return min([self.opening.amount_fen, *(r.most_fen for r in bounded if r.most_fen is not None)])

    def waits_for(self) -> tuple[str, ...]:
        """Who has to act next."""
        if self.status() == "approved":
            return ("contract",) if self.approval else ()
        if self.status() == "submitted":
            return ("intake",)
        if self.status() != "in_review":
            return ()
        if self.paused_by is not None:
            return ("applicant",)
        return tuple(which for which in REVIEWS if which not in self.reviews) or ("approver",)

    def status(self, as_of: date | None = None) -> str:
        """One of submitted, in_review, approved, rejected, withdrawn, expired: where its last step by then left it."""
        status = "submitted"
        for fact in self._facts:
            if as_of is None or fact.value_date <= as_of:
                status = _STATUS.get(type(fact), status)
                if isinstance(fact, events.HistoryRecorded):
                    status = fact.ending or (fact.status if status == "submitted" else None) or status
        return status

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {
            "case_no": self.case_no,
            "status": self.status(as_of),
            "product": self.opening.product,
            "amount": yuan(self.opening.amount_fen),
            "bank": self.opening.bank,
            "reviews": {
                which: review.outcome
                for which, review in self.reviews.items()
                if as_of is None or review.value_date <= as_of
            },
            "notes": {
                which: review.note
                for which, review in self.reviews.items()
                if review.note and (as_of is None or review.value_date <= as_of)
            },
            "conditions": list(self.conditions(as_of)),
            "counter_guarantees": [_stands(fact) for fact in self._binding(as_of)],
            "waived": bool(self._by(events.CounterGuaranteeWaived, as_of)),
            "due_on": self._due_on(as_of),
            "asked_for": self._asked_for(as_of),
            **self._refused(as_of),
            "waits_for": list(self.waits_for()) if as_of is None else None,
        }

    def _by(self, kind: type[F], as_of: date | None) -> list[F]:
        """Its facts of one kind that were dated by then."""
        return [fact for fact in self.facts_of(kind) if as_of is None or fact.value_date <= as_of]

    def _binding(self, as_of: date | None) -> list[events.CounterGuaranteeRegistered]:
        released = {fact.registered_version for fact in self._by(events.CounterGuaranteeReleased, as_of)}
        registered = self._by(events.CounterGuaranteeRegistered, as_of)
        return [fact for fact in registered if fact.originator_version not in released]

    def _asked_for(self, as_of: date | None) -> list[str]:
        """What the applicant has yet to bring."""
        asked = self._by(events.CorrectionRequested, as_of)
        return list(asked[-1].missing) if asked and not self._by(events.Corrected, as_of) else []

    def _due_on(self, as_of: date | None) -> str | None:
        """The last day on which the decision is in time; none before acceptance, while the clock stands still, and at the end."""
        accepted, corrected = self._by(events.Accepted, as_of), self._by(events.Corrected, as_of)
        runs = self.status(as_of) == "in_review" and not self._asked_for(as_of)
        set_to = corrected[-1] if corrected else accepted[-1] if accepted else None
        return set_to.due_on.isoformat() if set_to and runs else None

    def _refused(self, as_of: date | None) -> Mapping[str, Any]:
        """Why it was rejected or withdrawn, in words, and until when the applicant is told."""
        rejected, withdrawn = self._by(events.Rejected, as_of), self._by(events.Withdrawn, as_of)
        until = rejected[-1].notify_by if rejected else None
        return {
            "reason": next((fact.reason for fact in (*rejected, *withdrawn)), None),
            "notify_by": until.isoformat() if until else None,
        }

    def findings(self) -> list[tuple[str, Finding]]:
        """Every finding of its life, each with the step that made it."""
        return [(fact.TOPIC, finding) for fact in self._facts for finding in _findings(fact)]

    def has_passed(self, which: events.Review) -> bool:
        review = self.reviews.get(which)
        return review is not None and review.outcome == "passed"

    # What every step has to keep to.

    def _step(self, moment: Moment, value_date: date, *, approved_too: bool = False) -> None:
        """Every step is dated, in order, and of an application that has not ended."""
        moment.not_before(value_date)
        live = self.status() in ("submitted", "in_review") or (approved_too and self.approval is not None)
        if not live or self.opening.tape is not None:
            raise refusals.ApplicationEnded(case_no=self.case_no, status=self.status())
        self._in_order(value_date)

    def _in_order(self, value_date: date) -> None:
        last = max(fact.value_date for fact in self._facts if not isinstance(fact, events.ClockRanOut))
        if value_date < last:
            raise refusals.BeforeLastStep(field="value_date", value_date=value_date, case_no=self.case_no, last=last)

    def _must_be_in_review(self) -> None:
        if self.status() != "in_review":
            raise refusals.NotInReview(case_no=self.case_no, status=self.status())

    def _must_not_wait(self) -> None:
        if asked := self.paused_by:
            raise refusals.Paused(case_no=self.case_no, missing=", ".join(asked.missing))

    def _must_have(self, digest: str) -> None:
        if all(material.digest != digest for material in self.facts_of(events.MaterialAdded)):
            raise refusals.UnknownMaterial(field="material", case_no=self.case_no, digest=digest)


def _findings(fact: Fact) -> tuple[Finding, ...]:
    found: tuple[Finding, ...] = getattr(fact, "findings", ())
    return (fact.finding,) if isinstance(fact, events.CounterGuaranteeWaived) else found


def _stands(fact: events.CounterGuaranteeRegistered) -> dict[str, Any]:
    return {
        "version": fact.originator_version,
        "form": fact.form,
        "person": None if fact.person is None else str(fact.person),
        "member": fact.member,
        "value": None if fact.value_fen is None else yuan(fact.value_fen),
    }


_STATUS: Mapping[type[Fact], str] = {
    events.Accepted: "in_review",
    events.Approved: "approved",
    events.Rejected: "rejected",
    events.Withdrawn: "withdrawn",
    events.Expired: "expired",
}
