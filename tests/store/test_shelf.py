"""Does the shelf hold what was put there, whole, and point to nothing else?"""

from __future__ import annotations

import hashlib
import json

import pytest

from aedile.engine.release import MANIFEST, _zip
from aedile.errors import StoreError
from aedile.store.shelf import KEPT, Current, Pointer, Shelf


def release(number, **lists):
    return _zip({MANIFEST: json.dumps({"number": number, "lists": lists}).encode()})


def digest_of(text):
    return hashlib.sha256(text).hexdigest()


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "published").mkdir()
    return Shelf(tmp_path / "published")


def test_before_anything_is_there_nothing_holds(shelf):
    assert shelf.current() == Current()
    assert shelf.stamp() is None
    assert shelf.release_bytes(1) is None


def test_what_is_put_there_holds_from_when_it_is_pointed_to(shelf):
    pointer = shelf.put("release", 1, release(1))
    assert shelf.current() == Current()
    shelf.point(Current(release=pointer))
    first = shelf.stamp()
    assert shelf.read("release", shelf.current().release) == release(1)
    shelf.point(Current(release=shelf.put("release", 2, release(2))))
    assert shelf.stamp() != first


def test_what_is_damaged_or_missing_is_told(shelf):
    pointer = shelf.put("keys", 1, b"{}")
    for wrong in (Pointer(1, "0" * 64), Pointer(2, pointer.sha256)):
        with pytest.raises(StoreError) as caught:
            shelf.read("keys", wrong)
        assert caught.value.code.name == "AED-STORE-030"
    (shelf.folder / "current.json").write_text("{")
    with pytest.raises(StoreError):
        shelf.current()


def test_old_releases_go_and_with_them_lists_that_only_they_named(shelf):
    old, new = b"a\n", b"b\n"
    for number in range(1, KEPT + 2):
        entries = old if number == 1 else new
        shelf.put_list(digest_of(entries), entries)
        shelf.point(Current(release=shelf.put("release", number, release(number, mine=digest_of(entries)))))
    assert shelf.release_bytes(1) is None
    assert shelf.release_bytes(2) is not None
    assert not shelf.has_list(digest_of(old))
    assert shelf.list_of("mine", digest_of(new)) == new
    with pytest.raises(StoreError):
        shelf.list_of("mine", digest_of(old))


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_list_is_named_by_a_digest_and_nothing_else(shelf, digest):
    with pytest.raises(ValueError, match="digest"):
        shelf.put_list(digest, b"")


def test_only_its_owner_reads_it(shelf):
    shelf.point(Current(release=shelf.put("release", 1, release(1))))
    assert all(path.stat().st_mode & 0o077 == 0 for path in shelf.folder.rglob("*"))
