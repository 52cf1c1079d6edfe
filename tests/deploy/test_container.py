"""Does the recipe of the image hold: everything it copies is there, nothing runs as root, no secret is in it?

No container engine is needed: the recipe is read, its health check is run against a real server, and its lock is held
against the project's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from aedile.settings import SETTINGS, load_settings
from tests.deploy.unit import DEPLOY

ROOT = DEPLOY.parent
LOCK = (DEPLOY / "server.lock").read_text()
#: Instructions in their order, lines put together, comments left out.
RECIPE = [
    tuple(line.split(None, 1))
    for line in re.sub(r"\s*\\\n\s*", " ", re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.M))
    .strip()
    .splitlines()
    if line
]


def given(name: str) -> list[str]:
    return [words for own, words in RECIPE if own == name]


def variables() -> dict[str, str]:
    (line,) = given("ENV")
    return dict(pair.split("=", 1) for pair in line.split())


def test_both_stages_stand_on_a_slim_python_of_one_version_that_the_project_supports():
    bases = {words.split()[0] for words in given("FROM")}
    (base,) = bases
    version = re.fullmatch(r"python:3\.(\d+)-slim-\w+", base)
    assert int(version[1]) >= 11


def test_what_is_copied_is_there_and_is_let_into_the_build():
    ignored = (ROOT / ".containerignore").read_text().splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    copied = [path for words in given("COPY") if "--from" not in words for path in words.split()[:-1]]
    assert len(copied) >= 6
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(fnmatch(path, pattern) for pattern in let_in), path
    assert set(let_in) == set(copied)


def test_it_runs_as_a_user_of_its_own_and_keeps_everything_in_its_volume():
    users = given("USER")
    assert users == ["aedile"]
    assert [own for own, _ in RECIPE].index("USER") < [own for own, _ in RECIPE].index("ENTRYPOINT")
    assert given("VOLUME") == [variables()["AEDILE_HOME"]]


def test_its_variables_are_settings_that_can_be_and_none_is_a_secret():
    named = {name: value for name, value in variables().items() if name.startswith("AEDILE_")}
    secrets = {setting.variable for setting in SETTINGS if setting.secret}
    assert set(named) <= {setting.variable for setting in SETTINGS} - secrets
    settings = load_settings(environ=named)
    assert [str(settings.server.port)] == given("EXPOSE")
    assert not settings.server.open
    assert not given("ARG")


def test_the_command_is_a_verb():
    entry, command = (json.loads(given(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    assert entry[-1] == "aedile"
    done = subprocess.run([str(Path(sys.executable).with_name("aedile")), *command, "--help"], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("port", ["well", "gone"])
def test_the_health_check_passes_a_server_that_answers_and_no_other(server, port):
    command = json.loads(given("HEALTHCHECK")[0].partition("CMD ")[2])
    answering = str(server.port) if port == "well" else "1"
    environment = {**os.environ, "AEDILE_SERVER_PORT": answering}
    done = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False, timeout=30)
    assert (done.returncode == 0) == (port == "well")


def pins(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Each line that pins a version, with its hashes."""
    blocks = re.split(r"\n(?=\S)", text.strip())
    return {block.partition(" ")[0]: frozenset(re.findall(r"sha256:[0-9a-f]{64}", block)) for block in blocks}


def test_the_image_gets_the_versions_that_are_tested_and_no_tools_of_development():
    ours, all_ = pins(LOCK), pins((ROOT / "requirements.lock").read_text())
    assert len(ours) > 20
    for pin, hashes in ours.items():
        assert hashes
        assert hashes == all_[pin], pin
    named = {pin.partition("==")[0] for pin in ours}
    assert {"uvicorn", "msgspec", "psycopg", "starlette", "pyarrow"} <= named
    assert not {"pytest", "mypy", "ruff", "schemathesis", "hypothesis"} & named
    assert "://" not in LOCK
