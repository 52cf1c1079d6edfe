"""Does what is published come to the shelf, and nothing else?"""

from __future__ import annotations

import hashlib
import logging
import time

import pytest

from aedile.server.keeper import Chore, Keeper
from aedile.settings import load_settings
from aedile.store.controls import Controls
from aedile.store.home import Home
from aedile.store.keys import KeyRing
from aedile.store.publish import publish, publish_controls
from aedile.store.published import Published
from tests.server.marked import excluded_by, write_files


@pytest.fixture
def keeper(tmp_path, database):
    return make(tmp_path, database)


def make(tmp_path, database):
    environment = {"AEDILE_HOME": str(tmp_path / "home"), "AEDILE_DATABASE_URL": database.dsn}
    settings = load_settings(environ=environment)
    return Keeper(settings, Home(settings.home).prepare())


def catch_up(keeper, database):
    with database.connect(autocommit=True) as connection:
        keeper.catch_up(Published(connection))
    return keeper.shelf.current()


def append(database, kind, data):
    with database.connect() as connection:
        return Published(connection).append(kind, hashlib.sha256(data).hexdigest(), data, by="tests")


def test_what_is_published_comes_to_the_shelf_once(keeper, database, tmp_path):
    assert catch_up(keeper, database).release is None
    manifest = publish(database, write_files(tmp_path, 1), by="tests")
    append(database, "keys", KeyRing.empty().to_bytes())
    with database.connect() as connection:
        publish_controls(Published(connection), Controls(), by="tests", note="", expect_current=0)
    current = catch_up(keeper, database)
    assert (current.release.number, current.keys.number, current.settings.number) == (1, 1, 1)
    stamp = keeper.shelf.stamp()
    catch_up(keeper, database)
    assert keeper.shelf.stamp() == stamp
    (digest,) = manifest.lists.values()
    assert keeper.shelf.list_of("gone", digest) == f"{excluded_by(1)}\n".encode()


@pytest.mark.parametrize("kind", ["release", "keys", "settings"])
def test_what_cannot_be_read_changes_nothing_and_is_told(keeper, database, tmp_path, kind, caplog):
    publish(database, write_files(tmp_path, 1), by="tests")
    before = catch_up(keeper, database)
    append(database, kind, b"garbage")
    with caplog.at_level(logging.ERROR):
        assert catch_up(keeper, database) == before
    assert keeper._status["refused"]["kind"] == kind
    assert "refused" in caplog.text


def test_a_good_release_decides_although_keys_are_bad_and_these_are_told_until_they_are_good(
    keeper, database, tmp_path
):
    append(database, "keys", b"garbage")
    publish(database, write_files(tmp_path, 1), by="tests")
    assert catch_up(keeper, database).release.number == 1
    assert keeper._status["refused"]["kind"] == "keys"
    append(database, "keys", KeyRing.empty().to_bytes())
    assert catch_up(keeper, database).keys.number == 2
    assert keeper._status["refused"] is None


def test_a_keeper_that_starts_again_fetches_only_what_it_missed(keeper, database, tmp_path):
    publish(database, write_files(tmp_path, 1), by="tests")
    catch_up(keeper, database)
    path = keeper.shelf.folder / "release" / "00000001.zip"
    before = path.stat().st_mtime_ns
    publish(database, write_files(tmp_path, 2), by="tests")
    assert catch_up(make(tmp_path, database), database).release.number == 2
    assert path.stat().st_mtime_ns == before


def test_a_shelf_that_was_emptied_is_filled_again(keeper, database, tmp_path):
    publish(database, write_files(tmp_path, 1), by="tests")
    catch_up(keeper, database)
    (keeper.shelf.folder / "current.json").unlink()
    assert catch_up(make(tmp_path, database), database).release.number == 1


def test_a_chore_that_fails_is_told_and_tried_again(caplog):
    failing = [True]

    def work():
        if failing:
            raise OSError(28, "No space left on device")

    chore = Chore("sweeping", 0.0, work)
    with caplog.at_level(logging.ERROR):
        chore.run_if_due()
    assert "No space left" in chore.trouble
    assert "sweeping" in caplog.text
    failing.clear()
    chore.run_if_due()
    assert chore.trouble is None


def test_a_chore_waits_for_its_time():
    runs = []
    chore = Chore("sweeping", 3600.0, lambda: runs.append(time.time()))
    chore.run_if_due()
    chore.run_if_due()
    assert len(runs) == 1


def test_trouble_that_nobody_foresaw_is_not_swallowed():
    def work():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Chore("sweeping", 0.0, work).run_if_due()
