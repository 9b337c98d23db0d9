"""A bank account 专户 as an aggregate: the statements that it has had, line by line, and what people matched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.facts import EventSourced, Fact, Moment
from domain.money import Fen, yuan
from domain.reconciliation import events, refusals
from domain.reconciliation.proofs import IDENTITY, Bounds, proved
from domain.reconciliation.reading import known_party, line_kind, line_references, plain
from domain.reconciliation.statement import Statement, StatementLine

LINES = 1000
"""Lines a fact."""


class Source(NamedTuple):
    """Where a statement came from: the original's digest, its format, the digest of the column map, and who marks its lines.

    `mark` gives a text's keyed digest, so that a fingerprint tells nobody what a line says.
    """

    file: str
    format: events.Format
    mapping: str | None
    mark: Callable[[str], str]


class BankAccount(EventSourced[Fact]):
    TOPIC = "account"
    Event = Fact
    BankAccountOpened = events.BankAccountOpened
    PartiesStated = events.PartiesStated
    StatementImported = events.StatementImported
    StatementLinesImported = events.StatementLinesImported
    LinesMatched = events.LinesMatched
    LinesUnmatched = events.LinesUnmatched

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.BankAccountOpened

    @staticmethod
    def create_id(account: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/accounts/{account}")

    @classmethod
    def open(cls, moment: Moment, *, account: str, value_date: date, **said: Any) -> BankAccount:
        """专户登记. Raises DatedInFuture."""
        moment.not_before(value_date)
        return cls.opened(
            events.BankAccountOpened, cls.create_id(account), moment, account=account, value_date=value_date, **said
        )

    def scopes(self) -> tuple[str, ...]:
        return (f"fund:{self.opening.fund}", f"bank:{self.opening.bank}")

    # Decisions: may refuse, change nothing themselves.

    def state_parties(self, moment: Moment, parties: Sequence[events.KnownParty], value_date: date) -> None:
        """往来单位登记; the same again is nothing new. Raises DatedInFuture."""
        moment.not_before(value_date)
        if tuple(parties) != self.parties:
            self.tell(events.PartiesStated, moment, value_date=value_date, parties=tuple(parties))

    def take_in(self, moment: Moment, place: int, statement: Statement, source: Source) -> None:
        """对账单导入: its new lines, and its proofs; the same file again is nothing new. Raises DatedInFuture."""
        if any(kept.file == source.file and kept.place == place for kept in self.statements):
            return
        day = statement.last_day or moment.today
        moment.not_before(day)
        marked = [*zip(_fingerprints(statement.lines, source.mark), statement.lines, strict=True)]
        known = [(mark, line) for mark, line in marked if mark in self.lines]
        proofs = proved(
            statement,
            number=self.opening.number,
            currency=self.opening.currency,
            before=self.before(statement),
            known=sum(line.fen for _, line in known),
        )
        taken = not any(proof.holds is False for proof in proofs if proof.name in IDENTITY)
        number = len(self.statements) + 1
        self.tell(
            events.StatementImported,
            moment,
            value_date=day,
            account=self.opening.account,
            statement=number,
            file=source.file,
            place=place,
            format=source.format,
            mapping=source.mapping,
            statement_id=plain(statement.statement_id),
            page=statement.page,
            opening_fen=statement.opening,
            opening_day=statement.first_day,
            closing_fen=statement.closing,
            closing_day=statement.last_day,
            derived=statement.derived,
            lines=len(statement.lines),
            lines_fen=sum(line.fen for line in statement.lines),
            known=tuple(mark for mark, _ in known) if taken else (),
            proofs=proofs,
            oddities=statement.oddities,
            taken=taken,
        )
        new = [self._line(mark, line) for mark, line in marked if mark not in self.lines] if taken else []
        for start in range(0, len(new), LINES):
            lines = tuple(new[start : start + LINES])
            self.tell(events.StatementLinesImported, moment, value_date=day, statement=number, lines=lines)

    def match(
        self, moment: Moment, lines: Sequence[str], entries: Mapping[str, Fen], *, confirmed_by: str, reason: str | None
    ) -> None:
        """人工勾对 of lines with entries of the books, by their keys and amounts. Raises UnknownLine, MatchedAlready, SumsDiffer."""
        self._must_know(lines)
        matched = self.matched
        taken = [key for key in (*lines, *entries) if any(key in (*m.lines, *m.entries) for m in matched)]
        if taken:
            raise refusals.MatchedAlready(field="lines" if taken[0] in self.lines else "entries", what=taken[0])
        of_bank, of_books = sum(self.lines[line].fen for line in lines), sum(entries.values())
        if of_bank != of_books:
            raise refusals.SumsDiffer(field="lines", lines=yuan(of_bank), entries=yuan(of_books))
        self._decided(events.LinesMatched, moment, lines, entries, confirmed_by, reason)

    def unmatch(
        self, moment: Moment, lines: Sequence[str], entries: Sequence[str], *, confirmed_by: str, reason: str | None
    ) -> None:
        """取消勾对, of people or of a rule. Raises UnknownLine, NothingMatched."""
        self._must_know(lines)
        if (frozenset(lines), frozenset(entries)) in self.apart:
            raise refusals.NothingMatched(field="lines")
        self._decided(events.LinesUnmatched, moment, lines, entries, confirmed_by, reason)

    def _decided(
        self,
        kind: type[Fact],
        moment: Moment,
        lines: Sequence[str],
        entries: Sequence[str] | Mapping[str, Fen],
        confirmed_by: str,
        reason: str | None,
    ) -> None:
        said = {"lines": tuple(sorted(lines)), "entries": tuple(sorted(entries))}
        self.tell(kind, moment, value_date=moment.today, **said, confirmed_by=confirmed_by, reason=reason)

    def _must_know(self, lines: Sequence[str]) -> None:
        for line in lines:
            if line not in self.lines:
                raise refusals.UnknownLine(field="lines", account=self.opening.account, line=ascii(line[:70]))

    def _line(self, mark: str, line: StatementLine) -> events.BankLine:
        return events.BankLine(
            number=line.number,
            fingerprint=mark,
            booked_on=line.booked_on,
            value_date=line.value_date,
            fen=line.fen,
            balance_fen=line.balance,
            reversal=line.reversal,
            kind=line_kind(line),
            party=known_party(line, self.parties),
            **line_references(line),
        )

    # What it is.

    def before(self, statement: Statement) -> Bounds | None:
        """The statement that one follows on: the last that had begun by then."""
        day = statement.first_day
        if day is None:
            return None
        earlier = [kept for kept in self.chain if kept.opening_day is not None and kept.opening_day <= day]
        if not earlier:
            return None
        return bounds_of(earlier[-1])

    @property
    def chain(self) -> list[events.StatementImported]:
        """The statements that count, in the order of their days."""
        taken = [kept for kept in self.statements if kept.taken]
        return sorted(
            taken, key=lambda kept: (kept.opening_day or date.min, kept.closing_day or date.max, kept.statement)
        )

    @property
    def matched(self) -> list[events.LinesMatched]:
        """What people matched and nobody took back."""
        standing: dict[tuple[frozenset[str], frozenset[str]], events.LinesMatched] = {}
        for fact in self.decisions:
            key = frozenset(fact.lines), frozenset(fact.entries)
            if isinstance(fact, events.LinesMatched):
                standing[key] = fact
            else:
                standing.pop(key, None)
        return list(standing.values())

    @property
    def apart(self) -> set[tuple[frozenset[str], frozenset[str]]]:
        """What people said does not belong together."""
        apart: set[tuple[frozenset[str], frozenset[str]]] = set()
        for fact in self.decisions:
            key = frozenset(fact.lines), frozenset(fact.entries)
            if isinstance(fact, events.LinesUnmatched):
                apart.add(key)
            else:
                apart.discard(key)
        return apart

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        kept = [s for s in self.statements if as_of is None or s.value_date <= as_of]
        chain = [s for s in self.chain if as_of is None or s.value_date <= as_of]
        last = chain[-1] if chain else None
        return {
            "account": self.opening.account,
            "title": self.opening.title,
            "fund": self.opening.fund,
            "bank": self.opening.bank,
            "number": self.opening.number,
            "currency": self.opening.currency,
            "statements": len(kept),
            "lines": sum(line.booked_on <= as_of for line in self.lines.values()) if as_of else len(self.lines),
            "closing": yuan(last.closing_fen) if last and last.closing_fen is not None else None,
            "closing_day": last.closing_day.isoformat() if last and last.closing_day else None,
            "failed_proofs": sum(proof.holds is False for s in kept for proof in s.proofs),
            "latest": [self.shown(s) for s in kept if s.file == kept[-1].file],
        }

    def shown(self, kept: events.StatementImported) -> Mapping[str, Any]:
        """A statement for people to read: its balances, its proofs, and what was odd."""
        return {
            "statement": kept.statement,
            "file": kept.file,
            "format": kept.format,
            "statement_id": kept.statement_id,
            "from": kept.opening_day.isoformat() if kept.opening_day else None,
            "to": kept.closing_day.isoformat() if kept.closing_day else None,
            "opening": None if kept.opening_fen is None else yuan(kept.opening_fen),
            "closing": None if kept.closing_fen is None else yuan(kept.closing_fen),
            "lines": kept.lines,
            "taken": kept.taken,
            "proofs": [
                {"name": proof.name, "holds": proof.holds, "difference": yuan(proof.difference_fen), "line": proof.line}
                for proof in kept.proofs
            ],
            "oddities": [{"rule": oddity.rule, "line": oddity.line} for oddity in kept.oddities],
        }

    # Consequences: replayed for ever, they only assign.

    def told(self, fact: Fact) -> None:
        match fact:
            case events.BankAccountOpened():
                self.opening = fact
                self.parties = fact.parties
                self.statements: list[events.StatementImported] = []
                self.lines: dict[str, events.BankLine] = {}
                self.of_statement: dict[str, int] = {}
                self.decisions: list[events.LinesMatched | events.LinesUnmatched] = []
            case events.PartiesStated():
                self.parties = fact.parties
            case events.StatementImported():
                self.statements.append(fact)
            case events.StatementLinesImported():
                for line in fact.lines:
                    self.lines[line.fingerprint] = line
                    self.of_statement[line.fingerprint] = fact.statement
            case events.LinesMatched() | events.LinesUnmatched():
                self.decisions.append(fact)
            case _:
                raise TypeError(f"an account knows nothing of {type(fact).__name__}")


def bounds_of(kept: events.StatementImported | None) -> Bounds | None:
    """What of a statement the next one follows on."""
    if kept is None:
        return None
    return Bounds(kept.statement_id, kept.page, kept.opening_day, kept.closing_fen)


def _fingerprints(lines: Sequence[StatementLine], mark: Callable[[str], str]) -> list[str]:
    """The same for the same line in every file: by the bank's number of it where it has one, else by all that it says.

    Lines that are equal in a statement, which is legal, are told apart by counting.
    """
    counted: Counter[str] = Counter()
    found = []
    for line in lines:
        same: tuple[object, ...] = (line.booked_on, line.fen)
        if line.serial and line.serial.strip("0"):
            same = (*same, "serial", line.serial)
        else:
            same = (
                *same, line.value_date, line.end_to_end, line.counterparty, line.counterparty_account, line.text, line.balance,
            )  # fmt: skip
        said = "\x1f".join("" if part is None else str(part) for part in same)
        counted[said] += 1
        found.append(mark(f"{said}\x1f{counted[said]}"))
    return found
