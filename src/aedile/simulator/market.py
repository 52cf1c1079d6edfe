"""What is there in one market before the first shopper comes? All its entities, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from aedile.simulator.calendars import begin_of
from aedile.simulator.chance import Reals, chance
from aedile.simulator.contents import (
    Campaigns,
    Contents,
    Creators,
    make_campaigns,
    make_contents,
    make_creators,
)
from aedile.simulator.incidents import Planned, plan
from aedile.simulator.items import Items, make_items
from aedile.simulator.parameters import Market, World
from aedile.simulator.readers import Readers, make_readers
from aedile.simulator.scores import scores_of
from aedile.simulator.sellers import Sellers, make_sellers
from aedile.simulator.shoppers import Queries, Shoppers, make_queries, make_shoppers
from aedile.simulator.titles import make_titles
from aedile.simulator.violations import Truth

#: Which feature holds a policy's score.
SCORES = {
    "IPR-02": "counterfeit_score", "PSF-01": "unsafe_score", "PRO-04": "prohibited_score",
    "LST-03": "misleading_score", "CNT-06": "misleading_score",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A market with everything in it, as it stands when the first day begins. scores: by policy."""

    world: World
    market: Market
    seed: int
    planned: dict[str, Planned]
    sellers: Sellers
    items: Items
    titles: pa.StringArray
    brands: pa.StringArray
    creators: Creators
    contents: Contents
    campaigns: Campaigns
    shoppers: Shoppers
    queries: Queries
    readers: Readers
    scores: dict[str, Reals]

    @property
    def first(self) -> int:
        """The first moment of the first day, in microseconds since 1970."""
        return begin_of(self.world.start, self.market.zone)

    def truth(self, policy: str) -> Truth:
        return self.contents.truth if policy == self.contents.truth.policy else self.items.truths[policy]

    def chance(self, *names: object) -> np.random.Generator:
        """The market's stream of random numbers of this name."""
        return chance(self.seed, self.market.code, *names)


def make_place(world: World, market: Market, seed: int) -> Place:
    """The market; the same world and seed make the same."""
    planned = plan(world, market)
    sellers = make_sellers(world, market, seed)
    items = make_items(world, market, sellers, planned, seed)
    titles, brands = make_titles(items, market, seed)
    creators = make_creators(world, market, seed)
    contents = make_contents(world, market, items, titles, creators, seed)
    truths = {**items.truths, contents.truth.policy: contents.truth}
    scores = {
        name: scores_of(
            chance(seed, market.code, "scores", name), world.policies[name], truth.is_violation, truth.is_evading
        )
        for name, truth in truths.items()
    }
    return Place(
        world, market, seed, planned, sellers, items, titles, brands, creators, contents,
        make_campaigns(world, market, seed), make_shoppers(world, market, seed), make_queries(market, seed),
        make_readers(world, market, seed), scores,
    )  # fmt: skip
