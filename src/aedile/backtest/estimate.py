"""What is a number worth, and when is it not told?

Estimates under the position-based model, and how evenly exposure is shared.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.backtest.plan import LEAST_EFFECTIVE

Doubles = npt.NDArray[np.float64]


def effective_size(weights: float, squares: float) -> float:
    """Kish's effective sample size, (Σ w)² / Σ w²; 0 where nothing is weighed."""
    return weights * weights / squares if squares > 0 else 0.0


def off_policy(row: dict[str, Any], money: dict[str, Any] | None = None) -> dict[str, Any]:
    """Estimated clicks, orders and GMV before and after, or why nothing is estimated.

    row: sums of `tally.SUMS` and `COUNTS`. The weights of both sides must reach `LEAST_EFFECTIVE`.
    """
    sizes = {side: effective_size(row[f"weight_{side}"], row[f"weight2_{side}"]) for side in ("before", "after")}
    least = min(sizes.values())
    told: dict[str, Any] = {
        "method": "off-policy, position-based examination",
        "effective_size": round(least, 1),
        "uncovered": row["gained"],
        "refused": None,
    }
    if least < LEAST_EFFECTIVE:
        told["refused"] = (
            f"the effective sample size is {least:,.0f} of {row['exposures']:,} exposures, "
            f"under {LEAST_EFFECTIVE:,.0f}: nothing is estimated"
        )
        return told
    for what in ("clicks", "orders"):
        told[what] = {"before": row[f"{what}_before"], "after": row[f"{what}_after"]}
    told["gmv"] = {
        currency: {"before": sums["gmv_before"], "after": sums["gmv_after"]} for currency, sums in (money or {}).items()
    }
    return told


def standard_error(count: int, total: float, squares: float) -> float | None:
    """Of a sum over independent requests: √(n · variance); None for less than two."""
    if count < 2:
        return None
    variance = max(squares / count - (total / count) ** 2, 0.0) * count / (count - 1)
    return math.sqrt(count * variance)


def gini(values: Doubles) -> float | None:
    """Gini's coefficient of values that are not negative: 0 for all alike, towards 1 for one that has all."""
    total = float(values.sum())
    if len(values) == 0 or total <= 0:
        return None
    ordered = np.sort(values)
    ranks = np.arange(1, len(ordered) + 1)
    return float((2 * ranks - len(ordered) - 1) @ ordered / (len(ordered) * total))


def fairness(attention: tuple[Doubles, Doubles], relevance: Doubles) -> dict[str, Any]:
    """How evenly attention is shared, and how far it follows relevance, before and after.

    Each group's share of attention against its share of relevance (Singh & Joachims 2018, disparate treatment); the
    distance is half the sum of what they differ by: the share of attention that would have to go to others.
    """
    told: dict[str, Any] = {"groups": len(relevance)}
    merit = relevance / relevance.sum() if relevance.sum() > 0 else None
    for side, values in zip(("before", "after"), attention, strict=True):
        share = values / values.sum() if values.sum() > 0 else None
        distance = float(np.abs(share - merit).sum()) / 2 if share is not None and merit is not None else None
        told[side] = {"gini": gini(values), "distance_from_relevance": distance}
    return told
