"""What does the text say the verdicts are? One candidate at a time, with sets and loops alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aedile.engine.actions import MULTIPLIER_MAX, MULTIPLIER_MIN, Action, Boost, Demote, Exclude, Exempt, Tier


@dataclass(frozen=True)
class PlainVerdict:
    excluded_by: int
    multiplier: float
    acts: frozenset[int]


def plain_verdict(
    fired: set[int], actions: Sequence[Action], tiers: Sequence[Tier], ids: Sequence[str]
) -> PlainVerdict:
    """`fired`: numbers of the strategies that fire and are not in stage shadow."""
    acts = set(fired)
    for s in sorted(fired):
        action = actions[s]
        if isinstance(action, Exempt) and s in acts:
            acts -= {
                other
                for other in fired
                if other != s
                and tiers[other] is not Tier.LEGAL
                and tiers[other] >= tiers[s]
                and (ids[other] in action.strategies or (action.tier is not None and tiers[other] >= action.tier))
            }
    product = 1.0
    for s in sorted(acts):
        action = actions[s]
        if isinstance(action, Demote | Boost):
            product *= action.factor
    excludes = [s for s in acts if isinstance(actions[s], Exclude)]
    return PlainVerdict(min(excludes, default=-1), min(max(product, MULTIPLIER_MIN), MULTIPLIER_MAX), frozenset(acts))
