"""Whoever installs the wheel, without Node and without the repository, runs everything by one command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.console.run.conftest import until
from tests.console.run.installation import installation

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
#: A machine that does much else builds, installs and starts slowly.
PATIENT = 600


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=PATIENT, check=False, **options
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the source distribution as who packages it does."""
    out = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--quiet", "--out-dir", out, ROOT)
    assert len(list(out.glob("*.tar.gz"))) == 1
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of programs of an empty environment into which the wheel was put, with the versions of the lock."""
    folder = tmp_path_factory.mktemp("empty")
    locked = re.findall(r"^([a-z0-9._-]+==[^\\\n]+?)\s*\\?$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert len(locked) > 60
    (folder / "versions.txt").write_text("\n".join(locked))
    run(sys.executable, "-m", "venv", folder / "venv")
    run(
        UV, "pip", "install", "--quiet", "--python", folder / "venv", "--constraint", folder / "versions.txt",
        f"aedile[all] @ {wheel.as_uri()}", cwd=folder,
    )  # fmt: skip
    folder.chmod(0o711)
    return folder / "venv" / "bin"


def test_the_wheel_holds_what_pages_and_the_demo_load(wheel):
    names = run(sys.executable, "-m", "zipfile", "-l", wheel)
    for name in (
        "aedile/console/base/static/vendor/base.js ", "aedile/console/base/static/vendor/tabler.css ",
        "aedile/console/base/sql/history.sql ", "aedile/console/strategies/sql/stages.sql ",
        "aedile/console/base/templates/base/base.html ", "aedile/console/demo/electronics/schema.yaml ",
        "aedile/console/demo/electronics/lists/recalled-models.txt ", "aedile/simulator/example/schema.yaml ",
        "aedile/console/base/locale/id/LC_MESSAGES/django.mo ",
    ):  # fmt: skip
        assert name in names, name
    assert len(re.findall(r"demo/electronics/strategies/\w+/[a-z-]+\.yaml", names)) == 51
    assert len(re.findall(r"simulator/example/strategies/\w+/[a-z-]+\.yaml", names)) == 13
    assert "node_modules" not in names
    assert "/tests/" not in names


def test_up_shows_a_demo_from_the_wheel_alone(installed, tmp_path):
    with installation(command=installed / "aedile") as at:
        environment = {"PATH": str(installed), "PYTHONPATH": "", "PYTHONNOUSERSITE": "1"}
        began = at.start("--demo", seconds=PATIENT, **environment)
        assert {"console", "server", "seconds", "home"} <= began.keys()
        assert at.get("/health")[0] == at.get("/health", at.server)[0] == 200
        password = until(lambda: re.search(r"with the password (\S+) as", at.log.read_text()), PATIENT, "the logins")[1]
        with httpx.Client(base_url=f"http://localhost:{at.console}", follow_redirects=True, timeout=60) as browser:
            assert browser.get("/").url.path == "/account/login/"
            assert sign_in(browser, "ada@demo.example", "wrong" + password).url.path == "/account/login/"
            today = sign_in(browser, "ada@demo.example", password)
            assert (today.status_code, today.url.path) == (200, "/")
            assert "Ada Lindqvist" in today.text
            style = re.search(r'href="(/static/vendor/tabler[^"]+)"', today.text)[1]
            assert browser.get(style).status_code == 200
            address = "/strategies/refurbished-badge/"
            until(lambda: browser.get(address).status_code == 200, PATIENT, "the first strategy")
            assert "Refurbished" in browser.get(address).text
        until(lambda: at.get("/ready", at.server)[0] == 200, PATIENT, "the first release")
        assert "Traceback" not in at.log.read_text()
        assert at.stop(60) == 0
        assert at.left() == []


def sign_in(browser: httpx.Client, who: str, password: str) -> httpx.Response:
    page = browser.get("/account/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    return browser.post(
        "/account/login/", data={"csrfmiddlewaretoken": token, "login": who, "password": password},
        headers={"Referer": str(page.url)},
    )  # fmt: skip


def test_the_command_says_what_is_missing_without_the_extra(wheel, tmp_path):
    """The wheel alone decides from files; `aedile up` names the extra it needs."""
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    run(UV, "pip", "install", "--quiet", "--python", tmp_path / "venv", wheel)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AEDILE_")}
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "aedile", "up", "--home", str(tmp_path / "home")],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert done.returncode == 2
    assert "aedile[console]" in done.stderr
    assert "Traceback" not in done.stderr
