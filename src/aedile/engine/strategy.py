"""What does one strategy say?

A strategy as read from its file: who may see what, why, where, since when, and what becomes of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from aedile.engine.actions import Action, Tier
from aedile.language import ir
from aedile.language.types import Type
from aedile.language.values import to_json

#: The stages a file may say; the console keeps the others.
STAGES = ("shadow", "canary", "live", "paused")
#: By whose id the canary draw is made.
CANARY_UNITS = ("shopper", "item", "seller", "creator", "request")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Canary:
    """The share (0, 1] of units for which a strategy in stage canary acts."""

    share: float
    unit: str = "shopper"


@dataclass(frozen=True, slots=True)
class Budget:
    """The largest share of a day's exposures, and of one seller's exposures, that the strategy may touch."""

    exposures: float | None = None
    seller: float | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A case that must come out as written: the features given (full name → value as `Column.to_python` gives it;
    a feature not given is unknown) and whether the strategy fires."""

    given: Mapping[str, Any] = field(hash=False)
    market: str
    channel: str
    fires: bool
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Strategy:
    """A strategy as written. Times are int microseconds since 1970; `starts` is inclusive, `expires` exclusive.

    markets, channels: the codes, or exactly `("all",)`.
    params: parameter → constant, for `default` and for each market that overrides some.
    node: the checked condition, its parameters still open.
    """

    id: str
    title: str
    why: str
    owner: str
    tier: Tier
    applies_to: str
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    condition: str
    action: Action
    stage: str
    node: ir.Node = field(compare=False, repr=False)
    policy: str | None = None
    rank: int = 0
    params: Mapping[str, Mapping[str, ir.Const]] = field(default_factory=dict, hash=False)
    canary: Canary | None = None
    starts: int | None = None
    expires: int | None = None
    budget: Budget | None = None
    overrides: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    file: str | None = field(default=None, compare=False)
    line: int | None = field(default=None, compare=False)

    def precedence_key(self) -> tuple[int, int, str]:
        """Sorts strategies by precedence, the winner first."""
        return (int(self.tier), self.rank, self.id)

    def in_market(self, market: str) -> bool:
        return self.markets == (ALL,) or market in self.markets

    def in_channel(self, channel: str) -> bool:
        return self.channels == (ALL,) or channel in self.channels

    def params_for(self, market: str) -> dict[str, ir.Const]:
        """The parameters in a market: the default ones, overridden key by key."""
        return {**self.params.get("default", {}), **self.params.get(market, {})}

    @property
    def param_types(self) -> dict[str, Type]:
        """The type of each parameter, the same in every market."""
        return {name: value.type for name, value in self.params.get("default", {}).items()}

    @cached_property
    def version(self) -> str:
        """SHA-256 (hex) of the strategy's text without `stage` and `canary.share`, which a release carries.

        Layout, comments and the order of keys do not count, nor does a default that is written out.
        """
        text = json.dumps(self._text(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _text(self) -> dict[str, Any]:
        plain = ("id", "title", "why", "owner", "policy", "rank", "applies_to", "condition", "starts", "expires")
        return {
            **{name: getattr(self, name) for name in plain},
            "tier": str(self.tier),
            "markets": sorted(self.markets),
            "channels": sorted(self.channels),
            "params": {
                market: {name: [str(c.type), to_json(c.value, c.type)] for name, c in values.items()}
                for market, values in self.params.items()
                if values
            },
            "action": _action_text(self.action),
            "canary": {"unit": self.canary.unit if self.canary else "shopper"},
            "budget": asdict(self.budget) if self.budget else None,
            "overrides": sorted(self.overrides),
            "examples": [[dict(e.given), e.market, e.channel, e.fires] for e in self.examples],
        }


def _action_text(action: Action) -> dict[str, Any]:
    fields = asdict(action)
    if fields.get("tier") is not None:
        fields["tier"] = str(fields["tier"])
    return {action.name: {"kind": type(action).__name__, **fields}}
