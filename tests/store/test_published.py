"""Does what is published stay, in order, and reach who listens?"""

from __future__ import annotations

import hashlib
import threading

import psycopg
import pytest

from aedile.errors import StoreError
from aedile.store.database import MIGRATIONS
from aedile.store.published import Published


def put(database, kind, data, **more):
    with database.connect() as connection:
        return Published(connection).append(kind, hashlib.sha256(data).hexdigest(), data, by="ana", **more)


def test_numbers_count_from_one_in_each_kind(database):
    assert [put(database, kind, b"x") for kind in ("release", "keys", "release")] == [1, 1, 2]
    with database.connect() as connection:
        published = Published(connection)
        assert published.current("release").number == 2
        assert published.get("release", 1).data == b"x"
        assert published.by_digest("release", hashlib.sha256(b"x").hexdigest()).number == 2
        assert published.current("settings") is None
        assert {kind: number for kind, (number, _) in published.current_numbers().items()} == {"release": 2, "keys": 1}
        assert [artefact.number for artefact in published.history("release")] == [2, 1]


@pytest.mark.parametrize(
    "statement", ["update published set by = 'eve'", "delete from published", "truncate published"]
)
def test_what_was_published_stays_as_it_is(database, statement):
    put(database, "release", b"x")
    with pytest.raises(psycopg.errors.RaiseException), database.connect() as connection:
        connection.execute(statement)
    with database.connect() as connection:
        assert Published(connection).current("release").by == "ana"


def test_whoever_was_overtaken_is_told(database):
    put(database, "keys", b"a", expect_current=0)
    with pytest.raises(StoreError) as caught:
        put(database, "keys", b"b", expect_current=0)
    assert caught.value.code.name == "AED-STORE-008"


def test_many_at_once_get_a_number_each(database):
    got = []
    threads = [threading.Thread(target=lambda: got.append(put(database, "release", b"x"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 13))


def test_whoever_listens_is_told_when_it_is_committed(database):
    with database.connect(autocommit=True) as connection:
        published = Published(connection)
        published.listen()
        assert list(published.told(0.05)) == []
        put(database, "release", b"x")
        assert list(published.told(10)) == ["release:1"]


def test_a_list_of_many_megabytes_comes_back_whole(database):
    data = bytes(range(256)) * (20 << 12)
    put(database, "list/recalled", data)
    with database.connect() as connection:
        assert Published(connection).current("list/recalled").data == data


def test_migrations_run_once_and_a_newer_database_is_refused(database):
    database.migrate()
    with database.connect() as connection:
        connection.execute("insert into aedile_migrations (number, name) values (%s, 'later')", (len(MIGRATIONS) + 1,))
    with pytest.raises(StoreError) as caught:
        database.migrate()
    assert caught.value.code.name == "AED-STORE-007"
