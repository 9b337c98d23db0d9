"""Problems 错误: whatever is refused leaves as `application/problem+json` (RFC 9457), in both languages, from one place.

Nothing that was given is said back: a value that does not fit is described by its field and by what the field takes.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout, TooManyRequests
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.http.wording import expected_of, field_of
from domain.errors import BadInput, InvalidInput, Language, NotPermitted, Refusal, SamePerson
from domain.loan_application.refusals import OtherInstitution
from ledger.store import StaleVersion

PROBLEM_JSON = "application/problem+json"
log = logging.getLogger("loan_ledger.http")


class HttpProblem(Refusal):
    """What the protocol asks for and a request does not give."""

    code = "http"
    status = 400


class NotJson(HttpProblem):
    code = "http.not_json"
    en = "the body is not JSON as it is taken here: {problem}; send one JSON object in UTF-8"
    zh = "请求体不是可接受的 JSON：{problem}；请以 UTF-8 发送一个 JSON 对象"


class ForeignOrigin(HttpProblem):
    code = "http.foreign_origin"
    status = 403
    en = "a page of another site may not act here; open the page from this address"
    zh = "不接受来自其他网站页面的请求；请从本地址打开页面"


class ActorNotAccepted(HttpProblem):
    code = "http.actor_not_accepted"
    status = 403
    en = "X-Actor counts on this machine only; sign-in for others is not there yet"
    zh = "X-Actor 仅在本机有效；尚未提供登录"


class NotFound(HttpProblem):
    code = "http.not_found"
    status = 404
    en = "there is nothing at this address; see /api/v1/openapi.json"
    zh = "此地址无内容；请参阅 /api/v1/openapi.json"


class MethodNotAllowed(HttpProblem):
    code = "http.method_not_allowed"
    status = 405
    en = "this address takes other methods; the header Allow names them"
    zh = "此地址不支持该方法；可用方法见 Allow 标头"


class TooSlow(HttpProblem):
    code = "http.too_slow"
    status = 408
    en = "the body did not come in time; send it again"
    zh = "请求体未及时到达；请重新发送"


class TooLarge(HttpProblem):
    code = "http.too_large"
    status = 413
    en = "the body is larger than {most} bytes; send less at once"
    zh = "请求体超过 {most} 字节；请减小后再发送"


class WrongType(HttpProblem):
    code = "http.wrong_type"
    status = 415
    en = "the body's type is not taken here; send {expected}"
    zh = "不支持该内容类型；请发送 {expected}"


class ForeignHost(HttpProblem):
    code = "http.foreign_host"
    status = 421
    en = "this server answers under its own names only; use {expected}"
    zh = "本服务仅以自身名称应答；请使用 {expected}"


class Unavailable(HttpProblem):
    code = "http.unavailable"
    status = 503
    en = "the ledger cannot answer now; send the request again with the same Idempotency-Key, it has one effect"
    zh = "台账暂时无法应答；请以相同的 Idempotency-Key 重发，只会生效一次"


class ProjectionStopped(HttpProblem):
    code = "projection.stopped"
    status = 503
    en = "projection {name} has stopped at {fact}; whoever runs the server has to mend it"
    zh = "投影 {name} 停在 {fact}；须由运维人员处理"


class NoSuchPosition(HttpProblem):
    code = "log.no_such_position"
    status = 422
    en = "{field}: the log goes to position {head} only; wait for a position of a receipt"
    zh = "{field}：日志仅到位置 {head}；请等待回执中的位置"


class ProjectionBehind(HttpProblem):
    code = "projection.behind"
    status = 503
    en = "projection {name} has not come to position {position} yet; ask again"
    zh = "投影 {name} 尚未到达位置 {position}；请稍后再试"


class Failed(HttpProblem):
    code = "http.failed"
    status = 500
    en = "the server failed and it is not your request's fault; tell whoever runs it the correlation"
    zh = "服务器出错，与请求无关；请将 correlation 告知运维人员"


class FieldsDoNotFit(BadInput):
    """Several fields do not fit; `errors` says each."""

    code = "input.fields"
    en = "{field}: {problem}; correct what errors lists"
    zh = "{field}：{problem}；请按 errors 逐项更正"

    def message(self, language: Language) -> str:
        """What does not fit is said in the same language."""
        problem = self.facts["problem"]
        said = problem[language] if isinstance(problem, Mapping) else problem
        return (self.zh if language == "zh" else self.en).format(field=self.field, problem=said)


def status_of(refusal: Refusal, path: Mapping[str, Any]) -> int:
    """How the protocol calls a refusal: what the path names and is not there 404, what may not be 403, a broken rule 409, bad input 422."""
    match refusal:
        case HttpProblem():
            return refusal.status
        case NotPermitted() | SamePerson() | OtherInstitution():
            return 403
        case StaleVersion():
            return 412
        case _ if type(refusal).__name__.startswith("Unknown"):
            return 404 if refusal.field in path else 422
        case _ if isinstance(refusal, BadInput) or refusal.code == "idempotency.key_reused":
            return 422
    return 409


def known_refusals() -> dict[str, type[Refusal]]:
    """Every refusal that the program knows, by its code; a mere group of them is none."""
    said = (kind for kind in _below(Refusal) if {"code", "en"} <= vars(kind).keys())
    return {kind.code: kind for kind in sorted(said, key=lambda kind: (kind.__name__, kind.code))}


def title_of(kind: type[Refusal]) -> str:
    """The class's name as words."""
    return (
        "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).strip().capitalize()
    )


