"""The words of the product: every rule has a code and two sentences, every fact a line in the glossary, and no fen ever floats."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from domain.errors import Refusal
from domain.facts import TOPICS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "domain", "ledger", "projections")
PURE_OF_CHANCE = ("domain", "ledger", "projections")
WAITING = {
    "ledger/recorder.py": "seconds between retries",
    "ledger/store.py": "seconds to wait for a connection",
    "projections/engine.py": "seconds between polls",
    "projections/rebuilding.py": "seconds a rebuild took, or waits",
}
"""Where a float is seconds of waiting, and nothing else is one."""

CLOCKS = {"now", "utcnow", "today"}


def findings(source: str, *, waits: bool = False) -> list[str]:
    """Floats (unless the file `waits`), wall clocks and chance in a module."""
    return [said for node in ast.walk(ast.parse(source)) for said in _found(node, waits)]


def _found(node: ast.AST, waits: bool) -> Iterator[str]:
    match node:
        case ast.Constant(value=float(value)) if not waits:
            yield f"line {node.lineno}: float {value}"
        case ast.Name(id="float", ctx=ast.Load()) if not waits:
            yield f"line {node.lineno}: float"
        case ast.Call(func=ast.Name(id="float")) if waits:
            yield f"line {node.lineno}: float("
        case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS:
            yield f"line {node.lineno}: {name}()"
        case ast.Import(names=names) if any(alias.name.split(".")[0] in ("random", "secrets") for alias in names):
            yield f"line {node.lineno}: chance"
        case ast.ImportFrom(module="random" | "secrets"):
            yield f"line {node.lineno}: chance"


def _modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PURE_OF_CHANCE)
def test_no_float_no_wall_clock_and_no_chance(package: str) -> None:
    assert _modules(package)
    found = {
        str(path.relative_to(ROOT)): said
        for path in _modules(package)
        if (said := findings(path.read_text(encoding="utf-8"), waits=str(path.relative_to(ROOT)) in WAITING))
    }
    assert found == {}


def test_every_file_that_waits_is_there_and_none_is_of_the_domain() -> None:
    assert all((ROOT / name).is_file() and not name.startswith("domain/") for name in WAITING)


@pytest.mark.parametrize(
    "bad",
    [
        "rate = 0.0395",
        "fen = float('1.10')",
        "def share(fen: float) -> int: ...",
        "kind = float",
        "from datetime import datetime\nnow = datetime.now(UTC)",
        "import datetime\nday = datetime.date.today()",
        "day = date.today()",
        "moment = datetime.utcnow()",
        "import random",
        "import os, random as chance",
        "from random import Random",
        "from secrets import token_hex",
    ],
)
def test_a_float_a_clock_or_chance_is_noticed(bad: str) -> None:
    assert findings(bad)


def test_where_seconds_are_waited_a_literal_is_no_finding_and_a_conversion_is() -> None:
    assert findings("wait = 0.05", waits=True) == []
    assert findings("fen = float(text)", waits=True)


def test_whole_numbers_and_given_moments_are_no_finding() -> None:
    assert findings("fen = 100 // 3\nday = moment.today\nyear = Fraction(1, 360)") == []


def _refusals() -> list[type[Refusal]]:
    """Every rule of the product, its modules all loaded."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return sorted(set(_below(Refusal)), key=lambda kind: (kind.code, kind.__name__))


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for below in kind.__subclasses__():
        if below.__module__.split(".")[0] in PACKAGES:
            yield below
            yield from _below(below)


def _placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


REFUSALS = _refusals()
SPOKEN = [kind for kind in REFUSALS if "en" in kind.__dict__ or not kind.__subclasses__()]
"""The rules that are said to somebody; a mere group of rules has no sentence of its own."""


def test_a_code_belongs_to_one_rule() -> None:
    """A rule that is said in several ways keeps its code; no two rules share one."""
    declared = [kind.code for kind in REFUSALS if "code" in kind.__dict__]
    assert sorted(declared) == sorted(set(declared))
    assert set(declared) >= {"input.invalid", "loan.beyond_contract", "bank_reference.used"}
    variants = [kind for kind in REFUSALS if "code" not in kind.__dict__]
    assert all(any(base in SPOKEN and "code" in base.__dict__ for base in kind.__mro__[1:]) for kind in variants)


@pytest.mark.parametrize("kind", SPOKEN, ids=lambda kind: kind.code)
def test_a_refusal_is_said_in_both_languages_with_the_same_facts(kind: type[Refusal]) -> None:
    assert "en" in kind.__dict__ and "zh" in kind.__dict__
    names = _placeholders(kind.en)
    assert names - {"field"} == _placeholders(kind.zh) - {"field"}
    assert all(name.isidentifier() for name in names)
    said = kind(field="field", **{name: f"<{name}>" for name in names - {"field"}})
    assert all(f"<{name}>" in said.message("en") and f"<{name}>" in said.message("zh") for name in names - {"field"})
    assert any("\u4e00" <= letter <= "\u9fff" for letter in kind.zh)
    assert kind.en.isascii()


def test_a_rule_that_is_said_in_one_language_only_is_noticed() -> None:
    class Halved(Refusal):
        code = "test.halved"
        en = "{amount} is refused; give less"
        zh = "已拒绝"

    assert _placeholders(Halved.en) != _placeholders(Halved.zh)


def product_topics() -> list[str]:
    return sorted(topic for topic, kind in TOPICS.items() if kind.__module__.startswith("domain."))


@pytest.mark.parametrize("topic", product_topics())
def test_every_fact_stands_in_the_glossary(topic: str) -> None:
    """One row of the README: | `topic` | 中文 | meaning | feature |."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith(f"| `{topic}` |")]
    assert len(rows) == 1, f"the README's glossary has {len(rows)} rows for {topic}"
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert len(cells) == 4 and all(cells)


def test_the_product_tells_facts() -> None:
    assert {"loan.disbursed", "loan.repaid", "claim.recovery_received", "borrower.registered"} <= set(product_topics())
