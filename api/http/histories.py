"""Streams 历史: one stream's facts and state at any point of both times, and things as they stand."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from api.histories import KINDS, UnknownStream, history
from api.http import documents
from api.http.commands import NUMBERED, named
from api.http.hall import Hall
from api.http.reads import TIMES, Times, parameters, tagged, times
from api.http.things import Thing
from domain.errors import Refusal
from domain.recorded import Recorded
from domain.state import state_as_of
from projections import log

router = APIRouter(tags=["Streams 事件流"])
_BOTH_TIMES = TIMES[:2]
_KIND = {"type": "string", "enum": sorted(KINDS)}


@router.get(
    "/streams/{kind}/{no}",
    operation_id="replayStream",
    summary="Replay a stream",
    description="Every fact of one stream as known then, and the state that they come to on a day 回放.",
    responses=documents.answer(
        200,
        "The history",
        documents.fields({"events": "list", "state": "object", "position": "number"}),
        {"ETag": "The stream's version then."},
    )
    | {304: {"description": "It is what you have"}}
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={"parameters": _BOTH_TIMES},
)
async def replay_stream(request: Request, kind: str, no: NUMBERED) -> Response:
    if kind not in KINDS:
        raise UnknownStream(field="kind", name="of this kind")
    hall: Hall = request.app.state.hall
    at = await times(hall, parameters(request, Times.NAMES[:2]))

    def replayed() -> tuple[dict[str, Any], int]:
        with hall.desk.ledger.datastore.get_connection() as connection:
            return history(connection, f"{kind}/{no}", at.as_of, at.known_at)

    try:
        said, version = await hall.do(replayed)
    except UnknownStream:
        raise UnknownStream(field="no", name="of this number") from None
    return tagged(request, to_json(said), f'"{version}"')


def thing(router: APIRouter, path: str, what: Thing, unknown: type[Refusal], summary: str) -> None:
    """Serve a thing as it stands, or stood: folded from its facts, so it says everything that has been recorded."""

    async def read(request: Request, **numbers: str) -> Response:
        hall: Hall = request.app.state.hall
        at = await times(hall, parameters(request, Times.NAMES[:2]))
        said, version = await hall.do(lambda: _standing(hall, what, numbers[what.number], at, unknown))
        return tagged(request, to_json(said), f'"{version}"')

    named(read, (what.number,))
    router.add_api_route(
        path,
        read,
        methods=["GET"],
        operation_id="get" + "".join(word.capitalize() for word in what.kind.split("_")),
        summary=summary,
        description=summary,
        responses=documents.answer(
            200,
            "As it stands, or as it stood then",
            {
                "type": "object",
                "properties": {"resource": documents.fields(what.fields), "version": documents.WHOLE},
                "required": ["resource", "version"],
            },
            {"ETag": "The stream's version, for If-Match."},
        )
        | {304: {"description": "It is what you have"}}
        | documents.problems(documents.READ_PROBLEMS),
        response_class=Response,
        response_model=None,
        openapi_extra={"parameters": _BOTH_TIMES},
    )


def _standing(hall: Hall, what: Thing, number: str, at: Times, unknown: type[Refusal]) -> tuple[dict[str, Any], int]:
    """Raises the given refusal where nothing was known then."""
    ledger = hall.desk.ledger
    try:
        stream = what.stream(number)
    except ValueError:
        raise unknown(field=what.number, **{what.number: number}) from None
    if at.as_of is None and at.known_at is None:
        found = ledger.find(stream)
        if found is None:
            raise unknown(field=what.number, **{what.number: number})
        return {"resource": what.shown(found), "version": found.version}, found.version
    with ledger.datastore.get_connection() as connection:
        facts = log.stream(connection, stream, at.known_at)
    state = _state(facts, at.as_of)
    if not state:
        raise unknown(field=what.number, **{what.number: number})
    return {"resource": state, "version": facts[-1].version}, facts[-1].version


def _state(facts: list[Recorded], as_of: date | None) -> dict[str, Any]:
    return dict(state_as_of([row.fact for row in facts], as_of))
