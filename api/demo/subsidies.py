"""The subsidy fund of the demonstration 贴息演示: four quarters of every bank, calculated, disputed, confirmed, approved, paid, clawed back, settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from psycopg import Connection

from api.demo.playing import CHANNEL
from api.demo.reconciling import QUARTERS, owed_of, quarter_ends
from api.demo.scene import BANKS
from api.demo.statements import NAMES, draw, written
from api.reconciliations import entries_of
from domain.actor import Actor
from domain.facts import Moment
from domain.money import Fen, yuan
from domain.reconciliation.account import BankAccount
from domain.reconciliation.events import KnownParty
from domain.subsidy.batch import SubsidyBatch
from domain.subsidy.days import Quarter
from domain.subsidy.events import Route
from domain.subsidy.explaining import told_of
from domain.subsidy.fund import SubsidyFund
from domain.subsidy.method import Procedure, read_method, shipped_method
from domain.subsidy.refusals import NothingToPay, NothingToSubsidise
from ledger import allocating, granting
from ledger.accounts import OpenAccount, import_statement, open_account
from ledger.closing_books import Books
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.statements.reading import read_statements

SUBSIDIES = "jining_subsidy_fund"
_ACCOUNT = "bank_of_jining"
_NUMBER = "3708001202690001"
_ADVANCE: Fen = 200_000_000
"""What the city pays in before the first quarter, so that others may be late (R-SUB-9)."""


def quarters(today: date) -> list[Quarter]:
    """The last ones that are over for long enough, the earliest first."""
    found, at = list[Quarter](), Quarter(today.year, (today.month + 2) // 3)
    while len(found) < QUARTERS:
        at = Quarter(at.year - (at.number == 1), at.number - 1 or 4)
        found.append(at)
    return found[::-1]


def play_subsidies(desk: Desk, books: Books, moment: Moment) -> dict[str, Any]:
    """Once; what the batches come to, and whether every line is explained to the fen."""
    office = _Office(desk, books, moment)
    numbers = [SubsidyBatch.number(SUBSIDIES, str(q), bank) for q in quarters(moment.today) for bank in BANKS]
    if not desk.ledger.knows(SubsidyFund.create_id(SUBSIDIES)):
        office.open()
        for quarter in quarters(moment.today):
            for place, bank in enumerate(BANKS):
                office.grant(quarter, bank, by_bank=place % 2 == 0)
        office.claw_back(numbers)
        office.settle()
    return _summary(
        [granting.batch_of(desk.ledger, n) for n in numbers if desk.ledger.knows(SubsidyBatch.create_id(n))]
    )


def keep_account(
    desk: Desk, papers: Connection[Any], moment: Moment, seed: int, fold: Callable[[], None]
) -> Sequence[str]:
    """The fund's account, and the bank's statement of it up to the last quarter's end, once; its code."""
    finance = Actor(subject="finance-1", role="finance_officer", institution="jining_finance", region="370800")
    if not desk.ledger.knows(BankAccount.create_id(SUBSIDIES)):
        first, until = quarters(moment.today)[0].days(_procedure())[0], quarter_ends(moment.today)[-1]
        parties = tuple(KnownParty(party=party, names=(name,)) for party, name in NAMES.items())
        said = {
            "account": SUBSIDIES,
            "title": "贴息专户",
            "fund": SUBSIDIES,
            "bank": _ACCOUNT,
            "number": _NUMBER,
            "parties": parties,
        }
        opening = OpenAccount.model_validate({**said, "value_date": first})
        open_account(desk.ledger, opening, CommandContext(finance, moment, channel=CHANNEL))
        fold()
        owed = [owed_of(entry) for entry in entries_of(papers, SUBSIDIES, until, None)]
        lines = draw(owed, until, Random(seed), lambda _: "exact", len(owed) + 1)
        content, _ = written(lines, _NUMBER, 0, first, until, 1)
        read = read_statements(content, f"{SUBSIDIES}.xml")
        import_statement(desk, SUBSIDIES, read, CommandContext(finance, moment, channel=CHANNEL))
    return [SUBSIDIES]


