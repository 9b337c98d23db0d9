"""Borrowers 借款人: persons known by a pseudonym; what identifies them goes in and never comes out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http import documents
from api.http.asked import context_of
from api.http.bodies import body_model, body_of, said_by
from api.http.commands import MODELS, add, answered
from api.http.hall import Hall
from api.http.things import BORROWER
from ledger.context import CommandContext
from ledger.registering import RegisterBorrower, registered_borrower

router = APIRouter(tags=["Borrowers 借款人"])
_MODEL = MODELS["RegisterBorrower"] = body_model(RegisterBorrower, "")
_EXAMPLE = {"name": "张三", "id_number": "379999199001012112", "value_date": "2025-03-03"}


async def register_borrower(
    request: Request,
    context: Annotated[CommandContext, Depends(context_of)],
    body: Annotated[BaseModel, Depends(body_of(_MODEL))],
) -> Response:
    """The pseudonym; somebody already known by the ID number is found, not registered again."""
    hall: Hall = request.app.state.hall
    named = RegisterBorrower.model_validate(said_by(RegisterBorrower, body))

    def register() -> Response:
        person, receipt = registered_borrower(hall.desk.ledger, hall.desk.keystore, named, context)
        return answered(hall.desk, BORROWER, str(person), receipt, opened=True)

    return await hall.do(register)


add(
    router,
    "/borrowers",
    register_borrower,
    register_borrower,
    BORROWER,
    opens=True,
    extra=documents.body(_MODEL, _EXAMPLE),
)
