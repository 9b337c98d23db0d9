"""Outside systems 数据共享: the market regulator, civil affairs and the credit registry, asked through one port.

An adapter takes a request and gives bytes, or says in one word why not. What was answered is checked here: late, malformed or
contradictory answers are answers of no use, recorded as such; the clerk may then go on by hand.

HTTP adapter: POST `BASE/market_regulator`, `/civil_affairs`, `/credit_registry` with the JSON of `Request`; 200 with the JSON of
the answer (`MarketAnswer`, `CivilAnswer`, `CreditAnswer`), 403 when the source refuses; 10 s are waited.
Fixture adapter: the file `FOLDER/SOURCE/ID-NUMBER.json` (for a market answer `CREDIT-CODE.json`) holds the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import BadInput
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
    model_config = ConfigDict(extra="ignore", frozen=True)


class MarketAnswer(_Answer):
    """市场监管: of an enterprise or a self-employed business."""

    credit_code: str
    status: Literal["in_business", "suspended", "revoked", "cancelled"]
    staff: int | None = Field(default=None, ge=0, le=1_000_000)
    hired: int | None = Field(default=None, ge=0, le=1_000_000)

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
        read = _ANSWERS[request.source].model_validate_json(answer)
        figures = read.figures()
    except (ValidationError, BadInput, ValueError) as problem:
        where = problem.errors(include_input=False)[0]["loc"] if isinstance(problem, ValidationError) else ("amount",)
        raise OutsideProblem("malformed", f"at {'.'.join(map(str, where)) or 'the document'}") from None
    asked, about = (
        (request.credit_code, read.credit_code)
        if isinstance(read, MarketAnswer)
        else (request.id_number, read.id_number)
    )
    if (asked or "").upper() != about.upper():
        raise OutsideProblem("contradictory", "the answer is about somebody else")
    if isinstance(read, MarketAnswer) and read.hired is not None and read.staff is not None and read.hired > read.staff:
        raise OutsideProblem("contradictory", "more were hired than are employed")
    return figures


class HttpSource:
    """Asks over HTTP; only http and https addresses, no redirects to files."""

    def __init__(self, base: str, seconds: int = WAIT_SECONDS) -> None:
        if not base.startswith(("http://", "https://")):
            raise ValueError("an address begins with http:// or https://")
        self._base, self._seconds = base.rstrip("/"), seconds

    def ask(self, request: Request) -> bytes:
        body = request.model_dump_json().encode()
        sent = HttpRequest(f"{self._base}/{request.source}", body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
        try:
            with urlopen(sent, timeout=self._seconds) as answer:  # noqa: S310
                return bytes(answer.read(_LARGEST))
        except HTTPError as problem:
            raise OutsideProblem("refused" if problem.code == 403 else "unreachable", f"HTTP {problem.code}") from None
        except TimeoutError:
            raise OutsideProblem("late", f"no answer within {self._seconds} s") from None
        except (URLError, OSError) as problem:
            late = isinstance(getattr(problem, "reason", None), TimeoutError)
            raise OutsideProblem("late" if late else "unreachable", type(problem).__name__) from None


class FixtureSource:
    """Answers from a folder: for demonstrations, tests, and offices that are not connected yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, request: Request) -> bytes:
        name = request.credit_code if request.source == "market_regulator" else request.id_number
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
