"""The import rules hold, and a deliberate violation of each is noticed."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("api", "domain", "ledger", "projections")
PURE = ("eventsourcing.domain", "pydantic", "domain")


def _linted(where: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {program}", "--no-cache"]
    return subprocess.run(command, cwd=where, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_layers_hold() -> None:
    result = _linted(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("domain/money.py", "import ledger.leaf"),
        ("domain/money.py", "import projections.log"),
        ("domain/money.py", "import psycopg"),
        ("ledger/leaf.py", "import api.settings"),
        ("ledger/leaf.py", "import projections.log"),
        ("projections/log.py", "import ledger.leaf"),
        ("projections/loan_book.py", "import domain.loan.loan"),
        ("projections/audit_trail.py", "import fastapi"),
    ],
)
def test_a_violation_is_noticed(copy: Path, where: str, line: str) -> None:
    file = copy / where
    file.write_text(file.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    assert _linted(copy).returncode != 0


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _impure(source: str) -> list[str]:
    """Imports that a pure domain has no use for."""
    allowed = sys.stdlib_module_names - {
        "os",
        "random",
        "secrets",
        "socket",
        "subprocess",
        "sqlite3",
        "time",
        "threading",
        "urllib",
    }
    return [m for m in _imported(source) if m.split(".")[0] not in allowed and not m.startswith(PURE)]


def test_the_domain_imports_the_library_s_domain_pydantic_and_pure_standard_library_only() -> None:
    for file in (ROOT / "domain").rglob("*.py"):
        assert _impure(file.read_text(encoding="utf-8")) == [], file


@pytest.mark.parametrize(
    "line", ["import eventsourcing.persistence", "import random", "from os import environ", "import time"]
)
def test_an_impure_import_is_noticed(line: str) -> None:
    assert _impure(line)


def _reads_environment(source: str) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in ("environ", "getenv") for n in ast.walk(ast.parse(source)))


def test_only_the_api_reads_the_environment() -> None:
    for package in ("domain", "ledger", "projections"):
        for file in (ROOT / package).rglob("*.py"):
            assert not _reads_environment(file.read_text(encoding="utf-8")), file


def test_reading_the_environment_is_noticed() -> None:
    assert _reads_environment("import os\nos.environ['X']")
