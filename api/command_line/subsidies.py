"""`subsidy`: what the budget bears of a loan's interest, batch by batch, and the money of the levels 贴息."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from typing import Annotated, Any

import typer

from api.command_line.app import CLEAN, DIFFERENCES, app, context_of, rows_table, show
from api.command_line.applying import Day, day_of
from api.command_line.asking import KnownAt, position_of
from api.command_line.texts import text_of
from api.periods import PaperBooks, checked
from api.settings import Settings
from api.subsidies import batch_lines, overpaid_lines, worked_out
from api.wiring import Installation
from domain.calendar import parse_day
from domain.money import parse_yuan
from domain.subsidy.method import SubsidyMethod, read_method, shipped_method
from ledger import allocating, granting
from ledger.context import CommandContext
from ledger.ledger import Receipt
from projections.querying import projection

subsidy = typer.Typer(no_args_is_help=True, help="Interest subsidy 贴息.")
app.add_typer(subsidy, name="subsidy")

Fund = Annotated[str, typer.Argument(help="The subsidy fund's code.")]
Batch = Annotated[str, typer.Argument(help="The batch, FUND.QUARTER.BANK.")]
LoanNo = Annotated[str, typer.Argument(help="The loan's number.")]
Quarter = Annotated[str | None, typer.Option(help="The line's quarter; the batch's own if left out.")]
Amount = Annotated[str, typer.Argument(help="In yuan.")]
Bank = Annotated[str, typer.Option(help="The bank of the account.")]
Reference = Annotated[str, typer.Option(help="The bank's own number of the payment.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Evidence = Annotated[
    list[str] | None, typer.Option("--evidence", help="The SHA-256 of a document; may be given again.")
]
Second = Annotated[str, typer.Option("--confirmed-by", help="The second person, by pseudonym.")]
Level = Annotated[str, typer.Option(help="central, province, city, county or incentive.")]
County = Annotated[str | None, typer.Option(help="Which county, where the level is county.")]


@subsidy.command()
def method(
    context: typer.Context,
    file: Annotated[str | None, typer.Argument(help="A TOML file; the shipped one if left out.")] = None,
) -> int:
    """Show a method with the source and certainty of every rule, or check one of your own 贴息办法."""
    read = _method(file)
    show(context.obj, {**read.model_dump(mode="json", exclude={"text"}), "digest": read.pin.digest})
    return CLEAN


@subsidy.command("show")
def show_(
    context: typer.Context,
    loan_no: Annotated[str, typer.Argument(help="The loan's number.")],
    quarter: Annotated[str, typer.Argument(help="For example 2024Q2: from 21 March to 20 June.")],
    by: Annotated[str | None, typer.Option("--method", help="A TOML file; the shipped method if left out.")] = None,
) -> int:
    """What a loan's quarter comes to, every stretch of days in words; nothing is recorded 贴息测算."""
    settings: Settings = context.obj
    today = context_of(settings).moment.today
    with Installation(settings) as installation:
        document = worked_out(installation.desk, _method(by), loan_no, quarter, today)
    lines: list[dict[str, Any]] = [{settings.language: line[settings.language]} for line in document["lines"]]
    totals = {name: document[name] for name in ("regime", "interest", "subsidy", "borrower", "shared", "local")}
    said = ", ".join(f"{name} {value}" for name, value in {**totals, **document["levels"]}.items())
    show(settings, document, rows_table([*lines, {settings.language: said}]))
    return CLEAN


@subsidy.command("open-fund")
def open_fund(
    context: typer.Context,
    code: Fund,
    title: Annotated[str, typer.Option(help="Its name.")],
    run_by: Annotated[str, typer.Option("--run-by", help="The body that runs it.")],
    file: Annotated[str | None, typer.Option("--method", help="A TOML file; the shipped method if left out.")] = None,
    on: Day = None,
) -> int:
    """Open a subsidy fund with the method that it goes by 设立贴息资金."""
    said = {"title": title, "operator": run_by, "method": _method(file).text}
    return _of_fund(context, code, on, allocating.open_subsidy_fund, allocating.OpenSubsidyFund, said)


@subsidy.command()
def adopt(
    context: typer.Context, code: Fund, file: Annotated[str, typer.Argument(help="A TOML file.")], on: Day = None
) -> int:
    """Go by another method from now on 施行贴息办法."""
    said = {"method": _method(file).text}
    return _of_fund(context, code, on, allocating.adopt_subsidy_method, allocating.AdoptSubsidyMethod, said)


