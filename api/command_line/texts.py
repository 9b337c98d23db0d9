"""Text files that a command is given 文本文件."""

from __future__ import annotations

from pathlib import Path

from domain.errors import BadInput


class TextUnreadable(BadInput):
    code = "input.text_unreadable"
    en = "{field}: {file} cannot be read: {problem}; give the path of a text file in UTF-8"
    zh = "{field}：无法读取 {file}：{problem}；请给出 UTF-8 文本文件的路径"


def text_of(file: str | Path, field: str) -> str:
    """What a file says. Raises TextUnreadable."""
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or "it is not UTF-8"
        raise TextUnreadable(field=field, file=ascii(str(file)), problem=said) from None
