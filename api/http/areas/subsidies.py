"""Interest subsidies 贴息: what the budget bears of a loan's interest, quarter by quarter."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from api.http import documents
from api.http.commands import NUMBERED
from api.http.hall import Hall
from api.http.reads import parameters
from api.subsidies import worked_out
from domain.calendar import city_day
from domain.errors import InvalidInput
from domain.subsidy.method import read_method, shipped_method

router = APIRouter(tags=["Interest subsidies 贴息"])
_FIELDS = {
    "loan_no": "text", "quarter": "text", "from": "date", "to": "date", "regime": "text", "lines": "list", "interest": "money",
    "subsidy": "money", "borrower": "money", "shared": "money", "local": "money", "levels": "object",
}  # fmt: skip


@router.get(
    "/loans/{loan_no}/subsidy",
    operation_id="getSubsidy",
    summary="What the budget bears of a loan's quarter",
    description="By all that is known now and the shipped method, every stretch of days in words; nothing is recorded 贴息测算.",
    responses=documents.answer(200, "The quarter's days, and what they come to", documents.fields(_FIELDS))
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [
            documents.parameter(
                "quarter", {"type": "string", "pattern": "^(19|20|21)[0-9]{2}Q[1-4]$"}, "Such as 2024Q2."
            )
        ]
    },
)
async def get_subsidy(request: Request, loan_no: NUMBERED) -> Response:
    """贴息测算."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("quarter",))
    if "quarter" not in given:
        raise InvalidInput(field="quarter", problem="it is left out", expected="one such as 2024Q2")
    today = city_day(datetime.now(UTC))
    method = read_method(shipped_method())
    said = await hall.do(lambda: worked_out(hall.desk, method, loan_no, given["quarter"], today))
    return Response(to_json(said), media_type="application/json")
