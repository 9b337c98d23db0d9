"""Steps of repaying 还款, taking back 冲正, closing days 逾期, and losing and recovering 代偿与追偿."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pytest_bdd import given, then, when

from domain.actor import Actor
from domain.compensation.claim import Claim
from domain.compensation.events import RecoveryReceived, SharePaid
from domain.loan.events import Allocation, Prepayment, Repaid
from domain.loan.loan import Loan
from domain.money import Fen, parse_yuan
from domain.working_days import CalendarYear
from ledger.altering import ExtendLoan, extend_loan
from ledger.compensating import ChargeOff, charge_off
from ledger.noticing import NoticeOverdue, notice_overdue
from ledger.publishing import PublishPolicy, publish_policy
from ledger.recovering import RecordRecovery, record_recovery
from ledger.repaying import RecordRepayment, ReverseRepayment, record_repayment, reverse_repayment
from tests.steps.office import GUARANTOR, Office
from tests.steps.words import PARTIES, as_rows, in_people_s_notation, shown, step


@when(step("the borrower repays {amount:yuan} on {day:day}"))
def repay(office: Office, amount: Fen, day: date) -> None:
    repay_under(office, amount, day, f"R{office.number()}")


@when(step("teller Li alone records that the borrower repaid {amount:yuan} on {day:day}"))
def repay_alone(office: Office, amount: Fen, day: date) -> None:
    said = {"loan_no": office.loan_no, "amount_fen": amount, "value_date": day, "bank_reference": f"R{office.number()}"}
    payment = RecordRepayment.model_validate(said)
    office.act(lambda: record_repayment(office.ledger, payment, office.by("bank_officer", office.bank)))


@given(step("the borrower repaid {amount:yuan} on {day:day}"))
def repaid(office: Office, amount: Fen, day: date) -> None:
    repay(office, amount, day)
    office.recorded()


@when(step("the borrower repays {amount:yuan} on {day:day} under the bank's reference {reference:quoted}"))
def repay_under(office: Office, amount: Fen, day: date, reference: str) -> None:
    second = Actor(subject="second", role="bank_supervisor", institution=office.bank, region="rencheng")
    late = {"reason": "the bank's file came late", "evidence": ("0" * 64,), "confirmed_by": second}
    payment = RecordRepayment.model_validate(
        {"loan_no": office.loan_no, "amount_fen": amount, "value_date": day, "bank_reference": reference, **late}
    )
    office.act(lambda: record_repayment(office.ledger, payment, office.by("bank_officer", office.bank)))


@given(step("the borrower repaid {amount:yuan} on {day:day} under the bank's reference {reference:quoted}"))
def repaid_under(office: Office, amount: Fen, day: date, reference: str) -> None:
    repay_under(office, amount, day, reference)
    office.recorded()


@when(step("teller {teller:word} takes the payment of {paid_on:day} back on {day:day} with supervisor {second:word}, because {why}"))  # fmt: skip
def take_back(office: Office, teller: str, paid_on: date, day: date, second: str, why: str) -> None:
    confirmed_by = Actor(subject=second, role="bank_supervisor", institution=office.bank, region="rencheng")
    reversal = ReverseRepayment(
        loan_no=office.loan_no,
        version=payment_of(office, paid_on),
        value_date=day,
        reason=why,
        evidence=("0" * 64,),
        confirmed_by=confirmed_by,
    )
    asked = office.by("bank_officer", office.bank, subject=teller)
    office.act(lambda: reverse_repayment(office.ledger, reversal, asked))


@given(step("teller {teller:word} took the payment of {paid_on:day} back on {day:day} with supervisor {second:word}, because {why}"))  # fmt: skip
def took_back(office: Office, teller: str, paid_on: date, day: date, second: str, why: str) -> None:
    take_back(office, teller, paid_on, day, second, why)
    office.recorded()


@when(step("the day {day:day} is closed"))
def close_day(office: Office, day: date) -> None:
    notice, office.closed_on = NoticeOverdue(loan_no=office.loan_no, day=day), day
    office.act(lambda: notice_overdue(office.ledger, notice, office.by("system", "day_close")))


@given(step("the day {day:day} was closed"))
def closed_day(office: Office, day: date) -> None:
    close_day(office, day)


@given(step("the days {day:day} and {next_day:day} were closed"))
def closed_days(office: Office, day: date, next_day: date) -> None:
    close_day(office, day)
    close_day(office, next_day)


@when(step("the bank extends the loan by {months:count} months on {day:day} {how} the guarantor's consent"))
def extend(office: Office, months: int, day: date, how: str) -> None:
    person = {"role": "supervisor", "region": "rencheng"}
    second = Actor(subject="second", institution=office.bank, **person)
    consent = Actor(subject="consent", institution=GUARANTOR, **person) if how == "with" else None
    by = {"reason": "a flood", "confirmed_by": second, "consented_by": consent, "evidence": ["0" * 64]}
    command = ExtendLoan.model_validate({"loan_no": office.loan_no, "months": months, "value_date": day, **by})
    office.act(lambda: extend_loan(office.ledger, command, office.by("bank_officer", office.bank)))


@then(step("the loan matures on {day:day}"))
def matures(office: Office, day: date) -> None:
    assert office.ledger.loan(office.loan_no).matures_on == day


@when(step("the bank charges off {amount:yuan} on {day:day}"))
def lose(office: Office, amount: Fen, day: date, claim_no: str | None = None) -> None:
    loss = ChargeOff(loan_no=office.loan_no, amount_fen=amount, value_date=day, claim_no=claim_no)
    office.act(lambda: charge_off(office.ledger, loss, office.by("bank_officer", office.bank)))


@when(step("the bank charges off {amount:yuan} on {day:day} for the guarantors to bear"))
def lose_at_once(office: Office, amount: Fen, day: date) -> None:
    lose(office, amount, day, office.claim_no)


@given(step("earlier records say that the bank charged off {amount:yuan} on {day:day} and the claim was shared"))
def lost(office: Office, amount: Fen, day: date) -> None:
    """As whoever takes over earlier records does it: the loss and its shares as they were, decided by nobody here."""
    said = ChargeOff(loan_no=office.loan_no, amount_fen=amount, value_date=day, claim_no=office.claim_no)
    by = office.by("operator", "office")

    def decide() -> list[Loan | Claim]:
        loan = office.ledger.loan(office.loan_no)
        stated = Allocation(principal_fen=amount)
        loan.charge_off(by.moment, amount=amount, value_date=day, claim_no=office.claim_no, stated=stated)
        return [loan, Claim.of_charge_off(loan, office.claim_no, amount, day, by.moment)]

    office.act(lambda: office.ledger.perform(said, by, decide))
    office.recorded()


@when(step("{gross:yuan} is recovered on {day:day} at a cost of {cost:yuan}"))
def recover(office: Office, gross: Fen, day: date, cost: Fen) -> None:
    recovery = RecordRecovery(
        claim_no=office.claim_no,
        gross_fen=gross,
        cost_fen=cost,
        value_date=day,
        bank="guarantee_account",
        bank_reference=f"C{office.number()}",
    )
    office.act(lambda: record_recovery(office.ledger, recovery, office.by("guarantor_officer", GUARANTOR)))


@given(step("{gross:yuan} was recovered on {day:day} at a cost of {cost:yuan}"))
def recovered(office: Office, gross: Fen, day: date, cost: Fen) -> None:
    recover(office, gross, day, cost)
    office.recorded()


@then("the interest due is")
def interest_due(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    loan = office.ledger.loan(office.loan_no)
    for row in as_rows(datatable):
        assert (row["on"], shown(loan.interest_due(date.fromisoformat(row["on"])))) == (row["on"], row["interest"])


@then("the payments stand as")
def payments_stand(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    """What was paid on each day, and what it paid as is known now."""
    days = [row for row in office.rows("repayment_history", group_by=("value_date",)) if not _is_payout(office, row)]
    said = [
        {
            "date": row["value_date"],
            "paid": shown(parse_yuan(row["amount"])),
            "interest": shown(-parse_yuan(row["interest"], negative=True)),
            "principal": shown(-parse_yuan(row["principal"], negative=True)),
            "refundable": shown(parse_yuan(row["refundable"])),
        }
        for row in days
    ]
    assert said == as_rows(datatable)


@then("the claim stands as")
def claim_stands(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    facts = office.facts(office.claim)
    first, last = ({s.party: s.fen for s in f.shares} for f in facts if isinstance(f, RecoveryReceived))
    bore = {f.party: f.amount_fen for f in facts if isinstance(f, SharePaid)}
    claim: Claim = office.ledger.repository.get(office.claim)
    in_all = claim.state()["recovered"]
    said = [
        {
            "party": named,
            "bore": shown(bore[party]),
            "recovered first": shown(first[party]),
            "recovered last": shown(last[party]),
            "recovered in all": shown(parse_yuan(in_all[party])),
        }
        for named, party in PARTIES.items()
    ]
    assert said == as_rows(datatable)
    line = office.book()
    assert line is not None
    assert in_people_s_notation(line["claimed"]) == shown(sum(bore.values()) - bore["bank"])


def payment_of(office: Office, paid_on: date) -> int:
    """Which of the loan's facts is the payment of a day."""
    where = {"value_date": paid_on.isoformat(), "kind": "repaid"}
    (row,) = office.rows("repayment_history", where=where)
    return int(row["version"])


