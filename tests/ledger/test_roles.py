"""Who may do what with the log: a table of roles and deeds, and the forgeries that the database itself finds out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.conftest import as_role
from tests.ledger.writing import append, call_append, contents, length_if_sound, open_ledger, several

NEXT = """
INSERT INTO ledger.stored_events
SELECT r.id, 1, 'loan.settled', r.state, r.position, r.at, '2026-03-01', '{}', 's', 'r', 'i', 'g', NULL, 'c', NULL, 'k', NULL, 'ch', NULL,
  ledger.leaf_hash(r.position, r.at, r.id, 1, 'loan.settled', '2026-03-01', '{}',
    ledger.command_part('s', 'r', 'i', 'g', NULL, 'c', NULL, 'k', NULL, 'ch', NULL), r.state)
FROM (SELECT gen_random_uuid() AS id, '{"v":1}'::bytea AS state, 3::bigint AS position, clock_timestamp() AS at) r
"""
"""The row that comes next after two facts, as an importer has to make it."""

DEEDS: dict[str, LiteralString] = {
    "read facts": "SELECT * FROM ledger.stored_events",
    "insert a fact": NEXT,
    "update facts": "UPDATE ledger.stored_events SET topic = 'x'",
    "update no fact": "UPDATE ledger.stored_events SET topic = 'x' WHERE false",
    "delete facts": "DELETE FROM ledger.stored_events",
    "truncate facts": "TRUNCATE ledger.stored_events",
    "merge into facts": "MERGE INTO ledger.stored_events e USING (SELECT 1) o ON e.originator_version = 1 WHEN MATCHED THEN DELETE",
    "select for update": "SELECT 1 FROM ledger.stored_events FOR UPDATE",
    "lock the log": "LOCK TABLE ledger.stored_events IN EXCLUSIVE MODE",
    "read the counter": "SELECT * FROM ledger.log_head",
    "move the counter": "UPDATE ledger.log_head SET position = position",
    "delete the counter": "DELETE FROM ledger.log_head",
    "read outcomes": "SELECT * FROM ledger.command_outcome",
    "add an outcome": "INSERT INTO ledger.command_outcome VALUES ('x', '', 1, 1, now())",
    "delete outcomes": "DELETE FROM ledger.command_outcome",
    "truncate outcomes": "TRUNCATE ledger.command_outcome",
    "update outcomes": "UPDATE ledger.command_outcome SET facts = 0",
    "read slots": "SELECT * FROM ledger.guard_slot",
    "take a slot": "INSERT INTO ledger.guard_slot VALUES ('g', 'k', 1, 'h')",
    "move a total": "UPDATE ledger.guard_total SET used = 0",
    "append": "",
    "find an outcome": "SELECT * FROM ledger.find_outcome('x', '')",
    "ask who holds a place": "SELECT * FROM ledger.guard_holders('g', 'k')",
    "begin a batch": "SELECT ledger.begin_batch()",
    "begin an import": "SELECT * FROM ledger.begin_import()",
    "read the readable log": "SELECT * FROM ledger.readable_events",
    "create a table": "CREATE TABLE ledger.mine ()",
    "create a trigger": "CREATE TRIGGER mine BEFORE UPDATE ON ledger.stored_events EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "disable triggers": "ALTER TABLE ledger.stored_events DISABLE TRIGGER USER",
    "pass by triggers": "SET session_replication_role = replica",
    "replace the append": "ALTER FUNCTION ledger.append_events RESET ALL",
    "become the writer": "SET ROLE loan_ledger_writer",
    "become the owner": "SET ROLE loan_ledger_owner",
    "make a projection": "CREATE TABLE projections.mine ()",
    "rebuild a projection": "CREATE TABLE projections_rebuild.mine ()",
}

ROLES = ("application", "importer", "projector", "reader", "auditor", "writer", "owner", "stranger")

# One letter a role, in the order of ROLES: y = may, n = has no privilege for it, t = a trigger refuses it.
MATRIX: dict[str, LiteralString] = {
    "read facts": "yyynnyyn",
    "insert a fact": "nynnnyyn",
    "update facts": "nnnnnntn",
    "update no fact": "nnnnnntn",
    "delete facts": "nnnnnntn",
    "truncate facts": "nnnnnntn",
    "merge into facts": "nnnnnntn",
    "select for update": "nnnnnnyn",
    "lock the log": "nnnnnyyn",
    "read the counter": "nnnnnyyn",
    "move the counter": "nnnnnyyn",
    "delete the counter": "nnnnnntn",
    "read outcomes": "nnnnnyyn",
    "add an outcome": "nnnnnyyn",
    "delete outcomes": "nnnnnntn",
    "truncate outcomes": "nnnnnntn",
    "update outcomes": "nnnnnntn",
    "read slots": "nnnnnyyn",
    "take a slot": "nnnnnyyn",
    "move a total": "nnnnnyyn",
    "append": "ynnnnynn",
    "find an outcome": "ynnnnynn",
    "ask who holds a place": "ynnnnynn",
    "begin a batch": "ynnnnynn",
    "begin an import": "nynnnynn",
    "read the readable log": "nnnnynyn",
    "create a table": "nnnnnnyn",
    "create a trigger": "nnnnnnyn",
    "disable triggers": "nnnnnnyn",
    "pass by triggers": "nnnnnnnn",
    "replace the append": "nnnnnynn",
    "become the writer": "nnnnnynn",
    "become the owner": "nnnnnnyn",
    "make a projection": "nnynnnnn",
    "rebuild a projection": "nnynnnnn",
}
LETTERS = {None: "y", "42501": "n", "LG007": "t"}


@pytest.fixture
def populated(database: str) -> str:
    """A log with two facts."""
    with open_ledger(database) as ledger:
        append(ledger, several(2))
    return database


@pytest.fixture
def superuser(populated: str) -> Iterator[psycopg.Connection]:
    """A superuser in a transaction that is taken back."""
    with psycopg.connect(populated) as connection:
        yield connection
        connection.rollback()


def become(connection: psycopg.Connection, role: str) -> None:
    """A session of that very role, which is no superuser's in disguise; the stranger was granted nothing."""
    if role == "stranger":
        connection.execute("CREATE ROLE loan_ledger_test_stranger")
    name = "loan_ledger_test_stranger" if role == "stranger" else f"loan_ledger_{role}"
    connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(name)))


