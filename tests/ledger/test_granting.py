"""Subsidy batches through their use cases: every step posted and balanced, four eyes, differences told once, money back to the levels that paid."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from api.periods import PaperBooks
from api.reconciliations import reconciled
from domain.actor import Actor
from domain.errors import InvalidInput, NotPermitted, SamePerson
from domain.facts import Moment
from domain.guarantee_fund.refusals import CashShort, FundExists
from domain.loan.terms import RateBasis, RepaymentTerms, Servicing
from domain.money import parse_yuan, yuan
from domain.policy.rules import Kind
from domain.ratio import zheng_yin_dan
from domain.subsidy import refusals
from domain.subsidy.batch import SubsidyBatch
from domain.subsidy.explaining import told_of
from domain.subsidy.method import shipped_method
from ledger import accounts, allocating, granting
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.correcting import CorrectDate, correct_date
from ledger.desk import Desk
from ledger.disbursing import Disburse, disburse
from ledger.keystore import Keystore
from ledger.ledger import Ledger, Receipt
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook, publish_policy, shipped
from ledger.repaying import RecordRepayment, record_repayment
from ledger.statements.reading import read_statements
from projections.engine import Engine
from projections.querying import Question, ask, projection
from tests.funds import open_with_capital

FUND, BANK, OTHER, ACCOUNT = "jining_subsidy", "jining_rcb", "jining_bank", "treasury_bank"
Q2, Q3 = "2024Q2", "2024Q3"
BATCH, NEXT = f"{FUND}.{Q2}.{BANK}", f"{FUND}.{Q3}.{BANK}"
JULY, OCTOBER = date(2024, 7, 1), date(2024, 10, 8)
DIGEST = "1" * 64


class Office:
    """The ledger with short ways of saying what the tests say; the books are looked at after every act."""

    def __init__(self, desk: Desk, engine: Engine, reading: Connection[Any]) -> None:
        self.desk, self.engine, self.reading = desk, engine, reading
        self.moment = Moment(now=datetime(2025, 6, 30, 4, tzinfo=UTC))
        self.books = PaperBooks(lambda: nullcontext(reading), engine.catch_up)

    def by(self, who: str) -> CommandContext:
        role, _, subject = who.partition(":")
        institution = BANK if role == "bank_officer" else "city"
        actor = Actor(subject=subject or role, role=role, institution=institution, region="370800")
        return CommandContext(actor, self.moment)

    def lend(
        self,
        loan_no: str,
        amount: str,
        paid_out: date,
        *,
        months: int = 24,
        kind: Kind = "individual",
        bank: str = BANK,
        monthly: bool = False,
    ) -> None:
        terms = (
            {"instalments": months, "method": "interest_only"}
            if monthly
            else {"instalments": 1, "every": months, "method": "bullet"}
        )
        fen = parse_yuan(amount)
        contract = SignContract(
            loan_no=loan_no, bank=bank, county="rencheng", product="plain", borrower_kind=kind, approved_fen=fen, guaranteed_fen=0,
            terms=RepaymentTerms.model_validate({"annual_rate": Decimal("0.0395"), "servicing": Servicing(), **terms}),
            rate_basis=RateBasis(lpr_published_on=date(2024, 3, 20), lpr=Decimal("0.0345"), margin_bp=50),
            policy=self.desk.book.edition_on(paid_out).pin, share_scheme=zheng_yin_dan("jining_fund", bank, "g"), value_date=paid_out,
            borrower=SubsidyBatch.create_id(loan_no),
        )  # fmt: skip
        officer = Actor(subject="b", role="bank_officer", institution=bank, region="r")
        sign_contract(self.desk.ledger, contract, CommandContext(officer, self.moment))
        order = Disburse(loan_no=loan_no, amount_fen=fen, bank_reference=f"D-{loan_no}", value_date=paid_out)
        disburse(self.desk.ledger, order, CommandContext(officer, self.moment))

    def allocate(self, level: str, amount: str, county: str | None = None, day: date = JULY) -> Receipt | None:
        said: dict[str, Any] = {
            "fund": FUND,
            "level": level,
            "county": county,
            "bank": ACCOUNT,
            "amount_fen": parse_yuan(amount),
            "value_date": day,
        }
        command = allocating.ReceiveAllocation.model_validate({**said, "bank_reference": f"A-{level}-{day}-{amount}"})
        return allocating.receive_allocation(self.desk.ledger, command, self.by("finance_officer:Fei"))

    def calculate(self, quarter: str = Q2, day: date = JULY, bank: str = BANK, fund: str = FUND) -> SubsidyBatch:
        command = granting.CalculateSubsidies(fund=fund, bank=bank, quarter=quarter, value_date=day)
        granting.calculate_subsidies(self.desk, command, self.by("hr_officer:Hai"))
        return self.batch(command.batch)

    def do(self, act: Any, who: str, batch: str = BATCH, day: date = JULY, **said: Any) -> SubsidyBatch:
        """`act` is a use case; its command is found by its name."""
        kind = act.__annotations__["command"]
        command = getattr(granting, kind).model_validate({"batch": batch, "value_date": day, **said})
        hand = self.desk if "desk" in act.__annotations__ else self.desk.ledger
        act(hand, command, self.by(who))
        self.agree()
        return self.batch(batch)

    def approve(self, batch: str = BATCH, day: date = JULY) -> None:
        self.do(granting.confirm_batch, "bank_officer:Bo", batch, day)
        self.do(granting.approve_batch, "hr_officer:Hua", batch, day, office="hr")
        self.do(granting.approve_batch, "finance_officer:Fan", batch, day, office="finance")

    def pay(
        self, batch: str = BATCH, day: date = JULY, route: str = "bank", reference: str = "P-1", **said: Any
    ) -> SubsidyBatch:
        paid: dict[str, Any] = {"route": route, "bank": ACCOUNT, "bank_reference": reference, **said}
        return self.do(granting.pay_subsidies, "finance_officer:Fei", batch, day, **paid)

    def repay(self, loan_no: str, amount: str, day: date) -> None:
        command = RecordRepayment(
            loan_no=loan_no, amount_fen=parse_yuan(amount), value_date=day, bank_reference=f"R-{loan_no}-{day}"
        )
        record_repayment(self.desk.ledger, command, self.by("bank_officer:Bo"))

    def stop(self, loan_no: str, day: date) -> None:
        command = granting.StopSubsidy(
            loan_no=loan_no, reason="the borrower is employed", evidence=(DIGEST,), value_date=day
        )
        granting.stop_subsidy(self.desk.ledger, command, self.by("hr_officer:Hua"))

    def batch(self, batch: str = BATCH) -> SubsidyBatch:
        return granting.batch_of(self.desk.ledger, batch)

    def balances(self, as_of: date | None = None, *by: str) -> dict[Any, str]:
        """Of book S, by account and whatever else is named."""
        self.engine.catch_up()
        question = Question(where={"fund": FUND}, group_by=("account", *by), as_of=as_of)
        rows = ask(self.reading, projection("trial_balance"), question).rows
        return {
            (row["account"], *(row[name] for name in by)) if by else row["account"]: row["balance"]
            for row in rows
            if row["balance"] != "0.00"
        }

    def agree(self) -> None:
        """The read models say what the stream says, loan by loan; what levels owe is what was granted; the book adds up to nothing."""
        self.engine.catch_up()
        ledger = ask(
            self.reading, projection("general_ledger"), Question(where={"fund": FUND}, group_by=("account", "loan_no"))
        )
        of_loans = {
            (row["account"], row["loan_no"]): parse_yuan(row["debit"]) - parse_yuan(row["credit"])
            for row in ledger.rows
        }
        assert sum(of_loans.values()) == 0
        rows = ask(self.reading, projection("subsidy_register"), Question(where={"fund": FUND})).rows
        register = {(row["batch"], row["loan_no"], row["quarter"]): row for row in rows}
        payable, owed_back = dict[str, int](), dict[str, int]()
        for number in sorted({row["batch"] for row in rows}):
            batch = self.batch(number)
            assert {key[1:] for key in register if key[0] == number} == batch.lines.keys()
            for key, line in batch.lines.items():
                said, account = register[number, *key], batch.account(key)
                assert said["amount"] == yuan(line.amount_fen) and said["paid"] == yuan(account.paid)
                assert said["to_pay"] == yuan(batch.payable(key)) and said["owed_back"] == yuan(account.owed_back)
                assert said["clawed_back"] == yuan(account.given_up) and said["collected"] == yuan(account.collected)
                assert (
                    sum(parse_yuan(said[level]) for level in ("central", "province", "city", "county_level"))
                    == line.amount_fen
                )
                expected: str = (
                    "left_out" if key in batch.left_out else "disputed" if key in batch.disputed else batch.status
                )
                if expected == "approved" and account.paid and not batch.payable(key):
                    expected = "paid"
                assert said["status"] == expected
                payable[key[0]] = payable.get(key[0], 0) + batch.payable(key)
                owed_back[key[0]] = owed_back.get(key[0], 0) + account.owed_back
        for loan_no, fen in payable.items():
            assert of_loans.get(("S2001", loan_no), 0) == -fen
            assert of_loans.get(("S1201", loan_no), 0) == owed_back[loan_no]


@pytest.fixture
def office(ledger: Ledger, empty_database: str, tmp_path: Path, engine: Engine, reading: Connection[Any]) -> Office:
    """Jining's policies, a subsidy fund, two loans of a bank and one of another."""
    keystore = Keystore(empty_database, tmp_path / "master.key")
    made = Office(
        Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(tmp_path / "m"), NoSource()), engine, reading
    )
    publish_policy(ledger, shipped(), made.by("policy_officer"))
    allocating.open_subsidy_fund(ledger, opening(), made.by("finance_officer:Fei"))
    open_with_capital(ledger, made.moment, "jining_fund")
    made.lend("L-1", "300000.00", date(2024, 4, 1))
    made.lend("L-2", "200000.00", date(2024, 4, 1), kind="small_enterprise")
    made.lend("L-3", "100000.00", date(2024, 4, 1), bank=OTHER)
    return made


