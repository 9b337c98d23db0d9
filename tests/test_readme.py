"""What the README says is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from api.cli import main
from api.command_line.app import app
from domain.facts import TOPICS
from ledger.importing.mapping import load_mapping

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_mapping_of_the_readme_can_be_loaded(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "bank.toml"
    file.write_text(block, encoding="utf-8")
    assert load_mapping(str(file)).encoding == "gb18030"


def test_every_command_stands_in_the_readme_and_nothing_else() -> None:
    named = set(
        re.findall(r"^\| `([a-z-]+)[ `]", README.split("## Commands")[1].split("Global options")[0], re.MULTILINE)
    )
    assert callable(main)
    assert named == {
        *(command.name or command.callback.__name__ for command in app.registered_commands if command.callback),
        *(group.name for group in app.registered_groups),
    }


def test_every_fact_has_its_row_in_the_glossary() -> None:
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| [^|]+ \| [^|]+ \| [0-9]{2} \|$", README, re.MULTILINE)
    assert sorted(rows) == sorted(TOPICS)
