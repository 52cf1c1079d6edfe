"""Who asks next, and when? Requests of a file in turns, by shoppers that come again, at random moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

#: A shopper asks so often, on average, while as many requests go by as there are shoppers.
SHOPPERS = 500


def arrivals(requests: Sequence[Mapping[str, Any]], rate: float, seed: int) -> Iterator[tuple[float, dict[str, Any]]]:
    """(seconds since the one before, request) for ever: a Poisson stream of so many a second.

    Each request is one of those given, under an id of its own and by one of some hundred shoppers; the same seed gives
    the same stream.
    """
    random = Random(seed)  # noqa: S311  traffic, not secrets
    run, number = f"{random.getrandbits(32):08x}", 0
    while True:
        number += 1
        asked = random.choice(requests)
        shopper = f"shopper-{random.randrange(SHOPPERS):04d}"
        yield random.expovariate(rate), {**asked, "id": f"live-{run}-{number:07d}", "shopper": shopper}
