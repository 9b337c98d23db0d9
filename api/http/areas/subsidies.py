"""Interest subsidies 贴息: what the budget bears of a loan's interest, quarter by quarter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from api.http import documents
from api.http.commands import NUMBERED, command
from api.http.hall import Hall
from api.http.histories import thing
from api.http.reads import TIMES, known_in, parameters, read_model
from api.http.things import LOAN, SUBSIDY_BATCH, SUBSIDY_FUND
from api.subsidies import batch_lines, overpaid_lines, worked_out
from domain.calendar import city_day
from domain.errors import InvalidInput
from domain.subsidy.method import read_method, shipped_method
from domain.subsidy.refusals import UnknownBatch, UnknownSubsidyFund
from ledger import allocating, granting
from projections import querying

router = APIRouter(tags=["Interest subsidies 贴息"])
_FUND, _BATCH = "/subsidy-funds/{fund}", "/subsidy-batches/{batch}"
_CASH = {
    "level": "city",
    "bank": "treasury_bank",
    "amount": "500000.00",
    "bank_reference": "F-2024-1",
    "value_date": "2024-07-01",
}

read_model(
    router,
    "/subsidies",
    querying.projection("subsidy_register"),
    "listSubsidies",
    "The register of subsidies, line by line",
)
thing(
    router,
    _FUND,
    SUBSIDY_FUND,
    UnknownSubsidyFund,
    "A subsidy fund with what the levels paid in, and its settled years",
)
thing(router, _BATCH, SUBSIDY_BATCH, UnknownBatch, "A batch with what it comes to, level by level")
command(router, "/subsidy-funds", allocating.open_subsidy_fund, SUBSIDY_FUND, opens=SUBSIDY_FUND)
command(router, f"{_FUND}/methods", allocating.adopt_subsidy_method, SUBSIDY_FUND)
command(router, f"{_FUND}/allocations", allocating.receive_allocation, SUBSIDY_FUND, example=_CASH)
command(
    router, f"{_FUND}/returns", allocating.return_to_budget, SUBSIDY_FUND, example=_CASH | {"confirmed_by": "finance-2"}
)
command(router, f"{_FUND}/closings", allocating.close_subsidy_period, SUBSIDY_FUND, example={"until": "2024-12-31"})
command(router, f"{_FUND}/reopenings", allocating.reopen_subsidy_period, SUBSIDY_FUND)
command(router, f"{_FUND}/settlements", allocating.settle_subsidy_year, SUBSIDY_FUND, example={"year": 2024})
command(router, "/subsidy-batches", granting.calculate_subsidies, SUBSIDY_BATCH, opens=SUBSIDY_BATCH)
command(router, f"{_BATCH}/recalculations", granting.recalculate_subsidies, SUBSIDY_BATCH)
command(router, f"{_BATCH}/disputes", granting.dispute_line, SUBSIDY_BATCH)
command(router, f"{_BATCH}/dispute-settlements", granting.settle_line_dispute, SUBSIDY_BATCH)
command(router, f"{_BATCH}/confirmations", granting.confirm_batch, SUBSIDY_BATCH)
command(router, f"{_BATCH}/approvals", granting.approve_batch, SUBSIDY_BATCH)
command(router, f"{_BATCH}/payments", granting.pay_subsidies, SUBSIDY_BATCH)
command(router, f"{_BATCH}/payment-failures", granting.fail_payment, SUBSIDY_BATCH)
command(router, f"{_BATCH}/clawbacks", granting.claw_back, SUBSIDY_BATCH)
command(router, f"{_BATCH}/clawback-collections", granting.collect_clawback, SUBSIDY_BATCH)
command(router, f"{_BATCH}/clawback-waivers", granting.waive_clawback, SUBSIDY_BATCH)
command(router, "/loans/{loan_no}/subsidy-stops", granting.stop_subsidy, LOAN)
command(router, "/loans/{loan_no}/subsidy-resumptions", granting.resume_subsidy, LOAN)
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


_WORDS = {**SUBSIDY_BATCH.fields, "lines": "list"}


@router.get(
    f"{_BATCH}/lines",
    operation_id="listSubsidyLines",
    summary="A batch's lines in words",
    description="Every stretch of days with its formula, what it comes to, and which level bears what 贴息明细.",
    responses=documents.answer(200, "The batch and its lines", documents.fields(_WORDS))
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [
            documents.parameter("loan_no", {"type": "string", "maxLength": 80}, "Of this loan only."),
            TIMES[1],
        ]
    },
)
async def list_subsidy_lines(request: Request, batch: NUMBERED) -> Response:
    """贴息明细."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("loan_no", "known_at"))
    known_at = await known_in(hall, given, "known_at")

    def look() -> dict[str, Any]:
        with hall.desk.ledger.datastore.get_connection() as facts:
            return batch_lines(facts, batch, known_at, given.get("loan_no"))

    return Response(to_json(await hall.do(look)), media_type="application/json")


@router.get(
    f"{_FUND}/overpaid",
    operation_id="listOverpaid",
    summary="Lines that grant too much",
    description="Of a bank's approved batches, by all that is known now 多贴清单.",
    responses=documents.answer(
        200,
        "The lines, each with what it should be",
        documents.fields({"fund": "text", "bank": "text", "lines": "list"}),
    )
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [documents.parameter("bank", {"type": "string", "maxLength": 64}, "The bank that lent.")]
    },
)
async def list_overpaid(request: Request, fund: NUMBERED) -> Response:
    """多贴清单."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("bank",))
    if "bank" not in given:
        raise InvalidInput(field="bank", problem="it is left out", expected="the bank that lent")
    found = await hall.do(lambda: overpaid_lines(hall.desk, fund, given["bank"]))
    return Response(to_json(found), media_type="application/json")
