"""Does the unit hold what systemd asks of it, does it name settings and a verb that exist, and does it run?"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from aedile.settings import SETTINGS, load_settings
from bench.serving.processes import AEDILE, folder, free_port, until
from tests.deploy.unit import EXAMPLE, SERVICE, read_environment, read_unit

ROOT = Path(__file__).parents[2]
UNIT = read_unit(SERVICE)
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run([ANALYZE, *words], capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    unit = tmp_path / SERVICE.name
    unit.write_text(SERVICE.read_text().replace(UNIT.command[0], AEDILE[0]))  # where it is installed here
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_what_an_intruder_could_do_is_little():
    done = analyze("security", "--offline=true", "--threshold=15", str(SERVICE))
    assert done.returncode == 0, done.stdout[-200:]


def test_the_unit_restarts_what_ends_and_waits_long_enough_for_all_to_stop():
    from aedile.server.serve import PATIENCE
    from aedile.store.postgres import STOPPING

    assert UNIT.one("Restart") == "always"
    assert UNIT.one("KillMode") == "mixed"
    assert int(UNIT.one("TimeoutStopSec")) > PATIENCE + STOPPING


def test_every_variable_is_a_setting_and_the_example_is_one_that_can_be():
    known = {setting.variable for setting in SETTINGS}
    example = read_environment(EXAMPLE)
    assert len(example) >= 5
    assert {*example, *UNIT.environment} <= known
    settings = load_settings(environ={**UNIT.environment, **example})
    assert str(settings.home) == f"/var/lib/{UNIT.one('StateDirectory')}"
    assert not settings.server.open
    assert not settings.server.page


def test_the_example_holds_no_secret():
    assert "PASSWORD@" in read_environment(EXAMPLE)["AEDILE_DATABASE_URL"]


@pytest.fixture
def plain_user():
    """A user that is not root, and a Python that it may run: (user, python, variables)."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()), sys.executable, {}
    user, python = pwd.getpwnam("nobody"), f"/usr/bin/python3.{sys.version_info.minor}"
    if not Path(python).exists():
        pytest.skip(f"root's Python is root's alone, and there is no {python}")
    folders = [one for one in sys.path if one.endswith("site-packages")]
    variables = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *folders])}
    done = subprocess.run([python, "-c", "import aedile.server.worker"], env=variables, user=user.pw_uid, check=False)
    if done.returncode:
        pytest.skip("a plain user may not read this checkout")
    return user, python, variables


def test_a_plain_user_runs_what_the_unit_starts_and_sigterm_ends_all_of_it(plain_user):
    user, python, variables = plain_user
    other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    verb = UNIT.command[1:]
    with folder() as root:
        home = root / "state"
        home.mkdir(mode=int(UNIT.one("StateDirectoryMode"), 8))
        os.chown(home, user.pw_uid, user.pw_gid)
        port = free_port()
        environment = {
            "PATH": "/usr/bin:/bin", **UNIT.environment, **variables, "AEDILE_HOME": str(home),
            "AEDILE_SERVER_PORT": str(port), "AEDILE_SERVER_WORKERS": "1",
        }  # fmt: skip
        command = [python, "-c", "from aedile.cli import main; main()"]
        umask = int(UNIT.one("UMask"), 8)
        process = subprocess.Popen([*command, *verb], env=environment, umask=umask, cwd="/", **other)
        try:
            until(lambda: _status(port) == 200, "the server")
            made = [*command, "key", "create", "--scope", "decide"]
            key = subprocess.run(made, env=environment, capture_output=True, text=True, timeout=60, check=True, **other)
            assert key.stdout.startswith("aedile_")
            headers = {"authorization": f"Bearer {key.stdout.strip()}"}
            until(
                lambda: httpx.get(f"http://127.0.0.1:{port}/v1/release", headers=headers).status_code == 503, "the key"
            )
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert time.monotonic() - began < int(UNIT.one("TimeoutStopSec"))
        finally:
            process.kill()
        assert not (home / "postgres" / "data" / "postmaster.pid").exists()
        for path in home.rglob("*"):
            assert path.stat().st_uid == user.pw_uid
            assert path.is_dir() or path.is_socket() or path.stat().st_mode & 0o077 == 0, path


def _status(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=1).status_code
    except httpx.TransportError:
        return 0
