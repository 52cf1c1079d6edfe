"""In which order do scores alone put the candidates?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def order_by_score(scores: npt.NDArray[np.float64], ids: Sequence[str]) -> npt.NDArray[np.intp]:
    """The candidates' indices, (n,), by score descending; ties by id in code point order, then as sent."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    tied = np.zeros(len(order) + 1, np.bool_)  # whether place i has the score of place i - 1; False at both ends
    np.equal(ranked[1:], ranked[:-1], out=tied[1:-1])
    if tied.any():
        starts = (tied[1:] & ~tied[:-1]).nonzero()[0]
        ends = (tied[:-1] & ~tied[1:]).nonzero()[0] + 1
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            order[start:end] = sorted(order[start:end].tolist(), key=ids.__getitem__)
    return order


def scores_as_sent(n: int) -> npt.NDArray[np.float64]:
    """The scores of candidates sent without any: 1 / place."""
    return 1.0 / np.arange(1, n + 1, dtype=np.float64)
