"""How a command is asked for: in whose name, under which key, on which version; everything that travels in headers."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Header, Request

from api.http.problems import ActorNotAccepted
from domain.actor import LOCAL_OPERATOR, Actor, parse_actor
from domain.errors import InvalidInput
from domain.facts import Moment
from ledger.context import CommandContext

_TAGS = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*')


def context_of(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x20-\x7e]+$",
            description="Names this command for ever: sent again, it gets the first answer and has no second effect. Recommended.",
        ),
    ] = None,
    if_match: Annotated[
        str | None,
        Header(max_length=500, description="The ETag that was looked at; refused with 412 if the stream has moved on."),
    ] = None,
    x_actor: Annotated[
        str | None,
        Header(
            max_length=300,
            description="`ROLE[:SUBJECT][@INSTITUTION][/REGION]`; the local operator if left out. On this machine only.",
        ),
    ] = None,
    x_correlation_id: Annotated[
        str | None,
        Header(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$", description="Recorded with every fact."),
    ] = None,
) -> CommandContext:
    """Raises ActorNotAccepted, InvalidInput."""
    return CommandContext(
        _actor(request, x_actor),
        Moment(now=datetime.now(UTC)),
        channel="http",
        given_key=idempotency_key,
        correlation=x_correlation_id or str(uuid4()),
    )


def versions_of(if_match: str | None) -> frozenset[int] | None:
    """The versions that the header names; None if it asks for none. A tag that is none of ours matches nothing."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = [_TAGS.fullmatch(tag) for tag in if_match.split(",")]
    numbers = [tag[2].partition(".")[0] for tag in found if tag is not None and tag[1] is None]
    return frozenset(int(number) for number in numbers if number.isdigit() and len(number) <= 18)


def expecting(context: CommandContext, stream: UUID, request: Request) -> CommandContext:
    """The same context, decided on the version of the header If-Match."""
    versions = versions_of(request.headers.get("if-match"))
    return context if versions is None else replace(context, expected=(stream, versions))


def _actor(request: Request, said: str | None) -> Actor:
    if said is None:
        return LOCAL_OPERATOR
    if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
        raise ActorNotAccepted(field="X-Actor")
    try:
        return parse_actor(said.encode("latin-1").decode(), field="X-Actor")
    except UnicodeDecodeError:
        raise InvalidInput(field="X-Actor", problem="it is not UTF-8", expected="an actor in UTF-8") from None
