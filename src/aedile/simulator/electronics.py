"""What would an electronics catalogue look like, and what would its shoppers type?

A small generated one with the columns of a real one, for examples and tests where no real data is at hand. It is
plausible at a glance, not statistically: nothing should be concluded from its numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.errors import UsageError, define
from aedile.simulator.electronics_lines import FIXED, LINES, SERIES, Fixed, Line

BAD_SIZE = define(
    "AED-USE-070", "A catalogue of this size cannot be generated.", "aedile simulate electronics --items 0"
)

MAX_ITEMS = 1_000_000
SCHEMA = pa.schema(
    {
        "id": pa.large_string(),
        "title": pa.large_string(),
        "name": pa.large_string(),
        "short_description": pa.large_string(),
        "supplier": pa.large_string(),
        "price_cents": pa.int64(),
        "date_released": pa.large_string(),
        "attrs": pa.large_string(),
    }
)

#: The catalogue is that of the middle of 2020.
_FIRST, _LAST = date(2003, 1, 1), date(2020, 6, 10)
#: One item in so many came out in the last half-year.
_RECENT = 5


def make_electronics(items: int, seed: int) -> tuple[pa.Table, list[str]]:
    """A catalogue of so many items (`SCHEMA`), and the distinct queries of its shoppers.

    The same `items` and `seed` give the same catalogue; a larger one begins with the rows of a smaller one. Raises
    `UsageError` where `items` is not in 1 to 1,000,000 or `seed` is negative.
    """
    if not 1 <= items <= MAX_ITEMS or seed < 0:
        raise UsageError(
            BAD_SIZE,
            f"a catalogue of {items:,} items with seed {seed} cannot be generated",
            fix=f"ask for 1 to {MAX_ITEMS:,} items and a seed of 0 or more",
        )
    rows = [row for row, _ in zip(_rows(np.random.default_rng(seed)), range(items), strict=False)]
    queries = dict.fromkeys(query for line in LINES for query in line.queries)
    typed = (f"{fixed.brand} {fixed.name}".lower() for fixed in FIXED)
    return pa.Table.from_pylist(rows, SCHEMA), [*queries, *typed]


def _rows(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Rows without end: the fixed products, then drawn ones."""
    number = 0
    for number, fixed in enumerate(FIXED, 1):
        yield _fixed(number, fixed)
    shares = np.cumsum([line.weight for line in LINES])
    while True:
        number += 1
        drawn = int(rng.integers(shares[-1]))
        yield _drawn(number, LINES[int(np.searchsorted(shares, drawn, side="right"))], rng)


def _fixed(number: int, fixed: Fixed) -> dict[str, Any]:
    released = date.fromisoformat(fixed.released)
    description = f"{fixed.name}, {fixed.words}, one of the best known of its kind"
    return _row(number, fixed.brand, fixed.name, fixed.words, description, fixed.cents, released, fixed.sheet)


def _drawn(number: int, line: Line, rng: np.random.Generator) -> dict[str, Any]:
    def one_of(options: tuple[Any, ...]) -> Any:
        return options[int(rng.integers(len(options)))]

    brand, words = one_of(line.brands), one_of(line.words)
    name = f"{one_of(SERIES)} {int(rng.integers(10, 1000)) * 10}"
    low, high = np.log(line.cents)
    cents = int(np.exp(rng.uniform(low, high)) / 100) * 100 + 95
    days = (_LAST - _FIRST).days
    age = int(rng.integers(180)) if rng.integers(_RECENT) == 0 else int(rng.integers(180, days))
    drawn = {key: one_of(options) for key, options in line.sheet.items()}
    sheet = {key: value for key, value in drawn.items() if value is not None}
    description = one_of(
        (
            None,
            name,
            f"{name}, {words}",
            f"{words} of the {name} series, with manual",
            f"{words}, refurbished by {brand}",
        )
        + (f"{name}: {words}, {brand}",) * 15
    )
    return _row(number, brand, name, words, description, cents, _LAST - timedelta(days=age), sheet)


def _row(
    number: int,
    brand: str,
    name: str,
    words: str,
    description: str | None,
    cents: int,
    released: date,
    sheet: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "id": f"e{number:07d}",
        "title": f"{brand} {name} {words}",
        "name": name,
        "short_description": description,
        "supplier": brand,
        "price_cents": cents,
        "date_released": f"{released.isoformat()}T00:00:00Z",
        "attrs": json.dumps(sheet, ensure_ascii=False),
    }
