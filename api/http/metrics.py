"""Metrics 指标: what Prometheus collects; with several workers they add up through files in a folder of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_own = CollectorRegistry()
REQUESTS = Counter(
    "loan_ledger_requests_total", "Requests by operation and status.", ["operation", "status"], registry=_own
)
SECONDS = Histogram(
    "loan_ledger_request_seconds",
    "How long answers take.",
    ["operation"],
    registry=_own,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


class _Positions(Collector):
    """How far the log goes and every read model has come, as it is when it is asked for."""

    def __init__(self, head: int, positions: Mapping[str, int]) -> None:
        self._head, self._positions = head, positions

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("loan_ledger_log_head", "The last position of the log.", value=self._head)
        come = GaugeMetricFamily("loan_ledger_projection_position", "How far it has folded.", labels=["projection"])
        behind = GaugeMetricFamily("loan_ledger_projection_lag", "Facts it has not folded yet.", labels=["projection"])
        for name, position in self._positions.items():
            come.add_metric([name], position)
            behind.add_metric([name], max(0, self._head - position))
        yield from (come, behind)


def page(head: int, positions: Mapping[str, int]) -> bytes:
    """The text that Prometheus reads."""
    shown = _own
    if os.environ.get(FOLDER):
        shown = CollectorRegistry()
        MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
    now = CollectorRegistry()
    now.register(_Positions(head, positions))
    return generate_latest(shown) + generate_latest(now)
