"""Who hands messages to the process that may send them, and takes away one that hangs?"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

#: Seconds that sending one message may take.
PATIENCE = 40.0
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}  # without proxies, which the guard could not look behind


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent. address: apprise's. allow: hosts that it may go to although they are not public."""

    address: str
    subject: str
    text: str
    allow: Sequence[str]


class Sender:
    """The process of `sending.py`, started when there is something to send."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Sender:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._end()

    def send(self, message: Message) -> str:
        """Why it was not sent, without what is secret; empty where it was."""
        answer = self._ask(asdict(message))
        return "sending it took too long" if answer is None else str(answer["trouble"])

    def host_of(self, address: str) -> str | None:
        """The host that would be called; empty for a service of its own, None where the address cannot be read."""
        answer = self._ask({"host_of": address})
        return None if answer is None else answer["host"]

    def _ask(self, question: Mapping[str, Any]) -> Any | None:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(self._patience, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            timer.cancel()
        if not answer:
            self._end()
            return None
        return json.loads(answer)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "aedile.console.base.sending"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_ENVIRONMENT, text=True,
            )  # fmt: skip
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
