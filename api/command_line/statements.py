"""`statement`, `reconcile`: what the bank says of the fund's money, against the books 银行对账."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from api.command_line.app import CLEAN, DIFFERENCES, app, context_of, facts_table, rows_table, show, write_file
from api.command_line.applying import Day, day_of
from api.command_line.asking import KnownAt, position_of
from api.reconciliations import BOOKS, PaperEntries, as_rows, matches_of, reconciled
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import city_day, parse_day
from domain.errors import InvalidInput
from domain.reconciliation.events import KnownParty
from domain.reconciliation.references import is_whole, payment_reference
from ledger import accounts
from ledger.context import CommandContext
from ledger.statements.column_maps import map_of, shipped_maps
from ledger.statements.reading import read_file
from projections.querying import Question, ask, projection

statement = typer.Typer(no_args_is_help=True, help="Bank accounts and their statements 专户与银行对账单.")
app.add_typer(statement, name="statement")

Account = Annotated[str, typer.Argument(help="The account's code.")]
Lines = Annotated[list[str], typer.Option("--line", help="A line's fingerprint; may be repeated.")]
Entries = Annotated[list[str] | None, typer.Option("--entry", help="An entry's key, POSITION.LINE; may be repeated.")]
Second = Annotated[str, typer.Option("--confirmed-by", help="The second person, by pseudonym.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Parties = Annotated[
    list[str] | None,
    typer.Option(
        "--party",
        help="An institution as CODE=NAME-or-ACCOUNT-NUMBER, e.g. guarantor=济宁市融资担保有限公司; may be repeated.",
    ),
]


@statement.command("open-account")
def open_account(
    context: typer.Context,
    account: Account,
    title: Annotated[str, typer.Option(help="Its name.")],
    fund: Annotated[str, typer.Option(help="Whose money it is.")],
    bank: Annotated[str, typer.Option(help="The bank, as the books call it.")],
    number: Annotated[str, typer.Option(help="The account's own number.")],
    party: Parties = None,
    on: Day = None,
) -> int:
    """Open a bank account in the books 专户登记."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        said = {"title": title, "fund": fund, "bank": bank, "number": number, "parties": _parties(party)}
        command = accounts.OpenAccount.model_validate({"account": account, "value_date": day, **said})
        accounts.open_account(installation.ledger, command, made)

    return _acted(context, account, on, act)


