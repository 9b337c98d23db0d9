"""Policy 政策: editions published, compared, shown with every source, and asked beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from api.http import documents
from api.http.asked import context_of, expecting
from api.http.bodies import body_of
from api.http.commands import MODELS, NUMBERED, add, answered, command
from api.http.hall import Hall
from api.http.reads import parameters, read_model
from api.http.things import POLICY
from api.prechecks import Figures, precheck
from domain.errors import InvalidInput
from domain.policy.comparing import differences
from domain.policy.shipped import shipped_editions
from ledger.context import CommandContext
from ledger.publishing import PolicyBook, named, publish_policy, shipped
from projections import querying

router = APIRouter(tags=["Policy 政策"], prefix="/policy")
MODELS["Figures"] = Figures

read_model(router, "/editions", querying.projection("policy_register"), "listEditions", "Every published edition")
command(router, "/publications", publish_policy, POLICY)


async def publish_shipped(request: Request, context: Annotated[CommandContext, Depends(context_of)]) -> Response:
    """Publish what comes with the program: Jining's editions, the LPR, the working calendars."""
    hall: Hall = request.app.state.hall
    asked = expecting(context, POLICY.stream(""), request)
    return await hall.do(
        lambda: answered(hall.desk, POLICY, "", publish_policy(hall.desk.ledger, shipped(), asked), opened=False)
    )


add(router, "/publications/shipped", publish_shipped, publish_shipped, POLICY, opens=False, extra={})


def _read(
    path: str, operation_id: str, shape: documents.Schema, **more: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return router.get(
        path,
        operation_id=operation_id,
        responses=documents.answer(200, "What the editions say", shape) | documents.problems(documents.READ_PROBLEMS),
        response_class=Response,
        response_model=None,
        **more,
    )


@_read("/editions/{edition}", "getEdition", documents.fields({"edition": "text", "digest": "text"}))
async def get_edition(request: Request, edition: NUMBERED) -> Response:
    """An edition with the source of every rule."""
    parameters(request, ())
    hall: Hall = request.app.state.hall

    def shown() -> bytes:
        found = named(_editions(hall.desk.book), edition)
        return to_json(found.model_dump(mode="json", exclude={"text"}) | {"digest": found.pin.digest})

    return Response(await hall.do(shown), media_type="application/json")


_NAME = {"type": "string", "maxLength": 64}
_TWO = [
    documents.parameter("old", _NAME, "An edition's name.") | {"required": True},
    documents.parameter("new", _NAME, "Another's.") | {"required": True},
]


@_read(
    "/differences",
    "diffEditions",
    documents.fields({"old": "text", "new": "text", "differences": "list"}),
    openapi_extra={"parameters": _TWO},
)
async def diff_editions(request: Request) -> Response:
    """What one edition says and another says otherwise."""
    given = parameters(request, ("old", "new"))
    for name in ("old", "new"):
        if name not in given:
            raise InvalidInput(field=name, problem="it is left out", expected="an edition's name")
    hall: Hall = request.app.state.hall

    def compared() -> bytes:
        editions = _editions(hall.desk.book)
        found = differences(named(editions, given["old"]), named(editions, given["new"]))
        return to_json({**given, "differences": [one._asdict() for one in found]})

    return Response(await hall.do(compared), media_type="application/json")


@router.post(
    "/prechecks",
    operation_id="precheck",
    summary="Would somebody be eligible?",
    responses=documents.answer(
        200,
        "Every rule's answer; nothing is recorded",
        documents.fields({"edition": "text", "eligible": "flag", "findings": "list", "counter_guarantee": "object?"}),
    )
    | documents.problems(documents.COMMAND_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra=documents.body(
        Figures,
        {
            "on": "2025-03-03",
            "kind": "individual",
            "product": "plain",
            "group": "returning_migrant",
            "amount": "200000.00",
            "months": 24,
            "born": "1990-01-01",
            "sex": "male",
        },
    ),
)
async def ask_beforehand(request: Request, figures: Annotated[BaseModel, Depends(body_of(Figures))]) -> Response:
    """Every rule answers in both languages, for figures without a name; nothing is recorded."""
    assert isinstance(figures, Figures)
    hall: Hall = request.app.state.hall
    return Response(await hall.do(lambda: to_json(precheck(hall.desk.book, figures))), media_type="application/json")


def _editions(book: PolicyBook) -> Any:
    """Those that are published; where nothing is, those that ship."""
    return book.editions() or shipped_editions()
