"""Outside systems 数据共享: the market regulator, civil affairs and the credit registry, asked through one port.

An adapter takes a request and gives bytes, or says in one word why not. What was answered is checked here: late, malformed or
contradictory answers are answers of no use, recorded as such; the clerk may then go on by hand.

HTTP adapter: POST `BASE/market_regulator`, `/civil_affairs`, `/credit_registry` with the JSON of `Request`; 200 with the JSON of
the answer (`MarketAnswer`, `CivilAnswer`, `CreditAnswer`, every name once, nothing converted), 401 or 403 when the source refuses;
10 s are waited for the whole of it. `BASE` is https, or on this machine.
Fixture adapter: the file `FOLDER/SOURCE/ID-NUMBER.json` (of an enterprise's market answer `CREDIT-CODE.json`) holds the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from threading import Thread
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import BadInput, InvalidInput
from domain.frozen import Frozen
from domain.loan_application.events import Source
from domain.money import parse_yuan

WAIT_SECONDS = 10
_LARGEST = 1_000_000


class Request(Frozen):
    """Whom a source is asked about, and by which consent (digest of the document)."""

    source: Source
    id_number: str
    credit_code: str | None = None
    consent: str


class OutsideProblem(Exception):
    """Why there is no answer that can be used."""

    def __init__(
        self, problem: Literal["late", "unreachable", "malformed", "contradictory", "refused"], detail: str
    ) -> None:
        self.problem, self.detail = problem, detail
        super().__init__(f"{problem}: {detail}")


class OutsideSource(Protocol):
    def ask(self, request: Request) -> bytes:
        """The answer as it came. Raises OutsideProblem."""
        ...


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class MarketAnswer(_Answer):
    """市场监管: of an enterprise by its code, of a self-employed business by its owner's ID number."""

    credit_code: str | None = None
    id_number: str | None = None
    status: Literal["in_business", "suspended", "revoked", "cancelled"]
    staff: int | None = Field(default=None, ge=0, le=1_000_000)
    hired: int | None = Field(default=None, ge=0, le=1_000_000)

    @property
    def is_possible(self) -> bool:
        return self.hired is None or self.staff is None or self.hired <= self.staff

    def figures(self) -> dict[str, str]:
        counts = {"staff": self.staff, "hired": self.hired}
        return {"status": self.status} | {name: str(count) for name, count in counts.items() if count is not None}


class CivilAnswer(_Answer):
    """民政: marriage only."""

    id_number: str
    marital: Literal["single", "married", "divorced", "widowed"]

    def figures(self) -> dict[str, str]:
        return {"marital": self.marital}


class RegistryLoan(_Answer):
    kind: str = Field(pattern=r"^[a-z_]{1,30}$")
    amount: str
    of: Literal["borrower", "spouse"] = "borrower"


class CreditAnswer(_Answer):
    """征信: loans elsewhere, and whether an earlier guaranteed loan went overdue."""

    id_number: str
    overdue: bool
    loans: tuple[RegistryLoan, ...] = Field(default=(), max_length=100)

    def figures(self) -> dict[str, str]:
        for loan in self.loans:
            parse_yuan(loan.amount)
        listed = ";".join(f"{loan.kind}:{loan.amount}:{loan.of}" for loan in self.loans)
        return {"overdue": "yes" if self.overdue else "no", "loans": listed}


_ANSWERS: Mapping[Source, type[MarketAnswer | CivilAnswer | CreditAnswer]] = {
    "market_regulator": MarketAnswer,
    "civil_affairs": CivilAnswer,
    "credit_registry": CreditAnswer,
}


def figures_of(request: Request, answer: bytes) -> dict[str, str]:
    """What a decision looks at. Raises OutsideProblem for an answer that is no answer, or one about somebody else."""
    try:
        json.loads(answer.decode(), object_pairs_hook=_once)
        read = _ANSWERS[request.source].model_validate_json(answer)
        figures = read.figures()
    except (BadInput, ValueError, RecursionError) as problem:
        where = problem.errors(include_input=False)[0]["loc"] if isinstance(problem, ValidationError) else ("amount",)
        raise OutsideProblem("malformed", f"at {'.'.join(map(str, where)) or 'the document'}") from None
    if isinstance(read, MarketAnswer) and request.credit_code is not None:
        asked, about = request.credit_code, read.credit_code
    else:
        asked, about = request.id_number, read.id_number
    if asked.upper() != (about or "").upper():
        raise OutsideProblem("contradictory", "the answer is about somebody else")
    if isinstance(read, MarketAnswer) and not read.is_possible:
        raise OutsideProblem("contradictory", "more were hired than are employed")
    return figures


def entered_figures(source: Source, figures: Mapping[str, str]) -> dict[str, str]:
    """Figures as a clerk read them from a document: names and values through the same model as an answer. Raises InvalidInput."""
    names = _ENTERED[source]
    for name in sorted(figures.keys() - names.keys()):
        problem = f"{name[:40]!a} is no figure of {source}"
        raise InvalidInput(field="figures", problem=problem, expected=f"one of: {', '.join(names)}")
    said = {name: _read(name, text) for name, text in figures.items()}
    try:
        read = _ANSWERS[source].model_validate_json(json.dumps({"id_number": "", **said}))
        found = read.figures()
    except ValidationError as unfit:
        raise _not_as(str(unfit.errors(include_input=False)[0]["loc"][0])) from None
    except BadInput:
        raise _not_as("loans") from None
    if isinstance(read, MarketAnswer) and not read.is_possible:
        problem = "more were hired than are employed"
        raise InvalidInput(field="figures.hired", problem=problem, expected="what the document says")
    return found


