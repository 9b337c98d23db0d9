"""Serving 服务: the web workers, and with an embedded server the worker that keeps the projections, from one command.

Every process opens the installation for itself; the one that was started by hand outlives the others and stops the embedded server
last. A process whose parent has gone ends, so that nothing strays.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api.http.gate import is_loopback
from api.http.metrics import FOLDER
from api.settings import Settings
from api.wiring import Installation
from api.working import keep_up_to_date
from domain.errors import BadInput, Refusal

GRACE_SECONDS = 10
"""How long requests under way have when the server is told to end."""

log = logging.getLogger("loan_ledger.serving")


class NotLoopback(Refusal):
    code = "serve.not_loopback"
    en = "{field} {host} is not this machine's own address; sign-in does not exist yet, so give 127.0.0.1, ::1 or localhost"
    zh = "{field} {host} 不是本机回环地址；尚未提供登录，请使用 127.0.0.1、::1 或 localhost"


class PortTaken(BadInput):
    code = "serve.port_taken"
    en = "{field}: port {port} cannot be used: {problem}; give another one"
    zh = "{field}：端口 {port} 无法使用：{problem}；请换一个端口"


def serve(settings: Settings, host: str, port: int, workers: int, told: Callable[[str], None]) -> None:
    """Serve until told to end; `told` hears the address. Raises NotLoopback, PortTaken."""
    with ExitStack() as opened:
        bound = opened.enter_context(listening(host, port))
        installation = opened.enter_context(Installation(settings))
        if settings.database_url is None:
            opened.enter_context(_working(settings))
        address = f"[{host}]" if ":" in host else host
        told(f"http://{address}:{bound.getsockname()[1]}")
        if workers == 1:
            from api.http.app import create_app

            _run(uvicorn.Server(_config(partial(create_app, installation), 1)), bound)
        else:
            opened.enter_context(_shared_metrics())
            with _quiet_after():
                Multiprocess(_config(partial(_worker_app, settings, os.getpid()), workers), [bound]).run()


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on this machine's own address only. Raises NotLoopback, PortTaken."""
    if not is_loopback(host):
        raise NotLoopback(field="--host", host=ascii(host[:60]))
    address = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((address, port))
            bound.listen(1024)
        except OSError as problem:
            raise PortTaken(field="--port", port=port, problem=problem.strerror) from None
        yield bound


def _config(app: Callable[[], FastAPI], workers: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=True,
        workers=workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
        proxy_headers=False,
        ws="none",
    )


def _run(server: uvicorn.Server, bound: socket.socket) -> None:
    with _quiet_after():
        server.run([bound])


@contextmanager
def _quiet_after() -> Iterator[None]:
    """A signal ends the server in order, and that is all that it does."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _worker_app(settings: Settings, parent: int) -> FastAPI:
    """The application in a worker process, over an installation that ends with the process."""
    from api.http.app import create_app

    _end_with(parent)
    installation = Installation(settings)
    installation.__enter__()
    return create_app(installation)


@contextmanager
def _working(settings: Settings) -> Iterator[None]:
    """A process of its own that keeps the projections, begun again if it dies, ended with us."""
    stop, spawn = Event(), multiprocessing.get_context("spawn")
    running: list[multiprocessing.process.BaseProcess] = []

    def watch() -> None:
        while not stop.is_set():
            process = spawn.Process(target=_work, args=(settings, os.getpid()), name="projections")
            process.start()
            running[:] = [process]
            if stop.is_set():
                process.terminate()
            process.join()
            stop.wait(1)

    watcher = Thread(target=watch, name="watch-projections", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        for process in running:
            process.terminate()
        watcher.join()


def _work(settings: Settings, parent: int) -> None:
    stop = Event()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # whoever interrupts the parent interrupts us, too; the parent tells us
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    _end_with(parent)
    with Installation(settings) as installation:
        keep_up_to_date(installation, stop, lambda said: None)


def _end_with(parent: int) -> None:
    """End in order when the process that started us has gone."""

    def watch() -> None:
        while os.getppid() == parent:
            Event().wait(1)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="watch-parent", daemon=True).start()


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A folder through which the workers' counters add up."""
    folder = Path(tempfile.mkdtemp(prefix="loan-ledger-metrics-"))
    os.environ[FOLDER] = str(folder)
    try:
        yield
    finally:
        del os.environ[FOLDER]
        shutil.rmtree(folder, ignore_errors=True)
