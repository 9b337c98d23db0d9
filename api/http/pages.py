"""Pages 文档页: the API's document to look at and to try, and the list of problems; everything comes from here, nothing from a CDN."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, FastAPI
from pydantic_core import to_json
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.http import documents
from api.http.problems import NotFound, known_refusals, title_of

router = APIRouter()
_PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Loan Ledger API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><link rel="icon" href="/docs/assets/favicon-32x32.png"></head>
<body><div id="swagger-ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>"""
_START = (
    """SwaggerUIBundle({url: "/api/v1/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});"""
)
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


def install(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/docs/assets", StaticFiles(directory=str(files("fastapi_swagger") / "resources")))


@router.get("/", include_in_schema=False)
async def begin() -> Response:
    return RedirectResponse("/docs")


@router.get("/docs", include_in_schema=False)
async def docs() -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js", include_in_schema=False)
async def start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/problems", include_in_schema=False)
async def list_problems() -> Response:
    """Every problem that there is, with the sentence that it is told in."""
    return Response(
        to_json({"problems": [_problem(code) for code in sorted(known_refusals())]}), media_type="application/json"
    )


@router.get("/problems/{code}", include_in_schema=False)
async def show_problem(code: str) -> Response:
    if code not in known_refusals():
        raise NotFound(field="code")
    return Response(to_json(_problem(code)), media_type="application/json")


def _problem(code: str) -> dict[str, object]:
    kind = known_refusals()[code]
    said = {"title": title_of(kind), "status": documents.statuses()[code], "en": kind.en, "zh": kind.zh}
    return {"type": f"/problems/{code}", "code": code, **said, "rule": " ".join((kind.__doc__ or "").split())}
