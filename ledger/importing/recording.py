"""Recording a tape 导入历史台账: read, converted, checked against what is recorded, and copied in by chunks."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg

from domain.compensation.claim import Claim
from domain.facts import Fact
from domain.loan.events import ContractSigned, TapeRow
from domain.loan.loan import Loan
from domain.money import Fen, yuan
from domain.stored_form import decode
from ledger.bulk import CHUNK, copy_in
from ledger.context import CommandContext
from ledger.importing.facts import aggregates
from ledger.importing.history import LoanHistory, Quarantined, Reason, shown
from ledger.importing.reading import Tape
from ledger.keystore import Keystore, PersonKey
from ledger.registering import RegisterBorrower, new_borrower

LOANS = 500
"""Loans looked at together."""

ATTEMPTS = 10
"""How often a batch is looked at anew when other imports come first."""


@dataclass
class Imported:
    """What became of a tape. `rows` = `imported` + `unchanged` + quarantined; `totals` are of the rows that are recorded."""

    rows: int = 0
    imported: int = 0
    unchanged: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)
    exceptions: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        """As interfaces.md gives it."""
        money = {
            name: yuan(self.amounts[name]) for name in ("approved", "disbursed", "guaranteed", "charged_off", "claimed")
        }
        jobs = {name: str(self.amounts[name]) for name in ("jobs_created", "jobs_retained")}
        return {
            "rows": self.rows,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "quarantined": [
                {"row": q.row, "reasons": [{"field": r.field, "rule": r.rule, "value": r.value} for r in q.reasons]}
                for q in self.quarantined
            ],
            "exceptions": dict(sorted(self.exceptions.items())),
            "totals": money | jobs,
        }


def import_tape(
    importer: psycopg.Connection,
    keystore: Keystore,
    tape: Tape,
    context: CommandContext,
    *,
    dry_run: bool = False,
    told: Callable[[int], None] | None = None,
) -> Imported:
    """Record every row that can be a fact; a row that is recorded already changes nothing. Raises NotPermitted.

    A loan that is recorded with other values is quarantined, never changed. With `dry_run` nothing is recorded.
    """
    context.actor.must_be("operator", action="import a tape of loans")
    report, seen = Imported(), dict[str, bytes]()
    rows = iter(tape.rows(context.moment.today))
    while batch := list(islice(rows, LOANS)):
        report.rows += len(batch)
        good = _told_apart(batch, seen, report)
        _record(importer, keystore, tape, context, good, report, dry_run)
        if told is not None:
            told(report.rows)
    report.quarantined.sort(key=lambda q: q.row)
    return report


def _told_apart(
    batch: Iterable[Quarantined | LoanHistory], seen: dict[str, bytes], report: Imported
) -> list[LoanHistory]:
    """The rows to record; a loan number that comes again in the tape is unchanged, or quarantined if it says something else."""
    good = list[LoanHistory]()
    for row in batch:
        if isinstance(row, Quarantined):
            report.quarantined.append(row)
        elif (said := seen.get(row.loan_no)) is None:
            seen[row.loan_no] = _digest(row)
            good.append(row)
        elif said == _digest(row):
            report.unchanged += 1
        else:
            _quarantine(row, "loan_no_repeated", report)
    return good


def _digest(row: LoanHistory) -> bytes:
    """What a row says, small enough to keep one for every loan of a large tape."""
    return hashlib.blake2b(json.dumps(row.values, sort_keys=True).encode(), digest_size=16).digest()


def _record(
    importer: psycopg.Connection,
    keystore: Keystore,
    tape: Tape,
    context: CommandContext,
    good: list[LoanHistory],
    report: Imported,
    dry_run: bool,
) -> None:
    """Record what is not recorded yet; overtaken by another import, look again at what is."""
    for attempt in range(1, ATTEMPTS + 1):
        openings = _openings(importer, [Loan.create_id(row.loan_no) for row in good])
        new = [row for row in good if Loan.create_id(row.loan_no) not in openings]
        persons = {} if dry_run else _persons(keystore, new)
        told = {row.loan_no: _told(row, tape, persons, context) for row in good}
        taken = _claims_taken(importer, new, told)
        facts = list[Fact]() if dry_run else _registrations(importer, new, persons, context)
        for row in new:
            if row.loan_no not in taken:
                loan, claims = told[row.loan_no]
                facts += [fact for stream in (loan, *claims) for fact in stream.collect_events()]
        try:
            for start in range(0, 0 if dry_run else len(facts), CHUNK):
                copy_in(importer, facts[start : start + CHUNK], context)
            break
        except psycopg.errors.UniqueViolation:
            if attempt == ATTEMPTS:
                raise
    known = keystore.known(row.borrower_id_number for row in good if row.borrower_id_number)
    _count(good, openings, taken, told, known, report)


def _claims_taken(
    importer: psycopg.Connection, new: list[LoanHistory], told: dict[str, tuple[Loan, list[Claim]]]
) -> set[str]:
    """Loans that are new while the claim they would open is there already."""
    claims = {claim.id: row.loan_no for row in new for claim in told[row.loan_no][1]}
    return {claims[stream] for stream in _openings(importer, list(claims))}


def _told(
    row: LoanHistory, tape: Tape, persons: dict[str, PersonKey], context: CommandContext
) -> tuple[Loan, list[Claim]]:
    source = TapeRow(mapping=tape.mapping.name, file_digest=tape.digest, row=row.row, values=row.values)
    key = persons.get(row.borrower_id_number or "")
    return aggregates(row, source, key.person if key else None, context.moment)


def _openings(importer: psycopg.Connection, streams: list[UUID]) -> dict[UUID, Fact]:
    """The first facts of those streams that have begun."""
    found = importer.execute(
        "SELECT originator_id, topic, state FROM ledger.stored_events WHERE originator_id = ANY(%s) AND originator_version = 1",
        (streams,),
    )
    return {stream: decode(stream, 1, topic, bytes(state)) for stream, topic, state in found}


def _persons(keystore: Keystore, rows: list[LoanHistory]) -> dict[str, PersonKey]:
    return dict(keystore.persons(row.borrower_id_number for row in rows if row.borrower_id_number))


def _registrations(
    importer: psycopg.Connection, new: list[LoanHistory], persons: dict[str, PersonKey], context: CommandContext
) -> list[Fact]:
    """The borrowers who are not registered yet, each once."""
    registered = set(_openings(importer, [key.person for key in persons.values()]))
    facts = list[Fact]()
    for row in new:
        key = persons.get(row.borrower_id_number or "")
        if key is None or key.person in registered:
            continue
        registered.add(key.person)
        command = RegisterBorrower.model_construct(
            name=row.borrower_name or "",
            id_number=row.borrower_id_number,
            phone=row.borrower_phone,
            value_date=row.approved_on,
        )
        facts += new_borrower(key, command, context).collect_events()
    return facts


def _count(
    good: list[LoanHistory],
    openings: dict[UUID, Fact],
    taken: set[str],
    told: dict[str, tuple[Loan, list[Claim]]],
    known: Mapping[str, UUID],
    report: Imported,
) -> None:
    for row in good:
        opening = openings.get(Loan.create_id(row.loan_no))
        if opening is not None and not _says_the_same(opening, row, told[row.loan_no][0].contract, known):
            _quarantine(row, "recorded_differently", report)
            continue
        if row.loan_no in taken:
            _quarantine(row, "claim_recorded_already", report)
            continue
        report.unchanged += opening is not None
        report.imported += opening is None
        report.exceptions.update(exception.rule for exception in row.exceptions)
        claimed: Fen = sum(claim.guaranteed for claim in told[row.loan_no][1])
        report.amounts.update(
            approved=row.approved,
            disbursed=row.disbursed,
            guaranteed=row.guaranteed,
            charged_off=row.charged_off,
            claimed=claimed,
            jobs_created=row.jobs_created,
            jobs_retained=row.jobs_retained,
        )


_COMPARED = ("value_date", "bank", "approved_fen", "guaranteed_fen", "source_status", "state", "county", "urban_rural")


def _says_the_same(opening: Fact, row: LoanHistory, contract: ContractSigned, known: Mapping[str, UUID]) -> bool:
    """A tape may be read by a mapping that keeps more or names columns otherwise; facts and what both kept must agree."""
    if not isinstance(opening, ContractSigned) or opening.tape is None:
        return False
    if any(getattr(opening, name) != getattr(contract, name) for name in _COMPARED):
        return False
    if (
        row.borrower_id_number
        and opening.borrower is not None
        and known.get(row.borrower_id_number) != opening.borrower
    ):
        return False
    recorded = opening.tape.values
    return all(row.values[column] == recorded[column] for column in row.values.keys() & recorded.keys())


def _quarantine(row: LoanHistory, rule: str, report: Imported) -> None:
    report.quarantined.append(Quarantined(row.row, (Reason("loan_no", rule, shown(row.loan_no)),)))
