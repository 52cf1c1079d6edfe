"""A worker as `aedile up` starts it, with a desk whose jobs count."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def until(condition: Callable[[], Any], seconds: float = 30.0, what: str = "it") -> Any:
    """What the condition gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Workers:
    """Starts workers, and ends those that are left."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "tests.console.run.with_counting", "PYTHONPATH": str(ROOT),
            **variables,
        }  # fmt: skip
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "aedile.console.worker"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture
def workers(console, tmp_path) -> Iterator[Workers]:
    import tests.console.run.counting.jobs  # noqa: F401  so that this process may ask for them

    made = Workers(tmp_path / "worker.log")
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def ask(console, make_person, actor_for) -> Callable[..., Any]:
    """Asks for a job as somebody does."""
    import tests.console.run.counting.jobs  # noqa: F401

    def make(kind: str = "test.count", person: Any = None, **args: Any) -> Any:
        from aedile.console.base.acting import noted
        from aedile.console.base.jobs import start

        actor = actor_for(person if person is not None else make_person("strategist"))
        with noted(actor.person.email, "console", "test.ask"):
            return start(actor, kind, "Count", **args)

    return make
