"""A subsidy batch 贴息批次 as an aggregate: a bank's loans in a quarter, calculated, disputed, confirmed, approved, paid, clawed back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import Actor
from domain.errors import InvalidInput, SamePerson
from domain.facts import EventSourced, Fact, Moment
from domain.guarantee_fund.events import Level
from domain.loan.deciding import in_words, positive
from domain.money import Fen, shared, yuan
from domain.policy.pin import PolicyPin
from domain.state import replayed
from domain.subsidy import events, refusals
from domain.subsidy.lines import LevelAmount, SubsidyLine, amounts

Key: TypeAlias = tuple[str, str]
"""A loan's number and a quarter: a line."""
Status: TypeAlias = Literal["calculated", "confirmed", "hr_approved", "approved"]
LINES = 200
"""Lines a fact."""
_OPEN: tuple[Status, ...] = ("calculated", "confirmed", "hr_approved")


class Account:
    """What became of a line's money, in fen."""

    def __init__(self) -> None:
        self.paid = self.raised = self.cut = self.collected = self.waived = 0

    def copy(self) -> Account:
        copied = Account()
        copied.__dict__.update(self.__dict__)
        return copied

    @property
    def owed_back(self) -> Fen:
        return self.raised - self.cut - self.collected - self.waived

    @property
    def given_up(self) -> Fen:
        """What of the grant does not stand any more."""
        return self.raised - self.waived


