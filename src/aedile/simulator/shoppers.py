"""Who shops in a market, and what do they look for? Shoppers with tastes, and the texts that they type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.simulator.chance import Flags, Reals, Wholes, chance, numbered, spread
from aedile.simulator.items import BRANDS, HOT_CATEGORY, TASTES
from aedile.simulator.parameters import Market, World
from aedile.simulator.words import ADJECTIVES, CATEGORIES, COLOURS

FAVOURITES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Shoppers:
    """n shoppers. taste: beside items' tastes. thrift: how much a dear price puts them off. favourites: categories.
    activity: how often they come, beside others."""

    ids: pa.StringArray
    taste: npt.NDArray[np.float32]
    thrift: npt.NDArray[np.float32]
    favourites: npt.NDArray[np.int16]
    activity: Reals
    is_new: Flags

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """What is typed. brand: the place of the brand that is meant, -1 for any. hot: the one that an incident heats."""

    texts: pa.StringArray
    category: Wholes
    brand: Wholes
    popularity: Reals
    hot: int


def make_shoppers(world: World, market: Market, seed: int) -> Shoppers:
    n, rng = world.count("shoppers", market), chance(seed, market.code, "shoppers")
    return Shoppers(
        ids=numbered(f"{market.code.lower()}-u", rng.permutation(n), 7),
        taste=rng.standard_normal((n, TASTES), np.float32) * np.float32(0.35),
        thrift=rng.gamma(4.0, 0.35 / max(market.income, 0.1) ** 0.3, n).astype(np.float32),
        favourites=spread(rng, np.array([one.weight for one in CATEGORIES]), n * FAVOURITES)
        .reshape(n, FAVOURITES).astype(np.int16),
        activity=rng.gamma(0.6, 1.0, n) + 0.02, is_new=rng.random(n) < 0.12,
    )  # fmt: skip


def make_queries(market: Market, seed: int) -> Queries:
    """For each category its nouns, its brands, and nouns with a brand, a colour or another word."""
    language, rng = market.language, chance(seed, market.code, "queries")
    texts: dict[str, tuple[int, int, float]] = {}

    def add(text: str, category: int, brand: int, weight: float) -> None:
        texts.setdefault(text.lower().strip(), (category, brand, weight))

    for number, one in enumerate(CATEGORIES):
        for noun in one.nouns[language]:
            add(noun, number, -1, 6.0 * one.weight)
            for word in (*COLOURS[language][:4], *ADJECTIVES[language][3:7]):
                add(f"{noun} {word}", number, -1, 0.8 * one.weight)
            for place, brand in enumerate(one.brands[: BRANDS - 1]):
                add(f"{brand} {noun}", number, place, 2.0 * one.weight / (place + 1))
        for place, brand in enumerate(one.brands[: BRANDS - 1]):
            add(brand, number, place, 1.5 * one.weight / (place + 1))
    hot = next(i for i, (category, brand, _) in enumerate(texts.values()) if category == HOT_CATEGORY and brand == 2)
    found = list(texts.values())
    return Queries(
        pa.array(list(texts)), np.array([one[0] for one in found]), np.array([one[1] for one in found]),
        np.array([one[2] for one in found]) * rng.gamma(2.0, 0.5, len(found)), hot,
    )  # fmt: skip
