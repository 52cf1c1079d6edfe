"""Who sells in a market? How long already, how well, how honestly, and in which ring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from aedile.simulator.chance import Flags, Reals, Wholes, chance, numbered
from aedile.simulator.parameters import Market, World

#: Sellers of a ring, on average, and the share of sellers that are in one.
RING, IN_RINGS = 6, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Sellers:
    """n sellers.

    tenure: days before the first day. quality: of their goods and work, 0 to 1. is_honest: whether they mean it. ring:
    its number, -1 for none. weight: how much of the business is theirs. late: how likely they dispatch late. cancels:
    how likely they have not what was ordered. rating: as shown. sent, sent_late: of the week before the first day.
    """

    ids: pa.StringArray
    tenure: Wholes
    quality: Reals
    is_honest: Flags
    ring: Wholes
    weight: Reals
    late: Reals
    cancels: Reals
    is_mall: Flags
    is_abroad: Flags
    rating: Reals
    sent: Wholes
    sent_late: Wholes

    def __len__(self) -> int:
        return len(self.ids)


def make_sellers(world: World, market: Market, seed: int) -> Sellers:
    """The sellers of a market. The last two dozen opened their shops just now: incidents need such."""
    n, rng = world.count("sellers", market), chance(seed, market.code, "sellers")
    tenure = np.minimum(rng.exponential(600.0, n).astype(np.int64) + 1, 4_000)
    fresh = min(24, n // 4)
    tenure[n - fresh :] = rng.integers(0, 6, fresh)
    is_honest = rng.random(n) >= 0.06
    ring = _rings(rng, n, is_honest)
    is_honest[ring >= 0] = False
    quality = np.clip(rng.beta(6.0, 2.5, n) - 0.18 * ~is_honest, 0.02, 0.99)
    weight = np.minimum(rng.pareto(1.3, n) + 0.3, 40.0) * (0.3 + np.minimum(tenure, 900) / 900)
    late = np.clip(rng.beta(1.2, 14.0, n) + 0.15 * (1 - quality) ** 2, 0.002, 0.9)
    is_mall = is_honest & (quality > 0.72) & (tenure > 365) & (rng.random(n) < 0.35)
    sent = rng.poisson(np.minimum(3.0 * weight, 200.0))
    return Sellers(
        ids=numbered(f"{market.code.lower()}-s", rng.permutation(n), 6),
        tenure=tenure, quality=quality, is_honest=is_honest, ring=ring, weight=weight, late=late,
        cancels=np.clip(rng.beta(1.0, 40.0, n) + 0.05 * ~is_honest, 0.0, 0.5), is_mall=is_mall,
        is_abroad=(rng.random(n) < 0.15) & ~is_mall,
        rating=np.round(np.clip(2.6 + 2.3 * quality + rng.normal(0, 0.15, n) + 0.3 * (ring >= 0), 1, 5), 2),
        sent=sent, sent_late=rng.binomial(sent, late),
    )  # fmt: skip


def _rings(rng: np.random.Generator, n: int, is_honest: Flags) -> Wholes:
    """Some of the dishonest work together."""
    ring = np.full(n, -1, np.int64)
    count = max(1, round(n * IN_RINGS / RING))
    members = rng.permutation(np.flatnonzero(~is_honest))[: count * RING]
    ring[members] = np.arange(len(members)) % count
    return ring
