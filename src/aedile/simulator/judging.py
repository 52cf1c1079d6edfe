"""Who judges what on a day, and what follows? Models label what they score, people a sample; what they condemn goes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from aedile.simulator.calendars import HOUR, begin_of
from aedile.simulator.chance import Flags, Wholes, numbered
from aedile.simulator.known import Known
from aedile.simulator.tables import fact_table

#: A model says that something breaks its policy from this score on.
SURE = 0.5
#: Of what people condemn, how much is taken down; the rest is warned of.
TAKEN_DOWN = 0.75
MODELS = {
    "IPR-02": "counterfeit-v1", "PSF-01": "unsafe-v1", "PRO-04": "prohibited-v1", "LST-03": "misleading-v1",
    "CNT-06": "claims-v1",
}  # fmt: skip


def by_models(known: Known, policy: str, rows: Wholes, at: Wholes, day: date) -> pa.Table:
    """What the policy's model says of entities that it scored at these moments."""
    place, scores = known.place, known.scores[policy][rows]
    ids = place.contents.ids if place.world.policies[policy].kind == "content" else place.items.ids
    return fact_table("moderation_labels", place.market, at, {
        "id": numbered(f"{place.market.code.lower()}-m-{policy}-{day:%Y%m%d}-", np.arange(len(rows)), 7),
        "kind": place.world.policies[policy].kind, "entity": ids.take(pa.array(rows)), "policy": policy,
        "is_violation": scores >= SURE, "by": "model", "judge": MODELS[policy], "score": scores,
    })  # fmt: skip


def by_people(known: Known, day: date) -> tuple[pa.Table, pa.Table]:
    """Labels of a day by people, and what follows from them: (labels, penalties). Removals are noted in `known`.

    Half and more of the items are chosen by score, each policy's highest that were not chosen before; the others are
    drawn evenly.
    """
    place, rng, readers = known.place, known.place.chance("people", day), known.place.readers
    policies = list(place.items.truths)
    total = max(len(policies), round(place.world.readers.share * len(place.items)))
    parts = []
    for number, name in enumerate(policies):
        k = -(-total // len(policies))
        chosen = _chosen(known, name, round(k * place.world.readers.chosen), day)
        drawn = rng.integers(0, len(place.items), k - len(chosen))
        mine = np.unique(np.concatenate((chosen, drawn)))
        mine = mine[known.shown_from(mine, np.full(len(mine), begin_of(day, place.market.zone)))]
        parts.append((np.full(len(mine), number), mine))
    policy, item = (np.concatenate(one) for one in zip(*parts, strict=True))
    at = begin_of(day, place.market.zone) + ((9 + 8 * rng.random(len(item))) * HOUR).astype(np.int64)
    order = np.argsort(at, kind="stable")
    policy, item, at = policy[order], item[order], at[order]
    true = np.stack([place.items.truths[name].is_violation for name in policies])[policy, item]
    who = rng.integers(0, len(readers), len(item))
    says = readers.judge(rng, who, true)
    ids = numbered(f"{place.market.code.lower()}-p-{day:%Y%m%d}-", np.arange(len(item)), 6)
    named = pa.array(policies).take(pa.array(policy))
    labels = fact_table("moderation_labels", place.market, at, {
        "id": ids, "kind": "item", "entity": place.items.ids.take(pa.array(item)), "policy": named,
        "is_violation": says, "by": "person", "judge": readers.ids.take(pa.array(who)),
    })  # fmt: skip
    return labels, _penalties(known, ids, named, item, at, says, rng)


def _chosen(known: Known, policy: str, k: int, day: date) -> Wholes:
    """The items of the k highest scores; those of each day follow those of the day before."""
    skip = (day - known.place.world.start).days * k
    scores = known.scores[policy]
    most = min(len(scores), skip + k)
    top = np.argpartition(-scores, most - 1)[:most]
    return top[np.lexsort((top, -scores[top]))][skip:most]


def _penalties(
    known: Known, ids: pa.StringArray, named: pa.StringArray, item: Wholes, at: Wholes, says: Flags,
    rng: np.random.Generator,
) -> pa.Table:  # fmt: skip
    place = known.place
    rows = np.flatnonzero(says)
    goes = rng.random(len(rows)) < TAKEN_DOWN
    when = at[rows] + HOUR + (rng.random(len(rows)) * 2 * HOUR).astype(np.int64)
    known.removed[item[rows[goes]]] = np.minimum(known.removed[item[rows[goes]]], when[goes])
    taken, removal = pa.array(rows), goes.astype(np.int8)
    return fact_table("penalties", place.market, when, {
        "id": ids.take(taken), "kind": "item", "entity": place.items.ids.take(pa.array(item[rows])),
        "seller": place.sellers.ids.take(pa.array(place.items.seller[item[rows]])), "policy": named.take(taken),
        "penalty": pa.array(["warning", "removal"]).take(pa.array(removal)),
        "points": pa.array([1, 4]).take(pa.array(removal)),
    })  # fmt: skip
