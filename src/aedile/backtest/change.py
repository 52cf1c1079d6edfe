"""What is different for each candidate? One kind of change each, the strongest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aedile.backtest.logged import Logged, Places
from aedile.engine.many import Decided

#: Strongest first: no longer in the slate; in it again; its score multiplied by less, or by more, than before; in
#: another place though nothing of its own changed; as it was.
CHANGES = ("newly_excluded", "freed", "demoted", "boosted", "moved", "same")
NEWLY_EXCLUDED, FREED, DEMOTED, BOOSTED, MOVED, SAME = range(6)


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """before, after: what n candidates got. kind: int8 (n,), which of `CHANGES`."""

    before: Places
    after: Places
    kind: npt.NDArray[np.int8]


def places(logged: Logged, decided: Decided) -> Places:
    """What candidates get when they are decided so, and the same span of places is asked for."""
    verdicts, rank = decided.verdicts, decided.rank_after
    return Places(verdicts.excluded_by >= 0, verdicts.multiplier, rank, logged.shown(rank))


def changes(before: Places, after: Places) -> Changed:
    """The change of each candidate."""
    kind = np.full(len(before.rank), SAME, np.int8)
    kind[before.rank != after.rank] = MOVED
    kind[after.multiplier > before.multiplier] = BOOSTED
    kind[after.multiplier < before.multiplier] = DEMOTED
    kind[before.excluded & after.excluded] = SAME
    kind[before.excluded & ~after.excluded] = FREED
    kind[~before.excluded & after.excluded] = NEWLY_EXCLUDED
    return Changed(before, after, kind)
