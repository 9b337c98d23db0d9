"""The proofs of a statement 对账单自证: does it add up, follow on the one before, speak of this account? (evidence.md §5.3)

A proof that does not hold is a finding, never a reason to lose what the bank said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

from domain.frozen import Frozen
from domain.money import Fen
from domain.reconciliation.statement import Statement

Name: TypeAlias = Literal["adds_up", "runs", "continues", "in_sequence", "account", "currency"]
IDENTITY: tuple[Name, ...] = ("account", "currency")
"""The proofs without which its lines are not this account's at all."""


class Proof(Frozen):
    """`holds` is None where the statement says nothing to go by; `difference_fen` is by how much it does not hold, `line` where."""

    name: Name
    holds: bool | None
    difference_fen: Fen = 0
    line: int | None = None


class Bounds(NamedTuple):
    """What is kept of an earlier statement to follow on it."""

    statement_id: str | None
    page: int | None
    opening_day: date | None
    closing: Fen | None


def proved(
    statement: Statement, *, number: str, currency: str, before: Bounds | None, known: Fen = 0
) -> tuple[Proof, ...]:
    """Every proof. `before` is the statement that it follows on, `known` the sum of its lines that were there already."""
    return (
        _adds_up(statement),
        _runs(statement),
        _continues(statement, before, known),
        Proof(
            name="in_sequence",
            holds=in_sequence(statement.statement_id, statement.page, statement.opening_day, before),
        ),
        Proof(name="account", holds=None if statement.account is None else same_account(statement.account, number)),
        Proof(name="currency", holds=None if statement.currency is None else statement.currency == currency),
    )


def _adds_up(statement: Statement) -> Proof:
    """Opening + entries = closing."""
    if statement.opening is None or statement.closing is None:
        return Proof(name="adds_up", holds=None)
    difference = statement.closing - statement.opening - sum(line.fen for line in statement.lines)
    return Proof(name="adds_up", holds=not difference, difference_fen=difference)


def _runs(statement: Statement) -> Proof:
    """Each running balance is the one before and the line."""
    before, compared = statement.opening, False
    for line in statement.lines:
        if line.balance is not None and before is not None:
            compared = True
            if line.balance != before + line.fen:
                difference = line.balance - before - line.fen
                return Proof(name="runs", holds=False, difference_fen=difference, line=line.number)
        before = line.balance if line.balance is not None else before + line.fen if before is not None else None
    return Proof(name="runs", holds=True if compared else None)


def _continues(statement: Statement, before: Bounds | None, known: Fen) -> Proof:
    """The closing before is this opening; lines that both tell of are counted once."""
    if before is None or before.closing is None or statement.opening is None:
        return Proof(name="continues", holds=None)
    difference = statement.opening + known - before.closing
    return Proof(name="continues", holds=not difference, difference_fen=difference)


def in_sequence(statement_id: str | None, page: int | None, day: date | None, before: Bounds | None) -> bool | None:
    """Whether no number is left out after the statement before; a new year begins at 1, or 0, again. None where they are not numbered."""
    if before is None or not _numbers(statement_id, before.statement_id):
        return None
    this, last = int(statement_id or 0), int(before.statement_id or 0)
    if this == last == 0:
        return None
    pages = (page or 1) - (before.page or 1)
    follows = this == last + 1 or (this == last and pages in (0, 1))
    return follows or (this <= 1 and _year(day) > _year(before.opening_day))


def _numbers(*texts: str | None) -> bool:
    return all(text is not None and re.fullmatch(r"[0-9]{1,12}", text, re.ASCII) for text in texts)


def _year(day: date | None) -> int:
    return day.year if day is not None else 0


def same_account(said: str, number: str) -> bool:
    """Whether an account's number is meant: blanks and signs do not count, stars stand for any digits."""
    plain = "".join(sign for sign in said.upper() if sign.isalnum() or sign == "*")
    pattern = re.sub(r"\*+", "[A-Z0-9]+", plain)
    bare = "".join(sign for sign in number.upper() if sign.isalnum())
    return bool(plain) and bool(set(plain) - {"*"}) and re.fullmatch(pattern, bare) is not None


def failed(proofs: Sequence[Proof]) -> list[Proof]:
    return [proof for proof in proofs if proof.holds is False]
