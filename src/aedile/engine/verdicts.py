"""What did every candidate of one request get?

Strategies are spoken of by their number: their place in the release's precedence order (0 wins over 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """The verdicts of n candidates, in the order they were sent.

    excluded_by: int32 (n,), the number of the strategy that excludes the candidate, -1 where none does.
    multiplier: float64 (n,), the product of all demotes and boosts that act, clamped.
    fired: int32, the numbers of the strategies (stage canary or live) that fire, ascending for each candidate;
        candidate i owns fired[fired_offsets[i]:fired_offsets[i + 1]].
    acts: bool, beside `fired`: False where an exempt keeps that strategy from acting.
    shadow, shadow_offsets: the same for strategies in stage shadow, which never act.
    """

    excluded_by: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.float64]
    fired_offsets: npt.NDArray[np.int64]
    fired: npt.NDArray[np.int32]
    acts: npt.NDArray[np.bool_]
    shadow_offsets: npt.NDArray[np.int64]
    shadow: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.excluded_by)

    def fired_for(self, candidate: int) -> npt.NDArray[np.int32]:
        return self.fired[self.fired_offsets[candidate] : self.fired_offsets[candidate + 1]]

    def shadow_for(self, candidate: int) -> npt.NDArray[np.int32]:
        return self.shadow[self.shadow_offsets[candidate] : self.shadow_offsets[candidate + 1]]

    def equals(self, other: Verdicts) -> bool:
        """Whether both say the same of the same candidates, to the bit."""
        return all(_same(getattr(self, name), getattr(other, name)) for name in self.__slots__)


def _same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b))
