"""A server as its own processes, for whoever measures or tests it from outside: started, asked, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

AEDILE = [str(Path(sys.executable).with_name("aedile"))]
SCOPES = ("decide", "explain", "entities", "facts", "observe")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Serving:
    """A server that runs. key: of every scope, empty until `make_key`."""

    root: Path
    port: int
    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    key: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def home(self) -> Path:
        return Path(self.environment["AEDILE_HOME"])

    def make_key(self) -> None:
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        self.key = self.run("key", "create", *scopes, "--expires", "1d").strip()

    def client(self, **headers: str) -> httpx.Client:
        """A client that brings the key, where there is one."""
        own = {"authorization": f"Bearer {self.key}"} if self.key else {}
        return httpx.Client(base_url=self.url, headers={**own, **headers}, timeout=30)

    def status(self) -> dict[str, Any]:
        """What the server says of itself."""
        with self.client() as client:
            found: dict[str, Any] = client.get("/v1/stats").raise_for_status().json()
        return found

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> list[dict[str, Any]]:
        """What each worker says of itself; empty until all do."""
        try:
            told: list[dict[str, Any]] = self.status()["workers"]
        except httpx.TransportError:
            return []
        return told if len(told) == int(self.environment["AEDILE_SERVER_WORKERS"]) else []

    def decides_by(self, number: int) -> bool:
        """Whether all workers decide by this release."""
        workers = self.workers()
        return bool(workers) and all((worker["release"] or {}).get("number") == number for worker in workers)

    def has_applied(self, sequence: int) -> bool:
        """Whether all workers have applied the entities up to this place of the log."""
        workers = self.workers()
        return bool(workers) and all(worker["entities"]["position"] >= sequence for worker in workers)

    def until_logged(self, decisions: int) -> None:
        """Wait until at least so many decisions are in the log, and none waits."""

        def holds() -> bool:
            log = self.status()["log"]
            return bool(log.get("decided", 0) >= decisions and log["waiting"] == 0)

        until(holds, f"{decisions} decisions to be written")

    def processes(self) -> list[int]:
        """The pids of the supervisor and all its descendants."""
        found, open_ = [], [self.process.pid]
        while open_:
            pid = open_.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                open_ += map(int, task.read_text().split())
        return found

    def named(self, module: str) -> list[int]:
        """The pids of its processes that run a module, such as `aedile.server.worker`."""
        return [pid for pid in self.processes() if module in _words(pid)]

    def postmaster(self) -> int:
        """The pid of its PostgreSQL."""
        return int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def cpu_seconds(self) -> float:
        """CPU time of all processes so far, user's and system's."""
        total = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def resident(self) -> dict[str, int]:
        """Resident bytes of each worker, by its number."""
        found = {}
        for pid in self.named("aedile.server.worker"):
            words = _words(pid)
            number = words[words.index("aedile.server.worker") + 1]
            found[number] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        return found

    def run(self, *words: str) -> str:
        """A verb on this server's home; what it wrote to stdout."""
        done = subprocess.run(
            [*AEDILE, *words], env=self.environment, check=True, stdout=subprocess.PIPE, text=True, timeout=120
        )
        return done.stdout

    def stop(self) -> int:
        """End it as a supervisor of services would; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def _words(pid: int) -> Sequence[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except FileNotFoundError:  # it has just ended
        return ()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


@contextmanager
def serving(
    root: Path, *, workers: int, settings: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Serving]:
    """A server with its home in `root`, which others may pass; everything but the folder is gone afterwards.

    settings: variables. log: a file for what its processes write to stderr, and to stdout.
    """
    port = free_port()
    environment = {
        **os.environ, "AEDILE_HOME": str(root / "home"), "AEDILE_SERVER_PORT": str(port),
        "AEDILE_SERVER_WORKERS": str(workers), **(settings or {}),
    }  # fmt: skip
    with open(log or os.devnull, "ab") as out:
        told = {"stdout": out, "stderr": out} if log is not None else {}
        process = subprocess.Popen([*AEDILE, "serve"], env=environment, **told)
    running = Serving(root, port, process, environment)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.stop()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass; gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="aedile-"))
    root.chmod(0o711)
    try:
        yield root
    finally:
        shutil.rmtree(root)