def document(refusal: Refusal, status: int, language: str) -> dict[str, Any]:
    """The problem in both languages; `detail` is in the one that was asked for."""
    if isinstance(refusal, InvalidInput):  # its sentence quotes what was given
        problem = _QUOTED.sub("it", str(refusal.facts["problem"]))
        refusal = InvalidInput(field=refusal.field, **refusal.facts | {"problem": problem})
    detail = {"en": refusal.message("en"), "zh": refusal.message("zh")}
    return {
        "type": f"/problems/{refusal.code}",
        "title": title_of(type(refusal)),
        "status": status,
        "detail": detail["zh" if language == "zh" else "en"],
        "detail_en": detail["en"],
        "detail_zh": detail["zh"],
        "code": refusal.code,
        "field": refusal.field,
        "remedy_en": refusal.remedy("en"),
        "remedy_zh": refusal.remedy("zh"),
    }


_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


def language_of(request: Request) -> str:
    """Chinese where the request prefers it, else English."""
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def refuse(request: Request, refusal: Refusal, **more: Any) -> Response:
    status = status_of(refusal, request.path_params)
    headers = {"Retry-After": "1"} if status == 503 else {}
    return Response(
        to_json(document(refusal, status, language_of(request)) | more),
        status,
        {**headers, "Content-Language": "en, zh"},
        media_type=PROBLEM_JSON,
    )


def refuse_fields(request: Request, errors: list[dict[str, Any]]) -> Response:
    """Every field that does not fit, described by what it takes."""
    said = []
    for error in errors:
        field, (en, zh) = field_of(error), expected_of(error)
        said.append({"field": field, "code": error["type"], "detail_en": en, "detail_zh": zh})
    first = said[0]
    refusal = FieldsDoNotFit(field=first["field"], problem={"en": first["detail_en"], "zh": first["detail_zh"]})
    return refuse(request, refusal, errors=said)


def install(app: FastAPI) -> None:
    """Every way in which a request can fail, answered here."""

    @app.exception_handler(Refusal)
    async def _(request: Request, refusal: Refusal) -> Response:
        return refuse(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, problem: RequestValidationError) -> Response:
        return refuse_fields(request, list(problem.errors()))

    @app.exception_handler(ValidationError)
    async def _(request: Request, problem: ValidationError) -> Response:
        found = problem.errors(include_input=False, include_url=False, include_context=True)
        return refuse_fields(request, [dict(error) for error in found])

    @app.exception_handler(HTTPException)
    async def _(request: Request, problem: HTTPException) -> Response:
        kind = {404: NotFound, 405: MethodNotAllowed}.get(problem.status_code, NotFound)
        answer = refuse(request, kind())
        answer.headers.update(problem.headers or {})
        return answer

    for kind in (PersistenceError, psycopg.OperationalError, PoolTimeout, TooManyRequests, TimeoutError):
        app.add_exception_handler(kind, _unavailable)
    app.add_exception_handler(psycopg.errors.UndefinedTable, _unavailable)

    @app.exception_handler(Exception)
    async def _(request: Request, problem: Exception) -> Response:
        where = "".join(traceback.format_tb(problem.__traceback__)[-6:])
        log.error("%s failed with %s\n%s", request.scope.get("path_format", "a request"), type(problem).__name__, where)
        return refuse(request, Failed())


async def _unavailable(request: Request, problem: Exception) -> Response:
    log.warning("unavailable: %s", type(problem).__name__)
    return refuse(request, Unavailable())


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)
