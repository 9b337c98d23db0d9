"""Watching a fund 担保基金监测: what the papers say of its claims is told to the ledger, which suspends and resumes (R-FUND-11)."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.calendar import add_months
from domain.guarantee_fund.events import Scope
from domain.money import parse_yuan
from ledger.context import CommandContext
from ledger.funding import LookAtStop, look_at_stop
from ledger.ledger import Ledger
from projections.querying import Question, ask, projection

_SCOPES: tuple[Scope, ...] = ("bank", "county")


def watch_fund(ledger: Ledger, papers: Connection[Any], fund: str, context: CommandContext) -> list[dict[str, Any]]:
    """Look at the stop of every bank and county of the fund, and at its capacity; gives the figures of each that was looked at.

    What the fund has paid within the last months stands against its exposure now, its own shares both. Raises UnknownFund,
    NotPermitted.
    """
    method, today = ledger.fund(fund).method, context.moment.today
    since = add_months(today, -method.stop.months)
    looked_at = list[dict[str, Any]]()
    for scope in _SCOPES:
        question = Question(where={"fund": fund}, group_by=(scope,))
        paper = projection("fund_position")
        now, then = ask(papers, paper, question), ask(papers, paper, Question(question.where, (scope,), as_of=since))
        before = {row[scope]: parse_yuan(row["claims_paid"]) for row in then.rows}
        for row in now.rows:
            if (code := row[scope]) is not None:
                compensated = max(parse_yuan(row["claims_paid"]) - before.get(code, 0), 0)
                balance = max(parse_yuan(row["exposure"], negative=True), 0)
                figures = {"compensated_fen": compensated, "balance_fen": balance}
                command = LookAtStop(fund=fund, scope=scope, code=code, since=since, **figures)
                look_at_stop(ledger, command, context)
                looked_at.append({"scope": scope, "code": code, **figures})
    ledger.notice_capacity(fund, context)
    return looked_at
