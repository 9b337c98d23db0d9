"""`fund`: the guarantee fund's method, capital, suspensions and position 担保基金."""

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
from api.rollforwards import as_rows, looks, roll_forward
from api.settings import Settings
from api.watching import PaperFigures
from api.wiring import Installation
from domain.calendar import parse_day
from domain.guarantee_fund.method import read_method, shipped_method
from domain.money import parse_yuan, yuan
from ledger import closing_books, funding
from ledger.context import CommandContext
from projections.querying import Question, ask, projection

fund = typer.Typer(no_args_is_help=True, help="The guarantee fund 担保基金.")
app.add_typer(fund, name="fund")

Fund = Annotated[str, typer.Argument(help="The fund's code.")]
Amount = Annotated[str, typer.Argument(help="In yuan.")]
Bank = Annotated[str, typer.Option(help="The bank of the special account 专户.")]
Reference = Annotated[str, typer.Option(help="The bank's own number of the payment.")]
Level = Annotated[str, typer.Option(help="central, province, city, county or incentive.")]
Method = Annotated[
    str | None, typer.Option("--method", help="A TOML file; the shipped method if left out (`fund method`).")
]
Scope = Annotated[str, typer.Argument(help="bank, county or all.")]
Code = Annotated[str | None, typer.Argument(help="The bank's or county's code; left out for all.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]


@fund.command()
def method(
    context: typer.Context,
    file: Annotated[str | None, typer.Argument(help="A TOML file; the shipped one if left out.")] = None,
) -> int:
    """Show a method with the source and certainty of every rule, or check one of your own 管理办法."""
    read = read_method(_text(file))
    rules = {name: getattr(read, name) for name in ("capacity", "drawing", "stop", "claims")}
    show(context.obj, {"method": read.method, "title": read.title, "document": read.document, "digest": read.pin.digest,
        **{name: rule.model_dump(mode="json") for name, rule in rules.items()}})  # fmt: skip
    return CLEAN


@fund.command("open")
def open_(
    context: typer.Context,
    code: Fund,
    title: Annotated[str, typer.Option(help="Its name.")],
    run_by: Annotated[str, typer.Option("--run-by", help="The body that runs it.")],
    text: Method = None,
    on: Day = None,
) -> int:
    """Open a guarantee fund with the method that it goes by 设立."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        said = {"fund": code, "title": title, "operator": run_by, "method": _text(text), "value_date": day}
        funding.open_fund(installation.ledger, funding.OpenFund.model_validate(said), made)

    return _acted(context, code, on, act)


@fund.command()
def adopt(context: typer.Context, code: Fund, text: Method = None, on: Day = None) -> int:
    """Go by another method from now on 施行管理办法."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = funding.AdoptMethod(fund=code, method=_text(text), value_date=day)
        funding.adopt_method(installation.ledger, command, made)

    return _acted(context, code, on, act)


@fund.command()
def inject(
    context: typer.Context,
    code: Fund,
    amount: Amount,
    bank: Bank,
    reference: Reference,
    level: Level = "city",
    on: Day = None,
) -> int:
    """Bring capital in 注资."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = funding.InjectCapital.model_validate({**_cash(code, amount, bank, reference, day), "level": level})
        funding.inject_capital(installation.ledger, command, made)

    return _acted(context, code, on, act)


@fund.command()
def withdraw(
    context: typer.Context,
    code: Fund,
    amount: Amount,
    bank: Bank,
    reference: Reference,
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="The second person, by pseudonym.")],
    level: Level = "city",
    on: Day = None,
) -> int:
    """Take capital out, as far as the guarantees leave it 退出."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        given = {**_cash(code, amount, bank, reference, day), "level": level, "confirmed_by": confirmed_by}
        funding.withdraw_capital(installation.ledger, funding.WithdrawCapital.model_validate(given), made)

    return _acted(context, code, on, act)


@fund.command()
def interest(
    context: typer.Context, code: Fund, amount: Amount, bank: Bank, reference: Reference, on: Day = None
) -> int:
    """Record interest that an account has borne 存款利息."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = funding.ReceiveInterest.model_validate(_cash(code, amount, bank, reference, day))
        funding.receive_interest(installation.ledger, command, made)

    return _acted(context, code, on, act)


@fund.command()
def suspend(context: typer.Context, code: Fund, scope: Scope, reason: Reason, of: Code = None, on: Day = None) -> int:
    """Give no new guarantees at a bank, in a county, or at all; what was approved before is honoured 暂停新增担保."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        said = {"fund": code, "scope": scope, "code": of, "reason": reason, "value_date": day}
        funding.suspend_guarantees(installation.ledger, funding.SuspendGuarantees.model_validate(said), made)

    return _acted(context, code, on, act)


@fund.command()
def resume(context: typer.Context, code: Fund, scope: Scope, reason: Reason, of: Code = None, on: Day = None) -> int:
    """Give new guarantees again 恢复新增担保."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        said = {"fund": code, "scope": scope, "code": of, "reason": reason, "value_date": day}
        funding.resume_guarantees(installation.ledger, funding.ResumeGuarantees.model_validate(said), made)

    return _acted(context, code, on, act)


@fund.command()
def watch(context: typer.Context, code: Fund) -> int:
    """Look at the claims of every bank and county, suspend where they reach the stop, resume where they have left it 监测."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        installation.up_to_date([projection("fund_position")])
        figures = PaperFigures(lambda: nullcontext(installation.projector))
        funding.watch_fund(installation.ledger, figures, funding.WatchFund(fund=code), made)

    return _acted(context, code, None, act)


@fund.command()
def lapse(
    context: typer.Context, loan_no: Annotated[str, typer.Argument(help="The loan's number.")], on: Day = None
) -> int:
    """Give back what is held ready for a loan that was not drawn in time 额度失效."""
    settings: Settings = context.obj
    made = context_of(settings)
    with Installation(settings) as installation:
        command = funding.LapseReservation(loan_no=loan_no, value_date=day_of(on, made.moment))
        funding.lapse_reservation(installation.ledger, command, made)
        show(settings, dict(installation.ledger.loan(loan_no).state()))
    return CLEAN


@fund.command("close-period")
def close_period(
    context: typer.Context, code: Fund, until: Annotated[str, typer.Argument(help="The last day of a month.")]
) -> int:
    """Close the books up to the end of a month, with the digest of the trial balance 结账."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        def fold() -> None:
            installation.up_to_date([projection("trial_balance")])

        fold()  # the bulk of it before others have to wait
        books = PaperBooks(lambda: nullcontext(installation.projector), fold)
        command = closing_books.ClosePeriod(fund=code, until=parse_day(until, field="until"))
        closing_books.close_period(installation.ledger, books, command, made)

    return _acted(context, code, None, act)


@fund.command("reopen-period")
def reopen_period(
    context: typer.Context,
    code: Fund,
    until: Annotated[str, typer.Argument(help="The last day of the last closed period.")],
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="The second person, by pseudonym.")],
    reason: Reason,
) -> int:
    """Open the last closed period again, by two people 反结账."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        said = {"fund": code, "until": parse_day(until, field="until"), "confirmed_by": confirmed_by, "reason": reason}
        closing_books.reopen_period(installation.ledger, closing_books.ReopenPeriod.model_validate(said), made)

    return _acted(context, code, None, act)


@fund.command()
def periods(context: typer.Context, code: Fund) -> int:
    """The closed periods, each with its digest, and whether the books still give it 已结期间."""
    with Installation(context.obj) as installation:
        for problem in installation.up_to_date([projection("trial_balance")]).values():
            raise problem
        books = PaperBooks(lambda: nullcontext(installation.projector))
        found = list(checked(books, installation.ledger.fund(code).closings))
    show(context.obj, {"fund": code, "periods": found}, rows_table(found))
    return CLEAN if all(period["holds"] for period in found) else DIFFERENCES


@fund.command("show")
def show_(context: typer.Context, code: Fund) -> int:
    """Its method, capital, suspensions and position 查看."""
    with Installation(context.obj) as installation:
        return _standing(installation, code)


@fund.command("roll-forward")
def roll_forward_(
    context: typer.Context,
    code: Fund,
    start: Annotated[str, typer.Option("--from", help="The first day.")],
    end: Annotated[str, typer.Option("--to", help="The last day.")],
    known_at: KnownAt = None,
) -> int:
    """What borrowers owe the fund, from a day to a day: opening + claims − recoveries − write-offs = closing 应收代偿款变动表."""
    settings: Settings = context.obj
    first, last = parse_day(start, field="--from"), parse_day(end, field="--to")
    ledger = projection("general_ledger")
    with Installation(settings) as installation:
        for problem in installation.up_to_date([ledger]).values():
            raise problem
        asked = looks(code, first, last, position_of(installation, known_at))
        before, by_then = (ask(installation.projector, ledger, question).rows for question in asked)
    document = roll_forward(code, first, last, before, by_then)
    show(settings, document, rows_table(as_rows(document, settings.language)))
    return CLEAN


def _cash(code: str, amount: str, bank: str, reference: str, day: date) -> dict[str, Any]:
    fen = parse_yuan(amount, field="amount")
    return {"fund": code, "amount_fen": fen, "bank": bank, "bank_reference": reference, "value_date": day}


def _text(file: str | None) -> str:
    """A method's text. Raises TextUnreadable."""
    return shipped_method() if file is None else text_of(file, "method")


def _acted(
    context: typer.Context, code: str, on: str | None, act: Callable[[Installation, CommandContext, date], None]
) -> int:
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        act(installation, made, day_of(on, made.moment))
        return _standing(installation, code)


def _standing(installation: Installation, code: str) -> int:
    """What the fund's stream says, and its position as the paper has it."""
    found, paper = installation.ledger.fund(code), projection("fund_position")
    installation.up_to_date([paper])
    position = ask(installation.projector, paper, Question(where={"fund": code}))
    rule = found.method.capacity
    capacity = sum(parse_yuan(row["capacity"], negative=True) for row in position.rows)
    totals = {name: amount for name, amount in position.totals.items() if name != "count"}
    document = {**found.state(), "position": totals, "warning_line": yuan(capacity * rule.warn_percent // 100)}
    show(installation.settings, {**document, "as_of_position": position.as_of_position})
    return CLEAN
