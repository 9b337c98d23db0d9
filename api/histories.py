"""Histories 历史: one stream's facts and its state at a point of both times, for every way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from domain.calendar import CITY
from domain.compensation.claim import Claim
from domain.errors import BadInput, InvalidInput
from domain.guarantee_fund.fund import GuaranteeFund
from domain.loan.loan import Loan
from domain.loan_application.application import LoanApplication
from domain.policy.policy import Policy
from domain.reconciliation.account import BankAccount
from domain.recorded import Recorded
from domain.rural_partner.partner import RuralPartner
from domain.rural_partner.project import PartnerProject
from domain.state import state_as_of
from domain.subsidy.batch import SubsidyBatch
from domain.subsidy.fund import SubsidyFund
from projections import log

KINDS: Mapping[str, Callable[[str], UUID]] = {
    "loan": Loan.create_id,
    "claim": Claim.create_id,
    "application": LoanApplication.create_id,
    "partner": RuralPartner.create_id,
    "project": PartnerProject.create_id,
    "fund": GuaranteeFund.create_id,
    "account": BankAccount.create_id,
    "subsidy_fund": SubsidyFund.create_id,
    "subsidy_batch": SubsidyBatch.create_id,
    "borrower": UUID,
    "policy": lambda _: Policy.STREAM,
}
"""How the streams of each kind are named."""


class UnknownStream(BadInput):
    code = "stream.unknown"
    en = "there is no stream {name} as known then; give loan/NUMBER (or claim, application, partner, project) or a stream's id"
    zh = "（当时）没有事件流 {name}；请给出 loan/编号（或 claim、application、partner、project）或事件流标识"


def stream_id(name: str) -> UUID:
    """The stream of `KIND/NUMBER`, or of its id. Raises UnknownStream."""
    kind, _, number = name.partition("/")
    try:
        return KINDS[kind](number) if number and kind in KINDS else UUID(name)
    except ValueError:
        raise UnknownStream(field="stream", name=ascii(name[:80])) from None


def history(
    connection: psycopg.Connection[Any], name: str, as_of: date | None, known_at: int | None
) -> tuple[dict[str, Any], int]:
    """What a stream has been through, and the version that it had then. Raises UnknownStream."""
    facts = log.stream(connection, stream_id(name), known_at)
    if not facts:
        raise UnknownStream(field="stream", name=ascii(name[:80]))
    state = dict(state_as_of([row.fact for row in facts], as_of))
    return {"events": events(facts), "state": state, "position": facts[-1].position}, facts[-1].version


def events(facts: Sequence[Recorded]) -> list[dict[str, Any]]:
    return [_told(row) for row in facts]


def parse_known_at(text: str, field: str) -> int | datetime:
    """A position, or a moment of the city's own time where it names no other; a day means its end. Raises InvalidInput."""
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == 10:
            moment = datetime.combine(date.fromisoformat(text), datetime.max.time())
        return moment if moment.tzinfo else moment.replace(tzinfo=CITY)
    except ValueError:
        raise InvalidInput(
            field=field,
            problem=f"{text[:40]!a} is neither a position nor a time",
            expected="42 or 2026-01-31T17:00+08:00",
        ) from None


def _told(row: Recorded) -> dict[str, Any]:
    fact = row.fact
    return {
        "position": row.position,
        "recorded_at": row.recorded_at.isoformat(),
        "version": row.version,
        "topic": row.topic,
        "value_date": row.value_date.isoformat(),
        "actor": {"subject": row.subject, "role": row.role, "institution": row.institution, "region": row.region},
        "channel": row.channel,
        "correlation": row.correlation,
        "scopes": list(row.scopes),
        "leaf_hash": row.leaf_hash.hex(),
        "body": fact.model_dump(mode="json", exclude={"timestamp", "value_date"}),
    }
