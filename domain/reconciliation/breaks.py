"""Breaks 未达账项: everything by which the bank and the books differ, each with its class, its signed amount, its evidence and what to do.

A break's amount is what it adds to bank closing − ledger closing: a line that no entry explains counts as it is, an entry that no line
explains counts as its opposite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, TypeAlias

from domain.money import Fen, yuan
from domain.reconciliation.matching import BankSide, BookSide, Match, Matching
from domain.reconciliation.references import is_whole

BreakClass: TypeAlias = Literal[
    "TIMING_IN_TRANSIT", "MISSING_IN_BANK", "UNKNOWN_BANK", "AMOUNT_DIFF", "SPLIT_PARTIAL", "CLAIM_SHARE_DIFF", "DUPLICATE_BANK",
    "DUPLICATE_LEDGER", "WRONG_ACCOUNT", "WRONG_REF", "REVERSED", "FEE", "INTEREST", "AMBIGUOUS", "OPENING_MISMATCH",
    "MISSING_STATEMENT", "STATEMENT_DOES_NOT_ADD",
]  # fmt: skip

TRANSIT = 10
"""Days that an entry may be on its way before it counts as missing at the bank."""
ROUNDING: Fen = 5
"""By at most so much do shares differ that were rounded in another way."""
_CANDIDATES = 5


class Kind(NamedTuple):
    """What a class is called, who sees to it, and what is to be done."""

    zh: str
    en: str
    owner: str
    do_zh: str
    do_en: str


KINDS: Mapping[BreakClass, Kind] = {
    "TIMING_IN_TRANSIT": Kind("在途（企业已记、银行未记）", "in transit", "bank_officer", "等待银行入账，逾 10 日未到则追查", "wait for the bank; ask after 10 days"),
    "MISSING_IN_BANK": Kind("银行未记", "not at the bank", "fund_officer", "查明是否实际收付，凭证不符则更正", "find out whether it was paid at all; correct the books if not"),
    "UNKNOWN_BANK": Kind("企业未记", "not in the books", "fund_officer", "按银行回单查明用途并入账", "find out what it is for from the bank's advice, and record it"),
    "AMOUNT_DIFF": Kind("金额不符", "amounts differ", "fund_officer", "核对回单与账面金额，更正有误的一方", "compare the advice with the books and correct whichever is wrong"),
    "SPLIT_PARTIAL": Kind("部分到账", "paid in part", "fund_officer", "等待其余款项或催付", "wait for the rest, or ask for it"),
    "CLAIM_SHARE_DIFF": Kind("代偿分担尾差", "claim shares rounded otherwise", "finance_officer", "与对方按台账分担额核对，补付或退回差额", "settle the fen by the ledger's shares with the other party"),
    "DUPLICATE_BANK": Kind("银行重复", "twice at the bank", "bank_officer", "请银行冲正重复的一笔，或确认为另一笔收付", "have the bank reverse the second, or say what else it is"),
    "DUPLICATE_LEDGER": Kind("账面重复", "twice in the books", "finance_officer", "冲正重复入账", "reverse the second entry"),
    "WRONG_ACCOUNT": Kind("串户", "on another account", "bank_officer", "在两个账户间调拨，或更正入账账户", "move it between the accounts, or correct the account in the books"),
    "WRONG_REF": Kind("附言有误", "wrong reference", "fund_officer", "核对候选项后人工勾对", "look at the candidates and match by hand"),
    "REVERSED": Kind("银行冲正", "reversed by the bank", "fund_officer", "查明原收付并在账上冲正", "find the payment and reverse it in the books"),
    "FEE": Kind("手续费、税费", "fee or tax", "finance_officer", "入账手续费或税费", "record the fee or tax"),
    "INTEREST": Kind("存款利息未入账", "interest not in the books", "finance_officer", "登记专户存款利息（fund interest）", "record the interest (fund interest)"),
    "AMBIGUOUS": Kind("无法唯一对应", "more than one could be meant", "fund_officer", "由两人核对后人工勾对", "match by hand, two people"),
    "OPENING_MISMATCH": Kind("期初不符", "openings differ", "finance_officer", "核对首份对账单之前的收付", "look at what was before the first statement"),
    "MISSING_STATEMENT": Kind("缺少对账单", "a statement is missing", "bank_officer", "向银行索取缺少的对账单并导入", "ask the bank for the missing statement and import it"),
    "STATEMENT_DOES_NOT_ADD": Kind("对账单自身不平", "the statement does not add up", "bank_officer", "请银行重新出具对账单", "have the bank issue the statement again"),
}  # fmt: skip


class Break(NamedTuple):
    """`day` is since when; `candidates` are entries that could be meant."""

    kind: BreakClass
    fen: Fen
    day: date
    lines: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    evidence: str = ""
    candidates: tuple[str, ...] = ()


class _Sides:
    """What is known of both sides to tell a difference by."""

    def __init__(self, matching: Matching, lines: Mapping[str, BankSide], entries: Mapping[str, BookSide]) -> None:
        self.free = _named(matching.entries)
        self.lines = _named(matching.lines)
        self.matched_lines = _named(lines[key] for match in matching.matches for key in match.lines if key in lines)
        self.matched = _named(entries[key] for match in matching.matches for key in match.entries if key in entries)
        self.alike = {
            (entries[key].fen, entries[key].party, entries[key].day)
            for match in matching.matches
            for key in match.entries
            if key in entries
        }
        self.of_fen: dict[Fen, list[BookSide]] = {}
        for entry in matching.entries:
            self.of_fen.setdefault(entry.fen, []).append(entry)


def explained(
    matching: Matching,
    lines: Mapping[str, BankSide],
    entries: Mapping[str, BookSide],
    elsewhere: Collection[tuple[str, Fen]],
    until: date,
) -> list[Break]:
    """Every difference, lines before entries, in the order of their days. `elsewhere` are numbers and amounts of the fund's other accounts."""
    sides = _Sides(matching, lines, entries)
    found, said = list[Break](), set[str]()
    for match in matching.matches:
        if match.fen:
            day = lines[match.lines[0]].day
            found.append(Break("FEE", match.fen, day, match.lines, match.entries, _fee(match)))
    for line in matching.lines:
        different = _of_line(line, sides, elsewhere, said)
        said.update(different.entries)
        found.append(different)
    found += [_of_entry(entry, sides, until) for entry in matching.entries if entry.key not in said]
    return found


