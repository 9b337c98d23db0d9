"""Schedules 还款计划试算: what would fall due by given terms; nothing is recorded and no database is asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from api.http import documents
from api.http.bodies import body_of
from api.http.commands import MODELS
from api.http.hall import Hall
from api.http.reads import LANGUAGE, language_of, one_of, parameters
from api.printing import CSV, XLSX, as_csv, as_xlsx
from api.schedules import ScheduleTerms, answered, printed

router = APIRouter(tags=["Schedules 还款计划"])
MODELS["ScheduleTerms"] = ScheduleTerms
_FORMATS = ("json", "csv", "xlsx")
_PARAMETERS = [
    documents.parameter("format", {"enum": list(_FORMATS), "default": "json"}, "As a document, or as a printed table."),
    LANGUAGE,
]
_ANSWER = documents.answer(
    200,
    "The rows, the days of every period, and the totals",
    documents.fields({"rows": "list", "totals": "object", "periods": "list"}),
)
_ANSWER[200]["content"] |= {CSV.partition(";")[0]: {}, XLSX: {}}
_EXAMPLE = {"principal": "200000.00", "annual_rate": "0.0365", "instalments": 36, "start": "2024-03-15"}


@router.post(
    "/schedules",
    operation_id="computeSchedule",
    summary="What falls due when",
    responses=_ANSWER | documents.problems(documents.COMMAND_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra=documents.body(ScheduleTerms, _EXAMPLE) | {"parameters": _PARAMETERS},
)
async def compute_schedule(request: Request, terms: Annotated[BaseModel, Depends(body_of(ScheduleTerms))]) -> Response:
    """The repayment schedule of given terms, by every convention; as JSON, CSV or a spreadsheet."""
    assert isinstance(terms, ScheduleTerms)
    given = parameters(request, ("format", "lang"))
    wanted, spoken = one_of(given.get("format", "json"), _FORMATS, "format"), language_of(given)
    hall: Hall = request.app.state.hall
    if wanted == "json":
        return Response(await hall.do(lambda: to_json(answered(terms))), media_type="application/json")
    made, kind = (as_csv, CSV) if wanted == "csv" else (as_xlsx, XLSX)
    content = await hall.do(lambda: made(printed(terms), spoken))
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="schedule.{wanted}"'}
    )
