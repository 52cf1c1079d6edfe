"""A small mall in the console: a schema, two teams, people who write, approve and respond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      title:  {type: string, meaning: Its headline.}
      price:  {type: double, unit: USD, meaning: What it costs.}
      gtin:   {type: string, meaning: The number of the trade item.}
"""


def body(id_: str = "dear-demote", **changes: Any) -> dict[str, Any]:
    """A strategy's text as data."""
    return {
        "id": id_, "title": "What is dear is shown later", "why": "Nobody buys it.", "owner": "search-quality",
        "tier": "quality", "applies_to": "item", "markets": ["ID"], "channels": ["search"],
        "condition": "item.price > 100.0", "action": {"demote": {"factor": 0.5}},
        "examples": [{"given": {"item.price": 200.0}, "market": "ID", "channel": "search", "fires": True}],
        **changes,
    }  # fmt: skip


@dataclass(frozen=True)
class Mall:
    """Actors by role, and what they do most often."""

    admin: Any
    author: Any
    colleague: Any
    approver: Any
    second: Any
    responder: Any
    commander: Any

    def draft(self, id_: str = "dear-demote", **changes: Any) -> Any:
        from aedile.console.strategies.actions import create_draft

        return create_draft(self.author, body(id_, **changes))

    def proposed(self, id_: str = "dear-demote", *, reach: float | None = 0.01, **changes: Any) -> Any:
        from aedile.console.strategies.actions import submit

        return submit(self.author, self.draft(id_, **changes), reach=reach)

    def approved(self, id_: str = "dear-demote", **changes: Any) -> Any:
        from aedile.console.strategies.actions import approve

        version = self.proposed(id_, **changes)
        approve(self.approver, version)
        return version

    def live(self, id_: str = "dear-demote", **changes: Any) -> Any:
        from aedile.console.strategies.actions import advance

        return advance(self.author, self.approved(id_, **changes), "live")


@pytest.fixture
def mall(make_person, actor_for) -> Mall:
    from aedile.console.strategies.actions import enter_schema

    def person(role: str, team: str | None = None) -> Any:
        return actor_for(make_person(role, team=team))

    made = Mall(
        person("admin"), person("strategist", "search-quality"), person("strategist", "search-quality"),
        person("approver"), person("approver"), person("responder"), person("commander"),
    )  # fmt: skip
    make_person("strategist", team="brand-protection")
    enter_schema(made.admin, SCHEMA)
    return made


@pytest.fixture
def running(console):
    """What the newest release holds: strategy id → (stage, share)."""

    def read() -> dict[str, tuple[str, float | None]]:
        import psycopg

        from aedile.engine.release_reader import ReleaseReader
        from aedile.store.publish import lists_in
        from aedile.store.published import Published

        with psycopg.connect(console.dsn) as connection:
            published = Published(connection)
            current = published.current("release")
            assert current is not None
            release = ReleaseReader().read(current.data, "release", lists_in(published))
        return {one.id: (one.stage, one.share) for one in release.manifest.strategies}

    return read
