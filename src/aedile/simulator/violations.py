"""What breaks which policy in truth? Some of the entities, those of dishonest sellers more often than others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedile.simulator.chance import Flags, Reals, chance
from aedile.simulator.parameters import PolicyWorld, World

#: How violators evade.
EVASIONS = ("none", "disguised_title", "twin_listing", "seller_ring")


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is true of n entities and one policy. evades: a place of `EVASIONS` for each."""

    policy: str
    is_violation: Flags
    evades: np.ndarray[tuple[int], np.dtype[np.int8]]

    @property
    def is_evading(self) -> Flags:
        return self.evades > 0


def choose(rng: np.random.Generator, weights: Reals, k: int) -> Flags:
    """k of n, the likelier the more its weight (Efraimidis & Spirakis 2006)."""
    keys = np.log(rng.random(len(weights))) / np.maximum(weights, 1e-9)
    chosen = np.zeros(len(weights), np.bool_)
    if k > 0:
        chosen[np.argpartition(keys, len(keys) - k)[len(keys) - k :]] = True
    return chosen


def make_truth(
    world: World, name: str, market: str, seed: int, weights: Reals, in_ring: Flags, planted: Flags
) -> Truth:
    """Which of n entities break a policy. weights: how likely each. planted: those that an incident needs."""
    policy: PolicyWorld = world.policies[name]
    rng = chance(seed, market, "violations", name)
    is_violation = choose(rng, weights, round(policy.prevalence * len(weights))) | planted
    evades = np.zeros(len(weights), np.int8)
    hides = is_violation & (rng.random(len(weights)) < policy.evading)
    way = rng.random(len(weights))
    evades[hides] = np.where(way[hides] < 0.6, 1, 2)
    evades[is_violation & in_ring & (policy.evading > 0)] = 3
    evades[planted] = 1
    return Truth(name, is_violation, evades)
