"""The console script `loan-ledger` with all its commands."""

from __future__ import annotations

from api.command_line import (
    applying,
    asking,
    booking,
    claims,
    closing,
    deciding,
    demonstrating,
    funds,
    keeping,
    lending,
    measuring,
    partners,
    policy,
    prechecking,
    projects,
    reports,
    scheduling,
    serving,
    statements,
    subsidies,
    taking_in,
)
from api.command_line.app import main

__all__ = [
    "applying",
    "asking",
    "booking",
    "claims",
    "closing",
    "deciding",
    "demonstrating",
    "funds",
    "keeping",
    "lending",
    "main",
    "measuring",
    "partners",
    "policy",
    "prechecking",
    "projects",
    "reports",
    "scheduling",
    "serving",
    "statements",
    "subsidies",
    "taking_in",
]