def opening(fund: str = FUND) -> allocating.OpenSubsidyFund:
    said: dict[str, Any] = {
        "fund": fund,
        "title": "济宁市贴息资金",
        "operator": "jining_finance",
        "method": shipped_method(),
    }
    return allocating.OpenSubsidyFund.model_validate({**said, "value_date": date(2024, 1, 2)})


def test_a_quarter_from_the_calculation_to_the_last_payment(office: Office) -> None:
    """domain.md: 300,000.00 at 3.95 % for 81 days is 2,666.25, of which the budget bears 1,333.13; 200,000.00 gives 888.75."""
    batch = office.calculate()
    office.agree()
    assert [(line.loan_no, yuan(line.subsidy_fen)) for line in batch.lines.values()] == [
        ("L-1", "1333.13"),
        ("L-2", "888.75"),
    ]
    assert batch.state()["amount"] == "2221.88" and office.balances() == {}, "nothing is owed before it is approved"
    office.approve()
    lines = ask(office.reading, projection("general_ledger"), Question(where={"account": "S5001"})).rows
    assert {(row["loan_no"], row["policy_edition"]) for row in lines} == {
        ("L-1", "jining_2024"),
        ("L-2", "jining_2024"),
    }
    granted = {"S5001": "2221.88", "S2001": "-2221.88", "S1101": "2221.88", "S4001": "-2221.88"}
    assert office.balances() == granted
    owed = office.balances(None, "level")
    # 30/30/20/20 of each line, rounded line by line
    assert {level: owed["S1101", level] for level in ("central", "province", "city", "county")} == {
        "central": "666.57", "province": "666.56", "city": "444.38", "county": "444.37",
    }  # fmt: skip
    office.allocate("city", "2000.00")
    with pytest.raises(CashShort):
        office.pay()
    office.allocate("county", "300.00", "rencheng")
    office.pay()
    assert office.balances() == {"S5001": "2221.88", "S1001": "78.12", "S1101": "-78.12", "S4001": "-2221.88"}
    with pytest.raises(refusals.NothingToPay):
        office.pay(reference="P-2")


