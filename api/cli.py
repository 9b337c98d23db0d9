"""The console script `loan-ledger` with all its commands."""

from __future__ import annotations

from api.command_line import asking, demonstrating, keeping, measuring, taking_in
from api.command_line.app import main

__all__ = ["asking", "demonstrating", "keeping", "main", "measuring", "taking_in"]
