"""The demo is a marketplace at work, made by the actions that people use; it goes on where it was stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psycopg

from aedile.store.database import database_at
from aedile.store.home import Home

from .conftest import until
from .installation import installation

PATIENT = 400


def ask(at, query):
    with psycopg.connect(database_at(Home(at.home), None).dsn) as connection:
        return connection.execute(query).fetchall()


def complete(at):
    assert "Traceback" not in at.log.read_text(), at.log.read_text()[-3000:]
    return at.log.read_text().count("marketplace is complete")


def test_the_demo_is_complete_though_it_is_killed_in_the_middle(tmp_path):
    with installation() as at:
        at.start("--demo", seconds=PATIENT)
        until(lambda: table(at, "strategies_publishedrelease") > 5, PATIENT, "some releases")
        demo = next(pid for pid, command in at.processes() if "aedile.console.demo" in command)
        os.kill(demo, signal.SIGKILL)
        until(lambda: complete(at), PATIENT, "the marketplace")
        stages = dict(ask(at, "select stage, count(*) from strategies_version group by stage"))
        assert stages["live"] >= 40
        assert all(stages[stage] for stage in ("draft", "proposed", "shadow", "canary", "paused", "retired"))
        assert ask(at, "select count(distinct strategy_id) from strategies_version")[0][0] == 55
        ((emergency,),) = ask(at, "select strategy_id from strategies_version where emergency_until is not null")
        assert emergency == "swollen-cells-contain"
        assert ask(at, "select count(*) from strategies_version where digest = ''") == [(1,)]
        assert ask(at, "select count(*) from strategies_move where done is null") == [(1,)]
        everyone = Counter(role for (role,) in ask(at, "select role from accounts_grant"))
        assert len(everyone) == 9
        by_others = ask(
            at, "select count(*) from strategies_approval a join strategies_version v on v.id = version_id "
            "where person_id = author_id",
        )  # fmt: skip
        assert by_others == [(0,)]
        days = ask(at, "select count(distinct at::date) from strategies_publishedrelease")[0][0]
        assert days >= 8
        measured = ask(at, "select count(*) from strategies_version where reach is not null")[0][0]
        assert measured >= 50
        releases = table(at, "strategies_publishedrelease")
        assert releases >= 51
        until(lambda: decided(at) > 0, 60, "decisions")
        asked_as_the_readme_says(at)
        for kind in ("exposures", "clicks", "searches"):
            until(lambda of=kind: any((Home(at.home).facts / of).rglob("*.parquet")), 120, f"{kind} to be kept")
        verified = subprocess.run(
            [at.command, "history", "verify", "--home", at.home], capture_output=True, text=True, timeout=60,
            check=False, cwd=at.root,
            env={name: value for name, value in os.environ.items() if not name.startswith("AEDILE_")},
        )  # fmt: skip
        assert verified.returncode == 0, verified.stderr
        assert at.stop(60) == 0
        at.start("--demo", seconds=PATIENT)
        until(lambda: at.log.read_text().count("with the password") >= 2, PATIENT, "the logins again")
        assert table(at, "strategies_publishedrelease") == releases
        assert at.stop(60) == 0
        assert at.left() == []


def asked_as_the_readme_says(at):
    """Its two commands, for this home and its server: a decision is answered, and why is told."""
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (block,) = re.findall(r"```console\n(curl.*?)```", readme, re.DOTALL)
    address = f"http://localhost:{at.server}"
    here = {".run/home": str(at.home), ".venv/bin/aedile": str(at.command), "http://localhost:8321": address}
    for old, new in here.items():
        block = block.replace(old, new)
    decide, why = block.replace("\\\n", " ").strip().splitlines()
    answer = subprocess.run(["bash", "-c", decide], capture_output=True, text=True, timeout=60, check=True).stdout
    assert json.loads(answer)["slate"]
    told = []

    def is_told():
        told[:] = [subprocess.run(["bash", "-c", why], capture_output=True, text=True, timeout=60, check=False)]
        return told[0].returncode == 0

    until(is_told, 30, "the decision to be logged")
    assert "try-me" in told[0].stdout


def table(at, name):
    try:
        return ask(at, f"select count(*) from {name}")[0][0]
    except psycopg.errors.UndefinedTable:
        return 0


def decided(at):
    return sum(path.stat().st_size > 8192 for path in (at.home / "journal").glob("*.sqlite"))
