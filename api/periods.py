"""A fund's periods 会计期间: the trial balance that a closing seals, and whether what was sealed still comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection

from domain.bookkeeping.closing import AccountBalance, digest_of
from domain.errors import Refusal
from domain.guarantee_fund.events import PeriodClosed
from domain.money import parse_yuan, yuan
from projections.engine import wait_for
from projections.querying import Question, ask, projection

_PATIENCE = 5.0
"""Seconds that the books may take to come up to the log while nobody else can write."""
_BALANCE = projection("trial_balance")


class BooksBehind(Refusal):
    code = "books.behind"
    en = "the books have not come to position {position} of the log; see that a worker runs (`work`), and close again"
    zh = "账簿尚未记到台账位置 {position}；请确认后台进程（work）在运行，然后重新结账"


@dataclass(frozen=True)
class PaperBooks:
    """The books as the read model has them: `fold` brings it up to the log where no worker does, `papers` opens a connection that may read it."""

    papers: Callable[[], AbstractContextManager[Connection[Any]]]
    fold: Callable[[], object] = lambda: None

    def __call__(self, fund: str, as_of: date, position: int) -> Sequence[AccountBalance]:
        """Raises BooksBehind, Stopped."""
        self.fold()
        with self.papers() as papers:
            if not wait_for(papers, _BALANCE.name, position, _PATIENCE):
                raise BooksBehind(field="until", position=position)
            return trial_balance(papers, fund, as_of, position)


def trial_balance(papers: Connection[Any], fund: str, as_of: date, position: int) -> list[AccountBalance]:
    """Of the fund, booked by a day, as known at a position."""
    rows = ask(papers, _BALANCE, Question(where={"fund": fund}, as_of=as_of, known_at=position)).rows
    return [
        AccountBalance(
            row["account"], row["bank"] or "", row["county"] or "", row["level"] or "",
            parse_yuan(row["debit"]), parse_yuan(row["credit"]),
        )
        for row in rows
    ]  # fmt: skip


def checked(books: PaperBooks, closings: Sequence[PeriodClosed]) -> Iterator[dict[str, Any]]:
    """Each closed period: its day, its position, its result (income is positive), its digest, and whether the books still give it.

    Raises BooksBehind, Stopped.
    """
    for closing in closings:
        balances = books(closing.fund, closing.until, closing.at_position)
        yield {
            "until": closing.until.isoformat(),
            "at_position": closing.at_position,
            "result": yuan(-sum(result.amount_fen for result in closing.results)),
            "trial_balance": closing.trial_balance,
            "holds": digest_of(balances) == closing.trial_balance,
        }
