"""Replays streams in a process of its own, which knows nothing but the record: `python -m tests.steps.fresh_process DSN STREAM…`."""

from __future__ import annotations

import json
import sys
from uuid import UUID

import ledger.ledger
from domain.state import state_as_of
from projections import log
from projections.keeper import connect

assert ledger.ledger.AGGREGATES, "every kind of stream is known by being loaded"


def main(dsn: str, streams: list[str]) -> None:
    with connect(dsn) as connection:
        states = {name: state_as_of([row.fact for row in log.stream(connection, UUID(name))]) for name in streams}
    sys.stdout.write(json.dumps(states))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
