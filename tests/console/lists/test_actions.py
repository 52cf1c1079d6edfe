"""Every change of a list is a revision with who and why; of two at once none is lost, and used lists are published."""

from __future__ import annotations

import threading

import psycopg
import pytest

from aedile.errors import ConsoleError
from aedile.language.lists import list_from_python
from tests.console.lists.conftest import entries_from, held


def edit(deed, said):
    from aedile.console.lists.merging import Deed, Edit

    return Edit(Deed(deed), entries_from(said))


def put(actor, name, said, *, seen=1, **kept):
    from aedile.console.lists.actions import edit_entries

    return edit_entries(actor, name, edit("put", said), seen=seen, **kept)


def test_a_list_begins_empty_and_knows_its_digest(console, make_list):
    made = make_list()
    assert (made.number, made.entries, made.digest) == (1, 0, list_from_python("x", {}).digest)
    assert held("recalled") == []


@pytest.mark.parametrize(
    ("name", "team", "meaning", "field"),
    [
        ("Recalled", "brand-protection", "x", "name"),
        ("a" * 101, "brand-protection", "x", "name"),
        ("recalled\n", "brand-protection", "x", "name"),
        ("recalled", "no-team", "x", "team"),
        ("recalled", "brand-protection", " ", "meaning"),
        ("recalled", "brand-protection", "x" * 501, "meaning"),
    ],
)
def test_a_list_needs_a_name_a_team_and_a_meaning(console, keeper, name, team, meaning, field):
    from aedile.console.lists.actions import create_list

    with pytest.raises(ConsoleError) as caught:
        create_list(keeper, name, team, meaning)
    assert caught.value.place.field == field


def test_a_name_is_taken_once(console, keeper, make_list):
    make_list()
    with pytest.raises(ConsoleError, match="already"):
        make_list()


def test_a_change_is_a_revision_with_author_note_and_what_came_and_went(console, keeper, make_list):
    from aedile.console.base.models import Entry

    make_list(entries={"a": None, "b": 5, "c": None})
    saved = put(keeper, "recalled", {"c": 7, "d": None}, note="recall of 3 November", seen=2)
    revision = saved.revision
    assert (revision.number, revision.entries, revision.expiring) == (3, 4, 2)
    assert (revision.added, revision.removed, revision.changed) == (1, 0, 1)
    assert (revision.author, revision.note) == (keeper.person, "recall of 3 November")
    assert revision.digest == list_from_python("x", {"a": None, "b": 5, "c": 7, "d": None}).digest
    assert held("recalled") == ["a", "b\t1970-01-01T00:00:00.000005Z", "c\t1970-01-01T00:00:00.000007Z", "d"]
    noted = Entry.objects.filter(subject="lists_revision").latest("seq")
    assert (noted.actor, noted.action, noted.why) == (keeper.person.email, "list.write", "recall of 3 November")
    assert noted.after["added"] == 1
    assert "chunks" not in noted.after


def test_what_changes_nothing_makes_no_revision(console, keeper, make_list):
    from aedile.console.lists.actions import edit_entries
    from aedile.console.lists.models import Revision

    make_list(entries={"a": None})
    for saved in (
        put(keeper, "recalled", {"a": None}, seen=2),
        edit_entries(keeper, "recalled", edit("remove", {"z": None}), seen=2),
        edit_entries(keeper, "recalled", edit("time", {"z": 5}), seen=2),
    ):
        assert saved.revision.number == 2
        assert not saved.counts.is_change
    assert Revision.objects.count() == 2


def test_two_who_add_at_once_lose_nothing_and_the_second_is_told(console, keeper, make_list):
    make_list(entries={"a": None})
    first = put(keeper, "recalled", {"b": None}, seen=2)
    second = put(keeper, "recalled", {"c": None}, seen=2)
    assert first.meanwhile == ()
    assert [one.number for one in second.meanwhile] == [3]
    assert held("recalled") == ["a", "b", "c"]


def test_many_who_add_at_the_same_moment_lose_nothing(console, keeper, make_list):
    from django.db import connections

    make_list()
    failed = []

    def add(number):
        try:
            put(keeper, "recalled", {f"{number}": None})
        except ConsoleError as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert held("recalled") == ["0", "1", "2", "3"]


