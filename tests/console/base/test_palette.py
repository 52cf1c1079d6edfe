"""Does the palette find what a person may see, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.fixture
def find(actor_for: Make) -> Make:
    def of(person: Any, typed: str) -> list[tuple[str, str]]:
        from aedile.console.base.palette import search

        return [(one.kind, one.name) for one in search(actor_for(person), typed)]

    return of


def test_strategies_are_found_by_any_of_their_words(find: Make, make_person: Make, make_version: Make) -> None:
    make_version("toys-to-minors", title="No toys with small parts", markets=["ID"])
    make_version("toys-late", title="Late toys", markets=["US"])
    viewer = make_person("viewer", markets=["ID"])
    assert find(viewer, "SMALL toys") == [("strategy", "toys-to-minors")]
    assert find(viewer, "late") == []
    assert find(make_person(), "toys") == []


def test_releases_are_found_by_their_number_and_people_by_their_name(find: Make, make_person: Make) -> None:
    from aedile.console.base.acting import noted
    from aedile.console.strategies.models import PublishedRelease

    viewer = make_person("viewer")
    with noted("aedile", "cli", "release"):
        PublishedRelease.objects.create(number=41, digest="a" * 64)
    assert ("release", "41") in find(viewer, "41")
    assert ("release", "41") not in find(viewer, "4")
    assert find(viewer, "9" * 40) == [("request", "9" * 40)]  # so long a word may be a request, and is no release


def test_pages_are_found_in_the_language_of_the_viewer(browse: Make, make_person: Make) -> None:
    client = browse(make_person("viewer"))
    client.cookies["aedile_language"] = "id"
    page = client.get("/find?q=hari").content.decode()
    assert "Hari ini" in page
    assert 'role="option"' in page


def test_letters_that_mean_something_to_the_database_mean_themselves(find: Make, make_person: Make) -> None:
    viewer = make_person("viewer")
    for typed in ("%", "_", "\\", "'; drop table", "\x00", "a" * 5000):
        assert isinstance(find(viewer, typed), list)


def test_a_stranger_finds_nothing(browse: Make) -> None:
    assert browse().get("/find?q=a").status_code == 302
