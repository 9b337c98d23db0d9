"""Every benchmark, very short: it runs, it gives figures, and it leaves nothing on the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from api.bench import NAMES, Effort, UnknownBenchmark, load, run_benchmarks
from api.bench.contest import race
from api.bench.databases import PREFIX, fresh

SHORT = Effort(rounds=1, seconds=0.02, loans=60, followed=40)


def ours(server: str) -> set[str]:
    """The databases that benchmarks have on the server."""
    with psycopg.connect(server, autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,))
        return {name for (name,) in rows}


@pytest.fixture
def nothing_left(server: str) -> Iterator[None]:
    databases, threads = ours(server), threading.active_count()
    yield
    assert ours(server) <= databases
    assert threading.active_count() <= threads


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("nothing_left")
def test_a_short_form_of_every_benchmark_gives_its_figures(server: str, name: str) -> None:
    said: list[str] = []
    (measured,) = run_benchmarks(server, [name], say=said.append, effort=SHORT)
    low, high = measured.spread
    assert measured.name == name
    assert measured.runs == SHORT.rounds
    assert measured.value > 0 < measured.baseline
    assert 0 < low <= measured.ratio <= high
    assert len(said) == 1
    assert said[0].startswith(f"{name}: ")


def test_an_unknown_name_is_refused_before_anything_runs(server: str) -> None:
    said: list[str] = []
    with pytest.raises(UnknownBenchmark, match="append_1, append_4"):
        run_benchmarks(server, ["command", "append_2"], say=said.append, effort=SHORT)
    assert not said


@pytest.mark.usefixtures("nothing_left")
def test_a_database_is_dropped_after_an_error_too(server: str) -> None:
    with pytest.raises(ZeroDivisionError), fresh(server, migrated=False) as dsn:
        psycopg.connect(dsn)
        raise ZeroDivisionError


def test_a_race_works_every_lot_off_and_passes_errors_on() -> None:
    done: list[int] = []
    assert race(done.append, [[1, 2], [3]], seconds=60.0) > 0
    assert sorted(done) == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        race(lambda divisor: 1 // divisor, [[1], [0]], seconds=60.0)


def test_the_load_of_the_machine_is_told() -> None:
    assert load()["one_minute"] >= 0
    assert load()["cores"] >= 1