def test_persons_are_paid_on_their_cards_and_companies_on_their_accounts(office: Office) -> None:
    office.calculate()
    office.approve()
    office.allocate("city", "3000.00")
    batch = office.pay(route="social_security_card")
    assert batch.state()["paid"] == "1333.13" and batch.state()["to_pay"] == "888.75"
    with pytest.raises(refusals.NothingToPay):
        office.pay(route="company_account", reference="P-2", loans=("L-1",))
    assert office.pay(route="company_account", reference="P-3", loans=("L-2",)).state()["to_pay"] == "0.00"
    with pytest.raises(refusals.UnknownLine):
        office.pay(reference="P-4", loans=("L-9",))


def test_what_comes_back_is_owed_and_paid_again(office: Office) -> None:
    office.calculate()
    office.approve()
    office.allocate("city", "3000.00")
    failed: dict[str, Any] = {"loan_no": "L-1", "bank": ACCOUNT, "bank_reference": "B-1", "reason": "account closed"}
    with pytest.raises(refusals.NothingPaid):
        office.do(granting.fail_payment, "finance_officer", **failed)
    office.pay()
    batch = office.do(granting.fail_payment, "finance_officer", **failed)
    assert batch.state()["to_pay"] == "1333.13" and office.balances()["S1001"] == "2111.25"
    office.pay(reference="P-2")
    assert office.balances()["S1001"] == "778.12"


