"""Reading rules that are data 规则文件: TOML into a model that keeps its own text."""

from __future__ import annotations

import tomllib
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.errors import Refusal

M = TypeVar("M", bound=BaseModel)


def read_rules(model: type[M], text: str, refusal: type[Refusal], *, field: str, whole: str) -> M:
    """The model with `text` as its text. Raises the refusal, which names the key, or the `whole`, and what is wrong with it."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise refusal(field=field, key="the file", problem=str(problem) or "nested too deeply") from None
    if "text" in document:
        raise refusal(field=field, key="text", problem="it is no key of such a file")
    try:
        return model.model_validate({**document, "text": text})
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"] if part != "[key]") or whole
        raise refusal(field=field, key=key, problem=first["msg"].removeprefix("Value error, ")) from None