def outcome(connection: psycopg.Connection, role: str, deed: str) -> str | None:
    """The SQLSTATE with which the deed is refused; the transaction is taken back."""
    try:
        become(connection, role)
        if deed == "append":
            call_append(connection)
        else:
            connection.execute(DEEDS[deed])
    except psycopg.Error as refused:
        return refused.sqlstate
    finally:
        connection.rollback()
    return None


def test_each_role_may_do_exactly_what_the_table_says(superuser: psycopg.Connection) -> None:
    for place, role in enumerate(ROLES):
        did = {deed: outcome(superuser, role, deed) for deed in DEEDS}
        seen = {deed: LETTERS.get(state, state) for deed, state in did.items()}
        assert (role, seen) == (role, {deed: MATRIX[deed][place] for deed in DEEDS})


MUTATIONS = [
    "update facts",
    "update no fact",
    "delete facts",
    "truncate facts",
    "merge into facts",
    "update outcomes",
    "delete outcomes",
    "truncate outcomes",
    "delete the counter",
]


def test_not_even_a_superuser_changes_a_fact(populated: str) -> None:
    before = contents(populated)
    with psycopg.connect(populated, autocommit=True) as superuser:
        for deed in MUTATIONS:
            with pytest.raises(psycopg.DatabaseError, match="facts are never changed") as refused:
                superuser.execute(DEEDS[deed])
            assert refused.value.sqlstate == "LG007"
        with pytest.raises(psycopg.DatabaseError, match="facts are never changed"):
            superuser.execute("TRUNCATE ledger.log_head, ledger.guard_slot, ledger.stored_events CASCADE")
    assert contents(populated) == before


# What the importer copies in.

FORGERIES: dict[str, tuple[str, str, str]] = {
    "a leaf of another state": ("r.state, r.position", "'{\"v\":2}'::bytea, r.position", "LG004"),
    "a leaf of another actor": ("'s', 'r', 'i', 'g', NULL, 'c', NULL, 'k', NULL, 'ch', NULL,", "'s', 'r', 'i', 'x', NULL, 'c', NULL, 'k', NULL, 'ch', NULL,", "LG004"),
    "a position already taken": ("3::bigint", "2::bigint", "23505"),
    "a position behind": ("3::bigint", "0::bigint", "LG005"),
    "a gap": ("3::bigint", "4::bigint", "LG005"),
    "a time before the last": ("clock_timestamp()", "clock_timestamp() - interval '1 hour'", "LG006"),
    "an actor without a role": ("'s', 'r', 'i'", "'s', '', 'i'", "LG011"),
    "a scope in two dimensions": ("'2026-03-01', '{}', 's'", "'2026-03-01', '{{x}}', 's'", "LG011"),
    "a time to come": ("clock_timestamp()", "clock_timestamp() + interval '1 hour'", "LG006"),
}  # fmt: skip


