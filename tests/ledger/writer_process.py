"""Writer processes: `python -m tests.ledger.writer_process batches|reports DSN NUMBER COUNT`.

Each says "ready", waits for a line, and then says what the log acknowledged, a line an acknowledgement.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import uuid4

from eventsourcing.persistence import IntegrityError

from ledger.ledger import Ledger
from ledger.recorder import is_version_conflict
from ledger.reporting import ReportJobs, report_jobs
from tests.ledger.writing import DAY, PROJECT, append, jobs, open_ledger, said_under, several

LOANS = 4
"""how many loans the writers of reports share"""


def write_batches(ledger: Ledger, number: int, count: int) -> None:
    """Save `count` facts in batches of every size; one save in ten conflicts, and not with its first fact."""
    chance, stream, left = random.Random(number), uuid4(), count
    append(ledger, several(1, stream))
    left -= 1
    while left:
        if chance.random() < 0.1:
            _conflict(ledger, [*several(chance.randint(1, 5)), jobs(stream, 1)])
        size = min(left, chance.choice((1, 1, 2, 6, 30, 120)))
        append(ledger, several(size))
        left -= size
    print(count, flush=True)


def _conflict(ledger: Ledger, facts: list[object]) -> None:
    try:
        append(ledger, facts)  # type: ignore[arg-type]
    except IntegrityError as problem:
        assert is_version_conflict(problem)
        return
    raise AssertionError("a conflict was let through")


def write_reports(ledger: Ledger, number: int, count: int) -> None:
    """Record one report of jobs after the other on shared loans, by the use case itself; the figure tells which it is."""
    chance = random.Random(number)
    for step in range(count):
        figure = number * 1_000_000 + step
        command = ReportJobs(loan_no=f"L{chance.randrange(LOANS)}", created=figure, retained=0, value_date=DAY)
        receipt = report_jobs(ledger, command, said_under(f"key {figure}" if step % 2 else None))
        assert receipt is not None
        print(figure, receipt.position, flush=True)


@contextmanager
def writers(
    kind: Literal["batches", "reports"], dsn: str, count: int, each: int, first: int = 0
) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes, numbered from `first`, ready to write; killed at the end if they still run."""
    command = [sys.executable, "-m", "tests.ledger.writer_process", kind, dsn]
    started = [
        subprocess.Popen(
            [*command, str(n), str(each)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(first, first + count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


if __name__ == "__main__":
    kind, dsn, number, count = sys.argv[1:]
    with open_ledger(dsn) as opened:
        opened.recorder.max_notification_id()
        print("ready", flush=True)
        sys.stdin.readline()
        (write_batches if kind == "batches" else write_reports)(opened, int(number), int(count))
