"""Statements of the demonstration 演示对账单: drawn from the books with every defect that real ones have, each line labelled with the truth.

The labels score the matcher: what it matches has to be true, and what can be determined has to be matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import cycle
from random import Random
from typing import NamedTuple
from xml.sax.saxutils import escape  # writes, and reads nothing

from domain.money import Fen, yuan
from domain.reconciliation.matching import BankSide, BookSide, Match
from domain.reconciliation.references import compared, payment_reference

DEFECTS: tuple[tuple[str, int], ...] = (
    ("exact", 50), ("reference", 13), ("amount", 8), ("split", 4), ("named_batch", 3), ("batch", 3), ("fee", 3), ("duplicate", 2),
    ("reversed", 2), ("transposed", 2), ("amount_diff", 2), ("share_diff", 2), ("missing", 2), ("partial", 1), ("wrong_account", 1),
    ("swapped", 2),
)  # fmt: skip
"""What may become of an entry on its way through the bank, and of how many in a hundred."""
_BARE = ("amount", "duplicate", "missing", "batch", "wrong_account")
"""Those that need no claim or loan."""
NOISE = ("unknown", "interest", "charge", "foreign", "unfounded_reversal")
"""Lines of the bank's that are of no entry."""
NAMES = {
    "bank": "济宁农村商业银行股份有限公司", "guarantor": "济宁市融资担保有限公司", "borrower": "济宁某某商贸有限公司",
    "city": "济宁市财政局", "county": "任城区财政局", "province": "山东省财政厅", "incentive": "济宁市人力资源和社会保障局", "central": "中华人民共和国财政部",
}  # fmt: skip
"""By what names statements call the parties."""
_WINDOW = 31


class Owed(NamedTuple):
    """An entry of the books, as much of it as a payment shows: `number` is the claim or loan, `reference` the bank's own number.

    A `twin` is recorded a second time by mistake: the bank knows of one payment only.
    """

    key: str
    day: date
    fen: Fen
    reference: str | None
    number: str | None
    party: str | None
    twin: bool = False


class Drawn(NamedTuple):
    """A line, the entries that it is truly of, what was done to it, and whether that can be found out from what is written."""

    day: date
    fen: Fen
    serial: str | None
    text: str
    party: str | None
    truth: frozenset[str]
    defect: str
    determinable: bool
    reversal: bool = False

    def side(self, key: str) -> BankSide:
        """As the matcher sees it."""
        references = frozenset(word for word in self.text.split() if word.startswith("RF"))
        numbers = frozenset([compared(self.serial)] if self.serial else [])
        kind = "interest" if "结息" in self.text else "fee" if "手续费" in self.text else None
        return BankSide(key, self.day, self.fen, numbers, references, self.party, self.reversal, kind)


class Score(NamedTuple):
    """`false` are automatic matches that are not true; `found` of `determinable` entries were matched."""

    matches: int
    false: int
    found: int
    determinable: int


def book_side(owed: Owed) -> BookSide:
    """As the matcher sees it."""
    numbers = frozenset([compared(owed.reference)] if owed.reference else [])
    said = [compared(owed.number), payment_reference(owed.number)] if owed.number else []
    return BookSide(owed.key, owed.day, owed.fen, numbers, frozenset(n for n in said if n), owed.party)


def weighted(chance: Random) -> Callable[[Owed], str]:
    """Defects as often as they are."""
    names, weights = zip(*DEFECTS, strict=True)
    return lambda _: str(chance.choices(names, weights)[0])


def in_turn() -> Callable[[Owed], str]:
    """Every defect in its turn, so that a small book has all of them: those that need a number where there is one."""
    numbered = cycle([name for name, _ in DEFECTS if name not in _BARE])
    bare = cycle([name for defect in _BARE for name in ("exact", "exact", "exact", defect)])
    return lambda owed: next(numbered if owed.number else bare)


