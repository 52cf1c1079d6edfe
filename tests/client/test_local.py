"""Does a decision in the caller's own process say what a server says?"""

from __future__ import annotations

import pytest

from aedile.client import Client, LocalClient
from aedile.engine.release import build_release
from aedile.errors import DataError
from tests.server.marked import REQUEST, shop, write_files


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A server, and the same release in this process."""
    root = tmp_path_factory.mktemp("local")
    files = write_files(root, 1)
    _, data = build_release(
        files.schema, files.strategies, files.lists, number=1, parent=None, author="tests", time="2026-11-24T08:00:00Z"
    )
    (root / "1.release").write_bytes(data)
    with (
        shop(workers=1) as one,
        Client(one.server.url, one.server.key, deadline=20.0) as remote,
        LocalClient(root / "1.release") as local,
    ):
        yield remote, local


@pytest.mark.parametrize("more", [{}, {"limit": 5}, {"limit": 5, "offset": 3}, {"shopper": None}])
def test_it_answers_as_a_server_does(both, more):
    remote, local = both
    asked = {name: value for name, value in {**REQUEST, **more}.items() if value is not None}
    assert local.decide(asked) == remote.decide(asked)


def test_it_explains_as_a_server_does(both):
    remote, local = both
    for id_ in ("item-1", "item-2"):
        assert local.explain(REQUEST, id_) == remote.explain(REQUEST, id_)


def test_what_is_wrong_is_the_same_error(both):
    said = set()
    for client in both:
        with pytest.raises(DataError) as caught:
            client.decide({**REQUEST, "market": "Indonesia"})
        said.add((caught.value.code.name, caught.value.message, caught.value.place.field))
    assert len(said) == 1


def test_both_name_the_release_that_decides(both):
    assert [client.release()["number"] for client in both] == [1, 1]
