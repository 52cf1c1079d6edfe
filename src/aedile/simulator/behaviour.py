"""What do shoppers look at, open and put into their carts?

Position-based (Craswell et al. 2008): who scrolls to place k looks at it with probability k ** -steepness of the
channel, whatever is there; who looks opens with the probability that the candidate is worth. So clicks are looks times
worth, and both are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedile.simulator.calendars import MICRO
from aedile.simulator.chance import Flags, Reals, Wholes
from aedile.simulator.deciding import Slates
from aedile.simulator.demand import Asked
from aedile.simulator.known import Known
from aedile.simulator.parameters import World
from aedile.simulator.retrieval import Offered

#: Of clicks: how many become carts, and of carts, how many an order; more for what is good, fewer for what is dear.
CARTS, ORDERS = 0.26, 0.55


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """n exposures. request: the place of its request. row: of the item or content. looked: how likely it was looked at,
    looks: whether it was."""

    request: Wholes
    position: Wholes
    row: Wholes
    at: Wholes
    looked: Reals
    worth: Reals
    looks: Flags
    clicks: Flags

    def __len__(self) -> int:
        return len(self.request)


@dataclass(frozen=True, slots=True, eq=False)
class Bought:
    """n carts. exposure: the place of the exposure that led there. item: its row. ordered: whether."""

    exposure: Wholes
    item: Wholes
    at: Wholes
    quantity: Wholes
    ordered: Flags

    def __len__(self) -> int:
        return len(self.exposure)


def propensities(world: World) -> Reals:
    """How likely each place of each channel is looked at by who scrolls to it: (channels, places)."""
    places = np.arange(1, world.limit + 1, dtype=np.float64)
    return np.stack([places**-channel.steepness for channel in world.channels.values()])


def depths(rng: np.random.Generator, n: int, limit: int) -> Wholes:
    """How many places each shopper scrolls to; `demand.shown_a_request` says the mean."""
    return 6 + rng.poisson(min(9.0, 0.45 * limit), n)


def show(rng: np.random.Generator, world: World, asked: Asked, offered: Offered, slates: Slates) -> Shown:
    """What becomes of the pages."""
    request = np.repeat(np.arange(len(asked)), np.diff(slates.offsets))
    position = np.arange(len(request)) - slates.offsets[request] + 1
    seen = position <= depths(rng, len(asked), world.limit)[request]
    place, request, position = slates.places[seen], request[seen], position[seen]
    worth = offered.worth[request, place]
    looked = propensities(world)[asked.channel[request], position - 1]
    looks = rng.random(len(place)) < looked
    clicks = looks & (rng.random(len(place)) < worth)
    at = asked.at[request] + 150_000 + position * 350_000 + rng.integers(0, 250_000, len(place))
    return Shown(request, position, offered.rows[request, place], at, looked, worth, looks, clicks)


def buy(rng: np.random.Generator, known: Known, asked: Asked, shown: Shown, items: Wholes) -> Bought:
    """What goes into carts. items: the row of the item behind each exposure."""
    clicked = np.flatnonzero(shown.clicks)
    thrift = known.place.shoppers.thrift[asked.shopper[shown.request[clicked]]]
    quality = known.place.items.quality[items[clicked]]
    dear = np.clip(1.25 - 0.4 * thrift * known.place.items.cost[items[clicked]], 0.2, 1.4)
    carted = clicked[rng.random(len(clicked)) < CARTS * dear * (0.5 + 0.8 * quality)]
    at = shown.at[carted] + (20 + rng.exponential(60.0, len(carted)).astype(np.int64)) * MICRO
    ordered = rng.random(len(carted)) < ORDERS * (0.6 + 0.6 * known.place.items.quality[items[carted]])
    quantity = 1 + rng.poisson(0.15, len(carted))
    return Bought(carted, items[carted], at, quantity, ordered)
