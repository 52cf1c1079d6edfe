"""Does the doctor find what is wrong, say how to mend it, and change nothing?"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess

import pytest

from aedile.server.checkup import Checkup
from aedile.settings import load_settings
from aedile.store.home import Home
from bench.serving.processes import AEDILE, folder, until
from tests.server.marked import REQUEST, shop


def look(home, **variables):
    settings = load_settings(environ={"AEDILE_HOME": str(home), **variables})
    return Checkup(settings, Home(settings.home)).findings()


def wrong(found):
    return {one.what: one for one in found if one.state != "good"}


@pytest.fixture(scope="module")
def stopped():
    """A home as a server left it."""
    with shop(workers=1) as one:
        with one.server.client() as client:
            client.post("/v1/decisions", json=REQUEST)
            client.put("/v1/entities/item", json={"entities": [{"id": "item-1", "price": 1}]})
        one.server.until_logged(1)
        one.server.stop()
        yield one.server.home


@pytest.fixture
def home(stopped):
    """A copy of it, to be broken."""
    with folder() as root:
        subprocess.run(["cp", "-a", str(stopped), str(root / "home")], check=True)
        yield root / "home"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_server_that_runs_is_well():
    with shop(workers=2) as one:
        until(lambda: one.server.decides_by(1), "the release")
        found = look(one.server.home, AEDILE_SERVER_WORKERS="2")
        assert wrong(found).keys() == {"keys"}  # it ends tomorrow
        assert {"settings", "home", "disk", "PostgreSQL", "tables", "published", "logs", "server", "workers"} <= {
            one.what for one in found
        }
        few = wrong(look(one.server.home, AEDILE_SERVER_WORKERS="3"))
        assert few["workers"].told == "2 of 3 workers say anything"
        told = json.loads(one.server.run("doctor", "--format", "json", "--strict"))
        assert told["bad"] == 0


def test_where_nothing_is_yet_it_says_what_comes_next(tmp_path):
    home = tmp_path / "none"
    found = wrong(look(home, AEDILE_SERVER_PORT=free_port()))
    assert all(one.state == "look" for one in found.values())
    assert found["published"].fix == "aedile release publish"
    assert not home.exists()


def test_looking_changes_nothing_and_starts_nothing(home):
    before = contents(home)
    found = wrong(look(home, AEDILE_SERVER_PORT=free_port()))
    assert found.keys() == {"PostgreSQL", "server", "keys"}
    assert contents(home) == before


def contents(home):
    """Every file, but for those that SQLite keeps beside one that is open."""
    files = (path for path in home.rglob("*") if path.is_file() and path.suffix not in (".sqlite-shm", ".sqlite-wal"))
    return {path: path.read_bytes() for path in files}


def test_a_log_that_is_damaged_is_named(home):
    with open(home / "entities.sqlite", "r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4_000)
    assert "entities.sqlite" in wrong(look(home))["logs"].told


def test_a_release_that_is_damaged_is_named(home):
    path = next((home / "published" / "release").glob("*.zip"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = wrong(look(home))["published"]
    assert found.state == "bad"
    assert "current.json" in found.fix


def test_what_others_may_read_is_named(home):
    key = next((home / "secrets").glob("*.key"))
    key.chmod(0o644)
    found = wrong(look(home))["home"]
    assert key.name in found.told
    subprocess.run(found.fix, shell=True, check=True)
    assert "home" not in wrong(look(home))


def test_data_of_another_version_are_told_with_the_way_over(home):
    (home / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    assert "aedile backup" in wrong(look(home))["PostgreSQL"].fix


def test_a_database_that_does_not_answer_is_told_without_its_password(home):
    found = wrong(look(home, AEDILE_DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/none"))["PostgreSQL"]
    assert found.state == "bad"
    assert "hunter2" not in str(found)


def test_a_newer_database_is_told(home, database):
    with database.connect() as connection:
        connection.execute("insert into aedile_migrations (number, name) values (999, 'later')")
    found = wrong(look(home, AEDILE_DATABASE_URL=database.dsn))
    assert found["tables"].fix == "install that version again"


def test_a_port_that_is_taken_is_told(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = wrong(look(home, AEDILE_SERVER_PORT=str(taken.getsockname()[1])))
    assert found["port"].state == "bad"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_a_folder_that_postgresqls_user_may_not_pass_is_told(home):
    home.parent.chmod(0o700)
    assert str(home.parent) in wrong(look(home))["PostgreSQL"].told


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_disk_that_is_nearly_full_is_told(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(tmp_path)], check=True)
    try:
        assert wrong(look(tmp_path))["disk"].state == "bad"
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_the_verb_shows_it_and_ends_with_3_where_it_is_strict(home):
    shutil.rmtree(home / "published" / "release")
    words = [*AEDILE, "doctor", "--home", str(home)]
    plain = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert plain.returncode == 0
    assert "1 bad" in plain.stdout
    strict = subprocess.run([*words, "--strict"], capture_output=True, text=True, timeout=60, check=False)
    assert strict.returncode == 3