def test_a_disputed_line_holds_the_batch_up(office: Office) -> None:
    office.calculate()
    said: dict[str, Any] = {"loan_no": "L-1", "reason": "it was paid out a day later"}
    office.do(granting.dispute_line, "bank_officer:Bo", **said)
    with pytest.raises(refusals.DisputedAlready):
        office.do(granting.dispute_line, "bank_officer:Bo", **said)
    with pytest.raises(refusals.LinesDisputed):
        office.do(granting.confirm_batch, "bank_officer:Bo")
    redated: dict[str, Any] = {
        "loan_no": "L-1",
        "version": 2,
        "value_date": date(2024, 4, 2),
        "reason": "the bank's slip",
        "evidence": (DIGEST,),
    }
    second = Actor(subject="Second", role="bank_officer", institution=BANK, region="r")
    correct_date(
        office.desk.ledger,
        CorrectDate.model_validate({**redated, "confirmed_by": second}),
        office.by("bank_officer:Bo"),
    )
    settled: dict[str, Any] = {"loan_no": "L-1", "outcome": "upheld", "reason": "so it was"}
    with pytest.raises(refusals.NotDisputed):
        office.do(granting.settle_line_dispute, "hr_officer:Hua", **settled | {"loan_no": "L-2"})
    batch = office.do(granting.settle_line_dispute, "hr_officer:Hong", **settled)
    assert yuan(batch.lines["L-1", Q2].subsidy_fen) == "1316.67", "80 days"
    office.approve()
    assert office.balances()["S2001"] == "-2205.42"
    with pytest.raises(refusals.BatchOutOfOrder):
        office.do(granting.dispute_line, "bank_officer:Bo", **said)


@pytest.mark.parametrize("outcome", ["dismissed", "left_out"])
def test_a_dispute_may_be_dismissed_or_the_line_left_to_the_next_batch(office: Office, outcome: str) -> None:
    office.calculate()
    office.do(granting.dispute_line, "hr_officer:Hua", loan_no="L-2", reason="who is this")
    said: dict[str, Any] = {"loan_no": "L-2", "outcome": outcome, "reason": "looked at"}
    with pytest.raises(SamePerson):
        office.do(granting.settle_line_dispute, "hr_officer:Hua", **said)
    office.do(granting.settle_line_dispute, "hr_officer:Hong", **said)
    office.approve()
    later = office.calculate(Q3, OCTOBER)
    office.agree()
    if outcome == "dismissed":
        assert office.balances()["S2001"] == "-2221.88" and [*later.lines] == [("L-1", Q3), ("L-2", Q3)]
    else:
        assert office.balances()["S2001"] == "-1333.13" and [*later.lines] == [("L-1", Q3), ("L-2", Q2), ("L-2", Q3)]
        assert yuan(later.lines["L-2", Q2].amount_fen) == "888.75"


