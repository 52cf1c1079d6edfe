"""Do `aedile person` and `aedile history` work on an installation that is empty, and find what was tampered with?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from aedile.store.database import open_database
from aedile.store.home import Home

AEDILE = Path(sys.executable).with_name("aedile")


@pytest.fixture(scope="module")
def installation():
    """A home of its own; each verb is a process, as at a terminal."""
    root = Path(tempfile.mkdtemp(prefix="aedile-people-"))
    root.chmod(0o711)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AEDILE_", "DJANGO_"))}

    def run(*words):
        done = subprocess.run(
            [AEDILE, *words, "--home", str(root / "home")], env=environ, capture_output=True, text=True, timeout=300,
            check=False, cwd=root,
        )  # fmt: skip
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    with open_database(Home(root / "home").prepare(), None) as database:
        yield SimpleNamespace(run=run, database=database)
    shutil.rmtree(root)


def test_from_the_first_admin_to_a_broken_history(installation):
    run = installation.run
    first = run("person", "add", "Boss@Example.com", "--name", "The Boss", "--by", "ann")
    assert first.code == 0, first.err
    assert "as admin" in first.err
    assert first.out.startswith("http://localhost:8320/account/password/reset/key/")
    second = run(
        "person", "add", "ayu@example.com", "--name", "Ayu", "--role", "strategist", "--markets", "vn,ID",
        "--team", "brand-protection", "--format", "json",
    )  # fmt: skip
    assert second.code == 0, second.err
    assert json.loads(second.out)["role"] == "strategist"
    for wrong, code in (
        (("ayu@example.com", "--name", "Again"), "AED-CON-023"),
        (("budi@example.com", "--name", "Budi", "--role", "king"), "AED-CON-024"),
        (("budi@example.com", "--name", "Budi", "--role", "viewer", "--markets", "Mars"), "AED-CON-024"),
    ):
        refused = run("person", "add", *wrong, "--format", "json")
        assert refused.code == 1
        assert code in refused.out + refused.err
    listed = json.loads(run("person", "list", "--format", "json").out)["people"]
    assert [(one["email"], one["roles"]) for one in sorted(listed, key=lambda one: one["email"])] == [
        (
            "ayu@example.com",
            [{"role": "strategist", "markets": ["ID", "VN"], "team": "brand-protection"}],
        ),
        ("boss@example.com", [{"role": "admin", "markets": ["all"], "team": None}]),
    ]
    assert "strategist of brand-protection (ID, VN)" in run("person", "list").out

    shown = json.loads(run("history", "show", "--format", "json").out)["entries"]
    assert {(one["via"], one["action"]) for one in shown} == {("cli", "person.manage")}
    assert shown[-1]["actor"] == "ann"
    assert "accounts_team" in run("history", "show", "--table", "accounts_team").out
    assert "Nothing was written" in run("history", "show", "--actor", "nobody").out
    assert run("history", "show", "--since", "yesterday").code == 1

    verified = json.loads(run("history", "verify", "--format", "json").out)
    assert verified == {"entries": len(shown), "head": shown[0]["hash"]}
    assert run("history", "verify", "--expect", shown[2]["hash"]).code == 0
    assert run("history", "verify", "--expect", "f" * 64).code == 1
    with psycopg.connect(installation.database.dsn) as connection:
        connection.execute("alter table history disable trigger all")
        connection.execute("update history set actor = 'somebody else' where seq = 2")
    broken = run("history", "verify")
    assert broken.code == 1
    assert "broken at entry 2" in broken.err