def test_whoever_replaces_a_list_that_others_changed_is_asked(console, keeper, make_list):
    from aedile.console.lists.actions import replace_entries, restore_revision

    make_list(entries={"a": None})
    put(keeper, "recalled", {"b": None}, seen=2)
    for replace in (
        lambda: replace_entries(keeper, "recalled", entries_from({"z": None}), seen=2),
        lambda: restore_revision(keeper, "recalled", 1, seen=2),
    ):
        with pytest.raises(ConsoleError, match="was changed after you looked") as caught:
            replace()
        assert "revision 3 by" in caught.value.hint
    assert held("recalled") == ["a", "b"]


def test_an_earlier_revision_comes_back_as_a_new_one(console, keeper, make_list):
    from aedile.console.lists.actions import restore_revision
    from aedile.console.lists.content import revision_or_error

    make_list(entries={"a": None, "b": None})
    put(keeper, "recalled", {"c": None}, seen=2)
    saved = restore_revision(keeper, "recalled", 2, seen=3)
    assert (saved.revision.number, saved.revision.removed, saved.revision.note) == (4, 1, "back to revision 2")
    assert saved.revision.digest == revision_or_error("recalled", 2).digest
    assert held("recalled") == ["a", "b"]


def test_what_has_expired_goes_when_somebody_says_so(console, keeper, make_list):
    from aedile.console.lists.actions import remove_expired

    make_list(entries={"a": None, "b": 5, "c": 6})
    saved = remove_expired(keeper, "recalled", at=5, seen=2)
    assert saved.counts.removed == 1
    assert [line.split("\t")[0] for line in held("recalled")] == ["a", "c"]


def test_a_viewer_changes_no_list(console, make_person, actor_for, make_list):
    from aedile.console.lists import actions

    make_list(entries={"a": None})
    viewer = actor_for(make_person("viewer"))
    for act in (
        lambda: actions.create_list(viewer, "other", "brand-protection", "x"),
        lambda: actions.describe_list(viewer, "recalled", "brand-protection", "x"),
        lambda: actions.retire_list(viewer, "recalled", "x"),
        lambda: actions.bring_back_list(viewer, "recalled"),
        lambda: put(viewer, "recalled", {"z": None}, seen=2),
        lambda: actions.replace_entries(viewer, "recalled", entries_from({"z": None}), seen=2),
        lambda: actions.restore_revision(viewer, "recalled", 1, seen=2),
        lambda: actions.remove_expired(viewer, "recalled", at=5, seen=2),
    ):
        with pytest.raises(ConsoleError) as caught:
            act()
        assert caught.value.code.name == "AED-CON-001"
    assert held("recalled") == ["a"]


def test_no_revision_and_no_chunk_is_ever_changed(console, make_list):
    make_list(entries={"a": None})
    for statement in (
        "update lists_revision set note = 'x'", "delete from lists_revision",
        "update lists_chunk set data = 'x'", "delete from lists_chunk", "truncate lists_chunk cascade",
    ):  # fmt: skip
        with psycopg.connect(console.dsn) as connection, pytest.raises(psycopg.errors.RaiseException, match="never"):
            connection.execute(statement)


def test_chunks_that_stay_the_same_are_kept_once(console, keeper, make_list):
    from aedile.console.lists.chunks import MEAN
    from aedile.console.lists.models import Chunk, Revision

    make_list(entries={f"{n:06}": None for n in range(5 * MEAN)})
    before = Chunk.objects.count()
    put(keeper, "recalled", {"zzz": None}, seen=2)
    assert len(Revision.objects.first().chunks) == before >= 2
    assert Chunk.objects.count() == before + 1


def test_no_list_grows_beyond_what_is_allowed(console, keeper, make_list, monkeypatch):
    from aedile.console.lists import making
    from aedile.console.lists.actions import replace_entries

    make_list(entries={"a": None, "b": None})
    monkeypatch.setattr(making, "MAX_ENTRIES", 2)
    with pytest.raises(ConsoleError, match="would have 3 entries"):
        put(keeper, "recalled", {"c": None}, seen=2)
    with pytest.raises(ConsoleError, match="would have 3 entries"):
        replace_entries(keeper, "recalled", entries_from(dict.fromkeys("xyz")), seen=2)
    monkeypatch.setattr(making, "MAX_BYTES", 3)
    with pytest.raises(ConsoleError, match="more than 0 MiB"):
        replace_entries(keeper, "recalled", entries_from({"abcdef": None}), seen=2)
    with pytest.raises(ConsoleError, match="more than 0 MiB"):
        put(keeper, "recalled", {"b": 5}, seen=2)
    assert held("recalled") == ["a", "b"]
