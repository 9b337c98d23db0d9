"""Granting 贴息发放: quarterly batches per bank, from the calculation to what is clawed back; and where a loan's subsidy is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from psycopg.rows import tuple_row
from pydantic import Field

from domain.facts import Fact
from domain.frozen import PLAIN, Frozen
from domain.loan.events import ContractSigned
from domain.loan.loan import Loan
from domain.money import Fen
from domain.state import replayed
from domain.subsidy import events, refusals
from domain.subsidy.batch import Key, SubsidyBatch
from domain.subsidy.days import Quarter
from domain.subsidy.fund import SubsidyFund
from domain.subsidy.lines import SubsidyLine, applied, divided, traced
from domain.subsidy.method import SubsidyMethod
from ledger.allocating import subsidy_fund
from ledger.claiming import Digest, Words
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.funding import KEEPERS, Code
from ledger.ledger import Ledger, Receipt
from ledger.loading import told_in, trusting
from ledger.subsidising import Calculated, calculated_of, must_be_over, quarter_of

CALCULATORS = ("hr_officer", "operator")
BANK = ("bank_officer", "operator")
DISPUTERS = ("bank_officer", "hr_officer", "finance_officer", "operator")
STOPPERS = ("hr_officer", "finance_officer", "fund_officer", "operator")
_PART = 200
"""Loans that are loaded together."""
_AFTER = 15
"""Days after a quarter within which a payment still counts as made on its due day, at most."""

LoanNo = Annotated[str, Field(max_length=80)]
Quarterly = Annotated[str, Field(pattern=r"^(19|20|21)[0-9]{2}Q[1-4]$")]


class CalculateSubsidies(Frozen):
    """`bank` is the one that lent, `quarter` such as 2024Q2."""

    fund: str
    bank: Code
    quarter: Quarterly
    value_date: date

    @property
    def batch(self) -> str:
        return SubsidyBatch.number(self.fund, self.quarter, self.bank)


class OfBatch(Frozen):
    batch: str
    value_date: date


class RecalculateSubsidies(OfBatch):
    pass


class OfLine(OfBatch):
    """`quarter` is that of the line; the batch's own if left out."""

    loan_no: LoanNo
    quarter: Quarterly | None = None


class DisputeLine(OfLine):
    reason: Words


class SettleLineDispute(OfLine):
    """`upheld`: the line is worked out anew; `dismissed`: it stays; `left_out`: a later batch tells of it."""

    outcome: events.Outcome
    reason: Words


class ConfirmBatch(OfBatch):
    pass


class ApproveBatch(OfBatch):
    office: events.Office


class PaySubsidies(OfBatch):
    """`loans` left out: all that the route is for and that is left to pay. `bank` is that of the account that pays."""

    route: events.Route
    loans: tuple[LoanNo, ...] = Field(default=(), max_length=2000)
    bank: Code
    bank_reference: str = Field(max_length=100, pattern=PLAIN)


class FailPayment(OfLine):
    """What was paid for the line came back to the account at `bank`."""

    bank: Code
    bank_reference: str = Field(max_length=100, pattern=PLAIN)
    reason: Words


class ClawBack(OfLine):
    """As much as the line grants beyond what the loan should have had, by all that is known now."""

    reason: Words
    evidence: tuple[Digest, ...] = Field(default=(), max_length=20)


class CollectClawback(OfLine):
    amount_fen: Fen
    bank: Code
    bank_reference: str = Field(max_length=100, pattern=PLAIN)


class WaiveClawback(OfLine):
    """`confirmed_by` is the second person's pseudonym."""

    amount_fen: Fen
    confirmed_by: Code
    reason: Words


class StopSubsidy(Frozen):
    """`value_date` is the first bad day."""

    loan_no: LoanNo
    reason: Words
    evidence: tuple[Digest, ...] = Field(max_length=20)
    value_date: date


class ResumeSubsidy(Frozen):
    loan_no: LoanNo
    reason: Words
    value_date: date


class Overpaid(NamedTuple):
    """A line that grants more than the loan should have had in its quarter, by all that is known now, in fen."""

    batch: str
    loan_no: str
    quarter: str
    granted: Fen
    should_be: Fen
    excess: Fen


