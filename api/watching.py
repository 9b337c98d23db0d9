"""Watching a fund 担保基金监测: what the papers say of its claims and balances, bank by bank and county by county."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection

from domain.calendar import add_months
from domain.guarantee_fund.events import Scope
from domain.guarantee_fund.fund import GuaranteeFund
from domain.money import parse_yuan
from ledger.funding import Claimed
from projections.querying import Question, ask, projection

_SCOPES: tuple[Scope, ...] = ("bank", "county")


@dataclass(frozen=True)
class PaperFigures:
    """The figures as the fund's read model has them; `papers` opens a connection that may read it."""

    papers: Callable[[], AbstractContextManager[Connection[Any]]]

    def __call__(self, fund: GuaranteeFund, today: date) -> Iterator[Claimed]:
        """What the fund paid within the method's months stands against its exposure now, its own shares both."""
        since, paper = add_months(today, -fund.method.stop.months), projection("fund_position")
        with self.papers() as papers:
            for scope in _SCOPES:
                question = Question(where={"fund": fund.fund}, group_by=(scope,))
                now, then = ask(papers, paper, question), ask(papers, paper, Question(question.where, (scope,), since))
                before = {row[scope]: parse_yuan(row["claims_paid"]) for row in then.rows}
                for row in now.rows:
                    if (code := row[scope]) is not None:
                        paid = max(parse_yuan(row["claims_paid"]) - before.get(code, 0), 0)
                        balance = max(parse_yuan(row["exposure"], negative=True), 0)
                        yield Claimed(scope, code, compensated_fen=paid, balance_fen=balance, since=since)
