"""The application 接口: routes put together, with the one hall that they share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from api.http import documents, health, histories, pages, problems
from api.http.areas import (
    accounts,
    applications,
    books,
    borrowers,
    claims,
    funds,
    loans,
    partners,
    policy,
    projections,
    reports,
    schedules,
    subsidies,
)
from api.http.commands import MODELS
from api.http.gate import Gate
from api.http.hall import Hall
from api.wiring import Installation

AREAS = (
    loans,
    applications,
    projections,
    histories,
    claims,
    funds,
    books,
    accounts,
    reports,
    borrowers,
    partners,
    policy,
    schedules,
    subsidies,
)
"""Every area of the API; a new one stands here and nowhere else. Addresses are tried in this order, so the busiest come first."""

_DESCRIPTION = """The system of record for entrepreneurship guaranteed loans 创业担保贷款: facts that never change, and what is read from them.

Amounts are decimal strings in yuan, days are ISO dates. Commands take `Idempotency-Key` and `If-Match`, and answer with the resource,
its `ETag` and a receipt; reads take `as_of`, `known_at` and `wait_for`. Whatever is refused is `application/problem+json` (RFC 9457)
in Chinese and English; `/problems` lists every code."""


def create_app(installation: Installation) -> FastAPI:
    """The API of an installation that is open."""
    hall = Hall(installation)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with hall.open():
            yield

    app = _routed(lifespan)
    app.state.hall = hall
    return app


def document_of() -> dict[str, Any]:
    """The API's document; it needs no database."""
    return _routed(None).openapi()


def _routed(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None) -> FastAPI:
    app = FastAPI(
        title="Loan Ledger 创业担保贷款台账",
        version="1",
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for area in AREAS:
        app.include_router(area.router, prefix="/api/v1")
    app.include_router(health.router)
    pages.install(app)
    problems.install(app)
    documents.install(app, MODELS.values())
    app.add_middleware(Gate)
    return app
