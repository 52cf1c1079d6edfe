"""What is true, and where is it told? In a folder of its own, which nobody who plays the marketplace may read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.simulator.behaviour import propensities
from aedile.simulator.calendars import MICRO
from aedile.simulator.contents import ROLES
from aedile.simulator.demand import Asked
from aedile.simulator.incidents import CAUSES, WHERE_SEEN, Planned
from aedile.simulator.items import HOT, UNSAFE, WAVE
from aedile.simulator.judging import MODELS
from aedile.simulator.known import Known
from aedile.simulator.market import Place
from aedile.simulator.parameters import World, to_yaml
from aedile.simulator.releases import AFTER, BEFORE, BROKEN, WITH, broken_text
from aedile.simulator.retrieval import Offered
from aedile.simulator.violations import EVASIONS
from aedile.simulator.voices import ring_members
from aedile.simulator.writing import write_table

_PARTS = {"counterfeit_wave": WAVE, "unsafe_product": UNSAFE, "hot_search": HOT}


def labels(place: Place) -> pa.Table:
    """Every violation of a market: what is not here breaks nothing. ring: of the seller, null for none."""
    found = []
    for policy, chosen in place.world.policies.items():
        truth = place.truth(policy)
        rows = np.flatnonzero(truth.is_violation)
        ids = (place.contents if chosen.kind == "content" else place.items).ids
        item = place.contents.item[rows] if chosen.kind == "content" else rows
        ring = place.sellers.ring[place.items.seller[item]]
        twin = place.items.twin_of[item]
        found.append(pa.table({
            "market": pa.repeat(place.market.code, len(rows)), "kind": pa.repeat(chosen.kind, len(rows)),
            "entity": ids.take(pa.array(rows)), "policy": pa.repeat(policy, len(rows)),
            "evasion": pa.array(EVASIONS).take(pa.array(truth.evades[rows].astype(np.int64))),
            "ring": pa.array(ring, mask=ring < 0), "twin_of": place.items.ids.take(pa.array(twin, mask=twin < 0)),
        }))  # fmt: skip
    return pa.concat_tables(found)


def items(place: Place) -> pa.Table:
    them = place.items
    return pa.table({
        "id": them.ids, "quality": them.quality, "cost": them.cost,
        "taste": pa.FixedSizeListArray.from_arrays(pa.array(them.taste.ravel()), them.taste.shape[1]),
    })  # fmt: skip


def sellers(place: Place) -> pa.Table:
    them = place.sellers
    return pa.table({
        "id": them.ids, "quality": them.quality, "is_honest": them.is_honest,
        "ring": pa.array(them.ring, mask=them.ring < 0), "late": them.late, "cancels": them.cancels,
    })  # fmt: skip


def creators(place: Place) -> pa.Table:
    them = place.creators
    roles = pa.array(ROLES).take(pa.array(them.role.astype(np.int64)))
    return pa.table({"id": them.ids, "role": roles, "talent": them.talent, "is_honest": them.is_honest})


def shoppers(place: Place) -> pa.Table:
    """By the ids that facts hold only as pseudonyms."""
    them = place.shoppers
    return pa.table({
        "id": them.ids, "thrift": them.thrift, "activity": them.activity,
        "taste": pa.FixedSizeListArray.from_arrays(pa.array(them.taste.ravel()), them.taste.shape[1]),
    })  # fmt: skip


def readers(place: Place) -> pa.Table:
    them = place.readers
    return pa.table({"judge": them.ids, "sensitivity": them.sensitivity, "specificity": them.specificity})


TABLES = {
    "labels": labels, "items": items, "sellers": sellers, "creators": creators, "shoppers": shoppers,
    "readers": readers,
}  # fmt: skip


def tell_worth(known: Known, folder: Path, asked: Asked, offered: Offered, ids: pa.StringArray, part: int) -> None:
    """For some requests, what every candidate is worth to the shopper, whether it was shown or not."""
    place = known.place
    share = place.world.told
    told = np.flatnonzero(place.chance("told", asked.day, part).random(len(asked)) < share)
    if not len(told):
        return
    request, column = np.nonzero(offered.rows[told] >= 0)
    request = told[request]
    is_content = offered.is_content[request]
    both = pa.concat_arrays([place.items.ids, place.contents.ids])
    entity = both.take(pa.array(offered.rows[request, column] + is_content * len(place.items)))
    table = pa.table({
        "request_id": ids.take(pa.array(request)),
        "kind": pa.array(["item", "content"]).take(pa.array(is_content.astype(np.int8))), "entity": entity,
        "worth": offered.worth[request, column],
    })  # fmt: skip
    where = folder / "worth" / f"date={asked.day}" / f"market={place.market.code}"
    write_table(table, where / f"sim-{asked.day:%Y%m%d}-{part:03d}.parquet")


def incidents(place: Place) -> list[dict[str, Any]]:
    """What was planted in a market, with its cause and time, and whom it concerns."""
    return [_incident(place, one) for one in place.planned.values()]


def _incident(place: Place, one: Planned) -> dict[str, Any]:
    found: dict[str, Any] = {
        "incident": one.name, "market": one.market, "starts": _text(one.starts), "ends": _text(one.ends),
        "strength": one.strength, "cause": CAUSES[one.name], "seen_in": WHERE_SEEN[one.name],
    }  # fmt: skip
    if one.name in _PARTS:
        rows = np.flatnonzero(place.items.part == _PARTS[one.name])
        found["items"] = place.items.ids.take(pa.array(rows)).to_pylist()
        of = np.unique(place.items.seller[rows])
        found["sellers"] = place.sellers.ids.take(pa.array(of)).to_pylist()
    if one.name == "hot_search":
        found["query"] = place.queries.texts[place.queries.hot].as_py()
    if one.name == "review_ring":
        shops, hired = ring_members(Known.at_first(place))
        found["sellers"] = place.sellers.ids.take(pa.array(shops)).to_pylist()
        found["shoppers"] = place.shoppers.ids.take(pa.array(hired)).to_pylist()
    if one.name == "carrier_failure":
        found["carrier"] = 0
    if one.name == "broken_strategy":
        found["strategy"] = BROKEN
        found["releases"] = {"before": BEFORE, "broken": WITH, "after": AFTER}
        found["text"] = broken_text(one.market)
    return found


def _text(at: int) -> str:
    return f"{np.datetime64(at // MICRO, 's')}Z"


def write_world(folder: Path, world: World, seed: int, planted: list[dict[str, Any]]) -> None:
    """What holds for all markets: the world, its seed, propensities, models and incidents."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "world.yaml").write_text(f"# seed: {seed}\n{to_yaml(world)}", "utf-8")
    theta = propensities(world)
    names = list(world.channels)
    write_table(pa.table({
        "channel": pa.array(names).take(pa.array(np.repeat(np.arange(len(names)), theta.shape[1]))),
        "position": np.tile(np.arange(1, theta.shape[1] + 1), len(names)), "looked": theta.ravel(),
    }), folder / "propensities.parquet")  # fmt: skip
    models = [{"policy": name, "judge": MODELS[name], "kind": one.kind, "prevalence": one.prevalence,
               "auc": one.model.auc, "auc_evading": one.model.auc_evading, "slope": one.model.slope,
               "shift": one.model.shift} for name, one in world.policies.items()]  # fmt: skip
    write_table(pa.Table.from_pylist(models), folder / "models.parquet")
    (folder / "incidents.json").write_text(json.dumps(planted, indent=1, ensure_ascii=False) + "\n", "utf-8")


def tell_truth(world: World, seed: int, places: Sequence[Place], folder: Path) -> None:
    """All that is true before the first shopper comes."""
    write_world(folder, world, seed, [one for place in places for one in incidents(place)])
    for name, table in TABLES.items():
        write_table(pa.concat_tables([table(place) for place in places]), folder / f"{name}.parquet")
