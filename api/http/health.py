"""Health 健康检查: alive, ready, and what Prometheus collects."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from api.http import metrics
from api.http.hall import Hall
from ledger.migrating import shipped
from projections import querying, standing

router = APIRouter(tags=["Operation 运行"])


@router.get("/health/live", include_in_schema=False)
async def live() -> Response:
    return Response(b'{"status":"live"}', media_type="application/json")


@router.get("/health/ready", include_in_schema=False)
async def ready(request: Request) -> Response:
    """Ready is who can read and write; a read model that lags or has stopped is named, and the others are served."""
    hall: Hall = request.app.state.hall
    applied = {name for (name,) in await hall.select(standing.MIGRATIONS)}
    missing = [name for name, _ in shipped() if name not in applied]
    head, positions = await standings(hall)
    stopped = {name: {"fact": fact, "problem": problem} for name, fact, problem in await hall.select(standing.STOPPED)}
    said: dict[str, Any] = {
        "status": "not_ready" if missing else "ready",
        "database": "there",
        "migrations_missing": missing,
        "log_head": head,
        "projections": {name: {"position": at, "lag": max(0, head - at)} for name, at in positions.items()},
        "not_built": [one.name for one in querying.ALL if one.name not in positions],
        "stopped": stopped,
    }
    return Response(to_json(said), 503 if missing else 200, media_type="application/json")


@router.get("/metrics", include_in_schema=False)
async def prometheus(request: Request) -> Response:
    page = metrics.page(*await standings(request.app.state.hall))
    return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")


async def standings(hall: Hall) -> tuple[int, dict[str, int]]:
    """How far the log goes, and every read model that is there."""
    built = {name for (name,) in await hall.select(standing.BUILT)}
    names = [one.name for one in querying.ALL if one.name in built]
    positions = {name: int((await hall.select(standing.standing(name)))[0][0]) for name in names}
    ((head,),) = await hall.select(standing.HEAD)
    return int(head), positions
