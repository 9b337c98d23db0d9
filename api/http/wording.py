"""The wording of what does not fit: the field and what it takes, in both languages, and never what was given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SAID: Mapping[str, tuple[str, str]] = {
    "missing": ("it is left out", "缺少该项"),
    "extra_forbidden": ("there is no such field", "没有该字段"),
    "string_type": ("a text is asked for", "应为文本"),
    "string_too_long": ("at most {max_length} characters", "至多 {max_length} 个字符"),
    "string_too_short": ("at least {min_length} characters", "至少 {min_length} 个字符"),
    "string_pattern_mismatch": ("a text of the form that the schema gives", "应符合 schema 给出的格式"),
    "int_type": ("a whole number is asked for", "应为整数"),
    "int_parsing": ("a whole number is asked for", "应为整数"),
    "int_from_float": ("a whole number is asked for", "应为整数"),
    "bool_type": ("true or false", "应为 true 或 false"),
    "literal_error": ("one of {expected}", "应为 {expected} 之一"),
    "enum": ("one of {expected}", "应为 {expected} 之一"),
    "greater_than": ("more than {gt}", "应大于 {gt}"),
    "greater_than_equal": ("{ge} or more", "不小于 {ge}"),
    "less_than": ("less than {lt}", "应小于 {lt}"),
    "less_than_equal": ("{le} or less", "不大于 {le}"),
    "too_long": ("at most {max_length} entries", "至多 {max_length} 项"),
    "too_short": ("at least {min_length} entries", "至少 {min_length} 项"),
}
_KINDS = (
    ("date", ("a day, YYYY-MM-DD", "应为日期 YYYY-MM-DD")),
    ("uuid", ("a UUID", "应为 UUID")),
    ("decimal", ("a decimal number as a text", "应为文本形式的十进制数")),
    ("model", ("an object", "应为对象")),
    ("dict", ("an object", "应为对象")),
    ("tuple", ("a list", "应为列表")),
    ("list", ("a list", "应为列表")),
    ("frozen_set", ("a list", "应为列表")),
)
_DOES_NOT_FIT = ("it does not fit", "不符合要求")


def expected_of(error: Mapping[str, Any]) -> tuple[str, str]:
    """What the field takes, in English and in Chinese."""
    kind = str(error["type"])
    said = _SAID.get(kind) or next((words for begin, words in _KINDS if kind.startswith(begin)), _DOES_NOT_FIT)
    context: Mapping[str, Any] = error.get("ctx") or {}
    en, zh = (words.format_map(_Given(context)) for words in said)
    return en, zh


def field_of(error: Mapping[str, Any]) -> str:
    """The path to the field, in the words of the schema; a name that somebody made up is not repeated."""
    place = [part for part in error["loc"] if part not in ("body", "query", "header", "path")]
    made_up = error["type"] == "extra_forbidden"
    said = [str(part).removesuffix("_fen") for part in (place[:-1] if made_up else place)]
    return ".".join(part for part in said if _NAME.fullmatch(part)) or ("body" if made_up else "input")


_NAME = re.compile("[a-zA-Z_-]{1,40}|[0-9]{1,4}")


class _Given(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return name
