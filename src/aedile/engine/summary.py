"""What did the strategies do over many requests, by strategy, market and channel?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import Boost, Demote
from aedile.engine.decide import Decision
from aedile.engine.strategy import Strategy

#: What is counted of a strategy, each a number of candidates: it fired (live or canary); it would have (shadow); its
#: condition was unknown; an exempt held it back; it excluded; its factor counted; it pinned; its cap moved behind; its
#: cap gave way; its reserve gave a place; its badge is shown; it refers.
OF_STRATEGY = (
    "fired", "shadow", "unknown", "exempted", "excluded", "moved", "pinned", "capped", "relaxed", "reserved",
    "badged", "referred",
)  # fmt: skip
#: What is counted of a market and channel.
OF_PLACE = ("requests", "candidates", "excluded", "moved", "pinned", "capped")
_COLUMN = {name: column for column, name in enumerate(OF_STRATEGY)}


@dataclass(slots=True)
class Summary:
    """Counts over all decisions added so far.

    by_strategy: int64 (strategies, OF_STRATEGY). by_place: (market, channel) → counts in the order of OF_PLACE.
    """

    strategies: Sequence[Strategy]
    by_strategy: npt.NDArray[np.int64] = field(init=False)
    by_place: dict[tuple[str, str], npt.NDArray[np.int64]] = field(default_factory=dict)
    unknown_features: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_strategy = np.zeros((len(self.strategies), len(OF_STRATEGY)), np.int64)

    def add(self, decision: Decision) -> None:
        """Count one decision."""
        verdicts, slate = decision.verdicts, decision.slate
        self._count("fired", verdicts.fired)
        self._count("shadow", verdicts.shadow)
        self._count("exempted", verdicts.fired[~verdicts.acts])
        self._count("excluded", verdicts.excluded_by)
        self._count("pinned", slate.pinned)
        self._count("reserved", slate.reserved)
        self._count("unknown", [number for numbers in decision.unknown or () for number in numbers])
        self._count("capped", slate.held_back.strategy)
        self._count("relaxed", slate.gave_way.strategy)
        self._count("referred", slate.referred.strategy)
        kept = np.repeat(verdicts.excluded_by < 0, np.diff(verdicts.fired_offsets)) & verdicts.acts
        acting = verdicts.fired[kept]
        moving = np.array([isinstance(s.action, Demote | Boost) for s in self.strategies], np.bool_)
        badging = np.array([s.action.name == "badge" for s in self.strategies], np.bool_)
        self._count("moved", acting[moving[acting]])
        self._count("badged", acting[badging[acting]])
        place = self.by_place.setdefault(
            (decision.request.market, decision.request.channel), np.zeros(len(OF_PLACE), np.int64)
        )
        excluded = int((verdicts.excluded_by >= 0).sum())
        capped = len(np.unique(slate.held_back.candidate))
        pinned = int((slate.pinned >= 0).sum())
        place += (1, len(verdicts), excluded, moved(decision), pinned, capped)

    def add_unknown_features(self, counts: dict[tuple[str, str], int]) -> None:
        """Count (strategy id, feature) → candidates for which it was unknown, from `Decider.unknown_features`."""
        for key, count in counts.items():
            self.unknown_features[key] = self.unknown_features.get(key, 0) + count

    def _count(self, name: str, numbers: npt.NDArray[np.integer] | Sequence[int]) -> None:
        found = np.asarray(numbers, np.int64)
        found = found[found >= 0]
        if len(found):
            self.by_strategy[:, _COLUMN[name]] += np.bincount(found, minlength=len(self.strategies))


def moved(decision: Decision) -> int:
    """How many candidates stand elsewhere than they would if only the excluded ones were gone."""
    slate = decision.slate
    before = slate.rank_before[slate.order]
    return int((np.argsort(np.argsort(before)) != np.arange(len(before))).sum())
