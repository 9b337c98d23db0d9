"""Where the read models stand 进度: how far each has folded, and which have stopped; SQL for whoever runs it."""

from __future__ import annotations

from projections.querying import position_of

HEAD = "SELECT ledger.head_position()"
POSITION_AT = "SELECT ledger.position_at(%s)"
STOPPED = "SELECT name, fact, problem FROM projections.stopped"
BUILT = (
    "SELECT left(relname, -9) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
    r" WHERE nspname = 'projections' AND relname LIKE '%%\_tracking'"
)
"""The names of the read models whose tables are there."""
MIGRATIONS = "SELECT name FROM loan_ledger_migrations"


def standing(name: str) -> str:
    """SQL for the position of one read model, and the fact and problem at which it has stopped, if it has."""
    stopped = f"SELECT fact, problem FROM projections.stopped WHERE name = '{name}'"
    return f"SELECT p.position, s.fact, s.problem FROM (SELECT {position_of(name)} AS position) p LEFT JOIN ({stopped}) s ON true"


def with_version(listing: bytes) -> bytes:
    """A listing with the version that a stream had at its position, or at an earlier one, behind every row."""
    at = b"least(listed.as_of_position, %(upto)s::bigint)"
    return b"SELECT listed.*, ledger.version_at(%(stream)s, " + at + b") FROM (" + listing + b") listed"
