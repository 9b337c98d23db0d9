"""The demonstration's partners lead lives that the registers tell: shared projects, partners with none, jobs verified apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.demo.funds import ensure_fund
from api.demo.partners import play_partners
from api.demo.playing import CHANNEL, Player
from api.demo.scene import lives
from domain.facts import Moment
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import Question, ask, projection
from tests.conftest import as_role

SEED, LOANS = 4, 120


@pytest.fixture
def registers(
    ledger: Ledger, database: str, empty_database: str, tmp_path: Path, moment: Moment
) -> dict[str, list[dict[str, Any]]]:
    """What both registers say after the loans of the scene that are 乡村贷 were played."""
    ensure_fund(ledger, moment, CHANNEL)
    player = Player(ledger, Keystore(empty_database, tmp_path / "keys" / "master.key"), moment)
    scene = lives(LOANS, SEED, 1)
    for life in scene:
        if life.product == "rural_partner":
            player._begin(life, None)
    play_partners(player, scene, SEED)
    asked = [projection(f"{kind}_register") for kind in ("partner", "project")]
    with (
        Engine(as_role(database, "projector"), asked) as engine,
        connect(as_role(database, "projector")) as reading,
    ):
        assert engine.catch_up() == {}
        return {one.name: ask(reading, one, Question()).rows for one in asked}


def test_there_is_a_bit_of_everything(registers: dict[str, list[dict[str, Any]]]) -> None:
    partners, projects = registers["partner_register"], registers["project_register"]
    borrowed = [life for life in lives(LOANS, SEED, 1) if life.product == "rural_partner"]
    assert len(partners) == len(borrowed) > len(projects) > 0
    assert {line["loans"] for line in partners} == {1}
    assert {0, 1} <= {line["projects"] for line in partners}
    assert max(line["partners"] for line in projects) > 1
    assert {"landed", "ended"} <= {line["status"] for line in projects}
    assert {"qualified", "left"} <= {line["status"] for line in partners}
    reported, verified = (sum(line[f"jobs_{basis}"] for line in projects) for basis in ("reported", "verified"))
    assert 0 < verified < reported