def _read(name: str, text: str) -> object:
    """A figure as its source would say it. Raises InvalidInput."""
    match name:
        case "staff" | "hired" if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        case "overdue" if text in ("yes", "no"):
            return text == "yes"
        case "loans":
            parts = [entry.split(":") for entry in text.split(";") if entry]
            if all(len(part) == 3 for part in parts):
                return [dict(zip(("kind", "amount", "of"), part, strict=True)) for part in parts]
        case "status" | "marital":
            return text
    raise _not_as(name)


def _not_as(name: str) -> InvalidInput:
    expected = next(known[name] for known in _ENTERED.values() if name in known)
    return InvalidInput(
        field=f"figures.{name}", problem="it is left out, or not as its source says it", expected=expected
    )


_ENTERED: Mapping[Source, Mapping[str, str]] = {
    "market_regulator": {
        "status": "in_business, suspended, revoked or cancelled",
        "staff": "a count of people",
        "hired": "a count of people",
    },
    "civil_affairs": {"marital": "single, married, divorced or widowed"},
    "credit_registry": {
        "overdue": "yes or no",
        "loans": "KIND:AMOUNT:OF;… with borrower or spouse as OF, such as housing:300000.00:borrower",
    },
}
"""What may be entered by hand, and as what."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's members; a name that is given twice says two things."""
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a name is given twice")
    return found


class HttpSource:
    """Asks over HTTP, which away from this machine is https, because ID numbers travel; redirects are not followed.

    Within `seconds` the whole answer has come, or it is late: looking the address up, connecting and every byte count.
    """

    def __init__(self, base: str, seconds: int = WAIT_SECONDS) -> None:
        """Raises InvalidInput for an address that is none, or one that is not encrypted."""
        self._scheme, self._host, self._port, self._path = _address(base)
        self._seconds = seconds

    def ask(self, request: Request) -> bytes:
        made = HTTPSConnection if self._scheme == "https" else HTTPConnection
        connection = made(self._host, self._port, timeout=self._seconds)
        came = SimpleQueue[bytes | OutsideProblem]()
        Thread(target=lambda: came.put(self._exchanged(connection, request)), daemon=True).start()
        try:
            answer = came.get(timeout=self._seconds)
        except Empty:
            answer = OutsideProblem("late", f"no answer within {self._seconds} s")
            if (waiting := connection.sock) is not None:
                with suppress(OSError):
                    waiting.shutdown(SHUT_RDWR)
        if isinstance(answer, OutsideProblem):
            raise answer
        return answer

    def _exchanged(self, connection: HTTPConnection, request: Request) -> bytes | OutsideProblem:
        try:
            with closing(connection):
                body = request.model_dump_json().encode()
                connection.request("POST", f"{self._path}/{request.source}", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                if answer.status != HTTPStatus.OK:
                    refused = answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
                    return OutsideProblem("refused" if refused else "unreachable", f"HTTP {answer.status}")
                content = answer.read(_LARGEST + 1)
                if len(content) > _LARGEST or answer.length:
                    return OutsideProblem("malformed", "larger than an answer is, or not all of what was announced")
                return content
        except TimeoutError:
            return OutsideProblem("late", f"no answer within {self._seconds} s")
        except OSError as problem:
            return OutsideProblem("unreachable", type(problem).__name__)
        except (HTTPException, ValueError) as problem:
            return OutsideProblem("malformed", type(problem).__name__)


def _address(base: str) -> tuple[str, str, int | None, str]:
    """Raises InvalidInput."""
    try:
        parts = urlsplit(base)
        host, port = parts.hostname or "", parts.port
        fits = host and parts.scheme in ("http", "https") and not (parts.query or parts.fragment or parts.username)
        if fits and (parts.scheme == "https" or _is_this_machine(host)):
            return parts.scheme, host, port, parts.path.rstrip("/")
    except ValueError:
        pass
    raise InvalidInput(
        field="OUTSIDE_SYSTEMS",
        problem=f"{base[:60]!a} is no address that ID numbers may be sent to",
        expected="https://…, on this machine http://…, or a folder",
    )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class FixtureSource:
    """Answers from a folder: for demonstrations, tests, and offices that are not connected yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, request: Request) -> bytes:
        market = request.source == "market_regulator"
        name = (request.credit_code if market else None) or request.id_number
        if not name or not name.isalnum():
            raise OutsideProblem("refused", "there is nobody to ask about")
        try:
            return (self._folder / request.source / f"{name}.json").read_bytes()
        except OSError:
            raise OutsideProblem("unreachable", "the folder holds no answer") from None


class NoSource:
    """No source is connected; every clerk goes on by hand."""

    def ask(self, request: Request) -> bytes:
        raise OutsideProblem("unreachable", f"{request.source} is not connected")
