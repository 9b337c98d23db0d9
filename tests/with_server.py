"""Runs a command with DATABASE_URL naming a server of its own: `python -m tests.with_server pytest tests/ledger`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from api.embedded import EmbeddedPostgres
from tests import memory


def main(command: list[str]) -> int:
    with tempfile.TemporaryDirectory(dir=memory.folder()) as folder, EmbeddedPostgres.start(Path(folder)) as server:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": server.dsn()}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
