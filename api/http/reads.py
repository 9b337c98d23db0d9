"""Reads 查询: read models with filters, both times, pages by cursor and waiting; from route to table, nothing between."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic_core import from_json, to_json
from starlette.responses import Response

from api.histories import parse_known_at
from api.http import documents
from api.http.hall import Hall
from api.printing import Language
from domain.calendar import city_day, parse_day
from domain.errors import BadInput, InvalidInput
from projections import querying
from projections.projection import Projection
from projections.querying import Question, Reading
from projections.standing import with_version

PAGE, LARGEST_PAGE = 50, 1000
WAIT_SECONDS = 10
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


class UnknownParameter(BadInput):
    code = "input.unknown_parameter"
    en = "the query has a parameter that is not taken here; choose from: {known}"
    zh = "查询包含此处不支持的参数；可用：{known}"


class CursorRefused(BadInput):
    code = "input.cursor"
    en = "{field} is none that was given for this question; begin again without it"
    zh = "{field} 不是针对本查询给出的游标；请去掉它重新开始"


class ParameterTwice(BadInput):
    code = "input.parameter_twice"
    en = "{field} is given twice; give it once"
    zh = "{field} 重复给出；请只给一次"


@dataclass(frozen=True)
class Times:
    """The two times of a question, and the position that has to be passed first."""

    as_of: date | None
    known_at: int | None
    wait_for: int | None

    NAMES: ClassVar[tuple[str, ...]] = ("as_of", "known_at", "wait_for")


TIMES = [
    documents.parameter("as_of", {"type": "string", "format": "date"}, "The changes dated on or before this day."),
    documents.parameter(
        "known_at",
        {"type": "string", "maxLength": 40},
        "Facts up to a position, or to a time such as 2026-01-31T17:00+08:00.",
    ),
    documents.parameter(
        "wait_for",
        {"type": "integer", "minimum": 0, "maximum": 2**53},
        f"Wait, at most {WAIT_SECONDS} s, until the read model has passed this position.",
    ),
]
PAGES = [
    documents.parameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}, "Rows at most."
    ),
    documents.parameter("cursor", {"type": "string", "maxLength": 2000}, "`next` of the page before."),
]
SUMS = [
    documents.parameter(
        "group_by", {"type": "string", "maxLength": 500}, "COLUMN,…: counts and sums for each group, at most `limit`."
    ),
    documents.parameter("totals", {"type": "boolean", "default": False}, "Say, too, what all matching rows come to."),
]


LANGUAGE = documents.parameter("lang", {"enum": ["zh", "en"], "default": "zh"}, "The language of a printed table.")


def one_of(said: str, known: Sequence[str], field: str) -> str:
    """Raises InvalidInput."""
    if said not in known:
        raise InvalidInput(field=field, problem=f"{said[:40]!a} is not known", expected=f"one of: {', '.join(known)}")
    return said


def language_of(given: Mapping[str, str]) -> Language:
    """The language of a printed table. Raises InvalidInput."""
    return "zh" if one_of(given.get("lang", "zh"), ("zh", "en"), "lang") == "zh" else "en"


def parameters(request: Request, known: Sequence[str]) -> dict[str, str]:
    """The query, each name once. Raises UnknownParameter, ParameterTwice."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise UnknownParameter(field="query", known=", ".join(known))
        if name in given:
            raise ParameterTwice(field=name)
        given[name] = value
    return given


async def waited(hall: Hall, books: Sequence[Projection[Any]], at: Times) -> None:
    """Until every read model has passed the position that is waited for. Raises NoSuchPosition, ProjectionStopped, ProjectionBehind."""
    if at.wait_for is not None:
        for book in books:
            await hall.wait_for(book.name, at.wait_for, WAIT_SECONDS)


async def times(hall: Hall, given: Mapping[str, str]) -> Times:
    """Raises InvalidInput."""
    day = day_in(given, "as_of")
    return Times(day, await known_in(hall, given, "known_at"), whole(given, "wait_for", 0, 2**53))


async def known_in(hall: Hall, given: Mapping[str, str], name: str) -> int | None:
    """A position as it is; a time becomes the last position recorded by then. Raises InvalidInput."""
    known: int | datetime | None = parse_known_at(given[name], name) if name in given else None
    return await hall.position_at(known) if isinstance(known, datetime) else known


def day_in(given: Mapping[str, str], name: str) -> date | None:
    """Raises InvalidInput."""
    if name not in given:
        return None
    day = parse_day(given[name], field=name)
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise InvalidInput(field=name, problem="it is too far away", expected=f"{_FIRST_DAY} to {_LAST_DAY}")
    return day


def whole(given: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """Raises InvalidInput."""
    if (text := given.get(name)) is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most):
        raise InvalidInput(field=name, problem="it does not fit", expected=f"a whole number, {least} to {most}")
    return int(text)


def flag(given: Mapping[str, str], name: str) -> bool:
    """Raises InvalidInput."""
    if given.get(name, "false") not in ("true", "false"):
        raise InvalidInput(field=name, problem="it does not fit", expected="true or false")
    return given.get(name) == "true"


