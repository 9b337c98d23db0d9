"""Bodies 请求体: strict JSON, and for every command of a use case the body that carries it.

A body says what the command says, without what stands in the path: amounts as decimal strings in yuan, days as ISO dates, and a
person either by pseudonym or as the form names them.
"""

from __future__ import annotations

import asyncio
import json
import types
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from api.http.problems import NotJson, TooLarge, TooSlow, WrongType
from domain.money import YUAN, parse_yuan
from ledger.registering import Person

LARGEST = 1024 * 1024
PATIENCE = 30
"""Seconds in which a body has to come."""

Yuan = Annotated[
    str,
    Field(pattern=YUAN, description="Yuan with at most two decimals, as a text."),
]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


async def read(request: Request, most: int = LARGEST) -> bytes:
    """Raises TooLarge, TooSlow."""
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > most:
        raise TooLarge(most=most)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise TooLarge(most=most)
    except TimeoutError:
        raise TooSlow from None
    return bytes(body)


async def read_json(request: Request) -> bytes:
    """A body that is one strict JSON object. Raises WrongType, TooLarge, TooSlow, NotJson."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType(expected="application/json")
    body = await read(request)
    refuse_loose(body)
    return body


def refuse_loose(body: bytes) -> None:
    """What lenient readers take and every reader understands otherwise. Raises NotJson."""
    try:
        text = body.decode()
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_no_fraction, parse_int=_bounded
        )
    except NotJson:
        raise
    except UnicodeDecodeError:
        raise NotJson(problem="it is not UTF-8") from None
    except RecursionError:
        raise NotJson(problem="it is nested too deeply") from None
    except ValueError:
        raise NotJson(problem="it cannot be read") from None
    if not isinstance(found, dict):
        raise NotJson(problem="it is no object")
    if "\\u0000" in text or "\x00" in text:
        raise NotJson(problem="it holds a NUL character")


def body_of(model: type[BaseModel]) -> Callable[[Request], Awaitable[BaseModel]]:
    """A dependency that reads the body as a model: no text is taken for a number, no number for a text."""

    async def given(request: Request) -> BaseModel:
        return model.model_validate_json(await read_json(request), strict=True)

    return given


def body_model(command: type[BaseModel], named: str, persons: Sequence[str] = ()) -> type[BaseModel]:
    """The body of a command whose `named` field stands in the path; fields of `persons` take a form, too."""
    fields: dict[str, Any] = {}
    for name, field in command.model_fields.items():
        if name != named:
            kind = field.annotation
            if name.endswith("_fen"):
                kind = _optional(Yuan, field)
            elif kind in (date, date | None):
                kind = _optional(Day, field)
            elif name in persons:
                kind = _or_person(kind)
            fields[name.removesuffix("_fen")] = (kind, _unbounded(field) if name.endswith("_fen") else field)
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model(command.__name__, __config__=config, __doc__=command.__doc__, **fields)


def said_by(command: type[BaseModel], body: BaseModel) -> dict[str, Any]:
    """The command's own fields, of those that the body sets."""
    said: dict[str, Any] = {}
    for name in command.model_fields:
        shown = name.removesuffix("_fen")
        if shown in body.model_fields_set:
            value = getattr(body, shown)
            said[name] = parse_yuan(value, field=shown) if name.endswith("_fen") and value is not None else value
    return said


def _optional(kind: Any, field: FieldInfo) -> Any:
    return kind if field.is_required() else kind | None


def _unbounded(field: FieldInfo) -> Any:
    """The field's default without its bounds, which are of fen and looked at in the command."""
    return ... if field.is_required() else field.default


def _or_person(kind: Any) -> Any:
    """UUID wherever it stands becomes UUID or the person as the form names them."""
    if kind is UUID:
        return UUID | Person
    if get_origin(kind) in (Union, types.UnionType):
        return Union[tuple(_or_person(part) for part in get_args(kind))]  # noqa: UP007 - of parts that are found
    if get_origin(kind) is tuple:
        return tuple[UUID | Person, ...]
    return kind


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson(problem="an object has the same name twice")
    return found


def _no_number(_: str) -> float:
    raise NotJson(problem="NaN and Infinity are no numbers")


def _no_fraction(_: str) -> float:
    raise NotJson(problem="a number has a fraction or an exponent: amounts and rates are texts")


def _bounded(digits: str) -> int:
    if len(digits) > 18:
        raise NotJson(problem="a whole number has more than 18 digits")
    return int(digits)
