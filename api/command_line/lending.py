"""`loan`: paid out, repaid, taken back, looked at on any day 贷款."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from api import differences, statements
from api.command_line.app import CLEAN, app, context_of, facts_table, rows_table, show, write_file
from api.command_line.applying import Day, day_of
from api.command_line.asking import position_of
from api.command_line.claims import pair
from api.knowing import calendar_at, facts_of, loan_at, recorded_of
from api.owing import owing
from api.settings import Settings
from api.wiring import Installation
from domain.actor import Actor, parse_actor
from domain.calendar import parse_day
from domain.money import parse_yuan
from ledger import altering, compensating, correcting, disbursing, repaying, reporting

loan = typer.Typer(no_args_is_help=True, help="Loans 贷款.")
app.add_typer(loan, name="loan")

Number = Annotated[str, typer.Argument(help="The loan's number.")]
Amount = Annotated[str, typer.Argument(help="In yuan.")]
Reference = Annotated[str, typer.Option(help="The bank's own number of the payment.")]
ON_DAY = typer.Option("--on", help="The day that is looked at; today if left out.")
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Second = Annotated[str, typer.Option("--confirmed-by", help="The second person, as --as names one.")]
Consent = Annotated[
    str | None,
    typer.Option(
        "--consented-by", help="The guarantor's person, as --as names one; left out, the guarantor is released."
    ),
]
Evidence = Annotated[list[str] | None, typer.Option("--evidence", help="SHA-256 of a document; may be given again.")]
WhyLate = Annotated[str | None, typer.Option("--reason", help="Why it is recorded after money of a later day.")]
SecondIfLate = Annotated[
    str | None,
    typer.Option("--confirmed-by", help="The second person, where money of a later day was recorded before."),
]


@loan.command()
def disburse(context: typer.Context, number: Number, amount: Amount, reference: Reference, on: Day = None) -> int:
    """Pay out, in whole or in part 放款."""
    said = {"amount_fen": parse_yuan(amount), "bank_reference": reference}
    return _told(context, number, on, disbursing.disburse, disbursing.Disburse, said)


@loan.command()
def repay(
    context: typer.Context,
    number: Number,
    amount: Amount,
    reference: Reference,
    prepayment: Annotated[
        str | None, typer.Option(help="For principal paid ahead: shorten (fewer instalments) or lower (smaller ones).")
    ] = None,
    reason: WhyLate = None,
    second: SecondIfLate = None,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Record a repayment; it pays what the contract's order says 还款."""
    said = {"amount_fen": parse_yuan(amount), "bank_reference": reference, "prepayment": prepayment}
    said |= {"reason": reason, "evidence": evidence or [], "confirmed_by": _actor(second)}
    return _told(context, number, on, repaying.record_repayment, repaying.RecordRepayment, said)


