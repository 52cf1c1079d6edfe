"""An installation as `aedile up` runs it, watched from outside."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from .conftest import until

AEDILE = Path(sys.executable).with_name("aedile")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """One home, and what runs on it."""

    root: Path
    command: Path = AEDILE
    console: int = field(default_factory=free_port)
    server: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    browsers: list[httpx.Client] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def log(self) -> Path:
        return self.root / "log"

    def start(self, *words: str, seconds: float = 60.0, **variables: str) -> dict[str, Any]:
        """Start it and wait until it says that everything answers; what it says."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AEDILE_")}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [str(self.command), "up", "--home", str(self.home), "--port", str(self.console), "--server-port",
                 str(self.server), "--workers", "1", "--format", "json", *words],
                stdout=log, stderr=log, text=True, cwd=self.root, env={**environment, **variables},
                start_new_session=True,
            )  # fmt: skip
        began = self.log.read_text().count('"console"')

        def told() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            return self.log.read_text().count('"console"') > began

        until(told, seconds, "the start")
        text = self.log.read_text()
        return json.JSONDecoder().raw_decode(text[text.rindex("{", 0, text.rindex('"console"')) :])[0]

    def get(self, path: str, port: int | None = None, timeout: float = 10.0) -> tuple[int, bytes]:
        """Status and body; status 0 where nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.console, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def left(self) -> list[str]:
        """Processes that belong to this home, by what they were started with."""
        return [f"{pid} {command[:120]}" for pid, command in self.processes()]

    def processes(self) -> list[tuple[int, str]]:
        mark = str(self.home).encode()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command, environment = (path / "cmdline").read_bytes(), (path / "environ").read_bytes()
            except (OSError, ProcessLookupError):
                continue
            if command and (mark in command or b"AEDILE_HOME=" + mark in environment):
                found.append((int(path.name), command.replace(b"\0", b" ").decode(errors="replace")))
        return found

    def cpu_seconds(self) -> float:
        """What its processes that run have used so far, with what they have waited for."""
        ticks = 0
        for pid, _ in self.processes():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(int(field) for field in fields[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    def postmaster(self) -> int | None:
        """The process of PostgreSQL; None between its end and the next one's start."""
        try:
            written = (self.home / "postgres" / "data" / "postmaster.pid").read_text()
        except FileNotFoundError:
            return None
        return int(written.splitlines()[0]) if "\n" in written else None

    def stop(self, seconds: float = 30.0) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def installation(**fields: Any) -> Iterator[Installation]:
    """A home of its own, below a folder that PostgreSQL's user may pass; whatever is left of it is ended."""
    root = Path(tempfile.mkdtemp(prefix="aedile-up-"))
    root.chmod(0o711)
    made = Installation(root, **fields)
    try:
        yield made
    finally:
        for browser in made.browsers:
            browser.close()
        if made.process is not None and made.process.poll() is None:
            made.process.send_signal(signal.SIGTERM)
            try:
                made.process.wait(30)
            except subprocess.TimeoutExpired:
                made.process.kill()
        end = time.monotonic() + 20
        while made.processes() and time.monotonic() < end:
            time.sleep(0.1)
        for pid, _ in made.processes():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(root, ignore_errors=True)
