"""Commands 命令: one route for every use case. The route makes the command, the use case decides, the ledger saves: three hops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_type_hints
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from api.http import documents
from api.http.asked import context_of, expecting
from api.http.bodies import body_model, body_of, said_by
from api.http.hall import Hall
from api.http.things import NUMBER, Thing
from api.previewing import previewed
from domain.facts import EventSourced
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.ledger import Previewed, Receipt
from ledger.loading import trusting
from ledger.registering import Newcomers, Person

MODELS: dict[str, type[BaseModel]] = {}
"""The bodies of all commands, for the document."""

NUMBERED = Annotated[str, Path(pattern=NUMBER, max_length=80, examples=["JN-2025-0001"])]
"""How a number in the path is typed."""

PREVIEW = Annotated[
    bool, Query(description="Answer what would be recorded and every figure that would change, and record nothing.")
]
FORESEEN = "application/vnd.loan-ledger.preview+json"
"""What a preview is answered as."""

UseCase = Callable[..., Receipt | None]
_FORESEEN = documents.fields({"preview": "flag", "facts": "list", "changes": "list"})
_HEADERS = {"ETag": "The stream's version, for If-Match.", "Location": "Where what was opened can be read."}


def command(
    router: APIRouter,
    path: str,
    use_case: UseCase,
    thing: Thing,
    *,
    opens: Thing | None = None,
    persons: Sequence[str] = (),
    example: Mapping[str, Any] | None = None,
) -> None:
    """Serve a use case by POST. `thing` is what it is about: its number stands in the path, unless the use case opens it.

    `opens` is what begins with it, whose number stands in the body; it is what is answered. `persons` are fields of pseudonyms that take persons as the form names them, too; a command that may be the first to name them registers those.
    """
    kind: type[BaseModel] = get_type_hints(use_case)["command"]
    model = MODELS[kind.__name__] = body_model(kind, "" if opens is thing else thing.number, persons)

    given = Depends(body_of(model))

    async def serve(
        request: Request,
        context: Annotated[CommandContext, Depends(context_of)],
        body: BaseModel = given,
        preview: PREVIEW = False,
        **numbers: str,
    ) -> Response:
        hall: Hall = request.app.state.hall
        asked = replace(context, preview=preview)
        return await hall.do(lambda: _done(request, hall, asked, said_by(kind, body) | numbers))

    def _done(request: Request, hall: Hall, context: CommandContext, said: dict[str, Any]) -> Response:
        newcomers = Newcomers(hall.desk.keystore, said["value_date"]) if persons else None
        for name in persons:
            said[name] = _pseudonyms(newcomers, said.get(name))
        made = kind.model_validate({name: value for name, value in said.items() if value is not None})
        asked = expecting(context, thing.stream(said.get(thing.number, "")), request)
        try:
            receipt = use_case(**_at_hand(use_case, hall, newcomers), command=made, context=asked)
        except Previewed as seen:
            return Response(to_json(previewed(seen, context.moment.now)), media_type=FORESEEN)
        shown = opens or thing
        number = str(
            said.get(shown.number) or getattr(made, shown.number, "")
        )  # one that is opened may be numbered by what it is of
        return answered(hall.desk, shown, number, receipt, opened=opens is not None)

    numbered = () if opens is thing or not thing.number else (thing.number,)
    named(serve, numbered, without=("preview",) if persons else ())
    shown = documents.body(model, example)
    add(router, path, serve, use_case, opens or thing, opens=opens is not None, extra=shown, foreseen=not persons)


def add(
    router: APIRouter,
    path: str,
    serve: Callable[..., Any],
    use_case: Callable[..., object],
    thing: Thing,
    *,
    opens: bool,
    extra: Mapping[str, Any],
    foreseen: bool = False,
) -> None:
    """A route of a command with everything that the document says of it."""
    shape = {
        "type": "object",
        "properties": {"resource": documents.fields(thing.fields), "receipt": documents.RECEIPT},
        "required": ["resource", "receipt"],
    }
    status = 201 if opens else 200
    says = "Recorded, or recorded before under the same key"
    name = use_case.__name__
    answers = documents.answer(status, says, shape, _HEADERS)
    if foreseen:
        shown = answers.setdefault(
            200, {"description": "What would be recorded, where a preview is asked for", "content": {}}
        )
        shown["content"][FORESEEN] = {"schema": _FORESEEN}
    router.add_api_route(
        path,
        serve,
        methods=["POST"],
        status_code=status,
        operation_id=operation_id(name),
        summary=name.replace("_", " ").capitalize(),
        description=documents.described(use_case),
        responses=answers | documents.problems(documents.COMMAND_PROBLEMS),
        response_class=Response,
        response_model=None,
        openapi_extra=dict(extra),
    )


def answered(desk: Desk, thing: Thing, number: str, receipt: Receipt | None, *, opened: bool) -> Response:
    """The thing as the command left it, its version as the ETag, and the receipt; where nothing was recorded, as it stands now."""
    with trusting(receipt is not None and not receipt.repeated):
        found: EventSourced[Any] = desk.ledger.repository.get(thing.stream(number))
    headers = {"ETag": f'"{found.version}"'}
    if opened:
        headers["Location"] = f"/api/v1/{thing.path or f'{thing.kind}s'}/{quote(number, safe='')}"
    said = {"resource": thing.shown(found), "receipt": None if receipt is None else shown(receipt)}
    return Response(to_json(said), 201 if opened else 200, headers, media_type="application/json")


def shown(receipt: Receipt) -> dict[str, Any]:
    return {
        "first_position": receipt.first_position,
        "position": receipt.position,
        "recorded_at": receipt.recorded_at.isoformat(),
        "leaf_hash": receipt.leaf_hash.hex(),
        "repeated": receipt.repeated,
    }


def operation_id(name: str) -> str:
    """`record_repayment` is `recordRepayment`: stable, because use cases keep their names."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def named(serve: Any, numbers: Sequence[str], without: Sequence[str] = ()) -> None:
    """The route's signature with its path's parameters by name."""
    given = signature(serve, eval_str=True).parameters.values()
    plain = [p for p in given if p.kind is not Parameter.VAR_KEYWORD and p.name not in without]
    typed = [Parameter(name, Parameter.KEYWORD_ONLY, annotation=NUMBERED) for name in numbers]
    serve.__signature__ = Signature(plain + typed)


def _at_hand(use_case: UseCase, hall: Hall, newcomers: Newcomers | None) -> dict[str, Any]:
    """What the use case takes besides the command: the desk, or of it what it names, who may have to be registered, a fund's figures, books and entries."""
    desk = hall.desk
    hands = {
        "desk": desk,
        "ledger": desk.ledger,
        "keystore": desk.keystore,
        "newcomers": newcomers,
        "figures": hall.figures,
        "books": hall.books,
        "entries": hall.entries,
    }
    return {name: hands[name] for name in signature(use_case).parameters if name in hands}


def _pseudonyms(newcomers: Newcomers | None, said: Any) -> Any:
    """Persons as the form names them become newcomers; pseudonyms stay."""
    if isinstance(said, tuple):
        return tuple(_pseudonyms(newcomers, one) for one in said)
    return newcomers.pseudonym(said) if newcomers and isinstance(said, Person) else said
