"""Steps of claims 风险补偿: filed, verified, confirmed, endorsed, paid, recovered, written off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from pytest_bdd import given, then, when

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.events import RecoveryReceived, SharePaid
from domain.guarantee_fund.fund import GuaranteeFund
from domain.guarantee_fund.method import read_method, shipped_method
from domain.loan.terms import RepaymentTerms
from domain.money import Fen, parse_yuan
from domain.ratio import zheng_yin_dan
from ledger import claiming, compensating, recovering
from ledger.context import CommandContext
from tests.steps.lending import YEAR, lend
from tests.steps.office import FUND, GUARANTOR, Office
from tests.steps.words import PARTIES, as_rows, in_people_s_notation, shown, step

PACKAGE = {material.code: f"{n:064x}" for n, material in enumerate(read_method(shipped_method()).claims.package)}
PAID_OUT, FILED, VERIFIED = date(2024, 3, 5), date(2025, 6, 4), date(2025, 6, 9)
CONFIRMED, APPROVED, PAID = date(2025, 6, 10), date(2025, 6, 11), date(2025, 6, 20)
FREE: RepaymentTerms = YEAR.model_copy(update={"annual_rate": Decimal(0)})
OFFICES = ("hr", "finance", "pboc")
NAMES = {party: name for name, party in PARTIES.items()}


@given(step("the guarantee fund is open"))
def the_fund(office: Office) -> None:
    assert isinstance(office.ledger.fund(FUND), GuaranteeFund)


# Filing and deciding.


@when(step("the bank files a claim on {day:day}"))
def file(office: Office, day: date, claim_no: str | None = None, **more: Any) -> None:
    given = {"loan_no": office.loan_no, "claim_no": claim_no or office.claim_no, "documents": PACKAGE, **more}
    _bank(office, claiming.file_claim, claiming.FileClaim, day, **given)


@given(step("the bank filed a claim on {day:day}"))
def filed(office: Office, day: date) -> None:
    file(office, day)
    office.recorded()


@when(step("the bank files another claim on {day:day}"))
def file_another(office: Office, day: date) -> None:
    file(office, day, claim_no=f"{office.loan_no}-2")


@when(step("the bank files a claim on {day:day} without the proof of dunning"))
def file_without(office: Office, day: date) -> None:
    file(office, day, documents={code: digest for code, digest in PACKAGE.items() if code != "dunning"})


@given(step("the materials were returned on {day:day} for the proof of dunning"))
def returned(office: Office, day: date) -> None:
    _claim(
        office, claiming.return_materials, claiming.ReturnMaterials, _officer(office, "hr"), day, missing=("dunning",)
    )
    office.recorded()


@given(step("the bank handed in the proof of dunning on {day:day}"))
def resubmitted(office: Office, day: date) -> None:
    documents = {"dunning": "d" * 64}
    _bank(office, claiming.resubmit_claim, claiming.ResubmitClaim, day, claim_no=office.claim_no, documents=documents)
    office.recorded()


@when(step("the claim is verified on {day:day}"))
def verify(office: Office, day: date, **more: Any) -> None:
    _claim(office, claiming.verify_claim, claiming.VerifyClaim, office.by("hr_officer", "hr", "verifier"), day, **more)


@given(step("the claim was verified on {day:day}"))
def verified(office: Office, day: date) -> None:
    verify(office, day)
    office.recorded()


@given(step("{principal:yuan} of principal and {interest:yuan} of interest were verified on {day:day}, because {why}"))
def verified_in_part(office: Office, principal: Fen, interest: Fen, day: date, why: str) -> None:
    deducted = sum(_standing(office).claimed) - principal - interest
    deductions = (claiming.Deduction(fen=deducted, reason=why),)
    verify(office, day, principal_fen=principal, interest_fen=interest, deductions=deductions)
    office.recorded()


@given(step("the {party:party} disputed it on {day:day}, because {why}"))
def disputed(office: Office, party: str, day: date, why: str) -> None:
    who = _party(office, party)
    _claim(office, claiming.dispute_claim, claiming.DisputeClaim, who, day, party=party, reason=why)
    office.recorded()


@given(step("the dispute was upheld on {day:day}"))
def upheld(office: Office, day: date) -> None:
    who, said = _officer(office, "fund"), {"outcome": "upheld", "reason": "as the records show"}
    _claim(office, claiming.settle_dispute, claiming.SettleDispute, who, day, **said)
    office.recorded()


@given(step("the claim was rejected on {day:day}, because the guarantor was released"))
def rejected(office: Office, day: date) -> None:
    said = {"ground": "guarantor_released", "reason": "the contract was changed without its consent"}
    _claim(office, claiming.reject_claim, claiming.RejectClaim, _officer(office, "hr"), day, **said)
    office.recorded()


@when(step("the bank confirms the share of the guarantee company on {day:day}"))
def confirm_another_s(office: Office, day: date) -> None:
    _claim(office, claiming.confirm_share, claiming.ConfirmShare, _party(office, "bank"), day, party="guarantor")


@given(step("{parties:parties} confirmed on {day:day}"))
def confirmed(office: Office, parties: list[str], day: date) -> None:
    for name in parties:
        party = PARTIES[name]
        _claim(office, claiming.confirm_share, claiming.ConfirmShare, _party(office, party), day, party=party)
        office.recorded()


@when(step("hr endorses as who verified on {day:day}"))
def endorse_again(office: Office, day: date) -> None:
    who = office.by("hr_officer", "hr", "verifier")
    _claim(office, claiming.endorse_claim, claiming.EndorseClaim, who, day, office="hr")


@when(step("hr endorses on {day:day}"))
def endorse_one(office: Office, day: date) -> None:
    endorse(office, ["hr"], day)


@when(step("{offices:offices} endorse on {day:day}"))
def endorse(office: Office, offices: list[str], day: date) -> None:
    for name in offices:
        _claim(office, claiming.endorse_claim, claiming.EndorseClaim, _officer(office, name), day, office=name)


@given(step("{offices:offices} endorsed on {day:day}"))
def endorsed(office: Office, offices: list[str], day: date) -> None:
    endorse(office, offices, day)
    office.recorded()


# Paying.


@given(step("an approved claim of {amount:yuan}"))
def approved(office: Office, amount: Fen, excluded: Fen = 0, route: str = "each_pays_bank") -> None:
    scheme = zheng_yin_dan(FUND, office.bank, GUARANTOR).model_copy(update={"route": route})
    lend(office, amount, PAID_OUT, FREE, share_scheme=scheme)
    file(office, FILED, excluded_fen=excluded)
    verified(office, VERIFIED)
    confirmed(office, ["bank", "guarantee company"], CONFIRMED)
    endorsed(office, list(OFFICES), APPROVED)


@given(step("an approved claim of {amount:yuan} by the route {route:quoted}"))
def approved_by_route(office: Office, amount: Fen, route: str) -> None:
    approved(office, amount, route=route)


@given(step("a paid claim of {amount:yuan}"))
def a_paid_claim(office: Office, amount: Fen, excluded: Fen = 0) -> None:
    approved(office, amount, excluded)
    for payment in _standing(office).payments_due():
        pay(office, [NAMES[payment.party]], PAID)
        office.recorded()


@given(step("the bank had excluded {amount:yuan} of penalty interest"))
def excluded(office: Office, amount: Fen) -> None:
    a_paid_claim(office, 19_040_448, excluded=amount)


@when(step("the {party:party} pays on {day:day}"))
def pays(office: Office, party: str, day: date) -> None:
    pay(office, [NAMES[party]], day)


@given(step("the {party:party} paid on {day:day}"))
def paid(office: Office, party: str, day: date) -> None:
    pays(office, party, day)
    office.recorded()


@when(step("{parties:parties} pay on {day:day}"))
def pay(office: Office, parties: list[str], day: date) -> None:
    for name in parties:
        party, who = PARTIES[name], _party(office, PARTIES[name])
        said = {"party": party, "bank_reference": f"S{office.number()}"}
        _claim(office, compensating.pay_share, compensating.PayShare, who, day, **said)


@given(step("guarantee company and fund paid on {day:day}"))
def both_paid(office: Office, day: date) -> None:
    pay(office, ["guarantee company", "fund"], day)
    office.recorded()


# Recovering; the plain recovery stands with the steps of repaying.


@when(step("{amount:yuan} is recovered in each of {number:count} payments"))
def recover_monthly(office: Office, amount: Fen, number: int) -> None:
    for _ in range(number):
        _recover(office, amount, f"M{office.number()}")


@when(step("{amount:yuan} is recovered under the reference {reference:quoted}"))
def recover_under(office: Office, amount: Fen, reference: str) -> None:
    _recover(office, amount, reference)


@given(step("{amount:yuan} was recovered under the reference {reference:quoted}"))
def recovered_under(office: Office, amount: Fen, reference: str) -> None:
    _recover(office, amount, reference)
    office.recorded()


@when(step("the fund takes over asset {asset:quoted} at {value:yuan} on {day:day}"))
def take_over(office: Office, asset: str, value: Fen, day: date) -> None:
    who = _party(office, "fund")
    second = who.actor.model_copy(update={"subject": "Wang"})
    said = {"asset": asset, "value_fen": value, "collected_by": "fund", "reason": "ruling", "evidence": ("1" * 64,)}
    _claim(office, recovering.take_over_asset, recovering.TakeOverAsset, who, day, **said, confirmed_by=second)
    office.recorded()


@when(step("asset {asset:quoted} is sold for {gross:yuan} at a cost of {cost:yuan} on {day:day}"))
def sell(office: Office, asset: str, gross: Fen, cost: Fen, day: date) -> None:
    said = {"asset": asset, "gross_fen": gross, "cost_fen": cost, "bank": office.bank, "bank_reference": "S-1"}
    _claim(office, recovering.sell_asset, recovering.SellAsset, _party(office, "fund"), day, **said)
    office.recorded()


@when(step("the {party:party} remits {amount:yuan} to the {payee:party} on {day:day}"))
def remit(office: Office, party: str, amount: Fen, payee: str, day: date) -> None:
    account = {"bank": office.bank, "bank_reference": f"T{office.number()}"}
    said = {"party": party, "payee": payee, "amount_fen": amount, **account}
    _claim(office, recovering.remit_recovery, recovering.RemitRecovery, _party(office, party), day, **said)


@given(step("the {party:party} remitted {amount:yuan} to the {payee:party} on {day:day}"))
def remitted(office: Office, party: str, amount: Fen, payee: str, day: date) -> None:
    remit(office, party, amount, payee, day)
    office.recorded()


@when(step("the recovery of {came:day} is taken back on {day:day} with supervisor {second:word}"))
def take_back(office: Office, came: date, day: date, second: str) -> None:
    version = next(
        fact.originator_version for fact in _standing(office).facts_of(RecoveryReceived) if fact.value_date == came
    )
    confirmed_by = Actor(subject=second, role="supervisor", institution=GUARANTOR, region="rencheng")
    said = {"version": version, "reason": "the cheque was returned", "confirmed_by": confirmed_by}
    who = _party(office, "guarantor")
    _claim(office, recovering.reverse_recovery, recovering.ReverseRecovery, who, day, **said)


@when(step("the recovery of {came:day} is taken back on {day:day} with the same person"))
def take_back_alone(office: Office, came: date, day: date) -> None:
    take_back(office, came, day, _party(office, "guarantor").actor.subject)


@given(step("the recovery of {came:day} was taken back on {day:day} with supervisor {second:word}"))
def took_back(office: Office, came: date, day: date, second: str) -> None:
    take_back(office, came, day, second)
    office.recorded()


@when(step("the fund writes off {amount:yuan} on {day:day} with {how}"))
def write_off(office: Office, amount: Fen, day: date, how: str) -> None:
    who = _party(office, "fund")
    second = who.actor.subject if how == "one person" else "finance-2"
    approver = Actor(subject=second, role="finance_officer", institution="finance", region="rencheng")
    said = {"party": "fund", "amount_fen": amount, "reason": "enforcement was terminated", "approved_by": approver}
    evidence = () if how == "no evidence" else ("e" * 64,)
    _claim(office, recovering.write_off_share, recovering.WriteOffShare, who, day, evidence=evidence, **said)


@given(step("the fund wrote off {amount:yuan} on {day:day} with {how}"))
def wrote_off(office: Office, amount: Fen, day: date, how: str) -> None:
    write_off(office, amount, day, how)
    office.recorded()


# What is then.


@then(step("the claim is for {principal:yuan} of principal and {interest:yuan} of interest"))
def claimed(office: Office, principal: Fen, interest: Fen) -> None:
    assert [shown(fen) for fen in _standing(office).claimed] == [shown(principal), shown(interest)]
    assert in_people_s_notation(_row(office)["claimed"]) == shown(principal + interest)


@then(step("the claim covers {amount:yuan}"))
def covers(office: Office, amount: Fen) -> None:
    row = _row(office)
    assert in_people_s_notation(row["covered"]) == shown(amount) == shown(_standing(office).covered)
    assert parse_yuan(row["covered"]) == sum(parse_yuan(row[f"{party}_share"]) for party in PARTIES.values())


@then(step("the claim is lapsed"))
def lapsed(office: Office) -> None:
    assert (_row(office)["status"], _standing(office).status()) == ("lapsed", "lapsed")


@then("the shares are")
def shares(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    row, paid = _row(office), _standing(office).state()["paid"]
    said = [
        {
            "party": name,
            "share": in_people_s_notation(row[f"{party}_share"]),
            "paid": in_people_s_notation(paid[party]),
        }
        for name, party in PARTIES.items()
    ]
    assert said == as_rows(datatable)
    assert (row["status"], row["outstanding"]) == ("paid", row["covered"])


@then("the guarantees of the loan are")
def guarantees(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    for row in as_rows(datatable):
        day = date.fromisoformat(row["on"])
        line, balances = office.book(as_of=day), office.history(day)["balances"]
        assert line is not None
        assert in_people_s_notation(line["outstanding"]) == row["outstanding"]
        for name in ("fund", "guarantee company"):
            stands = balances.get(f"exposure:{PARTIES[name]}", "0.00")
            assert in_people_s_notation(stands) == row[f"{name} stands for"]


@then("the payments are")
def payments(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    made = _standing(office).facts_of(SharePaid)
    said = [
        {"from": NAMES[fact.party], "to": NAMES[fact.payee or ""], "amount": shown(fact.amount_fen)} for fact in made
    ]
    assert said == as_rows(datatable)


@then("the recoveries stand as")
def recoveries(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    claim = _standing(office)
    first, last = ({s.party: s.fen for s in fact.shares} for fact in claim.facts_of(RecoveryReceived))
    state = claim.state()
    said = [
        {
            "party": name,
            "recovered first": shown(first[party]),
            "recovered last": shown(last[party]),
            "recovered in all": in_people_s_notation(state["recovered"][party]),
            "outstanding": in_people_s_notation(state["outstanding"][party]),
        }
        for name, party in PARTIES.items()
    ]
    assert said == as_rows(datatable)
    row = _row(office)
    assert parse_yuan(row["outstanding"]) == sum(parse_yuan(amount) for amount in state["outstanding"].values())


@then("in all there came back")
def came_back(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    back = _standing(office).state()["recovered"]
    said = [{"party": name, "amount": in_people_s_notation(back[party])} for name, party in PARTIES.items()]
    assert said == as_rows(datatable)
    assert parse_yuan(_row(office)["recovered"]) == sum(parse_yuan(amount) for amount in back.values())
    line = office.book()
    assert line is not None
    assert line["recovered"] == _row(office)["recovered"]


@then(step("the {party:party} holds {amount:yuan} for the {payee:party}"))
def holds(office: Office, party: str, amount: Fen, payee: str) -> None:
    assert shown(_standing(office).held(party, payee)) == shown(amount)


@then(step("the {party:party} holds {one:yuan} for the {first:party} and {other:yuan} for the {second:party}"))
def holds_both(office: Office, party: str, one: Fen, first: str, other: Fen, second: str) -> None:
    holds(office, party, one, first)
    holds(office, party, other, second)


@then(step("the bank keeps {besides:yuan} besides and {refund:yuan} is the borrower's"))
def beyond(office: Office, besides: Fen, refund: Fen) -> None:
    state = _standing(office).state()
    assert [in_people_s_notation(state[name]) for name in ("excluded", "refundable")] == [shown(besides), shown(refund)]


@then(
    step(
        "of the fund's share {out:yuan} is outstanding, {given_up:yuan} is written off and {late:yuan} came after that"
    )
)
def stands_apart(office: Office, out: Fen, given_up: Fen, late: Fen) -> None:
    state, row = _standing(office).state(), _row(office)
    names = ("outstanding", "written_off", "recovered_after_write_off")
    assert [in_people_s_notation(state[name]["fund"]) for name in names] == [shown(out), shown(given_up), shown(late)]
    assert (row["written_off"], row["recovered_after_write_off"]) == (
        state["written_off"]["fund"],
        state["recovered_after_write_off"]["fund"],
    )


# Under these.


def _recover(office: Office, amount: Fen, reference: str) -> None:
    account = {"bank": "guarantee_account", "bank_reference": reference}
    said = {"gross_fen": amount, "cost_fen": 0, **account}
    who = _party(office, "guarantor")
    _claim(office, recovering.record_recovery, recovering.RecordRecovery, who, date(2025, 9, 10), **said)


def _claim(office: Office, use_case: Any, kind: Any, who: CommandContext, day: date, /, **said: Any) -> None:
    command = kind(claim_no=office.claim_no, value_date=day, **said)
    office.act(partial(use_case, office.ledger, command, who))


def _bank(office: Office, use_case: Any, kind: Any, day: date, **said: Any) -> None:
    who = office.by("bank_officer", office.bank, "filer")
    office.act(partial(use_case, office.ledger, kind(value_date=day, **said), who))


def _party(office: Office, party: str) -> CommandContext:
    """Somebody who acts for a party."""
    institution = {"bank": office.bank, "guarantor": GUARANTOR, "fund": FUND}[party]
    return office.by(f"{party}_officer", institution, f"{party}-2")


def _officer(office: Office, name: str) -> CommandContext:
    return office.by(f"{name}_officer", name, f"{name}-9")


def _standing(office: Office) -> Claim:
    return claiming.claim_of(office.ledger, office.claim_no)


def _row(office: Office) -> dict[str, Any]:
    """The claim's line in the register."""
    (row,) = office.rows("claim_register", where={"claim_no": office.claim_no})
    return row


@then("the fund's books say")
def books_say(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    """The trial balance without what has come to nothing; each account on the side on which its balance stands."""
    rows = office.rows("trial_balance", of_loan=False, where={"fund": office.fund}, group_by=("account", "title"))
    balances = [(row["account"], row["title"], row["balance"]) for row in rows if row["balance"] != "0.00"]
    assert as_rows(datatable) == [
        {
            "account": account,
            "name": title,
            "debit": "" if balance.startswith("-") else in_people_s_notation(balance),
            "credit": in_people_s_notation(balance[1:]) if balance.startswith("-") else "",
        }
        for account, title, balance in balances
    ]
