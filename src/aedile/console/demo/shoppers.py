"""Who asks for decisions in the demo? Shoppers who type, find items, open and buy some, and come again.

They come through a real API key, and what they do is sent as facts.
"""

from __future__ import annotations

import json
import logging
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
from aedile.errors import ServerError
from aedile.language.schema import Schema
from aedile.search import make_requests
from aedile.simulator.traffic import arrivals
from aedile.simulator.visits import Offer, Visits

log = logging.getLogger("aedile.console.demo")
MARKETS = ("ID", "SA", "US")
#: Requests a second, and seconds between two times at which facts are sent.
RATE, SENDING = 10.0, 2.0
SCOPES = ["decide", "entities", "explain", "facts", "observe"]
_TEXTS = ("title", "supplier", "short_description")


def key_in(folder: Path, admin: Actor) -> str:
    """The shoppers' key, made on first use and kept where its owner alone may look."""
    path = folder / "demo-shoppers.key"
    if not path.exists():
        text, _ = make_server_key(admin, SCOPES, 365, note="the demo's shoppers")
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
    visits = Visits(_offers(folder), random.Random())  # noqa: S311  traffic, not secrets
    next_at = sent_at = time.monotonic()
    for pause, request in arrivals(asked, RATE, random.getrandbits(32)):
        next_at = max(next_at + pause, time.monotonic() - 1.0)
        time.sleep(max(0.0, next_at - time.monotonic()))
        if is_over():
            return
        answer = client.decide({**request, "time": _now()})
        if not answer.failed:
            visits.see(request, [placed.id for placed in answer.slate], _micros())
        if time.monotonic() > sent_at + SENDING:
            sent_at = time.monotonic()
            for kind, facts in visits.due(_micros()).items():
                _send(client, kind, facts)


def _send(client: Client, kind: str, facts: list[dict[str, Any]]) -> None:
    """Facts of a server that is away are lost: these shoppers do not wait for it."""
    try:
        client.put_facts(kind, facts)
    except ServerError as error:
        log.warning("%d %s were not taken in: %s", len(facts), kind, error)


def _offers(folder: Path) -> dict[str, Offer]:
    """What items cost, and who sells them."""
    table = pq.read_table(folder / "items.parquet", columns=["id", "price_cents", "supplier"])
    columns = (column.to_pylist() for column in table.columns)
    return {id_: Offer(price, "USD", supplier) for id_, price, supplier in zip(*columns, strict=True)}


def _micros() -> int:
    return time.time_ns() // 1_000


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