def _is_payout(office: Office, row: dict[str, str]) -> bool:
    return row["value_date"] in {r["value_date"] for r in office.rows("repayment_history", where={"kind": "disbursed"})}


CHOICES: dict[str, Prepayment | None] = {
    "wants fewer instalments": "shorten",
    "wants lower ones": "lower",
    "leaves the next ones paid": None,
}


@when(step("the borrower repays {amount:yuan} on {day:day} and {chooses}"))
def repay_and_choose(office: Office, amount: Fen, day: date, chooses: str) -> None:
    payment = RecordRepayment(
        loan_no=office.loan_no,
        amount_fen=amount,
        value_date=day,
        bank_reference=f"R{office.number()}",
        prepayment=CHOICES[chooses],
    )
    office.act(lambda: record_repayment(office.ledger, payment, office.by("bank_officer", office.bank)))


@when(step("the borrower repays the quote of {day:day} less {short:yuan}"))
def repay_quote(office: Office, day: date, short: Fen) -> None:
    close_day(office, day)
    repay(office, office.ledger.loan(office.loan_no).owed(day).everything - short, day)


@given(step("{first:day} and {second:day} are holidays, and {worked:day} is worked"))
def holidays(office: Office, first: date, second: date, worked: date) -> None:
    year = CalendarYear(year=first.year, holidays=frozenset({first, second}), make_up=frozenset({worked}))
    command = PublishPolicy(calendars=(year,))
    office.act(lambda: publish_policy(office.ledger, command, office.by("operator", "hr")))
    office.recorded()


