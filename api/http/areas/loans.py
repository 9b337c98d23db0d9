"""Loans 贷款: the loan book, and a loan's life from its payout to its settlement or loss."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from api.differences import Seen, difference
from api.http import documents
from api.http.asked import context_of
from api.http.bodies import body_of
from api.http.commands import MODELS, NUMBERED, command, shown
from api.http.hall import Hall
from api.http.reads import (
    LANGUAGE,
    TIMES,
    Times,
    day_in,
    known_in,
    language_of,
    one,
    one_of,
    parameters,
    read_model,
    tagged,
    times,
)
from api.http.things import LOAN
from api.knowing import calendar_at, facts_of, loan_at, recorded_of
from api.owing import owing
from api.printing import CSV, PDF, PRINTS, XLSX
from api.statements import in_print, statement
from domain.calendar import city_day
from domain.loan.loan import Loan
from domain.loan.refusals import UnknownLoan
from ledger import altering, compensating, correcting, disbursing, noticing, repaying, reporting
from ledger.closing import CloseDay, close_day
from ledger.context import CommandContext
from projections import querying

router = APIRouter(tags=["Loans 贷款"])
_BOOK = querying.projection("loan_book")
_OF = "/loans/{loan_no}"
MODELS["CloseDay"] = CloseDay
_REPAID = {"amount": "5900.00", "value_date": "2025-04-03", "bank_reference": "20250403-000123"}

read_model(router, "/loans", _BOOK, "listLoans", "The loan book")


@router.get(
    _OF,
    operation_id="getLoan",
    summary="A loan's line in the loan book",
    description="What the loan book says of one loan; its ETag names the stream's version then, for If-Match.",
    responses=documents.answer(
        200,
        "The loan",
        {
            "type": "object",
            "properties": {
                "loan": documents.fields(_BOOK.columns, some_null=True),
                "version": documents.WHOLE,
                "as_of_position": documents.WHOLE,
            },
            "required": ["loan", "version", "as_of_position"],
        },
        {"ETag": "The stream's version, and the position of the book."},
    )
    | {304: {"description": "It is what you have"}}
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={"parameters": TIMES},
)
async def get_loan(request: Request, loan_no: NUMBERED) -> Response:
    """The version is the one that the line tells of, never a later one: whoever decides on the line may name it."""
    hall: Hall = request.app.state.hall
    at = await times(hall, parameters(request, Times.NAMES))
    line, version, position = await one(hall, _BOOK, {"loan_no": loan_no}, Loan.create_id(loan_no), at)
    if line is None:
        raise UnknownLoan(field="loan_no", loan_no=loan_no)
    said = {"loan": line, "version": version, "as_of_position": position}
    return tagged(request, to_json(said), f'"{version}.{position}"')


@router.get(
    f"{_OF}/owed",
    operation_id="getOwed",
    summary="What a loan owes on a day",
    description="By what it is, with what pays it off that day and what is still to come, as known at any position 应还与结清金额.",
    responses=documents.answer(
        200,
        "What is owed",
        documents.fields(
            {
                "loan_no": "text",
                "on": "date",
                "status": "text",
                "costs": "money",
                "penalty": "money",
                "overdue_interest": "money",
                "overdue_principal": "money",
                "due_interest": "money",
                "due_principal": "money",
                "accrued_interest": "money",
                "principal_to_come": "money",
                "oldest_due": "date?",
                "overdue_days": "number",
                "ageing": "text",
                "category": "text",
                "matures_on": "date?",
                "payoff": "money",
                "refundable": "money",
                "instalments": "list",
            }
        ),
    )
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={"parameters": TIMES[:2]},
)
async def get_owed(request: Request, loan_no: NUMBERED) -> Response:
    """Interest has run on every day before `as_of`, which is today if left out."""
    hall: Hall = request.app.state.hall
    at = await times(hall, parameters(request, Times.NAMES[:2]))

    def owed() -> bytes:
        ledger = hall.desk.ledger
        if at.known_at is None:
            loan = ledger.loan(loan_no)
        else:
            with ledger.datastore.get_connection() as connection:
                loan = loan_at(connection, loan_no, at.known_at)
        return to_json(owing(loan, at.as_of or city_day(datetime.now(UTC))))

    return Response(await hall.do(owed), media_type="application/json")


_STATEMENT = documents.answer(
    200,
    "The entries between two days, what they come to, what is owed on the last and what is to come",
    documents.fields(
        {
            "loan_no": "text",
            "bank": "text",
            "from": "date",
            "to": "date",
            "opening_balance": "money",
            "closing_balance": "money",
            "lines": "list",
            "totals": "object",
            "owed": "object",
            "instalments": "list",
        }
    ),
)
_STATEMENT[200]["content"] |= {CSV.partition(";")[0]: {}, XLSX: {}, PDF: {}}


@router.get(
    f"{_OF}/statement",
    operation_id="getStatement",
    summary="A customer's statement of account",
    description="What fell due, was paid out and paid, and what each payment met, by all that was known at a position; as JSON, CSV, a"
    " spreadsheet or PDF.",
    responses=_STATEMENT | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [
            documents.parameter(
                "from", {"type": "string", "format": "date"}, "The first day; the contract's if left out."
            ),
            documents.parameter("to", {"type": "string", "format": "date"}, "The last day; today if left out."),
            TIMES[1],
            documents.parameter("format", {"enum": ["json", *PRINTS], "default": "json"}, "As a document, or printed."),
            LANGUAGE,
        ]
    },
)
async def get_statement(request: Request, loan_no: NUMBERED) -> Response:
    """客户对账单."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("from", "to", "known_at", "format", "lang"))
    wanted, language = one_of(given.get("format", "json"), ("json", *PRINTS), "format"), language_of(given)
    first, last = day_in(given, "from"), day_in(given, "to")
    at = await times(hall, {name: given[name] for name in ("known_at",) if name in given})

    def made() -> bytes:
        with hall.desk.ledger.datastore.get_connection() as connection:
            facts = facts_of(connection, loan_no, at.known_at)
            calendar = calendar_at(connection, at.known_at)
        document = statement(facts, calendar, first, last or city_day(datetime.now(UTC)))
        return to_json(document) if wanted == "json" else in_print(document, wanted, language)

    content = await hall.do(made)
    if wanted == "json":
        return Response(content, media_type="application/json")
    said = {"Content-Disposition": f'attachment; filename="statement.{wanted}"'}
    return Response(content, media_type=PRINTS[wanted], headers=said)


