"""What is listed in a market? Items by category and brand, with a price, a quality and a title.

Items lie in order of category, brand and popularity, so that a draw from a category is a range; their ids say nothing
of that order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.simulator.calendars import DAY, HOUR, begin_of
from aedile.simulator.chance import Flags, Reals, Wholes, chance, numbered, spread
from aedile.simulator.incidents import Planned
from aedile.simulator.parameters import Market, World
from aedile.simulator.sellers import Sellers
from aedile.simulator.violations import Truth, make_truth
from aedile.simulator.words import CATEGORIES

#: Places for brands in a category: those that it has, and one for none.
BRANDS = 6
TASTES = 8
#: Parts that items play in incidents.
PLAIN, WAVE, UNSAFE, HOT = 0, 1, 2, 3
NAMES = tuple(one.name for one in CATEGORIES)
WAVE_CATEGORY, UNSAFE_CATEGORY, HOT_CATEGORY = NAMES.index("handbags"), NAMES.index("chargers"), NAMES.index("kitchen")
_KNOWN = np.array([one.department in ("fashion", "beauty", "electronics") for one in CATEGORIES])


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """n items, by category, brand and popularity; of numbers in `seller`, `category`, `brand` and `twin_of`.

    cells: where the items of a (category, brand) begin. price: in minor units on the first day. listed: when. cost: how
    dear it is beside its category, on the logarithm's scale. twin_of: the item that it copies, -1 for none.
    """

    ids: pa.StringArray
    cells: Wholes
    category: npt.NDArray[np.int16]
    brand: npt.NDArray[np.int8]
    seller: Wholes
    price: Wholes
    cost: npt.NDArray[np.float32]
    quality: npt.NDArray[np.float32]
    taste: npt.NDArray[np.float32]
    listed: Wholes
    part: npt.NDArray[np.int8]
    twin_of: Wholes
    ad_bid: Reals
    reviews: Wholes
    rating: Reals
    truths: dict[str, Truth]

    def __len__(self) -> int:
        return len(self.ids)


def make_items(world: World, market: Market, sellers: Sellers, planned: dict[str, Planned], seed: int) -> Items:
    """The items of a market."""
    n, rng = world.count("items", market), chance(seed, market.code, "items")
    category = spread(rng, np.array([one.weight for one in CATEGORIES]), n)
    brand = spread(rng, np.array([3.0, 2.0, 1.5, 1.2, 1.0, 4.0]), n)
    seller = spread(rng, sellers.weight, n)
    part = _parts(n, planned)
    _cast(rng, part, category, brand, seller, len(sellers))
    quality = np.clip(sellers.quality[seller] + rng.normal(0, 0.12, n), 0.02, 0.99)
    liking = rng.standard_normal(n) + 2.0 * quality + 0.3 * np.log(sellers.weight[seller])
    order = np.lexsort((-liking, brand, category))
    category, brand, seller = category[order], brand[order], seller[order]
    part, quality = part[order], quality[order]
    truths = _truths(world, market, seed, sellers, category, brand, seller, part)
    fake = truths["IPR-02"].is_violation
    quality = np.where(fake | truths["LST-03"].is_violation, quality * 0.6, quality)
    cost, price = _prices(rng, market, category, brand, quality, fake)
    cells = np.searchsorted(category * BRANDS + brand, np.arange(len(CATEGORIES) * BRANDS + 1)).astype(np.int64)
    reviews = rng.poisson(np.exp(np.clip(0.6 * liking[order] + 1.0, -3, 6)))
    rating = np.clip(1.6 + 3.2 * quality + rng.normal(0, 0.4, n) / np.sqrt(1 + reviews), 1, 5)
    return Items(
        ids=numbered(f"{market.code.lower()}-i", rng.permutation(n), 8), cells=cells,
        category=category.astype(np.int16), brand=brand.astype(np.int8), seller=seller, price=price,
        cost=cost.astype(np.float32), quality=quality.astype(np.float32), taste=_tastes(rng, category),
        listed=_listed(rng, world, market, planned, part, sellers.tenure[seller]), part=part,
        twin_of=_twins(rng, truths["IPR-02"], category, brand),
        ad_bid=np.where(rng.random(n) < 0.25, np.round(rng.gamma(2.0, 0.12, n), 3), np.nan), reviews=reviews,
        rating=np.round(rating, 1), truths=truths,
    )  # fmt: skip


def _parts(n: int, planned: dict[str, Planned]) -> npt.NDArray[np.int8]:
    """Which items incidents need; they stand last until all are sorted."""
    part = np.full(n, PLAIN, np.int8)
    end = n
    for name, number, most in (("counterfeit_wave", WAVE, max(30, n // 500)), ("unsafe_product", UNSAFE, 4),
                               ("hot_search", HOT, 6)):  # fmt: skip
        if name in planned:
            part[max(0, end - most) : end] = number
            end -= most
    return part


def _cast(
    rng: np.random.Generator, part: npt.NDArray[np.int8], category: Wholes, brand: Wholes, seller: Wholes, n: int
) -> None:
    """Give the items of incidents what they need to be."""
    for number, where, what in ((WAVE, WAVE_CATEGORY, 0), (UNSAFE, UNSAFE_CATEGORY, 3), (HOT, HOT_CATEGORY, 2)):
        category[part == number], brand[part == number] = where, what
    wave = part == WAVE
    seller[wave] = n - 1 - rng.integers(0, min(12, n), int(wave.sum()))
    seller[part == UNSAFE] = n - 13 - np.arange(int((part == UNSAFE).sum())) % 2


def _truths(
    world: World, market: Market, seed: int, sellers: Sellers, category: Wholes, brand: Wholes, seller: Wholes,
    part: npt.NDArray[np.int8],
) -> dict[str, Truth]:  # fmt: skip
    crooked, ring = 1.0 + 14.0 * ~sellers.is_honest[seller], sellers.ring[seller] >= 0
    branded = (brand < BRANDS - 1) & _KNOWN[category]
    electric = np.isin(category, [NAMES.index(name) for name in ("chargers", "lighting", "toys", "kitchen", "baby")])
    weights = {
        "IPR-02": crooked * np.where(branded, 1.0, 0.02), "PSF-01": np.where(electric, 1.0, 0.05) * np.sqrt(crooked),
        "PRO-04": crooked, "LST-03": np.sqrt(crooked),
    }  # fmt: skip
    none = np.zeros(len(part), np.bool_)
    planted = {"IPR-02": part == WAVE, "PSF-01": part == UNSAFE}
    return {
        name: make_truth(world, name, market.code, seed, weights[name], ring, planted.get(name, none))
        for name, policy in world.policies.items() if policy.kind == "item"
    }  # fmt: skip


def _prices(
    rng: np.random.Generator, market: Market, category: Wholes, brand: Wholes, quality: Reals, fake: Flags
) -> tuple[Reals, Wholes]:
    """How dear each is beside its category, and its price in minor units: those of a market end alike."""
    low, high = (np.log([one.usd[end] for one in CATEGORIES])[category] for end in (0, 1))
    place = np.clip(0.42 + 0.16 * rng.standard_normal(len(category)) + 0.10 * (quality - 0.6), 0.0, 1.0)
    place = np.where(brand == 0, np.minimum(place + 0.18, 1.0), place)
    cost = np.where(fake, place - 0.30, place)
    usd = np.exp(low + np.maximum(cost, -0.1) * (high - low))
    local = usd * market.rate * (0.55 + 0.45 * market.income)
    if market.rate > 1_000:
        return cost, (np.maximum(np.round(local / 500) * 500, 500) * 10**market.digits).astype(np.int64)
    ends = {"DE": 99, "SA": 0}.get(market.code, 95)
    return cost, (np.maximum(np.round(local), 1) * 100 + ends - 100).clip(min=50).astype(np.int64)


def _tastes(rng: np.random.Generator, category: Wholes) -> npt.NDArray[np.float32]:
    centres = rng.standard_normal((len(CATEGORIES), TASTES)).astype(np.float32) * np.float32(0.5)
    return centres[category] + rng.standard_normal((len(category), TASTES), np.float32) * np.float32(0.6)


def _listed(
    rng: np.random.Generator, world: World, market: Market, planned: dict[str, Planned], part: npt.NDArray[np.int8],
    tenure: Wholes,
) -> Wholes:  # fmt: skip
    """Most were there before the first day, some come while it goes on, and those of a wave when it begins."""
    first = begin_of(world.start, market.zone)
    age = np.minimum(rng.exponential(200.0, len(part)), tenure + 0.5)
    listed = first - (age * DAY).astype(np.int64)
    new = (rng.random(len(part)) < 0.002 * world.days) & (part == PLAIN)
    listed[new] = first + rng.integers(0, world.days * DAY, int(new.sum()))
    if "counterfeit_wave" in planned:
        wave = part == WAVE
        listed[wave] = planned["counterfeit_wave"].starts + rng.integers(0, 6 * HOUR, int(wave.sum()))
    return np.asarray(listed, np.int64)


def _twins(rng: np.random.Generator, truth: Truth, category: Wholes, brand: Wholes) -> Wholes:
    """Listings that copy another of the same category and brand, nearly the most popular one."""
    twin_of = np.full(len(category), -1, np.int64)
    copies = np.flatnonzero(truth.evades == 2)
    firsts = np.searchsorted(category * BRANDS + brand, (category * BRANDS + brand)[copies])
    twin_of[copies] = np.minimum(firsts + rng.integers(0, 5, len(copies)), len(category) - 1)
    twin_of[twin_of == np.arange(len(category))] = -1
    return twin_of
