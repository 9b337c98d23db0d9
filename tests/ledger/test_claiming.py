"""Claims through their use cases: claim and loan are told in one append, roles and institutions are looked at, nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.compensation import refusals
from domain.compensation.claim import Claim
from domain.compensation.events import RecoveryReceived
from domain.errors import InvalidInput, NotPermitted, Refusal, SamePerson
from domain.facts import Moment
from domain.guarantee_fund.refusals import UnknownFund
from domain.loan import refusals as loans
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms, Servicing
from domain.money import parse_yuan
from domain.ratio import zheng_yin_dan
from domain.state import replayed
from ledger import altering, claiming, compensating, recovering, repaying
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.disbursing import Disburse, disburse
from ledger.ledger import Ledger, Receipt
from projections import log
from projections.engine import Engine
from projections.querying import Question, ask, projection
from projections.rebuilding import rebuild
from tests.domain.claiming import APPROVED, FILED, PACKAGE, PAID, VERIFIED
from tests.funds import CAPITAL, open_with_capital
from tests.projections.test_general_ledger import must_agree

FUND, BANK, GUARANTOR = "jining_fund", "jining_rcb", "jining_guarantee"


class Office:
    """The ledger with short ways of saying what the tests say."""

    def __init__(self, ledger: Ledger, moment: Moment) -> None:
        self.ledger, self.moment = ledger, moment

    def by(self, role: str, institution: str, subject: str | None = None, key: str | None = None) -> CommandContext:
        actor = Actor(subject=subject or f"{role}-1", role=role, institution=institution, region="rencheng")
        return CommandContext(actor, self.moment, given_key=key)

    def lend(
        self,
        loan_no: str = "L-1",
        amount: int = 19_040_448,
        borrower: UUID | None = None,
        instalments: int = 1,
        servicing: Servicing | None = None,
    ) -> None:
        contract = SignContract(
            loan_no=loan_no, bank=BANK, guarantor=GUARANTOR, county="rencheng", product="individual", approved_fen=amount,
            guaranteed_fen=amount * 70 // 100, value_date=date(2024, 3, 1), policy=PolicyPin(edition="x", digest="0" * 64),
            terms=RepaymentTerms(annual_rate=Decimal(0), instalments=instalments, every=12 if instalments == 1 else 1, method="bullet" if instalments == 1 else "equal_principal", servicing=servicing),
            rate_basis=RateBasis(lpr_published_on=date(2024, 2, 20), lpr=Decimal("0.0345"), margin_bp=50),
            share_scheme=zheng_yin_dan(FUND, BANK, GUARANTOR), borrower=borrower or Claim.create_id(loan_no),
        )  # fmt: skip
        sign_contract(self.ledger, contract, self.by("bank_officer", BANK))
        paid_out = Disburse(
            loan_no=loan_no, amount_fen=amount, value_date=date(2024, 3, 5), bank_reference=f"D{loan_no}"
        )
        disburse(self.ledger, paid_out, self.by("bank_officer", BANK))

    def file(self, loan_no: str = "L-1", claim_no: str = "C-1", key: str | None = None, **more: Any) -> Receipt | None:
        given = {"documents": PACKAGE, "value_date": FILED, **more}
        command = claiming.FileClaim(loan_no=loan_no, claim_no=claim_no, **given)
        return claiming.file_claim(self.ledger, command, self.by("bank_officer", BANK, "filer", key))

    def approve(self, claim_no: str = "C-1") -> None:
        verified = claiming.VerifyClaim(claim_no=claim_no, value_date=VERIFIED)
        claiming.verify_claim(self.ledger, verified, self.by("hr_officer", "hr", "verifier"))
        for party, institution in (("bank", BANK), ("guarantor", GUARANTOR)):
            share = claiming.ConfirmShare(claim_no=claim_no, party=party, value_date=APPROVED)
            claiming.confirm_share(self.ledger, share, self.by(f"{party}_officer", institution, f"{party}-2"))
        for office in ("pboc", "hr", "finance"):
            said = claiming.EndorseClaim(claim_no=claim_no, office=office, value_date=APPROVED)
            claiming.endorse_claim(self.ledger, said, self.by(f"{office}_officer", office, f"{office}-3"))

    def pay(self, party: str, reference: str | None = None, claim_no: str = "C-1") -> Receipt | None:
        said: dict[str, Any] = {"bank_reference": reference or f"{claim_no}-{party}", "value_date": PAID}
        command = compensating.PayShare(claim_no=claim_no, party=party, **said)
        institution = {"fund": "hr", "guarantor": GUARANTOR}[party]
        return compensating.pay_share(self.ledger, command, self.by(f"{party}_officer", institution))

    def recover(self, reference: str, amount: int = 10_000, key: str | None = None) -> Receipt | None:
        account: dict[str, Any] = {"bank": BANK, "bank_reference": reference, "value_date": PAID}
        command = recovering.RecordRecovery(claim_no="C-1", gross_fen=amount, cost_fen=0, **account)
        return recovering.record_recovery(self.ledger, command, self.by("guarantor_officer", GUARANTOR, key=key))

    def claim(self, claim_no: str = "C-1") -> Claim:
        return claiming.claim_of(self.ledger, claim_no)


@pytest.fixture
def office(ledger: Ledger, moment: Moment) -> Office:
    made = Office(ledger, moment)
    open_with_capital(ledger, moment, FUND)
    made.lend()
    return made


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    def done(act: Callable[[], object]) -> object:
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(done, acts))


def test_claim_and_loan_are_told_in_one_append(office: Office, database: str) -> None:
    office.file()
    office.approve()
    office.pay("guarantor")
    receipt = office.pay("fund")
    assert receipt is not None
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT topic FROM ledger.stored_events WHERE notification_id BETWEEN %s AND %s ORDER BY notification_id",
            (receipt.first_position, receipt.position),
        ).fetchall()
    assert [topic for (topic,) in rows] == ["claim.share_paid", "claim.subrogated", "loan.taken_over"]
    loan = office.ledger.loan("L-1")
    assert (loan.status(), loan.outstanding, office.claim().status()) == ("taken_over", 0, "paid")


def test_only_whoever_collected_a_recovery_takes_it_back_with_somebody_of_theirs(office: Office) -> None:
    office.file()
    office.approve()
    office.pay("guarantor")
    office.pay("fund")
    office.recover("Z-1")
    (received,) = office.claim().facts_of(RecoveryReceived)

    def take_back(role: str, institution: str, second: str = GUARANTOR) -> Receipt | None:
        confirmed_by = Actor(subject="Wu", role="supervisor", institution=second, region="rencheng")
        command = recovering.ReverseRecovery(
            claim_no="C-1",
            version=received.originator_version,
            reason="returned",
            confirmed_by=confirmed_by,
            value_date=PAID,
        )
        return recovering.reverse_recovery(office.ledger, command, office.by(role, institution))

    for role, institution, second, refusal, field in (
        ("mentor", "elsewhere", GUARANTOR, NotPermitted, None),
        ("bank_officer", BANK, GUARANTOR, NotPermitted, None),
        ("guarantor_officer", "another_guarantor", GUARANTOR, refusals.OtherParty, "actor"),
        ("guarantor_officer", GUARANTOR, "elsewhere", refusals.OtherParty, "confirmed_by"),
    ):
        with pytest.raises(refusal) as refused:
            take_back(role, institution, second)
        assert field in (None, refused.value.field)
    assert take_back("guarantor_officer", GUARANTOR) is not None


def test_what_a_fund_bears_is_claimed_and_a_bank_gives_up_its_own_loans_only(office: Office) -> None:
    def charge_off(role: str, institution: str, claim_no: str | None = None) -> Receipt | None:
        command = compensating.ChargeOff(loan_no="L-1", amount_fen=100, value_date=PAID, claim_no=claim_no)
        return compensating.charge_off(office.ledger, command, office.by(role, institution))

    with pytest.raises(NotPermitted):
        charge_off("borrower", "nobody")
    with pytest.raises(loans.OtherBank):
        charge_off("bank_officer", "another_bank")
    with pytest.raises(refusals.ClaimFirst):
        charge_off("bank_officer", BANK, "C-9")
    assert charge_off("bank_officer", BANK) is not None
    assert office.ledger.standing("fund_cash", f"{FUND}|{BANK}")[1] == CAPITAL, "nobody's money but the bank's"


def test_a_payment_that_cures_the_loan_ends_the_claim_and_none_is_taken_once_a_share_is_paid(office: Office) -> None:
    office.lend("L-2", instalments=36)
    for number, claim_no in (("L-1", "C-1"), ("L-2", "C-2")):
        office.file(number, claim_no)
        office.approve(claim_no)
    office.pay("fund")

    def repay(loan_no: str, fen: int, day: date) -> Receipt | None:
        said = {"loan_no": loan_no, "amount_fen": fen, "value_date": day, "bank_reference": f"R-{fen}"}
        banker = office.by("bank_officer", BANK)
        return repaying.record_repayment(office.ledger, repaying.RecordRepayment.model_validate(said), banker)

    with pytest.raises(refusals.SharesArePaid):
        repay("L-1", 1, PAID)
    repay("L-2", 5_000, FILED - timedelta(days=30))
    assert office.claim("C-2").status() == "approved", "late, and not enough"
    _, overdue = office.ledger.loan("L-2").arrears(PAID)
    repay("L-2", overdue, PAID)
    loan = office.ledger.loan("L-2")
    assert (office.claim("C-2").status(), loan.claim_no, loan.outstanding > 0) == ("lapsed", None, True)
    share = loan.contract.share_scheme.part("fund", loan.outstanding)  # type: ignore[union-attr]
    assert office.ledger.standing("fund_capacity", FUND)[0] == share, "the fund stands for it again"


def test_a_claim_lapses_once_it_is_found_that_the_bank_knew_of_misuse(office: Office) -> None:
    """domain.md §5.27: nobody else bears the loss; taken back, the loan may be claimed again."""
    office.lend("L-2", servicing=Servicing())
    office.file("L-2", "C-2")
    office.approve("C-2")
    second = Actor(subject="second", role="bank_supervisor", institution=BANK, region="rencheng")
    said: dict[str, Any] = {"loan_no": "L-2", "reason": "a car", "evidence": ["0" * 64], "confirmed_by": second}
    misuse = altering.FindMisuse.model_validate({**said, "bank_knew": True, "value_date": date(2024, 4, 1)})
    altering.find_misuse(office.ledger, misuse, office.by("bank_officer", BANK))
    loan = office.ledger.loan("L-2")
    assert (office.claim("C-2").status(), loan.claim_no) == ("lapsed", None)
    with pytest.raises(loans.BankKnewOfMisuse):
        office.file("L-2", "C-3")
    found = next(m.order for m in loan.movements if m.kind == "misused")
    back = repaying.ReverseRepayment.model_validate({**said, "version": found, "value_date": PAID})
    repaying.reverse_repayment(office.ledger, back, office.by("bank_officer", BANK))
    office.file("L-2", "C-3")
    assert office.claim("C-3").status() == "filed"


def test_every_fen_that_is_deducted_is_told_once_and_in_words(office: Office) -> None:
    office.file()
    principal, _ = office.claim().claimed

    def verify(**deduction: Any) -> Receipt | None:
        said = {"claim_no": "C-1", "principal_fen": principal - 150, "deductions": [deduction], "value_date": VERIFIED}
        command = claiming.VerifyClaim.model_validate(said)
        return claiming.verify_claim(office.ledger, command, office.by("hr_officer", "hr", "verifier"))

    for wrong in ({"reason": "late"}, {"fen": 150, "amount": "1.50", "reason": "late"}, {"fen": 150, "reason": " "}):
        with pytest.raises(InvalidInput) as refused:
            verify(**wrong)
        assert refused.value.field in ("deductions.0.amount", "deductions.0.reason")
    with pytest.raises(ValidationError):
        verify(fen=150, reason="")
    assert verify(amount="1.50", reason="dunned late") is not None


def test_two_claims_of_one_loan_at_once_are_one(office: Office) -> None:
    answers = at_once([lambda n=n: office.file(claim_no=f"C-{n}") for n in range(6)])  # type: ignore[misc]
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refused) == 5
    assert {type(answer) for answer in refused} == {loans.UnderClaim}


def test_a_repayment_and_a_payment_of_a_share_at_once_leave_no_claim_for_more_than_is_owed(office: Office) -> None:
    office.file()
    office.approve()
    payment = repaying.RecordRepayment(loan_no="L-1", amount_fen=9_040_448, value_date=PAID, bank_reference="R")
    banker = office.by("bank_officer", BANK)
    answers = at_once(
        [lambda: repaying.record_repayment(office.ledger, payment, banker), lambda: office.pay("guarantor")]
    )
    claim, loan = office.claim(), office.ledger.loan("L-1")
    assert claim.covered == loan.outstanding
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {type(answer) for answer in refused} <= {refusals.SharesArePaid}


def test_a_repeated_command_has_one_effect(office: Office) -> None:
    first, again = office.file(key="k-1"), office.file(key="k-1")
    assert first is not None and again is not None
    assert (again.repeated, again.position) == (True, first.position)
    office.approve()
    office.pay("guarantor")
    office.pay("fund")
    one, other = office.recover("Z-1", key="k-2"), office.recover("Z-1", key="k-2")
    assert one is not None and other is not None
    assert (other.repeated, office.claim().recovered) == (True, 10_000)


def test_one_bank_reference_is_one_recovery(office: Office) -> None:
    office.file()
    office.approve()
    office.pay("guarantor")
    office.pay("fund")
    office.recover("Z-1")
    with pytest.raises(loans.ReferenceUsed):
        office.recover("Z-1", 1)


def test_one_bank_reference_is_one_payment_of_a_share(office: Office) -> None:
    office.file()
    office.approve()
    office.pay("guarantor", "S-1")
    with pytest.raises(loans.ReferenceUsed):
        office.pay("fund", "S-1")


def test_after_the_rejection_the_loan_is_free_again(office: Office) -> None:
    office.file()
    rejected = claiming.RejectClaim(claim_no="C-1", ground="misuse_known", reason="the bank knew", value_date=VERIFIED)
    claiming.reject_claim(office.ledger, rejected, office.by("hr_officer", "hr"))
    assert office.ledger.loan("L-1").claim_no is None
    office.file(claim_no="C-2", value_date=VERIFIED)
    withdrawn = claiming.WithdrawClaim(claim_no="C-2", reason="the borrower will pay", value_date=VERIFIED)
    with pytest.raises(refusals.OtherParty):
        claiming.withdraw_claim(office.ledger, withdrawn, office.by("bank_officer", "another_bank"))
    claiming.withdraw_claim(office.ledger, withdrawn, office.by("bank_officer", BANK))
    assert office.claim("C-2").status() == "withdrawn"


def test_who_has_no_part_in_it_is_refused(office: Office) -> None:
    office.file()
    ledger = office.ledger
    verified = claiming.VerifyClaim(claim_no="C-1", value_date=VERIFIED)
    endorsed = claiming.EndorseClaim(claim_no="C-1", office="finance", value_date=VERIFIED)
    share = claiming.ConfirmShare(claim_no="C-1", party="guarantor", value_date=VERIFIED)
    with pytest.raises(NotPermitted):
        claiming.verify_claim(ledger, verified, office.by("bank_officer", BANK))
    with pytest.raises(NotPermitted):
        claiming.endorse_claim(ledger, endorsed, office.by("hr_officer", "hr"))
    with pytest.raises(NotPermitted):
        claiming.confirm_share(ledger, share, office.by("bank_officer", BANK))
    office.approve()
    paying = compensating.PayShare(claim_no="C-1", party="guarantor", bank_reference="x", value_date=PAID)
    with pytest.raises(refusals.OtherParty):
        compensating.pay_share(ledger, paying, office.by("guarantor_officer", "another_company"))
    with pytest.raises(NotPermitted):
        compensating.pay_share(ledger, paying, office.by("bank_officer", BANK))


def test_what_is_not_there_is_named(office: Office, moment: Moment) -> None:
    with pytest.raises(refusals.UnknownClaim):
        office.claim("nowhere")
    office.file()
    with pytest.raises(refusals.ClaimExists):
        office.file()
    with pytest.raises(loans.UnknownLoan):
        office.file("nowhere", "C-2")


def test_a_fund_that_is_not_open_stands_for_nothing(ledger: Ledger, moment: Moment) -> None:
    with pytest.raises(UnknownFund):
        Office(ledger, moment).lend()


def test_a_write_off_is_approved_by_finance(office: Office) -> None:
    office.file()
    office.approve()
    office.pay("guarantor")
    office.pay("fund")
    proposer = office.by("fund_officer", "hr", "fund-7")
    given: dict[str, Any] = {"claim_no": "C-1", "party": "fund", "reason": "court", "evidence": ("e" * 64,)}

    def approved_by(role: str) -> recovering.WriteOffShare:
        approver = Actor(subject="second", role=role, institution="finance", region="rencheng")
        return recovering.WriteOffShare(approved_by=approver, value_date=PAID, **given)

    with pytest.raises(NotPermitted):
        recovering.write_off_share(office.ledger, approved_by("fund_officer"), proposer)
    recovering.write_off_share(office.ledger, approved_by("finance_officer"), proposer)
    assert office.claim().outstanding("fund") == 0


def assets_of(office: Office) -> None:
    """A paid claim on which the fund takes over an asset, sells it for less, and passes the others' parts on."""
    office.file()
    office.approve()
    office.pay("guarantor")
    office.pay("fund")
    office.recover("Z-1", 5_000_007)
    second = Actor(subject="Wu", role="fund_officer", institution="hr", region="rencheng")
    taken: dict[str, Any] = {
        "asset": "shop-1",
        "value_fen": 3_000_000,
        "collected_by": "fund",
        "reason": "ruling",
        "confirmed_by": second,
    }
    over = recovering.TakeOverAsset(claim_no="C-1", evidence=("1" * 64,), value_date=PAID + timedelta(days=5), **taken)
    with pytest.raises(SamePerson):
        recovering.take_over_asset(office.ledger, over, office.by("fund_officer", "hr", "Wu"))
    with pytest.raises(NotPermitted):
        recovering.take_over_asset(office.ledger, over, office.by("guarantor_officer", GUARANTOR))
    recovering.take_over_asset(office.ledger, over, office.by("fund_officer", "hr"))
    with pytest.raises(refusals.AssetKnown):
        recovering.take_over_asset(office.ledger, over, office.by("fund_officer", "hr"))
    sale: dict[str, Any] = {"gross_fen": 2_600_000, "cost_fen": 50_000, "bank": BANK, "bank_reference": "S-1"}
    sold = recovering.SellAsset(claim_no="C-1", asset="shop-1", value_date=PAID + timedelta(days=20), **sale)
    recovering.sell_asset(office.ledger, sold, office.by("fund_officer", "hr"))
    with pytest.raises(refusals.UnknownAsset):
        recovering.sell_asset(office.ledger, sold, office.by("fund_officer", "hr"))
    for party in ("bank", "guarantor"):
        fen = office.claim().held("fund", party)
        remit: dict[str, Any] = {"payee": party, "amount_fen": fen, "bank": BANK, "bank_reference": f"T-{party}"}
        command = recovering.RemitRecovery(claim_no="C-1", party="fund", value_date=PAID + timedelta(days=25), **remit)
        recovering.remit_recovery(office.ledger, command, office.by("fund_officer", "hr"))


