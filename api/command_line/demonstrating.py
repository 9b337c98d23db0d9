"""`demo`: a book of loans comes to life from facts."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from api.command_line.app import CLEAN, DIFFERENCES, app, progress, show
from api.demo.book import play_around, play_loans, prepare
from api.demo.playing import CHANNEL
from api.demo.reconciling import close_quarters, keep_accounts, quarter_ends
from api.demo.scene import FUND
from api.demo.subsidies import keep_account, play_subsidies
from api.periods import PaperBooks, checked
from api.reconciliations import reconciled
from api.settings import Settings
from api.wiring import Installation
from domain.calendar import city_day
from domain.errors import Refusal
from domain.facts import Moment
from domain.money import parse_yuan, yuan
from ledger.verifying import verify
from projections import log, querying
from projections.querying import Question
from projections.rebuilding import rebuild


class RealFacts(Refusal):
    """Facts are for ever, so made-up ones never mix with real ones."""

    code = "demo.real_facts"
    en = "the ledger in {place} holds facts that are no demonstration; give an empty folder with --data"
    zh = "{place} 中的台账已有非演示数据；请用 --data 指定空目录"


@app.command()
def demo(
    context: typer.Context,
    loans: Annotated[int, typer.Option(min=1, max=100_000, help="How many loans.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same book.")] = 1,
) -> int:
    """Build a Jining-like book, bring it through its life, rebuild, verify 演示."""
    settings: Settings = context.obj
    started = time.monotonic()
    with Installation(settings) as installation:
        _only_demonstrations(installation)
        _play(installation, loans, seed)
        periods, reconciliation, subsidies = _keep_books(installation, seed)
        more = {"periods": periods, "reconciliation": reconciliation, "subsidies": subsidies}
        document = {"loans": loans, **_summary(installation), **more}
    document["seconds"] = round(time.monotonic() - started, 1)
    show(settings, document)
    whole = document["verified"] and document["rebuild"]["equal"]
    explained = reconciliation["residual"] == "0.00" and reconciliation["four_way"] and periods["hold"]
    explained = explained and subsidies["explained"]
    return CLEAN if whole and explained else DIFFERENCES


def _only_demonstrations(installation: Installation) -> None:
    row = installation.projector.execute(
        "SELECT 1 FROM ledger.stored_events WHERE channel <> %s LIMIT 1", (CHANNEL,)
    ).fetchone()
    if row is not None:
        place = "DATABASE_URL" if installation.settings.database_url else installation.settings.data
        raise RealFacts(field="--data", place=place)


def _play(installation: Installation, loans: int, seed: int) -> None:
    counted = installation.projector.execute(
        "SELECT count(*) FROM ledger.stored_events WHERE topic = 'loan.contract_signed'"
    ).fetchone()
    desk, moment, first = installation.desk, Moment(now=datetime.now(UTC)), counted[0] + 1 if counted else 1
    prepare(desk, moment)
    with progress() as bar:
        task = bar.add_task("loans", total=loans)
        numbers = range(first, first + loans)
        played = play_loans(desk, moment, numbers, seed, done=lambda more: bar.advance(task, more))
        play_around(desk, moment, played, seed, first)


def _keep_books(installation: Installation, seed: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Four quarters are closed, every account is reconciled with statements that have every defect, and four quarters are subsidised."""
    moment = Moment(now=datetime.now(UTC))

    def fold() -> None:
        for problem in installation.up_to_date().values():
            raise problem

    books = PaperBooks(lambda: nullcontext(installation.projector), fold)
    accounts = keep_accounts(installation.desk, installation.projector, moment, seed, fold)
    close_quarters(installation.ledger, books, moment)
    subsidies = play_subsidies(installation.desk, books, moment)
    accounts = [*accounts, *keep_account(installation.desk, installation.projector, moment, seed, fold)]
    fold()
    closings = [*checked(books, installation.ledger.fund(FUND).closings)]
    found = [
        reconciled(installation.projector, installation.projector, account, quarter_ends(moment.today)[-1])
        for account in accounts
    ]
    classes = Counter(one["class"] for document in found for one in document["breaks"])
    reconciliation = {
        "accounts": len(found),
        "lines": sum(document["lines"] for document in found),
        "matched": sum(sides["lines"] for document in found for sides in document["matched"].values()),
        "breaks": dict(sorted(classes.items())),
        "four_way": all(document["four_way"]["equal"] for document in found),
        "residual": yuan(sum(abs(parse_yuan(document["residual"], negative=True)) for document in found)),
    }
    return {"closed": len(closings), "hold": all(closing["holds"] for closing in closings)}, reconciliation, subsidies


def _summary(installation: Installation) -> dict[str, Any]:
    """What the book says now: every figure is read from a projection, then every projection is rebuilt and the log verified."""
    stopped = installation.up_to_date()
    connection = installation.projector
    book = querying.ask(connection, querying.projection("loan_book"), Question(group_by=("status",)))
    register = querying.ask(connection, querying.projection("application_register"), Question(group_by=("status",)))
    overdue = querying.ask(
        connection,
        querying.projection("overdue_list"),
        Question(group_by=("ageing",), as_of=city_day(datetime.now(UTC))),
    )
    rebuilt = [rebuild(connection, projection) for projection in querying.ALL]
    verdict = verify(log.everything(connection))
    return {
        "events": book.as_of_position,
        "disbursed": book.totals["disbursed"],
        "outstanding": book.totals["outstanding"],
        "claims_paid": book.totals["claimed"],
        "recovered": book.totals["recovered"],
        "applications": {row["status"]: row["count"] for row in register.rows},
        "jobs": book.totals["jobs_created"] + book.totals["jobs_retained"],
        "by_status": {row["status"]: row["count"] for row in book.rows},
        "overdue": {row["ageing"]: row["count"] for row in overdue.rows},
        "rebuild": {
            "events": sum(r.events for r in rebuilt),
            "seconds": round(sum(r.seconds for r in rebuilt), 2),
            "equal": not stopped and all(r.equal is True for r in rebuilt),
        },
        "verified": verdict.holds and verdict.facts == book.as_of_position,
    }