def calculate_subsidies(desk: Desk, command: CalculateSubsidies, context: CommandContext) -> Receipt | None:
    """贴息测算 of a bank's loans in a quarter that is over; loans of approved batches that have changed since get the difference.

    Raises UnknownSubsidyFund, BatchExists, NothingToSubsidise, NotPermitted, InvalidInput, DatedInFuture.
    """
    context.actor.must_be(*CALCULATORS, action="calculate subsidies")

    def decide() -> list[SubsidyBatch]:
        fund = _fund(desk.ledger, command.fund)
        method, quarter = fund.method, quarter_of(command.quarter)
        days = quarter.days(method.procedure)
        must_be_over(days[1], context.moment.today)
        if desk.ledger.knows(SubsidyBatch.create_id(command.batch)):
            raise refusals.BatchExists(field="quarter", batch=command.batch)
        said = {"fund": command.fund, "bank": command.bank, "quarter": command.quarter, "days": days}
        lines = _Lines(desk, command.fund, command.bank).of(command.batch, quarter, method)
        return [
            SubsidyBatch.calculate(
                context.moment,
                method=method.pin,
                lines=lines,
                actor=context.actor,
                value_date=command.value_date,
                **said,  # type: ignore[arg-type]
            )
        ]

    return desk.ledger.perform(command, context, decide)


def recalculate_subsidies(desk: Desk, command: RecalculateSubsidies, context: CommandContext) -> Receipt | None:
    """重新测算 by all that is known now; None where nothing comes out otherwise. Raises UnknownBatch, NotPermitted, and what `SubsidyBatch.recalculate` refuses."""
    context.actor.must_be(*CALCULATORS, action="calculate subsidies")

    def recalculate(batch: SubsidyBatch) -> None:
        lines = _anew(desk, batch)
        batch.recalculate(context.moment, lines=lines, actor=context.actor, value_date=command.value_date)

    return _told(desk.ledger, command, context, recalculate)


def dispute_line(ledger: Ledger, command: DisputeLine, context: CommandContext) -> Receipt | None:
    """贴息异议. Raises UnknownBatch, OtherBank, NotPermitted, and what `SubsidyBatch.dispute` refuses."""
    context.actor.must_be(*DISPUTERS, action="dispute a line of a batch")
    return _said(ledger, command, context, SubsidyBatch.dispute)


def settle_line_dispute(desk: Desk, command: SettleLineDispute, context: CommandContext) -> Receipt | None:
    """异议处理. Raises UnknownBatch, NotPermitted, and what `SubsidyBatch.settle_dispute` refuses."""
    context.actor.must_be(*CALCULATORS, action="settle a dispute of a batch")

    def settle(batch: SubsidyBatch) -> None:
        key = (command.loan_no, command.quarter or batch.opening.quarter)
        anew = [line for line in _anew(desk, batch, command.loan_no) if line.key == key]
        said = command.model_dump(exclude={"batch"})
        batch.settle_dispute(
            context.moment, actor=context.actor, lines=anew if command.outcome == "upheld" else (), **said
        )

    return _told(desk.ledger, command, context, settle)


def confirm_batch(ledger: Ledger, command: ConfirmBatch, context: CommandContext) -> Receipt | None:
    """银行确认. Raises UnknownBatch, OtherBank, NotPermitted, and what `SubsidyBatch.confirm` refuses."""
    context.actor.must_be(*BANK, action="confirm a batch")
    return _said(ledger, command, context, SubsidyBatch.confirm)


def approve_batch(ledger: Ledger, command: ApproveBatch, context: CommandContext) -> Receipt | None:
    """贴息审批 by an officer of the office; with finance's word what earlier batches told of a quarter has to be what the lines say of it.

    Raises UnknownBatch, LinesOutdated, NotPermitted, and what `SubsidyBatch.approve` refuses.
    """
    context.actor.must_be(f"{command.office}_officer", action="approve a batch for this office")

    def approve(batch: SubsidyBatch) -> None:
        batch.approve(context.moment, office=command.office, actor=context.actor, value_date=command.value_date)
        if command.office == "finance":
            _must_follow_on(ledger, batch)

    return _told(ledger, command, context, approve)


def pay_subsidies(ledger: Ledger, command: PaySubsidies, context: CommandContext) -> Receipt | None:
    """贴息拨付, as far as there is money on the account. Raises UnknownBatch, CashShort, NotPermitted, and what `SubsidyBatch.pay` refuses."""
    context.actor.must_be(*KEEPERS, action="pay subsidies")
    return _said(ledger, command, context, SubsidyBatch.pay)


def fail_payment(ledger: Ledger, command: FailPayment, context: CommandContext) -> Receipt | None:
    """贴息退票. Raises UnknownBatch, NotPermitted, and what `SubsidyBatch.fail_payment` refuses."""
    context.actor.must_be(*KEEPERS, action="record a payment that came back")
    return _said(ledger, command, context, SubsidyBatch.fail_payment, by=False)