def read_model(router: APIRouter, path: str, asked: Projection[Any], operation_id: str, summary: str) -> None:
    """Serve a read model: every column is a filter."""
    columns = [name for name in asked.columns if name not in Times.NAMES]
    offered = [one for one in TIMES if asked.knows_earlier or one["name"] != "known_at"]
    known = (*columns, *(one["name"] for one in offered), "limit", "cursor", "group_by", "totals")

    async def read(request: Request) -> Response:
        hall: Hall = request.app.state.hall
        given = parameters(request, known)
        question, position = await _question(hall, asked, given)
        if position is not None:
            await hall.wait_for(asked.name, position, WAIT_SECONDS)
        return await _page(request, hall, asked, question, totals=flag(given, "totals"))

    filters = [documents.parameter(name, documents.TEXT, f"Only rows whose {name} is this.") for name in columns]
    router.add_api_route(
        path,
        read,
        methods=["GET"],
        operation_id=operation_id,
        summary=summary,
        description=(type(asked).__doc__ or summary).strip(),
        responses=documents.answer(200, "A page of rows", _page_shape(asked), {"ETag": "Of the page at this position."})
        | {304: {"description": "It is what you have"}}
        | documents.problems(documents.READ_PROBLEMS),
        response_class=Response,
        response_model=None,
        openapi_extra={"parameters": [*filters, *offered, *PAGES, *SUMS]},
    )


async def one(
    hall: Hall, asked: Projection[Any], where: Mapping[str, str], stream: UUID, at: Times
) -> tuple[dict[str, Any] | None, int | None, int]:
    """The row of a stream, if there is one, the stream's version that it tells of, never a later one, and the position."""
    if at.wait_for is not None:
        await hall.wait_for(asked.name, at.wait_for, WAIT_SECONDS)
    reading = querying.put(asked, Question(where, as_of=at.as_of, known_at=at.known_at, limit=1))
    parameters = reading.parameters | {"stream": stream, "upto": at.known_at}
    *row, version = (await hall.run(with_version(reading.listing), parameters))[0]
    rows, position = reading.shown([tuple(row)])
    return (rows[0] if rows else None), version, position


def tagged(request: Request, said: bytes, tag: str) -> Response:
    """The answer with its ETag, or that it has not changed."""
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(said, headers=headers, media_type="application/json")


async def _question(hall: Hall, asked: Projection[Any], given: Mapping[str, str]) -> tuple[Question, int | None]:
    at = await times(hall, given)
    day = at.as_of
    if day is None and asked.counts_to_the_day:
        day = city_day(datetime.now(UTC))
    groups = tuple(given["group_by"].split(",")) if "group_by" in given else ()
    where = {name: value for name, value in given.items() if name in asked.columns and name not in Times.NAMES}
    limit = whole(given, "limit", 1, LARGEST_PAGE) or PAGE
    question = Question(where, groups, day, at.known_at, limit)
    if "cursor" in given:
        if groups:
            raise CursorRefused(field="cursor")
        question = replace(question, after=_place(given["cursor"], asked, question))
    return question, at.wait_for


async def _page(request: Request, hall: Hall, asked: Projection[Any], question: Question, *, totals: bool) -> Response:
    """One row more than is asked for says whether there is a next page."""
    more = question if question.group_by or question.limit is None else replace(question, limit=question.limit + 1)
    reading = querying.put(asked, more)
    rows, position = reading.shown(await hall.run(reading.listing, reading.parameters))
    following = None
    if not question.group_by and question.limit is not None and len(rows) > question.limit:
        rows = rows[: question.limit]
        following = _cursor(reading.place_of(rows[-1]), asked, question)
    said: dict[str, Any] = {"rows": rows, "next": following, "as_of_position": position}
    if totals:
        said["totals"] = await _totals(hall, querying.put(asked, replace(question, after=None)))
    return tagged(request, to_json(said), f'W/"{asked.version}.{position}"')


async def _totals(hall: Hall, reading: Reading) -> dict[str, Any]:
    return reading.added_up(await hall.run(reading.totals, reading.parameters))


def _cursor(place: Sequence[str | None], asked: Projection[Any], question: Question) -> str:
    return urlsafe_b64encode(to_json([_digest(asked, question), *place])).decode().rstrip("=")


def _place(cursor: str, asked: Projection[Any], question: Question) -> list[str | None]:
    """Raises CursorRefused for what was not given for this question."""
    try:
        place: list[str | None]
        digest, *place = from_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if digest == _digest(asked, question) and all(value is None or isinstance(value, str) for value in place):
            return place
    except (ValueError, TypeError):
        pass
    raise CursorRefused(field="cursor")


def _digest(asked: Projection[Any], question: Question) -> str:
    """Which question a cursor belongs to."""
    said = [asked.name, asked.version, sorted(question.where.items()), str(question.as_of), question.known_at]
    return sha256(to_json(said)).hexdigest()[:16]


def _page_shape(asked: Projection[Any]) -> documents.Schema:
    row = documents.fields(asked.columns, some_null=True)
    sums = {"type": "object", "properties": {**row["properties"], "count": documents.WHOLE}}
    del row["required"]  # a group says only what it is grouped by, and its sums
    row["properties"]["count"] = documents.WHOLE
    return {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": row},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
            "as_of_position": documents.WHOLE,
            "totals": sums,
        },
        "required": ["rows", "next", "as_of_position"],
    }