def test_everybody_has_one_part(office: Office) -> None:
    office.calculate()
    with pytest.raises(refusals.BatchExists):
        office.calculate()
    with pytest.raises(refusals.BatchOutOfOrder):
        office.do(granting.approve_batch, "hr_officer:Hua", office="hr")
    office.do(granting.confirm_batch, "bank_officer:Bo")
    with pytest.raises(refusals.BatchOutOfOrder):
        office.do(granting.approve_batch, "finance_officer:Fan", office="finance")
    with pytest.raises(SamePerson):
        office.do(granting.approve_batch, "hr_officer:Hai", office="hr")
    with pytest.raises(NotPermitted):
        office.do(granting.approve_batch, "hr_officer:Hua", office="finance")
    office.do(granting.approve_batch, "hr_officer:Hua", office="hr")
    with pytest.raises(SamePerson):
        office.do(granting.approve_batch, "finance_officer:Bo", office="finance")
    with pytest.raises(refusals.BatchDatedEarlier):
        office.do(granting.approve_batch, "finance_officer:Fan", office="finance", day=date(2024, 6, 30))
    office.do(granting.approve_batch, "finance_officer:Fan", office="finance")


def test_a_bank_speaks_for_its_own_batch(office: Office) -> None:
    office.calculate(bank=OTHER)
    with pytest.raises(refusals.OtherBank):
        office.do(granting.confirm_batch, "bank_officer:Bo", batch=f"{FUND}.{Q2}.{OTHER}")


def test_what_is_not_there_is_named(office: Office) -> None:
    with pytest.raises(refusals.UnknownBatch):
        office.batch("none")
    with pytest.raises(refusals.UnknownSubsidyFund):
        office.calculate(fund="none")
    with pytest.raises(refusals.NothingToSubsidise):
        office.calculate(quarter="2023Q2")
    with pytest.raises(InvalidInput, match="not over before"):
        office.calculate(quarter="2025Q3")
    with pytest.raises(InvalidInput, match="not over before"):
        office.calculate(day=date(2024, 6, 20))
    with pytest.raises(refusals.FundCodeTaken):
        allocating.open_subsidy_fund(office.desk.ledger, opening(), office.by("finance_officer"))
    with pytest.raises(FundExists):
        open_with_capital(office.desk.ledger, office.moment, FUND)


def test_a_loan_s_quarter_is_subsidised_by_one_fund(office: Office) -> None:
    allocating.open_subsidy_fund(office.desk.ledger, opening("county_subsidy"), office.by("finance_officer:Fei"))
    office.calculate()
    with pytest.raises(refusals.SubsidisedElsewhere, match="L-1"):
        office.calculate(fund="county_subsidy")


def test_recalculating_tells_only_what_differs(office: Office) -> None:
    office.calculate()
    before = office.batch().version
    office.do(granting.recalculate_subsidies, "hr_officer:Hai")
    assert office.batch().version == before
    office.do(granting.confirm_batch, "bank_officer:Bo")
    office.stop("L-2", date(2024, 5, 21))
    batch = office.do(granting.recalculate_subsidies, "hr_officer:Hai")
    assert batch.status == "calculated", "it is confirmed anew"
    assert batch.lines["L-2", Q2].days == (50, 31) and yuan(batch.lines["L-2", Q2].subsidy_fen) == "548.61"


def test_what_was_learned_later_is_told_by_the_next_batch_once(office: Office) -> None:
    """A payment that was recorded late makes days good that had been overdue."""
    office.lend("L-4", "120000.00", date(2024, 3, 25), monthly=True)
    office.repay("L-4", "408.17", date(2024, 4, 25))
    office.calculate()
    office.approve()
    short = office.batch().lines["L-4", Q2]
    assert short.days == (62, 26), "overdue since 26 May"
    late = RecordRepayment.model_validate(
        {
            "loan_no": "L-4",
            "amount_fen": 39_500,
            "value_date": date(2024, 5, 27),
            "bank_reference": "late",
            "reason": "system outage",
            "evidence": (DIGEST,),
        }
    )
    record_repayment(office.desk.ledger, late, office.by("bank_officer:Bo"))
    batch = office.calculate(Q3, OCTOBER)
    office.agree()
    line = batch.lines["L-4", Q2]
    assert (
        line.days == (88, 0)
        and line.before_fen == short.subsidy_fen
        and line.amount_fen == line.subsidy_fen - short.subsidy_fen > 0
    )
    assert sum(one.fen for one in line.levels) == line.amount_fen
    office.do(granting.recalculate_subsidies, "hr_officer:Hai", NEXT, OCTOBER)
    assert office.batch(NEXT).version == batch.version
    office.approve(NEXT, OCTOBER)
    office.calculate("2024Q4", date(2025, 1, 2))
    assert [key for key in office.batch(f"{FUND}.2024Q4.{BANK}").lines if key[1] != "2024Q4"] == []