def claw_back(desk: Desk, command: ClawBack, context: CommandContext) -> Receipt | None:
    """追回贴息: what the line grants beyond what follows from all that is known now (R-SUB-14); nothing is clawed back at somebody's discretion.

    Raises UnknownBatch, NothingOverpaid, NotPermitted, and what `SubsidyBatch.claw_back` refuses.
    """
    context.actor.must_be(*STOPPERS, action="claw a subsidy back")

    def raise_it(batch: SubsidyBatch) -> None:
        quarter = command.quarter or batch.opening.quarter
        amount = _excess(desk, batch, (command.loan_no, quarter))
        if amount <= 0 and (command.loan_no, quarter) in batch.standing:
            raise refusals.NothingOverpaid(field="loan_no", loan_no=command.loan_no, quarter=quarter)
        said = command.model_dump(exclude={"batch"})
        batch.claw_back(context.moment, amount=amount, actor=context.actor, **said)

    return _told(desk.ledger, command, context, raise_it)


def collect_clawback(ledger: Ledger, command: CollectClawback, context: CommandContext) -> Receipt | None:
    """追回贴息到账. Raises UnknownBatch, NotPermitted, and what `SubsidyBatch.collect` refuses."""
    context.actor.must_be(*KEEPERS, action="record what was clawed back")
    return _said(ledger, command, context, SubsidyBatch.collect, by=False)


def waive_clawback(ledger: Ledger, command: WaiveClawback, context: CommandContext) -> Receipt | None:
    """免予追回, by two people. Raises UnknownBatch, SamePerson, NotPermitted, and what `SubsidyBatch.waive` refuses."""
    context.actor.must_be(*KEEPERS, action="waive a clawback")
    return _said(ledger, command, context, SubsidyBatch.waive)


def stop_subsidy(ledger: Ledger, command: StopSubsidy, context: CommandContext) -> Receipt | None:
    """停止贴息 from the first bad day on, with evidence. Raises UnknownLoan, NotPermitted, and what `Loan.stop_subsidy` refuses."""
    context.actor.must_be(*STOPPERS, action="stop a subsidy")
    return _of_loan(ledger, command, context, Loan.stop_subsidy)


def resume_subsidy(ledger: Ledger, command: ResumeSubsidy, context: CommandContext) -> Receipt | None:
    """恢复贴息. Raises UnknownLoan, NotPermitted, and what `Loan.resume_subsidy` refuses."""
    context.actor.must_be(*STOPPERS, action="resume a subsidy")
    return _of_loan(ledger, command, context, Loan.resume_subsidy)


def batch_of(ledger: Ledger, batch: str) -> SubsidyBatch:
    """Raises UnknownBatch."""
    try:
        return ledger.repository.get(SubsidyBatch.create_id(batch))
    except AggregateNotFoundError:
        raise refusals.UnknownBatch(field="batch", batch=ascii(batch[:120])[1:-1]) from None


def overpaid(desk: Desk, fund: str, bank: str) -> list[Overpaid]:
    """Lines of approved batches that grant too much by all that is known now; of loans that changed since. Raises UnknownSubsidyFund."""
    return sorted(_Lines(desk, fund, bank).overpaid(), key=attrgetter("loan_no", "quarter", "batch"))


