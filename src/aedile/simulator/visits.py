"""What do shoppers do with what they are shown, where nothing is known of them but what they ask?

For a small live load: facts of one answer after the other, by the model of a whole marketplace: a place is looked at
with its channel's propensity, and who looks opens with the probability that the item is worth, which follows from its
id alone. Nothing here knows the time: whoever plays it says it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from aedile.simulator.parameters import CHANNELS

#: Of clicks, how many become carts, and of carts, how many an order.
CARTS, ORDERS = 0.3, 0.5
#: The worth of items, from the least to the most.
WORTH = (0.04, 0.3)
_MICRO = 1_000_000
Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a fact says of an item: its price in minor units, the currency, and who sells it."""

    amount: int
    currency: str
    seller: str


def worth_of(item: str) -> float:
    """How likely who looks at an item opens it."""
    low, high = WORTH
    return low + (high - low) * (zlib.crc32(item.encode()) % 1_000) / 1_000


@dataclass(slots=True)
class Visits:
    """Shoppers who see answers, and their facts until they are due."""

    offers: Mapping[str, Offer]
    rng: Random
    _waiting: list[tuple[int, str, Fact]] = field(default_factory=list)

    def see(self, request: Mapping[str, Any], page: Sequence[str], now: int) -> None:
        """Show a page to who asked. now: microseconds since 1970."""
        base = {name: request[name] for name in ("market", "channel", "shopper")} | {"request_id": request["id"]}
        base["session_id"] = f"{request['shopper']}-{now // (3_600 * _MICRO)}"
        query = {"query_id": request["id"]} if request.get("query") else {}
        if query:
            self._add("searches", now, {
                **base, **query, "id": request["id"], "user_query": request["query"], "query_response_hit_ids": [*page],
                "hits": len(request["candidates"]), "object_id_field": "item_id", "application": "demo",
            })  # fmt: skip
        channel = CHANNELS[request["channel"]]
        for position, item in enumerate(page[: 6 + self.rng.randrange(16)], 1):
            at, looked = now + position * 350_000, position**-channel.steepness
            told = {"examined": looked} if channel.told else {}
            shown = {**base, **query, "id": f"{request['id']}-{position}", "kind": "item", "entity": item,
                     "position": position}  # fmt: skip
            self._add("exposures", at, {**shown, **told})
            if self.rng.random() < looked * worth_of(item):
                self._open(at + 1_500_000, shown, item, base, query)

    def _open(self, at: int, shown: Fact, item: str, base: Fact, query: Fact) -> None:
        self._add("clicks", at, shown)
        offer = self.offers.get(item)
        if offer is None or self.rng.random() >= CARTS:
            return
        line = {**base, "id": shown["id"], "item": item, "seller": offer.seller, "quantity": 1,
                "amount": offer.amount, "currency": offer.currency}  # fmt: skip
        at += self.rng.randrange(10, 40) * _MICRO
        self._add("carts", at, line)
        if self.rng.random() < ORDERS:
            at += self.rng.randrange(20, 60) * _MICRO
            order = {"order_id": f"o-{shown['id']}", "line": 1}
            self._add("orders", at, {**line, **query, **order})
            paid = {"id": f"{shown['id']}-paid", "market": base["market"], **order, "step": "paid", "by": "shopper",
                    "seller": offer.seller, "amount": offer.amount, "currency": offer.currency}  # fmt: skip
            self._add("order_steps", at + 20 * _MICRO, paid)

    def _add(self, kind: str, at: int, fact: Fact) -> None:
        moment = datetime.fromtimestamp(at / _MICRO, UTC).isoformat().replace("+00:00", "Z")
        self._waiting.append((at, kind, {**fact, "at": moment}))

    def due(self, now: int) -> dict[str, list[Fact]]:
        """What has happened by now, by kind, and waits no longer."""
        found: dict[str, list[Fact]] = {}
        waiting, self._waiting = self._waiting, []
        for at, kind, fact in waiting:
            if at <= now:
                found.setdefault(kind, []).append(fact)
            else:
                self._waiting.append((at, kind, fact))
        return found
