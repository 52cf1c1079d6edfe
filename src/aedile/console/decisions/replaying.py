"""By which release is a decision made again? Some that were used last stay compiled; one thread at a time uses them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from aedile.console.settings import HOME
from aedile.console.strategies.releases import raw_connection
from aedile.engine.release import Release
from aedile.engine.release_reader import ReleaseReader
from aedile.errors import ReleaseError
from aedile.store.publish import NO_RELEASE, lists_in
from aedile.store.published import Published
from aedile.store.replay import Replayer
from aedile.store.shelf import Shelf

#: Releases that stay compiled: two are compared at a time.
KEPT = 3
_LOCK = Lock()
_MADE: OrderedDict[tuple[int, str], Replayer] = OrderedDict()
_READER = ReleaseReader()


@contextmanager
def making_again(number: int) -> Iterator[Replayer]:
    """A release that decides again what was logged; a `ReleaseError` where it cannot be read any more."""
    with _LOCK:
        row = raw_connection().execute("select digest from published where kind = 'release' and number = %s", (number,))
        known = row.fetchone()
        key = number, known[0] if known is not None else ""
        if key not in _MADE:
            _MADE[key] = Replayer(_release(number))
            while len(_MADE) > KEPT:
                _MADE.popitem(last=False)
        _MADE.move_to_end(key)
        yield _MADE[key]


def _release(number: int) -> Release:
    """From the database, or where it is gone from there, from what the server holds on disk."""
    published, place = Published(raw_connection()), f"release {number}"
    found = published.get("release", number)
    if found is not None:
        return _READER.read(found.data, place, lists_in(published))
    shelf = Shelf(HOME.shelf)
    data = shelf.release_bytes(number)
    if data is None:
        raise ReleaseError(
            NO_RELEASE,
            f"there is no release {number} any more",
            hint="it is neither in the database nor on the server's disk",
            fix="choose another release",
        )
    return _READER.read(data, place, shelf.list_of)