@statement.command()
def parties(context: typer.Context, account: Account, party: Parties = None, on: Day = None) -> int:
    """State by which names and numbers statements call the institutions, instead of what was stated before 往来单位."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = accounts.StateParties(account=account, parties=_parties(party), value_date=day)
        accounts.state_parties(installation.ledger, command, made)

    return _acted(context, account, on, act)


@statement.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="camt.053, MT940, CSV or XLSX.")],
    account: Annotated[str, typer.Option("--account", help="The account's code.")],
    format_: Annotated[str, typer.Option("--format", help="camt053, mt940, csv, xlsx or auto.")] = "auto",
    by: Annotated[
        str | None, typer.Option("--map", help="A column map: a shipped one or a TOML file of yours.")
    ] = None,
) -> int:
    """Take in a bank statement with its proofs; the same file again adds nothing 对账单导入."""
    if format_ not in ("auto", "camt053", "mt940", "csv", "xlsx"):
        problem = f"{format_[:20]!a} is not known"
        raise InvalidInput(field="--format", problem=problem, expected="one of: camt053, mt940, csv, xlsx, auto")
    read = read_file(file, format_, map_of(by) if by is not None else None)
    with Installation(context.obj) as installation:
        before = len(installation.ledger.account(account).lines)
        accounts.import_statement(installation.desk, account, read, context_of(context.obj))
        found = installation.ledger.account(account)
    kept = [found.shown(kept) for kept in found.statements if kept.file == read.file]
    proofs = [{"statement": s["statement"], **proof} for s in kept for proof in s["proofs"]]
    failed = [proof for proof in proofs if proof["holds"] is False]
    document = {
        "account": account,
        "file": read.file,
        "format": read.format,
        "statements": kept,
        "lines": sum(s["lines"] for s in kept),
        "new": len(found.lines) - before,
        "proofs": proofs,
        "breaks": [{"class": _CLASSES[proof["name"]], "amount": proof["difference"], **proof} for proof in failed],
    }
    words = Group(
        facts_table({n: document[n] for n in ("account", "format", "file", "lines", "new")}), rows_table(proofs)
    )
    show(context.obj, document, words)
    return DIFFERENCES if failed else CLEAN


_CLASSES = {
    "adds_up": "STATEMENT_DOES_NOT_ADD",
    "runs": "STATEMENT_DOES_NOT_ADD",
    "continues": "MISSING_STATEMENT",
    "in_sequence": "MISSING_STATEMENT",
    "account": "WRONG_ACCOUNT",
    "currency": "WRONG_ACCOUNT",
}


@statement.command("show")
def show_(context: typer.Context, account: Account) -> int:
    """An account, and the statements of the file that was taken in last 查看."""
    with Installation(context.obj) as installation:
        show(context.obj, dict(installation.ledger.account(account).state()))
    return CLEAN


@statement.command()
def lines(
    context: typer.Context,
    account: Account,
    until: Annotated[str | None, typer.Option("--to", help="What the bank had booked by this day.")] = None,
) -> int:
    """The lines of an account's statements 对账单明细."""
    day, paper = (parse_day(until, field="--to") if until else None), projection("bank_statement")
    with Installation(context.obj) as installation:
        installation.ledger.account(account)
        for problem in installation.up_to_date([paper]).values():
            raise problem
        answer = ask(installation.projector, paper, Question(where={"account": account}, as_of=day))
    document = {"rows": answer.rows, "as_of_position": answer.as_of_position}
    show(context.obj, document, rows_table(answer.rows))
    return CLEAN


@statement.command()
def original(
    context: typer.Context,
    account: Account,
    digest: Annotated[str, typer.Argument(help="The file's SHA-256.")],
    out: Annotated[Path, typer.Argument(help="Where to write it.")],
) -> int:
    """Write a statement's original file, as it was taken in 对账单原件."""
    with Installation(context.obj) as installation:
        found = installation.ledger.account(account)
        if all(kept.file != digest for kept in found.statements):
            raise InvalidInput(
                field="digest", problem=f"{digest[:64]!a} is not known", expected="the SHA-256 of the document"
            )
        content = installation.desk.materials.open(digest, accounts.key_of(installation.keystore, account))
    write_file(out, content)
    show(context.obj, {"file": str(out), "bytes": len(content), "digest": digest})
    return CLEAN


@statement.command("map")
def map_(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A shipped map, or a TOML file of yours to check.")] = None,
) -> int:
    """The column maps of banks' tables, or one of them as TOML to begin your own with 列映射."""
    if name is None:
        rows = [{"map": m.map, "title": m.title, "header": ", ".join(m.header)} for m in shipped_maps()]
        show(context.obj, {"maps": rows}, rows_table(rows))
        return CLEAN
    found = map_of(name)
    said = {"map": found.map, "title": found.title, "digest": found.digest, "text": found.text}
    show(context.obj, said, Text(found.text))
    return CLEAN


@statement.command()
def reference(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="A claim's or loan's number, or a reference RF… to check.")],
) -> int:
    """The payment reference of a number, with check digits (ISO 11649), or whether one is whole 付款附言码."""
    if number.upper().startswith("RF"):
        whole = is_whole(number)
        show(context.obj, {"reference": number.upper().replace(" ", ""), "whole": whole})
        return CLEAN if whole else DIFFERENCES
    made = payment_reference(number)
    if made is None:
        problem = f"{number[:40]!a} is no number"
        raise InvalidInput(field="number", problem=problem, expected="one to 21 letters and digits")
    show(context.obj, {"number": number, "reference": made})
    return CLEAN


