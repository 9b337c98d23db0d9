"""The fund's room under concurrency, and its rows, which are what the facts say."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from domain.actor import LOCAL_OPERATOR, Actor
from domain.errors import NotPermitted, Refusal, SamePerson
from domain.facts import Moment
from domain.guarantee_fund.fund import GuaranteeFund
from domain.guarantee_fund.method import MethodUnreadable, read_method, shipped_method
from domain.guarantee_fund.refusals import (
    CashShort,
    FundCapacityExceeded,
    FundDatedEarlier,
    FundExists,
    GuaranteesAreSuspended,
    LevelShort,
    NothingToResume,
    UnknownFund,
)
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms
from domain.money import Fen
from domain.ratio import zheng_yin_dan
from ledger import funding
from ledger.context import CommandContext
from ledger.contracting import SignContract, sign_contract
from ledger.disbursing import Disburse, disburse
from ledger.guards import total_moves
from ledger.ledger import Ledger, Receipt
from ledger.repaying import RecordRepayment, ReverseRepayment, record_repayment, reverse_repayment
from projections import log
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import ALL, Question, ask, projection
from projections.rebuilding import rebuild
from tests.conftest import as_role
from tests.funds import OPENED, open_with_capital
from tests.ledger.writing import open_ledger

FUND, DAY = "jining_guarantee_fund", date(2025, 3, 3)
TERMS = RepaymentTerms(annual_rate=Decimal("0.0395"), instalments=1, every=12, method="bullet")


def by(moment: Moment, role: str = "finance_officer", subject: str = "Li") -> CommandContext:
    return CommandContext(Actor(subject=subject, role=role, institution="finance", region="370800"), moment)


def contract(
    number: int, amount: Fen, bank: str = "jining_rcb", county: str = "370811", fund: str = FUND
) -> SignContract:
    return SignContract(
        loan_no=f"L-{number}",
        borrower=UUID(int=7),
        bank=bank,
        county=county,
        product="plain",
        approved_fen=amount,
        guaranteed_fen=amount * 70 // 100,
        terms=TERMS,
        rate_basis=RateBasis(lpr_published_on=date(2024, 2, 20), lpr=Decimal("0.0345"), margin_bp=50),
        policy=PolicyPin(edition="jining_2024", digest="0" * 64),
        share_scheme=zheng_yin_dan(fund, bank, "guarantor"),
        value_date=DAY,
    )


def signed(ledger: Ledger, moment: Moment, command: SignContract) -> Receipt | None:
    return sign_contract(ledger, command, by(moment, "bank_officer"))


def test_of_many_at_once_exactly_those_get_a_guarantee_that_fit(ledger: Ledger, database: str, moment: Moment) -> None:
    open_with_capital(ledger, moment, FUND, 1_000_000)  # room for 100,000.00: three and no more of 27,000.00
    together = Barrier(8)

    def sign(number: int) -> str:
        together.wait()
        try:
            signed(ledger, moment, contract(number, 30_000_000))
        except FundCapacityExceeded as refusal:
            assert "19000.00 left" in refusal.message("en")
            return "refused"
        return "signed"

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(sign, range(8)))
    assert answers == {"signed": 3, "refused": 5}
    assert _totals(database)["fund_capacity", FUND] == (8_100_000, 1_000_000)


def test_a_suspension_and_a_guarantee_at_once_leave_no_guarantee_behind_the_suspension(
    ledger: Ledger, database: str, moment: Moment
) -> None:
    open_with_capital(ledger, moment, FUND)
    together = Barrier(5)

    def sign(number: int) -> None:
        together.wait()
        with suppress(GuaranteesAreSuspended):
            signed(ledger, moment, contract(number, 30_000_000))

    def suspend() -> None:
        together.wait()
        funding.suspend_guarantees(ledger, _stop("bank", "jining_rcb"), by(moment))

    with ThreadPoolExecutor(5) as threads:
        done = [threads.submit(sign, number) for number in range(4)] + [threads.submit(suspend)]
        for one in done:
            one.result()
    with connect(as_role(database, "projector")) as reading:
        topics = [fact.topic for fact in log.everything(reading)]
    stopped = topics.index("fund.guarantees_suspended")
    assert "loan.contract_signed" not in topics[stopped:]


@pytest.mark.parametrize(("scope", "code"), [("bank", "jining_rcb"), ("county", "370811"), ("all", None)])
def test_a_suspension_stops_what_it_names_until_it_is_resumed(
    ledger: Ledger, moment: Moment, scope: str, code: str | None
) -> None:
    open_with_capital(ledger, moment, FUND)
    funding.suspend_guarantees(ledger, _stop(scope, code), by(moment))
    assert funding.suspend_guarantees(ledger, _stop(scope, code), by(moment)) is None, "once is enough"
    with pytest.raises(GuaranteesAreSuspended, match=code or "all"):
        signed(ledger, moment, contract(1, 30_000_000))
    if scope != "all":
        assert signed(ledger, moment, contract(2, 30_000_000, "jining_bank", "370812"))
    again = funding.ResumeGuarantees.model_validate(_stop(scope, code).model_dump())
    funding.resume_guarantees(ledger, again, by(moment))
    with pytest.raises(NothingToResume):
        funding.resume_guarantees(ledger, again, by(moment))
    assert signed(ledger, moment, contract(1, 30_000_000))


def test_a_multiplier_that_changes_counts_the_whole_base(ledger: Ledger, database: str, moment: Moment) -> None:
    open_with_capital(ledger, moment, FUND, 1_000_000)
    smaller = shipped_method().replace("multiplier = 10", "multiplier = 3")
    funding.adopt_method(ledger, funding.AdoptMethod(fund=FUND, method=smaller, value_date=DAY), by(moment))
    with pytest.raises(FundCapacityExceeded, match=r"30000\.00 left"):
        signed(ledger, moment, contract(1, 33_333_400))
    assert signed(ledger, moment, contract(1, 33_333_300))
    assert ledger.fund(FUND).standing == "warned"


@pytest.mark.parametrize("by_batch", [False, True])
def test_a_breach_that_was_established_elsewhere_is_ended_here(
    ledger: Ledger, database: str, moment: Moment, by_batch: bool
) -> None:
    """Room for 100,000.00; 94,500.00 of it is used, 112,500.00 when a cheque comes back, 94,500.00 when it is made good."""
    open_with_capital(ledger, moment, FUND, 1_000_000)
    signed(ledger, moment, contract(1, 100_000_000))
    payout = Disburse(loan_no="L-1", amount_fen=100_000_000, value_date=DAY, bank_reference="D-1")
    disburse(ledger, payout, by(moment, "bank_officer"))
    for number in (1, 2):
        said = {"loan_no": "L-1", "amount_fen": 20_000_000, "value_date": DAY, "bank_reference": f"R-{number}"}
        record_repayment(ledger, RecordRepayment.model_validate(said), by(moment, "bank_officer"))
        if number == 1:
            signed(ledger, moment, contract(2, 25_000_000))
            assert ledger.fund(FUND).standing == "warned", "as it is kept here from now on"
            with open_ledger(database) as other, ledger.together() if by_batch else nullcontext():
                writer = ledger if by_batch else other
                confirmed = Actor(subject="Wu", role="bank_supervisor", institution="jining_rcb", region="370811")
                taken_back = {
                    "loan_no": "L-1",
                    "version": 3,
                    "value_date": DAY,
                    "reason": "returned",
                    "evidence": ["0" * 64],
                    "confirmed_by": confirmed,
                }
                reverse_repayment(writer, ReverseRepayment.model_validate(taken_back), by(moment, "bank_officer"))
                assert writer.fund(FUND).standing == "breached"
    with open_ledger(database) as fresh:
        assert fresh.fund(FUND).standing == "warned"


def test_money_leaves_only_from_an_account_that_has_it(ledger: Ledger, moment: Moment) -> None:
    open_with_capital(ledger, moment, FUND)
    given = {"fund": FUND, "amount_fen": 100, "bank": "other_bank", "bank_reference": "W1", "value_date": DAY}
    command = funding.WithdrawCapital.model_validate({**given, "level": "city", "confirmed_by": "Wang"})
    with pytest.raises(CashShort, match=r"0\.00 in its account at bank other_bank"):
        funding.withdraw_capital(ledger, command, by(moment))
    with pytest.raises(SamePerson):
        funding.withdraw_capital(ledger, command.model_copy(update={"confirmed_by": "Li"}), by(moment))


def test_nothing_of_a_fund_is_dated_before_it_was_opened_nor_an_end_before_its_beginning(
    ledger: Ledger, moment: Moment
) -> None:
    open_with_capital(ledger, moment, FUND)
    early = OPENED - timedelta(days=1)
    given = {"fund": FUND, "amount_fen": 100, "bank": "jining_rcb", "bank_reference": "W1", "value_date": early}
    withdrawal = funding.WithdrawCapital.model_validate({**given, "level": "city", "confirmed_by": "Wang"})
    with pytest.raises(LevelShort):
        funding.withdraw_capital(ledger, withdrawal, by(moment))
    with pytest.raises(FundDatedEarlier):
        funding.inject_capital(ledger, funding.InjectCapital.model_validate({**given, "level": "city"}), by(moment))
    stop = _stop("all", None).model_copy(update={"value_date": DAY})
    funding.suspend_guarantees(ledger, stop, by(moment))
    with pytest.raises(FundDatedEarlier):
        resumed = stop.model_dump() | {"value_date": stop.value_date - timedelta(days=1)}
        funding.resume_guarantees(ledger, funding.ResumeGuarantees.model_validate(resumed), by(moment))
    smaller, larger = (shipped_method().replace("multiplier = 10", f"multiplier = {times}") for times in (5, 20))
    funding.adopt_method(ledger, funding.AdoptMethod(fund=FUND, method=smaller, value_date=DAY), by(moment))
    with pytest.raises(FundDatedEarlier):
        command = funding.AdoptMethod(fund=FUND, method=larger, value_date=DAY - timedelta(days=1))
        funding.adopt_method(ledger, command, by(moment))
    then, now = ledger.fund(FUND).state(OPENED), ledger.fund(FUND).state()
    assert (then["multiplier"], then["suspended"], then["capital"]) == (10, [], {"city": "5000000.00"})
    assert (now["multiplier"], now["suspended"]) == (5, ["all"])


def test_an_order_takes_the_place_of_the_figures_and_is_not_lifted_by_them(ledger: Ledger, moment: Moment) -> None:
    open_with_capital(ledger, moment, FUND)

    def watch(compensated: int, balance: int) -> list[str]:
        def figures(fund: GuaranteeFund, today: date) -> list[funding.Claimed]:
            return [funding.Claimed("bank", "jining_rcb", compensated, balance, since=today)]

        funding.watch_fund(ledger, figures, funding.WatchFund(fund=FUND), by(moment, "fund_officer"))
        suspended: list[str] = ledger.fund(FUND).state()["suspended"]
        return suspended

    assert watch(20, 100) == ["bank jining_rcb"]
    assert watch(0, 0) == [], "nothing was paid, nothing stops"
    assert watch(1, 0) == ["bank jining_rcb"]
    assert funding.suspend_guarantees(ledger, _stop("bank", "jining_rcb"), by(moment)) is not None
    assert watch(0, 100) == ["bank jining_rcb"], "whoever ordered it ends it"
    with pytest.raises(GuaranteesAreSuspended):
        signed(ledger, moment, contract(1, 100))
    again = funding.ResumeGuarantees.model_validate(
        _stop("bank", "jining_rcb").model_dump() | {"value_date": moment.today}
    )
    funding.resume_guarantees(ledger, again, by(moment))
    assert signed(ledger, moment, contract(1, 100)), "the guard counts one suspension, not two"


def test_what_is_refused(ledger: Ledger, moment: Moment) -> None:
    with pytest.raises(UnknownFund, match="fund open"):
        signed(ledger, moment, contract(1, 100))
    open_with_capital(ledger, moment, FUND)
    with pytest.raises(FundExists):
        open_with_capital(ledger, moment, FUND)
    with pytest.raises(NotPermitted):
        funding.suspend_guarantees(ledger, _stop("all", None), by(moment, "clerk"))
    with pytest.raises(Refusal, match="code"):
        funding.suspend_guarantees(ledger, _stop("bank", None), by(moment))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("not toml at all =", "the file"),
        (shipped_method().replace("multiplier = 10", "multiplier = 0"), "capacity.multiplier"),
        (shipped_method().replace("stop_percent = 20", "stop_percent = 5"), "stop"),
        (shipped_method().replace('confidence = "mem"', 'confidence = "sure"'), "capacity.confidence"),
        (shipped_method() + '\ntext = "x"', "claims.text"),
        ('text = "x"\n' + shipped_method(), "text"),
    ],
)
def test_a_method_that_cannot_be_read_names_the_key(text: str, key: str) -> None:
    with pytest.raises(MethodUnreadable, match=key):
        read_method(text)


def test_the_position_is_the_facts_summed_and_the_guard_rows_are_what_they_say(
    ledger: Ledger, database: str, moment: Moment
) -> None:
    _a_life(ledger, moment)
    reader = as_role(database, "projector")
    with Engine(reader, ALL) as engine, connect(reader) as connection:
        assert engine.catch_up() == {}
        lines = ask(connection, projection("fund_position"), Question(where={"fund": FUND})).totals
        assert lines["reserved"] == _plain(database, "reserved")
        assert lines["exposure"] == _plain(database, "exposure")
        assert lines["capital"] == "5000000.00"
        told = log.everything(connection)
        facts = [recorded.fact.model_copy(update={"scopes": recorded.scopes}) for recorded in told]
        assert rebuild(connection, projection("fund_position")).equal
    moves = Counter[tuple[str, str]]()
    capacities = Counter[tuple[str, str]]()
    for move in total_moves(facts):
        moves[move.guard, move.key] += move.used
        capacities[move.guard, move.key] += move.capacity
    kept = {key: row for key, row in _totals(database).items() if any(row)}
    assert kept == {key: (moves[key], capacities[key]) for key in kept}
    assert kept["fund_capacity", FUND][0] == int((Decimal(lines["reserved"]) + Decimal(lines["exposure"])) * 100)


def _a_life(ledger: Ledger, moment: Moment) -> None:
    open_with_capital(ledger, moment, FUND)
    bank = by(moment, "bank_officer")
    for number, amount in ((1, 30_000_000), (2, 18_733_337), (3, 101)):
        signed(ledger, moment, contract(number, amount))
        if number < 3:
            order = Disburse(
                loan_no=f"L-{number}", amount_fen=amount // number, value_date=DAY, bank_reference=f"D{number}"
            )
            disburse(ledger, order, by(moment, "bank_officer"))
    paid = RecordRepayment(loan_no="L-1", amount_fen=11_266_663, value_date=DAY, bank_reference="R1")
    record_repayment(ledger, paid, bank)
    reversal = ReverseRepayment(
        loan_no="L-1",
        version=ledger.loan("L-1").version,
        value_date=DAY,
        reason="returned",
        evidence=("0" * 64,),
        confirmed_by=LOCAL_OPERATOR,
    )
    reverse_repayment(ledger, reversal, by(moment, "bank_officer"))


def _stop(scope: str, code: str | None) -> funding.SuspendGuarantees:
    said = {"fund": FUND, "scope": scope, "code": code, "reason": "too many claims", "value_date": OPENED}
    return funding.SuspendGuarantees.model_validate(said)


def _totals(database: str) -> dict[tuple[str, str], tuple[int, int]]:
    with psycopg.connect(database) as owner:
        rows = owner.execute("SELECT guard, key, used, capacity FROM ledger.guard_total").fetchall()
    return {(guard, key): (used, capacity) for guard, key, used, capacity in rows}


def _plain(database: str, balance: str) -> str:
    """The dated changes of one balance, summed by plain SQL over the auditor's readable log."""
    statement = (
        "SELECT coalesce(sum((c ->> 'fen')::bigint), 0) FROM ledger.stored_events e,"
        " jsonb_array_elements(convert_from(e.state, 'UTF8')::jsonb -> 'changes') c"
        " WHERE c ->> 'party' = 'fund' AND c ->> 'balance' = %s"
    )
    with psycopg.connect(database) as owner:
        row = owner.execute(statement, (balance,)).fetchone()
        held = owner.execute(
            "SELECT coalesce(sum((convert_from(state, 'UTF8')::jsonb ->> 'reserved_fen')::bigint), 0) FROM ledger.stored_events"
            " WHERE topic = 'loan.contract_signed'"
        ).fetchone()
    assert row is not None
    assert held is not None
    fen = int(row[0]) + (int(held[0]) if balance == "reserved" else 0)
    return f"{fen // 100}.{fen % 100:02d}"
