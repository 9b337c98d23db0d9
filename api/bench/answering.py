"""Answering over HTTP: a command against the use case called directly; a loan, and a page of fifty, against bare FastAPI and one SELECT.

Servers are processes of their own, asked over sockets by the same caller, who does next to nothing with the answers.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from psycopg_pool import AsyncConnectionPool

from api.bench import book
from api.bench.contest import Contest, Effort, race
from api.bench.databases import fresh
from api.settings import Settings
from ledger.repaying import RecordRepayment, record_repayment

LOANS, PAYMENTS, PAGE = 2000, 18, 50
CEILING = 3000


@contextmanager
def commands(server: str, effort: Effort, *, clients: int) -> Iterator[Contest]:
    """A repayment over HTTP against the same repayment by a call: what the way in costs."""
    slots = count()
    with ExitStack() as opened:
        settings = opened.enter_context(_settings(server))
        from api.wiring import Installation

        ledger = opened.enter_context(Installation(settings)).ledger
        wires = [
            opened.enter_context(_asking(address))
            for address in [opened.enter_context(_served(_ours, settings))] * clients
        ]

        def lots() -> list[list[tuple[str, int]]]:
            """Loans of a slot's own, a share of them for each client, every one paid as often as it has instalments to be paid."""
            salt, each = next(slots), max(2, int(CEILING * effort.seconds / PAYMENTS / clients))
            names = [[f"{salt}-{client}-{number}" for number in range(each)] for client in range(clients)]
            ledger.save(*(book.opened(name) for lot in names for name in lot), context=book.context(), digest=bytes(32))
            return [[(name, payment) for payment in range(1, PAYMENTS + 1) for name in lot] for lot in names]

        def over_http() -> float:
            given = [[(wire, *step) for step in lot] for wire, lot in zip(wires, lots(), strict=True)]
            return race(lambda step: _post(*step), given, effort.seconds)

        def by_a_call() -> float:
            return race(lambda step: _call(ledger, *step), lots(), effort.seconds)

        yield Contest(over_http, by_a_call)


@contextmanager
def reads(server: str, effort: Effort, *, path: Callable[[int], str], bare: Callable[[int], str]) -> Iterator[Contest]:
    """The loan book over HTTP against bare FastAPI that selects the same columns by the same index."""
    with ExitStack() as opened:
        settings = opened.enter_context(_settings(server))
        from api.wiring import Installation

        installation = opened.enter_context(Installation(settings))
        loans = max(PAGE + 1, min(LOANS, int(LOANS * effort.seconds * 4)))
        installation.ledger.save(
            *(book.opened(f"L-{number}") for number in range(loans)), context=book.context(), digest=bytes(32)
        )
        installation.up_to_date()
        ours, theirs = (
            opened.enter_context(_asking(opened.enter_context(_served(app, settings)))) for app in (_ours, _bare)
        )

        def slot(wire: Wire, address: Callable[[int], str]) -> float:
            asked = [_request("GET", address(number % loans)) for number in range(int(CEILING * effort.seconds * 2))]
            return race(wire.ask, [asked], effort.seconds)

        yield Contest(partial(slot, ours, path), partial(slot, theirs, bare))


loan_by_number = partial(reads, path="/api/v1/loans/L-{}".format, bare="/loans/L-{}".format)
page_of_fifty = partial(reads, path=f"/api/v1/loans?limit={PAGE}".format, bare="/loans".format)


class Wire:
    """A connection that is kept: sends what is prepared, takes the answer in, and looks only at its status."""

    def __init__(self, address: socket.socket) -> None:
        self._socket, self._rest = address, b""

    def ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            self._rest += self._socket.recv(65536)
        head = self._rest[:end].lower()
        assert head.startswith((b"http/1.1 200", b"http/1.1 201")), self._rest
        whole = end + 4 + int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(self._rest) < whole:
            self._rest += self._socket.recv(65536)
        body, self._rest = self._rest[end + 4 : whole], self._rest[whole:]
        return body


def _request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _post(wire: Wire, loan_no: str, payment: int) -> None:
    name = f"{loan_no}-{payment}"
    said = {"amount": "6000.00", "value_date": book.due(payment).isoformat(), "bank_reference": name}
    wire.ask(
        _request("POST", f"/api/v1/loans/{loan_no}/repayments", json.dumps(said).encode(), f"Idempotency-Key: {name}")
    )


def _call(ledger: Any, loan_no: str, payment: int) -> None:
    name = f"{loan_no}-{payment}"
    command = RecordRepayment(
        loan_no=loan_no, amount_fen=book.REPAYMENT, value_date=book.due(payment), bank_reference=name
    )
    assert record_repayment(ledger, command, book.context(key=name)) is not None


@contextmanager
def _settings(server: str) -> Iterator[Settings]:
    """An installation's own databases, and a folder for its key."""
    with (
        fresh(server, migrated=False) as ledger,
        fresh(server, migrated=False) as keys,
        tempfile.TemporaryDirectory() as folder,
    ):
        yield Settings(data=Path(folder), database_url=ledger, keystore_url=keys)


@contextmanager
def _served(app: Callable[[socket.socket, Settings], None], settings: Settings) -> Iterator[tuple[str, int]]:
    """A server in a process of its own."""
    from api.serving import listening

    with listening("127.0.0.1", 0) as bound:
        process = multiprocessing.get_context("spawn").Process(target=app, args=(bound, settings), daemon=True)
        process.start()
        try:
            yield bound.getsockname()
        finally:
            process.terminate()
            process.join()


@contextmanager
def _asking(address: tuple[str, int]) -> Iterator[Wire]:
    with socket.create_connection(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(connection)
        yield wire


def _ours(bound: socket.socket, settings: Settings) -> None:
    from api.http.app import create_app
    from api.wiring import Installation

    with Installation(settings) as installation:
        _run(create_app(installation), bound)


def _bare(bound: socket.socket, settings: Settings) -> None:
    """What somebody would write who needs nothing but the row."""
    from fastapi import FastAPI
    from psycopg.rows import dict_row

    from projections.querying import projection

    columns = ", ".join(name for name in projection("loan_book").columns if name != "status")
    select = f"SELECT {columns} FROM projections.loan_book"
    assert settings.database_url is not None
    pool = AsyncConnectionPool(
        settings.database_url, open=False, min_size=1, max_size=8, kwargs={"autocommit": True, "row_factory": dict_row}
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/loans/{loan_no}")
    async def loan(loan_no: str) -> dict[str, Any]:
        return (await _rows(pool, f"{select} WHERE loan_no = %s", [loan_no]))[0]

    @app.get("/loans")
    async def page(limit: int = PAGE) -> list[dict[str, Any]]:
        return await _rows(pool, f"{select} ORDER BY loan_no LIMIT %s", [limit])

    _run(app, bound)


async def _rows(pool: AsyncConnectionPool, statement: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        found: list[Any] = await (await connection.execute(statement.encode(), parameters)).fetchall()
        return found


def _run(app: Any, bound: socket.socket) -> None:
    import uvicorn

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="on")).run([bound])
