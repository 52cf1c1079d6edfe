"""How likely is a place looked at?

The position-based model: a shopper clicks a candidate where the place is looked at and, looking, likes it; whether it
is looked at depends on channel and place alone (Craswell et al. 2008; Joachims, Swaminathan & Schnabel 2017). What
callers said of places (`examined` of exposures) is averaged; where too little was said, 1 / place is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: Places behind this one are looked at as this one is.
PLACES = 200
#: So many exposures of a place must say how likely it was looked at before their mean is believed.
LEAST_TOLD = 30


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """likely: float64 (channels + 1, PLACES); the last row is for channels that are not named.

    told: how many pairs of channel and place follow what callers said; the others are assumed.
    """

    channels: tuple[str, ...]
    likely: npt.NDArray[np.float64]
    told: int = 0

    @classmethod
    def assumed(cls, steepness: float = 1.0) -> Self:
        """Likely as 1 / place ** steepness in every channel."""
        return cls((), _assumed(steepness)[None, :])

    @classmethod
    def of(cls, exposures: pa.Table, steepness: float = 1.0) -> Self:
        """From what exposures say. exposures: `channel`, `position` and `examined`, null where nothing was said."""
        assumed = _assumed(steepness)
        said = exposures.filter(pc.and_(pc.is_valid(exposures["examined"]), pc.is_valid(exposures["channel"])))
        sums = said.group_by(["channel", "position"]).aggregate([("examined", "sum"), ("examined", "count")])
        return cls.from_sums(sums, assumed)

    @classmethod
    def from_sums(cls, sums: pa.Table, assumed: npt.NDArray[np.float64]) -> Self:
        """sums: `channel`, `position`, `examined_sum`, `examined_count`."""
        channels = tuple(sorted(set(sums["channel"].to_pylist())))
        likely, told = np.tile(assumed, (len(channels) + 1, 1)), 0
        for row in sums.sort_by([("channel", "ascending"), ("position", "ascending")]).to_pylist():
            place = int(row["position"])
            if row["examined_count"] >= LEAST_TOLD and 1 <= place <= PLACES:
                mean = round(float(row["examined_sum"]) / row["examined_count"], 9)
                likely[channels.index(row["channel"]), place - 1] = min(max(mean, 1e-6), 1.0)
                told += 1
        return cls(channels, likely, told)

    def rows(self, channels: list[str | None]) -> npt.NDArray[np.int64]:
        """For each channel its row of `likely`."""
        known = {channel: number for number, channel in enumerate(self.channels)}
        return np.array([known.get(channel or "", len(self.channels)) for channel in channels], np.int64)

    def of_places(self, rows: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """How likely each place (from 1) is looked at; 0 where the place is 0. rows: from `rows`."""
        found = self.likely[rows, np.clip(places, 1, PLACES) - 1]
        return np.where(places > 0, found, 0.0)


def _assumed(steepness: float) -> npt.NDArray[np.float64]:
    return np.arange(1, PLACES + 1, dtype=np.float64) ** -float(steepness)
