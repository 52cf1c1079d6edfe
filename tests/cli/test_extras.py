"""Does a verb that needs more than is installed say what to install?"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Calls by the part they cannot do without.
NEEDS = [
    ("msgspec", "server", ("import", "orders", "rows.csv", "--mapping", "mapping.yaml")),
    ("uvicorn", "server", ("serve",)),
    ("psycopg", "server", ("key", "list")),
    ("django", "console", ("up",)),
    ("duckdb", "warehouse", ("query", "select 1")),
    ("httpx", "client", ("push", "--strategies", ".", "--key-file", "rows.csv", "--plan")),
]


def call_without(module, *words):
    """A call in a process in which a module cannot be imported."""
    code = f"import sys; sys.modules[{module!r}] = None; from aedile.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(("module", "extra", "words"), NEEDS)
def test_a_verb_says_which_extra_it_needs(tmp_path, monkeypatch, module, extra, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AEDILE_HOME", str(tmp_path / "home"))
    for name in ("rows.csv", "mapping.yaml"):
        (tmp_path / name).write_text("")
    ended = call_without(module, *words, "--format", "json")
    assert ended.returncode in (1, 2), ended.stderr
    (told,) = json.loads(ended.stdout)["errors"]
    assert f"aedile[{extra}]" in told["fix"]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("words", [("check", "--help"), ("--version",)])
def test_what_needs_no_extra_runs_without_any(words):
    for module in ("msgspec", "uvicorn", "psycopg", "duckdb", "httpx", "django", "starlette"):
        assert call_without(module, *words).returncode == 0