def draw(
    entries: Sequence[Owed], until: date, chance: Random, defect_of: Callable[[Owed], str], noise: int = 50
) -> list[Drawn]:
    """The bank's lines of some entries, in the order of their days; one line of noise to so many entries.

    A line of the defect `wrong_account` is to be put on another account, or left out.
    """
    pen, used = _Pen(entries, chance), set[str]()
    ordered = sorted(entries, key=lambda owed: (owed.day, owed.key))
    lines = list[Drawn]()
    for at, owed in enumerate(ordered):
        if owed.key in used or owed.twin:
            continue
        if (until - owed.day).days < 2:
            continue  # on its way
        lines += pen.write(
            defect_of(owed), owed, [o for o in ordered[at + 1 : at + 12] if o.key not in used and not o.twin], used
        )
        used.add(owed.key)
        if at % noise == noise - 1:
            lines.append(pen.noise(NOISE[at // noise % len(NOISE)], owed.day))
    return sorted((line for line in lines if line.day <= until), key=lambda line: line.day)


def score(matches: Iterable[Match], lines: dict[str, Drawn]) -> Score:
    """Compare automatic matches with the truth: a match is true if its entries are just those that its lines are of."""
    made, false, found = 0, 0, 0
    wanted = {key for line in lines.values() if line.determinable for key in line.truth}
    for match in matches:
        made += 1
        truth = {key for line in match.lines for key in lines[line].truth}
        net = not match.entries and sum(lines[line].fen for line in match.lines) == 0
        if truth != set(match.entries) and not net:
            false += 1
        else:
            found += len(wanted & set(match.entries))
    return Score(made, false, found, len(wanted))


class _Pen:
    """Writes lines; what it writes of an entry depends on the entry, the defect and chance alone."""

    def __init__(self, entries: Sequence[Owed], chance: Random) -> None:
        self._chance = chance
        self._of_number: dict[tuple[str | None, Fen], list[date]] = {}
        self._of_party: dict[str | None, list[Owed]] = {}
        for owed in entries:
            self._of_number.setdefault((owed.number, owed.fen), []).append(owed.day)
            self._of_party.setdefault(owed.party, []).append(owed)
        for known in self._of_party.values():
            known.sort(key=lambda owed: owed.day)
        self._serial = 0

    def write(self, defect: str, owed: Owed, following: Sequence[Owed], used: set[str]) -> list[Drawn]:
        reference = payment_reference(owed.number) if owed.number else None
        if reference is None and defect not in _BARE:
            defect = "exact"
        if defect in ("batch", "named_batch"):
            legs = self._legs(owed, following, named=defect == "named_batch")
            if not legs:
                defect = "exact"
            else:
                used.update(leg.key for leg in legs)
                return [self._gathered([owed, *legs], named=defect == "named_batch")]
        return [*getattr(self, f"_{defect}")(owed, reference or "")]

    def noise(self, kind: str, day: date) -> Drawn:
        fen = self._chance.randrange(100, 900_000)
        serial, text, party = f"N{self._number()}", "往来款", None
        if kind == "interest":
            text, fen = "结息", self._chance.randrange(1_000, 90_000)
        elif kind == "charge":
            text, fen = "手续费", -self._chance.choice((500, 1000, 2000))
        elif kind == "foreign":
            text, party = "代偿款", "guarantor"
        reversal = kind == "unfounded_reversal"
        return Drawn(day, -fen if reversal else fen, serial, text, party, frozenset(), kind, False, reversal)

    def _line(self, owed: Owed, defect: str, **said: object) -> Drawn:
        """The entry's line as it should be, but for what is said."""
        day = owed.day + timedelta(days=self._chance.choice((0, 0, 0, 1, 1, 2)))
        text = payment_reference(owed.number) if owed.number else None
        plain = Drawn(day, owed.fen, owed.reference, text or "款项", owed.party, frozenset([owed.key]), defect, True)
        return plain._replace(**said)  # type: ignore[arg-type]

    def _exact(self, owed: Owed, _: str) -> Iterator[Drawn]:
        yield self._line(owed, "exact")

    def _reference(self, owed: Owed, _: str) -> Iterator[Drawn]:
        days = [day for day in self._of_number[owed.number, owed.fen] if abs((day - owed.day).days) <= 2 * _WINDOW]
        yield self._line(owed, "reference", serial=None, determinable=len(days) == 1)

    def _amount(self, owed: Owed, _: str) -> Iterator[Drawn]:
        near = [o for o in self._near(owed) if o.fen == owed.fen]
        day = owed.day + timedelta(days=self._chance.choice((0, 1)))
        alone = len(near) == 1 and owed.party is not None
        yield self._line(owed, "amount", day=day, serial=None, text="款项", determinable=alone)

    def _split(self, owed: Owed, reference: str) -> Iterator[Drawn]:
        first = owed.fen * self._chance.randrange(30, 70) // 100
        alone = sum(day is not None for day in self._of_number[owed.number, owed.fen]) == 1
        only = alone and len([o for o in self._near(owed, 2 * _WINDOW) if o.number == owed.number]) == 1
        for fen in (first, owed.fen - first):
            yield self._line(owed, "split", serial=None, text=reference, fen=fen, determinable=only and first != 0)

    def _fee(self, owed: Owed, _: str) -> Iterator[Drawn]:
        most = min(abs(owed.fen) // 100, 5000)
        if most < 100:
            yield self._line(owed, "exact")
        else:
            yield self._line(owed, "fee", fen=owed.fen - self._chance.randrange(100, most + 1))

    def _duplicate(self, owed: Owed, _: str) -> Iterator[Drawn]:
        line = self._line(owed, "duplicate")
        if len(self._of_number[owed.number, owed.fen]) > 1:  # two of the bank's and two of the books' would be in order
            yield line._replace(defect="exact")
            return
        yield line
        yield line._replace(truth=frozenset(), determinable=False)

    def _reversed(self, owed: Owed, _: str) -> Iterator[Drawn]:
        line = self._line(owed, "reversed")
        yield line._replace(truth=frozenset(), determinable=False)
        yield line._replace(fen=-owed.fen, truth=frozenset(), determinable=False, reversal=True)
        yield line._replace(day=line.day + timedelta(days=1), serial=f"R{self._number()}", text=line.text)

    def _transposed(self, owed: Owed, reference: str) -> Iterator[Drawn]:
        at = next((i for i in range(len(reference) - 2, 4, -1) if reference[i] != reference[i + 1]), 5)
        wrong = reference[:at] + reference[at + 1] + reference[at] + reference[at + 2 :]
        yield self._line(owed, "transposed", serial=None, text=wrong, determinable=False)

    def _swapped(self, owed: Owed, reference: str) -> Iterator[Drawn]:
        """Somebody else's reference, whole; nothing says otherwise but the amount."""
        others = [o for o in self._near(owed, _WINDOW) if o.number and o.number != owed.number and o.fen != owed.fen]
        other = payment_reference(self._chance.choice(others).number or "") if others else None
        yield self._line(owed, "swapped", serial=None, text=other or reference, determinable=other is None)

    def _amount_diff(self, owed: Owed, _: str) -> Iterator[Drawn]:
        more = max(abs(owed.fen) // 20, 6000) * (1 if owed.fen > 0 else -1)
        yield self._line(owed, "amount_diff", fen=owed.fen + more, determinable=False)

    def _share_diff(self, owed: Owed, _: str) -> Iterator[Drawn]:
        yield self._line(owed, "share_diff", fen=owed.fen + self._chance.choice((-2, -1, 1, 2)), determinable=False)

    def _partial(self, owed: Owed, _: str) -> Iterator[Drawn]:
        yield self._line(owed, "partial", fen=owed.fen * 3 // 5, determinable=False)

    def _missing(self, owed: Owed, _: str) -> Iterator[Drawn]:
        yield from ()

    def _wrong_account(self, owed: Owed, _: str) -> Iterator[Drawn]:
        """It came to another account; whoever has both puts it there."""
        yield self._line(owed, "wrong_account", determinable=False)

    def _legs(self, owed: Owed, following: Sequence[Owed], *, named: bool) -> list[Owed]:
        """One or two more payments to gather with it, which nothing else can be taken for."""
        alike = [
            o
            for o in following
            if (o.day - owed.day).days <= 4 and o.party == owed.party and (o.fen > 0) == (owed.fen > 0)
        ]
        if named:
            alike = [o for o in alike if o.number and o.number != owed.number and self._lonely(o)]
            return alike[:2] if self._lonely(owed) else []
        return alike[:2] if owed.party is not None else []

    def _lonely(self, owed: Owed) -> bool:
        return len([o for o in self._near(owed, 2 * _WINDOW) if o.number == owed.number]) == 1

    def _gathered(self, legs: Sequence[Owed], *, named: bool) -> Drawn:
        fen = sum(leg.fen for leg in legs)
        day = max(leg.day for leg in legs) + timedelta(days=self._chance.choice((0, 1)))
        text = " ".join(payment_reference(leg.number or "") or "" for leg in legs) if named else "合并支付"
        near = [o for o in self._near(legs[0], 14) if abs(o.fen) < abs(fen) and (o.fen > 0) == (fen > 0)]
        known = named or len(near) <= 8
        defect = "named_batch" if named else "batch"
        return Drawn(day, fen, None, text, legs[0].party, frozenset(leg.key for leg in legs), defect, known)

    def _near(self, owed: Owed, days: int = 14) -> list[Owed]:
        """Entries of the same party about that day, itself among them."""
        return [o for o in self._of_party[owed.party] if abs((o.day - owed.day).days) <= days]

    def _number(self) -> str:
        self._serial += 1
        return f"{self._serial:012d}"


def written(
    lines: Sequence[Drawn], account: str, opening: Fen, first: date, last: date, number: int, *, off: Fen = 0
) -> tuple[bytes, Fen]:
    """A camt.053 statement of the lines, and what it closes with; `off` is by how much its closing does not add up."""
    closing = opening + sum(line.fen for line in lines) + off
    entries = "".join(_entry(line) for line in lines)
    balances = _balance("OPBD", opening, first) + _balance("CLBD", closing, last)
    said = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{account}-{number}</MsgId></GrpHdr><Stmt><Id>{account}-{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm><ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{balances}{entries}</Stmt></BkToCstmrStmt></Document>"
    )
    return said.encode(), closing


def _entry(line: Drawn) -> str:
    name = NAMES.get(line.party or "", "")
    other = ("Dbtr" if line.fen >= 0 else "Cdtr") if name else ""
    party = f"<RltdPties><{other}><Pty><Nm>{name}</Nm></Pty></{other}></RltdPties>" if name else ""
    serial = f"<AcctSvcrRef>{escape(line.serial)}</AcctSvcrRef>" if line.serial else ""
    reversal = "<RvslInd>true</RvslInd>" if line.reversal else ""
    return (
        f"<Ntry>{_amount(line.fen)}{reversal}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.day}</Dt></BookgDt>"
        f"<ValDt><Dt>{line.day}</Dt></ValDt>{serial}<NtryDtls><TxDtls>{party}<RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf>"
        "</TxDtls></NtryDtls></Ntry>"
    )


def _balance(code: str, fen: Fen, day: date) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(fen)}<Dt><Dt>{day}</Dt></Dt></Bal>"


def _amount(fen: Fen) -> str:
    sign = "CRDT" if fen >= 0 else "DBIT"
    return f'<Amt Ccy="CNY">{yuan(abs(fen))}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'


def synthetic(count: int, chance: Random, first: date = date(2024, 1, 1)) -> list[Owed]:
    """Entries of a busy account: dense numbers, amounts that repeat, two in a hundred recorded twice; so many on a day as on another."""
    entries = list[Owed]()
    parties: Sequence[Callable[[], str]] = (lambda: "bank", lambda: "guarantor", lambda: "borrower")
    for at in range(count):
        day = first + timedelta(days=at * 730 // max(count, 1))
        party = parties[at % 3]() if chance.random() < 0.9 else None
        fen = (
            chance.randrange(10_000, 9_000_000)
            if chance.random() < 0.97
            else chance.choice((100_000, 500_000, 1_000_000))
        )
        number = f"JN-{day.year}-{at // 2 if chance.random() < 0.3 else at:06d}-1"
        sign = -1 if party == "bank" else 1
        entries.append(
            Owed(f"{at + 1}.1", day, sign * fen, f"B{at:014d}" if chance.random() < 0.85 else None, number, party)
        )
        if chance.random() < 0.02:
            entries.append(entries[-1]._replace(key=f"{at + 1}.2", reference=None, twin=True))
    return entries
