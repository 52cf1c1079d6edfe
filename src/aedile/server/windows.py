"""How many exposures has each unit had in the last so many hours?

A window is cut into 60 buckets by the server's clock. A bucket counts until it is wholly out of the window: an exposure
counts for the window at least, and for a sixtieth of it longer at most. Where the clock steps back, exposures count as
much longer; what is stamped more than a window ahead of the clock was stamped by a clock that was wrong, and is
forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from aedile.store.exposure_counts import BUCKETS, bucket_width


class Window:
    """Exposures by unit, in memory, of one cap over a window. Times are microseconds since 1970.

    counts: of all that is in the window, up to date after `roll`.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self.width = bucket_width(window)
        self.counts: Counter[str] = Counter()
        self._buckets: dict[int, Counter[str]] = {}
        self._rolled = -1

    @property
    def since(self) -> int | None:
        """When the oldest bucket begins; None where nothing is counted."""
        return min(self._buckets) * self.width if self._buckets else None

    @property
    def entries(self) -> int:
        """How many counts are held: one for each unit in each bucket."""
        return sum(map(len, self._buckets.values()))

    def bucket_at(self, now: int) -> int:
        return now // self.width

    def roll(self, now: int) -> None:
        """Forget what is out of the window; costs nothing inside a bucket, and else as much as is forgotten."""
        current = self.bucket_at(now)
        if current != self._rolled:
            self._rolled = current
            for bucket in [bucket for bucket in self._buckets if not self._counts_at(bucket, current)]:
                self._forget(bucket)

    def add(self, buckets: Mapping[int, Mapping[str, int]], now: int) -> None:
        """Count exposures by bucket (`bucket_at`) and unit, counted here or elsewhere, now or before."""
        self.roll(now)
        for bucket, units in buckets.items():
            if self._counts_at(bucket, self._rolled):
                self._buckets.setdefault(bucket, Counter()).update(units)
                self.counts.update(units)

    def forget_oldest(self) -> int:
        """Give memory back: the oldest bucket goes before its time. Returns how many counts went."""
        bucket = min(self._buckets)
        forgotten = len(self._buckets[bucket])
        self._forget(bucket)
        return forgotten

    def _counts_at(self, bucket: int, current: int) -> bool:
        return current - BUCKETS <= bucket <= current + BUCKETS

    def _forget(self, bucket: int) -> None:
        gone = self._buckets.pop(bucket)
        if not self._buckets:
            self.counts = Counter()
            return
        counts = self.counts
        for unit, count in gone.items():
            left = counts[unit] - count
            if left:
                counts[unit] = left
            else:
                del counts[unit]
