"""Who judges, and how well? People with a sensitivity and a specificity of their own, by policy alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from aedile.simulator.chance import Flags, Reals, Wholes, chance, logistic, logit, numbered
from aedile.simulator.parameters import Market, World


@dataclass(frozen=True, slots=True, eq=False)
class Readers:
    """n people. sensitivity: of a violation, how likely each says so; specificity: of another, how likely not."""

    ids: pa.StringArray
    sensitivity: Reals
    specificity: Reals

    def __len__(self) -> int:
        return len(self.ids)

    def judge(self, rng: np.random.Generator, who: Wholes, is_violation: Flags) -> Flags:
        """What each of them says of each."""
        says_so = np.where(is_violation, self.sensitivity[who], 1.0 - self.specificity[who])
        return np.asarray(rng.random(len(who)) < says_so)


def make_readers(world: World, market: Market, seed: int) -> Readers:
    n, rng, chosen = world.readers.people, chance(seed, market.code, "readers"), world.readers
    return Readers(
        numbered(f"{market.code.lower()}-reader-", np.arange(1, n + 1), 2),
        logistic(logit(chosen.sensitivity) + chosen.spread * rng.standard_normal(n)),
        logistic(logit(chosen.specificity) + chosen.spread * rng.standard_normal(n)),
    )
