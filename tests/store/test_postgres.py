"""Does the embedded PostgreSQL run as root and as anybody, survive being killed, and stay out of strangers' reach?"""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from aedile.errors import StoreError
from aedile.store.database import open_database
from aedile.store.home import Home
from aedile.store.postgres import SOCKET_PATH, EmbeddedPostgres


@pytest.fixture
def root():
    folder = Path(tempfile.mkdtemp(prefix="aedile-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def embedded(root):
    """Makes servers in folders, `postgres` by default; they are stopped in the end."""
    made = []

    def make(folder=root / "postgres"):
        made.append(EmbeddedPostgres(folder))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def postmaster(postgres):
    return int((postgres.data / "postmaster.pid").read_text().splitlines()[0])


def answer(postgres):
    with psycopg.connect(make_conninfo(postgres.dsn, dbname="postgres")) as connection:
        return connection.execute("select 41 + 1").fetchone()[0]


def test_it_starts_answers_is_adopted_comes_back_and_stops(embedded):
    postgres, other = embedded(), embedded()
    postgres.start()
    assert answer(postgres) == 42
    first = postmaster(postgres)
    other.start()
    assert postmaster(postgres) == first, "the second start adopts the server"
    other.stop()
    assert answer(postgres) == 42, "it is used, and not stopped"
    os.kill(first, signal.SIGKILL)
    while Path(f"/proc/{first}").exists():
        pass
    postgres.start()
    assert answer(postgres) == 42
    postgres.stop()
    assert not postgres.is_running()
    postgres.stop()


@pytest.mark.parametrize("_", range(3))
def test_whoever_goes_last_stops_it_however_many_come_and_go(embedded, root, _):
    spawn = multiprocessing.get_context("spawn")
    users = [spawn.Process(target=come_and_go, args=(root / "postgres", 4)) for _ in range(3)]
    for process in users:
        process.start()
    for process in users:
        process.join(120)
        assert process.exitcode == 0
    assert not embedded().is_running()


def come_and_go(folder, times):
    for _ in range(times):
        postgres = EmbeddedPostgres(folder)
        postgres.start()
        assert answer(postgres) == 42
        postgres.stop()


def test_nobody_else_may_look_into_it(embedded):
    postgres = embedded()
    postgres.start()
    for folder in (postgres.folder, postgres.data, postgres.socket):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == postgres.user.pw_uid
    with psycopg.connect(make_conninfo(postgres.dsn, dbname="postgres")) as connection:
        assert connection.execute("show listen_addresses").fetchone()[0] == ""
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(make_conninfo(postgres.dsn, user="postgres", dbname="postgres"))


def start(folder):
    EmbeddedPostgres(folder).start()


def test_two_who_start_it_at_once_share_one_server(embedded, root):
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=start, args=(root / "postgres",)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    assert answer(embedded()) == 42


def test_a_path_too_long_for_a_socket_gets_a_short_one(embedded, root):
    postgres = embedded(root / ("long" * 25) / "postgres")
    postgres.folder.parent.mkdir(mode=0o711)
    postgres.start()
    assert len(str(postgres.socket)) < SOCKET_PATH
    assert answer(postgres) == 42
    postgres.stop()
    shutil.rmtree(postgres.socket)


def test_data_of_another_version_is_refused_and_left_alone(root):
    postgres = EmbeddedPostgres(root / "postgres")
    postgres.data.mkdir(parents=True)
    (postgres.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(StoreError) as caught:
        postgres.start()
    assert caught.value.code.name == "AED-STORE-005"
    assert (postgres.data / "PG_VERSION").read_text() == "17\n"
    shutil.rmtree(postgres.data)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run it as another user")
def test_a_folder_its_user_may_not_pass_is_named(root):
    shut = root / "shut"
    shut.mkdir(mode=0o700)
    with pytest.raises(StoreError, match="may not pass") as caught:
        EmbeddedPostgres(shut / "postgres").start()
    assert str(shut) in caught.value.message


def as_plain_user(home, user):
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    with open_database(Home(home), None) as database, database.connect() as connection:
        assert connection.execute("select count(*) from published").fetchone()[0] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="a plain user runs all the other tests as itself")
def test_it_runs_as_a_plain_user(root):
    user = pwd.getpwnam("nobody")
    home = root / "plain"
    home.mkdir()
    os.chown(home, user.pw_uid, user.pw_gid)
    # Forked, for the interpreter itself may lie where this user may not look.
    process = multiprocessing.get_context("fork").Process(target=as_plain_user, args=(home, user))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_a_database_is_opened_twice_without_harm(root):
    home = Home(root / "home").prepare()
    for _ in range(2):
        with open_database(home, None) as database, database.connect() as connection:
            assert connection.execute("select count(*) from aedile_migrations").fetchone()[0] == 1


def test_an_address_that_leads_nowhere_is_told_without_its_password(root):
    with (
        pytest.raises(StoreError) as caught,
        open_database(Home(root), "postgresql://me:hunter2@127.0.0.1:9/shop"),
    ):
        pass
    assert caught.value.code.name == "AED-STORE-006"
    assert "hunter2" not in str(caught.value)
