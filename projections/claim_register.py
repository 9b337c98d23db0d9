"""The register of claims 代偿登记簿: every claim ever, as of any day and as known at any position; those that history recorded too.

Amounts are the sums of dated changes party by party; the standing is where the last step left it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Connection, Cursor

from domain.compensation import events
from domain.compensation.effects import effects, step_to
from domain.facts import Fact
from domain.stored_form import decode
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows

_WHEN = "value_date <= %(as_of)s AND position <= %(known_at)s"
_STREAM = "projections.claim_register"
_OPENING = "claim, position, claim_no, loan_no, bank, county, fund, guarantor, filed_on, needed, claimed"
_STATUS = (
    f"SELECT claim, (array_agg(status ORDER BY value_date DESC, position DESC))[1] AS status,"
    " min(value_date) FILTER (WHERE status = 'approved') AS approved_on, min(value_date) FILTER (WHERE status = 'paid') AS paid_on"
    f" FROM {_STREAM}_step WHERE {_WHEN} GROUP BY claim"
)
_AMOUNTS = (
    "SELECT claim, coalesce(sum(fen) FILTER (WHERE balance = 'paid'), 0) AS paid,"
    " coalesce(sum(fen) FILTER (WHERE balance = 'recovered'), 0) AS recovered,"
    " coalesce(sum(fen) FILTER (WHERE balance = 'recovered_after_write_off'), 0) AS recovered_after_write_off,"
    " coalesce(sum(fen) FILTER (WHERE balance = 'written_off'), 0) AS written_off,"
    " coalesce(sum(fen) FILTER (WHERE balance = 'refundable'), 0) AS refundable,"
    " coalesce(sum(fen) FILTER (WHERE balance = 'approved'), 0) AS covered,"
    + ",".join(
        f" coalesce(sum(fen) FILTER (WHERE balance = 'approved' AND party = '{party}'), 0) AS {party}_share"
        for party in ("fund", "bank", "guarantor")
    )
    + f" FROM {_STREAM}_change WHERE {_WHEN} GROUP BY claim"
)
_SAID = f"SELECT 1 FROM {_STREAM}_said d WHERE d.claim = r.claim AND {_WHEN}"
_VERIFIED = f"SELECT max(position) FROM {_STREAM}_said v WHERE v.claim = r.claim AND {_WHEN} AND v.who = 'verification'"
_TO_CONFIRM = (
    "(SELECT string_agg(who, ', ' ORDER BY place) FROM jsonb_array_elements_text(r.needed) WITH ORDINALITY n (who, place)"
    f" WHERE NOT EXISTS ({_SAID} AND d.who = n.who AND d.position > ({_VERIFIED})))"
)
_TO_PAY = (
    f"(SELECT string_agg(party, ', ' ORDER BY party DESC) FROM (SELECT party FROM {_STREAM}_change c WHERE c.claim = r.claim"
    f" AND {_WHEN} AND balance = 'approved' AND party <> 'bank' GROUP BY party HAVING sum(fen) <> 0) p"
    f" WHERE NOT EXISTS ({_SAID} AND d.who = 'pays ' || p.party))"
)
_WAITING = (
    "CASE s.status WHEN 'filed' THEN 'verifier' WHEN 'disputed' THEN 'verifier' WHEN 'returned' THEN 'bank'"
    f" WHEN 'verified' THEN {_TO_CONFIRM} WHEN 'approved' THEN {_TO_PAY} END"
)


class ClaimRegister(Projection[Told]):
    """`covered` and the shares are what was approved; `claimed` is what was filed. `recovered` has nothing in it of what had been written
    off; `outstanding` is paid − recovered − written off."""

    name = "claim_register"
    order = "claim_no"
    topics = frozenset(
        {
            events.ClaimRecorded.TOPIC, events.ClaimFiled.TOPIC, events.ClaimMaterialsReturned.TOPIC,
            events.ClaimResubmitted.TOPIC, events.ClaimVerified.TOPIC, events.ClaimDisputed.TOPIC,
            events.ClaimDisputeSettled.TOPIC, events.ShareConfirmed.TOPIC, events.ClaimEndorsed.TOPIC,
            events.ClaimApproved.TOPIC, events.ClaimRejected.TOPIC, events.ClaimWithdrawn.TOPIC, events.ClaimAdjusted.TOPIC,
            events.SharePaid.TOPIC, events.ClaimSubrogated.TOPIC, events.RecoveryReceived.TOPIC,
            events.RecoveryReversed.TOPIC, events.ShareWrittenOff.TOPIC, events.AssetTakenOver.TOPIC, events.AssetSold.TOPIC,
        }
    )  # fmt: skip
    tables: ClassVar[Mapping[str, str]] = {
        "claim_register": "claim",
        "claim_register_step": "claim, position",
        "claim_register_said": "claim, position, who",
        "claim_register_change": "claim, position, balance, party",
    }
    ddl = """
        CREATE TABLE {schema}.claim_register (
          claim uuid PRIMARY KEY, position bigint NOT NULL, claim_no text NOT NULL UNIQUE, loan_no text NOT NULL, bank text,
          county text, fund text, guarantor text, filed_on date NOT NULL, needed jsonb NOT NULL, claimed bigint NOT NULL);
        CREATE TABLE {schema}.claim_register_step (
          claim uuid NOT NULL, position bigint NOT NULL, value_date date NOT NULL, status text NOT NULL,
          PRIMARY KEY (claim, position));
        CREATE TABLE {schema}.claim_register_said (
          claim uuid NOT NULL, position bigint NOT NULL, value_date date NOT NULL, who text NOT NULL,
          PRIMARY KEY (claim, position, who));
        CREATE TABLE {schema}.claim_register_change (
          claim uuid NOT NULL, position bigint NOT NULL, value_date date NOT NULL, balance text NOT NULL, party text NOT NULL,
          fen bigint NOT NULL, PRIMARY KEY (claim, position, balance, party));
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "claim_no": "text", "loan_no": "text", "bank": "text", "county": "text", "fund": "text", "guarantor": "text",
        "status": "text", "waiting_for": "text", "filed_on": "date", "approved_on": "date", "paid_on": "date",
        "claimed": "money", "covered": "money", "fund_share": "money", "bank_share": "money", "guarantor_share": "money",
        "paid": "money", "recovered": "money", "written_off": "money", "recovered_after_write_off": "money",
        "outstanding": "money", "refundable": "money",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        read = [(fact, decode(UUID(fact.stream), fact.version, fact.topic, fact.state)) for fact in facts]
        table = f"{schema}.claim_register"
        copy_rows(cursor, table, _OPENING, (_opened(at, fact) for at, fact in read if _opens(fact)))
        steps = (
            (at.stream, at.position, fact.value_date, status)
            for at, fact in read
            if (status := step_to(fact)) is not None
        )
        copy_rows(cursor, f"{table}_step", "claim, position, value_date, status", steps)
        said = ((at.stream, at.position, fact.value_date, who) for at, fact in read for who in _who_said(fact))
        copy_rows(cursor, f"{table}_said", "claim, position, value_date, who", said)
        changes = (row for at, fact in read for row in _changes(at, fact))
        copy_rows(cursor, f"{table}_change", "claim, position, value_date, balance, party, fen", changes)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        shares = ", ".join(
            f"coalesce(a.{name}, 0) AS {name}"
            for name in ("covered", "fund_share", "bank_share", "guarantor_share", "paid", "recovered", "written_off")
        )
        query = (
            "SELECT claim_no, loan_no, bank, county, fund, guarantor, s.status,"
            f" {_WAITING} AS waiting_for, filed_on, s.approved_on, s.paid_on, claimed, {shares},"
            " coalesce(a.recovered_after_write_off, 0) AS recovered_after_write_off,"
            " coalesce(a.paid - a.recovered - a.written_off, 0) AS outstanding, coalesce(a.refundable, 0) AS refundable"
            f" FROM {_STREAM} r JOIN ({_STATUS}) s USING (claim) LEFT JOIN ({_AMOUNTS}) a USING (claim)"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


def _opens(fact: Fact) -> bool:
    return isinstance(fact, events.ClaimRecorded | events.ClaimFiled)


def _opened(at: Told, fact: Fact) -> tuple[Any, ...]:
    assert isinstance(fact, events.ClaimRecorded | events.ClaimFiled)
    who = {share.party: share.institution for share in fact.scheme.parties}
    needed: tuple[str, ...] = ()
    if isinstance(fact, events.ClaimFiled):
        needed = (*(party for party in who if party in ("bank", "guarantor")), *fact.endorsed_by)
        claimed = fact.principal_fen + fact.interest_fen
    else:
        claimed = fact.covered_fen
    parties = (who.get("bank"), fact.county, who.get("fund"), who.get("guarantor"))
    opening = (at.stream, at.position, fact.claim_no, fact.loan_no, *parties, fact.value_date)
    return (*opening, json.dumps(needed), claimed)


def _who_said(fact: Fact) -> Iterator[str]:
    """Whose word, or whose payment, is no longer waited for; with a verification every word is waited for anew."""
    match fact:
        case events.ClaimVerified():
            yield "verification"
        case events.ShareConfirmed():
            yield fact.party
        case events.ClaimEndorsed():
            yield fact.office
        case events.SharePaid():
            yield f"pays {fact.party}"


def _changes(at: Told, fact: Fact) -> Iterator[tuple[Any, ...]]:
    """One row for each balance that changed."""
    sums: dict[tuple[str, str], int] = {}
    for balance, party, fen in effects(fact):
        sums[balance, party] = sums.get((balance, party), 0) + fen
    return ((at.stream, at.position, fact.value_date, *key, fen) for key, fen in sums.items() if fen)