@loan.command()
def receipt(
    context: typer.Context,
    parts: Annotated[list[str], typer.Argument(help="NUMBER=AMOUNT of each loan that it is for.")],
    reference: Reference,
    reason: WhyLate = None,
    second: SecondIfLate = None,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Record one receipt for several loans of a bank, all of it or nothing 一笔回款分还多笔贷款."""
    settings: Settings = context.obj
    made = context_of(settings)
    said = [dict(zip(("loan_no", "amount"), pair(text, "parts"), strict=True)) for text in parts]
    with Installation(settings) as installation:
        day = day_of(on, made.moment)
        given = {"parts": said, "bank_reference": reference, "value_date": day}
        given |= {"reason": reason, "evidence": evidence or [], "confirmed_by": _actor(second)}
        repaying.record_receipt(installation.ledger, repaying.RecordReceipt.model_validate(given), made)
        today = made.moment.today
        document = {"loans": [owing(installation.ledger.loan(one["loan_no"]), today) for one in said]}
    show(settings, document)
    return CLEAN


@loan.command()
def reverse(
    context: typer.Context,
    number: Number,
    version: Annotated[int, typer.Argument(help="The fact's version in the loan's stream (`replay loan/NUMBER`).")],
    reason: Annotated[str, typer.Option(help="Why it does not hold.")],
    second: Second,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Take a repayment back, or what else never was, with a second person 冲正."""
    said = {"version": version, "reason": reason, "evidence": evidence or [], "confirmed_by": parse_actor(second)}
    return _told(context, number, on, repaying.reverse_repayment, repaying.ReverseRepayment, said)


@loan.command()
def extend(
    context: typer.Context,
    number: Number,
    months: Annotated[int, typer.Argument(help="At most twelve, in whole instalments.")],
    reason: Reason,
    second: Second,
    consent: Consent = None,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Extend it, once and before it matures 展期."""
    said = {"months": months, "reason": reason, "evidence": evidence or []}
    said |= {"confirmed_by": parse_actor(second), "consented_by": _actor(consent)}
    return _told(context, number, on, altering.extend_loan, altering.ExtendLoan, said)


@loan.command("reset-rate")
def reset_rate(
    context: typer.Context,
    number: Number,
    rate: Annotated[str, typer.Argument(help="A year, as a fraction: 0.0345 is 3.45 %.")],
    reason: Reason,
    second: Second,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Another rate from a day on, with hindsight too 利率调整."""
    said = {"annual_rate": rate, "reason": reason, "evidence": evidence or [], "confirmed_by": parse_actor(second)}
    return _told(context, number, on, altering.reset_rate, altering.ResetRate, said)


@loan.command()
def restructure(
    context: typer.Context,
    number: Number,
    instalments: Annotated[int, typer.Argument(help="How many in all, counted from the first.")],
    method: Annotated[str, typer.Argument(help="equal_instalment, equal_principal, interest_only or bullet.")],
    reason: Reason,
    second: Second,
    consent: Consent = None,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Another plan for the principal to come 重组."""
    said = {"instalments": instalments, "method": method, "reason": reason, "evidence": evidence or []}
    said |= {"confirmed_by": parse_actor(second), "consented_by": _actor(consent)}
    return _told(context, number, on, altering.restructure_loan, altering.RestructureLoan, said)


@loan.command()
def misuse(
    context: typer.Context,
    number: Number,
    reason: Reason,
    second: Second,
    evidence: Evidence = None,
    bank_knew: Annotated[bool, typer.Option("--bank-knew", help="The bank knew: nobody else bears the loss.")] = False,
    on: Day = None,
) -> int:
    """The money was used otherwise than agreed, from a day on 挪用."""
    said = {"reason": reason, "evidence": evidence or [], "bank_knew": bank_knew, "confirmed_by": parse_actor(second)}
    return _told(context, number, on, altering.find_misuse, altering.FindMisuse, said)


@loan.command()
def refund(context: typer.Context, number: Number, amount: Amount, reference: Reference, on: Day = None) -> int:
    """Pay back what was paid beyond what was owed 退款."""
    said = {"amount_fen": parse_yuan(amount), "bank_reference": reference}
    return _told(context, number, on, altering.refund, altering.Refund, said)


@loan.command("correct-date")
def correct_date(
    context: typer.Context,
    number: Number,
    version: Annotated[int, typer.Argument(help="The fact's version in the loan's stream (`replay loan/NUMBER`).")],
    reason: Reason,
    second: Second,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """What was recorded holds from another day; what came after it is worked out anew 起息日更正."""
    said = {"version": version, "reason": reason, "evidence": evidence or [], "confirmed_by": parse_actor(second)}
    return _told(context, number, on, correcting.correct_date, correcting.CorrectDate, said)


@loan.command()
def cost(
    context: typer.Context,
    number: Number,
    amount: Amount,
    reason: Reason,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Charge what collecting has cost 费用."""
    said = {"amount_fen": parse_yuan(amount), "reason": reason, "evidence": evidence or []}
    return _told(context, number, on, correcting.charge_cost, correcting.ChargeCost, said)


@loan.command()
def waive(
    context: typer.Context,
    number: Number,
    part: Annotated[str, typer.Argument(help="costs, penalty or interest.")],
    amount: Amount,
    reason: Reason,
    second: Second,
    evidence: Evidence = None,
    on: Day = None,
) -> int:
    """Do without what is owed of costs, penalty or interest 减免."""
    said = {"part": part, "amount_fen": parse_yuan(amount), "reason": reason, "evidence": evidence or []}
    said |= {"confirmed_by": parse_actor(second)}
    return _told(context, number, on, correcting.waive, correcting.Waive, said)


@loan.command()
def died(context: typer.Context, number: Number, evidence: Evidence = None, on: Day = None) -> int:
    """The borrower has died 借款人身故."""
    return _told(context, number, on, altering.report_death, altering.ReportDeath, {"evidence": evidence or []})


@loan.command()
def closed(context: typer.Context, number: Number, evidence: Evidence = None, on: Day = None) -> int:
    """The business that it was for has closed 停业."""
    return _told(context, number, on, altering.report_closure, altering.ReportClosure, {"evidence": evidence or []})


@loan.command("charge-off")
def charge_off(
    context: typer.Context,
    number: Number,
    amount: Amount,
    claim: Annotated[
        str | None,
        typer.Option(
            help="Number of the claim on a guarantor whom no fund stands beside; else the bank bears it alone."
        ),
    ] = None,
    on: Day = None,
) -> int:
    """Give principal up as its bank; what a fund bears is claimed (`claim file`) 呆账转销."""
    said = {"amount_fen": parse_yuan(amount), "claim_no": claim}
    return _told(context, number, on, compensating.charge_off, compensating.ChargeOff, said)


@loan.command()
def jobs(context: typer.Context, number: Number, created: int, retained: int, on: Day = None) -> int:
    """Report what jobs the loan created and retained 带动就业."""
    return _told(
        context, number, on, reporting.report_jobs, reporting.ReportJobs, {"created": created, "retained": retained}
    )


@loan.command("show")
def show_(
    context: typer.Context,
    number: Number,
    on: Annotated[str | None, ON_DAY] = None,
    known_at: Annotated[str | None, typer.Option(help="As known at a position or a time.")] = None,
) -> int:
    """What it owes on a day, what pays it off then, how long it is overdue, and what is still to come 应还、结清金额、后续还款计划."""
    settings: Settings = context.obj
    day = parse_day(on, field="on") if on else context_of(settings).moment.today
    with Installation(settings) as installation:
        if known_at is None:
            return _shown(settings, installation, number, day)
        known = position_of(installation, known_at)
        document = owing(loan_at(installation.projector, number, known), day)
    show(settings, document, facts_table(document))
    return CLEAN


@loan.command()
def statement(
    context: typer.Context,
    number: Number,
    start: Annotated[str | None, typer.Option("--from", help="The first day; the contract's if left out.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="The last day; today if left out.")] = None,
    known_at: Annotated[str | None, typer.Option(help="As known at a position or a time.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write it as CSV.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write it as a spreadsheet.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF.")] = None,
) -> int:
    """The customer's statement of account: what fell due, was paid out and paid, and what each payment met 客户对账单."""
    settings: Settings = context.obj
    first = parse_day(start, field="--from") if start else None
    last = parse_day(end, field="--to") if end else context_of(settings).moment.today
    with Installation(settings) as installation:
        known, reader = position_of(installation, known_at), installation.projector
        document = statements.statement(facts_of(reader, number, known), calendar_at(reader, known), first, last)
    for file, form in ((csv, "csv"), (xlsx, "xlsx"), (pdf, "pdf")):
        if file is not None:
            write_file(file, statements.in_print(document, form, settings.language))
    table = statements.printed(document, settings.language)
    names, lines = table.titles(settings.language), table.lines(settings.language)
    show(settings, document, rows_table([dict(zip(names, line, strict=True)) for line in lines]))
    return CLEAN


@loan.command()
def difference(
    context: typer.Context,
    number: Number,
    start: Annotated[str, typer.Option("--from", help="The day of the first look.")],
    end: Annotated[str | None, typer.Option("--to", help="The day of the second; today if left out.")] = None,
    start_known: Annotated[
        str | None,
        typer.Option("--from-known-at", help="What the first look knew: a position or a time; all if left out."),
    ] = None,
    end_known: Annotated[str | None, typer.Option("--to-known-at", help="What the second knew, likewise.")] = None,
) -> int:
    """Which figures differ between two looks, each at a day and a knowledge, and fact by fact, day by day, why 差异说明."""
    settings: Settings = context.obj
    first = parse_day(start, field="--from")
    last = parse_day(end, field="--to") if end else context_of(settings).moment.today
    with Installation(settings) as installation:
        reader = installation.projector
        seen, then = (
            differences.Seen(day, known, calendar_at(reader, known))
            for day, known in (
                (first, position_of(installation, start_known, "--from-known-at")),
                (last, position_of(installation, end_known, "--to-known-at")),
            )
        )
        document = differences.difference(recorded_of(reader, number, None), seen, then)
    show(settings, document, rows_table(differences.lines(document, settings.language)))
    return CLEAN


def _actor(text: str | None) -> Actor | None:
    return parse_actor(text) if text else None


def _told(
    context: typer.Context, number: str, on: str | None, use_case: Any, command: Any, said: dict[str, Any]
) -> int:
    settings: Settings = context.obj
    made = context_of(settings)
    with Installation(settings) as installation:
        day = day_of(on, made.moment)
        use_case(installation.ledger, command.model_validate({"loan_no": number, "value_date": day, **said}), made)
        return _shown(settings, installation, number, made.moment.today)


def _shown(settings: Settings, installation: Installation, number: str, day: date) -> int:
    document = owing(installation.ledger.loan(number), day)
    show(settings, document, facts_table(document))
    return CLEAN