def test_every_claim_and_party_stands_in_the_books_at_any_two_times(
    office: Office, engine: Engine, reading: psycopg.Connection[Any]
) -> None:
    """Sub-ledgers of the claim and of each party are what the claim says, as of any day and as known at any position (G1301 among them)."""
    assets_of(office)
    office.lend("L-2", 7_777_777)
    office.file("L-2", "C-2")
    assert engine.catch_up() == {}
    head = log.head(reading)
    days = [FILED, PAID, *(PAID + timedelta(days=after) for after in (4, 5, 19, 20, 25)), None]
    facts = {number: log.stream(reading, Claim.create_id(number)) for number in ("C-1", "C-2")}
    positions = sorted({row.position for told in facts.values() for row in told} | {head})
    for known_at in positions:
        for day in days:
            must_agree(reading, FUND, as_of=day, known_at=known_at)
            for number, told in facts.items():
                claim = replayed([row.fact for row in told if row.position <= known_at])
                books = of_claim(reading, number, day, known_at)
                if claim is None:
                    assert books == {}
                    continue
                on = claim.amounts(day)
                fund = {name: on.get((name, "fund"), 0) for name in ("approved", "paid", "recovered", "written_off")}
                assert books.get(("G1101", None), 0) == fund["approved"] - fund["recovered"] - fund["written_off"]
                assert books.get(("G2001", None), 0) == fund["paid"] - fund["approved"]
                held = sum(asset.value_fen for asset in claim.assets(day) if asset.collected_by == "fund")
                assert books.get(("G1301", None), 0) == held
                for other in ("bank", "guarantor", "borrower"):
                    due = books.get(("G1202", other), 0) + books.get(("G2101", other), 0)
                    assert due == claim.held(other, "fund", day)
    cash = office.ledger.standing("fund_cash", f"{FUND}|{BANK}")
    assert cash[1] == parse_yuan(
        str(ask(reading, projection("fund_position"), Question(where={"fund": FUND})).totals["cash"])
    )
    for name in ("fund_position", "general_ledger", "claim_register", "trial_balance"):
        assert rebuild(reading, projection(name)).equal


def of_claim(reading: psycopg.Connection[Any], claim_no: str, as_of: date | None, known_at: int) -> dict[Any, int]:
    """A claim's accounts by party, in fen, debit less credit."""
    question = Question(where={"claim_no": claim_no}, group_by=("account", "party"), as_of=as_of, known_at=known_at)
    rows = ask(reading, projection("general_ledger"), question).rows
    return {(row["account"], row["party"]): parse_yuan(row["debit"]) - parse_yuan(row["credit"]) for row in rows}