def test_a_clawback_goes_to_the_levels_that_paid(office: Office) -> None:
    """R-SUB-14: from the first bad day; what is not paid yet is cut, the rest is owed back and returned level by level."""
    office.calculate()
    office.approve()
    office.allocate("city", "3000.00")
    office.pay(route="social_security_card")
    claw: dict[str, Any] = {"reason": "the borrower is employed", "evidence": (DIGEST,)}
    with pytest.raises(refusals.NothingOverpaid):
        office.do(granting.claw_back, "hr_officer:Hua", loan_no="L-1", **claw)
    for loan_no in ("L-1", "L-2"):
        office.stop(loan_no, date(2024, 5, 21))
    found = granting.overpaid(office.desk, FUND, BANK)
    assert [(one.loan_no, yuan(one.should_be), yuan(one.excess)) for one in found] == [
        ("L-1", "822.92", "510.21"),
        ("L-2", "548.61", "340.14"),
    ]
    office.do(granting.claw_back, "hr_officer:Hua", loan_no="L-1", **claw)
    office.do(granting.claw_back, "hr_officer:Hua", loan_no="L-2", **claw)
    assert granting.overpaid(office.desk, FUND, BANK) == []
    # L-1 was paid: owed back; L-2 was not: cut, and the levels owe that much less
    assert office.balances() == {
        "S1001": "1666.87", "S1101": "-1118.26", "S1201": "510.21", "S2001": "-548.61", "S4001": "-1881.74", "S5001": "1371.53",
    }  # fmt: skip
    with pytest.raises(refusals.MoreThanGranted):
        office.do(
            granting.collect_clawback,
            "finance_officer",
            loan_no="L-1",
            amount_fen=51_022,
            bank=ACCOUNT,
            bank_reference="C-0",
        )
    for amount in (33_333, 10_000):
        said: dict[str, Any] = {
            "loan_no": "L-1",
            "amount_fen": amount,
            "bank": ACCOUNT,
            "bank_reference": f"C-{amount}",
        }
        office.do(granting.collect_clawback, "finance_officer:Fei", **said)
    held = {level: fen for (account, level), fen in office.balances(None, "level").items() if account == "S2101"}
    assert held == {"central": "-130.00", "province": "-130.00", "city": "-86.67", "county": "-86.66"}, (
        "433.33 by 30/30/20/20"
    )
    waived: dict[str, Any] = {"loan_no": "L-1", "amount_fen": 6_688, "confirmed_by": "Second", "reason": "hardship"}
    with pytest.raises(SamePerson):
        office.do(granting.waive_clawback, "finance_officer:Second", **waived)
    office.do(granting.waive_clawback, "finance_officer:Fei", **waived)
    with pytest.raises(refusals.MoreThanGranted):
        office.do(granting.waive_clawback, "finance_officer:Fei", **waived)
    assert "S1201" in office.balances() and granting.overpaid(office.desk, FUND, BANK) == [], (
        "what was waived stays with the borrower"
    )


