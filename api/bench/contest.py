"""A contest: the same work done by us and by a baseline, in short alternating slots on the same machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Effort:
    """How long to measure: `rounds` pairs of slots of about `seconds` each.

    `loans` are in the book that is rebuilt, `followed` events are given to the library's runner.
    """

    rounds: int = 9
    seconds: float = 0.3
    loans: int = 1600
    followed: int = 2000


@dataclass(frozen=True)
class Contest:
    """Each side does one slot and gives its rate."""

    ours: Callable[[], float]
    baseline: Callable[[], float]


@dataclass(frozen=True)
class Benchmark:
    """What is compared, and what ratio of ours to the baseline must and should be reached.

    `open` prepares both sides on a server and clears up; `most` bounds the rounds of what takes seconds each; what takes `long` is
    measured only when it is named.
    """

    name: str
    unit: str
    open: Callable[[str, Effort], AbstractContextManager[Contest]]
    must: float | None = None
    aim: float | None = None
    most: int = 99
    long: bool = False


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds; `ratio` is the median of the ratios of pairs, `spread` their least and greatest."""

    name: str
    value: float
    baseline: float
    unit: str
    ratio: float
    must: float | None
    aim: float | None
    runs: int
    spread: tuple[float, float]


def measure(benchmark: Benchmark, server: str, effort: Effort) -> Measured:
    """A slot of each side to warm up, then the rounds; who goes first changes from round to round."""
    with benchmark.open(server, effort) as contest:
        pairs = [_pair(contest, number) for number in range(min(effort.rounds, benchmark.most) + 1)][1:]
    ratios = [ours / baseline for ours, baseline in pairs]
    return Measured(
        name=benchmark.name,
        value=median(ours for ours, _ in pairs),
        baseline=median(baseline for _, baseline in pairs),
        unit=benchmark.unit,
        ratio=median(ratios),
        must=benchmark.must,
        aim=benchmark.aim,
        runs=len(pairs),
        spread=(min(ratios), max(ratios)),
    )


def race(act: Callable[[T], object], lots: Sequence[Sequence[T]], seconds: float) -> float:
    """Acts a second: every lot is worked off by a thread of its own, until the time or the lot is over."""
    gc.collect()
    together = Barrier(len(lots))

    def work(lot: Sequence[T]) -> tuple[int, float, float]:
        together.wait()
        begun = now = time.perf_counter()
        done = 0
        for item in lot:
            act(item)
            done, now = done + 1, time.perf_counter()
            if now - begun >= seconds:
                break
        return done, begun, now

    with ThreadPoolExecutor(len(lots)) as pool:
        ran = list(pool.map(work, lots))
    return sum(done for done, _, _ in ran) / (max(end for _, _, end in ran) - min(begun for _, begun, _ in ran))


def timed(act: Callable[[], object], events: int) -> float:
    """Events a second of one act that handles so many."""
    gc.collect()
    begun = time.perf_counter()
    act()
    return events / (time.perf_counter() - begun)


def _pair(contest: Contest, number: int) -> tuple[float, float]:
    if number % 2:
        return contest.ours(), contest.baseline()
    baseline = contest.baseline()
    return contest.ours(), baseline