def _of_line(line: BankSide, sides: _Sides, elsewhere: Collection[tuple[str, Fen]], said: set[str]) -> Break:
    numbers = sorted((*line.numbers, *line.references))
    alone = (line.fen, line.day, (line.key,))
    named = _unique(entry for number in numbers for entry in sides.free.get(number, ()))
    if line.reversal:
        return Break("REVERSED", *alone, evidence=" ".join(numbers) or yuan(line.fen), candidates=_keys(named))
    if same := [entry for entry in named if entry.fen == line.fen]:
        return Break("AMBIGUOUS", *alone, evidence=" ".join(numbers), candidates=_keys(same))
    twins = [other for number in numbers for other in sides.matched_lines.get(number, ()) if other.fen == line.fen]
    if twins:
        return Break("DUPLICATE_BANK", *alone, evidence=f"like {twins[0].key} of {twins[0].day}")
    if any((number, line.fen) in elsewhere for number in numbers):
        return Break("WRONG_ACCOUNT", *alone, evidence=" ".join(numbers))
    pairs = [entry for entry in named if (entry.fen > 0) == (line.fen > 0) and entry.key not in said]
    if len(pairs) == 1:
        return _differing(line, pairs[0])
    if line.kind == "interest":
        return Break("INTEREST", *alone, evidence="the bank's text")
    if line.kind in ("fee", "tax"):
        return Break("FEE", *alone, evidence="the bank's text")
    likely = [entry for entry in sides.of_fen.get(line.fen, ()) if abs((entry.day - line.day).days) <= TRANSIT]
    broken = any(number.startswith("RF") and not is_whole(number) for number in line.references)
    other = any(number in sides.matched for number in line.references)
    if broken or (likely and (other or line.references)):
        return Break("WRONG_REF", *alone, evidence=" ".join(numbers), candidates=_keys(likely))
    if len(likely) > 1:
        return Break("AMBIGUOUS", *alone, evidence=yuan(line.fen), candidates=_keys(likely))
    return Break("UNKNOWN_BANK", *alone, evidence=" ".join(numbers), candidates=_keys(likely))


def _differing(line: BankSide, entry: BookSide) -> Break:
    """One line and one entry of the same number whose amounts differ: one break over both."""
    difference = line.fen - entry.fen
    kind: BreakClass = "AMOUNT_DIFF"
    if abs(difference) <= ROUNDING:
        kind = "CLAIM_SHARE_DIFF"
    elif abs(line.fen) < abs(entry.fen):
        kind = "SPLIT_PARTIAL"
    said = f"bank {yuan(line.fen)}, books {yuan(entry.fen)}"
    return Break(kind, difference, min(line.day, entry.day), (line.key,), (entry.key,), said)


def _of_entry(entry: BookSide, sides: _Sides, until: date) -> Break:
    numbers = sorted((*entry.numbers, *entry.references))
    alone = (-entry.fen, entry.day, (), (entry.key,))
    if any(line.fen == entry.fen for number in numbers for line in sides.lines.get(number, ())):
        return Break("AMBIGUOUS", *alone, evidence=" ".join(numbers))
    twins = [
        other
        for number in numbers
        for other in sides.matched.get(number, ())
        if other.fen == entry.fen and abs((other.day - entry.day).days) <= TRANSIT
    ]
    if twins:
        return Break("DUPLICATE_LEDGER", *alone, evidence=f"like {twins[0].key} of {twins[0].day}")
    if entry.party is not None and (entry.fen, entry.party, entry.day) in sides.alike:
        return Break("DUPLICATE_LEDGER", *alone, evidence="the same amount, party and day as one that is matched")
    if (until - entry.day).days <= TRANSIT:
        return Break("TIMING_IN_TRANSIT", *alone, evidence=" ".join(numbers))
    return Break("MISSING_IN_BANK", *alone, evidence=" ".join(numbers))


def _fee(match: Match) -> str:
    return f"{match.evidence}, {yuan(-match.fen)} kept back"


def _named(sides: Iterable[BankSide] | Iterable[BookSide]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for side in sides:
        for number in (*side.numbers, *side.references):
            found.setdefault(number, []).append(side)
    return found


def _unique(entries: Iterator[BookSide]) -> list[BookSide]:
    return list({entry.key: entry for entry in entries}.values())


def _keys(entries: Sequence[BookSide]) -> tuple[str, ...]:
    return tuple(entry.key for entry in entries[:_CANDIDATES])
