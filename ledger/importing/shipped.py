"""Mappings as files 映射文件: what ships with the program, by its name, or one's own, by the path of its `.toml` file."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from ledger.importing import refusals


def names(folder: str) -> tuple[str, ...]:
    """The names of the mappings that come with the program, of one kind."""
    entries = (resources.files("ledger.importing") / folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


def read(name_or_path: str, folder: str) -> tuple[str, bytes]:
    """The mapping's name and its bytes. Raises UnknownMapping."""
    known, name = names(folder), Path(name_or_path).name.removesuffix(".toml")
    if name_or_path in known:
        return name, (resources.files("ledger.importing") / folder / f"{name_or_path}.toml").read_bytes()
    unknown = refusals.UnknownMapping(field="mapping", name=name_or_path, shipped=", ".join(known))
    if not name_or_path.endswith(".toml"):
        raise unknown
    try:
        return name, Path(name_or_path).read_bytes()
    except (OSError, ValueError):
        raise unknown from None


def parsed(file: str, raw: bytes) -> dict[str, Any]:
    """Raises MappingNotToml."""
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        said = f"byte {problem.start} is not UTF-8"
    except tomllib.TOMLDecodeError as problem:
        said = str(problem)
    except RecursionError:
        said = "it is nested too deeply"
    raise refusals.MappingNotToml(field="mapping", file=file, problem=said)
