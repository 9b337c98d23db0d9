"""Reports 报表: the tables that people file, as data or printed, stamped so that a later run gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from api import reports
from api.http import documents
from api.http.commands import NUMBERED
from api.http.hall import Hall
from api.http.reads import LANGUAGE, TIMES, Times, day_in, language_of, one_of, parameters, times, waited
from api.printing import CSV, PDF, PRINTS, XLSX
from domain.calendar import city_day

router = APIRouter(tags=["Reports 报表"])
_DAY = {"type": "string", "format": "date"}
_REPORT = documents.answer(
    200,
    "The rows, their totals, and the stamp",
    documents.fields(
        {"report": "text", "from": "date?", "to": "date", "rows": "list", "totals": "object", "as_of_position": "number", "digest": "text"}
    ),
)  # fmt: skip
_REPORT[200]["content"] |= {CSV.partition(";")[0]: {}, XLSX: {}, PDF: {}}


@router.get(
    "/reports/{name}",
    operation_id="getReport",
    summary="A report to file",
    description=f"One of {', '.join(reports.names())}; as JSON, CSV, a spreadsheet or PDF. With `known_at` its `as_of_position` it comes out the"
    " same, byte for byte.",
    responses=_REPORT | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [
            documents.parameter(
                "from", _DAY, "The first day, of a report of a period; three months before the last if left out."
            ),
            documents.parameter("to", _DAY, "The last day; today if left out."),
            documents.parameter("fund", {"type": "string", "maxLength": 64}, "Of one fund."),
            *TIMES[1:],
            documents.parameter("format", {"enum": ["json", *PRINTS], "default": "json"}, "As a document, or printed."),
            LANGUAGE,
        ]
    },
)
async def get_report(request: Request, name: NUMBERED) -> Response:
    """报表."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("from", "to", "fund", *Times.NAMES[1:], "format", "lang"))
    wanted, language = one_of(given.get("format", "json"), ("json", *PRINTS), "format"), language_of(given)
    report, until = reports.report_of(name), day_in(given, "to") or city_day(datetime.now(UTC))
    start, at = day_in(given, "from"), await times(hall, given)
    await waited(hall, report.books, at)

    def made() -> bytes:
        with hall.papers() as papers:
            document = reports.reported(
                papers, report, until, start=start, known_at=at.known_at, fund=given.get("fund")
            )
        return to_json(document) if wanted == "json" else reports.in_print(document, wanted, language)

    content = await hall.do(made)
    if wanted == "json":
        return Response(content, media_type="application/json")
    said = {"Content-Disposition": f'attachment; filename="{report.name}.{wanted}"'}
    return Response(content, media_type=PRINTS[wanted], headers=said)
