"""The rural partner 乡村振兴合伙人 as an aggregate: recruited, qualified, lent to, gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import Actor
from domain.errors import InvalidInput
from domain.facts import EventSourced, Fact, Moment
from domain.loan.loan import Loan
from domain.rural_partner import events, refusals

RURAL_LOAN = "rural_partner"
"""The code of 乡村贷 in every edition of policy."""

_STATUS: Mapping[type[Fact], events.PartnerStatus] = {
    events.PartnerRecruited: "recruited",
    events.PartnerQualified: "qualified",
    events.PartnerDisqualified: "disqualified",
    events.PartnerLeft: "left",
}


class RuralPartner(EventSourced[Fact]):
    TOPIC = "partner"
    Event = Fact
    PartnerRecruited = events.PartnerRecruited
    PartnerQualified = events.PartnerQualified
    PartnerDisqualified = events.PartnerDisqualified
    PartnerLeft = events.PartnerLeft
    PartnerLoanLinked = events.PartnerLoanLinked

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.PartnerRecruited

    @staticmethod
    def create_id(partner_no: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/partners/{partner_no}")

    @classmethod
    def recruit(cls, moment: Moment, *, partner_no: str, value_date: date, **who: Any) -> RuralPartner:
        """合伙人招募, of one of the eight kinds in one of the five ways (R-RP-2, R-RP-3). Raises InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        persons = [one.person for one in who["persons"]]
        if not persons or len(set(persons)) < len(persons):
            problem = "somebody is named twice" if persons else "there is nobody"
            raise InvalidInput(field="persons", problem=problem, expected="every person who is the partner, once")
        stream = cls.create_id(partner_no)
        return cls.opened(events.PartnerRecruited, stream, moment, partner_no=partner_no, value_date=value_date, **who)

    def scopes(self) -> tuple[str, ...]:
        return (f"county:{self.opening.county}",)

    # Decisions: may refuse, change nothing themselves.

    def qualify(self, moment: Moment, *, actor: Actor, value_date: date, evidence: tuple[str, ...] = ()) -> None:
        """合伙人认定; holds until it is taken back or the partner leaves. Raises AlreadyQualified, PartnerGone, PartnerStepTooEarly."""
        self._step(moment, value_date)
        if self.status() == "qualified":
            raise refusals.AlreadyQualified(partner_no=self.partner_no, since=self._steps[-1].value_date)
        self.tell(
            events.PartnerQualified, moment, value_date=value_date, assessor=actor.subject, evidence=tuple(evidence)
        )

    def disqualify(self, moment: Moment, *, actor: Actor, reason: str, value_date: date) -> None:
        """取消认定, with a reason. Raises NotQualified, PartnerGone, PartnerStepTooEarly, InvalidInput."""
        self._step(moment, value_date)
        _must_say(reason)
        if self.status() != "qualified":
            raise refusals.NotQualified(field="partner_no", partner_no=self.partner_no, day=value_date)
        self.tell(events.PartnerDisqualified, moment, value_date=value_date, assessor=actor.subject, reason=reason)

    def leave(self, moment: Moment, *, reason: str, value_date: date) -> None:
        """合伙人退出; whatever was signed stands (domain.md §5.30). Raises PartnerGone, PartnerStepTooEarly, InvalidInput."""
        self._step(moment, value_date)
        _must_say(reason)
        self.tell(events.PartnerLeft, moment, value_date=value_date, persons=self.persons, reason=reason)

    def link_loan(self, moment: Moment, *, loan: Loan, project_no: str | None, value_date: date) -> None:
        """A 乡村贷 of one of its people; what counts is that the partner was qualified when it was signed (R-LIM-9).

        Raises NotRuralLoan, NotPartnersLoan, NotQualified, InvalidInput, DatedInFuture; LoanLinkedAlready is said by the ledger.
        """
        moment.not_before(value_date)
        contract = loan.contract
        named = {"partner_no": self.partner_no, "loan_no": contract.loan_no}
        if contract.product != RURAL_LOAN:
            raise refusals.NotRuralLoan(field="loan_no", product=contract.product, rural=RURAL_LOAN, **named)
        if contract.borrower not in self.persons:
            raise refusals.NotPartnersLoan(field="loan_no", **named)
        if not self.is_qualified(contract.value_date):
            raise refusals.NotQualified(field="partner_no", day=contract.value_date, partner_no=self.partner_no)
        if value_date < contract.value_date:
            problem = f"{value_date} is before the contract of {contract.value_date}"
            raise InvalidInput(field="value_date", problem=problem, expected="the day of the contract or a later one")
        self.tell(
            events.PartnerLoanLinked,
            moment,
            value_date=value_date,
            loan=loan.id,
            loan_no=contract.loan_no,
            project_no=project_no,
        )

    def _step(self, moment: Moment, value_date: date) -> None:
        moment.not_before(value_date)
        last = self._steps[-1]
        if isinstance(last, events.PartnerLeft):
            raise refusals.PartnerGone(field="partner_no", partner_no=self.partner_no, left=last.value_date)
        if value_date < last.value_date:
            raise refusals.PartnerStepTooEarly(
                field="value_date", value_date=value_date, partner_no=self.partner_no, last=last.value_date
            )

    # What it is.

    @property
    def partner_no(self) -> str:
        return self.opening.partner_no

    @property
    def persons(self) -> tuple[UUID, ...]:
        return tuple(one.person for one in self.opening.persons)

    def status(self, as_of: date | None = None) -> events.PartnerStatus | None:
        """Where its last step by then left it; nothing before it was recruited."""
        dated = [step for step in self._steps if as_of is None or step.value_date <= as_of]
        return _STATUS[type(dated[-1])] if dated else None

    def is_qualified(self, on: date | None = None) -> bool:
        """Whether it may borrow as a partner, on a day or as it stands now (R-LIM-9)."""
        return self.status(on) == "qualified"

    def must_be_there(self, on: date) -> None:
        """Raises PartnerGone, PartnerStepTooEarly unless it was a partner on the day."""
        opened, last = self.opening.value_date, self._steps[-1].value_date
        if on < opened:
            raise refusals.PartnerStepTooEarly(
                field="value_date", value_date=on, partner_no=self.partner_no, last=opened
            )
        if self.status(on) == "left":
            raise refusals.PartnerGone(field="partner_no", partner_no=self.partner_no, left=last)

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {
            "partner_no": self.partner_no,
            "kind": self.opening.kind,
            "way": self.opening.way,
            "county": self.opening.county,
            "status": self.status(as_of),
            "loans": [link.loan_no for link in self._links if as_of is None or link.value_date <= as_of],
        }

    def told(self, fact: Fact) -> None:
        if isinstance(fact, events.PartnerRecruited):
            self.opening = fact
            self._steps: list[Fact] = []
            self._links: list[events.PartnerLoanLinked] = []
        if isinstance(fact, events.PartnerLoanLinked):
            self._links.append(fact)
        else:
            self._steps.append(fact)


def _must_say(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(field="reason", problem="it is empty", expected="why, in words")
