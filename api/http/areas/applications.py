"""Applications 申请: from the request over three parallel reviews to the contract."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.http.asked import context_of, expecting
from api.http.bodies import Day, read
from api.http.commands import NUMBERED, add, answered, command
from api.http.hall import Hall
from api.http.histories import thing
from api.http.problems import WrongType
from api.http.reads import read_model
from api.http.things import APPLICATION, LOAN
from domain.loan_application.refusals import UnknownApplication
from ledger import applying, approving, reviewing
from ledger.context import CommandContext
from ledger.fetching import fetch_data
from ledger.materials import LARGEST
from projections import querying

router = APIRouter(tags=["Applications 申请"])
_ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "application/ofd": ".ofd"}
_SUBMITTED = {
    "case_no": "JN-2025-0001",
    "kind": "individual",
    "applicant": {"name": "张三", "id_number": "379999199001012112", "phone": "13905370001"},
    "product": "zheng_yin_dan",
    "group": "returning_migrant",
    "amount": "200000.00",
    "months": 24,
    "channel": "outlet",
    "outlet": "jining-rcb-017",
    "bank": "rural_commercial",
    "guarantor": "jining_guarantee",
    "county": "370811",
    "value_date": "2025-03-03",
}

_OF = "/applications/{case_no}"
read_model(
    router, "/applications", querying.projection("application_register"), "listApplications", "Every application ever"
)
thing(router, _OF, APPLICATION, UnknownApplication, "An application as it stands, with every finding")
command(
    router,
    "/applications",
    applying.submit_application,
    APPLICATION,
    opens=APPLICATION,
    persons=("applicant", "spouse", "partners"),
    example=_SUBMITTED,
)
command(router, f"{_OF}/consents", applying.give_consent, APPLICATION, persons=("person",))
command(router, f"{_OF}/fetches", fetch_data, APPLICATION, persons=("person",))
command(router, f"{_OF}/entries", applying.enter_data, APPLICATION, persons=("person",))
command(router, f"{_OF}/acceptance", applying.accept_application, APPLICATION)
command(router, f"{_OF}/correction-request", applying.request_correction, APPLICATION)
command(router, f"{_OF}/correction", applying.confirm_correction, APPLICATION)
command(router, f"{_OF}/withdrawal", applying.withdraw_application, APPLICATION)
command(router, f"{_OF}/reviews/eligibility", reviewing.review_eligibility, APPLICATION)
command(router, f"{_OF}/reviews/guarantee", reviewing.review_guarantee, APPLICATION)
command(router, f"{_OF}/reviews/credit", reviewing.review_credit, APPLICATION)
command(router, f"{_OF}/counter-guarantees", reviewing.register_counter_guarantee, APPLICATION, persons=("person",))
command(router, f"{_OF}/counter-guarantees/waiver", reviewing.waive_counter_guarantee, APPLICATION)
command(router, f"{_OF}/counter-guarantees/release", reviewing.release_counter_guarantee, APPLICATION)
command(router, f"{_OF}/approval", approving.approve_application, APPLICATION)
command(router, f"{_OF}/rejection", approving.reject_application, APPLICATION)
command(router, f"{_OF}/expiry", approving.expire_application, APPLICATION)
command(router, f"{_OF}/contract", approving.sign_approved, APPLICATION, opens=LOAN)


async def add_material(
    request: Request,
    context: Annotated[CommandContext, Depends(context_of)],
    case_no: NUMBERED,
    kind: Annotated[applying.Code, Query(description="Which material it is, e.g. form.")],
    value_date: Annotated[Day, Query(description="The day on which it was brought.")],
) -> Response:
    """Upload the document itself; the answer names the digest by which it is known from then on."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in _ENDINGS:
        raise WrongType(expected=", ".join(_ENDINGS))
    content = await read(request, LARGEST)
    hall: Hall = request.app.state.hall
    named = applying.AddMaterial(case_no=case_no, kind=kind, value_date=value_date)
    asked = expecting(context, APPLICATION.stream(case_no), request)

    def keep() -> Response:
        _, receipt = applying.add_document(hall.desk, named, content, f"document{_ENDINGS[declared]}", asked)
        return answered(hall.desk, APPLICATION, case_no, receipt, opened=False)

    return await hall.do(keep)


_CONTENT = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _ENDINGS}
add(
    router,
    f"{_OF}/materials",
    add_material,
    applying.add_document,
    APPLICATION,
    opens=False,
    extra={"requestBody": {"required": True, "content": _CONTENT}},
)
