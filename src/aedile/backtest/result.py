"""What would have been different, told for people and machines?

A `Result` is the sum of all partials: its tables hold every row, its JSON the most telling ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.backtest.estimate import fairness, off_policy, standard_error
from aedile.backtest.notes import notes
from aedile.backtest.partial import KEYS, Partial, ordered
from aedile.backtest.plan import Plan
from aedile.backtest.sums import OF_REQUESTS
from aedile.backtest.tally import COUNTS, SUMS
from aedile.backtest.work import JOINT

#: Winners, losers, strategies and pairs that are told one by one.
MOST_TOLD = 25
REPLAY = "replay"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """plan: what was compared. tables: `requests`, `groups`, `money`, `strategies`, `pairs`, `items`, `slates`,
    `limits`, each in the order of its keys."""

    plan: Plan
    tables: Mapping[str, pa.Table]

    @classmethod
    def of(cls, plan: Plan, partial: Partial) -> Result:
        tables = {
            name: ordered(table, KEYS[name]) if name in KEYS else table
            for name, table in sorted(partial.tables.items())
        }
        return cls(plan, tables)

    def rows(self, name: str) -> list[dict[str, Any]]:
        table = self.tables.get(name)
        found: list[dict[str, Any]] = table.to_pylist() if table is not None else []
        return found

    def to_json(self) -> dict[str, Any]:
        """The result as JSON has it, the same for every way it was run."""
        places = self._places()
        return {
            "before": self.plan.before.name if self.plan.before is not None else "as logged",
            "after": self.plan.after.name,
            "by": list(self.plan.by),
            "requests": self._requests(),
            "total": _total(places),
            "by_market": _merged(places, "market"),
            "by_channel": _merged(places, "channel"),
            "by_market_and_channel": [_plain(place) for place in places],
            "groups": {by: self._group(by) for by in ("entity", *self.plan.by)},
            "strategies": self._strategies(),
            "pairs": self._pairs(),
            "items": [{**row, "values": json.loads(row["values"])} for row in map(_drawn, self.rows("items"))],
            "slates": [{**row, "slates": json.loads(row["slates"])} for row in map(_drawn, self.rows("slates"))],
            "limits": self.limits(),
            "examination": {"told": self.plan.examination.told, "assumed": "1 / place", "clip": self.plan.clip},
        }

    def limits(self) -> dict[str, Any]:
        """How many requests and candidates there were, and what was not known of how many of them."""
        counts = {row["what"]: row["count"] for row in self.rows("limits")}
        exposures = sum(row["exposures"] for row in self._of("place"))
        return {**counts, "notes": notes(self.plan, counts, exposures)}

    # ------------------------------------------------------------ requests

    def _requests(self) -> dict[str, Any]:
        rows = self.rows("requests")
        total = {name: sum(row[name] for row in rows) for name in OF_REQUESTS}
        compared = total["compared"]
        overlap = sum(row["overlap"] for row in rows)
        return {
            **total,
            "first_places": self.plan.first_places,
            "overlap": overlap / compared if compared else None,
        }

    def _places(self) -> list[dict[str, Any]]:
        """Every market and channel, with what was counted and estimated of it."""
        money = self._money("place")
        requests = {(row["market"], row["channel"]): row for row in self.rows("requests")}
        found = []
        for row in self._of("place"):
            market, _, channel = row["key"].partition(JOINT)
            own = requests.get((market, channel), {})
            told = {
                name: own.get(name, 0) for name in (*OF_REQUESTS, "overlap", "clicks_difference", "clicks_difference2")
            }
            found.append(_told({"market": market, "channel": channel}, {**row, **told}, money.get(row["key"], {})))
        return found

    # ------------------------------------------------------------ groups

    def _of(self, by: str) -> list[dict[str, Any]]:
        table = self.tables.get("groups")
        found: list[dict[str, Any]] = table.filter(pc.equal(table["by"], by)).to_pylist() if table is not None else []
        return found

    def _money(self, by: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        table = self.tables.get("money")
        for row in table.filter(pc.equal(table["by"], by)).to_pylist() if table is not None else ():
            found.setdefault(row["key"], {})[row["currency"]] = row
        return found

    def _group(self, by: str) -> dict[str, Any]:
        """Who wins and who loses attention, and how it is shared."""
        table = self.tables.get("groups")
        if table is None:
            return {"count": 0, "winners": [], "losers": [], "fairness": None}
        mine = table.filter(pc.equal(table["by"], by))
        before, after = (mine[f"attention_{side}"].to_numpy() for side in ("before", "after"))
        change = after - before
        order = np.argsort(change, kind="stable")
        losers = [at for at in order[:MOST_TOLD].tolist() if change[at] < -1e-12]
        winners = [at for at in order[::-1][:MOST_TOLD].tolist() if change[at] > 1e-12]
        money = self._money(by)

        def told(places: list[int]) -> list[dict[str, Any]]:
            rows = mine.take(pa.array(places, pa.int64())).to_pylist()
            return [_plain(_told({"key": row["key"]}, row, money.get(row["key"], {}))) for row in rows]

        return {
            "count": len(mine),
            "changed": int((np.abs(change) > 1e-12).sum()),
            "winners": told(winners),
            "losers": told(losers),
            "fairness": fairness((before, after), mine["relevance"].to_numpy()),
        }

    # ------------------------------------------------------------ strategies

    def _strategies(self) -> list[dict[str, Any]]:
        """The strategies whose part changed, and those that matter most where they were left out; the most first."""
        rows = self.rows("strategies")
        if self.plan.before is None:
            for row in rows:
                row |= {"fired_before": None, "acted_before": None, "excluded_before": None}

        def weight(row: dict[str, Any]) -> tuple[int, int, str]:
            moved = abs(row["acted_after"] - row["acted_before"]) if row["acted_before"] is not None else 0
            return -moved, -row["requests_changed"], row["strategy"]

        return [row for row in sorted(rows, key=weight) if row["fired_after"] or row["fired_before"]][: 4 * MOST_TOLD]

    def _pairs(self) -> list[dict[str, Any]]:
        rows = sorted(self.rows("pairs"), key=lambda row: (-row["candidates"], row["one"], row["other"]))
        return rows[:MOST_TOLD]


def _drawn(row: dict[str, Any]) -> dict[str, Any]:
    return {("change" if name == "group" else name): value for name, value in row.items() if name != "draw"}


def _told(place: dict[str, Any], row: dict[str, Any], money: dict[str, Any]) -> dict[str, Any]:
    """A row of sums: what was counted, what is at stake by replay, what is estimated off-policy."""
    told = {**place, **{name: row[name] for name in COUNTS}}
    told |= {name: row[name] for name in ("attention_before", "attention_after", "relevance")}
    told["replay"] = {
        "method": REPLAY,
        **{f"{what}_at_stake": row[f"{what}_at_stake"] for what in ("exposures", "clicks", "orders")},
        "gmv": {currency: sums["gmv"] for currency, sums in money.items()},
        "gmv_at_stake": {currency: sums["gmv_at_stake"] for currency, sums in money.items()},
    }
    told["off_policy"] = off_policy(row, money)
    if "requests" in row:
        told |= {name: row[name] for name in OF_REQUESTS}
        told["overlap"] = row["overlap"] / row["compared"] if row["compared"] else None
        told["off_policy"]["clicks_difference"] = row["clicks_difference"]
        told["off_policy"]["clicks_difference_error"] = standard_error(
            row["requests"], row["clicks_difference"], row["clicks_difference2"]
        )
    told["_sums"] = {name: row[name] for name in SUMS} | {
        name: row[name] for name in ("overlap", "clicks_difference", "clicks_difference2") if name in row
    }
    told["_money"] = money
    return told


def _total(places: list[dict[str, Any]]) -> dict[str, Any]:
    return _plain(_added(places)) if places else {}


def _merged(places: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    keys = dict.fromkeys(place[name] for place in places)
    return [_plain({name: key, **_added([p for p in places if p[name] == key])}) for key in keys]


def _added(places: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {name: sum(place[name] for place in places) for name in (*COUNTS, *OF_REQUESTS)}
    for name in (*SUMS, "overlap", "clicks_difference", "clicks_difference2"):
        row[name] = sum(place["_sums"][name] for place in places)
    money: dict[str, dict[str, Any]] = {}
    for place in places:
        for currency, sums in place["_money"].items():
            mine = money.setdefault(currency, dict.fromkeys(("gmv", "gmv_at_stake", "gmv_before", "gmv_after"), 0))
            for key in mine:
                mine[key] += sums[key]
    return _told({}, row, money)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}
