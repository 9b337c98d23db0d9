"""The hall 大厅: what every request finds when it comes in: the desk, connections that read, and a bounded number of hands.

Use cases run in threads, never on the event loop. Readers connect in the reader's role, which cannot see a fact.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from anyio import CapacityLimiter, to_thread
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from api.http.problems import NoSuchPosition, ProjectionBehind, ProjectionStopped, Unavailable
from api.periods import PaperBooks
from api.reconciliations import PaperEntries
from api.watching import PaperFigures
from api.wiring import Installation
from ledger.desk import Desk
from projections.standing import HEAD, POSITION_AT, standing

HANDS = 16
"""Use cases at work at a time, in one process: as many as the ledger's connections."""
READERS = 8
COMMAND_SECONDS, READ_SECONDS = 60, 30
_READING = f"-c statement_timeout={READ_SECONDS}s -c default_transaction_read_only=on -c timezone=UTC"

log = logging.getLogger("loan_ledger.http")
T = TypeVar("T")


class Hall:
    """Opened with the application, closed with it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.desk: Desk = installation.desk
        conninfo = psycopg.conninfo.make_conninfo(installation.dsn("reader"))
        options = psycopg.conninfo.conninfo_to_dict(conninfo)["options"]
        self._conninfo = psycopg.conninfo.make_conninfo(conninfo, options=f"{options} {_READING}")
        self.figures = PaperFigures(self.papers)
        self.books = PaperBooks(self.papers)
        self.entries = PaperEntries(self.papers)
        self._woken: dict[str, asyncio.Event] = {}

    def papers(self) -> psycopg.Connection[Any]:
        """A connection of a reader's own, for what runs in a thread."""
        return psycopg.connect(self._conninfo, autocommit=True)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        self._hands = CapacityLimiter(HANDS)
        self.readers = AsyncConnectionPool(
            self._conninfo,
            connection_class=AsyncConnection[TupleRow],
            kwargs={"autocommit": True},
            min_size=1,
            max_size=READERS,
            timeout=5,
            reconnect_timeout=30,
            open=False,
        )
        async with self.readers:
            listener = asyncio.create_task(self._listen())
            try:
                yield
            finally:
                listener.cancel()

    async def do(self, act: Callable[[], T]) -> T:
        """Run a use case in a thread. What takes too long may still have its effect, once. Raises Unavailable."""
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                return await to_thread.run_sync(act, abandon_on_cancel=True, limiter=self._hands)
        except TimeoutError:
            raise Unavailable from None

    async def select(self, statement: str, parameters: Sequence[Any] = ()) -> list[TupleRow]:
        async with self.readers.connection() as connection:
            found = await connection.execute(statement.encode(), parameters)
            return await found.fetchall()

    async def run(self, statement: bytes, parameters: Mapping[str, object]) -> list[TupleRow]:
        """Run a statement of a question to a read model."""
        async with self.readers.connection() as connection:
            return await (await connection.execute(statement, parameters)).fetchall()

    async def position_at(self, moment: datetime) -> int:
        """The last position recorded by then."""
        ((position,),) = await self.select(POSITION_AT, (moment,))
        return int(position)

    async def wait_for(self, name: str, position: int, seconds: int) -> None:
        """Wait until a read model has passed a position. Raises NoSuchPosition, ProjectionStopped, ProjectionBehind."""
        if await self._has_passed(name, position):
            return
        ((head,),) = await self.select(HEAD)
        if position > head:
            raise NoSuchPosition(field="wait_for", head=head)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    woken = self._woken.setdefault(name, asyncio.Event())
                    if await self._has_passed(name, position):
                        return
                    with suppress(TimeoutError):
                        await asyncio.wait_for(woken.wait(), 1)
        except TimeoutError:
            raise ProjectionBehind(field="wait_for", name=name, position=position) from None

    async def _has_passed(self, name: str, position: int) -> bool:
        try:
            ((reached, fact, _),) = await self.select(standing(name))
        except psycopg.errors.UndefinedTable:  # no worker has made it yet
            return False
        if reached < position and fact is not None:
            raise ProjectionStopped(field="wait_for", name=name, fact=fact)
        return bool(reached >= position)

    async def _listen(self) -> None:
        """Wake whoever waits for a read model that has moved; a lost connection delays them and never stalls them."""
        while True:
            try:
                async with await AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute("LISTEN projections")
                    async for moved in connection.notifies():
                        self._woken.pop(moved.payload, asyncio.Event()).set()
            except psycopg.OperationalError:
                await asyncio.sleep(1)