class _Lines:
    """The lines of a fund's batches at a bank, as they would come out now."""

    def __init__(self, desk: Desk, fund: str, bank: str) -> None:
        self._ledger, self._bank = desk.ledger, bank
        with trusting(False):  # what is looked at and not saved is as it is recorded
            self._book, self._calendar = desk.book.as_it_is(), desk.ledger.calendar
        self._fund = _fund(desk.ledger, fund)
        self._batches = _batches(desk.ledger, fund, bank)

    def of(self, number: str, quarter: Quarter, method: SubsidyMethod, loan_no: str | None = None) -> list[SubsidyLine]:
        """A batch's: every loan that bore interest in its quarter, and of quarters that were approved what is missing; by loan and quarter."""
        return sorted(self._of(number, quarter, method, loan_no), key=attrgetter("key"))

    def _of(self, number: str, quarter: Quarter, method: SubsidyMethod, loan_no: str | None) -> Iterator[SubsidyLine]:
        others = [batch for batch in self._batches if batch.opening.batch != number]
        approved = [batch for batch in others if batch.status == "approved"]
        has = {key for batch in self._batches if batch.opening.batch == number for key in batch.lines}
        for loan, facts in self._loans(loan_no):
            key = (loan.contract.loan_no, str(quarter))
            found = self._calculated(loan, method, quarter)
            if found is not None and (found.spans or key in has):
                yield _line(loan, key, found, method, sum(batch.told_of(key) for batch in others))
            for batch in approved:
                key = (loan.contract.loan_no, batch.opening.quarter)
                if key[1] != str(quarter) and (key in has or self._may_differ(batch, key, facts)):
                    pinned = self._fund.pinned(batch.opening.method)
                    before = sum(other.told_of(key) for other in others)
                    found = self._calculated(loan, pinned, quarter_of(key[1]))
                    if found is not None and (found.subsidy.subsidy > before or key in has):
                        yield _line(loan, key, found, pinned, before)

    def overpaid(self) -> Iterator[Overpaid]:
        approved = [batch for batch in self._batches if batch.status == "approved"]
        for loan, facts in self._loans(None):
            for batch in approved:
                for key in [key for key in batch.standing if key[0] == loan.contract.loan_no]:
                    if self._may_differ(batch, key, facts) and (excess := self.excess(batch, key, loan)) > 0:
                        granted = sum(other.told_of(key) for other in self._batches)
                        yield Overpaid(batch.opening.batch, *key, granted, granted - excess, excess)

    def excess(self, batch: SubsidyBatch, key: Key, loan: Loan) -> Fen:
        """What the batch's line grants of a quarter beyond what the loan should have had; what was waived stays with the borrower."""
        of_quarter = next((one for one in self._batches if one.opening.quarter == key[1]), batch)
        found = self._calculated(loan, self._fund.pinned(of_quarter.opening.method), quarter_of(key[1]))
        should_be = found.subsidy.subsidy if found is not None else 0
        waived = sum(other.account(key).waived for other in self._batches)
        granted = sum(other.told_of(key) for other in self._batches)
        return min(granted - waived - should_be, batch.told_of(key))

    def _may_differ(self, batch: SubsidyBatch, key: Key, facts: Sequence[Fact]) -> bool:
        """Whether something was recorded of the loan, since the last line of its quarter, of a day that the quarter depends on."""
        known = [other.lines[key].loan_version for other in self._batches if key in other.standing]
        if not known:
            return True
        last = max(known)
        return any(
            fact.originator_version > last and (_first_day(fact) - batch.opening.until).days < _AFTER for fact in facts
        )

    def _calculated(self, loan: Loan, method: SubsidyMethod, quarter: Quarter) -> Calculated | None:
        """None of a loan whose contract does not say how it is run."""
        try:
            return calculated_of(self._book, method, loan, quarter)
        except refusals.NotSubsidised:
            return None

    def _loans(self, loan_no: str | None) -> Iterator[tuple[Loan, Sequence[Fact]]]:
        """The bank's loans, or one of them, each with its facts."""
        streams = _lent_by(self._ledger, self._bank) if loan_no is None else [Loan.create_id(loan_no)]
        for start in range(0, len(streams), _PART):
            for facts in told_in(self._ledger.datastore, streams[start : start + _PART]):
                loan = replayed(facts)
                if loan.is_serviced:
                    loan.calendar = self._calendar
                yield loan, facts


def _line(loan: Loan, key: Key, found: Calculated, method: SubsidyMethod, before: Fen) -> SubsidyLine:
    """What it adds to what was told before; of what is too much already nothing, that is clawed back."""
    subsidy = found.subsidy
    before = min(before, subsidy.subsidy)
    return SubsidyLine(
        loan_no=key[0],
        kind=found.kind,
        county=loan.contract.county,
        quarter=key[1],
        loan_version=loan.version,
        applied=applied(found.formula, found.lpr, found.within),
        trace=traced(found.spans),
        interest_fen=subsidy.interest,
        subsidy_fen=subsidy.subsidy,
        shared_fen=subsidy.shared,
        before_fen=before,
        levels=divided(method.levels, subsidy, before),
    )


def _first_day(fact: Fact) -> date:
    """The first day of which a fact may change something."""
    days: Iterable[date | None] = (
        getattr(fact, "from_date", None),
        *(change.value_date for change in getattr(fact, "changes", ())),
    )
    return min([fact.value_date, *(day for day in days if day is not None)])


