"""Writes the snapshot of the event schemas, and checks that since the first landing they only grew.

python -m tests.contract.publishing write     after adding facts or fields
python -m tests.contract.publishing check     what CI runs: against every version that the history holds
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from domain.schemas import event_schemas, shrunk

SNAPSHOT = Path(__file__).with_name("event_schemas.json")


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        SNAPSHOT.write_text(rendered(), encoding="utf-8")
        return 0
    problems = [f"{commit[:12]}: {lost}" for commit, old in history() for lost in shrunk(old, event_schemas())]
    if SNAPSHOT.read_text(encoding="utf-8") != rendered():
        problems.append(f"{SNAPSHOT.name} is not what the facts say; run this with: write")
    sys.stdout.write("".join(f"{problem}\n" for problem in problems) or "event schemas only grew\n")
    return 1 if problems else 0


def rendered() -> str:
    return json.dumps(event_schemas(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def history(snapshot: Path = SNAPSHOT) -> list[tuple[str, dict[str, object]]]:
    """Every committed version of a snapshot."""
    path = f"tests/contract/{snapshot.name}"
    root = snapshot.parents[2]
    commits = _git(root, "log", "--format=%H", "--", path).split()
    return [(commit, json.loads(_git(root, "show", f"{commit}:{path}"))) for commit in commits]


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