@subsidy.command()
def allocate(
    context: typer.Context,
    code: Fund,
    amount: Amount,
    level: Level,
    bank: Bank,
    reference: Reference,
    county: County = None,
    on: Day = None,
) -> int:
    """Record what a fiscal level paid in 财政拨款到账."""
    said = _cash(amount, level, county, bank, reference)
    return _of_fund(context, code, on, allocating.receive_allocation, allocating.ReceiveAllocation, said)


@subsidy.command("return")
def return_(
    context: typer.Context,
    code: Fund,
    amount: Amount,
    level: Level,
    bank: Bank,
    reference: Reference,
    confirmed_by: Second,
    county: County = None,
    on: Day = None,
) -> int:
    """Give a level back what was clawed back for it, by two people 缴回财政."""
    said = {**_cash(amount, level, county, bank, reference), "confirmed_by": confirmed_by}
    return _of_fund(context, code, on, allocating.return_to_budget, allocating.ReturnToBudget, said)


@subsidy.command("close-period")
def close_period(
    context: typer.Context, code: Fund, until: Annotated[str, typer.Argument(help="The last day of a month.")]
) -> int:
    """Close the books of a subsidy fund up to the end of a month 结账."""
    said = {"until": parse_day(until, field="until")}
    return _of_fund(context, code, None, allocating.close_subsidy_period, allocating.CloseSubsidyPeriod, said)


@subsidy.command("reopen-period")
def reopen_period(
    context: typer.Context,
    code: Fund,
    until: Annotated[str, typer.Argument(help="The last day of the last closed period.")],
    confirmed_by: Second,
    reason: Reason,
) -> int:
    """Open the last closed period again, by two people 反结账."""
    said = {"until": parse_day(until, field="until"), "confirmed_by": confirmed_by, "reason": reason}
    return _of_fund(context, code, None, allocating.reopen_subsidy_period, allocating.ReopenSubsidyPeriod, said)


@subsidy.command("settle-year")
def settle_year(context: typer.Context, code: Fund, year: Annotated[int, typer.Argument(help="Such as 2024.")]) -> int:
    """Settle a year between centre, province, city and counties, after its books are closed 年终清算."""
    return _of_fund(context, code, None, allocating.settle_subsidy_year, allocating.SettleSubsidyYear, {"year": year})


@subsidy.command()
def fund(context: typer.Context, code: Fund) -> int:
    """What the levels paid in and got back, the closed periods and whether the books still give them, the settled years 查看贴息资金."""
    with Installation(context.obj) as installation:
        for problem in installation.up_to_date([projection("trial_balance")]).values():
            raise problem
        found = allocating.subsidy_fund(installation.ledger, code)
        books = PaperBooks(lambda: nullcontext(installation.projector))
        periods = list(checked(books, found.closings))
    show(context.obj, {**found.state(), "periods": periods})
    return CLEAN if all(period["holds"] for period in periods) else DIFFERENCES


@subsidy.command()
def calculate(
    context: typer.Context,
    code: Fund,
    bank: Annotated[str, typer.Argument(help="The bank that lent.")],
    quarter: Annotated[str, typer.Argument(help="For example 2024Q2, when it is over.")],
    on: Day = None,
) -> int:
    """Calculate the subsidies of a bank's loans in a quarter, every line with its trace 贴息测算."""

    def act(installation: Installation, made: CommandContext, day: date) -> str:
        said = {"fund": code, "bank": bank, "quarter": quarter, "value_date": day}
        command = granting.CalculateSubsidies.model_validate(said)
        granting.calculate_subsidies(installation.desk, command, made)
        return command.batch

    return _acted(context, on, act)


@subsidy.command()
def recalculate(context: typer.Context, batch: Batch, on: Day = None) -> int:
    """Calculate a batch anew by all that is known now; lines that differ take the place of the old ones 重新测算."""
    return _of_batch(context, batch, on, granting.recalculate_subsidies, granting.RecalculateSubsidies, {})


@subsidy.command()
def lines(
    context: typer.Context,
    batch: Batch,
    loan_no: Annotated[str | None, typer.Argument(help="Of this loan only.")] = None,
    known_at: KnownAt = None,
) -> int:
    """Every line of a batch in words: days, formula, amounts, and which level bears what 贴息明细."""
    settings: Settings = context.obj
    with Installation(settings) as installation:
        document = batch_lines(installation.projector, batch, position_of(installation, known_at), loan_no)
    said: list[dict[str, Any]] = []
    for line in document["lines"]:
        said += [
            {"loan_no": line["loan_no"], settings.language: stretch[settings.language]} for stretch in line["lines"]
        ]
        said.append({"loan_no": line["loan_no"], settings.language: line[settings.language]})
    show(settings, document, rows_table(said))
    return CLEAN


