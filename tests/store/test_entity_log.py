"""Are changes of entities kept in their order, once, and as what is left of them?"""

from __future__ import annotations

import json
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedile.engine.engine import Engine
from aedile.errors import StoreError
from aedile.language.schema import parse_schema
from aedile.server import entities as module
from aedile.server.entities import EntityFeed, accept_delete, accept_put, fold
from aedile.server.http import JSON
from aedile.store.entity_log import EntityLog

SCHEMA = parse_schema(
    """
entities:
  item:
    meaning: A product listing.
    features:
      price: {type: int, meaning: In cents.}
      brand: {type: string, meaning: Who makes it.}
  seller:
    meaning: Who sells.
    features:
      name: {type: string, meaning: The shop's name.}
"""
)


@pytest.fixture
def log(tmp_path):
    log = EntityLog(tmp_path / "entities.sqlite")
    yield log
    log.close()


def put(log, kind="item", **prices):
    return put_rows(log, [{"id": id_, "price": price} for id_, price in prices.items()], kind)


def put_rows(log, rows, kind="item"):
    return accept_put(kind, json.dumps({"entities": rows}).encode(), JSON, SCHEMA, log, 1000)


def withdraw(log, *ids):
    return accept_delete("item", json.dumps({"ids": ids}).encode(), SCHEMA, log, 1000)


def known(engine):
    """What an engine knows of items: id → price."""
    catalogue = engine.store.catalogues.get("item")
    if catalogue is None:
        return {}
    prices = zip(catalogue.index.ids.to_pylist(), catalogue.column("item.price").to_python(), strict=True)
    return {id_: price for id_, price in prices if price is not None}


def follow(log, engine=None, feed=None):
    engine, feed = engine or Engine(SCHEMA, []), feed or EntityFeed(log)
    while found := feed.read(SCHEMA):
        for entry, entities in found:
            for _ in feed.apply(engine, entry, entities):
                pass
    return engine


def load(log):
    engine = Engine(SCHEMA, [])
    EntityFeed(log).load(engine)
    return engine


def test_what_is_accepted_is_on_disk_and_has_a_place(log, tmp_path):
    assert put(log, a=1) == {"accepted": 1, "sequence": 1}
    assert withdraw(log, "a", "b") == {"accepted": 2, "sequence": 2}
    again = EntityLog(tmp_path / "entities.sqlite")
    assert [(entry.sequence, entry.op) for entry in again.after(0)] == [(1, "put"), (2, "withdraw")]
    assert again.last() == 2
    again.close()


def test_a_worker_that_follows_and_one_that_starts_know_the_same(log):
    engine, feed = Engine(SCHEMA, []), EntityFeed(log)
    for step in range(5):
        put(log, **{f"i{step}": step, "same": step})
        if step == 3:
            withdraw(log, "i1")
        follow(log, engine, feed)
    assert known(engine) == known(load(log)) == {"i0": 0, "i2": 2, "i3": 3, "i4": 4, "same": 4}


def test_an_older_as_of_never_overwrites_a_newer_one(log):
    put_rows(log, [{"id": "a", "price": 2, "as_of": "2026-02-01T00:00:00Z"}])
    put_rows(log, [{"id": "a", "price": 1, "as_of": "2026-01-01T00:00:00Z"}])
    assert known(follow(log)) == known(load(log)) == {"a": 2}


def test_what_was_withdrawn_and_put_again_is_there_again(log):
    put(log, a=1)
    withdraw(log, "a")
    put(log, a=3)
    assert known(follow(log)) == known(load(log)) == {"a": 3}


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), min_size=1)),
        st.tuples(st.just("withdraw"), st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(CHANGES, st.integers(0, 12))
def test_whenever_it_is_folded_all_know_what_they_knew(tmp_path_factory, changes, after):
    log = EntityLog(tmp_path_factory.mktemp("log") / "entities.sqlite")
    plain = {}
    slow, slow_feed = Engine(SCHEMA, []), EntityFeed(log)
    for number, (op, what) in enumerate(changes):
        if op == "put":
            put(log, **what)
            plain |= what
        else:
            withdraw(log, *what)
            plain = {id_: price for id_, price in plain.items() if id_ not in what}
        follow(log, slow, slow_feed)
        if number == after:
            _fold_all(log)
    assert known(slow) == plain
    _fold_all(log)
    assert known(load(log)) == plain
    put(log, e=5)
    assert known(follow(log, slow, slow_feed)) == known(load(log)) == {**plain, "e": 5}
    log.close()


def _fold_all(log):
    unfolded, worth, module.UNFOLDED, module.WORTH = module.UNFOLDED, module.WORTH, -1.0, 0
    try:
        fold(log, SCHEMA)
    finally:
        module.UNFOLDED, module.WORTH = unfolded, worth


def test_many_small_entries_become_few_and_young_ones_stay(log, monkeypatch):
    for number in range(100):
        put(log, **{f"i{number % 10}": number})
    assert not fold(log, SCHEMA)
    assert len(log.after(0, 1000)) == 100
    monkeypatch.setattr(module, "UNFOLDED", -1.0)
    assert fold(log, SCHEMA)
    assert len(log.after(0, 1000)) == 1
    assert known(load(log)) == {f"i{n}": 90 + n for n in range(10)}
    assert not fold(log, SCHEMA)


def test_several_writers_lose_nothing(log, tmp_path):
    def write(name):
        own = EntityLog(tmp_path / "entities.sqlite")
        for number in range(50):
            put(own, **{f"{name}{number}": number})
        own.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.last() == 150
    assert len(known(load(log))) == 150


def test_a_feature_that_came_or_went_meanwhile_does_no_harm(log):
    put_rows(log, [{"id": "a", "price": 1, "brand": "x"}])
    later = parse_schema(
        "entities: {item: {meaning: A listing., features: {price: {type: string, meaning: Words now.}, "
        "weight: {type: double, meaning: In grams.}}}}"
    )
    engine = Engine(later, [])
    EntityFeed(log).load(engine)
    assert engine.store.catalogues["item"].column("item.price").to_python() == [None]


def test_a_log_on_a_disk_that_refuses_says_so_and_what_was_kept_stays(tmp_path):
    path = tmp_path / "entities.sqlite"
    log = EntityLog(path)
    put(log, a=1)
    log.close()
    with open(path, "r+b") as file:
        file.seek(0)
        file.write(b"not a database at all")
    with pytest.raises(StoreError) as caught:
        EntityLog(path).after(0)
    assert caught.value.code.name == "AED-STORE-060"


def test_it_is_told_which_entries_are_old(log):
    put(log, a=1)
    assert log.older_than(time.time() - 60) == 0
    assert log.older_than(time.time() + 1) == 1
