"""The gate 门: what every request passes first, and what every answer is counted by."""

from __future__ import annotations

import ipaddress
import time
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import REQUESTS, SECONDS
from api.http.problems import ForeignHost, ForeignOrigin, HttpProblem, refuse

_ADDED = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]


class Gate:
    """Answers under this machine's own names only, and to no page of another site (DNS rebinding, cross-site requests)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_ADDED]
            await send(message)

        refused = _refused(scope)
        try:
            if refused is not None:
                await refuse(Request(scope), refused)(scope, receive, counted)
            else:
                await self._app(scope, receive, counted)
        finally:
            operation = getattr(scope.get("route"), "operation_id", None) or "other"
            REQUESTS.labels(operation, status).inc()
            SECONDS.labels(operation).observe(time.perf_counter() - begun)


def is_loopback(host: str) -> bool:
    """Whether the name, or the address, is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refused(scope: Scope) -> HttpProblem | None:
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    if not is_loopback(_name(host) or ""):
        return ForeignHost(field="Host", expected="localhost, 127.0.0.1 or [::1]")
    origin = headers.get(b"origin")
    foreign = origin is not None and urlsplit(origin.decode("latin-1")).netloc != host
    if foreign or headers.get(b"sec-fetch-site") == b"cross-site":
        return ForeignOrigin(field="Origin")
    return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
