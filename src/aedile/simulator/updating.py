"""Which features take another value on a day? Prices, scores, new listings, and how late shops send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.simulator.calendars import DAY, begin_of, seasons_on
from aedile.simulator.chance import Wholes
from aedile.simulator.judging import by_models
from aedile.simulator.known import Known
from aedile.simulator.market import SCORES
from aedile.simulator.scores import scores_of
from aedile.simulator.tables import fact_table

#: Of items, how many get another price a day, and of those, how many are scored anew.
PRICED, RESCORED = 0.015, 0.3
#: The rate of a shop is that of so many days, and is told after their last.
WEEK = 7


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """What changed on a day: facts by kind, and rows of items, sellers and contents."""

    facts: list[tuple[str, pa.Table]]
    items: Wholes
    sellers: Wholes


def change(known: Known, day: date) -> Changed:
    """What is other than the day before, from the first moment of the day on."""
    place, rng = known.place, known.place.chance("changes", day)
    begin = begin_of(day, place.market.zone)
    facts: list[tuple[str, pa.Table]] = []
    is_first = day == place.world.start  # the catalogue is of this very moment
    priced = np.flatnonzero(rng.random(len(place.items)) < (0.0 if is_first else PRICED))
    _price(known, priced, day, rng)
    facts.append(("feature_updates", _updates(known, "item", "price_minor", priced, known.price[priced], begin, day)))
    new = np.flatnonzero((place.items.listed >= begin) & (place.items.listed < begin + DAY))
    scored = priced[rng.random(len(priced)) < RESCORED]
    for name, truth in place.items.truths.items():
        fresh = scores_of(rng, place.world.policies[name], truth.is_violation[scored], truth.is_evading[scored])
        known.scores[name][scored] = fresh
        facts.append(("feature_updates", _updates(known, "item", SCORES[name], scored, fresh, begin, day)))
        both = np.concatenate((scored, new))
        at = np.concatenate((np.full(len(scored), begin), place.items.listed[new]))
        facts.append(("moderation_labels", by_models(known, name, both, at, day)))
    late = _late(known, day)
    rate = known.rate[late]
    facts.append(("feature_updates", _updates(known, "seller", "late_dispatch_rate", late, rate, begin, day)))
    return Changed(facts, np.unique(np.concatenate((priced, scored))), late)


def _price(known: Known, rows: Wholes, day: date, rng: np.random.Generator) -> None:
    """Prices go up and down by some per cent, and further down in a season's sales; in steps of the market."""
    step = 500 * 10**known.place.market.digits if known.place.market.rate > 1_000 else 10
    down = 0.85 if seasons_on(day, known.place.market) else 0.98
    other = known.price[rows] * down * np.exp(rng.normal(0, 0.06, len(rows)))
    known.price[rows] = np.maximum(np.round(other / step), 1).astype(np.int64) * step


def _late(known: Known, day: date) -> Wholes:
    """The shops whose rate is another after the week that ends with yesterday; `known.rate` then says so.

    Before the first day a shop's parcels were as even over the week as can be.
    """
    sellers = known.place.sellers
    number = (day - known.place.world.start).days
    if number == 0:
        return np.zeros(0, np.int64)
    left = max(0, WEEK - number) / WEEK
    sent, late = sellers.sent * left, sellers.sent_late * left
    for before in range(max(0, number - WEEK), number):
        sent = sent + known.sent.get(before, 0)
        late = late + known.late.get(before, 0)
    known.sent.pop(number - WEEK - 1, None)
    known.late.pop(number - WEEK - 1, None)
    rate = np.round(np.where(sent > 0, late / np.maximum(sent, 1e-9), np.nan), 4).astype(np.float64)
    changed = np.flatnonzero(~((rate == known.rate) | (np.isnan(rate) & np.isnan(known.rate))))
    known.rate = rate
    return changed


def _updates(
    known: Known, kind: str, feature: str, rows: Wholes, values: np.ndarray, begin: int, day: date
) -> pa.Table:  # fmt: skip
    """A fact an entity, at the first moment of the day."""
    place = known.place
    ids = (place.items if kind == "item" else place.sellers).ids.take(pa.array(rows))
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), np.bool_)
    said = pa.array([json.dumps(value) for value in values.tolist()], mask=missing)
    return fact_table("feature_updates", place.market, np.full(len(rows), begin), {
        "id": pc.binary_join_element_wise(ids, f"{day:%Y%m%d}", feature, "-"), "kind": kind, "entity": ids,
        "feature": feature, "value": said,
    })  # fmt: skip


def count_parcels(known: Known, is_late: np.ndarray, seller: Wholes, days: Wholes) -> None:
    """Note what shops send on each day, for their rates. days: of each parcel, from the first day; -1 for none."""
    for day in np.unique(days[days >= 0]).tolist():
        mine = days == day
        n = len(known.place.sellers)
        known.sent[day] = known.sent.get(day, 0) + np.bincount(seller[mine], minlength=n)
        known.late[day] = known.late.get(day, 0) + np.bincount(seller[mine & is_late], minlength=n)
