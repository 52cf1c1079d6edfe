"""What holds for all strategies at once? The kill switch, and the windows in which nothing new is released."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aedile.engine.actions import Tier
from aedile.engine.strategy import Strategy
from aedile.errors import StoreError, define
from aedile.language.values import format_timestamp, parse_timestamp

BAD_CONTROLS = define("AED-STORE-040", "What was published as controls cannot be read.", '{"kill_below": "all"}')


@dataclass(frozen=True, slots=True)
class Freeze:
    """A span in which no release is published; microseconds since 1970, the end exclusive."""

    start: int
    end: int
    why: str

    def to_json(self) -> dict[str, str]:
        return {"from": format_timestamp(self.start), "until": format_timestamp(self.end), "why": self.why}


@dataclass(frozen=True, slots=True)
class Controls:
    """kill_below: strategies of this tier and all below it are off; tier legal never is. None: nothing is off."""

    kill_below: Tier | None = None
    why: str = ""
    freezes: tuple[Freeze, ...] = ()

    def to_json(self) -> dict[str, Any]:
        tier = str(self.kill_below) if self.kill_below is not None else None
        return {"kill_below": tier, "why": self.why, "freezes": [freeze.to_json() for freeze in self.freezes]}

    def to_bytes(self) -> bytes:
        return json.dumps(self.to_json(), ensure_ascii=False).encode()

    @classmethod
    def parse(cls, data: bytes) -> Controls:
        """The controls in their bytes; a `StoreError` where they are none."""
        try:
            said = json.loads(data)
            tier = Tier[said["kill_below"].upper()] if said["kill_below"] is not None else None
            freezes = tuple(_freeze(entry) for entry in said["freezes"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                BAD_CONTROLS, f"the controls cannot be read: {error}", fix="publish them again: aedile kill --off"
            ) from None
        return cls(tier, said.get("why", ""), freezes)

    def frozen_at(self, time: int) -> Freeze | None:
        """The freeze that holds at a time, in microseconds since 1970."""
        return next((freeze for freeze in self.freezes if freeze.start <= time < freeze.end), None)


def _freeze(entry: dict[str, Any]) -> Freeze:
    start, end = parse_timestamp(entry["from"]), parse_timestamp(entry["until"])
    if start is None or end is None:
        raise ValueError("a freeze without its times")
    return Freeze(start, end, entry["why"])


def killed_by(controls: Controls, strategies: Sequence[Strategy]) -> frozenset[str]:
    """The ids of the strategies that the kill switch turns off."""
    if controls.kill_below is None:
        return frozenset()
    return frozenset(s.id for s in strategies if s.tier >= max(controls.kill_below, Tier.SAFETY))
