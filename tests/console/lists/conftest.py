"""People who keep lists, and a mall whose strategies ask them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.console.strategies.conftest import mall

__all__ = ["mall"]


@pytest.fixture
def _no_files(console_home: Path) -> None:
    """What tests before this one left unanswered is gone."""
    for path in (console_home / "uploads").iterdir():
        path.unlink()


@pytest.fixture
def keeper(_no_files, make_person, actor_for) -> Any:
    """Somebody who may change lists."""
    return actor_for(make_person("strategist", team="brand-protection"))


@pytest.fixture
def make_list(keeper) -> Callable[..., Any]:
    """A list with these entries, until when each counts: `make_list("recalled", {"a": None})`; its newest revision."""

    def make(name: str = "recalled", entries: dict[str, int | None] | None = None) -> Any:
        from aedile.console.lists.actions import create_list, replace_entries

        made = create_list(keeper, name, "brand-protection", "What was recalled.")
        return replace_entries(keeper, name, entries_from(entries), seen=1).revision if entries else made

    return make


def entries_from(said: dict[str, int | None]) -> Any:
    import pyarrow as pa

    from aedile.console.lists.entries import entries_of
    from aedile.language.list_lines import NEVER

    ordered = sorted(said, key=str.encode)
    until = [NEVER if said[text] is None else said[text] for text in ordered]
    return entries_of(pa.array(ordered, pa.large_string()), pa.array(until, pa.int64()).to_numpy())


def held(name: str) -> list[str]:
    """The lines of the list's file."""
    from aedile.console.lists.content import entries_bytes, revision_or_error

    return entries_bytes(revision_or_error(name)).decode().splitlines()
