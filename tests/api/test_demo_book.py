"""The demonstration's book is the same book whether its commands are saved in batches or one by one."""

from __future__ import annotations

from pathlib import Path

import psycopg

from api.demo.book import play_around, play_loans, prepare
from domain.facts import Moment
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.materials import MaterialStore
from ledger.outside import NoSource
from ledger.publishing import PolicyBook
from tests.conftest import scratch
from tests.ledger.writing import length_if_sound, open_ledger

LOANS = range(1, 18)


def book(server: str, template: str, folder: Path, moment: Moment, *, together: bool) -> list[tuple[object, ...]]:
    """What is told of whom, when and by whom, in the order of the log."""
    with scratch(server, template) as database, scratch(server) as keys, open_ledger(database) as ledger:
        keystore = Keystore(keys, folder / "master.key")
        desk = Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(folder / "materials"), NoSource())
        prepare(desk, moment)
        heard = list[int]()
        played = play_loans(desk, moment, LOANS, 1, done=heard.append, together=together)
        assert sum(heard) == len(LOANS)
        play_around(desk, moment, played, 1, LOANS.start)
        keystore.close()
        length_if_sound(database)
        with psycopg.connect(database) as connection:
            return connection.execute(
                "SELECT topic, value_date, actor_subject, actor_institution FROM ledger.stored_events ORDER BY notification_id"
            ).fetchall()


def test_the_same_facts_in_the_same_order(server: str, template: str, tmp_path: Path, moment: Moment) -> None:
    batched = book(server, template, tmp_path / "batched", moment, together=True)
    assert batched == book(server, template, tmp_path / "one by one", moment, together=False)
    assert len(batched) > 300
