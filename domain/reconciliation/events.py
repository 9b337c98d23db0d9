"""The facts of a bank account 专户: it was opened in the books, a statement of it was taken in, people matched what no rule could.

No fact names a person: of a line's text only payment references are kept, of its other side only an institution that is known. The bank's
own words are in the original file, which is kept encrypted and is named by its digest.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.money import Fen
from domain.reconciliation.proofs import Proof
from domain.reconciliation.statement import Oddity

Format: TypeAlias = Literal["camt053", "mt940", "csv", "xlsx"]
LineKind: TypeAlias = Literal["interest", "fee", "tax"]


class KnownParty(Frozen):
    """An institution on the other side of payments: its code, and the names and account numbers by which statements call it."""

    party: str
    names: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


class BankAccountOpened(OpeningFact):
    """专户登记: the account of a fund at a bank; its number is the institution's own."""

    TOPIC = "account.opened"
    originator_topic = "account"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    account: str
    title: str
    fund: str
    bank: str
    number: str
    currency: str = "CNY"
    parties: tuple[KnownParty, ...] = ()


class PartiesStated(Fact):
    """往来单位登记: by which names and accounts statements call the institutions from now on."""

    TOPIC = "account.parties_stated"

    parties: tuple[KnownParty, ...]


class StatementImported(Fact):
    """对账单导入: what a statement says of itself, and which of its lines were there already.

    `statement` is its number in this account, from 1; `file` the SHA-256 of the original, `place` which of the file's statements it is. `taken`
    is false where it is of another account or currency: then none of its lines counts. The lines stand in the facts that follow.
    """

    TOPIC = "account.statement_imported"

    account: str
    statement: int
    file: str
    place: int
    format: Format
    mapping: str | None = None
    statement_id: str | None = None
    page: int | None = None
    opening_fen: Fen | None = None
    opening_day: date | None = None
    closing_fen: Fen | None = None
    closing_day: date | None = None
    derived: bool = False
    lines: int = Field(ge=0)
    lines_fen: Fen
    known: tuple[str, ...] = ()
    proofs: tuple[Proof, ...]
    oddities: tuple[Oddity, ...] = ()
    taken: bool = True


class BankLine(Frozen):
    """One line of the bank's: `fen` is signed as the bank's customer sees it, `fingerprint` the same whenever the same line is sent again.

    `references` are what its text names, `party` the institution on the other side where it is known.
    """

    number: int
    fingerprint: str
    booked_on: date
    value_date: date
    fen: Fen
    serial: str | None = None
    end_to_end: str | None = None
    references: tuple[str, ...] = ()
    party: str | None = None
    kind: LineKind | None = None
    reversal: bool = False
    balance_fen: Fen | None = None


class StatementLinesImported(Fact):
    """对账单明细导入: lines of a statement that are new, at most a thousand a fact."""

    TOPIC = "account.lines_imported"

    statement: int
    lines: tuple[BankLine, ...]


class LinesMatched(Fact):
    """人工勾对: two people say that these lines of the bank are these entries of the books; the sums are equal."""

    TOPIC = "account.lines_matched"

    lines: tuple[str, ...]
    entries: tuple[str, ...] = ()
    confirmed_by: str


class LinesUnmatched(Fact):
    """取消勾对: two people say that these lines of the bank are not these entries, whatever a rule or somebody said before."""

    TOPIC = "account.lines_unmatched"

    lines: tuple[str, ...]
    entries: tuple[str, ...] = ()
    confirmed_by: str
