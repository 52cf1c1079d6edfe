"""How sure is a model that something breaks a policy? Scores of a chosen AUC and a chosen calibration.

Binormal (Hanley & McNeil 1982): what the model sees is normal with variance 1, and its mean is d for violations and 0
for the rest; AUC = Φ(d / √2). A calibrated model then says logit p = logit π + d z - d²/2, with π the prevalence
(Bayes); one that is not says slope · logit p + shift, which leaves the AUC as it is.
"""

from __future__ import annotations

import numpy as np

from aedile.simulator.chance import Flags, Reals, distance_of, logistic, logit
from aedile.simulator.parameters import PolicyWorld

#: Scores are told with so many digits.
DIGITS = 6


def scores_of(rng: np.random.Generator, policy: PolicyWorld, is_violation: Flags, is_evading: Flags) -> Reals:
    """A score for each entity, in (0, 1)."""
    plain, evading = distance_of(policy.model.auc), distance_of(policy.model.auc_evading)
    seen = rng.standard_normal(len(is_violation)) + np.where(is_violation, np.where(is_evading, evading, plain), 0.0)
    told = logit(policy.prevalence) + plain * seen - plain**2 / 2
    return np.round(logistic(policy.model.slope * told + policy.model.shift), DIGITS)


def auc(scores: Reals, is_violation: Flags) -> float:
    """The share of pairs of a violation and another that the scores order right, ties by half (Mann & Whitney 1947)."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    bad = int(is_violation.sum())
    good = len(scores) - bad
    return float((ranks[is_violation].sum() - bad * (bad + 1) / 2) / (bad * good))
