"""Which candidates does a channel offer for a request, with what score, and how much are they worth to the shopper?

What a candidate is worth is its relevance: the probability of a click by who looks at it. The caller's score guesses
it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aedile.simulator.chance import Flags, Reals, Wholes, logistic
from aedile.simulator.demand import Asked
from aedile.simulator.incidents import Planned
from aedile.simulator.items import BRANDS, HOT, UNSAFE, UNSAFE_CATEGORY, WAVE, WAVE_CATEGORY
from aedile.simulator.known import Known

#: A click by who looks: on the logit's scale, before taste, quality and price.
BASE = -2.35
#: How wrong the caller's score is, on the same scale.
NOISE = 0.6
#: Popular items are drawn more often: the place in a category is its size times u to this power.
POPULAR = 2.4
#: Of requests for the category of an incident, and of those without a query, in how many its items turn up.
TURN_UP, STRAY = 0.6, 0.06
_BRANDED = np.cumsum([3.0, 2.0, 1.5, 1.2, 1.0, 4.0]) / 12.7


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """Candidates of n requests, best first: rows of items, or of contents where `is_content`; -1 where there are fewer.

    worth: float64 (n, m), the relevance of each. score: as the caller says.
    """

    is_content: Flags
    rows: Wholes
    worth: Reals
    score: Reals

    def take(self, rows: Wholes) -> Offered:
        return Offered(self.is_content[rows], self.rows[rows], self.worth[rows], self.score[rows])

    def item_of(self, known: Known, request: Wholes, row: Wholes) -> Wholes:
        """The item behind a candidate of a request: itself, or what a content shows."""
        shown = known.place.contents.item[np.where(self.is_content[request], row, 0)]
        return np.where(self.is_content[request], shown, row)


def offer(known: Known, asked: Asked, rng: np.random.Generator) -> Offered:
    """The candidates of requests of any channels."""
    n, m = len(asked), known.place.world.candidates
    found = Offered(np.zeros(n, np.bool_), np.full((n, m), -1, np.int64), np.zeros((n, m)), np.full((n, m), -1.0))
    for number, (name, channel) in enumerate(known.place.world.channels.items()):
        rows = np.flatnonzero(asked.channel == number)
        if len(rows):
            part = (_contents if channel.kind == "content" else _items)(known, asked.take(rows), name, rng)
            width = part.rows.shape[1]
            found.is_content[rows] = part.is_content
            for all_, some in ((found.rows, part.rows), (found.worth, part.worth), (found.score, part.score)):
                all_[rows, :width] = some
    return found


def _items(known: Known, asked: Asked, channel: str, rng: np.random.Generator) -> Offered:
    """The items that one channel offers."""
    chosen = known.place.world.channels[channel]
    wide = known.place.world.candidates * (3 if channel in ("mall_search", "shop_ads") else 1)
    rows = _drawn(known, asked, wide, rng)
    _plant(known, asked, rows, rng)
    rows = _distinct(rows)
    there = (rows >= 0) & known.shown_from(rows, asked.at[:, None])
    items = known.place.items
    if channel == "mall_search":
        there &= known.place.sellers.is_mall[items.seller[rows]]
    if channel == "shop_ads":
        there &= ~np.isnan(items.ad_bid[rows])
    liking = _liking(known, asked, rows) + np.float32(BASE + chosen.appeal)
    lean = 1.4 * np.nan_to_num(items.ad_bid[rows]) if channel == "shop_ads" else None
    return _best(known, False, rows, there, liking, lean, rng)


def _contents(known: Known, asked: Asked, channel: str, rng: np.random.Generator) -> Offered:
    place, contents = known.place, known.place.contents
    m = place.world.candidates
    first = contents.cells[asked.category][:, None]
    size = (contents.cells[asked.category + 1] - contents.cells[asked.category])[:, None]
    rows = first + (size * rng.random((len(asked), 2 * m)) ** POPULAR).astype(np.int64)
    rows = _distinct(np.where(size > 0, rows, -1))
    shown = contents.item[rows]
    there = (rows >= 0) & known.shown_from(shown, asked.at[:, None]) & (contents.is_live[rows] == (channel == "live"))
    liking = 0.5 * _liking(known, asked, shown) + 1.2 * (contents.quality[rows] - 0.55)
    liking += np.float32(BASE + place.world.channels[channel].appeal) + 0.5 * contents.truth.is_violation[rows]
    return _best(known, True, rows, there, liking, None, rng)


def _drawn(known: Known, asked: Asked, wide: int, rng: np.random.Generator) -> Wholes:
    """Items of the category that is wanted, mostly of the brand that is meant, popular ones more often; -1 where a
    brand has none."""
    items, n = known.place.items, len(asked)
    brand = np.searchsorted(_BRANDED, rng.random((n, wide)))
    meant = (asked.brand[:, None] >= 0) & (rng.random((n, wide)) < 0.75)
    cell = asked.category[:, None] * BRANDS + np.where(meant, asked.brand[:, None], brand)
    size = items.cells[cell + 1] - items.cells[cell]
    rows = items.cells[cell] + (size * rng.random((n, wide)) ** POPULAR).astype(np.int64)
    return np.where(size > 0, rows, -1)


def _plant(known: Known, asked: Asked, rows: Wholes, rng: np.random.Generator) -> None:
    """Put the items of incidents among the candidates while they are on."""
    place = known.place
    parts = (("counterfeit_wave", WAVE, WAVE_CATEGORY), ("unsafe_product", UNSAFE, UNSAFE_CATEGORY))
    for name, part, category in parts:
        if name not in place.planned:
            continue
        one, mine = place.planned[name], np.flatnonzero(place.items.part == part)
        share = np.where(asked.category == category, TURN_UP, np.where(asked.query < 0, STRAY, 0.0)) * one.strength
        _put(rows, np.flatnonzero(_on(one, asked.at, name) & (rng.random(len(asked)) < share)), mine, 3, rng)
    if "hot_search" in place.planned:
        wanted = np.flatnonzero(asked.query == place.queries.hot)
        _put(rows, wanted, np.flatnonzero(place.items.part == HOT), 4, rng)


def _on(one: Planned, at: Wholes, name: str) -> Flags:
    """Whether the items of an incident are offered: those of an unsafe product were sold before its batch, too."""
    return np.asarray((at >= one.starts) & (at < one.ends)) if name != "unsafe_product" else np.ones(len(at), np.bool_)


def _put(rows: Wholes, into: Wholes, items: Wholes, most: int, rng: np.random.Generator) -> None:
    for place in range(min(most, rows.shape[1]) if len(items) else 0):
        rows[into, place] = items[rng.integers(0, len(items), len(into))]


def _distinct(rows: Wholes) -> Wholes:
    """Each candidate once a request; -1 in the place of the others."""
    rows = np.sort(rows, axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
    return rows


def _liking(known: Known, asked: Asked, items: Wholes) -> npt.NDArray[np.float32]:
    """How much a shopper likes items, on the logit's scale, around 0."""
    place, them = known.place, known.place.items
    taste = np.einsum("nmk,nk->nm", them.taste[items], place.shoppers.taste[asked.shopper])
    liking = taste + np.float32(1.8) * (them.quality[items] - np.float32(0.62))
    liking -= (place.shoppers.thrift[asked.shopper] * np.float32(0.8))[:, None] * (them.cost[items] - np.float32(0.42))
    liking += np.float32(0.7) * (them.brand[items] == asked.brand[:, None])
    liking += np.float32(0.5) * them.truths["LST-03"].is_violation[items]
    part = them.part[items]
    liking += np.where(part == WAVE, np.float32(1.0), np.float32(0.0)) + np.where(part >= UNSAFE, np.float32(1.3), 0)
    return np.asarray(liking, np.float32)


def _best(
    known: Known, is_content: bool, rows: Wholes, there: Flags, liking: npt.NDArray[np.float32], lean: Reals | None,
    rng: np.random.Generator,
) -> Offered:  # fmt: skip
    """The best candidates by the caller's score, best first. lean: what the caller adds to it."""
    guess = 0.9 * liking + NOISE * rng.standard_normal(liking.shape, np.float32)
    score = np.maximum(np.round(logistic(guess if lean is None else guess + lean), 6), 1e-6)
    score[~there] = -1.0
    order = np.argsort(-score, axis=1, kind="stable")[:, : known.place.world.candidates]
    rows, score = np.take_along_axis(np.where(there, rows, -1), order, 1), np.take_along_axis(score, order, 1)
    return Offered(
        np.full(len(rows), is_content), rows, logistic(np.take_along_axis(liking, order, 1).astype(np.float64)), score
    )
