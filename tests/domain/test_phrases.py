"""Every part of a refusal that is told in English has its Chinese."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.actor import LOCAL_OPERATOR
from domain.errors import InvalidInput, NotPermitted
from domain.phrases import ZH, in_chinese

ROOT = Path(__file__).parents[2]
PARTS = {"InvalidInput": {"problem", "expected"}, "MaterialRefused": {"problem"}, "must_be": {"action"}}


def phrases() -> Iterator[str]:
    """What the program's own calls say, a brace for whatever they put in."""
    for package in ("api", "domain", "ledger", "projections"):
        for file in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                for keyword in call.keywords:
                    if keyword.arg in PARTS.get(name, ()):
                        yield from said(keyword.value)


def said(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from said(one)
            yield from said(other)


def in_english(phrase: str) -> bool:
    """Not a format, which is the same in every language."""
    return any(word.islower() and len(word) > 1 for word in phrase.replace("{}", "").split())


def test_every_phrase_is_told_in_chinese() -> None:
    told = {phrase for phrase in phrases() if in_english(phrase)}
    assert len(told) > 100
    assert {phrase for phrase in told if in_chinese(phrase.replace("{}", "x")) == phrase.replace("{}", "x")} == set()


@pytest.mark.parametrize(
    ("phrase", "zh"),
    [
        ("'moon' is no package", "'moon' 不是贷款包"),
        ("one of: a, b", "以下之一：a, b"),
        ("2025-03-04 is before 2025-03-05", "2025-03-04 早于 2025-03-05"),
        ("KIND:AMOUNT:OF;...", "KIND:AMOUNT:OF;..."),
    ],
)
def test_what_a_phrase_quotes_stays(phrase: str, zh: str) -> None:
    assert in_chinese(phrase) == zh


def test_a_refusal_is_chinese_throughout() -> None:
    refused = InvalidInput(field="product", problem="'x' is no package", expected="one of: plain, talent")
    assert refused.message("zh") == "product：'x' 不是贷款包；应为以下之一：plain, talent"
    assert refused.remedy("zh") == "应为以下之一：plain, talent"
    with pytest.raises(NotPermitted) as forbidden:
        LOCAL_OPERATOR.must_be("clerk", "bank_officer", action="accept an application")
    assert forbidden.value.message("zh") == (
        "本机操作员（operator）无权受理申请；请由以下角色办理：窗口人员（clerk）、银行经办人（bank_officer）"
    )
    assert all(en.count("{}") == zh.count("{}") for en, zh in ZH.items())