@dataclass
class _Office:
    """Everybody who has to do with a batch, each another person."""

    desk: Desk
    books: Books
    moment: Moment

    def by(self, role: str, subject: str, institution: str = "jining_finance") -> CommandContext:
        actor = Actor(subject=subject, role=role, institution=institution, region="370800")
        return CommandContext(actor, self.moment, channel=CHANNEL)

    def open(self) -> None:
        said = {
            "fund": SUBSIDIES,
            "title": "济宁市创业担保贷款贴息资金",
            "operator": "jining_finance",
            "method": shipped_method(),
        }
        day = quarters(self.moment.today)[0].days(_procedure())[0]
        opening = allocating.OpenSubsidyFund.model_validate({**said, "value_date": day})
        allocating.open_subsidy_fund(self.desk.ledger, opening, self.by("finance_officer", "finance-1"))
        self._allocate("city", _ADVANCE, day)

    def grant(self, quarter: Quarter, bank: str, *, by_bank: bool) -> None:
        """A batch from the calculation to the payment; in one a line is disputed, in another a payment comes back."""
        until, ledger = quarter.days(_procedure())[1], self.desk.ledger
        calculated = granting.CalculateSubsidies(
            fund=SUBSIDIES, bank=bank, quarter=str(quarter), value_date=self._day(until, 2)
        )
        try:
            granting.calculate_subsidies(self.desk, calculated, self.by("hr_officer", "hr-1", "human_resources"))
        except NothingToSubsidise:
            return
        batch = granting.batch_of(ledger, calculated.batch)
        at: dict[str, Any] = {"batch": calculated.batch, "value_date": self._day(until, 4)}
        officer = ("bank_officer", f"officer-{bank}", bank)
        if not by_bank:
            said = {**at, "loan_no": min(batch.lines)[0], "reason": "利息天数有疑问 the days are in question"}
            granting.dispute_line(ledger, granting.DisputeLine.model_validate(said), self.by(*officer))
            said = {**said, "outcome": "dismissed", "reason": "已与合同核对 as the contract says"}
            settled = granting.SettleLineDispute.model_validate(said)
            granting.settle_line_dispute(self.desk, settled, self.by("hr_officer", "hr-2", "human_resources"))
        granting.confirm_batch(ledger, granting.ConfirmBatch(**at), self.by(*officer))
        hr = granting.ApproveBatch(office="hr", batch=calculated.batch, value_date=self._day(until, 7))
        granting.approve_batch(ledger, hr, self.by("hr_officer", "hr-3", "human_resources"))
        finance = hr.model_copy(update={"office": "finance", "value_date": self._day(until, 10)})
        granting.approve_batch(ledger, finance, self.by("finance_officer", "finance-2"))
        routes: Sequence[Route] = ("bank",) if by_bank else ("social_security_card", "company_account")
        for route in routes:
            self._pay(calculated.batch, route, self._day(until, 14), f"S-{bank}-{quarter}-{route}")
        if not by_bank:
            self._comes_back(calculated.batch, self._day(until, 16))
        self._allocate("central", _of_level(batch, "central"), self._day(until, 30), f"{quarter}-{bank}")

    def _comes_back(self, number: str, day: date) -> None:
        """A payment comes back, and is made again."""
        batch = granting.batch_of(self.desk.ledger, number)
        paid = [key for key in sorted(batch.lines) if batch.account(key).paid]
        if paid:
            said = {
                "batch": number,
                "loan_no": paid[0][0],
                "bank": _ACCOUNT,
                "bank_reference": f"B-{number}",
                "reason": "账户已销 account closed",
            }
            failed = granting.FailPayment.model_validate({**said, "value_date": day})
            granting.fail_payment(self.desk.ledger, failed, self.by("finance_officer", "finance-1"))
            self._pay(number, "bank", day, f"S2-{number}")

    def claw_back(self, numbers: Sequence[str]) -> None:
        """A borrower turns out to be employed: what was paid since is owed back, comes in, and goes to the centre that had paid a part of it."""
        ledger, day = self.desk.ledger, self.moment.today
        batches = [granting.batch_of(ledger, n) for n in numbers if ledger.knows(SubsidyBatch.create_id(n))]
        paid = [(batch, key) for batch in batches for key in sorted(batch.lines) if batch.account(key).paid]
        if not paid:
            return
        batch, key = paid[0]
        hr = ("hr_officer", "hr-2", "human_resources")
        stop = granting.StopSubsidy(
            loan_no=key[0], reason="在职 employed", evidence=("1" * 64,), value_date=batch.opening.first
        )
        granting.stop_subsidy(ledger, stop, self.by(*hr))
        for one in granting.overpaid(self.desk, SUBSIDIES, batch.opening.bank):
            claim = {"batch": one.batch, "loan_no": one.loan_no, "quarter": one.quarter, "value_date": day}
            raised = granting.ClawBack.model_validate({**claim, "reason": "在职期间贴息 subsidised while employed"})
            granting.claw_back(self.desk, raised, self.by(*hr))
        owed = batch.account(key).paid
        came = {"amount_fen": owed, "bank": _ACCOUNT, "bank_reference": f"C-{key[0]}", "value_date": day}
        collected = granting.CollectClawback.model_validate({"batch": batch.opening.batch, "loan_no": key[0], **came})
        granting.collect_clawback(ledger, collected, self.by("finance_officer", "finance-1"))
        central = next(
            one.fen
            for one in granting.batch_of(ledger, batch.opening.batch).lines[key].levels
            if one.level == "central"
        )
        back = {
            "fund": SUBSIDIES,
            "level": "central",
            "bank": _ACCOUNT,
            "bank_reference": "RETURN-1",
            "confirmed_by": "finance-2",
        }
        returned = allocating.ReturnToBudget.model_validate({**back, "amount_fen": central, "value_date": day})
        allocating.return_to_budget(ledger, self.books, returned, self.by("finance_officer", "finance-1"))

    def settle(self) -> None:
        """The last year is closed and settled."""
        year = self.moment.today.year - 1
        finance = ("finance_officer", "finance-1")
        closing = allocating.CloseSubsidyPeriod(fund=SUBSIDIES, until=date(year, 12, 31))
        allocating.close_subsidy_period(self.desk.ledger, self.books, closing, self.by(*finance))
        settling = allocating.SettleSubsidyYear(fund=SUBSIDIES, year=year)
        allocating.settle_subsidy_year(self.desk.ledger, self.books, settling, self.by(*finance))

    def _pay(self, number: str, route: Route, day: date, reference: str) -> None:
        said = {"batch": number, "route": route, "bank": _ACCOUNT, "bank_reference": reference, "value_date": day}
        try:
            granting.pay_subsidies(
                self.desk.ledger, granting.PaySubsidies.model_validate(said), self.by("finance_officer", "finance-1")
            )
        except NothingToPay:
            return

    def _allocate(self, level: str, fen: Fen, day: date, of: str = "advance") -> None:
        if fen:
            said = {
                "fund": SUBSIDIES,
                "level": level,
                "bank": _ACCOUNT,
                "amount_fen": fen,
                "bank_reference": f"A-{level}-{of}",
                "value_date": day,
            }
            command = allocating.ReceiveAllocation.model_validate(said)
            allocating.receive_allocation(self.desk.ledger, command, self.by("finance_officer", "finance-1"))

    def _day(self, until: date, after: int) -> date:
        return min(until + timedelta(days=after), self.moment.today)


@cache
def _procedure() -> Procedure:
    return read_method(shipped_method()).procedure


def _of_level(batch: SubsidyBatch, level: str) -> Fen:
    return sum(one.fen for line in batch.lines.values() for one in line.levels if one.level == level)


def _summary(batches: Sequence[SubsidyBatch]) -> dict[str, Any]:
    lines = [line for batch in batches for line in batch.standing.values()]
    whole = all(
        (worked := line.worked_out()) and (worked.interest, worked.subsidy, worked.shared) == (line.interest_fen, line.subsidy_fen, line.shared_fen)
        and sum(one.fen for one in line.levels) == line.amount_fen
        and all(told_of(line)[language] for language in ("zh", "en"))
        for line in lines
    )  # fmt: skip
    accounts = [batch.account(key) for batch in batches for key in batch.standing]
    return {
        "batches": len(batches),
        "lines": len(lines),
        "granted": yuan(sum(line.amount_fen for line in lines)),
        "paid": yuan(sum(account.paid for account in accounts)),
        "clawed_back": yuan(sum(account.given_up for account in accounts)),
        "explained": whole,
    }
