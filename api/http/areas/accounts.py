"""Bank accounts 专户: their statements, line by line, what people match, and the reconciliation with the books."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic_core import to_json

from api.http import documents
from api.http.asked import context_of, expecting
from api.http.bodies import read
from api.http.commands import NUMBERED, add, answered, command
from api.http.hall import Hall
from api.http.histories import thing
from api.http.problems import WrongType
from api.http.reads import TIMES, Times, day_in, parameters, read_model, times, waited
from api.http.things import ACCOUNT
from api.reconciliations import BOOKS, matches_of, reconciled
from domain.calendar import city_day
from domain.reconciliation.refusals import UnknownAccount
from ledger import accounts
from ledger.context import CommandContext
from ledger.statements.column_maps import shipped_maps
from ledger.statements.reading import LARGEST, read_statements
from ledger.statements.refusals import UnknownMap
from projections import querying

router = APIRouter(tags=["Bank accounts 专户"])
_OF = "/accounts/{account}"
_DAY = {"type": "string", "format": "date"}
_TYPES = (
    "application/xml", "text/xml", "text/plain", "text/csv", "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip
_OPENED = {
    "account": "rcb-fund",
    "title": "济宁农商行担保基金专户",
    "fund": "jining_guarantee_fund",
    "bank": "rural_commercial",
    "number": "9080123456789012",
    "parties": [{"party": "guarantor", "names": ["济宁市融资担保有限公司"], "accounts": []}],
    "value_date": "2025-01-02",
}
read_model(
    router, "/statement-lines", querying.projection("bank_statement"), "listStatementLines", "Every line of a statement"
)
thing(router, _OF, ACCOUNT, UnknownAccount, "An account, and the statements that were taken in last")
command(router, "/accounts", accounts.open_account, ACCOUNT, opens=ACCOUNT, example=_OPENED)
command(router, f"{_OF}/parties", accounts.state_parties, ACCOUNT)
command(router, f"{_OF}/matches", accounts.match_lines, ACCOUNT)
command(router, f"{_OF}/unmatches", accounts.unmatch_lines, ACCOUNT)


async def import_statement(
    request: Request,
    context: Annotated[CommandContext, Depends(context_of)],
    account: NUMBERED,
    format: Annotated[  # noqa: A002  # the parameter's name is part of the interface
        Literal["auto", "camt053", "mt940", "csv", "xlsx"], Query(description="What the file is; its content says so.")
    ] = "auto",
    map: Annotated[  # noqa: A002
        str | None, Query(max_length=64, description="A shipped column map; the header of a table says which.")
    ] = None,
) -> Response:
    """Upload the file itself; the answer shows its proofs under `latest`. The same file again adds nothing."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in _TYPES:
        raise WrongType(expected=", ".join(_TYPES))
    known = {shipped.map: shipped for shipped in shipped_maps()}
    if map is not None and map not in known:
        raise UnknownMap(field="map", name=ascii(map[:80]), shipped=", ".join(known))
    content = await read(request, LARGEST)
    hall: Hall = request.app.state.hall
    asked = expecting(context, ACCOUNT.stream(account), request)

    def take_in() -> Response:
        found = read_statements(content, "statement", format, known[map] if map is not None else None)
        receipt = accounts.import_statement(hall.desk, account, found, asked)
        return answered(hall.desk, ACCOUNT, account, receipt, opened=False)

    return await hall.do(take_in)


_CONTENT = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _TYPES}
add(
    router,
    f"{_OF}/statements",
    import_statement,
    accounts.import_statement,
    ACCOUNT,
    opens=False,
    extra={"requestBody": {"required": True, "content": _CONTENT}},
)

_RECONCILED = {
    "account": "text", "fund": "text", "bank": "text", "to": "date", "bank_closing": "money", "ledger_closing": "money",
    "difference": "money", "breaks": "list", "explained": "money", "residual": "money", "four_way": "object", "matched": "object",
    "as_of_position": "number", "digest": "text",
}  # fmt: skip
_AT = {"parameters": [documents.parameter("to", _DAY, "Up to this day; today if left out."), *TIMES[1:]]}


@router.get(
    f"{_OF}/reconciliation",
    operation_id="getReconciliation",
    summary="The reconciliation of an account",
    description="Bank closing − ledger closing = the sum of the breaks, each with class, age, owner, evidence and next action 余额调节表.",
    responses=documents.answer(200, "Two closings and every break", documents.fields(_RECONCILED))
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra=_AT,
)
async def get_reconciliation(request: Request, account: NUMBERED) -> Response:
    """余额调节表."""
    return await _answered(request, account, reconciled)


@router.get(
    f"{_OF}/matches",
    operation_id="listMatches",
    summary="Every match of an account",
    description="Each with its pass, its evidence, its lines and its entries 勾对清单.",
    responses=documents.answer(
        200,
        "The matches, in the order in which they were made",
        documents.fields({"account": "text", "matches": "list"}),
    )
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra=_AT,
)
async def list_matches(request: Request, account: NUMBERED) -> Response:
    """勾对清单."""

    def said(*asked: Any) -> dict[str, Any]:
        return {"account": account, "matches": matches_of(*asked)}

    return await _answered(request, account, said)


async def _answered(request: Request, account: str, work_out: Any) -> Response:
    hall: Hall = request.app.state.hall
    given = parameters(request, ("to", *Times.NAMES[1:]))
    until = day_in(given, "to") or city_day(datetime.now(UTC))
    at = await times(hall, given)
    await waited(hall, BOOKS, at)

    def look() -> dict[str, Any]:
        with hall.papers() as papers, hall.desk.ledger.datastore.get_connection() as facts:
            found: dict[str, Any] = work_out(facts, papers, account, until, at.known_at)
            return found

    return Response(to_json(await hall.do(look)), media_type="application/json")
