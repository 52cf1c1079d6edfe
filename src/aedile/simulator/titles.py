"""How is each item called? In the market's language, by its noun, brand, colour and model; some hide what they are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.simulator.chance import Wholes, chance, numbered
from aedile.simulator.evasion import disguised, ways_for
from aedile.simulator.items import BRANDS, Items
from aedile.simulator.parameters import Market
from aedile.simulator.words import ADJECTIVES, BAIT, CATEGORIES, COLOURS, FORBIDDEN

_SERIES = ("KX", "A", "Pro", "V", "M", "Lite", "S", "Neo")


def brands_of() -> pa.StringArray:
    """The brand of each (category, place); none at the last place."""
    return pa.array([brand for one in CATEGORIES for brand in (*one.brands, None)], pa.string())


def make_titles(items: Items, market: Market, seed: int) -> tuple[pa.StringArray, pa.StringArray]:
    """Titles, and brands as told: who disguises a title tells no brand."""
    language, rng, n = market.language, chance(seed, market.code, "titles"), len(items)
    source = np.where(items.twin_of >= 0, items.twin_of, np.arange(n))
    draws = [
        rng.integers(0, high, n)[source] for high in (3, len(ADJECTIVES[language]), len(COLOURS[language]), 8, 999)
    ]
    cell = items.category.astype(np.int64) * BRANDS + items.brand
    brands = brands_of()
    nouns = pa.array([noun for one in CATEGORIES for noun in one.nouns[language]])
    noun = _taken(nouns, items.category.astype(np.int64) * 2 + (draws[0] == 2))
    brand = pc.fill_null(brands.take(pa.array(cell)), "")
    model = pc.binary_join_element_wise(
        _taken(pa.array(_SERIES), draws[3]), pc.utf8_ltrim(numbered("", draws[4], 3), "0"), "-"
    )
    first, second = (brand, noun) if language in ("en", "de") else (noun, brand)
    words = (
        first,
        second,
        _taken(pa.array(ADJECTIVES[language]), draws[1]),
        _taken(pa.array(COLOURS[language]), draws[2]),
    )
    titles = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*words, model, " "))
    titles = pc.replace_substring(titles, "  ", " ")
    return _hidden(titles, brands, cell, items, market, rng)


def _taken(words: pa.StringArray, places: Wholes) -> pa.StringArray:
    return words.take(pa.array(places))


def _hidden(
    titles: pa.StringArray, brands: pa.StringArray, cell: Wholes, items: Items, market: Market, rng: np.random.Generator
) -> tuple[pa.StringArray, pa.StringArray]:
    """The titles that say too much, those that say what is forbidden, and those that hide it."""
    changed: dict[int, str] = {}
    told = cell.copy()
    names = brands.to_pylist()
    hides = {name: truth.evades == 1 for name, truth in items.truths.items()}
    bait = np.flatnonzero(items.truths["LST-03"].is_violation)
    for row, title in zip(bait.tolist(), titles.take(pa.array(bait)).to_pylist(), strict=True):
        changed[row] = f"{BAIT[market.language]} {title}"
    sold = np.flatnonzero(items.truths["PRO-04"].is_violation)
    words = FORBIDDEN[market.language]
    for row, number, way in zip(sold.tolist(), rng.integers(0, len(words), len(sold)).tolist(),
                                ways_for(rng, len(sold)).tolist(), strict=True):  # fmt: skip
        changed[row] = disguised(words[number], way if hides["PRO-04"][row] else 0)
    fakes = np.flatnonzero(hides["IPR-02"])
    for row, way, title in zip(fakes.tolist(), ways_for(rng, len(fakes)).tolist(),
                               titles.take(pa.array(fakes)).to_pylist(), strict=True):  # fmt: skip
        brand = names[cell[row]]
        if brand is not None:
            changed[row] = changed.get(row, title).replace(brand, disguised(brand, way))
            told[row] = BRANDS - 1
    if changed:
        rows = np.array(sorted(changed), np.int64)
        mask = np.zeros(len(items), np.bool_)
        mask[rows] = True
        titles = pc.replace_with_mask(titles, pa.array(mask), pa.array([changed[row] for row in rows.tolist()]))
    return titles, brands.take(pa.array(told))