def _anew(desk: Desk, batch: SubsidyBatch, loan_no: str | None = None) -> list[SubsidyLine]:
    """A batch's lines, or those of one loan, as they come out now, by the method that it pins."""
    opening = batch.opening
    method = _fund(desk.ledger, opening.fund).pinned(opening.method)
    return _Lines(desk, opening.fund, opening.bank).of(opening.batch, quarter_of(opening.quarter), method, loan_no)


def _excess(desk: Desk, batch: SubsidyBatch, key: Key) -> Fen:
    if key not in batch.standing:
        return 0
    with trusting(False):
        loan = desk.ledger.loan(key[0])
    return _Lines(desk, batch.opening.fund, batch.opening.bank).excess(batch, key, loan)


def _batches(ledger: Ledger, fund: str, bank: str) -> list[SubsidyBatch]:
    """Those of a fund at a bank, by quarter."""
    statement = "SELECT originator_id FROM ledger.stored_events WHERE topic = %s AND scopes @> %s::text[] ORDER BY notification_id"
    with ledger.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        asked = (events.SubsidyBatchOpened.TOPIC, [f"fund:{fund}", f"bank:{bank}"])
        streams = [stream for (stream,) in cursor.execute(statement, asked)]
    with trusting(False):  # they are looked at, and not saved
        found: list[SubsidyBatch] = [ledger.repository.get(stream) for stream in streams]
    return sorted(found, key=lambda batch: batch.opening.quarter)


def _fund(ledger: Ledger, fund: str) -> SubsidyFund:
    """As it is recorded; it is looked at, and not saved. Raises UnknownSubsidyFund."""
    with trusting(False):
        return subsidy_fund(ledger, fund)


def _lent_by(ledger: Ledger, bank: str) -> list[UUID]:
    statement = (
        "SELECT originator_id FROM ledger.stored_events WHERE topic = %s AND %s = ANY(scopes) ORDER BY notification_id"
    )
    with ledger.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        return [stream for (stream,) in cursor.execute(statement, (ContractSigned.TOPIC, f"bank:{bank}"))]


def _must_follow_on(ledger: Ledger, batch: SubsidyBatch) -> None:
    """Raises LinesOutdated: another batch has told of a loan's quarter, or given some of it up, since this one was calculated."""
    opening = batch.opening
    others = [one for one in _batches(ledger, opening.fund, opening.bank) if one.id != batch.id]
    for key, line in batch.standing.items():
        if line.amount_fen and line.before_fen != sum(one.told_of(key) for one in others):
            said = {"batch": opening.batch, "loan_no": key[0], "quarter": key[1]}
            raise refusals.LinesOutdated(field="batch", **said)


def _must_be_of(batch: SubsidyBatch, context: CommandContext) -> None:
    """A bank's officer speaks for that bank; the operator is of each. Raises OtherBank."""
    actor, bank = context.actor, batch.opening.bank
    if actor.role == "bank_officer" and actor.institution != bank:
        raise refusals.OtherBank(field="actor", batch=batch.opening.batch, bank=bank, institution=actor.institution)


def _said(
    ledger: Ledger, command: OfBatch, context: CommandContext, tell: Callable[..., None], *, by: bool = True
) -> Receipt | None:
    """What a command says, told to the batch as it is; `by` whom, where the fact names somebody."""

    def do(batch: SubsidyBatch) -> None:
        _must_be_of(batch, context)
        said: dict[str, Any] = {**command.model_dump(exclude={"batch"}), **({"actor": context.actor} if by else {})}
        if "bank_reference" in said:
            said["bank_reference"] = f"{said['bank']}|{said['bank_reference']}"
        if "amount_fen" in said:
            said["amount"] = said.pop("amount_fen")
        tell(batch, context.moment, **said)

    return _told(ledger, command, context, do)


def _told(
    ledger: Ledger, command: OfBatch, context: CommandContext, do: Callable[[SubsidyBatch], None]
) -> Receipt | None:
    def decide() -> list[SubsidyBatch]:
        batch = batch_of(ledger, command.batch)
        do(batch)
        return [batch]

    return ledger.perform(command, context, decide)


def _of_loan(
    ledger: Ledger, command: StopSubsidy | ResumeSubsidy, context: CommandContext, tell: Callable[..., None]
) -> Receipt | None:
    def decide() -> list[Loan]:
        loan = ledger.loan(command.loan_no)
        said: Mapping[str, Any] = command.model_dump(exclude={"loan_no"})
        tell(loan, context.moment, by=context.actor, **said)
        return [loan]

    return ledger.perform(command, context, decide)
