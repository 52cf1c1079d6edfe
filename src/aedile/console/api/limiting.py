"""Does one person's program leave time for everybody else? So many calls a second, and as many saved up for a burst."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from aedile.console.api.codes import TOO_MANY
from aedile.console.settings import AEDILE
from aedile.errors import ConsoleError

#: People remembered; whoever was forgotten begins with a full bucket.
_PEOPLE = 10_000


@dataclass
class Buckets:
    """Calls that each person may still make. rate: how many come back a second; the console is one process."""

    rate: float
    _left: OrderedDict[int, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, person: int, now: float) -> bool:
        """Take one, if one is left; now: seconds of a clock that only goes on."""
        with self._lock:
            left, since = self._left.pop(person, (self.rate, now))
            left = min(self.rate, left + (now - since) * self.rate)
            is_allowed = left >= 1.0
            self._left[person] = (left - 1.0 if is_allowed else left, now)
            while len(self._left) > _PEOPLE:
                self._left.popitem(last=False)
            return is_allowed


BUCKETS = Buckets(float(AEDILE.console.api_rate))


def check_rate(person: int) -> None:
    """Passes, or raises where the person's programs have called too often."""
    if not BUCKETS.take(person, time.monotonic()):
        raise ConsoleError(
            TOO_MANY, f"more than {BUCKETS.rate:,.0f} calls a second come with your keys",
            hint="all keys of a person count together; see console.api_rate", fix="wait a second, and call less often",
        )  # fmt: skip
