"""What can a strategy do to a candidate?

The nine actions of the project, as data. Tiers and their order stand here too, for precedence is about actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction


class Tier(IntEnum):
    """Precedence of actions: the lower number wins."""

    LEGAL = 0
    SAFETY = 1
    QUALITY = 2
    EXPERIENCE = 3
    GROWTH = 4

    def __str__(self) -> str:
        return self.name.lower()


#: Demotes and boosts multiply; their product is kept inside these bounds.
MULTIPLIER_MIN, MULTIPLIER_MAX = 0.01, 10.0


@dataclass(frozen=True, slots=True)
class Amount:
    """How many of the first n places: a count, or a share of them in (0, 1]."""

    count: int | None = None
    share: float | None = None

    def at_most(self, first_n: int) -> int:
        """The amount as an upper bound: a share is rounded down."""
        return self.count if self.count is not None else int(_exact(self.share) * first_n)

    def at_least(self, first_n: int) -> int:
        """The amount as a lower bound: a share is rounded up."""
        return self.count if self.count is not None else -int(-_exact(self.share) * first_n // 1)


def _exact(share: float | None) -> Fraction:
    # 0.7 of 10 places is 7, though 0.7 as a binary double is a little less: read the share as it was written.
    return Fraction(str(share))


@dataclass(frozen=True, slots=True)
class Exclude:
    name = "exclude"


@dataclass(frozen=True, slots=True)
class Demote:
    factor: float
    name = "demote"


@dataclass(frozen=True, slots=True)
class Boost:
    factor: float
    name = "boost"


@dataclass(frozen=True, slots=True)
class Pin:
    position: int
    name = "pin"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `max` candidates with the same `key` among the first `first_n` places."""

    key: str
    max: Amount
    first_n: int
    name = "cap"


@dataclass(frozen=True, slots=True)
class WindowCap:
    """At most `max` exposures per shopper, or per entity, in the last `window` microseconds."""

    per: str
    max: int
    window: int
    name = "cap"


@dataclass(frozen=True, slots=True)
class Reserve:
    """At least `min` of the first `first_n` places for candidates the strategy fires for."""

    min: Amount
    first_n: int
    name = "reserve"


@dataclass(frozen=True, slots=True)
class Badge:
    key: str
    name = "badge"


@dataclass(frozen=True, slots=True)
class Refer:
    queue: str
    share: float
    name = "refer"


@dataclass(frozen=True, slots=True)
class Exempt:
    """Switches off the named strategies, or a whole tier and all below it, for a candidate."""

    strategies: tuple[str, ...] = ()
    tier: Tier | None = None
    name = "exempt"


Action = Exclude | Demote | Boost | Pin | Cap | WindowCap | Reserve | Badge | Refer | Exempt
