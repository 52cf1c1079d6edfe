"""Which processes make up the server, and what happens when one of them dies?

A supervisor starts workers, which decide, and a keeper, which brings what is published and tidies up. It starts again
whatever ends, sooner the longer it had run, and stops all of them when it is told to stop.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from aedile.server.signals import stopping
from aedile.server.supervised import SUPERVISOR
from aedile.settings import Settings

log = logging.getLogger("aedile.server")

#: Seconds between a process' end and its next start: the first, and the longest after failing again and again.
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
#: Seconds after which a process counts as healthy, and its next failure as a first one.
HEALTHY = 10.0
#: Seconds a process may take to end before it is killed.
PATIENCE = 15.0


@dataclass(slots=True)
class Child:
    """A process that is to run always, once `after` holds: others whom somebody waits for have the processors first."""

    name: str
    command: Sequence[str]
    after: Callable[[], bool] = lambda: True
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    next_start: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        environment = {**environment, SUPERVISOR: str(os.getpid())}
        self.process = subprocess.Popen(self.command, env=environment)  # noqa: S603  the command is our own
        self.started = time.monotonic()

    def watch(self, environment: Mapping[str, str]) -> None:
        """Start it again where it has ended, after a while that doubles with each failure in a row."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            log.warning("%s ended with %s and is started again", self.name, _how(self.process.returncode))
            self.wait = FIRST_WAIT if now - self.started > HEALTHY else min(self.wait * 2, LONGEST_WAIT)
            self.next_start, self.process = now + self.wait, None
        if self.process is None and now >= self.next_start and self.after():
            self.start(environment)


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


@dataclass(slots=True)
class Supervisor:
    """Keeps the processes of one server running."""

    children: Sequence[Child]
    environment: Mapping[str, str]
    _stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Until a signal says so."""
        for name in stopping():
            signal.signal(name, self._stop)
        while not self._stopping:
            for child in self.children:
                child.watch(self.environment)
            time.sleep(0.05)
        self._end()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        """Stop all at once; who does not end in time is killed."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process %d does not end and is killed", process.pid)
                process.kill()
                process.wait()


def processes(settings: Settings) -> list[Child]:
    """The keeper and the workers."""
    python = [sys.executable, "-m"]
    workers = [
        Child(f"worker {number}", [*python, "aedile.server.worker", str(number)])
        for number in range(1, settings.server.workers + 1)
    ]
    return [Child("the keeper", [*python, "aedile.server.keeper"]), *workers]


def serve(settings: Settings) -> None:
    """Run the server until it is told to stop."""
    Supervisor(processes(settings), {**os.environ, **settings.to_environment()}).run()
