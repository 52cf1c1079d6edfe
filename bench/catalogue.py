"""Which items does the benchmark's catalogue hold?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench import features as f

NOW = 1_795_608_000_000_000
"""2026-11-25T12:00:00Z in microseconds: requests fall into the month after it, listings into the three years before."""
DAY = 86_400_000_000

Catalogue = dict[str, pa.Array]


def make_catalogue(n: int, seed: int = 2) -> Catalogue:
    """n items: `id` (large_string) and the item's 20 features by full name.

    Strings are dictionaries of int32 over large_string, times timestamp[us, UTC] and duration[us]; about one value in
    twenty is null in the features that may be missing.
    """
    rng = np.random.default_rng([seed, 0])
    drawn = _numbers(rng, n) | _texts(rng, n) | _others(rng, n)
    catalogue: Catalogue = {"id": item_ids(np.arange(n))}
    for feature in f.ITEM_FEATURES:
        absent = rng.random(n) < feature.missing if feature.missing else None
        catalogue[feature.name] = _with_nulls(drawn[feature.name], absent)
    return catalogue


def item_ids(numbers: npt.NDArray[np.int64]) -> pa.LargeStringArray:
    """[7] → ["item-000000007"]."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 9, "0")
    return pc.binary_join_element_wise("item", digits, "-").cast(pa.large_string())


def _numbers(rng: np.random.Generator, n: int) -> dict[str, Any]:
    discount = np.where(rng.random(n) < 0.5, 0.0, rng.beta(2, 6, n))
    return {
        "item.price": np.round(rng.lognormal(3.2, 1.1, n), 2),
        "item.discount": np.round(discount, 3),
        "item.rating": np.round(1 + 4 * rng.beta(8, 2, n), 2),
        "item.counterfeit_score": rng.beta(0.6, 6, n),
        "item.return_rate": rng.beta(1.2, 20, n),
        "item.late_rate": rng.beta(1, 12, n),
        "item.quality": rng.beta(4, 3, n),
        "item.stock": np.floor(rng.lognormal(3, 1.6, n)).astype(np.int64),
        "item.reviews": np.floor(rng.lognormal(2.2, 1.9, n)).astype(np.int64),
        "item.ship_days": rng.geometric(0.18, n).astype(np.int64),
    }


def _texts(rng: np.random.Generator, n: int) -> dict[str, Any]:
    brand = np.minimum(rng.zipf(1.3, n) - 1, len(f.BRANDS) * 50) % len(f.BRANDS)
    return {
        "item.category": _dictionary(_skewed(rng, n, len(f.CATEGORIES), 1.5), f.CATEGORIES),
        "item.brand": _dictionary(brand, f.BRANDS),
        "item.colour": _dictionary(_skewed(rng, n, len(f.COLOURS), 1.5), f.COLOURS),
        "item.country": _dictionary(_skewed(rng, n, len(f.COUNTRIES), 2.0), f.COUNTRIES),
        "item.condition": _dictionary(_skewed(rng, n, len(f.CONDITIONS), 2.5), f.CONDITIONS),
    }


def _others(rng: np.random.Generator, n: int) -> dict[str, Any]:
    listed = NOW - (rng.beta(1, 2, n) * 1095 * DAY).astype(np.int64) // 1_000_000 * 1_000_000
    warranty = rng.choice(np.array([0, 30, 90, 180, 365, 730]), n) * DAY
    lengths = rng.integers(0, 6, n)
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    tags = _dictionary(_skewed(rng, int(offsets[-1]), len(f.TAGS), 2.0), f.TAGS)
    return {
        "item.official": rng.random(n) < 0.15,
        "item.video": rng.random(n) < 0.4,
        "item.tags": pa.LargeListArray.from_arrays(offsets, tags.cast(pa.large_string())),
        "item.listed_at": pa.array(listed).cast(pa.timestamp("us", "UTC")),
        "item.warranty": pa.array(warranty).cast(pa.duration("us")),
    }


def _skewed(rng: np.random.Generator, n: int, values: int, power: float) -> npt.NDArray[np.int64]:
    # Low codes are common: the code is a power of a uniform number.
    return np.floor(values * rng.random(n) ** power).astype(np.int64)


def _dictionary(codes: npt.NDArray[np.int64], texts: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), pa.array(texts, pa.large_string()))


def _with_nulls(values: Any, absent: npt.NDArray[np.bool_] | None) -> pa.Array:
    if absent is None:
        return values if isinstance(values, pa.Array) else pa.array(values)
    if isinstance(values, pa.DictionaryArray):
        indices = pc.if_else(pa.array(absent), None, values.indices)
        return pa.DictionaryArray.from_arrays(indices, values.dictionary)
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return pc.if_else(pa.array(absent), pa.scalar(None, array.type), array)
