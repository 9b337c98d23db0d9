"""What a line of the bank's tells a ledger that keeps no names: its references, what kind of line it is, which institution paid or was paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.reconciliation.events import KnownParty, LineKind
from domain.reconciliation.references import compared, is_personal, references_in, shaped
from domain.reconciliation.statement import StatementLine

LONGEST = 64
"""Signs that a bank's own number of a payment may have."""
_NOTHING = frozenset({"", "NONREF", "NOTPROVIDED", "0"})
_KINDS: tuple[tuple[LineKind, tuple[str, ...]], ...] = (
    ("tax", ("利息税", "印花税")),
    ("interest", ("结息", "利息", "INTEREST", "INTR")),
    ("fee", ("手续费", "工本费", "账户管理费", "汇划费", "服务费", "CHARGES", "BANK FEE", "COMMISSION")),
)


def line_references(line: StatementLine) -> dict[str, Any]:
    """`serial` is the bank's own; what the payer gave as `end_to_end` is none where it is written like a person's number."""
    said = " ".join(part for part in (line.end_to_end, line.text) if part)
    given = _number(line.end_to_end)
    end_to_end = None if given is not None and is_personal(given) else given
    return {"serial": _number(line.serial), "end_to_end": end_to_end, "references": references_in(said)}


def line_kind(line: StatementLine) -> LineKind | None:
    text = line.text.upper()
    return next((kind for kind, words in _KINDS if any(word in text for word in words)), None)


def known_party(line: StatementLine, parties: Sequence[KnownParty]) -> str | None:
    """The institution on the other side, by its account number or its name as stated; None where two could be meant."""
    account, name = compared(line.counterparty_account or ""), "".join((line.counterparty or "").split())
    found = {
        party.party
        for party in parties
        if (account and account in map(compared, party.accounts))
        or (name and name in {"".join(known.split()) for known in party.names})
    }
    return found.pop() if len(found) == 1 else None


def plain(text: str | None) -> str | None:
    """A number of the bank's as a fact keeps it: short and printable ASCII, or not at all."""
    said = shaped(text or "").strip("-")
    return said if said and said.isascii() and said.isprintable() and len(said) <= LONGEST else None


def _number(text: str | None) -> str | None:
    said = plain(text)
    return said if said is not None and compared(said).strip("0") and said not in _NOTHING else None
