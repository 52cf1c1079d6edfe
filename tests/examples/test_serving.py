"""Does `make run` do what is said of it: everything with one command, sooner the second time, and nothing left over?"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from bench.serving.processes import folder, free_port, until

ROOT = Path(__file__).parents[2]


class Terminal:
    """serve.py in a terminal of its own, as a person has it."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.port = free_port()
        self.began = time.monotonic()
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(ROOT / "examples" / "electronics" / "serve.py"), "--run", str(run),
             "--data", str(run / "none"), "--port", str(self.port)],
            stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def read(self) -> bool:
        """Take what was printed; False when all who could print are gone."""
        while select.select([self._master], [], [], 0)[0]:
            try:
                self.text += os.read(self._master, 1 << 16).decode(errors="replace")
            except OSError:
                return False
        return True

    def until_told(self, seconds: float) -> float:
        """Wait for the words about Ctrl-C; the seconds since the start."""
        until(lambda: not self.read() or "Ctrl-C stops everything" in self.text, "the words on Ctrl-C", seconds)
        assert "Ctrl-C stops everything" in self.text, self.text
        return time.monotonic() - self.began

    def press_ctrl_c(self) -> None:
        os.write(self._master, b"\x03")
        until(lambda: not self.read(), "all to end", 30)
        assert self.process.wait(10) == 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        """The window is closed."""
        os.close(self._master)
        self.process.wait(30)


#: The commands that are shown to be copied; one may go on in the next line.
SHOWN = r"^ {4}(curl (?:.*\n)+?.*@.*|/.* why .*)$"
#: Makes the terminal the one that Ctrl-C comes from.
LAUNCH = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"  # noqa: E501


@pytest.fixture(scope="module")
def run():
    with folder() as root:
        yield root / "run"


def processes(run: Path) -> list[str]:
    """The command lines of all processes that have to do with a folder, by their words or their variables."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words, variables = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:  # it has just ended, or is somebody else's
            continue
        if os.fsencode(run) in words + variables:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


def test_the_first_start_makes_everything_and_ctrl_c_leaves_no_process(run):
    with Terminal(run) as terminal:
        terminal.until_told(240)
        stats = f"http://localhost:{terminal.port}/v1/stats"
        until(lambda: httpx.get(stats).json()["requests"] > 20, "shoppers who ask")
        ask, why = re.findall(SHOWN, terminal.text.replace("\r", ""), re.MULTILINE)
        assert '"slate":[{' in shell(ask)
        slate = until_it_is_logged(why)
        assert "logged in full" in slate
        item = re.search(r"item (e\d+)", slate)[1]
        assert "fires" in shell(f"{why} --item {item}")
        words = " ".join(processes(run))
        assert all(
            part in words for part in ("serve.py", "server.worker 1", "server.keeper", "postgres", "simulate load")
        )
        terminal.press_ctrl_c()
    assert processes(run) == []


def until_it_is_logged(why: str) -> str:
    said = []

    def logged() -> bool:
        done = subprocess.run(why, shell=True, capture_output=True, text=True, timeout=60)
        said.append(done.stdout)
        return done.returncode == 0

    until(logged, "the decision to be logged")
    return said[-1]


def shell(command: str) -> str:
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_second_start_serves_within_seconds_what_was_there_and_a_closed_window_stops_everything(run):
    assert (run / "put").exists(), "the first start has been"
    with Terminal(run) as terminal:
        url = f"http://localhost:{terminal.port}"

        def ready() -> bool:
            terminal.read()
            try:
                return httpx.get(f"{url}/ready", timeout=1).status_code == 200
            except httpx.TransportError:
                return False

        until(ready, "the server", 120)
        seconds = time.monotonic() - terminal.began
        terminal.until_told(60)
        stats = httpx.get(f"{url}/v1/stats").json()
        assert stats["release"]["number"] == 1
        assert all(worker["entities"]["position"] > 0 for worker in stats["workers"])
        print(f"a second start took {seconds:.1f} s")
        if os.environ.get("SOAK"):  # on a machine that tests other things meanwhile, no time is promised
            assert seconds <= 5
    until(lambda: processes(run) == [], "every process to be gone", 15)
