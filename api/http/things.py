"""The things that paths name: how each is called, which stream it is, and what of it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.histories import KINDS
from api.showing import findings
from domain.facts import EventSourced
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import MaterialAdded
from domain.rural_partner.partner import RuralPartner

NUMBER = r"^[^\x00-\x20\x7f/]+$"
"""What every number of ours is written as: no blank, no slash."""


@dataclass(frozen=True)
class Thing:
    """`kind` is the stream's, `number` the path's parameter and the command's field, `fields` what the shown state has at least; `path` is where it
    is read, its kind's plural if left out."""

    kind: str
    number: str
    fields: Mapping[str, str]
    show: Callable[[Any], Mapping[str, Any]] = lambda found: found.state()
    path: str = ""

    def stream(self, number: str) -> UUID:
        return KINDS[self.kind](number)

    def shown(self, found: EventSourced[Any]) -> dict[str, Any]:
        return dict(self.show(found))


def _application(found: LoanApplication) -> dict[str, Any]:
    """The state, every finding with its reason in both languages, and the documents by their digests."""
    return {**found.state(), "findings": findings(found), "materials": materials(found)}


def materials(found: LoanApplication) -> list[dict[str, Any]]:
    """The documents, by kind and digest."""
    return [{"kind": fact.kind, "digest": fact.digest} for fact in found.facts_of(MaterialAdded)]


def _partner(found: RuralPartner) -> dict[str, Any]:
    return {**found.state(), "persons": [str(person) for person in found.persons]}


APPLICATION = Thing(
    "application",
    "case_no",
    {
        "case_no": "text",
        "status": "text",
        "amount": "money",
        "reviews": "object",
        "waits_for": "list?",
        "asked_for": "list",
        "due_on": "date?",
        "counter_guarantees": "list",
        "reason": "text?",
        "notify_by": "date?",
        "findings": "list",
        "materials": "list",
    },
    _application,
)
LOAN = Thing(
    "loan",
    "loan_no",
    {
        "loan_no": "text",
        "bank": "text",
        "status": "text",
        "approved": "money",
        "guaranteed": "money",
        "balances": "object",
        "jobs_created": "number",
        "jobs_retained": "number",
    },
)
CLAIM = Thing(
    "claim",
    "claim_no",
    {"claim_no": "text", "loan_no": "text", "covered": "money", "paid": "object", "recovered": "object"},
)
FUND = Thing(
    "fund",
    "fund",
    {
        "fund": "text",
        "method": "text",
        "multiplier": "number",
        "capital": "object",
        "suspended": "list",
        "standing": "text",
        "closed_until": "date?",
    },
)
ACCOUNT = Thing(
    "account",
    "account",
    {
        "account": "text",
        "title": "text",
        "fund": "text",
        "bank": "text",
        "number": "text",
        "currency": "text",
        "statements": "number",
        "lines": "number",
        "closing": "money?",
        "closing_day": "date?",
        "failed_proofs": "number",
        "latest": "list",
    },
)
SUBSIDY_FUND = Thing(
    "subsidy_fund",
    "fund",
    {
        "fund": "text",
        "title": "text",
        "method": "text",
        "received": "object",
        "returned": "object",
        "closed_until": "date?",
        "settlements": "list",
    },
    path="subsidy-funds",
)
SUBSIDY_BATCH = Thing(
    "subsidy_batch",
    "batch",
    {
        "batch": "text",
        "fund": "text",
        "bank": "text",
        "quarter": "text",
        "status": "text",
        "lines": "number",
        "interest": "money",
        "amount": "money",
        "levels": "object",
        "disputed": "list",
        "left_out": "list",
        "paid": "money",
        "to_pay": "money",
        "clawed_back": "money",
        "owed_back": "money",
    },
    path="subsidy-batches",
)
PARTNER = Thing(
    "partner",
    "partner_no",
    {"partner_no": "text", "kind": "text", "status": "text", "loans": "list", "persons": "list"},
    _partner,
)
PROJECT = Thing("project", "project_no", {"project_no": "text", "status": "text"})
BORROWER = Thing("borrower", "person", {"person": "text", "registered_on": "date"})
POLICY = Thing("policy", "", {"editions": "object", "quotes": "number", "calendars": "list"})
"""There is one stream of policy, so nothing numbers it."""
