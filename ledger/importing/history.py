"""What one row of a tape turns into: the history of a loan, or the reasons why it cannot be one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from domain.money import Fen

Status: TypeAlias = Literal["paid_in_full", "charged_off", "open", "unknown"]

PERSONAL = "[personal]"
"""What stands in a message where the value is somebody's."""

LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class TapeException:
    """A fact that is kept, though it is odd; `field` is the tape's column, or ours where the mapping states a constant."""

    rule: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row cannot be a fact; `value` is short, escaped, and `[personal]` for a personal column."""

    field: str
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that is not recorded, with all its reasons; `row` counts the data rows from 1."""

    row: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LoanHistory:
    """One row of a tape as facts; money in fen.

    `values` holds every mapped and kept column verbatim, except personal ones; ignored columns are left out. The borrower's
    fields stay out of `values`, of every message and of the representation.
    """

    row: int
    values: dict[str, str]
    loan_no: str
    bank: str
    product: str
    approved: Fen
    guaranteed: Fen
    approved_on: date
    disbursed: Fen
    disbursed_on: date | None
    charged_off: Fen
    charged_off_on: date | None
    outstanding: Fen | None
    paid_principal: Fen | None
    paid_interest: Fen | None
    paid_penalty: Fen | None
    status: Status
    source_status: str
    term_months: int | None
    annual_rate: Decimal | None
    jobs_created: int
    jobs_retained: int
    county: str | None
    state: str | None
    urban_rural: str | None
    guarantor: str | None
    borrower_name: str | None = field(repr=False)
    borrower_id_number: str | None = field(repr=False)
    borrower_phone: str | None = field(repr=False)
    exceptions: tuple[TapeException, ...]


def shown(text: str) -> str:
    """A value fit for a message: at most 60 characters, the invisible ones escaped."""
    start = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: LONGEST_SHOWN + 1])
    return start if len(start) <= LONGEST_SHOWN else start[: LONGEST_SHOWN - 3] + "..."
