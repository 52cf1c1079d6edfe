"""Which changed candidates, and which changed slates, should people look at?

Drawn by a hash of the request, so that the same are drawn wherever it runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.change import CHANGES, SAME, Changed
from aedile.backtest.logged import Logged
from aedile.backtest.outcomes import Followed
from aedile.engine.engine import Engine
from aedile.engine.many import Decided
from aedile.language.ir import Feature, walk
from aedile.language.values import format_timestamp, to_json

Numbers = npt.NDArray[np.int64]
#: So many features of a candidate are shown beside it.
MOST_VALUES = 16

ITEMS = pa.schema(
    [
        ("group", pa.string()), ("draw", pa.int64()), ("request", pa.string()), ("decided_at", pa.int64()),
        ("time", pa.string()), ("market", pa.string()), ("channel", pa.string()), ("kind", pa.string()),
        ("entity", pa.string()),
        ("rank_before", pa.int64()), ("rank_after", pa.int64()), ("multiplier_before", pa.float64()),
        ("multiplier_after", pa.float64()), ("shown_before", pa.bool_()), ("shown_after", pa.bool_()),
        ("exposures", pa.int64()), ("clicks", pa.int64()), ("orders", pa.int64()),
        ("acting_before", pa.list_(pa.string())), ("acting_after", pa.list_(pa.string())), ("values", pa.string()),
    ]
)  # fmt: skip
SLATES = pa.schema(
    [
        ("group", pa.string()), ("draw", pa.int64()), ("request", pa.string()), ("decided_at", pa.int64()),
        ("time", pa.string()), ("market", pa.string()), ("channel", pa.string()), ("slates", pa.string()),
    ]
)  # fmt: skip


def draws(ids: Sequence[str], seed: int) -> Numbers:
    """A number from 0 to 2^62 for each request, by its id."""
    salt = f"{seed}\0".encode()
    return np.array(
        [int.from_bytes(hashlib.blake2b(salt + id_.encode(), digest_size=8).digest()) >> 2 for id_ in ids], np.int64
    )


def is_drawn(drawn: Numbers, share: float) -> npt.NDArray[np.bool_]:
    """The requests in a share of all."""
    return drawn < int(share * 2**62)


def of_candidates(drawn: Numbers, owner: Numbers, starts: Numbers) -> Numbers:
    """A number for each candidate, from its request's and its place in it (the finaliser of SplitMix64)."""
    place = np.arange(len(owner)) - starts[owner]
    z = drawn[owner].astype(np.uint64) + (place.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Numbers = ((z ^ (z >> np.uint64(31))) >> np.uint64(2)).astype(np.int64)
    return found


class Sampler:
    """Keeps, of each kind of change, the candidates drawn lowest so far; those that cannot be kept are not made."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bound: dict[int, int] = {}

    def items(self, changed: Changed, drawn: Numbers) -> Numbers:
        """The candidates of a batch worth keeping."""
        found = []
        for kind in range(SAME):
            mine = np.flatnonzero(changed.kind == kind)
            mine = mine[drawn[mine] < self._bound.get(kind, 2**63 - 1)]
            if len(mine) > self._most:
                mine = _lowest(mine, drawn, self._most)
            if len(mine) and len(mine) == self._most:  # so many are lower: no later one above them is kept
                self._bound[kind] = min(self._bound.get(kind, 2**63 - 1), int(drawn[mine].max()) + 1)
            found.append(mine)
        return np.concatenate(found)

    def slates(self, rows: Numbers, drawn: Numbers) -> Numbers:
        """The changed requests of a batch worth keeping."""
        mine = rows[drawn[rows] < self._bound.get(-1, 2**63 - 1)]
        if len(mine) > self._most:
            mine = _lowest(mine, drawn, self._most)
        if len(mine) and len(mine) == self._most:
            self._bound[-1] = min(self._bound.get(-1, 2**63 - 1), int(drawn[mine].max()) + 1)
        return mine


def _lowest(mine: Numbers, drawn: Numbers, most: int) -> Numbers:
    return mine[np.argpartition(drawn[mine], most - 1)[:most]] if most else mine[:0]


def item_rows(
    places: Numbers,
    logged: Logged,
    changed: Changed,
    followed: Followed,
    drawn: Numbers,
    sides: tuple[tuple[Engine, Decided] | None, tuple[Engine, Decided]],
) -> pa.Table:
    """Rows of `ITEMS`. sides: engine and decisions before, None where the log says what was; and after."""
    requests, rows = logged.requests, []
    about = _about(logged)
    for place in places.tolist():
        request = int(requests.owner[place])
        before, after = (_acting(side, place) if side is not None else None for side in sides)
        kind = requests.kinds[requests.kind[place]]
        rows.append(
            {
                "group": CHANGES[changed.kind[place]], "draw": int(drawn[place]), **about(request), "kind": kind,
                "entity": requests.ids[place].as_py(),
                "rank_before": int(changed.before.rank[place]), "rank_after": int(changed.after.rank[place]),
                "multiplier_before": float(changed.before.multiplier[place]),
                "multiplier_after": float(changed.after.multiplier[place]),
                "shown_before": bool(changed.before.shown[place]), "shown_after": bool(changed.after.shown[place]),
                "exposures": int(followed.exposures[place]), "clicks": int(followed.clicks[place]),
                "orders": int(followed.orders[place]), "acting_before": before, "acting_after": after,
                "values": json.dumps(_values(logged, place, kind, sides[1][0], set(before or ()) ^ set(after or ()))),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=ITEMS)


def slate_rows(rows: Numbers, logged: Logged, changed: Changed, drawn: Numbers, first_places: int) -> pa.Table:
    """Rows of `SLATES`: the first places of what is answered before and after, side by side."""
    requests, about, found = logged.requests, _about(logged), []
    for row in rows.tolist():
        mine = slice(int(requests.starts[row]), int(requests.starts[row + 1]))
        ids = requests.ids.slice(mine.start, mine.stop - mine.start).to_pylist()
        told = {
            side: [
                {"entity": ids[at], "from": int(other.rank[mine][at]), "change": CHANGES[changed.kind[mine][at]]}
                for at in _first(places.rank[mine], places.shown[mine], first_places)
            ]
            for side, places, other in (
                ("before", changed.before, changed.after), ("after", changed.after, changed.before)
            )
        }  # fmt: skip
        found.append({"group": "slates", "draw": int(drawn[row]), **about(row), "slates": json.dumps(told)})
    return pa.Table.from_pylist(found, schema=SLATES)


def _first(rank: Numbers, shown: npt.NDArray[np.bool_], most: int) -> list[int]:
    there = np.flatnonzero(shown)
    order: list[int] = there[np.argsort(rank[there], kind="stable")][:most].tolist()
    return order


def _about(logged: Logged) -> Callable[[int], dict[str, Any]]:
    """Tells of a request, by its place in the batch, what it was."""
    table = logged.table

    def told(row: int) -> dict[str, Any]:
        return {
            "decided_at": int(logged.decided_at[row]),
            "request": str(table["request_id"][row].as_py()), "market": str(table["market"][row].as_py()),
            "channel": str(table["channel"][row].as_py()),
            "time": format_timestamp(int(logged.requests.features["request.time"].values[row])),
        }  # fmt: skip

    return told


def _acting(side: tuple[Engine, Decided], place: int) -> list[str]:
    engine, decided = side
    verdicts = decided.verdicts
    first, last = verdicts.fired_offsets[place], verdicts.fired_offsets[place + 1]
    acting = verdicts.fired[first:last][verdicts.acts[first:last]]
    return [engine.strategies[number].id for number in acting.tolist()]


def _values(logged: Logged, place: int, kind: str, engine: Engine, strategies: set[str]) -> dict[str, object]:
    """What was known at the time of the features that the strategies read which make the difference."""
    known = [s for s in engine.strategies if s.id in strategies and s.applies_to == kind]
    names = dict.fromkeys(node.name for s in known for node in walk(s.node) if isinstance(node, Feature))
    request = int(logged.requests.owner[place])
    values = {
        name: column.take(np.array([request])).to_python()[0] for name, column in logged.requests.features.items()
    }
    rows = engine.candidate_rows(kind, [logged.requests.ids[place].as_py()], values)
    told: dict[str, object] = {}
    for name in list(names)[:MOST_VALUES]:
        if name != "request.shopper":
            column = rows.column(name)
            told[name] = to_json(column.to_python()[0], column.type)
    return told
