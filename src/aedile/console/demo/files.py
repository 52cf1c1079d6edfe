"""Which strategies does the demo begin with? The example of an electronics marketplace, with its dates moved to today.

In a wheel the example lies beside this file; in a checkout it is read where it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from aedile.console.strategies.body import Body, from_text
from aedile.simulator.electronics import make_electronics

#: The day on which the example plays.
ITS_DAY = date(2020, 6, 15)
ITEMS, SEED = 2_000, 1
_INSTALLED = Path(__file__).parent / "electronics"
_CHECKOUT = Path(__file__).parents[4] / "examples" / "electronics"
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Written:
    """A strategy of the example."""

    body: Body
    stage: str
    share: float | None


def folder() -> Path:
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def schema_text() -> str:
    return (folder() / "schema.yaml").read_text("utf-8")


def lists(today: date) -> Iterator[tuple[str, bytes]]:
    """Name and file of each list."""
    for path in sorted((folder() / "lists").glob("*.txt")):
        yield path.stem, moved(path.read_text("utf-8"), today).encode()


def strategies(today: date) -> list[Written]:
    """All of them, those first that others name."""
    found = {}
    for path in sorted((folder() / "strategies").rglob("*.yaml")):
        text = path.read_text("utf-8")
        body, stage, share = from_text(text, path.name)
        if "starts" in body or "expires" in body:  # the rest has examples that are true of any year
            body, stage, share = from_text(moved(text, today), path.name)
        found[str(body["id"])] = Written(body, stage or "live", share)
    return _ordered(found)


def _ordered(found: dict[str, Written]) -> list[Written]:
    done: dict[str, Written] = {}

    def put(id_: str) -> None:
        if id_ in found and id_ not in done:
            for named in _names(found[id_].body):
                put(named)
            done[id_] = found[id_]

    for id_ in found:
        put(id_)
    return list(done.values())


def _names(body: Body) -> list[str]:
    """The strategies that a strategy names."""
    action = body.get("action")
    exempt = action.get("exempt") if isinstance(action, dict) else None
    named = exempt.get("from") if isinstance(exempt, dict) else None
    return [*body.get("overrides", ()), *(named if isinstance(named, list) else ())]


def moved(text: str, today: date) -> str:
    """The text with every moment in it as far from today as it is from the example's day."""
    days = timedelta(days=(today - ITS_DAY).days)

    def move(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found[0].replace("Z", "+00:00")).astimezone(UTC) + days
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    return _MOMENT.sub(move, text)


def catalogue(today: date) -> tuple[pa.Table, list[str]]:
    """The items, released as long before today as in the example, and what shoppers type."""
    table, queries = make_electronics(ITEMS, SEED)
    days = timedelta(days=(today - ITS_DAY).days)
    place = table.schema.get_field_index("date_released")
    released = [_later(text, days) for text in table.column(place).to_pylist()]
    return table.set_column(place, table.schema.field(place), pa.array(released, pa.large_string())), queries


def _later(text: str | None, days: timedelta) -> str | None:
    if not text:
        return text
    return (date.fromisoformat(text[:10]) + days).isoformat() + text[10:]