@subsidy.command()
def dispute(
    context: typer.Context, batch: Batch, loan_no: LoanNo, reason: Reason, quarter: Quarter = None, on: Day = None
) -> int:
    """Dispute a line; nothing is confirmed or approved meanwhile 异议."""
    said = {"loan_no": loan_no, "quarter": quarter, "reason": reason}
    return _of_batch(context, batch, on, granting.dispute_line, granting.DisputeLine, said)


@subsidy.command("settle-dispute")
def settle_dispute(
    context: typer.Context,
    batch: Batch,
    loan_no: LoanNo,
    outcome: Annotated[
        str, typer.Argument(help="upheld (work it out anew), dismissed, or left_out (for a later batch).")
    ],
    reason: Reason,
    quarter: Quarter = None,
    on: Day = None,
) -> int:
    """Settle a dispute, as somebody else than who disputed 异议处理."""
    said = {"loan_no": loan_no, "quarter": quarter, "outcome": outcome, "reason": reason}
    return _of_batch(context, batch, on, granting.settle_line_dispute, granting.SettleLineDispute, said)


@subsidy.command()
def confirm(context: typer.Context, batch: Batch, on: Day = None) -> int:
    """Confirm a batch in the name of the bank 银行确认."""
    return _of_batch(context, batch, on, granting.confirm_batch, granting.ConfirmBatch, {})


@subsidy.command()
def approve(
    context: typer.Context,
    batch: Batch,
    office: Annotated[str, typer.Argument(help="hr, and then finance.")],
    on: Day = None,
) -> int:
    """Approve a batch for an office, as somebody who has had no part in it 审批."""
    return _of_batch(context, batch, on, granting.approve_batch, granting.ApproveBatch, {"office": office})


@subsidy.command()
def pay(
    context: typer.Context,
    batch: Batch,
    route: Annotated[str, typer.Argument(help="bank, social_security_card (persons) or company_account (companies).")],
    bank: Bank,
    reference: Reference,
    loan: Annotated[list[str] | None, typer.Option("--loan", help="Only these loans; may be given again.")] = None,
    on: Day = None,
) -> int:
    """Pay what is left to pay, by a route 拨付."""
    said = {"route": route, "bank": bank, "bank_reference": reference, "loans": tuple(loan or ())}
    return _of_batch(context, batch, on, granting.pay_subsidies, granting.PaySubsidies, said)


@subsidy.command()
def failed(
    context: typer.Context,
    batch: Batch,
    loan_no: LoanNo,
    bank: Bank,
    reference: Reference,
    reason: Reason,
    quarter: Quarter = None,
    on: Day = None,
) -> int:
    """What was paid for a line came back; it is owed again 退票."""
    said = {"loan_no": loan_no, "quarter": quarter, "bank": bank, "bank_reference": reference, "reason": reason}
    return _of_batch(context, batch, on, granting.fail_payment, granting.FailPayment, said)


@subsidy.command()
def overpaid(
    context: typer.Context, code: Fund, bank: Annotated[str, typer.Argument(help="The bank that lent.")]
) -> int:
    """Lines of approved batches that grant too much by all that is known now; status 1 if there are any 多贴清单."""
    with Installation(context.obj) as installation:
        document = overpaid_lines(installation.desk, code, bank)
    show(context.obj, document, rows_table(document["lines"]))
    return DIFFERENCES if document["lines"] else CLEAN


@subsidy.command("claw-back")
def claw_back(
    context: typer.Context,
    batch: Batch,
    loan_no: LoanNo,
    reason: Reason,
    evidence: Evidence = None,
    quarter: Quarter = None,
    on: Day = None,
) -> int:
    """Claw back what a line grants too much; what is not paid yet is cut, the rest is owed back 追回."""
    said = {"loan_no": loan_no, "quarter": quarter, "reason": reason, "evidence": tuple(evidence or ())}
    return _of_batch(context, batch, on, granting.claw_back, granting.ClawBack, said)


@subsidy.command()
def collect(
    context: typer.Context,
    batch: Batch,
    loan_no: LoanNo,
    amount: Amount,
    bank: Bank,
    reference: Reference,
    quarter: Quarter = None,
    on: Day = None,
) -> int:
    """Record what came back of a clawback, for the levels that had paid it 追回到账."""
    said = {
        "loan_no": loan_no,
        "quarter": quarter,
        "amount_fen": parse_yuan(amount),
        "bank": bank,
        "bank_reference": reference,
    }
    return _of_batch(context, batch, on, granting.collect_clawback, granting.CollectClawback, said)


