"""Who asks for decisions in the demo? Shoppers who type, find items, and come again, through a real API key."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aedile.client.http import Client
from aedile.console.accounts.actor import Actor
from aedile.console.accounts.server_keys import make_server_key
from aedile.console.demo.files import catalogue
from aedile.engine.entities import read_entities
from aedile.engine.entity_batches import batches_of
from aedile.language.schema import Schema
from aedile.search import make_requests
from aedile.simulator.traffic import arrivals

MARKETS = ("ID", "SA", "US")
#: Requests a second.
RATE = 10.0
_TEXTS = ("title", "supplier", "short_description")


def key_in(folder: Path, admin: Actor) -> str:
    """The shoppers' key, made on first use and kept where its owner alone may look."""
    path = folder / "demo.key"
    if not path.exists():
        text, _ = make_server_key(admin, ["decide", "entities", "explain", "observe"], 365, note="the demo's shoppers")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    return path.read_text().strip()


def write_requests(folder: Path, today: date) -> None:
    """The catalogue, and what is found in it for each query; made once."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if (folder / "requests.ndjson").exists():
        return
    table, queries = catalogue(today)
    pq.write_table(table, folder / "items.parquet")
    asked = list(
        make_requests(
            folder / "items.parquet", queries, text_columns=_TEXTS, markets=MARKETS, time=_now(), limit=60,
            everywhere=True,
        )
    )  # fmt: skip
    (folder / "request.json").write_text(json.dumps({**asked[0], "id": "try-me"}, indent=1))
    aside = folder / ".requests"
    aside.write_text("".join(json.dumps(request) + "\n" for request in asked))
    aside.rename(folder / "requests.ndjson")


def put_items(client: Client, folder: Path, schema: Schema) -> int:
    """Tell the server what is known of the items; how many there are."""
    items = read_entities(folder / "items.parquet", "item", schema)
    count = 0
    for table in batches_of(items, 1_000):
        count += _put(client, table)
    return count


def _put(client: Client, table: pa.Table) -> int:
    return int(client.put_entities("item", table)["accepted"])


def ask_for_ever(client: Client, folder: Path, is_over: Callable[[], bool]) -> None:
    """Ask as shoppers do, at random moments, until it is over."""
    with (folder / "requests.ndjson").open() as file:
        asked: list[dict[str, Any]] = [json.loads(line) for line in file]
    next_at = time.monotonic()
    for pause, request in arrivals(asked, RATE, random.getrandbits(32)):
        next_at = max(next_at + pause, time.monotonic() - 1.0)
        time.sleep(max(0.0, next_at - time.monotonic()))
        if is_over():
            return
        client.decide({**request, "time": _now()})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
