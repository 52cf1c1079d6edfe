"""A list that strategies ask takes effect with a release that is published with it, or nothing is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from aedile.errors import ConsoleError, ReleaseError
from tests.console.lists.conftest import entries_from, held

ASKS = 'in_list(item.gtin, "recalled") && item.price > 1.0'


def put(actor, said, seen=1):
    from aedile.console.lists.actions import edit_entries
    from aedile.console.lists.merging import Deed, Edit

    return edit_entries(actor, "recalled", Edit(Deed.PUT, entries_from(said)), seen=seen)


def newest_release(console):
    from aedile.engine.release_reader import ReleaseReader
    from aedile.store.publish import lists_in
    from aedile.store.published import Published

    with psycopg.connect(console.dsn) as connection:
        published = Published(connection)
        current = published.current("release")
        return ReleaseReader().read(current.data, "release", lists_in(published)) if current else None


@pytest.fixture
def asked(mall, make_list):
    """A list that a live strategy asks."""
    make_list(entries={"4006381333931": None})
    return mall.live("recalled-hold", condition=ASKS, action={"exclude": {}}, examples=[])


def test_a_change_of_a_used_list_is_in_the_next_release_at_once(console, keeper, asked):
    from aedile.console.lists.content import revision_or_error
    from aedile.console.lists.effects import in_effect

    before = newest_release(console).manifest
    saved = put(keeper, {"4012345678901": None}, seen=2)
    release = newest_release(console)
    assert saved.release.number == release.manifest.number == before.number + 1
    assert release.manifest.lists == {"recalled": saved.revision.digest}
    assert release.manifest.lists != before.lists
    assert len(release.lists["recalled"]) == 2
    assert in_effect("recalled") == revision_or_error("recalled").digest
    assert "list recalled r3: +1 −0" in saved.release.note


def test_a_change_of_a_list_that_nothing_asks_publishes_nothing(console, keeper, mall, make_list):
    make_list()
    assert put(keeper, {"a": None}).release is None
    assert newest_release(console) is None


def test_a_list_can_be_kept_before_there_is_a_schema(console, keeper, make_list):
    make_list()
    assert put(keeper, {"a": None}).revision.number == 2


def test_while_releases_are_frozen_a_used_list_stays_as_it_is(console, keeper, asked, mall):
    from aedile.console.strategies.releases import freeze

    now = datetime.now(UTC)
    freeze(mall.commander, now - timedelta(hours=1), now + timedelta(hours=1), "campaign day")
    with pytest.raises(ReleaseError, match="frozen"):
        put(keeper, {"b": None}, seen=2)
    assert held("recalled") == ["4006381333931"]


def test_who_uses_a_list_is_read_from_conditions(console, mall, make_list):
    from aedile.console.lists.effects import who_uses

    make_list("recalled")
    make_list("recalled-too")
    mall.live("one", condition=ASKS, examples=[])
    mall.live("other", condition='!(in_list(item.gtin, "recalled-too") || item.title == "recalled")', examples=[])
    mall.draft("third", condition='item.price > 2.0 ? in_list(item.gtin, "recalled") : false', examples=[])
    assert [(use.strategy, use.stage, use.running) for use in who_uses("recalled")] == [("one", "live", True)]
    assert [use.strategy for use in who_uses("recalled-too")] == ["other"]
    assert [(use.strategy, use.running) for use in who_uses("recalled", running=False)] == [
        ("one", True), ("third", False),
    ]  # fmt: skip


def test_a_list_in_use_is_not_retired_and_one_that_is_retired_is_not_changed(console, keeper, asked, mall):
    from aedile.console.lists.actions import bring_back_list, retire_list
    from aedile.console.lists.content import current_lists
    from aedile.console.strategies.actions import retire

    with pytest.raises(ConsoleError, match="recalled-hold"):
        retire_list(keeper, "recalled", "not needed")
    retire(mall.author, asked, "no longer")
    retire_list(keeper, "recalled", "not needed")
    assert "recalled" not in current_lists()
    with pytest.raises(ConsoleError, match="is retired"):
        put(keeper, {"b": None}, seen=2)
    bring_back_list(keeper, "recalled")
    assert put(keeper, {"b": None}, seen=2).revision.number == 3


def test_who_may_act_at_once_changes_a_list_through_a_freeze(console, mall, asked):
    from aedile.console.strategies.releases import freeze

    now = datetime.now(UTC)
    freeze(mall.commander, now - timedelta(hours=1), now + timedelta(hours=1), "campaign day")
    put(mall.responder, {"0012345678905": None}, seen=2)
    assert len(newest_release(console).lists["recalled"]) == 2