def test_what_was_clawed_back_goes_home_and_the_year_is_settled(office: Office) -> None:
    office.calculate()
    office.approve()
    office.allocate("city", "3000.00")
    office.allocate("central", "500.00")
    office.pay()
    office.stop("L-1", date(2024, 4, 1))
    office.do(granting.claw_back, "hr_officer:Hua", loan_no="L-1", reason="fraud", evidence=(DIGEST,))
    office.do(
        granting.collect_clawback,
        "finance_officer",
        loan_no="L-1",
        amount_fen=133_313,
        bank=ACCOUNT,
        bank_reference="C-1",
    )
    said: dict[str, Any] = {
        "fund": FUND,
        "level": "central",
        "bank": ACCOUNT,
        "bank_reference": "X-1",
        "value_date": JULY,
        "confirmed_by": "Second",
    }
    returned = allocating.ReturnToBudget.model_validate({**said, "amount_fen": 39_995})
    with pytest.raises(refusals.NothingToReturn, match=r"399\.94"):
        allocating.return_to_budget(office.desk.ledger, office.books, returned, office.by("finance_officer:Fei"))
    part = returned.model_copy(update={"amount_fen": 10_000})
    allocating.return_to_budget(office.desk.ledger, office.books, part, office.by("finance_officer:Fei"))
    office.agree()
    settle = allocating.SettleSubsidyYear(fund=FUND, year=2024)
    with pytest.raises(refusals.YearNotClosed):
        allocating.settle_subsidy_year(office.desk.ledger, office.books, settle, office.by("finance_officer:Fei"))
    closing = allocating.CloseSubsidyPeriod(fund=FUND, until=date(2024, 12, 31))
    allocating.close_subsidy_period(office.desk.ledger, office.books, closing, office.by("finance_officer:Fei"))
    allocating.settle_subsidy_year(office.desk.ledger, office.books, settle, office.by("finance_officer:Fei"))
    (settled,) = allocating.subsidy_fund(office.desk.ledger, FUND).state()["settlements"]
    shown = {
        one["level"]: (one["due_before"], one["granted"], one["received"], one["due"], one["offset"])
        for one in settled["levels"]
    }
    # of L-2's 888.75 nothing was taken back: 266.63 266.62 177.75 177.75; the centre paid 500.00 and got 100.00 back
    assert shown == {
        "central": ("0.00", "266.63", "400.00", "-133.37", "166.57"),
        "province": ("0.00", "266.62", "0.00", "266.62", "399.94"),
        "city": ("0.00", "177.75", "3000.00", "-2822.25", "0.00"),
        "county": ("0.00", "177.75", "0.00", "177.75", "266.62"),
    }  # fmt: skip
    office.agree()
    after = office.balances(None, "level")
    assert after["S1101", "province"] == "266.62" and ("S2101", "province") not in after
    assert after["S1101", "city"] == "-2555.62" and after["S2101", "city"] == "-266.63", "an advance is not set off"
    with pytest.raises(refusals.YearSettledAlready):
        allocating.settle_subsidy_year(office.desk.ledger, office.books, settle, office.by("finance_officer:Fei"))


def test_every_fen_of_a_line_is_told_in_words(office: Office) -> None:
    office.calculate()
    for line in office.batch().lines.values():
        said = told_of(line)
        worked = line.worked_out()
        assert (worked.interest, worked.subsidy, worked.shared) == (
            line.interest_fen,
            line.subsidy_fen,
            line.shared_fen,
        )
        for language in ("zh", "en"):
            assert said["amount"] in said[language] and all(fen in said[language] for fen in said["levels"].values())


def test_the_subsidy_account_is_reconciled_with_the_bank_s_statement(office: Office) -> None:
    """Allocations, payments and what came back are matched by the bank's own numbers; nothing is left unexplained."""
    opened = {"account": "treasury", "title": "贴息专户", "fund": FUND, "bank": ACCOUNT, "number": "3708001202600009"}
    command = accounts.OpenAccount.model_validate({**opened, "value_date": JULY})
    accounts.open_account(office.desk.ledger, command, office.by("finance_officer:Fei"))
    office.calculate()
    office.approve()
    office.allocate("city", "3000.00")
    office.pay(route="social_security_card")
    failed: dict[str, Any] = {"bank": ACCOUNT, "bank_reference": "B-1", "reason": "closed"}
    office.do(granting.fail_payment, "finance_officer", loan_no="L-1", **failed)
    rows = (
        "2024-07-01,,,3000.00,3000.00,A-city-2024-07-01-3000.00",
        "2024-07-01,,1333.13,,1666.87,P-1",
        "2024-07-01,,,1333.13,3000.00,B-1",
    )
    header = "交易日期,摘要,借方发生额,贷方发生额,余额,交易流水号,对方户名,对方账号"
    content = "\n".join(["账号：3708001202600009", header, *(f"{row},," for row in rows), ""]).encode("gb18030")
    read = read_statements(content, "treasury.csv")
    accounts.import_statement(office.desk, "treasury", read, office.by("finance_officer:Fei"))
    office.engine.catch_up()
    said = reconciled(office.reading, office.reading, "treasury", date(2024, 7, 31))
    assert (said["bank_closing"], said["ledger_closing"], said["breaks"], said["residual"]) == (
        "3000.00",
        "3000.00",
        [],
        "0.00",
    )
    assert said["four_way"]["equal"] and (said["four_way"]["reserved"], said["four_way"]["available"]) == (
        "2221.88",
        "778.12",
    )


