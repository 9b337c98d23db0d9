"""The document 接口文档: OpenAPI 3.1, generated from the routes, the bodies, the read models and what the use cases say they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.http.problems import PROBLEM_JSON, HttpProblem, known_refusals, status_of
from domain.errors import Refusal

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
MONEY: Schema = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)\.[0-9]{2}$", "examples": ["300000.00"]}
WHOLE: Schema = {"type": "integer"}
SHOWN: Mapping[str, Schema] = {
    "text": TEXT,
    "money": MONEY,
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
    "year": WHOLE,
    "number": WHOLE,
    "count": WHOLE,
    "object": {"type": "object"},
    "list": {"type": "array", "items": {}},
    "flag": {"type": "boolean"},
}
"""How each kind of value is shown."""

COMMAND_PROBLEMS = (400, 403, 404, 408, 409, 412, 413, 415, 421, 422, 500, 503)
READ_PROBLEMS = (403, 404, 421, 422, 500, 503)
_MEANS = {
    400: "Not JSON as it is taken here",
    403: "Not permitted to this actor",
    404: "There is no such thing",
    408: "The body did not come in time",
    409: "A rule says no; nothing was recorded",
    412: "It has moved on since it was looked at",
    413: "Too large",
    415: "The body is of another type",
    421: "Asked under a name that is not this server's",
    422: "The input does not fit",
    500: "A defect of the server",
    503: "Not now; send it again",
}
RECEIPT: Schema = {
    "type": ["object", "null"],
    "description": "What the log answers; null where there was nothing to record. `repeated` where it had been recorded before.",
    "properties": {
        "first_position": WHOLE,
        "position": WHOLE,
        "recorded_at": {"type": "string", "format": "date-time"},
        "leaf_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "repeated": {"type": "boolean"},
    },
    "required": ["first_position", "position", "recorded_at", "leaf_hash", "repeated"],
}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `type` is stable; the remedy says what to do. `errors` lists every field where several do not fit.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": TEXT,
        "status": WHOLE,
        "detail": TEXT,
        "detail_en": TEXT,
        "detail_zh": TEXT,
        "code": TEXT,
        "field": {"type": ["string", "null"]},
        "remedy_en": TEXT,
        "remedy_zh": TEXT,
        "errors": {"type": "array", "items": {"type": "object"}},
    },
    "required": [
        "type",
        "title",
        "status",
        "detail",
        "detail_en",
        "detail_zh",
        "code",
        "field",
        "remedy_en",
        "remedy_zh",
    ],
}


def fields(named: Mapping[str, str], *, some_null: bool = False) -> Schema:
    """An object that has at least these; a kind that ends in ? may be null."""
    shown = {name: _nullable(SHOWN[kind.rstrip("?")], some_null or kind.endswith("?")) for name, kind in named.items()}
    return {"type": "object", "properties": shown, "required": list(named)}


def _nullable(schema: Schema, null: bool) -> Schema:
    return {**schema, "type": [schema["type"], "null"]} if null else schema


def answer(status: int, says: str, schema: Schema, headers: Mapping[str, str] | None = None) -> dict[int | str, Any]:
    """One successful response."""
    shown = {name: {"description": what, "schema": TEXT} for name, what in (headers or {}).items()}
    return {status: {"description": says, "content": {"application/json": {"schema": schema}}, "headers": shown}}


def problems(statuses: Iterable[int]) -> dict[int | str, Any]:
    shown = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": _MEANS[status], "content": {PROBLEM_JSON: shown}} for status in statuses}


def body(model: type[BaseModel], example: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a command's route documents of its body."""
    shown: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if example is not None:
        shown["example"] = dict(example)
    return {"requestBody": {"required": True, "content": {"application/json": shown}}}


def parameter(name: str, schema: Schema, says: str, where: str = "query") -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": says}


def described(use_case: Callable[..., object]) -> str:
    """What the use case says of itself, and the codes of the problems that it names."""
    said = " ".join((use_case.__doc__ or "").split())
    named = [kind for kind in known_refusals().values() if re.search(rf"\b{kind.__name__}\b", said)]
    words = re.sub(r"\s*Raises [^.]*\.", "", said).strip() or use_case.__name__.replace("_", " ").capitalize() + "."
    return words + (f"\n\nRefused as: {', '.join(f'`{kind.code}`' for kind in named)}." if named else "")


def statuses() -> dict[str, int]:
    """Every code with the status that it is answered with, where what is missing stands in the path."""
    return {code: _status(kind) for code, kind in known_refusals().items()}


def _status(kind: type[Refusal]) -> int:
    if issubclass(kind, HttpProblem):
        return kind.status
    made = kind.__new__(kind)
    made.field, made.facts = None, {}
    return 404 if kind.__name__.startswith("Unknown") else status_of(made, {})


def install(app: FastAPI, models: Iterable[type[BaseModel]]) -> None:
    """The document is made once, when it is first asked for."""
    listed = {model.__name__: model for model in models}

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            _, shapes = models_json_schema(
                [(model, "validation") for model in listed.values()], ref_template="#/components/schemas/{model}"
            )
            components = made.setdefault("components", {}).setdefault("schemas", {})
            components |= shapes.get("$defs", {}) | {"Problem": PROBLEM}
            for unused in ("HTTPValidationError", "ValidationError"):
                components.pop(unused, None)
            app.openapi_schema = _decimals_as_text(made)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _decimals_as_text(shape: Any) -> Any:
    """A rate is written as a text; the number that a lenient reader would take, too, is not offered."""
    if isinstance(shape, dict):
        kinds = shape.get("anyOf", [])
        if {kind.get("type") for kind in kinds if isinstance(kind, dict)} >= {"number", "string"}:
            shape = shape | {"anyOf": [kind for kind in kinds if kind.get("type") != "number"]}
        return {name: _decimals_as_text(part) for name, part in shape.items()}
    return [_decimals_as_text(part) for part in shape] if isinstance(shape, list) else shape
