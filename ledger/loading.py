"""Loading streams 载入: what was loaded is kept and brought up to date; whoever asks gets a copy, and what is kept never changes.

The library brings its kept aggregates up to date in place, while another thread may be copying them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from copy import deepcopy
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from eventsourcing.application import Cache, ProjectorFunction, Repository, project_aggregate
from psycopg.rows import tuple_row

from domain.facts import Fact
from domain.stored_form import decode
from ledger.store import LedgerDatastore

_trusted: ContextVar[set[UUID] | None] = ContextVar("_trusted", default=None)
_unsettled: ContextVar[Cache[UUID, Any] | None] = ContextVar("_unsettled", default=None)


class Kept(Repository[UUID]):
    """The library's repository, its cache copied on write."""

    def get(
        self,
        aggregate_id: UUID,
        *,
        version: int | None = None,
        projector_func: ProjectorFunction[Any, Any] = project_aggregate,
        fastforward_skipping: bool = False,
        deepcopy_from_cache: bool = True,
    ) -> Any:
        """The stream's aggregate, for the caller alone. Raises AggregateNotFoundError."""
        if version is not None:
            return self._reconstruct_aggregate(aggregate_id, version, projector_func)
        try:
            kept: Any = self._here.get(aggregate_id)
        except KeyError:
            kept = self._reconstruct_aggregate(aggregate_id, None, projector_func)
            self._here.put(aggregate_id, kept)
            return deepcopy(kept)
        if _unsettled.get() is not None:
            return deepcopy(kept)
        if (trusted := _trusted.get()) is not None:
            trusted.add(aggregate_id)
            return deepcopy(kept)
        if newer := list(self.event_store.get(aggregate_id, gt=kept.version)):
            kept = projector_func(deepcopy(kept), newer)
            self._here.put(aggregate_id, kept)
        return deepcopy(kept)

    def keep(self, aggregate: Any) -> None:
        """Keep what has just been saved."""
        self._here.put(aggregate.id, deepcopy(aggregate))

    def forget(self, batch: Cache[UUID, Any]) -> None:
        """What a batch had in its hands may not count as the newest any more where it is kept from before."""
        assert self.cache is not None
        for aggregate_id in batch.cache:
            with suppress(KeyError):
                self.cache.get(aggregate_id, evict=True)

    @property
    def _here(self) -> Cache[UUID, Any]:
        """A batch keeps its own: nobody else may see before its end what it recorded, and to it alone that is the newest."""
        unsettled = _unsettled.get()
        if unsettled is not None:
            return unsettled
        assert self.cache is not None
        return self.cache


@contextmanager
def unsettled() -> Iterator[Cache[UUID, Any]]:
    """Within, what is loaded and saved is kept for this thread only; gives where."""
    batch = Cache[UUID, Any]()
    token = _unsettled.set(batch)
    try:
        yield batch
    finally:
        _unsettled.reset(token)


@contextmanager
def trusting(trust: bool) -> Iterator[set[UUID]]:
    """Within, what is kept counts as the newest without a look at the log; gives the streams of which that was assumed."""
    assumed = set[UUID]()
    token = _trusted.set(assumed if trust else None)
    try:
        yield assumed
    finally:
        _trusted.reset(token)


def told_in(datastore: LedgerDatastore, streams: Sequence[UUID]) -> Iterator[list[Fact]]:
    """Each stream's facts in their order, by one question for all; a stream that has not begun gives none."""
    with datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT originator_id, originator_version, topic, state FROM ledger.stored_events"
            " WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version",
            (list(streams),),
        ).fetchall()
    for _, told in groupby(rows, key=itemgetter(0)):
        yield [decode(stream, version, topic, bytes(state)) for stream, version, topic, state in told]