INSERTERS: dict[str, tuple[LiteralString, ...]] = {
    "the importer": ("SET SESSION AUTHORIZATION loan_ledger_importer",),
    "a member of the importers": (
        "CREATE ROLE loan_ledger_test_member IN ROLE loan_ledger_importer",
        "SET SESSION AUTHORIZATION loan_ledger_test_member",
    ),
    "the owner": ("SET SESSION AUTHORIZATION loan_ledger_owner",),
    "a superuser": ("SELECT 1",),
}


@pytest.mark.parametrize("who", INSERTERS)
def test_what_is_forged_past_the_append_is_refused_whoever_inserts_it(populated: str, who: str) -> None:
    before = contents(populated)
    with psycopg.connect(populated) as connection:
        for name, (what, instead, sqlstate) in FORGERIES.items():
            forged = NEXT.replace(what, instead, 1)
            assert forged != NEXT
            for step in INSERTERS[who]:
                connection.execute(step)
            with pytest.raises(psycopg.DatabaseError) as refused:
                connection.execute(forged.encode())
            assert (name, refused.value.sqlstate) == (name, sqlstate)
            connection.rollback()
    assert contents(populated) == before


def test_two_rows_with_a_gap_or_two_times_are_refused(populated: str) -> None:
    two = NEXT.replace("3::bigint AS position, clock_timestamp() AS at", "p AS position, t AS at")
    both = two.replace(") r\n", " FROM unnest(%s::bigint[], %s::timestamptz[]) u(p, t)) r\n")
    with psycopg.connect(as_role(populated, "importer"), autocommit=True) as importer:
        now = importer.execute("SELECT next_position, recorded_at FROM ledger.begin_import()").fetchone()
        assert now is not None
        earlier = importer.execute("SELECT recorded_at FROM ledger.stored_events").fetchone()
        assert earlier is not None
        for positions, times, sqlstate in (
            ([3, 5], [now[1], now[1]], "LG005"),
            ([3, 4], [earlier[0], now[1]], "LG006"),
        ):
            with pytest.raises(psycopg.DatabaseError) as refused:
                importer.execute(both.encode(), (positions, times))
            assert refused.value.sqlstate == sqlstate
        importer.execute(both.encode(), ([3, 4], [now[1], now[1]]))
    assert contents(populated)["log_head"] == [(4, now[1])]


def test_an_append_goes_on_after_an_import(populated: str) -> None:
    with psycopg.connect(as_role(populated, "importer")) as importer:
        importer.execute("SELECT ledger.begin_import()")
        importer.execute(NEXT)
    with open_ledger(populated) as ledger:
        assert list(append(ledger, several(1)).positions) == [4]
    with psycopg.connect(populated) as connection:
        rows = connection.execute("SELECT position, leaf_recomputes FROM ledger.readable_events ORDER BY 1").fetchall()
    assert rows == [(1, True), (2, True), (3, True), (4, True)]


# The definer's functions.

TRAP: tuple[LiteralString, ...] = (
    "CREATE SCHEMA trap",
    "CREATE FUNCTION trap.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT decode(repeat('00', 32), 'hex') $$",
    "CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2001-01-01' $$",
    "GRANT USAGE ON SCHEMA trap TO PUBLIC",
)


def test_a_callers_own_functions_are_not_used_by_the_append(populated: str) -> None:
    with psycopg.connect(populated) as superuser:
        for statement in TRAP:
            superuser.execute(statement)
    with psycopg.connect(as_role(populated, "application"), autocommit=True) as application:
        application.execute("SET search_path = trap, pg_catalog")
        row = application.execute("SELECT sha256(''), clock_timestamp()").fetchone()
        assert row is not None
        assert row[0] == bytes(32), "the trap is set"
        _, recorded_at, leaves = call_append(application)
    assert leaves != [bytes(32)]
    assert recorded_at.year > 2001
    assert length_if_sound(populated) == 3


def definers(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT proname, pg_get_userbyid(proowner), proconfig FROM pg_proc"
        " WHERE pronamespace = 'ledger'::regnamespace AND prosecdef ORDER BY 1"
    ).fetchall()


def test_every_definer_function_is_the_writers_and_fixes_its_search_path(superuser: psycopg.Connection) -> None:
    found = definers(superuser)
    assert len(found) >= 4
    for name, owner, settings in found:
        assert (name, owner) == (name, "loan_ledger_writer")
        assert "search_path=pg_catalog, pg_temp" in settings


def test_no_function_of_the_log_is_for_everybody(superuser: psycopg.Connection) -> None:
    open_to_all = superuser.execute(
        "SELECT proname FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) a"
        " WHERE pronamespace = 'ledger'::regnamespace AND a.grantee = 0"
    ).fetchall()
    assert open_to_all == []
