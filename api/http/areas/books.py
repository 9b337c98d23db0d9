"""The books 账簿: the general ledger line by line, the trial balance, and the roll-forward of what borrowers owe a fund."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from api.http import documents
from api.http.commands import NUMBERED
from api.http.hall import Hall
from api.http.reads import TIMES, day_in, known_in, parameters, read_model
from api.periods import checked
from api.rollforwards import looks, roll_forward
from domain.calendar import city_day
from domain.errors import InvalidInput
from projections import querying

router = APIRouter(tags=["Books 账簿"])
_LEDGER = querying.projection("general_ledger")
_DAY = {"type": "string", "format": "date"}

read_model(router, "/general-ledger", _LEDGER, "listPostings", "The general ledger, line by line")
read_model(router, "/trial-balance", querying.projection("trial_balance"), "listTrialBalance", "The trial balance")


@router.get(
    "/funds/{fund}/roll-forward",
    operation_id="getRollForward",
    summary="The roll-forward of what borrowers owe a fund",
    description="From a day to a day, bank by bank: opening + claims − recoveries − write-offs = closing 应收代偿款变动表.",
    responses=documents.answer(
        200,
        "Bank by bank, and in all",
        documents.fields({"fund": "text", "from": "date", "to": "date", "lines": "list", "totals": "object"}),
    )
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [
            documents.parameter("from", _DAY, "The first day."),
            documents.parameter("to", _DAY, "The last day; today if left out."),
            TIMES[1],
        ]
    },
)
async def get_roll_forward(request: Request, fund: NUMBERED) -> Response:
    """应收代偿款变动表."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("from", "to", "known_at"))
    first, last = day_in(given, "from"), day_in(given, "to") or city_day(datetime.now(UTC))
    if first is None:
        raise InvalidInput(field="from", problem="it is left out", expected="the first day")
    found = list[list[dict[str, Any]]]()
    for question in looks(fund, first, last, await known_in(hall, given, "known_at")):
        reading = querying.put(_LEDGER, question)
        found.append(reading.shown(await hall.run(reading.listing, reading.parameters))[0])
    return Response(to_json(roll_forward(fund, first, last, *found)), media_type="application/json")


@router.get(
    "/funds/{fund}/periods",
    operation_id="listPeriods",
    summary="A fund's closed periods",
    description="Each with the digest of the trial balance that was sealed, and whether the books still give it 已结期间.",
    responses=documents.answer(
        200, "The closed periods, in their order", documents.fields({"fund": "text", "periods": "list"})
    )
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
)
async def list_periods(request: Request, fund: NUMBERED) -> Response:
    """已结期间."""
    hall: Hall = request.app.state.hall
    parameters(request, ())

    def look() -> dict[str, Any]:
        closings = hall.desk.ledger.fund(fund).closings
        return {"fund": fund, "periods": list(checked(hall.books, closings))}

    return Response(to_json(await hall.do(look)), media_type="application/json")
