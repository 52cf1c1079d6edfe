"""Who makes videos and live streams, what do they show, and what campaigns are there?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.simulator.calendars import begin_of, seasons_on
from aedile.simulator.chance import Flags, Reals, Wholes, chance, numbered, spread
from aedile.simulator.items import Items
from aedile.simulator.parameters import Market, World
from aedile.simulator.violations import Truth, make_truth
from aedile.simulator.words import CATEGORIES, SHOWS

ROLES = ("host", "reviewer", "affiliate", "brand")


@dataclass(frozen=True, slots=True, eq=False)
class Creators:
    """n creators. role: a place of `ROLES`. talent: how well shoppers like what they make, 0 to 1."""

    ids: pa.StringArray
    role: npt.NDArray[np.int8]
    talent: Reals
    is_honest: Flags
    followers: Wholes
    tenure: Wholes

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """n contents, by category and popularity. item: what they show. cells: where the contents of a category begin."""

    ids: pa.StringArray
    cells: Wholes
    is_live: Flags
    creator: Wholes
    item: Wholes
    quality: npt.NDArray[np.float32]
    titles: pa.StringArray
    likes: Wholes
    truth: Truth

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Campaigns:
    """Campaigns, one a department and at least one on each day. department: the number of each category's."""

    ids: pa.StringArray
    names: list[str]
    categories: list[npt.NDArray[np.int64]]
    starts: Wholes
    ends: Wholes
    budget: Wholes


def make_creators(world: World, market: Market, seed: int) -> Creators:
    n, rng = world.count("creators", market), chance(seed, market.code, "creators")
    talent = rng.beta(4.0, 3.0, n)
    return Creators(
        ids=numbered(f"{market.code.lower()}-c", rng.permutation(n), 6),
        role=spread(rng, np.array([0.3, 0.3, 0.3, 0.1]), n).astype(np.int8), talent=talent,
        is_honest=rng.random(n) >= 0.08,
        followers=np.exp(rng.normal(6.0, 1.6, n) + 2 * talent).astype(np.int64),
        tenure=rng.integers(1, 2_000, n),
    )  # fmt: skip


def make_contents(
    world: World, market: Market, items: Items, titles: pa.StringArray, creators: Creators, seed: int
) -> Contents:
    """Contents about items, the more popular ones more often."""
    n, rng = world.count("contents", market), chance(seed, market.code, "contents")
    creator = spread(rng, np.log1p(creators.followers) ** 2, n)
    cell = spread(rng, np.maximum(np.diff(items.cells), 0).astype(np.float64), n)
    item = items.cells[cell] + (np.diff(items.cells)[cell] * rng.random(n) ** 2.5).astype(np.int64)
    quality = np.clip(creators.talent[creator] + rng.normal(0, 0.12, n), 0.02, 0.99)
    category = items.category[item].astype(np.int64)
    order = np.lexsort((-(quality + 0.1 * rng.standard_normal(n)), category))
    creator, item, quality, category = creator[order], item[order], quality[order], category[order]
    crooked = np.where(creators.is_honest[creator], 1.0, 10.0)
    none = np.zeros(n, np.bool_)
    truth = make_truth(world, "CNT-06", market.code, seed, crooked, none, none)
    said = pa.array(SHOWS[market.language]).take(pa.array(rng.integers(0, 6, n)))
    is_live = (rng.random(n) < 0.4) | (creators.role[creator] == 0)
    return Contents(
        ids=numbered(f"{market.code.lower()}-v", rng.permutation(n), 8),
        cells=np.searchsorted(category, np.arange(len(CATEGORIES) + 1)).astype(np.int64), is_live=is_live,
        creator=creator, item=item, quality=quality.astype(np.float32),
        titles=pc.binary_join_element_wise(said, titles.take(pa.array(item)), " "),
        likes=rng.poisson(np.exp(1.0 + 4.0 * quality)), truth=truth,
    )  # fmt: skip


def make_campaigns(world: World, market: Market, seed: int) -> Campaigns:
    """A campaign for each department, and one for each season of the calendar that falls into the days."""
    rng = chance(seed, market.code, "campaigns")
    departments = sorted({one.department for one in CATEGORIES})
    of = {name: np.array([i for i, one in enumerate(CATEGORIES) if one.department == name]) for name in departments}
    first, last = world.start, world.last
    names, categories, starts, ends = [], [], [], []
    for name in departments:
        names.append(f"{name} week")
        categories.append(of[name])
        starts.append(begin_of(first - timedelta(days=1), market.zone))
        ends.append(begin_of(last + timedelta(days=2), market.zone))
    days = [first + timedelta(days=number) for number in range(world.days)]
    for season in dict.fromkeys(one for day in days for one in seasons_on(day, market)):
        names.append(season.name)
        categories.append(np.concatenate([of[name] for name in season.departments or departments]))
        starts.append(begin_of(season.first, market.zone))
        ends.append(begin_of(season.last + timedelta(days=1), market.zone))
    return Campaigns(
        numbered(f"{market.code.lower()}-k", np.arange(1, len(names) + 1), 4), names, categories,
        np.array(starts, np.int64), np.array(ends, np.int64),
        (rng.gamma(2.0, 5_000.0, len(names)) * market.rate).astype(np.int64) * 10**market.digits,
    )  # fmt: skip
