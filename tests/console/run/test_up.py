"""One command runs an installation, and nothing of it is left when it stops."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from .conftest import until
from .installation import AEDILE, installation


@pytest.fixture(scope="module")
def at():
    """An installation that was started once."""
    with installation() as made:
        made.start()
        assert made.stop() == 0
        yield made


def test_what_stopped_leaves_nothing_behind(at):
    assert at.left() == []
    assert not (at.home / "postgres" / "data" / "postmaster.pid").exists()


#: Two cores that have nothing else to do give so many seconds of work in five; a start has to leave some.
WORK = 8.0


def test_a_second_start_takes_five_seconds_at_most(at, capsys):
    """By the clock where the machine has nothing else to do, and by the work it takes wherever it runs."""
    took, worked = [], []
    for _ in range(3):
        took.append(at.start()["seconds"])
        worked.append(at.cpu_seconds())
        assert at.get("/health")[0] == at.get("/health", at.server)[0] == 200
        assert at.stop() == 0
        if took[-1] <= 5:
            break
    busy = os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)
    with capsys.disabled():
        clock, work = (", ".join(f"{seconds:.1f}" for seconds in some) for some in (took, worked))
        print(f" second start: {clock} s by the clock, {work} s of work{', on a busy machine' if busy else ''}", end="")
    assert min(worked) <= WORK
    assert busy or min(took) <= 5
    assert at.left() == []


def test_health_asks_for_no_sign_in_and_tells_of_the_worker(at):
    at.start()
    until(lambda: at.get("/health")[1] == b'{"status": "ok", "worker": true}', what="a worker")
    assert at.get("/")[0] == 302
    worker = next(pid for pid, command in at.processes() if "aedile.console.worker" in command)
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in dict(at.processes()), what="the end of the worker")
    until(lambda: any("aedile.console.worker" in command for _, command in at.processes()), what="another worker")
    assert at.stop() == 0


def test_everything_ends_when_the_command_itself_is_killed(at):
    at.start()
    at.process.send_signal(signal.SIGKILL)
    at.process.wait()
    until(lambda: at.left() == [], 30, "the end of all children")
    assert not (at.home / "postgres" / "data" / "postmaster.pid").exists()


def test_a_console_that_is_killed_is_started_again(at):
    at.start()
    os.kill(min(pid for pid, command in at.processes() if "aedile.console.serve" in command), signal.SIGKILL)
    until(lambda: at.get("/health")[0] != 200, what="its end")
    until(lambda: at.get("/health")[0] == 200, what="its next start")
    assert at.stop() == 0
    assert at.left() == []


def refused(at, *words, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AEDILE_")}
    done = subprocess.run(
        [str(AEDILE), "up", "--home", str(at.home), *words],
        capture_output=True, text=True, timeout=60, env={**environment, **variables}, cwd=at.root,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr


def test_passwords_do_not_go_over_a_network_in_plain_text(at):
    told = refused(at, "--host", "0.0.0.0")
    assert "AED-CON-120" in told
    assert "console.url" in told
    assert "AED-CON-120" in refused(at, "--host", "0.0.0.0", AEDILE_CONSOLE_URL="http://aedile.example")
    assert at.left() == []


def test_behind_a_proxy_or_an_https_address_it_listens_where_it_is_told_to(at):
    from aedile.console.up import require_safe
    from aedile.settings import load_settings

    for variables in (
        {"AEDILE_CONSOLE_URL": "https://aedile.example"},
        {"AEDILE_CONSOLE_URL": "http://aedile.example", "AEDILE_CONSOLE_BEHIND_PROXY": "yes"},
    ):
        require_safe(load_settings(environ={"AEDILE_CONSOLE_HOST": "0.0.0.0", **variables}))


def test_a_port_that_is_taken_is_told_before_anything_starts(at):
    at.start()
    told = refused(at, "--port", str(at.console), "--server-port", str(at.server))
    assert "AED-CON-121" in told
    assert at.get("/health")[0] == 200
    assert at.stop() == 0


def test_a_demo_is_not_set_up_among_peoples_own_work(at):
    import psycopg

    from aedile.store.database import open_database
    from aedile.store.home import Home

    with open_database(Home(at.home), None) as database, psycopg.connect(database.dsn) as connection:
        connection.execute(
            "insert into accounts_person (password, email, name, zone, language, is_active, joined) "
            "values ('!', 'kim@shop.example', 'Kim', 'UTC', '', true, now())"
        )
    told = refused(at, "--demo", "--port", str(at.console), "--server-port", str(at.server))
    assert "AED-CON-123" in told
    assert "kim" not in told
    assert at.left() == []
