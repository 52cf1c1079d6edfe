"""A mall whose decisions are in the log: made by the console's own release, over entities in their log, as a worker
makes them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      title:     {type: string, meaning: Its headline.}
      price:     {type: double, unit: USD, meaning: What it costs.}
      seller_id: {type: string, meaning: Who sells it.}
  seller:
    meaning: Who sells.
    features:
      name: {type: string, meaning: What the shop is called.}
      late: {type: double, meaning: Share of parcels sent late.}
joins:
  - {from: item.seller_id, to: seller}
"""
ODD = 'é/<b>"\u202e\u05d0..%2F\u6f22'  # an id as outsiders may send it: markup, a slash, letters that run leftwards
ITEMS = {
    "dear": {"title": "A dear one", "price": 900.0, "seller_id": "shop-1"},
    "fake": {"title": "Not what it says", "price": 30.0, "seller_id": "shop-2"},
    "fair": {"title": "A fair one", "price": 20.0, "seller_id": "shop-1"},
    ODD: {"title": "<script>alert(1)</script>", "price": 150.0, "seller_id": "shop-2"},
}
HOUR = 3_600_000_000


def text(id_: str, condition: str, action: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": id_, "title": f"Title of {id_}", "why": "To test.", "owner": "search-quality", "tier": "quality",
        "applies_to": "item", "markets": ["ID", "MY"], "channels": ["all"], "condition": condition, "action": action,
        **changes,
    }  # fmt: skip


@dataclass
class Desk:
    """People, what they released, and what was decided by it. at: when each request was decided."""

    author: Any
    approver: Any
    admin: Any
    at: dict[str, int] = field(default_factory=dict)

    def live(self, id_: str, condition: str, action: dict[str, Any], *, stage: str = "live", **changes: Any) -> Any:
        from aedile.console.strategies.actions import advance, approve, create_draft, submit

        version = submit(self.author, create_draft(self.author, text(id_, condition, action, **changes)), reach=0.01)
        approve(self.approver, version)
        return advance(self.author, version, stage)

    def decide(self, requests: Iterable[dict[str, Any]], *, in_full: bool = True, at: int | None = None) -> None:
        """Decide and log by the current release, as a worker does; `at` is the first, a millisecond between two."""
        from aedile.console.settings import HOME
        from aedile.console.strategies.live import current_engine
        from aedile.engine.decide import Decider
        from aedile.engine.requests import parse_request
        from aedile.server.recorder import Recorder
        from aedile.store.decision_detail import detail_of
        from aedile.store.pseudonyms import Pseudonyms
        from aedile.store.replay import keeper_of
        from aedile.wire.answers import answer_bytes

        first = at if at is not None else time.time_ns() // 1000
        with current_engine() as running:
            engine, number = running.engine, running.number
            recorder, keeper = Recorder(HOME, number, queue=1000), keeper_of(running.release)
            recorder.begin(engine.strategies)
            decider = Decider(engine)
            for place, said in enumerate(requests):
                now = first + place * 1000
                request = parse_request(json.dumps(said), engine.schema)
                decision = decider.decide(request, with_unknown=False)
                shopper = Pseudonyms(HOME.secrets).of(request.shopper, now) if request.shopper else None
                detail = detail_of(
                    request, engine.store, release=number, digest=running.digest, decided_at=now, counters=[],
                    muted=(), shopper=shopper, outcomes=keeper.outcomes(decider.values(request)),
                    answer=answer_bytes(decision, engine.strategies, number),
                ) if in_full else None  # fmt: skip
                recorder.record(decision, number, shopper, now, detail)
                self.at[request.id] = now
            recorder.close()

    def address(self, request_id: str, *more: str, **said: str) -> str:
        from django.urls import reverse

        return reverse(more[0] if more else "decision", args=[self.at[request_id], request_id, *more[1:]])


def request(id_: str, market: str = "ID", *ids: str, **more: Any) -> dict[str, Any]:
    scored = [{"id": one, "score": float(10 - place)} for place, one in enumerate(ids or ITEMS)]
    return {
        "id": id_, "market": market, "channel": "search", "time": "2026-11-24T08:00:00Z", "shopper": "ann-the-shopper",
        "query": "handbag <i>", "candidates": scored, **more,
    }  # fmt: skip


def put(kind: str, rows: dict[str, dict[str, Any]]) -> None:
    from aedile.console.settings import HOME
    from aedile.language.schema import parse_schema
    from aedile.server.entities import accept_put
    from aedile.server.http import NDJSON
    from aedile.store.entity_log import EntityLog

    body = "\n".join(json.dumps({"id": id_, **row}) for id_, row in rows.items()).encode()
    log = EntityLog(HOME.entities_log)
    try:
        accept_put(kind, body, NDJSON, parse_schema(SCHEMA), log, 1000)
    finally:
        log.close()


@pytest.fixture
def empty_log(console) -> Iterator[Any]:
    """A home without decisions and entities, before and after."""
    from aedile.console.settings import HOME
    from aedile.console.strategies import live

    def clear() -> None:
        live.forget()
        for folder in (HOME.journal, HOME.decisions, HOME.shelf, HOME.workers):
            shutil.rmtree(folder)
        for path in HOME.root.glob("entities.sqlite*"):
            path.unlink()
        HOME.prepare()

    clear()
    yield HOME
    clear()


@pytest.fixture
def desk(empty_log, make_person, actor_for) -> Desk:
    """A release of three strategies: one excludes, one demotes, one watches."""
    from aedile.console.strategies.actions import enter_schema

    made = Desk(
        actor_for(make_person("strategist", team="search-quality")), actor_for(make_person("approver")),
        actor_for(make_person("admin")),
    )  # fmt: skip
    enter_schema(made.admin, SCHEMA)
    put("item", ITEMS)
    put("seller", {"shop-1": {"name": "One", "late": 0.01}, "shop-2": {"name": "Two", "late": 0.4}})
    made.live("fake-exclude", "item.price < 50.0 && seller.late > 0.3", {"exclude": {}})
    made.live("dear-demote", "item.price > 100.0", {"demote": {"factor": 0.1}})
    made.live("fair-watch", "item.price < 25.0", {"boost": {"factor": 2.0}}, stage="shadow")
    return made
