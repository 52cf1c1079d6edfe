"""What is published, what is refused and why, and does nothing happen where it is?"""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile

import pytest

from aedile.engine.release import read_world, without_lists
from aedile.engine.release_reader import ReleaseReader
from aedile.errors import AedileError, Errors, ReleaseError, StoreError
from aedile.store.controls import Controls, Freeze, killed_by
from aedile.store.publish import (
    Files,
    current_controls,
    lists_in,
    publish,
    publish_controls,
    rollback,
)
from aedile.store.published import Published

SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      price: {type: int, meaning: In cents.}
      brand: {type: string, meaning: Who makes it.}
      seller_id: {type: string, meaning: Who sells it.}
  seller:
    meaning: Who sells.
    features:
      score: {type: double, meaning: How good.}
joins:
  - {from: item.seller_id, to: seller}
"""
STRATEGY = """id: {id}
title: {id}
why: To test.
owner: testers
tier: {tier}
applies_to: item
markets: [all]
channels: [all]
condition: {condition}
action: {action}
stage: {stage}
"""


@pytest.fixture
def files(tmp_path):
    found = Files(tmp_path / "schema.yaml", tmp_path / "strategies", tmp_path / "lists")
    found.strategies.mkdir()
    found.lists.mkdir()
    found.schema.write_text(SCHEMA)
    write(found, "cheap-demote", "item.price < 100")
    return found


def write(files, id_, condition, *, tier="growth", action="{demote: {factor: 0.5}}", stage="live"):
    policy = "policy: P-1\n" if tier in ("legal", "safety") else ""
    text = STRATEGY.format(id=id_, condition=condition, tier=tier, action=action, stage=stage) + policy
    (files.strategies / f"{id_}.yaml").write_text(text)


def codes(call):
    with pytest.raises((AedileError, Errors)) as caught:
        call()
    found = caught.value
    return [error.code.name for error in found.errors] if isinstance(found, Errors) else [found.code.name]


def numbers(database, kind="release"):
    with database.connect() as connection:
        return [one.number for one in Published(connection).history(kind)]


def test_releases_count_from_one_and_each_names_its_parent(files, database):
    first = publish(database, files, by="ann", note="the first")
    write(files, "dear-demote", "item.price > 100")
    second = publish(database, files, by="bo")
    assert (first.number, first.parent, second.number, second.parent) == (1, None, 2, 1)
    with database.connect() as connection:
        history = Published(connection).history("release")
    assert [(one.number, one.by, one.note, one.digest) for one in history] == [
        (2, "bo", "", second.digest), (1, "ann", "the first", first.digest),
    ]  # fmt: skip


def test_the_same_again_is_refused(files, database):
    publish(database, files, by="ann")
    assert codes(lambda: publish(database, files, by="ann")) == ["AED-REL-006"]
    assert numbers(database) == [1]


def test_what_does_not_compile_is_refused_with_all_that_is_wrong_and_nothing_is_published(files, database):
    write(files, "wrong-demote", "item.prise < 100")
    write(files, "worse-demote", "item.price <")
    assert len(codes(lambda: publish(database, files, by="ann"))) == 2
    assert numbers(database) == []


@pytest.mark.parametrize("change", ["price: {type: int", "price: {type: double"])
def test_a_feature_may_not_change_while_an_active_strategy_uses_it_and_the_error_names_both(files, database, change):
    publish(database, files, by="ann")
    text = SCHEMA.replace("price: {type: int", change)
    if change == "price: {type: int":
        text = SCHEMA.replace("      price: {type: int, meaning: In cents.}\n", "")
        write(files, "cheap-demote", 'item.brand == "x"')
    else:
        write(files, "cheap-demote", "item.price < 100.0")
    files.schema.write_text(text)
    with pytest.raises(Errors) as caught:
        publish(database, files, by="ann")
    (error,) = caught.value.errors
    assert error.code.name == "AED-SCHEMA-010"
    assert "item.price" in error.message
    assert "cheap-demote" in error.message
    assert numbers(database) == [1]


def test_a_feature_is_dropped_once_its_strategies_are_paused_or_gone(files, database):
    publish(database, files, by="ann")
    write(files, "cheap-demote", "item.price < 100", stage="paused")
    publish(database, files, by="ann")
    (files.strategies / "cheap-demote.yaml").unlink()
    write(files, "brand-demote", 'item.brand == "x"')
    files.schema.write_text(SCHEMA.replace("      price: {type: int, meaning: In cents.}\n", ""))
    assert publish(database, files, by="ann").number == 3


def test_a_feature_may_be_added_at_any_time(files, database):
    publish(database, files, by="ann")
    files.schema.write_text(SCHEMA.replace("brand:", "weight: {type: double, meaning: In grams.}\n      brand:"))
    assert publish(database, files, by="ann").number == 2


def test_a_join_that_leads_elsewhere_counts_as_a_change_of_what_is_read_through_it(files, database):
    write(files, "bad-seller-demote", "seller.score < 0.5")
    publish(database, files, by="ann")
    files.schema.write_text(SCHEMA.replace("{from: item.seller_id, to: seller}", "{from: item.brand, to: seller}"))
    with pytest.raises(Errors, match=r"seller\.score"):
        publish(database, files, by="ann")


def test_a_condition_that_holds_the_shopper_against_an_entity_is_refused(files, database):
    write(files, "own-items-boost", "item.seller_id == request.shopper", action="{boost: {factor: 2.0}}")
    assert codes(lambda: publish(database, files, by="ann")) == ["AED-REL-004"]


def test_releases_are_frozen_and_a_rollback_and_a_reason_go_through(files, database):
    publish(database, files, by="ann")
    now = time.time_ns() // 1000
    freeze = Controls(freezes=(Freeze(now - 10**6, now + 3_600 * 10**6, "the great sale"),))
    with database.connect() as connection:
        publish_controls(Published(connection), freeze, by="ann", note="", expect_current=0)
    write(files, "dear-demote", "item.price > 100")
    with pytest.raises(ReleaseError, match="the great sale") as caught:
        publish(database, files, by="bo")
    assert caught.value.code.name == "AED-REL-005"
    publish(database, files, by="bo", through_freeze="the app breaks")
    assert rollback(database, 1, by="ann", note="it was worse").number == 3
    with database.connect() as connection:
        notes = [one.note for one in Published(connection).history("release")]
    assert notes == ["back to release 1: it was worse", "through the freeze: the app breaks", ""]


def test_a_rollback_says_what_the_earlier_release_said(files, database):
    first = publish(database, files, by="ann")
    write(files, "dear-demote", "item.price > 100")
    publish(database, files, by="ann")
    back = rollback(database, 1, by="bo")
    assert (back.number, back.parent, back.author) == (3, 2, "bo")
    assert (back.strategies, back.schema) == (first.strategies, first.schema)
    assert codes(lambda: rollback(database, 99, by="bo")) == ["AED-REL-007"]


def test_two_who_publish_at_once_both_succeed_one_after_the_other(files, database, tmp_path):
    results = []

    def one(number):
        mine = Files(files.schema, tmp_path / f"s{number}", None)
        mine.strategies.mkdir()
        write(mine, f"n{number}-demote", f"item.price < {number}")
        results.append(publish(database, mine, by=f"{number}").number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [1, 2, 3, 4]


def test_a_list_is_kept_once_a_revision_however_many_releases_name_it(files, database):
    (files.lists / "bad.txt").write_text("acme\nfoo\n")
    (files.lists / "unused.txt").write_text("x\n")
    write(files, "bad-brands-demote", 'in_list(item.brand, "bad")')
    publish(database, files, by="ann")
    write(files, "dear-demote", "item.price > 100")
    publish(database, files, by="ann")
    assert numbers(database, "list/bad") == [1]
    (files.lists / "bad.txt").write_text("acme\n")
    publish(database, files, by="ann")
    assert numbers(database, "list/bad") == [2, 1]
    assert numbers(database, "list/unused") == []
    rollback(database, 2, by="ann")
    assert numbers(database, "list/bad") == [2, 1]
    with database.connect() as connection:
        published = Published(connection)
        release = ReleaseReader().read(published.current("release").data, "4", lists_in(published))
        assert sorted(release.lists["bad"].texts.to_pylist()) == ["acme", "foo"]
        with pytest.raises(ReleaseError, match="missing"):
            ReleaseReader().read(published.current("release").data, "4")


def test_a_reader_takes_up_only_what_changed(files, database):
    (files.lists / "bad.txt").write_text("acme\n")
    write(files, "bad-brands-demote", 'in_list(item.brand, "bad")')
    publish(database, files, by="ann")
    write(files, "dear-demote", "item.price > 100")
    publish(database, files, by="ann")
    reader, asked = ReleaseReader(), []
    with database.connect() as connection:
        published = Published(connection)

        def list_of(name, digest):
            asked.append(name)
            return lists_in(published)(name, digest)

        first, second = (reader.read(published.get("release", n).data, f"{n}", list_of) for n in (1, 2))
    assert asked == ["bad"]
    before = {strategy.id: strategy for strategy in first.strategies}
    assert all(before.get(one.id, one) is one for one in second.strategies)


def forged(data, change):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            for part in change(info.filename, old.read(info)):
                new.writestr(*part)
    return buffer.getvalue()


def manifested(**changes):
    def change(name, data):
        return [(name, json.dumps({**json.loads(data), **changes}) if name == "release.json" else data)]

    return change


FORGED = {
    "a strategy edited": lambda name, data: [(name, data.replace(b"100", b"1"))],
    "a strategy gone": lambda name, data: [] if name.startswith("strategies/") else [(name, data)],
    "a file that is none of ours": lambda name, data: [(name, data), (f"{name}.exe", b"MZ")],
    "a path that leads out": lambda name, data: [(f"strategies/../{name}" if "/" in name else name, data)],
    "another format": manifested(format=99),
    "no number": lambda name, data: [(name, b"{}" if name == "release.json" else data)],
    "a list for a manifest": lambda name, data: [(name, b"[]" if name == "release.json" else data)],
    "lists of another kind": manifested(lists=7),
    "a schema that is none": lambda name, data: [(name, b"- a" if name == "schema.yaml" else data)],
}


@pytest.mark.parametrize("what", FORGED)
def test_a_release_that_is_not_what_it_says_is_refused_in_words(files, database, what):
    publish(database, files, by="ann")
    with database.connect() as connection:
        data = Published(connection).current("release").data
    ReleaseReader().read(data, "as it was")
    with pytest.raises((AedileError, Errors)) as caught:
        ReleaseReader().read(forged(data, FORGED[what]), "forged")
    assert len(str(caught.value)) < 2_000


def test_a_release_that_would_grow_when_it_is_opened_is_refused(files, database, monkeypatch):
    publish(database, files, by="ann")
    with database.connect() as connection:
        data = Published(connection).current("release").data

    def swollen(name, data):
        return [(name, data), ("lists/zeros.txt", b"0" * 30_000_000)] if name == "schema.yaml" else [(name, data)]

    bomb = forged(data, swollen)
    assert len(bomb) < 100_000
    monkeypatch.setattr("aedile.engine.release.MAX_BYTES", 20_000_000)
    with pytest.raises(ReleaseError, match="unpacks"):
        ReleaseReader().read(bomb, "a bomb")


def test_a_release_without_its_lists_is_the_same_release(files, database):
    (files.lists / "bad.txt").write_text("acme\n")
    write(files, "bad-brands-demote", 'in_list(item.brand, "bad")')
    publish(database, files, by="ann")
    with database.connect() as connection:
        data = Published(connection).current("release").data
    assert without_lists(data) == (data, {})


def test_the_kill_switch_spares_what_the_law_demands(files):
    for tier in ("legal", "safety", "quality", "growth"):
        write(files, f"{tier}-one-demote", "item.price < 1", tier=tier)
    _, strategies, _ = read_world(files.schema, files.strategies, None)
    off = {
        tier: killed_by(Controls.parse(_controls(tier)), strategies) for tier in (None, "safety", "quality", "legal")
    }
    below_quality = {"quality-one-demote", "growth-one-demote", "cheap-demote"}
    assert off[None] == frozenset()
    assert off["safety"] == off["legal"] == {"safety-one-demote", *below_quality}
    assert off["quality"] == below_quality


def _controls(tier):
    return json.dumps({"kill_below": tier, "why": "a test", "freezes": []}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kill_below": "all", "freezes": []}',
        b'{"kill_below": null, "freezes": [{}]}',
        b'{"kill_below": null, "freezes": [{"from": "x", "until": "y", "why": ""}]}',
    ],
)
def test_controls_that_are_none_are_refused(data):
    with pytest.raises(StoreError) as caught:
        Controls.parse(data)
    assert caught.value.code.name == "AED-STORE-040"


def test_controls_are_read_as_they_were_written(database):
    made = Controls(None, "ü", (Freeze(0, 10**6, "a"), Freeze(2 * 10**6, 3 * 10**6, "b")))
    assert Controls.parse(made.to_bytes()) == made
    assert made.frozen_at(0).why == "a"
    assert made.frozen_at(10**6) is None
    with database.connect() as connection:
        assert current_controls(Published(connection)) == (Controls(), 0)
