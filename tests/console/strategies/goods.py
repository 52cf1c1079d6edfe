"""A catalogue in the log of entities, and the schema it is read by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      title:     {type: string, meaning: Its headline.}
      category:  {type: string, meaning: Where it stands in the shop.}
      price:     {type: double, unit: USD, meaning: What it costs.}
      stock:     {type: int, meaning: How many there are.}
      official:  {type: bool, meaning: Whether the brand itself sells it.}
      tags:      {type: list(string), meaning: Words that sellers give it.}
      listed_at: {type: timestamp, meaning: Since when it is listed.}
      score:     {type: double, meaning: How likely it is counterfeit., freshness: 24h}
      heat:      {type: double, meaning: How it sells this hour., source: request}
      seller_id: {type: string, meaning: Who sells it.}
  seller:
    meaning: Who sells.
    features:
      age:  {type: duration, meaning: Time since the shop opened.}
      name: {type: string, meaning: What it is called.}
  request:
    features:
      budget: {type: double, meaning: What the shopper spends.}
joins:
  - {from: item.seller_id, to: seller}
"""


def put(rows: Iterable[Mapping[str, Any]], kind: str = "item", schema: str = SCHEMA) -> None:
    """Put entities as a service would: through the log that the server writes."""
    from aedile.console.settings import HOME
    from aedile.language.schema import parse_schema
    from aedile.server.entities import accept_put
    from aedile.server.http import NDJSON
    from aedile.store.entity_log import EntityLog

    log = EntityLog(HOME.entities_log)
    try:
        body = "\n".join(json.dumps(row) for row in rows).encode()
        accept_put(kind, body, NDJSON, parse_schema(schema), log, 1_000_000)
    finally:
        log.close()


def withdraw(ids: Iterable[str], kind: str = "item") -> None:
    from aedile.console.settings import HOME
    from aedile.language.schema import parse_schema
    from aedile.server.entities import accept_delete
    from aedile.store.entity_log import EntityLog

    log = EntityLog(HOME.entities_log)
    try:
        accept_delete(kind, json.dumps({"ids": list(ids)}).encode(), parse_schema(SCHEMA), log, 1_000_000)
    finally:
        log.close()


CATEGORIES = ("bags", "shoes", "toys", "phones")


def items(count: int) -> list[dict[str, Any]]:
    """Items in which every feature but the id is missing now and then."""
    found = []
    for number in range(count):
        row: dict[str, Any] = {
            "id": f"item-{number:04d}", "title": f"{CATEGORIES[number % 4]} no. {number}",
            "category": CATEGORIES[number % 4], "price": float(number), "stock": number % 7,
            "official": number % 3 == 0, "tags": ["sale"] if number % 2 else ["new", "sale"],
            "listed_at": f"2026-01-{1 + number % 28:02d}T00:00:00Z", "score": (number % 10) / 10,
            "seller_id": f"seller-{number % 5}",
        }  # fmt: skip
        for place, name in enumerate(("title", "category", "price", "stock", "official", "score", "seller_id")):
            if number % 11 == place:
                del row[name]
        found.append(row)
    return found


SELLERS = [{"id": f"seller-{number}", "age": f"{number * 1000}h", "name": f"Shop {number}"} for number in range(4)]