_KNOWN = {"type": "string", "maxLength": 40}
_DAY = {"type": "string", "format": "date"}


@router.get(
    f"{_OF}/difference",
    operation_id="getDifference",
    summary="What differs between two looks at a loan, and why",
    description="Each look is at a day and a knowledge. The figures that differ; and the steps from one to the other: what became known, what"
    " moved, fell due, became overdue and ran 差异说明.",
    responses=documents.answer(
        200,
        "The figures that differ, and the steps",
        documents.fields({"loan_no": "text", "from": "object", "to": "object", "changes": "list", "steps": "list"}),
    )
    | documents.problems(documents.READ_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra={
        "parameters": [
            documents.parameter("from", _DAY, "The day of the first look; the contract's if left out."),
            documents.parameter("to", _DAY, "The day of the second; today if left out."),
            documents.parameter("from_known_at", _KNOWN, "What the first knew: a position or a time; all if left out."),
            documents.parameter("to_known_at", _KNOWN, "What the second knew, likewise."),
        ]
    },
)
async def get_difference(request: Request, loan_no: NUMBERED) -> Response:
    """差异说明."""
    hall: Hall = request.app.state.hall
    given = parameters(request, ("from", "to", "from_known_at", "to_known_at"))
    first, last = day_in(given, "from"), day_in(given, "to") or city_day(datetime.now(UTC))
    known, known_then = [await known_in(hall, given, name) for name in ("from_known_at", "to_known_at")]

    def made() -> bytes:
        with hall.desk.ledger.datastore.get_connection() as connection:
            told = recorded_of(connection, loan_no, None)
            calendars = [calendar_at(connection, position) for position in (known, known_then)]
        looks = Seen(first or told[0].value_date, known, calendars[0]), Seen(last, known_then, calendars[1])
        return to_json(difference(told, *looks))

    return Response(await hall.do(made), media_type="application/json")


@router.post(
    "/closed-days",
    operation_id="closeDay",
    summary="Close a day",
    responses=documents.answer(
        200,
        "The book is at the end of that day; closing it again records nothing",
        documents.fields(
            {
                "value_date": "date",
                "loans": "number",
                "applications": "number",
                "facts": "number",
                "told": "object",
            }
        ),
    )
    | documents.problems(documents.COMMAND_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra=documents.body(CloseDay, {"value_date": "2025-04-03"}),
)
async def close_the_day(
    request: Request,
    context: Annotated[CommandContext, Depends(context_of)],
    body: Annotated[BaseModel, Depends(body_of(CloseDay))],
) -> Response:
    """日终: what was established by the end of the day is recorded, and nothing else. A large book is closed by `close-day`, in parallel."""
    assert isinstance(body, CloseDay)
    hall: Hall = request.app.state.hall
    closed = await hall.do(lambda: to_json(close_day(hall.desk, body, context).document()))
    return Response(closed, media_type="application/json")


MODELS["RecordReceipt"] = repaying.RecordReceipt


@router.post(
    "/receipts",
    operation_id="recordReceipt",
    summary="One receipt for several loans",
    responses=documents.answer(
        200,
        "Recorded for all of them, or recorded before under the same key",
        documents.fields({"loans": "list", "receipt": "object"}),
    )
    | documents.problems(documents.COMMAND_PROBLEMS),
    response_class=Response,
    response_model=None,
    openapi_extra=documents.body(
        repaying.RecordReceipt,
        {
            "parts": [{"loan_no": "JN-2025-0001", "amount": "5900.00"}],
            "bank_reference": "2025-1",
            "value_date": "2025-04-03",
        },
    ),
)
async def record_receipt(
    request: Request,
    context: Annotated[CommandContext, Depends(context_of)],
    body: Annotated[BaseModel, Depends(body_of(repaying.RecordReceipt))],
) -> Response:
    """一笔回款分还多笔贷款: all of its parts, or none."""
    assert isinstance(body, repaying.RecordReceipt)
    hall: Hall = request.app.state.hall

    def done() -> bytes:
        ledger = hall.desk.ledger
        receipt = repaying.record_receipt(ledger, body, context)
        loans = [dict(ledger.loan(part.loan_no).state()) for part in body.parts]
        return to_json({"loans": loans, "receipt": shown(receipt) if receipt else None})

    return Response(await hall.do(done), media_type="application/json")


read_model(router, "/overdue-loans", querying.projection("overdue_list"), "listOverdueLoans", "The overdue list")
read_model(router, "/due-instalments", querying.projection("due_list"), "listDueInstalments", "The due list")
command(router, f"{_OF}/disbursements", disbursing.disburse, LOAN, example=_REPAID)
command(router, f"{_OF}/repayments", repaying.record_repayment, LOAN, example=_REPAID)
command(router, f"{_OF}/reversals", repaying.reverse_repayment, LOAN)
command(router, f"{_OF}/overdue-notices", noticing.notice_overdue, LOAN)
command(router, f"{_OF}/jobs", reporting.report_jobs, LOAN)
command(router, f"{_OF}/extensions", altering.extend_loan, LOAN)
command(router, f"{_OF}/rate-resets", altering.reset_rate, LOAN)
command(router, f"{_OF}/restructurings", altering.restructure_loan, LOAN)
command(router, f"{_OF}/misuse", altering.find_misuse, LOAN)
command(router, f"{_OF}/refunds", altering.refund, LOAN)
command(router, f"{_OF}/date-corrections", correcting.correct_date, LOAN)
command(router, f"{_OF}/costs", correcting.charge_cost, LOAN)
command(router, f"{_OF}/waivers", correcting.waive, LOAN)
command(router, f"{_OF}/deaths", altering.report_death, LOAN)
command(router, f"{_OF}/closures", altering.report_closure, LOAN)
command(router, f"{_OF}/charge-offs", compensating.charge_off, LOAN)
