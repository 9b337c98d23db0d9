"""A claim is decided by several people and paid by each party once; what the borrower does in between is told to it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.compensation import refusals
from domain.compensation.claim import Claim
from domain.compensation.events import ClaimAdjusted, ClaimApproved, ClaimFiled, RecoveryReceived, RecoveryReversed
from domain.errors import DatedInFuture, InvalidInput, SamePerson
from domain.loan import refusals as loans
from domain.loan.loan import Loan
from domain.money import Fen, yuan
from domain.policy.shipped import shipped_editions
from domain.ratio import PartyShare, ShareScheme
from tests.domain.claiming import (
    ADVANCED,
    APPROVED,
    BANKER,
    DUE,
    FILED,
    FILER,
    FUND_ONLY,
    GUARANTOR,
    METHOD,
    OFFICES,
    PACKAGE,
    PAID,
    VERIFIED,
    VERIFIER,
    actor,
    approve,
    bullet,
    file,
    of_covered,
    paid,
    pay,
    recover,
    take_back,
    verify,
    write_off,
)
from tests.domain.lending import NOW, fen, paid_out, pending, refuses, repay, reverse, signed, told_by


def approved(amount: str = "190404.48", **how: Any) -> tuple[Loan, Claim]:
    """A loan without interest, its claim approved, and the loan told of it."""
    loan = bullet(amount, rate="0", **how)
    claim = file(loan)
    verify(claim)
    approve(claim)
    loan.be_released(NOW, covered=claim.covered, value_date=APPROVED)
    return loan, claim


def tell(loan: Loan, claim: Claim, day: date, *, received: bool = True) -> None:
    principal, interest = loan.owed_of(claim.filing.value_date)
    claim.adjust(NOW, principal=principal, interest=interest, value_date=day, received=received)


# Filing.


def test_a_claim_is_filed_with_all_that_a_later_decision_looks_at() -> None:
    loan = bullet()
    claim = file(loan, excluded=777)
    (filed,) = pending(claim)
    assert isinstance(filed, ClaimFiled)
    assert (filed.overdue_since, filed.overdue_days) == (DUE, 91)
    assert (filed.fund, filed.bank, filed.endorsed_by) == ("jining_fund", "jining_rcb", ("hr", "finance", "pboc"))
    assert (filed.principal_fen, filed.interest_fen) == (18_733_337, loan.interest_due(FILED))
    assert (filed.excluded_fen, filed.documents, filed.filed_by) == (777, PACKAGE, "filer")
    assert {"county:rencheng", "bank:jining_rcb", "fund:jining_fund", "guarantor:jining_guarantee"} == set(filed.scopes)
    assert claim.waits_for() == ("verifier",)


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, False), (90, False), (91, True), (400, True)])
def test_more_than_ninety_days(days: int, allowed: bool) -> None:
    loan = bullet()
    if allowed:
        assert file(loan, DUE + timedelta(days=days)).status() == "filed"
    else:
        refused = refuses(loan, refusals.NotOverdueEnough, lambda: file(loan, DUE + timedelta(days=days)))
        assert str(days) in str(refused)


def test_a_part_payment_does_not_begin_the_count_anew_and_a_cure_does() -> None:
    loan = paid_out("120000.00")
    repay(loan, "5000.00", date(2024, 6, 30))
    assert file(loan, date(2024, 7, 5)).filing.overdue_days == 91
    cured = paid_out("120000.00")
    repay(cured, "40000.00", date(2024, 6, 30))
    refuses(cured, refusals.NotOverdueEnough, lambda: file(cured, date(2024, 7, 5)))


def test_a_loan_that_was_paid_up_is_not_claimed_with_hindsight() -> None:
    """R-FUND-9: more than 90 days overdue, and not recovered."""
    loan = paid_out("120000.00")
    repay(loan, "70000.00", date(2024, 7, 20))
    assert loan.overdue(date(2024, 7, 10)).days > 90
    repay(loan, "60000.00", date(2025, 5, 30))
    refuses(loan, refusals.RecoveredSince, lambda: file(loan, date(2024, 7, 10)))


def test_a_claim_stands_on_what_was_overdue_when_it_was_filed_and_is_overdue_still() -> None:
    loan = paid_out("120000.00")
    claim = file(loan, date(2024, 7, 10))
    assert claim.stands_on(loan, METHOD, date(2024, 7, 10))
    repay(loan, "20000.00", date(2024, 7, 11))
    assert claim.stands_on(loan, METHOD, date(2024, 7, 11)), "something is overdue still"
    repay(loan, "25000.00", date(2024, 7, 12))
    assert not claim.stands_on(loan, METHOD, date(2024, 7, 12)), "nothing is overdue any more"
    late = paid_out("120000.00")
    claim = file(late, date(2024, 7, 10))
    repay(late, "11000.00", date(2024, 5, 1))
    assert not claim.stands_on(late, METHOD, date(2024, 7, 10)), "it had not been overdue for so long, as is known now"


def test_who_may_file_and_what_stands_behind_it() -> None:
    loan = bullet()
    other = actor("bank_officer", "x", "another_bank")
    refuses(loan, refusals.OtherParty, lambda: file(loan, actor=other))
    refuses(loan, refusals.DocumentsMissing, lambda: file(loan, documents={"claim_form": "0" * 64}))
    refuses(loan, InvalidInput, lambda: file(loan, excluded=-1))
    refuses(loan, DatedInFuture, lambda: file(loan, date(2026, 7, 1)))
    unguaranteed = paid_out(share_scheme=None)
    refuses(unguaranteed, refusals.NotGuaranteed, lambda: file(unguaranteed, date(2026, 1, 1)))


def test_while_a_claim_stands_the_loan_is_neither_paid_out_nor_charged_off_nor_claimed_again() -> None:
    loan = bullet()
    file(loan)
    refuses(loan, loans.UnderClaim, lambda: loan.disburse(NOW, amount=1, value_date=FILED))
    refuses(loan, loans.UnderClaim, lambda: loan.charge_off(NOW, amount=1, value_date=FILED))
    refuses(loan, loans.UnderClaim, lambda: loan.be_claimed(NOW, claim_no="C-2", value_date=FILED))
    loan.end_claim(NOW, value_date=FILED)
    loan.be_claimed(NOW, claim_no="C-2", value_date=FILED)
    assert loan.claim_no == "C-2"


# Deciding.


def test_no_one_person_decides_two_things() -> None:
    claim = file(bullet())
    refuses(claim, SamePerson, lambda: verify(claim, actor=FILER))
    verify(claim)
    for subject in ("filer", "verifier"):
        two = actor("hr_officer", subject)
        refuses(claim, SamePerson, lambda two=two: claim.endorse(NOW, office="hr", actor=two, value_date=VERIFIED))  # type: ignore[misc]
    claim.confirm(NOW, party="bank", actor=BANKER, value_date=VERIFIED)
    banker = actor("hr_officer", "banker")
    refuses(claim, SamePerson, lambda: claim.endorse(NOW, office="hr", actor=banker, value_date=VERIFIED))
    claim.endorse(NOW, office="hr", actor=OFFICES["hr"], value_date=VERIFIED)
    again = OFFICES["hr"]
    refuses(claim, SamePerson, lambda: claim.endorse(NOW, office="finance", actor=again, value_date=VERIFIED))
    refuses(
        claim,
        refusals.SaidAlready,
        lambda: claim.endorse(NOW, office="hr", actor=actor("hr_officer", "hr-3"), value_date=VERIFIED),
    )
    refuses(
        claim, refusals.NoSuchParty, lambda: claim.endorse(NOW, office="x", actor=OFFICES["pboc"], value_date=VERIFIED)
    )
    refuses(
        claim, refusals.OtherParty, lambda: claim.confirm(NOW, party="guarantor", actor=BANKER, value_date=VERIFIED)
    )
    assert claim.waits_for() == ("guarantor", "finance", "pboc")
    both = actor("guarantor_officer", "banker", "jining_guarantee")
    refuses(claim, SamePerson, lambda: claim.confirm(NOW, party="guarantor", actor=both, value_date=VERIFIED))


def test_whoever_handed_in_or_disputed_decides_nothing_else() -> None:
    claim = file(bullet())
    claim.return_materials(NOW, missing=["dunning"], actor=VERIFIER, value_date=FILED)
    colleague = actor("bank_officer", "colleague", "jining_rcb")
    claim.resubmit(NOW, documents=PACKAGE, actor=colleague, value_date=FILED)
    handed_in = actor("operator", "colleague")
    refuses(claim, SamePerson, lambda: verify(claim, actor=handed_in))
    verify(claim)
    doubter = actor("guarantor_officer", "doubter", "jining_guarantee")
    claim.dispute(NOW, party="guarantor", reason="dunned late", actor=doubter, value_date=VERIFIED)
    said: dict[str, Any] = {"outcome": "dismissed", "reason": "it was not", "value_date": VERIFIED}
    for subject in ("filer", "colleague", "doubter"):
        who = actor("operator", subject)
        refuses(claim, SamePerson, lambda who=who: claim.settle_dispute(NOW, actor=who, **said))  # type: ignore[misc]
    claim.settle_dispute(NOW, actor=actor("fund_officer", "settler"), **said)
    for subject in ("colleague", "doubter", "settler"):
        who = actor("finance_officer", subject)
        refuses(claim, SamePerson, lambda who=who: claim.endorse(NOW, office="finance", actor=who, value_date=VERIFIED))  # type: ignore[misc]


def test_the_last_word_approves_whoever_says_it() -> None:
    for last in ("bank", "guarantor", "hr", "finance", "pboc"):
        claim = file(bullet())
        verify(claim)
        words = ["guarantor", "pboc", "bank", "hr", "finance"]
        words.append(words.pop(words.index(last)))
        for word in words:
            assert claim.status() == "verified"
            if word in OFFICES:
                claim.endorse(NOW, office=word, actor=OFFICES[word], value_date=APPROVED)
            else:
                claim.confirm(
                    NOW, party=word, actor={"bank": BANKER, "guarantor": GUARANTOR}[word], value_date=APPROVED
                )
        assert told_by(claim)[-1] == ("claim.approved", APPROVED)
        (approval,) = claim.facts_of(ClaimApproved)
        assert sum(share.fen for share in approval.shares) == approval.covered_fen == claim.covered


def test_what_was_said_of_another_amount_is_said_again() -> None:
    claim = file(bullet())
    verify(claim)
    claim.confirm(NOW, party="bank", actor=BANKER, value_date=VERIFIED)
    claim.endorse(NOW, office="hr", actor=OFFICES["hr"], value_date=VERIFIED)
    claim.dispute(NOW, party="guarantor", reason="late dunning", actor=GUARANTOR, value_date=VERIFIED)
    refuses(
        claim,
        refusals.ClaimStepOutOfOrder,
        lambda: claim.endorse(NOW, office="pboc", actor=OFFICES["pboc"], value_date=VERIFIED),
    )
    claim.settle_dispute(NOW, outcome="upheld", reason="so it is", actor=VERIFIER, value_date=VERIFIED)
    verify(claim, principal=10_000_000)
    assert claim.waits_for() == ("bank", "guarantor", "hr", "finance", "pboc")
    approve(claim)
    assert claim.covered == 10_000_000 + claim.filing.interest_fen


def test_a_dismissed_dispute_leaves_what_was_said() -> None:
    claim = file(bullet())
    verify(claim)
    claim.confirm(NOW, party="bank", actor=BANKER, value_date=VERIFIED)
    claim.dispute(NOW, party="guarantor", reason="late dunning", actor=GUARANTOR, value_date=VERIFIED)
    claim.settle_dispute(NOW, outcome="dismissed", reason="it was in time", actor=VERIFIER, value_date=VERIFIED)
    assert claim.waits_for() == ("guarantor", "hr", "finance", "pboc")


def test_every_fen_that_is_not_honoured_has_a_reason_and_nothing_is_honoured_at_nothing() -> None:
    claim = file(bullet("100.00", rate="0"))
    refuses(claim, refusals.MoreThanClaimed, lambda: verify(claim, principal=9_000, deductions=()))
    refuses(claim, refusals.MoreThanClaimed, lambda: verify(claim, principal=10_001, interest=0))
    refuses(claim, refusals.NothingHonoured, lambda: verify(claim, principal=0))
    verify(claim, principal=9_000)
    assert (claim.covered, claim.uncovered) == (9_000, 1_000)


# What the borrower does in between.


def test_a_repayment_before_any_payment_lowers_the_claim_and_one_taken_back_raises_it_again() -> None:
    loan, claim = approved()
    version = repay(loan, "90404.48", APPROVED)
    tell(loan, claim, APPROVED)
    assert yuan(claim.covered) == "100000.00"
    assert claim.state()["paid"]["bank"] == "30000.00"
    reverse(loan, version, PAID)
    tell(loan, claim, PAID)
    assert claim.state()["paid"]["bank"] == "57121.35"
    changed = [sum(part.fen for part in fact.share_changes) for fact in claim.facts_of(ClaimAdjusted)]
    assert changed == [-9_040_448, 9_040_448]
    assert loan.state()["balances"]["exposure:fund"] == "0.00"


def test_all_repaid_lapses_the_claim_and_a_returned_cheque_brings_the_guarantee_back() -> None:
    loan, claim = approved()
    version = repay(loan, "190404.48", APPROVED)
    tell(loan, claim, APPROVED)
    loan.end_claim(NOW, value_date=APPROVED)
    assert (claim.status(), claim.waits_for(), loan.status(), loan.claim_no) == ("lapsed", (), "settled", None)
    assert not any(claim.amounts().values())
    reverse(loan, version, PAID)
    assert loan.state()["balances"]["exposure:fund"] == "17136.40"


def test_once_a_share_is_paid_less_owed_is_refused_and_more_is_the_bank_s() -> None:
    loan, claim = approved()
    before = repay(loan, "0.48", APPROVED)
    tell(loan, claim, APPROVED)
    pay(claim, "fund")
    repay(loan, "4.00", PAID)
    refuses(claim, refusals.SharesArePaid, lambda: tell(loan, claim, PAID))
    reverse(loan, before, PAID)
    reverse(loan, loan.version - 1, PAID)
    tell(loan, claim, PAID, received=False)
    assert yuan(claim.covered) == "190404.00"


def test_a_loan_that_was_taken_over_takes_no_repayment() -> None:
    loan, claim = approved()
    paid(claim)
    assert told_by(claim)[-1] == ("claim.subrogated", PAID)
    loan.be_taken_over(NOW, interest=0, value_date=PAID)
    assert (loan.status(), loan.outstanding, loan.status(APPROVED)) == ("taken_over", 0, "active")
    refused = refuses(loan, loans.IsTakenOver, lambda: repay(loan, "1.00", PAID))
    assert "recovery of claim C-1" in str(refused)


def test_covered_interest_is_taken_over_with_the_principal() -> None:
    loan = bullet()
    claim = file(loan)
    verify(claim)
    approve(claim)
    loan.be_released(NOW, covered=claim.covered, value_date=APPROVED)
    paid(claim)
    accrued = loan.interest_due(PAID)
    loan.be_taken_over(NOW, interest=claim.honoured[1], value_date=PAID)
    assert loan.outstanding == 0
    assert loan.interest_due(PAID) == accrued - claim.filing.interest_fen


# Paying.


def test_each_pays_the_bank_once_in_any_order() -> None:
    _, claim = approved()
    refuses(claim, refusals.NothingToPay, lambda: pay(claim, "bank"))
    pay(claim, "guarantor")
    refuses(claim, refusals.PaidAlready, lambda: pay(claim, "guarantor"))
    assert (claim.status(), claim.waits_for()) == ("approved", ("fund",))
    pay(claim, "fund")
    assert claim.status() == "paid"
    assert claim.state()["paid"] == {"fund": "17136.40", "bank": "57121.35", "guarantor": "116146.73"}


def test_payments_may_arrive_out_of_order_but_none_before_the_approval() -> None:
    _, claim = approved()
    refuses(claim, refusals.ClaimStepTooEarly, lambda: pay(claim, "fund", APPROVED - timedelta(days=1)))
    pay(claim, "fund", PAID)
    pay(claim, "guarantor", APPROVED)
    assert told_by(claim)[-1] == ("claim.subrogated", PAID)


def test_what_was_advanced_is_refunded_and_counted_once() -> None:
    _, claim = approved(scheme=ADVANCED)
    refuses(claim, refusals.NotAdvancedYet, lambda: pay(claim, "fund"))
    pay(claim, "guarantor")
    assert claim.state()["paid"] == {"fund": "0.00", "bank": "57121.35", "guarantor": "133283.13"}
    pay(claim, "fund")
    assert claim.state()["paid"] == {"fund": "17136.40", "bank": "57121.35", "guarantor": "116146.73"}


def test_a_fund_alone_with_the_bank() -> None:
    _, claim = approved("100.01", scheme=FUND_ONLY)
    assert claim.confirmers == ("bank",)
    assert [(p.party, p.payee, p.fen) for p in claim.payments_due()] == [("fund", "bank", 8001)]
    pay(claim, "fund")
    assert claim.state()["paid"] == {"fund": "80.01", "bank": "20.00"}


def test_a_claim_of_one_fen_is_paid_by_whom_it_falls_to() -> None:
    _, claim = approved("0.01")
    assert [(p.party, p.fen) for p in claim.payments_due()] == [("guarantor", 1)]
    pay(claim, "guarantor")
    recover(claim, 3)
    state = claim.state()
    assert (state["recovered"], state["refundable"]) == ({"fund": "0.00", "bank": "0.00", "guarantor": "0.01"}, "0.02")


def test_a_claim_on_nothing_that_history_recorded_has_nothing_to_recover() -> None:
    claim = Claim.of_charge_off(paid_out("1.00"), "C-0", 0, PAID, NOW)
    recover(claim, 5)
    assert (claim.state()["refundable"], set(claim.state()["recovered"].values())) == ("0.05", {"0.00"})


def test_nothing_is_recovered_or_written_off_before_all_is_paid() -> None:
    _, claim = approved()
    refuses(claim, refusals.ClaimStepOutOfOrder, lambda: recover(claim, 1))
    refuses(claim, refusals.ClaimStepOutOfOrder, lambda: write_off(claim, "bank", 1))
    paid(claim)
    refuses(claim, InvalidInput, lambda: recover(claim, 1, day=APPROVED - timedelta(days=1)))
    refuses(claim, InvalidInput, lambda: recover(claim, 1, day=APPROVED))
    recover(claim, 1, day=PAID)


# Recovering.


def test_money_is_passed_on_when_it_has_come() -> None:
    claim = of_covered("1000.00")
    recover(claim, 10_000, day=PAID + timedelta(days=9))
    said: dict[str, Any] = {"party": "guarantor", "payee": "fund", "bank": "b", "bank_reference": "b|1"}
    early = PAID + timedelta(days=8)
    refuses(claim, refusals.MoreThanDue, lambda: claim.remit(NOW, amount=1, value_date=early, **said))
    claim.remit(NOW, amount=900, value_date=PAID + timedelta(days=9), **said)


@settings(deadline=None)
@given(
    covered=st.sampled_from((29, 100, 19_040_448)) | st.integers(1, 10_000_000),
    steps=st.lists(st.tuples(st.integers(1, 12_000_000), st.booleans()), max_size=6),
    net=st.integers(1, 20_000_000),
)
def test_a_recovery_taken_back_was_never_there(covered: Fen, steps: list[tuple[Fen, bool]], net: Fen) -> None:
    claim = of_covered(yuan(covered))
    for amount, given_up in steps:
        if given_up and (out := claim.outstanding("guarantor")):
            write_off(claim, "guarantor", min(out, amount))
        else:
            recover(claim, amount)
    before = {key: fen for key, fen in claim.amounts().items() if fen}
    held = [claim.held("guarantor", payee) for payee in (*claim.parties, "borrower")]
    version = recover(claim, net + 100, 100)
    take_back(claim, version)
    assert {key: fen for key, fen in claim.amounts().items() if fen} == before
    assert [claim.held("guarantor", payee) for payee in (*claim.parties, "borrower")] == held
    mirrored, there = claim.facts_of(RecoveryReversed)[-1], claim.facts_of(RecoveryReceived)[-1]
    assert [part.fen for part in mirrored.shares] == [-part.fen for part in there.shares]


def test_the_worked_example_to_its_last_fen() -> None:
    claim = of_covered("190404.48")
    recover(claim, fen("51260.07"), fen("1260.00"))
    recover(claim, fen("12345.29"))
    assert claim.state()["outstanding"] == {"fund": "11525.32", "bank": "38417.74", "guarantor": "78116.06"}
    write_off(claim, "fund")
    recover(claim, fen("1000.01"))
    state = claim.state()
    assert (state["written_off"]["fund"], state["recovered_after_write_off"]["fund"]) == ("11525.32", "90.00")
    assert state["outstanding"]["fund"] == "0.00"
    cash = fen("5000000.00") - fen("17136.40") + fen("5611.08") + fen("90.00")
    assert yuan(cash) == "4988564.68"


def test_twenty_four_months_drift_from_nobody() -> None:
    claim = of_covered("190404.48")
    for _ in range(24):
        recover(claim, 33_333)
    assert claim.state()["recovered"] == {"fund": "719.99", "bank": "2399.98", "guarantor": "4879.95"}


def test_a_write_off_in_part_leaves_the_rest_to_be_met_first() -> None:
    claim = of_covered("100.00")
    write_off(claim, "fund", 400)
    recover(claim, 6_000)
    state = claim.state()
    assert (state["outstanding"]["fund"], state["recovered_after_write_off"]["fund"]) == ("0.00", "0.40")
    refuses(claim, refusals.MoreThanOutstanding, lambda: write_off(claim, "fund", 1))
    refuses(claim, refusals.WriteOffEvidenceMissing, lambda: write_off(claim, "bank", 1, evidence=()))
    refuses(claim, SamePerson, lambda: write_off(claim, "bank", 1, approved_by=BANKER))


def test_what_was_passed_on_is_owed_back_after_a_reversal() -> None:
    claim = of_covered("190404.48")
    version = recover(claim, fen("50000.07"))
    given_on: dict[str, Any] = {"bank": "b", "bank_reference": "b|1", "value_date": PAID}
    too_much: dict[str, Any] = {"party": "guarantor", "payee": "fund", "amount": 450_002, **given_on}
    refuses(claim, refusals.MoreThanDue, lambda: claim.remit(NOW, **too_much))
    claim.remit(NOW, party="guarantor", payee="fund", amount=450_001, **given_on)
    take_back(claim, version)
    refuses(claim, refusals.RecoveryReversedAlready, lambda: take_back(claim, version))
    refuses(claim, refusals.UnknownRecovery, lambda: take_back(claim, 1))
    assert (claim.held("fund", "guarantor"), claim.held("guarantor", "fund")) == (450_001, -450_001)
    claim.remit(NOW, party="fund", payee="guarantor", amount=450_001, **given_on)
    assert claim.held("fund", "guarantor") == 0


def test_a_claim_that_history_recorded_takes_no_steps_of_the_process() -> None:
    claim = Claim.of_charge_off(paid_out("100.00"), "C-9", 10_000, PAID, NOW)
    refuses(claim, refusals.ClaimStepOutOfOrder, lambda: verify(claim))
    refuses(claim, refusals.PaidAlready, lambda: pay(claim, "fund"))
    write_off(claim, "fund")
    assert claim.state()["written_off"]["fund"] == "9.00"


def test_steps_are_in_order_of_their_days() -> None:
    claim = file(bullet())
    refuses(claim, refusals.ClaimStepTooEarly, lambda: verify(claim, FILED - timedelta(days=1)))


def test_a_claim_needs_a_fund_to_be_filed_with() -> None:
    parties = (PartyShare(party="sba", institution="sba", weight=80), PartyShare(party="bank", weight=20))
    loan = signed(share_scheme=ShareScheme(name="sba", parties=parties, tie_order=("bank", "sba")))
    refuses(loan, refusals.NoFundBehind, lambda: file(loan))


def test_what_stands_behind_the_guarantee_company_is_worked_out_of_its_share() -> None:
    """再担保 as data of the scheme: 40 % and 20 % of the 61 %, of what it bears and of what it gets back."""
    shipped_scheme = next(e for e in shipped_editions() if e.edition == "jining_2024").schemes[0]
    said = {"guarantor": {"shandong_reguarantee": 40, "national_fund": 20}}
    rule = type(shipped_scheme).model_validate({**shipped_scheme.model_dump(), "behind": said})
    scheme = rule.pinned(fund="jining_fund", bank="jining_rcb", guarantor="jining_guarantee")
    claim = file(bullet(scheme=scheme, rate="0"))
    verify(claim)
    approve(claim)
    paid(claim)
    recover(claim, 5_000_007, 0, PAID)
    state = claim.state()
    assert (claim.amounts()["approved", "guarantor"], state["recovered"]["guarantor"]) == (11_427_336, "30500.04")
    assert state["behind"] == {
        "guarantor": {
            "shandong_reguarantee": {"share": "45709.35", "recovered": "12200.02"},
            "national_fund": {"share": "22854.67", "recovered": "6100.01"},
        }
    }
    for wrong in ({"nobody": {"a": 1}}, {"guarantor": {"a": 60, "b": 41}}):
        with pytest.raises(ValueError, match="behind names parties"):
            type(shipped_scheme).model_validate({**shipped_scheme.model_dump(), "behind": wrong})
