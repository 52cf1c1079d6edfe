"""Does every page of a list answer at once, however much there is? A fiftieth of it here, all where `SOAK` is set.

The bound holds for the quickest of some calls of all of it; with a fiftieth only what is slower by far is told, for
what else the machine does meanwhile is not the page's.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg

from bench.console_pages import BOUND, Size, ask, fill, make_lists
from tests.console.decisions.conftest import empty_log

__all__ = ["empty_log"]


def test_every_page_of_a_list_answers_at_once(empty_log: Any, console: Any, actor_for: Any) -> None:
    from aedile.console.base.history import verify

    soak = bool(os.environ.get("SOAK"))
    size, bound = Size.of(1 if soak else 0.02), BOUND if soak else 20 * BOUND
    looks = fill(console.dsn, size)
    make_lists(actor_for(looks["everywhere"]), size.entries)
    with psycopg.connect(console.dsn) as connection:
        assert verify(connection).entries > size.history
    slow = []
    for name, person in looks.items():
        asked = list(ask(person, size, with_lists=True, turns=4))
        assert len(asked) > 50
        slow += [f"for somebody {name}: {taken}" for taken in asked if taken.best > bound]
    assert not slow, "\n".join(slow)
