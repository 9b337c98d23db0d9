"""Where tests keep what they throw away: in memory where there is room, because the disk is what making a database takes longest for."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that have to be free; the whole suite needs about a quarter of it."""


def folder() -> str:
    """A folder to make temporary ones in."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return str(MEMORY) if roomy else tempfile.gettempdir()
