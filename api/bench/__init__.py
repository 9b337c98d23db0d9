"""Benchmarks 基准测试: what the ledger's promises cost, as ratios to a baseline measured in the same run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from api.bench.answering import commands as over_http
from api.bench.answering import loan_by_number, page_of_fifty
from api.bench.appending import appends
from api.bench.applying import histories, registers
from api.bench.checking import checks
from api.bench.closing import closings, growing
from api.bench.commanding import commands
from api.bench.contest import Benchmark, Effort, Measured, measure
from api.bench.demonstrating import demonstrations
from api.bench.hindsight import late_receipts, looks
from api.bench.importing import imports
from api.bench.matching import matchings
from api.bench.rebuilding import against_copy_out, against_runner
from api.bench.replaying import replays
from api.bench.reserving import reservations
from api.bench.scheduling import NeedsPackage, schedules
from domain.errors import BadInput

__all__ = ["NAMES", "Effort", "Measured", "UnknownBenchmark", "load", "run_benchmarks"]

_ALL = (
    *(Benchmark(f"append_{n}", "appends/s", partial(appends, threads=n, guarded=False), 1.4) for n in (1, 4, 8)),
    *(Benchmark(f"append_guarded_{n}", "appends/s", partial(appends, threads=n, guarded=True), 1.1) for n in (1, 4, 8)),
    Benchmark("command", "commands/s", commands, 1.3, 2.0),
    Benchmark("reservations_1", "contracts/s", partial(reservations, threads=1)),
    Benchmark("reservations_8", "contracts/s", partial(reservations, threads=8)),
    Benchmark("http_command_1", "commands/s", partial(over_http, clients=1)),
    Benchmark("http_command_8", "commands/s", partial(over_http, clients=8)),
    Benchmark("http_loan", "answers/s", loan_by_number, aim=0.8),
    Benchmark("http_page", "pages/s", page_of_fifty, aim=0.8),
    Benchmark("bulk_import", "facts/s", imports, 0.25, 0.5),
    Benchmark("rebuild_vs_runner", "facts/s", against_runner, 40.0, most=5),
    Benchmark("rebuild_vs_copy_out", "facts/s", against_copy_out, 0.06),
    Benchmark("as_of_replay", "loans/s", replays),
    Benchmark("application_import", "events/s", histories, most=3),
    Benchmark("as_of_register", "registers/s", registers, most=5),
    Benchmark("demonstration", "facts/s", demonstrations, most=5),
    Benchmark("close_day", "loans/s", closings, most=5),
    Benchmark("close_day_million", "loans/s", growing, most=5, long=True),
    *(Benchmark(f"late_receipt_{n}", "receipts/s", partial(late_receipts, facts=n)) for n in (100, 1000, 10_000)),
    *(Benchmark(f"loan_owed_{n}", "looks/s", partial(looks, facts=n)) for n in (100, 1000, 10_000)),
    Benchmark("schedules", "schedules/s", schedules),
    Benchmark("matching", "lines/s", matchings, most=3),
    Benchmark("eligibility", "checks/s", checks, most=5),
)
FULL = Effort()
NAMES = tuple(benchmark.name for benchmark in _ALL)


class UnknownBenchmark(BadInput):
    code = "bench.unknown"
    en = "there is no benchmark {name}; choose from: {known}"
    zh = "没有基准测试 {name}；可选：{known}"


def load() -> dict[str, float]:
    """How busy the machine is now: its load average of one minute, and its cores to judge that by."""
    return {"one_minute": os.getloadavg()[0], "cores": os.cpu_count() or 1}


def run_benchmarks(
    server_dsn: str, names: Sequence[str] = (), *, say: Callable[[str], None], effort: Effort = FULL
) -> list[Measured]:
    """Run the named benchmarks, or all that are not long, in their order; `say` hears of each. Raises UnknownBenchmark, NeedsPackage.

    `server_dsn` belongs to someone who may make databases. Every benchmark makes its own and drops them.
    """
    for name in names:
        if name not in NAMES:
            raise UnknownBenchmark(field="name", name=name, known=", ".join(NAMES))
    measured = []
    for benchmark in _ALL:
        if benchmark.name in names or not (names or benchmark.long):
            try:
                measured.append(measure(benchmark, server_dsn, effort))
            except NeedsPackage as needed:
                if names:
                    raise
                say(f"{benchmark.name}: left out; {needed.message('en')}")
                continue
            say(_line(measured[-1]))
    return measured


def _line(measured: Measured) -> str:
    must = "" if measured.must is None else f", at least {measured.must:g} wanted"
    low, high = measured.spread
    return (
        f"{measured.name}: {measured.value:,.0f} {measured.unit}, {measured.ratio:.3g} of the baseline's"
        f" {measured.baseline:,.0f} ({low:.3g} to {high:.3g} in {measured.runs} rounds{must})"
    )
