"""What would the verdicts be if one strategy were off?

No condition is evaluated anew: whether the others fire does not depend on it, only whether they act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aedile.engine.resolve import Numbers, Offsets, resolve
from aedile.engine.verdicts import Verdicts

if TYPE_CHECKING:
    from aedile.engine.kernel import ActionBook


def without(verdicts: Verdicts, strategy: int, book: ActionBook) -> Verdicts:
    """The same candidates' verdicts as if the strategy of this number had fired for none of them.

    The other strategies keep their numbers. Verdicts in which it did not fire are returned as they are.
    """
    fired = _without(verdicts.fired_offsets, verdicts.fired, strategy)
    shadow = _without(verdicts.shadow_offsets, verdicts.shadow, strategy)
    if len(fired[1]) == len(verdicts.fired) and len(shadow[1]) == len(verdicts.shadow):
        return verdicts
    return resolve(*fired, *shadow, book)


def touched_by(verdicts: Verdicts, strategy: int) -> npt.NDArray[np.int64]:
    """The candidates, ascending, for which the strategy fires (and is not in stage shadow)."""
    entries = np.flatnonzero(verdicts.fired == strategy)
    return np.searchsorted(verdicts.fired_offsets, entries, side="right") - 1


def _without(offsets: Offsets, numbers: Numbers, strategy: int) -> tuple[Offsets, Numbers]:
    """The lists without this number."""
    kept = numbers != strategy
    before = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    return before[offsets], numbers[kept]
