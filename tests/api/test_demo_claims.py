"""The demonstration's claims run through every outcome, to their last step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from api.demo.funds import ensure_fund
from api.demo.playing import CHANNEL, Player
from api.demo.scene import lives
from domain.facts import Moment
from ledger.claiming import claim_of
from ledger.keystore import Keystore
from ledger.ledger import Ledger

TOLD = {
    0: "paid",
    1: "resubmitted",
    2: "withdrawn",
    3: "paid",
    4: "rejected",
    5: "dispute_settled",
    6: "written_off",
    7: "recovery_remitted",
}
"""What each way is known by."""


def test_every_way_is_played_to_its_end(ledger: Ledger, empty_database: str, tmp_path: Path, moment: Moment) -> None:
    ensure_fund(ledger, moment, CHANNEL)
    player = Player(ledger, Keystore(empty_database, tmp_path / "keys" / "master.key"), moment)
    early = [life for life in lives(300, 1, 1) if life.signed_on.year < 2023]
    for way, topic in TOLD.items():
        life = next(one for one in early if int(one.id_number[14:17]) % 8 == way)
        player.play(replace(life, fate="lost"))
        claim = claim_of(ledger, f"{life.loan_no}-1")
        story = [fact.topic for fact in ledger.recorder.select_events(claim.id)]
        ended = {2: "withdrawn", 4: "rejected"}.get(way, "paid")
        assert claim.status() == ended
        assert topic == ended or f"claim.{topic}" in story
        assert story.count("claim.recovery_received") == (2 if ended == "paid" else 0)
        assert (claim.covered < sum(claim.claimed)) == (way == 3)
        assert ledger.loan(life.loan_no).status() == ("taken_over" if ended == "paid" else "overdue")
