"""Does all of an installation come out of a backup, on an empty machine and over a major version of PostgreSQL?"""

from __future__ import annotations

import io
import json
import subprocess
import time
import zipfile

import pytest

from aedile.errors import StoreError
from aedile.store.backup import ASIDE, DUMP, MANIFEST, back_up, restore
from aedile.store.database import Database, open_database
from aedile.store.decision_log import DecisionLog
from aedile.store.fact_verify import verify
from aedile.store.home import Home
from aedile.store.keys import KeyRing, new_key
from aedile.store.postgres import MAJOR, EmbeddedPostgres
from aedile.store.publish import publish
from aedile.store.published import Published
from aedile.store.seal import lost_in_crashes, seal_all
from bench.serving.processes import AEDILE, folder, serving, until
from tests.intake.made import exposure, ids_of
from tests.server.marked import REQUEST, mixed, shop, write_files

NOW = "2026-11-24T08:00:00Z"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A backup of a server while it ran: (file, release as told by the server, key, logged decisions)."""
    file = tmp_path_factory.mktemp("backup") / "saved.zip"
    with shop(workers=2, AEDILE_LOG_FULL_SHARE="1") as one:
        with one.server.client() as client:
            entity = {"entities": [{"id": "item-3", "price": 777}]}
            assert client.put("/v1/entities/item", json=entity).status_code == 202
            for number in range(30):
                assert client.post("/v1/decisions", json={**REQUEST, "id": f"q{number}"}).status_code == 200
            one.server.until_logged(30)
            assert client.post("/v1/facts/exposures", json=[exposure("sealed"), exposure("no", position=0)]).is_success
            until(lambda: "sealed" in ids_of(Home(one.server.home)), "the fact to be sealed")
            assert client.post("/v1/facts/exposures", json=[exposure("waiting")]).is_success
            release = client.get("/v1/release").json()
        told = json.loads(one.server.run("backup", str(file), "--format", "json"))
        assert told["release"] == {"number": 1, "digest": release["digest"]}
        yield file, release, one.server.key


def test_a_restored_server_serves_the_same_release_knows_the_same_keys_entities_and_decisions(saved):
    file, release, key = saved
    with folder() as root:
        words = [*AEDILE, "restore", str(file), "--home", str(root / "home")]
        subprocess.run(words, check=True, capture_output=True, timeout=120)
        open_ = [path for path in (root / "home").iterdir() if path.is_dir() and path.stat().st_mode & 0o077]
        assert open_ == [], "what is restored is its owner's alone"
        with serving(root, workers=1, log=root / "log") as server:
            server.key = key
            until(lambda: server.decides_by(1), "the release")
            with server.client() as client:
                assert client.get("/v1/release").json() == release
                assert mixed(client.post("/v1/decisions", json=REQUEST).json()) is None
                assert client.post("/v1/facts/exposures", json=[exposure("sealed"), exposure("new")]).is_success
            assert server.workers()[0]["entities"]["position"] == 1
            until(lambda: {"waiting", "new"} <= ids_of(Home(server.home)).keys(), "both facts to be sealed")
            assert ids_of(Home(server.home)) == {"sealed": 1, "waiting": 1, "new": 1}
            assert verify(Home(server.home)).damage == []
            letters = json.loads(server.run("facts", "dead", "list", "--format", "json"))["letters"]
            assert [one["row"]["id"] for one in letters] == ["no"]
        home = Home(server.home)
        seal_all(home, time.time(), everything=True)
        log = DecisionLog(home)
        assert len([one for number in range(30) for one in log.find(f"q{number}")]) == 30
        assert lost_in_crashes(home) == 0


@pytest.fixture
def home():
    with folder() as root:
        yield Home(root / "home")


def test_only_its_owner_may_read_a_backup_for_it_holds_secrets(saved):
    assert saved[0].stat().st_mode & 0o777 == 0o600


def test_data_of_an_older_postgresql_come_to_the_one_of_today_by_way_of_a_backup(home, tmp_path):
    home.prepare()
    older = EmbeddedPostgres(home.postgres, 16)
    database = Database(older.dsn, older)
    try:
        database.open()
        manifest = publish(database, write_files(tmp_path, 1), by="tests")
        _, record = new_key(("decide",), 2e9)
        with database.connect() as connection:
            Published(connection).append("keys", "d", KeyRing({record.id: record}).to_bytes(), by="tests")
    finally:
        database.close()
    with pytest.raises(StoreError) as caught, open_database(home, None):
        pass
    assert caught.value.code.name == "AED-STORE-005"
    assert "aedile backup" in caught.value.fix
    file = tmp_path / "saved.zip"
    with open(file, "wb") as out:
        back_up(home, None, out, NOW)
    with folder() as root:
        newer = Home(root / "home")
        told = restore(file, newer, None)
        assert told.release == (1, manifest.digest)
        assert EmbeddedPostgres(newer.postgres).version_of_data() == MAJOR == 18
        with open_database(newer, None) as database, database.connect() as connection:
            published = Published(connection)
            assert published.current("release").digest == manifest.digest
            assert published.current("keys").by == "tests"
            assert published.append("release", "e", b"", by="tests") == 2


def test_a_home_where_something_is_stays_as_it_is(saved, home):
    home.prepare()
    (home.secrets / "mine.key").write_bytes(b"mine")
    with pytest.raises(StoreError) as caught:
        restore(saved[0], home, None)
    assert caught.value.code.name == "AED-STORE-113"
    assert (home.secrets / "mine.key").read_bytes() == b"mine"


def test_a_database_where_something_is_stays_as_it_is(saved, home, database):
    with pytest.raises(StoreError) as caught:
        restore(saved[0], home, database.dsn)
    assert caught.value.code.name == "AED-STORE-113"
    assert "aedile_migrations" in caught.value.message
    assert is_bare(home)


def is_bare(home):
    return not home.root.exists() or list(home.root.iterdir()) == []


def changed(file, tmp_path, change):
    """The backup with one of its parts changed: (name, data, info) → (name, data), or None for none."""
    out = tmp_path / "changed.zip"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            part = change(info.filename, old.read(info))
            if part is not None:
                new.writestr(*part)
    return out


def flipped(name, data):
    return (name, data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]) if name == DUMP else (name, data)


def with_manifest(**changes):
    def change(name, data):
        return (name, json.dumps({**json.loads(data), **changes})) if name == MANIFEST else (name, data)

    return change


def with_path(path):
    def change(name, data):
        if name == "entities.sqlite":
            return path, data
        if name == MANIFEST:
            told = json.loads(data)
            told["files"][path] = told["files"].pop("entities.sqlite")
            return name, json.dumps(told)
        return name, data

    return change


BAD = {
    "a flipped bit": (flipped, "AED-STORE-112"),
    "a newer format": (with_manifest(format=2), "AED-STORE-111"),
    "another release": (with_manifest(release=[7, "0" * 64]), "AED-STORE-112"),
    "a manifest of another shape": (with_manifest(files=[]), "AED-STORE-111"),
    "no manifest": (lambda name, data: None if name == MANIFEST else (name, data), "AED-STORE-111"),
    "a file missing": (lambda name, data: None if name == DUMP else (name, data), "AED-STORE-111"),
    "a file nobody named": (
        lambda name, data: (name, data) if name != "entities.sqlite" else ("journal/more.sqlite", data),
        "AED-STORE-111",
    ),
    "a path that leads out": (with_path("journal/../../../evil"), "AED-STORE-111"),
    "an absolute path": (with_path("/tmp/evil"), "AED-STORE-111"),
    "a path elsewhere in the home": (with_path("postgres/data/evil"), "AED-STORE-111"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_left_of_it(saved, home, tmp_path, what):
    change, code = BAD[what]
    with pytest.raises(StoreError) as caught:
        restore(changed(saved[0], tmp_path, change), home, None)
    assert caught.value.code.name == code
    assert is_bare(home)


def test_a_file_that_would_grow_when_it_is_opened_is_refused(saved, home, tmp_path):
    out = tmp_path / "bomb.zip"
    with zipfile.ZipFile(saved[0]) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    with pytest.raises(StoreError) as caught:
        restore(out, home, None)
    assert caught.value.code.name == "AED-STORE-111"
    assert is_bare(home)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_backup_that_was_cut_off_is_refused(saved, home, tmp_path, share):
    data = saved[0].read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(data[: int(share * len(data))])
    with pytest.raises(StoreError) as caught:
        restore(cut, home, None)
    assert caught.value.code.name == "AED-STORE-111"


def test_a_restore_that_was_killed_is_told_of_and_not_taken_for_a_home(saved, home):
    (home.root / ASIDE).mkdir(parents=True)
    with pytest.raises(StoreError, match=r"\.restoring"):
        restore(saved[0], home, None)


def test_what_is_saved_while_decisions_are_sealed_is_there_once(home, tmp_path):
    """The journal was copied before, the sealed file after it was sealed."""
    with shop(workers=1) as one:
        with one.server.client() as client:
            for number in range(20):
                client.post("/v1/decisions", json={**REQUEST, "id": f"q{number}"})
            one.server.until_logged(20)
        source = Home(one.server.home)
        first = io.BytesIO()
        back_up(source, None, first, NOW)
        one.server.stop()
        seal_all(source, time.time(), everything=True)
        second = io.BytesIO()
        back_up(source, None, second, NOW)
    both = tmp_path / "both.zip"
    with zipfile.ZipFile(first) as early, zipfile.ZipFile(second) as late, zipfile.ZipFile(both, "w") as new:
        told = json.loads(late.read(MANIFEST))
        for name in early.namelist():
            if name.startswith("journal/"):
                new.writestr(name, early.read(name))
                told["files"][name] = json.loads(early.read(MANIFEST))["files"][name]
        for name in late.namelist():
            if name != MANIFEST:
                new.writestr(name, late.read(name))
        new.writestr(MANIFEST, json.dumps(told))
    restore(both, home, None)
    seal_all(home, time.time(), everything=True)
    assert [len(DecisionLog(home).find(f"q{number}")) for number in range(20)] == [1] * 20


def test_the_verbs_say_what_is_wrong(saved, tmp_path):
    def run(*words):
        done = subprocess.run([*AEDILE, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "AED-USE-031" in run("backup", tmp_path / "a.zip", "--home", tmp_path / "none")
    assert "AED-USE-031" in run("restore", tmp_path / "none.zip", "--home", tmp_path / "none")
    photo = tmp_path / "photo.zip"
    photo.write_bytes(b"GIF89a")
    assert "AED-STORE-111" in run("restore", photo, "--home", tmp_path / "none")
    assert not (tmp_path / "none").exists()