class SubsidyBatch(EventSourced[Fact]):
    TOPIC = "subsidy_batch"
    Event = Fact
    SubsidyBatchOpened = events.SubsidyBatchOpened
    SubsidyCalculated = events.SubsidyCalculated
    LineDisputed = events.LineDisputed
    LineDisputeSettled = events.LineDisputeSettled
    BatchConfirmed = events.BatchConfirmed
    BatchApproved = events.BatchApproved
    SubsidyPaid = events.SubsidyPaid
    SubsidyPaymentFailed = events.SubsidyPaymentFailed
    ClawbackRaised = events.ClawbackRaised
    ClawbackCollected = events.ClawbackCollected
    ClawbackWaived = events.ClawbackWaived

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.SubsidyBatchOpened

    @staticmethod
    def number(fund: str, quarter: str, bank: str) -> str:
        """There is one batch of a fund, a quarter and a bank."""
        return f"{fund}.{quarter}.{bank}"

    @staticmethod
    def create_id(batch: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/subsidy-batches/{batch}")

    @classmethod
    def calculate(
        cls,
        moment: Moment,
        *,
        fund: str,
        bank: str,
        quarter: str,
        days: tuple[date, date],
        method: PolicyPin,
        lines: Sequence[SubsidyLine],
        actor: Actor,
        value_date: date,
    ) -> SubsidyBatch:
        """贴息测算 of a quarter that is over. Raises NothingToSubsidise, InvalidInput, DatedInFuture."""
        moment.not_before(value_date)
        first, until = days
        if value_date < until:
            problem = f"the quarter is not over before {until}"
            raise InvalidInput(field="value_date", problem=problem, expected="a later day")
        if not lines:
            raise refusals.NothingToSubsidise(field="quarter", bank=bank, quarter=quarter)
        number = cls.number(fund, quarter, bank)
        said = {"fund": fund, "bank": bank, "quarter": quarter, "first": first, "until": until, "method": method}
        opened = cls.opened(
            events.SubsidyBatchOpened,
            cls.create_id(number),
            moment,
            batch=number,
            value_date=value_date,
            calculated_by=actor.subject,
            **said,
        )
        opened._tell_lines(moment, lines, actor, value_date)
        return opened

    def scopes(self) -> tuple[str, ...]:
        return (f"fund:{self.opening.fund}", f"bank:{self.opening.bank}")

    # Decisions: may refuse, change nothing themselves.

    def recalculate(self, moment: Moment, *, lines: Sequence[SubsidyLine], actor: Actor, value_date: date) -> None:
        """重新测算: lines that come out otherwise than they stand take their place, and the batch is confirmed anew; nothing is told if none does.

        Raises BatchOutOfOrder, BatchDatedEarlier, DatedInFuture.
        """
        self._step(moment, value_date, *_OPEN)
        self._tell_lines(moment, self._new(lines), actor, value_date)

    def dispute(
        self, moment: Moment, *, loan_no: str, quarter: str | None, reason: str, actor: Actor, value_date: date
    ) -> None:
        """贴息异议. Raises UnknownLine, DisputedAlready, BatchOutOfOrder, BatchDatedEarlier, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, *_OPEN)
        key = self._key(loan_no, quarter)
        if key in self.disputed:
            raise refusals.DisputedAlready(field="loan_no", batch=self.opening.batch, loan_no=loan_no)
        in_words(reason)
        self._tell_of(events.LineDisputed, moment, key, value_date, disputed_by=actor.subject, reason=reason)

    def settle_dispute(
        self,
        moment: Moment,
        *,
        loan_no: str,
        quarter: str | None,
        outcome: events.Outcome,
        reason: str,
        lines: Sequence[SubsidyLine],
        actor: Actor,
        value_date: date,
    ) -> None:
        """异议处理, by somebody else than who disputed; `lines` are the line worked out anew, where it is upheld.

        Raises UnknownLine, NotDisputed, SamePerson, BatchOutOfOrder, BatchDatedEarlier, InvalidInput, DatedInFuture.
        """
        self._step(moment, value_date, *_OPEN)
        key = self._key(loan_no, quarter)
        if key not in self.disputed:
            raise refusals.NotDisputed(field="loan_no", batch=self.opening.batch, loan_no=loan_no)
        _other_than(actor, self.disputed[key])
        in_words(reason)
        said = {"outcome": outcome, "settled_by": actor.subject, "reason": reason}
        self._tell_of(events.LineDisputeSettled, moment, key, value_date, **said)
        if outcome == "upheld":
            self._tell_lines(moment, self._new(lines), actor, value_date)

    def confirm(self, moment: Moment, *, actor: Actor, value_date: date) -> None:
        """银行确认. Raises LinesDisputed, SamePerson, BatchOutOfOrder, BatchDatedEarlier, DatedInFuture."""
        self._step(moment, value_date, "calculated")
        self._must_be_undisputed()
        _other_than(actor, *self.calculators)
        self._tell_sums(events.BatchConfirmed, moment, value_date, confirmed_by=actor.subject)

    def approve(self, moment: Moment, *, office: events.Office, actor: Actor, value_date: date) -> None:
        """贴息审批, first by the human resources office, then by finance; each somebody who has had no part in it.

        Raises LinesDisputed, SamePerson, BatchOutOfOrder, BatchDatedEarlier, DatedInFuture.
        """
        self._step(moment, value_date, "confirmed" if office == "hr" else "hr_approved")
        self._must_be_undisputed()
        _other_than(actor, *self.calculators, *self.part_takers)
        self._tell_sums(events.BatchApproved, moment, value_date, office=office, approved_by=actor.subject)

    def pay(
        self,
        moment: Moment,
        *,
        route: events.Route,
        loans: Sequence[str],
        bank: str,
        bank_reference: str,
        actor: Actor,
        value_date: date,
    ) -> None:
        """贴息拨付 of what is left to pay: of the loans that are named, or of all that the route is for.

        Raises UnknownLine, NothingToPay, BatchOutOfOrder, BatchDatedEarlier, DatedInFuture.
        """
        self._step(moment, value_date, "approved")
        for loan_no in loans:
            if not any(key[0] == loan_no for key in self.standing):
                self._unknown(loan_no, self.opening.quarter)
        owed = {
            key: self.payable(key)
            for key, line in self.standing.items()
            if (not loans or line.loan_no in loans) and _goes_by(route, line)
        }
        parts = tuple(events.LinePaid(loan_no=key[0], quarter=key[1], fen=fen) for key, fen in owed.items() if fen > 0)
        if not parts:
            raise refusals.NothingToPay(field="route", batch=self.opening.batch)
        self.tell(
            events.SubsidyPaid,
            moment,
            value_date=value_date,
            fund=self.opening.fund,
            bank=bank,
            amount_fen=sum(part.fen for part in parts),
            bank_reference=bank_reference,
            route=route,
            lines=parts,
            paid_by=actor.subject,
        )

    def fail_payment(
        self,
        moment: Moment,
        *,
        loan_no: str,
        quarter: str | None,
        reason: str,
        bank: str,
        bank_reference: str,
        value_date: date,
    ) -> None:
        """贴息退票: all that was paid for a line came back. Raises UnknownLine, NothingPaid, BatchOutOfOrder, BatchDatedEarlier, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, "approved")
        key = self._key(loan_no, quarter)
        paid = self._account(key).paid
        if not paid:
            raise refusals.NothingPaid(field="loan_no", batch=self.opening.batch, loan_no=loan_no)
        in_words(reason)
        said = {"fund": self.opening.fund, "bank": bank, "bank_reference": bank_reference, "reason": reason}
        self._tell_of(events.SubsidyPaymentFailed, moment, key, value_date, amount_fen=paid, **said)

    def claw_back(
        self,
        moment: Moment,
        *,
        loan_no: str,
        quarter: str | None,
        amount: Fen,
        reason: str,
        evidence: Sequence[str],
        actor: Actor,
        value_date: date,
    ) -> None:
        """追回贴息 of an approved line: what is not paid yet of it is not paid any more, the rest is owed back (R-SUB-14).

        Raises UnknownLine, MoreThanGranted, BatchOutOfOrder, BatchDatedEarlier, InvalidInput, DatedInFuture.
        """
        self._step(moment, value_date, "approved")
        key = self._key(loan_no, quarter)
        line, account = self.standing[key], self._account(key)
        self._must_be_left(key, amount, line.amount_fen - account.given_up)
        in_words(reason)
        cut = min(amount, self.payable(key))
        self._tell_of(
            events.ClawbackRaised,
            moment,
            key,
            value_date,
            amount_fen=amount,
            cut_fen=cut,
            levels=self._back(key, cut),
            raised_by=actor.subject,
            reason=reason,
            evidence=tuple(evidence),
        )

    def collect(
        self,
        moment: Moment,
        *,
        loan_no: str,
        quarter: str | None,
        amount: Fen,
        bank: str,
        bank_reference: str,
        value_date: date,
    ) -> None:
        """追回贴息到账, into the levels that had paid. Raises UnknownLine, MoreThanGranted, BatchOutOfOrder, BatchDatedEarlier, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, "approved")
        key = self._key(loan_no, quarter)
        self._must_be_left(key, amount, self._account(key).owed_back)
        said = {"fund": self.opening.fund, "bank": bank, "bank_reference": bank_reference}
        levels = self._back(key, amount)
        self._tell_of(events.ClawbackCollected, moment, key, value_date, amount_fen=amount, levels=levels, **said)

    def waive(
        self,
        moment: Moment,
        *,
        loan_no: str,
        quarter: str | None,
        amount: Fen,
        reason: str,
        actor: Actor,
        confirmed_by: str,
        value_date: date,
    ) -> None:
        """免予追回, by two people. Raises UnknownLine, MoreThanGranted, SamePerson, BatchOutOfOrder, BatchDatedEarlier, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, "approved")
        key = self._key(loan_no, quarter)
        self._must_be_left(key, amount, self._account(key).owed_back)
        in_words(reason)
        if confirmed_by == actor.subject:
            raise SamePerson(field="confirmed_by", subject=confirmed_by)
        said = {"waived_by": actor.subject, "confirmed_by": confirmed_by, "reason": reason}
        self._tell_of(events.ClawbackWaived, moment, key, value_date, amount_fen=amount, **said)

    # What these keep to.

    def _step(self, moment: Moment, value_date: date, *needed: Status) -> None:
        moment.not_before(value_date)
        if self.status not in needed:
            said = {"status": self.status, "needed": ", ".join(needed)}
            raise refusals.BatchOutOfOrder(field="batch", batch=self.opening.batch, **said)
        if value_date < self.last_step:
            said = {"value_date": str(value_date), "last": str(self.last_step)}
            raise refusals.BatchDatedEarlier(field="value_date", batch=self.opening.batch, **said)

    def _must_be_undisputed(self) -> None:
        if self.disputed:
            said = {"count": len(self.disputed), "loan_no": min(self.disputed)[0]}
            raise refusals.LinesDisputed(field="batch", batch=self.opening.batch, **said)

    def _must_be_left(self, key: Key, amount: Fen, left: Fen) -> None:
        positive(amount)
        if amount > left:
            said = {"amount": yuan(amount), "left": yuan(left), "loan_no": key[0]}
            raise refusals.MoreThanGranted(field="amount", batch=self.opening.batch, **said)

    def _key(self, loan_no: str, quarter: str | None) -> Key:
        key = loan_no, quarter or self.opening.quarter
        if key not in self.standing:
            self._unknown(*key)
        return key

    def _unknown(self, loan_no: str, quarter: str) -> None:
        said = {"loan_no": ascii(loan_no[:60])[1:-1], "quarter": ascii(quarter[:10])[1:-1]}
        raise refusals.UnknownLine(field="loan_no", batch=self.opening.batch, **said)

    def _new(self, lines: Iterable[SubsidyLine]) -> list[SubsidyLine]:
        """Those that come out otherwise than they stand; of which loan version they were worked out is no difference."""
        found = []
        for line in lines:
            stands = self.lines.get(line.key)
            if stands is None or stands.model_copy(update={"loan_version": line.loan_version}) != line:
                found.append(line)
        return found

    def _back(self, key: Key, fen: Fen) -> tuple[LevelAmount, ...]:
        """What of so much that is given up is each level's, in the split by which it was granted; by what was given up in all, so that no fen is lost."""
        line, account = self.standing[key], self._account(key)
        before = account.cut + account.collected
        weights = [one.fen for one in line.levels]
        order = range(len(weights))
        parts = zip(line.levels, shared(before, weights, order), shared(before + fen, weights, order), strict=True)
        by_level: dict[Level, Fen] = {one.level: after - earlier for one, earlier, after in parts}
        return amounts(by_level)

    def _tell_lines(self, moment: Moment, lines: Sequence[SubsidyLine], actor: Actor, value_date: date) -> None:
        for start in range(0, len(lines), LINES):
            said = {"lines": tuple(lines[start : start + LINES]), "calculated_by": actor.subject}
            self.tell(events.SubsidyCalculated, moment, value_date=value_date, **said)

    def _tell_of(self, kind: type[events.LineFact], moment: Moment, key: Key, value_date: date, **said: Any) -> None:
        self.tell(kind, moment, value_date=value_date, loan_no=key[0], quarter=key[1], **said)

    def _tell_sums(self, kind: type[Fact], moment: Moment, value_date: date, **said: Any) -> None:
        amount = sum(line.amount_fen for line in self.standing.values())
        self.tell(kind, moment, value_date=value_date, lines=len(self.standing), amount_fen=amount, **said)

    # What it is.

    @property
    def standing(self) -> Mapping[Key, SubsidyLine]:
        """The lines that are not left out."""
        return {key: line for key, line in self.lines.items() if key not in self.left_out}

    def payable(self, key: Key) -> Fen:
        """What of a line is granted and not paid."""
        if self.status != "approved" or key not in self.standing:
            return 0
        account = self._account(key)
        return self.lines[key].amount_fen - account.cut - account.paid

    def told_of(self, key: Key) -> Fen:
        """What the batch grants of a loan's quarter, without what was given up, in fen."""
        line = self.standing.get(key)
        return line.amount_fen - self._account(key).given_up if line is not None else 0

    def account(self, key: Key) -> Account:
        """What became of a line's money."""
        return self._account(key).copy()

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        """As of a day by the facts that were true by then; each is dated no earlier than the one before."""
        if as_of is not None and as_of < self.last_step:
            return replayed([fact for fact in self._facts if fact.value_date <= as_of]).state()  # type: ignore[no-any-return]
        lines = self.standing.values()
        accounts = [self._account(key) for key in self.standing]
        owed = sum(self.payable(key) for key in self.standing)
        return {
            "batch": self.opening.batch,
            "fund": self.opening.fund,
            "bank": self.opening.bank,
            "quarter": self.opening.quarter,
            "from": self.opening.first.isoformat(),
            "until": self.opening.until.isoformat(),
            "method": self.opening.method.edition,
            "status": self.status,
            "lines": len(lines),
            "interest": yuan(sum(line.interest_fen for line in lines)),
            "amount": yuan(sum(line.amount_fen for line in lines)),
            "levels": self._levels(),
            "disputed": sorted(key[0] for key in self.disputed),
            "left_out": sorted(key[0] for key in self.left_out),
            "paid": yuan(sum(account.paid for account in accounts)),
            "to_pay": yuan(owed),
            "clawed_back": yuan(sum(account.given_up for account in accounts)),
            "owed_back": yuan(sum(account.owed_back for account in accounts)),
        }

    def _levels(self) -> dict[str, str]:
        sums: dict[str, Fen] = {}
        for line in self.standing.values():
            for one in line.levels:
                sums[one.level] = sums.get(one.level, 0) + one.fen
        return {level: yuan(fen) for level, fen in sums.items()}

    def _account(self, key: Key) -> Account:
        return self._accounts.get(key) or Account()

    # Consequences: replayed for ever, they only assign.

    def told(self, fact: Fact) -> None:  # one case a fact
        match fact:
            case events.SubsidyBatchOpened():
                self.opening = fact
                self.status: Status = "calculated"
                self.last_step = fact.value_date
                self.lines: dict[Key, SubsidyLine] = {}
                self.disputed: dict[Key, str] = {}
                self.left_out: set[Key] = set()
                self.calculators: list[str] = [fact.calculated_by]
                self.part_takers: list[str] = []
                self._accounts: dict[Key, Account] = {}
                self._facts: list[Fact] = []
            case events.SubsidyCalculated():
                self.lines.update({line.key: line for line in fact.lines})
                self.left_out -= {line.key for line in fact.lines}
                self.calculators.append(fact.calculated_by)
                self.status, self.part_takers = "calculated", []
            case events.LineDisputed():
                self.disputed[fact.loan_no, fact.quarter] = fact.disputed_by
            case events.LineDisputeSettled():
                self.disputed.pop((fact.loan_no, fact.quarter), None)
                if fact.outcome == "left_out":
                    self.left_out.add((fact.loan_no, fact.quarter))
                    self.status, self.part_takers = "calculated", []
            case events.BatchConfirmed():
                self.status = "confirmed"
                self.part_takers.append(fact.confirmed_by)
            case events.BatchApproved():
                self.status = "hr_approved" if fact.office == "hr" else "approved"
                self.part_takers.append(fact.approved_by)
            case events.SubsidyPaid():
                for part in fact.lines:
                    self._change((part.loan_no, part.quarter), paid=part.fen)
            case events.SubsidyPaymentFailed():
                self._change((fact.loan_no, fact.quarter), paid=-fact.amount_fen)
            case events.ClawbackRaised():
                self._change((fact.loan_no, fact.quarter), raised=fact.amount_fen, cut=fact.cut_fen)
            case events.ClawbackCollected():
                self._change((fact.loan_no, fact.quarter), collected=fact.amount_fen)
            case events.ClawbackWaived():
                self._change((fact.loan_no, fact.quarter), waived=fact.amount_fen)
            case _:
                raise TypeError(f"a subsidy batch knows nothing of {type(fact).__name__}")
        self.last_step = max(self.last_step, fact.value_date)
        self._facts.append(fact)

    def _change(self, key: Key, **more: Fen) -> None:
        account = self._account(key).copy()
        for name, fen in more.items():
            setattr(account, name, getattr(account, name) + fen)
        self._accounts[key] = account


def _goes_by(route: events.Route, line: SubsidyLine) -> bool:
    """Persons are paid on their cards, companies on their accounts; a bank passes on what is for either."""
    return route == "bank" or (route == "company_account") == (line.kind == "small_enterprise")


def _other_than(actor: Actor, *others: str) -> None:
    if actor.subject in others:
        raise SamePerson(field="actor", subject=actor.subject)
