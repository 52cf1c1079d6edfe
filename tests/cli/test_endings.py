"""How does a call end: by itself, by a signal, or by a reader who goes away? Partly in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import aedile
from aedile.cli.app import app, wants_json
from aedile.cli.screen import json_line, shown, visible
from aedile.cli.writing import written_aside
from aedile.errors import UsageError
from tests.cli.conftest import Market, request, run

COMMAND = (sys.executable, "-c", "from aedile.cli import main; main()")


def start(*arguments: object, stdin: object = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def verbs() -> list[tuple[str, ...]]:
    """Every verb there is, from the command itself."""

    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield path
        else:
            for name, each in inner.items():
                yield from below(each, (*path, name))

    return [*below(get_command(app), ())]


def test_the_version_is_that_of_the_package():
    assert run("--version").out == f"aedile {aedile.__version__}\n"


def test_help_documents_every_exit_code():
    told = run("--help")
    assert told.code == 0
    for code in ("0 ", "1 ", "2 ", "3 ", "130", "141"):
        assert f"\n    {code}" in told.out
    assert len(verbs()) >= 11


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_every_verb_explains_itself_with_an_example_and_takes_format_json(verb: tuple[str, ...]):
    told = run(*verb, "--help")
    assert told.code == 0
    assert "Example" in told.out
    assert f"aedile {' '.join(verb)}" in told.out
    assert "--format" in told.out


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_an_unknown_option_is_a_wrong_call_of_every_verb(verb: tuple[str, ...]):
    told = run(*verb, "--no-such-option")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error AED-USE-001\n")
    assert f"see `aedile {' '.join(verb)} --help`" in told.err.replace("root", "aedile")
    as_json = run(*verb, "--no-such-option", "--format", "json")
    assert (as_json.code, as_json.codes) == (2, ["AED-USE-001"])


def test_a_misspelt_verb_is_a_wrong_call_with_a_suggestion():
    told = run("decid")
    assert told.code == 2
    assert "did you mean 'decide'" in told.err.lower()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check", "--format", "json"], True),
        (["check", "--format=json"], True),
        (["check", "--format", "text"], False),
        (["json", "--format"], False),
        ([], False),
    ],
)
def test_a_call_asks_for_json_by_its_words(words: list[str], expected: bool):
    assert wants_json(words) is expected


def test_help_starts_at_once_for_it_loads_nothing_large():
    code = (
        "import sys; sys.argv = ['aedile', '--help']\nimport aedile.cli\n"
        "try: aedile.cli.main()\nexcept SystemExit: pass\n"
        "large = {'pyarrow', 'numpy', 'yaml', 'rich', 'sqlglot', 'psycopg', 'starlette'}\n"
        "print(sorted(large & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr == "[]\n"


def test_a_reader_that_goes_away_ends_eval_quietly(tmp_path: Path):
    lines = tmp_path / "lines"
    lines.write_text(json.dumps({"condition": "'" + "x" * 1000 + "'"}) + "\n")
    lines.write_text(lines.read_text() * 2000)
    with start("eval", lines) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_reader_that_goes_away_ends_decide_quietly_and_leaves_nothing(market: Market):
    market.write_requests(*(request(f"r{number}") for number in range(300)))
    with start("decide", *market.all, "--out", "-") as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_eval_answers_each_line_as_it_comes():
    with start("eval", stdin=subprocess.PIPE) as process:
        for number in range(3):
            process.stdin.write(json.dumps({"condition": f"{number} > 0"}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["value"] is (number > 0)
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture
def in_the_middle(market: Market):
    """A decide that has written a part of its output and waits for more requests, the output's old content there."""
    out = market.folder / "decisions.ndjson"
    out.write_text("what was there")
    pipe = market.folder / "requests.pipe"
    os.mkfifo(pipe)
    before = market.names()
    process = start("decide", *market.world, *market.entities, "--requests", pipe, "--out", out)
    with pipe.open("wb") as writer:
        writer.write(json.dumps(request("r1")).encode() + b"\n")
        writer.flush()
        wait_for(lambda: any(name.endswith(".part") for name in market.names()))
        yield market, process, before
    process.stdout.close()
    process.stderr.close()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_leaves_nothing_behind(in_the_middle, sent: signal.Signals, code: int):
    market, process, before = in_the_middle
    time.sleep(0.3)
    process.send_signal(sent)
    assert process.wait(20) == code
    assert market.names() == before
    assert (market.folder / "decisions.ndjson").read_text() == "what was there"
    assert b"Traceback" not in process.stderr.read()


def test_a_kill_in_the_middle_leaves_the_old_output_whole(in_the_middle):
    market, process, _ = in_the_middle
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    assert (market.folder / "decisions.ndjson").read_text() == "what was there"


def test_output_that_a_terminal_cannot_show_is_escaped(market: Market):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = [*COMMAND, *map(str, ("decide", *market.all))]
    done = subprocess.run(words, capture_output=True, env=environment, check=True)
    assert b"\\u201clamp\\u201d" in done.stdout


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path):
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="no space left"), written_aside(out):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [KeyError, BrokenPipeError, KeyboardInterrupt])
def test_what_fails_while_writing_aside_is_not_hidden(tmp_path: Path, failure: type[BaseException]):
    with pytest.raises(failure), written_aside(tmp_path / "out"):
        raise failure
    assert list(tmp_path.iterdir()) == []


def test_text_is_shown_and_never_obeyed():
    assert visible("a\x1b[31m\u202eb\x07\tc\n") == "a\\x1b[31m\\u202eb\\x07\tc\n"
    assert visible("क्षि 👩‍🚀") == "क्षि 👩‍🚀"
    assert json.loads(json_line("\ud800")) == "\ud800"


def test_cells_say_nothing_where_there_is_nothing_to_say():
    said = [shown(value) for value in (None, 0, 12345, 0.25, 1234567.0, True, ["a", "b"], "[bold]x")]
    assert said == ["", "", "12,345", "0.25", "1,234,567", "yes", "a, b", "[bold]x"]
