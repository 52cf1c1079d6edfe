"""How many calls a second may a key make, however many workers it reaches?

Each worker keeps a bucket for each key: it holds a second's calls and fills at the limit. Once a second the workers
tell each other what they let through, which is taken off the others' buckets, below nothing where need be. So W workers
let through at most 2 × W × limit in one second, and then nothing until that is made up for: on average the limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aedile.errors import ServerError, define

TOO_MANY = define("AED-SRV-030", "A key was used more often than its limit allows.", "1,000 calls a second of 500")
STATUS = {"AED-SRV-030": 429}


class OverLimit(ServerError):  # noqa: N818  it says that a limit was met, not that something failed
    """A call too many; `retry_after`: seconds until one more is allowed."""

    retry_after: float = 1.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limits:
    """The buckets of one worker. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._used: dict[str, int] = {}

    def take(self, key: str, limit: int, now: float) -> None:
        """Count a call; an `OverLimit` where it is one too many."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(limit), now)
        bucket.left = min(float(limit), bucket.left + max(0.0, now - bucket.at) * limit)
        bucket.at = now
        if bucket.left < 1:
            error = OverLimit(
                TOO_MANY,
                f"the key {key} may make {limit} calls a second",
                hint=f"one more is allowed in {(1 - bucket.left) / limit:.2f} s",
                fix="wait as Retry-After says, or ask for a higher limit",
            )
            error.retry_after = math.ceil((1 - bucket.left) / limit)
            raise error
        bucket.left -= 1
        self._used[key] = self._used.get(key, 0) + 1

    def delta(self) -> dict[str, int]:
        """What was used since the last call of this, by key."""
        used, self._used = self._used, {}
        return used

    def merge(self, other: Mapping[str, int]) -> None:
        """Take off what another worker let through."""
        for key, used in other.items():
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.left -= used
