"""How a loan stands: what its facts come to, on any day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from domain.facts import EventSourced, Fact
from domain.loan import events
from domain.loan.ageing import AGEINGS, CATEGORIES, ageing
from domain.loan.allocation import Course
from domain.loan.balances import Balance, BalanceChange, balances
from domain.loan.milestones import Milestones
from domain.loan.movement import IN_ORDER, Movement, follow
from domain.loan.owed import Overdue, Owed
from domain.loan.periods import Periods
from domain.loan.schedule import Instalment, schedule
from domain.loan.servicing import ServicedCourse
from domain.loan.terms import RepaymentTerms, changed
from domain.money import Fen, yuan
from domain.working_days import WorkCalendar

_NOT_LATE = {"oldest_due": 0, "ageing": 0, "arrears": 0}


class Standing(EventSourced[Fact]):
    """The part of the aggregate that only reads and is told."""

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        contract: events.ContractSigned

    calendar = WorkCalendar({})
    """What working days are looked up in; whoever loads the loan hands in what is published."""

    @property
    def outstanding(self) -> Fen:
        """Principal not yet repaid nor given up."""
        return balances(self._changes).get((Balance.PRINCIPAL, None), 0)

    @property
    def movements(self) -> Iterable[Movement]:
        """What moved and holds, as it was recorded."""
        return self._movements.values()

    @property
    def reserved(self) -> Fen:
        """What the guarantee fund still holds ready for what may be drawn."""
        return balances(self._changes).get((Balance.RESERVED, "fund"), 0)

    @property
    def disbursed(self) -> Fen:
        return sum(m.fen for m in self._movements.values() if m.kind == "disbursed")

    def never_drawn(self, day: date) -> bool:
        """Whether nothing was drawn, and at the end of the day it is too late to."""
        until = self.contract.draw_until
        return not self.disbursed and until is not None and until < day

    @property
    def fund(self) -> str | None:
        """The guarantee fund that stands behind it, if one does."""
        scheme = self.contract.share_scheme
        return next((share.institution for share in scheme.parties if share.party == "fund"), None) if scheme else None

    @property
    def matures_on(self) -> date | None:
        """到期日: when the last instalment falls due by the terms that hold last; None before anything is drawn."""
        return self.matures_by(self.terms_on(date.max))

    def terms_on(self, day: date) -> RepaymentTerms | None:
        """The terms in force: the contract's, or what changed them last by then."""
        return self._terms_by(self.movements, day)

    def _terms_by(self, movements: Iterable[Movement], day: date) -> RepaymentTerms | None:
        terms = self.contract.terms
        changes = [movement for movement in movements if movement.change is not None and movement.value_date <= day]
        for movement in sorted(changes, key=IN_ORDER):
            if terms is not None and movement.change is not None and movement.terms is not None:
                terms = changed(terms, movement.change, movement.terms)
        return terms

    def matures_by(self, terms: RepaymentTerms | None) -> date | None:
        """The same by other terms."""
        drawn = [movement.value_date for movement in self.movements if movement.kind == "disbursed"]
        if not drawn or terms is None or not terms.instalments:
            return None
        return Periods(min(drawn), terms).due(terms.instalments)

    @property
    def bank_knew_of_misuse(self) -> bool:
        return bool(self._last("bank_knew"))

    @property
    def died_on(self) -> date | None:
        """The borrower's death, as far as it is known."""
        return self._said_first("died")

    @property
    def closed_on(self) -> date | None:
        """The end of the borrower's business, as far as it is known."""
        return self._said_first("closed")

    @property
    def subsidy_stops(self) -> list[tuple[date, date]]:
        """The days on which nothing is subsidised because somebody said so; the second of each does not count."""
        stops, since = list[tuple[date, date]](), None
        for day, _, name, value in sorted(self._said):
            if name == "subsidy_stopped" and value and since is None:
                since = day
            elif name == "subsidy_stopped" and not value and since is not None:
                stops.append((since, day))
                since = None
        return stops if since is None else [*stops, (since, date.max)]

    @property
    def guarantor_is_released(self) -> bool:
        """Whether the contract was changed without the guarantor's consent (R-FUND-15)."""
        return any(movement.kind == "terms_changed" and movement.released for movement in self.movements)

    @property
    def is_overdue(self) -> bool:
        return bool(self._last("overdue"))

    def was_overdue(self, day: date) -> bool:
        """Whether it ever was by the day, cured or not, by all that is known: where the contract says how it is run, a notice that
        something recorded later has outdated is none (domain.md §5.29)."""
        course = self._course_at(day)
        if isinstance(course, ServicedCourse):
            return course.was_late
        return any(name == "overdue" and value for _, _, name, value in self._said)

    @property
    def is_settled(self) -> bool:
        return bool(self._last("settled"))

    @property
    def is_charged_off(self) -> bool:
        return bool(self._last("charged_off"))

    @property
    def is_taken_over(self) -> bool:
        return bool(self._last("taken_over"))

    @property
    def is_ended(self) -> bool:
        return self.ended_by(None)

    def ended_by(self, day: date | None) -> bool:
        """Whether it was settled, charged off or taken over by the day; whenever, if None."""
        return any(self._last(end, day) for end in ("settled", "charged_off", "taken_over"))

    @property
    def is_serviced(self) -> bool:
        """Whether its contract pins how it is run."""
        return self.contract.terms is not None and self.contract.terms.servicing is not None

    def owed(self, day: date) -> Owed:
        """What is owed on `day`: interest has run on every earlier day."""
        return self._course_at(day).owed()

    def coming(self, day: date) -> list[Instalment]:
        """The instalments after `day`, if each is paid when it falls due."""
        return self._course_at(day).coming()

    def _course_at(self, day: date) -> Course:
        self._milestones.in_order(self._movements.values())
        return self._milestones.on(day, self.calendar)

    def interest_due(self, day: date) -> Fen:
        """Unpaid interest at the start of `day`."""
        return self.owed(day).interest

    def owed_of(self, day: date) -> tuple[Fen, Fen]:
        """Principal and interest: of what was owed on `day`, what is still unpaid by all that is recorded since."""
        then, now = balances(self._changes, day), balances(self._changes)
        paid_since = then.get((Balance.INTEREST, None), 0) - now.get((Balance.INTEREST, None), 0)
        principal = min(then.get((Balance.PRINCIPAL, None), 0), self.outstanding)
        return principal, max(self.interest_due(day) - paid_since, 0)

    def overdue(self, day: date) -> Overdue:
        """Since when, at the end of `day`, and for how many days (domain.md §5.6)."""
        since, _ = self.arrears(day)
        return Overdue(since, (day - since).days if since else 0)

    def arrears(self, day: date) -> tuple[date | None, Fen]:
        """The oldest due day that is unpaid at the end of `day`, and what is unpaid since; nothing if all is paid."""
        return self._arrears(self._course_at(day), day)

    def _arrears(self, course: Course, day: date) -> tuple[date | None, Fen]:
        if self.is_serviced:
            owed = course.owed()
            return owed.oldest_due, owed.overdue_interest + owed.overdue_principal
        paid_out: dict[date, Fen] = {}
        for movement in self._movements.values():
            if movement.kind == "disbursed" and movement.value_date <= day:
                paid_out[movement.value_date] = paid_out.get(movement.value_date, 0) + movement.fen
        if not paid_out or self.contract.terms is None:
            return None, 0
        repaid = sum(paid_out.values()) - balances(self._changes, day).get((Balance.PRINCIPAL, None), 0)
        rows = [row for start, amount in paid_out.items() for row in schedule(amount, start, self.contract.terms)]
        due, oldest = 0, None
        for row in sorted(rows, key=lambda row: row.due):
            if row.due >= day:
                break
            due += row.principal
            if due > repaid and oldest is None:
                oldest = row.due
        return oldest, max(due - repaid, 0)

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        totals = balances(self._changes, as_of)
        return {
            "loan_no": self.contract.loan_no,
            "bank": self.contract.bank,
            "status": self.status(as_of),
            "approved": yuan(self.contract.approved_fen),
            "guaranteed": yuan(self.contract.guaranteed_fen),
            "balances": {
                (f"{balance}:{party}" if party else str(balance)): yuan(fen)
                for (balance, party), fen in sorted(totals.items(), key=str)
            },
            "matures_on": matures_on.isoformat() if (matures_on := self.matures_on) else None,
            "guarantor_released": self.guarantor_is_released,
            "misused": any(movement.kind == "misused" for movement in self.movements),
            "borrower_died": bool(self._last("died", as_of)),
            "business_closed": bool(self._last("closed", as_of)),
            "subsidy_stopped": bool(self._last("subsidy_stopped", as_of)),
            "jobs_created": self._last("jobs_created", as_of),
            "jobs_retained": self._last("jobs_retained", as_of),
        }

    def status(self, as_of: date | None = None) -> str:
        """One of contracted, active, overdue, settled, charged_off, taken_over: what was last established by then."""
        for flag in ("taken_over", "charged_off", "settled", "overdue"):
            if self._last(flag, as_of):
                return flag
        paid_out = any(
            as_of is None or m.value_date <= as_of for m in self._movements.values() if m.kind == "disbursed"
        )
        return "active" if paid_out else "contracted"

    def _said_first(self, name: str) -> date | None:
        """The first day of which it was said."""
        return min((day for day, _, said, _ in self._said if said == name), default=None)

    def _said_last(self, name: str) -> date | None:
        """The last day of which it was said."""
        return max((day for day, _, said, _ in self._said if said == name), default=None)

    def _last(self, name: str, as_of: date | None = None) -> int:
        """What was last said of something, by value date and then by version; 0 if nothing was."""
        said = [s for s in self._said if s[2] == name and (as_of is None or s[0] <= as_of)]
        return max(said)[3] if said else 0

    # Consequences: replayed for ever, they only assign.

    @singledispatchmethod
    def told(self, fact: Fact) -> None:
        raise TypeError(f"a loan knows nothing of {type(fact).__name__}")

    @told.register
    def _(self, fact: events.ContractSigned) -> None:
        self.contract = fact
        self.claim_no: str | None = None
        self.answered_by: str | None = None
        self._said: list[tuple[date, int, str, int]] = []
        self._movements: dict[int, Movement] = {}
        self._milestones = Milestones(fact.terms, fact.share_scheme)
        self._reversed: set[int] = set()
        self._readied: dict[int, tuple[BalanceChange, ...]] = {}
        self._changes: list[BalanceChange] = []
        self.moved_since: datetime | None = None
        if fact.reserved_fen:
            held = BalanceChange(
                balance=Balance.RESERVED, party="fund", fen=fact.reserved_fen, value_date=fact.value_date
            )
            self._changes.append(held)

    @told.register
    def _(self, fact: events.MoneyFact) -> None:
        self._moved(fact)

    @told.register
    def _(self, fact: events.Disbursed) -> None:
        self._moved(fact)
        self._readied[fact.originator_version] = tuple(c for c in fact.changes if c.balance is Balance.RESERVED)

    @told.register
    def _(self, fact: events.ReservationLapsed) -> None:
        self._changes.extend(fact.changes)

    @told.register
    def _(self, fact: events.EntryReversed) -> None:
        self._moved(fact)
        self._reversed.add(fact.reverses_version)
        self._said = [said for said in self._said if said[1] != fact.reverses_version]

    @told.register
    def _(self, fact: events.ChargedOff) -> None:
        self._moved(fact)
        self.answered_by = fact.claim_no or self.answered_by
        if fact.ends:
            self._say(fact, charged_off=1, overdue=0, **_NOT_LATE)
        else:
            self._say(fact, arrears=0)

    @told.register
    def _(self, fact: events.LoanClaimFiled) -> None:
        self.claim_no = fact.claim_no

    @told.register
    def _(self, fact: events.LoanClaimEnded) -> None:
        self._moved(fact)
        self._say(fact, claim_due=0)
        self.claim_no = None

    @told.register
    def _(self, fact: events.TakenOver) -> None:
        self._moved(fact)
        self._say(fact, taken_over=1, overdue=0, **_NOT_LATE)

    @told.register
    def _(self, fact: events.RepaymentReversed) -> None:
        self._moved(fact)
        self._reversed.add(fact.reverses_version)

    @told.register
    def _(self, fact: events.MisuseFound) -> None:
        self._moved(fact)
        self._say(fact, bank_knew=int(fact.bank_knew))

    @told.register
    def _(self, fact: events.BorrowerDied) -> None:
        self._say(fact, died=1)

    @told.register
    def _(self, fact: events.BusinessClosed) -> None:
        self._say(fact, closed=1)

    @told.register
    def _(self, fact: events.SubsidyStopped) -> None:
        self._say(fact, subsidy_stopped=1)

    @told.register
    def _(self, fact: events.SubsidyResumed) -> None:
        self._say(fact, subsidy_stopped=0)

    @told.register
    def _(self, fact: events.BecameOverdue) -> None:
        days = (fact.value_date - fact.oldest_due).days
        said = {"oldest_due": fact.oldest_due.toordinal(), "ageing": AGEINGS.index(ageing(days))}
        self._say(fact, overdue=1, arrears=fact.arrears_fen, **said)

    @told.register
    def _(self, fact: events.OverdueCured) -> None:
        self._say(fact, overdue=0, **_NOT_LATE)

    @told.register
    def _(self, fact: events.Aged) -> None:
        said = {"oldest_due": fact.oldest_due.toordinal(), "ageing": AGEINGS.index(fact.ageing)}
        self._say(fact, arrears=fact.arrears_fen, **said)

    @told.register
    def _(self, fact: events.Classified) -> None:
        self._say(fact, category=CATEGORIES.index(fact.category))

    @told.register
    def _(self, fact: events.ClaimBecameDue) -> None:
        self._say(fact, claim_due=fact.oldest_due.toordinal())

    @told.register
    def _(self, fact: events.Settled) -> None:
        self._say(fact, settled=1, overdue=0, **_NOT_LATE)

    @told.register
    def _(self, fact: events.Reopened) -> None:
        self._say(fact, **{fact.ended: 0})

    @told.register
    def _(self, fact: events.JobsReported) -> None:
        self._say(fact, jobs_created=fact.created, jobs_retained=fact.retained)

    def _say(self, fact: Fact, **said: int) -> None:
        self._said.extend((fact.value_date, fact.originator_version, name, value) for name, value in said.items())

    def _moved(self, fact: events.MoneyFact) -> None:
        self.moved_since = self.moved_since or fact.timestamp
        self._changes.extend(fact.changes)
        follow(self._movements, fact)
        self._milestones = Milestones(self.contract.terms, self.contract.share_scheme, self._milestones)