@subsidy.command()
def waive(
    context: typer.Context,
    batch: Batch,
    loan_no: LoanNo,
    amount: Amount,
    reason: Reason,
    confirmed_by: Second,
    quarter: Quarter = None,
    on: Day = None,
) -> int:
    """Do without what is owed back, by two people 免予追回."""
    said = {
        "loan_no": loan_no,
        "quarter": quarter,
        "amount_fen": parse_yuan(amount),
        "reason": reason,
        "confirmed_by": confirmed_by,
    }
    return _of_batch(context, batch, on, granting.waive_clawback, granting.WaiveClawback, said)


@subsidy.command()
def stop(
    context: typer.Context,
    loan_no: LoanNo,
    since: Annotated[str, typer.Option("--from", help="The first bad day.")],
    reason: Reason,
    evidence: Annotated[list[str], typer.Option("--evidence", help="The SHA-256 of a document; may be given again.")],
) -> int:
    """Stop a loan's subsidy from a day on 停止贴息."""
    said = {"reason": reason, "evidence": tuple(evidence), "value_date": parse_day(since, field="--from")}
    return _of_loan(context, loan_no, granting.stop_subsidy, granting.StopSubsidy, said)


@subsidy.command()
def resume(
    context: typer.Context,
    loan_no: LoanNo,
    since: Annotated[str, typer.Option("--from", help="The first day that is subsidised again.")],
    reason: Reason,
) -> int:
    """Resume a loan's subsidy from a day on 恢复贴息."""
    said = {"reason": reason, "value_date": parse_day(since, field="--from")}
    return _of_loan(context, loan_no, granting.resume_subsidy, granting.ResumeSubsidy, said)


def _method(file: str | None) -> SubsidyMethod:
    """Raises TextUnreadable, SubsidyMethodUnreadable."""
    return read_method(shipped_method() if file is None else text_of(file, "method"), field="method")


def _cash(amount: str, level: str, county: str | None, bank: str, reference: str) -> dict[str, Any]:
    fen = parse_yuan(amount)
    return {"amount_fen": fen, "level": level, "county": county, "bank": bank, "bank_reference": reference}


def _of_fund(
    context: typer.Context,
    code: str,
    on: str | None,
    use_case: Callable[..., Receipt | None],
    kind: Any,
    said: dict[str, Any],
) -> int:
    """A command of a subsidy fund; the fund as it stands then."""
    made = context_of(context.obj)
    day = {"value_date": day_of(on, made.moment)} if "value_date" in kind.model_fields else {}
    command = kind.model_validate({"fund": code, **day, **said})
    with Installation(context.obj) as installation:
        hands: dict[str, Any] = {}
        if "books" in use_case.__annotations__:
            balance = [projection("trial_balance")]
            installation.up_to_date(balance)  # the bulk of it before others have to wait
            hands["books"] = PaperBooks(
                lambda: nullcontext(installation.projector), lambda: installation.up_to_date(balance)
            )
        use_case(installation.ledger, command=command, context=made, **hands)
        show(context.obj, dict(allocating.subsidy_fund(installation.ledger, code).state()))
    return CLEAN


def _of_batch(
    context: typer.Context,
    batch: str,
    on: str | None,
    use_case: Callable[..., Receipt | None],
    kind: Any,
    said: dict[str, Any],
) -> int:
    """A command of a batch; the batch as it stands then."""

    def act(installation: Installation, made: CommandContext, day: date) -> str:
        hand = installation.desk if "desk" in use_case.__annotations__ else installation.ledger
        use_case(hand, kind.model_validate({"batch": batch, "value_date": day, **said}), made)
        return batch

    return _acted(context, on, act)


def _acted(context: typer.Context, on: str | None, act: Callable[[Installation, CommandContext, date], str]) -> int:
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        batch = act(installation, made, day_of(on, made.moment))
        show(context.obj, dict(granting.batch_of(installation.ledger, batch).state()))
    return CLEAN


def _of_loan(
    context: typer.Context, loan_no: str, use_case: Callable[..., Receipt | None], kind: Any, said: dict[str, Any]
) -> int:
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        use_case(installation.ledger, kind.model_validate({"loan_no": loan_no, **said}), made)
        show(context.obj, dict(installation.ledger.loan(loan_no).state()))
    return CLEAN
