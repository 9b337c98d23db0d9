"""The application as an aggregate: three institutions review it side by side, and somebody else decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import Actor
from domain.errors import InvalidInput, SamePerson
from domain.facts import Fact, Moment
from domain.loan_application import events, refusals
from domain.loan_application.intake import Intake
from domain.loan_application.standing import REVIEWS
from domain.money import Fen, yuan
from domain.policy.finding import Finding
from domain.policy.pin import PolicyPin
from domain.policy.rules import Needs
from domain.ratio import ShareScheme


class LoanApplication(Intake):
    TOPIC = "application"
    Event = Fact
    Submitted = events.Submitted
    MaterialAdded = events.MaterialAdded
    ConsentGiven = events.ConsentGiven
    DataFetched = events.DataFetched
    DataNotFetched = events.DataNotFetched
    DataEntered = events.DataEntered
    Accepted = events.Accepted
    CorrectionRequested = events.CorrectionRequested
    Corrected = events.Corrected
    EligibilityReviewed = events.EligibilityReviewed
    GuaranteeReviewed = events.GuaranteeReviewed
    CreditReviewed = events.CreditReviewed
    CounterGuaranteeRegistered = events.CounterGuaranteeRegistered
    CounterGuaranteeWaived = events.CounterGuaranteeWaived
    CounterGuaranteeReleased = events.CounterGuaranteeReleased
    Approved = events.Approved
    CapacityReserved = events.CapacityReserved
    CapacityReleased = events.CapacityReleased
    Rejected = events.Rejected
    Withdrawn = events.Withdrawn
    ClockRanOut = events.ClockRanOut
    Expired = events.Expired
    Contracted = events.Contracted
    HistoryRecorded = events.HistoryRecorded

    @staticmethod
    def create_id(case_no: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/applications/{case_no}")

    @classmethod
    def submit(cls, moment: Moment, *, case_no: str, value_date: date, **asked: Any) -> LoanApplication:
        """Open the application. Raises DatedInFuture, InvalidInput."""
        moment.not_before(value_date)
        _must_be_different(asked)
        if asked["amount_fen"] <= 0:
            problem = f"{yuan(asked['amount_fen'])} is not more than 0.00"
            raise InvalidInput(field="amount", problem=problem, expected="a positive amount")
        return cls.opened(
            events.Submitted, cls.create_id(case_no), moment, case_no=case_no, value_date=value_date, **asked
        )

    def scopes(self) -> tuple[str, ...]:
        opening = self.opening
        parts = (("county", opening.county), ("bank", opening.bank), ("guarantor", opening.guarantor))
        return tuple(f"{kind}:{name}" for kind, name in parts if name)

    # Reviews.

    def review(
        self,
        moment: Moment,
        which: events.Review,
        *,
        outcome: str,
        findings: Sequence[Finding],
        policy: PolicyPin,
        actor: Actor,
        value_date: date,
        note: str | None = None,
        conditions: Sequence[str] = (),
        **more: Any,
    ) -> None:
        """One institution says what it found; nobody passes what a rule refuses, nobody refuses without a reason.

        Raises NotInReview, Paused, AlreadyReviewed, OtherInstitution, SamePerson, FindingsSpeakAgainst, ReasonMissing.
        """
        self._step(moment, value_date)
        self._must_be_in_review()
        self._must_not_wait()
        self._may_review(which, actor)
        against = next((finding for finding in findings if not finding.holds), None)
        if outcome == "passed" and against is not None:
            self.must_hold(against)
        if outcome == "rejected" and against is None and not (note or "").strip():
            raise refusals.ReasonMissing(field="note", case_no=self.case_no)
        self.tell(
            REVIEWS[which],
            moment,
            value_date=value_date,
            outcome=outcome,
            findings=tuple(findings),
            policy=policy,
            reviewer=actor.subject,
            institution=actor.institution,
            note=note,
            conditions=tuple(conditions),
            **more,
        )

    def _may_review(self, which: events.Review, actor: Actor) -> None:
        if made := self.facts_of(REVIEWS[which]):
            raise refusals.AlreadyReviewed(case_no=self.case_no, review=which, made=made[-1].value_date)
        expected = {"guarantee": self.opening.guarantor, "credit": self.opening.bank}.get(which)
        others = {review.institution for review in self.reviews.values()}
        if (expected and actor.institution != expected) or actor.institution in others:
            raise refusals.OtherInstitution(
                field="actor",
                case_no=self.case_no,
                review=which,
                expected=expected or "an institution of its own",
                institution=actor.institution,
            )
        if any(review.reviewer == actor.subject for review in self.reviews.values()):
            raise SamePerson(field="actor", subject=actor.subject)

    def must_hold(self, finding: Finding) -> None:
        """Raises FindingsSpeakAgainst, in the finding's own words."""
        if not finding.holds:
            raise refusals.FindingsSpeakAgainst(field="outcome", case_no=self.case_no, finding=finding)

    # Counter-guarantees.

    def register_counter_guarantee(
        self,
        moment: Moment,
        *,
        form: str,
        value_date: date,
        person: UUID | None = None,
        member: bool = False,
        value: Fen | None = None,
        material: str | None = None,
        most: int | None = None,
        needs: Needs = "either",
    ) -> None:
        """反担保: a person or a thing stands for the loan towards the guarantor, as its form needs.

        Raises UnknownMaterial, ApplicationEnded, InvalidInput.
        """
        self._step(moment, value_date)
        if person is None and value is None and needs == "either":
            raise InvalidInput(field="person", problem="there is neither a person nor a value", expected="one of them")
        if person is None and needs in ("person", "family"):
            raise InvalidInput(field="person", problem="nobody stands", expected="the person who stands")
        if value is None and needs == "value":
            raise InvalidInput(field="value", problem="it is left out", expected="what the thing is worth, in yuan")
        if member and needs != "family":
            raise InvalidInput(field="member", problem="this form is not the family's", expected="a form of the family")
        if person is not None and person in (self.opening.applicant, *self.opening.partners):
            raise InvalidInput(field="person", problem="the borrower cannot stand for themselves", expected="another")
        if person is not None and person == self.opening.spouse and needs != "family":
            problem = "the borrower's spouse is of the borrower's household"
            raise InvalidInput(field="person", problem=problem, expected="another, or a form of the family")
        if material is not None:
            self._must_have(material)
        self.tell(
            events.CounterGuaranteeRegistered,
            moment,
            value_date=value_date,
            form=form,
            person=person,
            member=needs == "family",
            value_fen=value,
            material=material,
            most=most if person is not None else None,
        )

    def waive_counter_guarantee(self, moment: Moment, *, finding: Finding, value_date: date) -> None:
        """免除反担保: only by a rule that holds. Raises FindingsSpeakAgainst."""
        self._step(moment, value_date)
        self.must_hold(finding)
        self.tell(events.CounterGuaranteeWaived, moment, value_date=value_date, finding=finding)

    def release_counter_guarantee(self, moment: Moment, *, version: int, reason: str, value_date: date) -> None:
        """It no longer binds anybody, for example because the loan is settled. Raises UnknownCounterGuarantee, BeforeLastStep."""
        moment.not_before(value_date)
        binding = {fact.originator_version: fact for fact in self.counter_guarantees}
        if version not in binding:
            raise refusals.UnknownCounterGuarantee(field="version", case_no=self.case_no, version=version)
        self._in_order(value_date)
        self._release(moment, binding[version], reason, value_date)

    def _release(
        self, moment: Moment, registered: events.CounterGuaranteeRegistered, reason: str, value_date: date
    ) -> None:
        self.tell(
            events.CounterGuaranteeReleased,
            moment,
            value_date=value_date,
            registered_version=registered.originator_version,
            person=registered.person,
            reason=reason,
        )

    # The decision.

    def approve(
        self,
        moment: Moment,
        *,
        amount: Fen,
        months: int,
        findings: Sequence[Finding],
        policy: PolicyPin,
        actor: Actor,
        expires_on: date,
        loans_most: int,
        value_date: date,
        conditions: Sequence[str] = (),
        scheme: ShareScheme | None = None,
    ) -> None:
        """All three concur, and somebody who made none of the reviews says yes; the fund of the scheme reserves its share.

        Raises NotInReview, Paused, ReviewsMissing, CounterGuaranteeMissing, MoreThanReviewed, LongerThanAsked,
        FindingsSpeakAgainst, SamePerson.
        """
        self._step(moment, value_date)
        self._must_be_in_review()
        self._must_not_wait()
        if missing := [which for which in REVIEWS if not self.has_passed(which)]:
            raise refusals.ReviewsMissing(case_no=self.case_no, missing=", ".join(missing))
        self._must_be_secured()
        if not 0 < amount <= self.most:
            raise refusals.MoreThanReviewed(
                field="amount", amount=yuan(amount), most=yuan(self.most), case_no=self.case_no
            )
        if months > (asked := self.opening.months or months):
            raise refusals.LongerThanAsked(field="months", months=months, asked=asked, case_no=self.case_no)
        for finding in findings:
            self.must_hold(finding)
        if any(review.reviewer == actor.subject for review in self.reviews.values()):
            raise SamePerson(field="actor", subject=actor.subject)
        credit = self.reviews["credit"]
        assert isinstance(credit, events.CreditReviewed)
        assert credit.margin_bp is not None, "a credit review that passes says the margin"
        self.tell(
            events.Approved,
            moment,
            value_date=value_date,
            amount_fen=amount,
            months=months,
            margin_bp=credit.margin_bp,
            conditions=(*(c for review in self.reviews.values() for c in review.conditions), *conditions),
            findings=tuple(findings),
            policy=policy,
            reviews=tuple(review.originator_version for review in self.reviews.values()),
            approver=actor.subject,
            expires_on=expires_on,
            counted=self.borrowers,
            loans_most=loans_most,
        )
        if scheme is not None and scheme.fund and (share := scheme.part("fund", amount)):
            said = {"fund": scheme.fund, "scheme": scheme.name, "amount_fen": share, "expires_on": expires_on}
            self.tell(events.CapacityReserved, moment, value_date=value_date, **said)

    def reject(
        self,
        moment: Moment,
        *,
        reason: str | None,
        policy: PolicyPin,
        actor: Actor,
        notify_by: date,
        value_date: date,
        findings: Sequence[Finding] = (),
    ) -> None:
        """不予通过: with every finding that speaks against it, or a reason in words. Raises ReasonMissing, ApplicationEnded."""
        self._step(moment, value_date)
        refusing = [review for review in self.reviews.values() if review.outcome == "rejected"]
        said = [f for found in (*(r.findings for r in refusing), findings) for f in found if not f.holds]
        notes = [note for note in (reason, *(review.note for review in refusing)) if note]
        if not said and not notes:
            raise refusals.ReasonMissing(field="reason", case_no=self.case_no)
        self._end(moment, value_date)
        self.tell(
            events.Rejected,
            moment,
            value_date=value_date,
            findings=tuple(said),
            policy=policy,
            reviews=tuple(review.originator_version for review in refusing),
            decided_by=actor.subject,
            notify_by=notify_by,
            members=self.opening.members,
            reason="; ".join(notes) or None,
        )

    def withdraw(self, moment: Moment, *, reason: str | None, value_date: date) -> None:
        """撤回: also after approval, until there is a contract. Raises ApplicationEnded."""
        self._step(moment, value_date, approved_too=True)
        counted = self.borrowers if self.approval else ()
        self._end(moment, value_date)
        self.tell(
            events.Withdrawn,
            moment,
            value_date=value_date,
            members=self.opening.members,
            counted=counted,
            reason=reason,
        )
        self._release_capacity(moment, "withdrawn", value_date)

    def expire(self, moment: Moment, *, until: date | None, day: date, undrawn: bool = False) -> None:
        """失效 of what was not done in time; whoever applied may apply again, and a loan never drawn does not count (domain.md §5.19).

        `until` is the last day for documents to come, before acceptance or as a correction; `undrawn` says that of its signed
        loan nothing was drawn and nothing can be. Raises NotLapsed, ApplicationEnded.
        """
        approval, waits = self.approval, self.status() == "submitted" or self.paused_by is not None
        counted: tuple[UUID, ...] = ()
        if undrawn and self.signed:
            moment.not_before(day)
            self._in_order(day)
            of, counted = "contract", self.borrowers
        else:
            self._step(moment, day, approved_too=True)
            if approval is not None and approval.expires_on < day:
                of, counted = "approval", self.borrowers
            elif waits and until is not None and until < day:
                of = "intake" if self.status() == "submitted" else "correction"
            else:
                raise refusals.NotLapsed(case_no=self.case_no, day=day)
        self._end(moment, day)
        self.tell(events.Expired, moment, value_date=day, of=of, members=self.opening.members, counted=counted)
        self._release_capacity(moment, "expired", day)

    def notice_clock(self, moment: Moment, day: date) -> None:
        """Establish whether the decision is late at the end of `day` (R-PRO-3); records it once for each due day. Raises DatedInFuture."""
        moment.not_before(day)
        due = self._due_on(day)
        due_on = date.fromisoformat(due) if due else None
        if due_on is None or due_on >= day or self.status() != "in_review":
            return
        if all(fact.due_on != due_on for fact in self.facts_of(events.ClockRanOut)):
            said = {"due_on": due_on, "waits_for": self.waits_for()}
            self.tell(events.ClockRanOut, moment, value_date=day, **said)

    def contract(self, moment: Moment, *, loan_no: str, value_date: date) -> events.Approved:
        """签约: the approval is used, once; gives it. Raises NotApproved, ApprovalLapsed, CounterGuaranteeMissing."""
        moment.not_before(value_date)
        approval = self.approval
        if approval is None:
            raise refusals.NotApproved(case_no=self.case_no, status=self.status())
        self._in_order(value_date)
        if value_date > approval.expires_on:
            raise refusals.ApprovalLapsed(case_no=self.case_no, expires_on=approval.expires_on)
        self._must_be_secured()
        guarantors = tuple(dict.fromkeys(fact.person for fact in self.counter_guarantees if fact.person))
        said = {"loan_no": loan_no, "members": self.opening.members, "guarantors": guarantors}
        self.tell(events.Contracted, moment, value_date=value_date, **said)
        self._release_capacity(moment, "contracted", value_date)
        return approval

    def _must_be_secured(self) -> None:
        if not self.counter_guarantees and self.waiver is None:
            raise refusals.CounterGuaranteeMissing(field="counter_guarantee", case_no=self.case_no)

    def _release_capacity(self, moment: Moment, because: str, value_date: date) -> None:
        if (held := self.reservation) is not None:
            said = {"fund": held.fund, "amount_fen": held.amount_fen, "because": because}
            self.tell(events.CapacityReleased, moment, value_date=value_date, **said)

    def _end(self, moment: Moment, value_date: date) -> None:
        """Whoever stood for the loan is free again."""
        for registered in self.counter_guarantees:
            self._release(moment, registered, "the application has ended", value_date)


def _must_be_different(asked: Mapping[str, Any]) -> None:
    """A partnership's limit goes by its heads, so everybody on the form is somebody else (R-LIM-3). Raises InvalidInput."""
    partners = asked.get("partners", ())
    if partners and asked.get("kind") != "partnership":
        raise InvalidInput(field="partners", problem="only a partnership has partners", expected="none")
    seen = {asked.get("applicant")}
    for field, person in (("spouse", asked.get("spouse")), *((f"partners.{n}", p) for n, p in enumerate(partners))):
        if person is not None and person in seen:
            problem = "this person is on the form already"
            raise InvalidInput(field=field, problem=problem, expected="somebody else, or nobody")
        seen.add(person)