@statement.command()
def match(
    context: typer.Context, account: Account, line: Lines, confirmed_by: Second, reason: Reason, entry: Entries = None
) -> int:
    """Match lines with entries by hand, two people; the sums are equal 人工勾对."""
    return _matched(context, accounts.MatchLines, accounts.match_lines, account, line, entry, confirmed_by, reason)


@statement.command()
def unmatch(
    context: typer.Context, account: Account, line: Lines, confirmed_by: Second, reason: Reason, entry: Entries = None
) -> int:
    """Say that lines are not these entries, whoever or whatever matched them, two people 取消勾对."""
    return _matched(context, accounts.UnmatchLines, accounts.unmatch_lines, account, line, entry, confirmed_by, reason)


@statement.command()
def matches(
    context: typer.Context,
    account: Account,
    until: Annotated[str | None, typer.Option("--to", help="Up to this day; today if left out.")] = None,
    known_at: KnownAt = None,
) -> int:
    """Every match with its pass and its evidence 勾对清单."""
    with Installation(context.obj) as installation:
        books = _books(installation)
        found = matches_of(books, books, account, _day(until), position_of(installation, known_at))
    show(context.obj, {"account": account, "matches": found}, rows_table(found))
    return CLEAN


@app.command()
def reconcile(
    context: typer.Context,
    account: Annotated[str, typer.Option("--account", help="The account's code.")],
    to: Annotated[str | None, typer.Option("--to", help="Up to this day; today if left out.")] = None,
    known_at: KnownAt = None,
) -> int:
    """Bank closing − ledger closing = the sum of the breaks 银行存款余额调节表."""
    settings: Settings = context.obj
    with Installation(settings) as installation:
        books = _books(installation)
        document = reconciled(books, books, account, _day(to), position_of(installation, known_at))
    names = ("title", "to", "bank_closing", "ledger_closing", "difference", "explained", "residual", "four_way")
    words = Group(
        facts_table({name: document[name] for name in names}), rows_table(as_rows(document, settings.language))
    )
    show(settings, document, words)
    clean = document["residual"] == "0.00" and document["four_way"]["equal"] and not document["breaks"]
    return CLEAN if clean else DIFFERENCES


def _day(text: str | None) -> date:
    return parse_day(text, field="--to") if text else city_day(datetime.now(UTC))


def _books(installation: Installation) -> Any:
    for problem in installation.up_to_date(BOOKS).values():
        raise problem
    return installation.projector


def _parties(said: list[str] | None) -> tuple[KnownParty, ...]:
    """Raises InvalidInput."""
    names: dict[str, list[str]] = {}
    for one in said or ():
        code, equals, name = one.partition("=")
        if not (code and equals and name):
            raise InvalidInput(field="--party", problem=f"{one[:40]!a} names nobody", expected="CODE=NAME")
        names.setdefault(code, []).append(name)
    return tuple(
        KnownParty(
            party=code,
            names=tuple(name for name in known if not name[0].isdigit()),
            accounts=tuple(name for name in known if name[0].isdigit()),
        )
        for code, known in names.items()
    )


def _matched(
    context: typer.Context,
    kind: Callable[..., Any],
    use_case: Callable[..., Any],
    account: str,
    line: list[str],
    entry: list[str] | None,
    confirmed_by: str,
    reason: str,
) -> int:
    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = kind(
            account=account, lines=tuple(line), entries=tuple(entry or ()), confirmed_by=confirmed_by, reason=reason
        )
        books = _books(installation)
        use_case(installation.ledger, PaperEntries(lambda: nullcontext(books)), command, made)

    return _acted(context, account, None, act)


def _acted(
    context: typer.Context, account: str, on: str | None, act: Callable[[Installation, CommandContext, date], None]
) -> int:
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        act(installation, made, day_of(on, made.moment))
        show(context.obj, dict(installation.ledger.account(account).state()))
    return CLEAN