@then("on these days there is")
def owed_on(office: Office, datatable: Sequence[Sequence[str]]) -> None:
    loan = office.ledger.loan(office.loan_no)
    for row in as_rows(datatable):
        owed = loan.owed(date.fromisoformat(row["date"]))
        assert row == {
            "date": row["date"],
            "penalty": shown(owed.penalty),
            "interest due": shown(owed.overdue_interest + owed.due_interest),
            "principal due": shown(owed.overdue_principal + owed.due_principal),
            "accrued": shown(owed.accrued),
            "to come": shown(owed.future),
        }


@then(step("the payment of {day:day} met {penalty:yuan} of penalty, {interest:yuan} of interest and {principal:yuan} of principal"))  # fmt: skip
def met(office: Office, day: date, penalty: Fen, interest: Fen, principal: Fen) -> None:
    (row,) = office.rows("repayment_history", where={"value_date": day.isoformat()}, group_by=("value_date",))
    said = {name: -parse_yuan(row[name], negative=True) for name in ("penalty", "interest", "principal")}
    assert said == {"penalty": penalty, "interest": interest, "principal": principal}


@then(step("nothing is overdue on {day:day}"))
def nothing_overdue(office: Office, day: date) -> None:
    assert office.ledger.loan(office.loan_no).arrears(day) == (None, 0)


@then(step("the overdue list says {said}"))
def overdue_list(office: Office, said: str) -> None:
    """As of the day that was closed last."""
    rows = office.rows("overdue_list", as_of=office.closed_on)
    parts = [
        f"{row['days']} days, {row['ageing']}, {row['category']}"
        + (f", claim by {row['file_by']}" if row["file_by"] else "")
        for row in rows
    ]
    assert ("; ".join(parts) or "nothing") == said


@then(step("the oldest unpaid due day on {day:day} is {due:day}"))
def oldest_due(office: Office, day: date, due: date) -> None:
    assert office.ledger.loan(office.loan_no).arrears(day)[0] == due


@then(step("{left:count} instalments are to come, the next of {amount:yuan}"))
def to_come(office: Office, left: int, amount: Fen) -> None:
    (paid_on,) = {fact.value_date for fact in office.facts(Loan.create_id(office.loan_no)) if isinstance(fact, Repaid)}
    rows = [row for row in office.ledger.loan(office.loan_no).coming(paid_on) if row.principal]
    assert (len(rows), shown(rows[0].principal + rows[0].interest)) == (left, shown(amount))
