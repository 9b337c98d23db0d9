"""A proxy before the server that loses chosen messages, as a failing network does."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from threading import Lock, Thread
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_READY = b"Z\x00\x00\x00\x05I"
"""ends every answer of the server outside a transaction: what was asked for is committed"""


class CuttingProxy:
    """Lets through everything until told to lose the next request that holds some bytes, or the answer to it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._closing = Lock()
        self._closed = False
        self._loses: Literal["request", "answer"] | None = None
        self._holding = b""
        self.lost = 0
        Thread(target=self._listen, daemon=True).start()

    @property
    def dsn(self) -> str:
        port = self._listener.getsockname()[1]
        return make_conninfo(self._dsn, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")

    def lose(self, what: Literal["request", "answer"], *, holding: bytes) -> None:
        self._holding, self._loses = holding, what

    def close(self) -> None:
        with self._closing:
            self._closed = True
            for each in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._to_server()
                with self._closing:
                    if self._closed:  # a connection that was being accepted at that moment goes with the others
                        client.close()
                        server.close()
                        return
                    self._open += [client, server]
                Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _to_server(self) -> socket.socket:
        parts = conninfo_to_dict(self._dsn)
        host, port = str(parts.get("host") or "localhost"), int(str(parts.get("port") or 5432))
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        """Request and answer in turn, which is how this client speaks."""
        Thread(target=self._answers, args=(client, server), daemon=True).start()
        with contextlib.suppress(OSError):
            while request := client.recv(1 << 20):
                if self._loses == "request" and self._holding in request:
                    self._cut(client, server)
                    return
                if self._loses == "answer" and self._holding in request:
                    self._loses, self._awaited = None, client
                server.sendall(request)
        server.close()

    _awaited: socket.socket | None = None

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        held = b""
        with contextlib.suppress(OSError):
            while answer := server.recv(1 << 20):
                if self._awaited is not client:
                    client.sendall(answer)
                    continue
                held += answer
                if held.endswith(_READY):
                    self._awaited = None
                    self._cut(client, server)
                    return
        client.close()

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        self.lost += 1
        self._loses = None
        for each in (client, server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextlib.contextmanager
def cutting_proxy(dsn: str) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(dsn)
    try:
        yield proxy
    finally:
        proxy.close()