def test_a_difference_is_granted_once_though_two_batches_tell_of_it(office: Office) -> None:
    """A line that was left out is told of by two later batches; the second is recalculated before finance approves it."""
    office.calculate()
    office.do(granting.dispute_line, "hr_officer:Hua", loan_no="L-2", reason="who is this")
    said: dict[str, Any] = {"loan_no": "L-2", "outcome": "left_out", "reason": "looked at"}
    office.do(granting.settle_line_dispute, "hr_officer:Hong", **said)
    office.approve()
    later = f"{FUND}.2024Q4.{BANK}"
    office.calculate(Q3, OCTOBER)
    second = office.calculate("2024Q4", date(2025, 1, 2))
    assert ("L-2", Q2) not in second.lines, "the one before tells of it"
    office.do(granting.dispute_line, "hr_officer:Hua", NEXT, OCTOBER, loan_no="L-2", quarter=Q2, reason="again")
    office.do(granting.settle_line_dispute, "hr_officer:Hong", NEXT, OCTOBER, quarter=Q2, **said)
    office.do(granting.recalculate_subsidies, "hr_officer:Hai", later, date(2025, 1, 2))
    assert office.batch(later).lines["L-2", Q2].before_fen == 0
    office.do(granting.dispute_line, "hr_officer:Hua", NEXT, OCTOBER, loan_no="L-1", reason="days")
    upheld: dict[str, Any] = {"loan_no": "L-1", "outcome": "upheld", "reason": "so it is"}
    office.do(granting.settle_line_dispute, "hr_officer:Hong", NEXT, OCTOBER, **upheld)
    office.approve(NEXT, OCTOBER)
    office.approve(later, date(2025, 1, 2))
    granted = sum(batch.told_of(("L-2", Q2)) for batch in (office.batch(), office.batch(NEXT), office.batch(later)))
    assert yuan(granted) == "888.75"


def test_what_another_batch_changed_since_has_to_be_recalculated(office: Office) -> None:
    """A difference was calculated; meanwhile what it adds to was clawed back, so that nothing is left of it."""
    office.lend("L-4", "120000.00", date(2024, 3, 25), monthly=True)
    office.repay("L-4", "408.17", date(2024, 4, 25))
    office.calculate()
    office.approve()
    late: dict[str, Any] = {"reason": "system outage", "evidence": (DIGEST,), "bank_reference": "late"}
    paid = {"loan_no": "L-4", "amount_fen": 39_500, "value_date": date(2024, 5, 27), **late}
    record_repayment(office.desk.ledger, RecordRepayment.model_validate(paid), office.by("bank_officer:Bo"))
    assert office.calculate(Q3, OCTOBER).lines["L-4", Q2].amount_fen > 0
    office.do(granting.confirm_batch, "bank_officer:Bo", NEXT, OCTOBER)
    office.do(granting.approve_batch, "hr_officer:Hua", NEXT, OCTOBER, office="hr")
    office.stop("L-4", date(2024, 3, 25))
    office.do(granting.claw_back, "hr_officer:Hua", loan_no="L-4", reason="fraud", day=OCTOBER)
    before = office.batch(NEXT).version
    with pytest.raises(refusals.LinesOutdated):
        office.do(granting.approve_batch, "finance_officer:Fan", NEXT, OCTOBER, office="finance")
    assert office.batch(NEXT).version == before
    batch = office.do(granting.recalculate_subsidies, "hr_officer:Hai", NEXT, OCTOBER)
    assert (
        batch.lines["L-4", Q2].subsidy_fen,
        batch.lines["L-4", Q2].amount_fen,
        batch.lines["L-4", Q3].amount_fen,
    ) == (0, 0, 0)
    office.approve(NEXT, OCTOBER)
    assert granting.overpaid(office.desk, FUND, BANK) == []
    office.calculate("2024Q4", date(2025, 1, 2))
