"""What was known 当时所知: a loan and the working calendars by the facts up to a position of the log, so that no look back ever changes."""

from __future__ import annotations

from typing import Any

import psycopg

from domain.facts import Fact
from domain.loan.loan import Loan
from domain.loan.refusals import UnknownLoan
from domain.policy.policy import Policy
from domain.recorded import Recorded
from domain.state import replayed
from domain.working_days import WorkCalendar
from projections import log

Connection = psycopg.Connection[Any]


def recorded_of(connection: Connection, loan_no: str, known_at: int | None) -> list[Recorded]:
    """The loan's facts, all of them without a position. Raises UnknownLoan."""
    found = log.stream(connection, Loan.create_id(loan_no), known_at)
    if not found:
        raise UnknownLoan(field="loan_no", loan_no=loan_no)
    return found


def facts_of(connection: Connection, loan_no: str, known_at: int | None) -> list[Fact]:
    """The same without their envelopes. Raises UnknownLoan."""
    return [row.fact for row in recorded_of(connection, loan_no, known_at)]


def calendar_at(connection: Connection, known_at: int | None) -> WorkCalendar:
    """The working days that were published."""
    policy: Policy | None = replayed([row.fact for row in log.stream(connection, Policy.STREAM, known_at)])
    return WorkCalendar(policy.calendars if policy else {})


def loan_at(connection: Connection, loan_no: str, known_at: int | None) -> Loan:
    """The loan with the calendar in its hand. Raises UnknownLoan."""
    loan: Loan = replayed(facts_of(connection, loan_no, known_at))
    loan.calendar = calendar_at(connection, known_at)
    return loan
