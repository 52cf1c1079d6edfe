"""When is a call tried again, how long may it take, and when is a server left alone for a while?"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import httpx

#: Answers that another try may better: too many, and gateways without a server behind them.
PASSING = frozenset({429, 502, 503, 504, 507})
#: The longest mean pause before a first, second, … further try, in seconds.
PAUSES = (0.01, 0.04, 0.16, 0.5)
#: So many calls in a row without an answer, and the next ones fail at once,
PATIENCE = 5
#: for so many seconds.
REST = 1.0


@dataclass(slots=True)
class Tries:
    """The tries of one call.

    deadline: the moment, on the clock the caller uses, at which there must be an answer or a failure.
    left: further tries after the first.
    """

    deadline: float
    left: int
    random: random.Random
    why: str = "no try was made in time"
    _made: int = 0

    def may_go_on(self, now: float, after: httpx.Response | None) -> float | None:
        """Seconds to wait before another try; None where there is none to make.

        after: the answer of the last try, None where there was none. Pauses are drawn from 0 to a bound that grows
        (full jitter), so that many clients do not come back together; what a server asks for is kept to.
        """
        if self.left == 0:
            return None
        self.left -= 1
        pause = self.random.uniform(0.0, PAUSES[min(self._made, len(PAUSES) - 1)])
        self._made += 1
        if after is not None and after.headers.get("retry-after", "").isdigit():
            pause += float(after.headers["retry-after"])
        return pause if now + pause < self.deadline else None


@dataclass(slots=True)
class Rest:
    """Spares callers the wait for a server that does not answer: after some failures in a row, none is asked for a
    second; then one call tries, and the others follow if it succeeds."""

    failures: int = 0
    until: float = field(default=0.0)

    def is_on(self, now: float) -> bool:
        if self.failures < PATIENCE or now >= self.until:
            if self.failures >= PATIENCE:
                self.until = now + REST  # this call tries; the others wait for how it ends
            return False
        return True

    def failed(self, now: float) -> None:
        self.failures += 1
        self.until = now + REST

    def succeeded(self) -> None:
        self.failures = 0
