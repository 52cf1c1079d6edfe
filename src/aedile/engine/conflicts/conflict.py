"""What is said of two strategies that conflict?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aedile.engine.conflicts.witness import Witness
from aedile.engine.strategy import Strategy

#: The kinds of conflict, the gravest first.
KINDS = ("contradiction", "pin_collision", "cap_reserve", "shadowed", "dead", "duplicate")


@dataclass(frozen=True)
class Conflict:
    """A conflict of two strategies, or a strategy that is never true.

    kind: one of `KINDS`. first: the strategy that prevails, the excluding, capping or shadowing one; of pins and
    duplicates the one of higher precedence. second: the other; None for a dead strategy.
    certain: proven; for two strategies the witness was run through the engine and fires both. Otherwise nothing was
    found that fires both (or, for a dead one, that fires it), and nothing speaks against it.
    """

    kind: str
    first: str
    second: str | None
    certain: bool
    parties: tuple[Strategy, ...] = field(repr=False, compare=False)
    find_witness: Callable[[], Witness] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def witness(self) -> Witness | None:
        """A candidate and a request that fire both; None where there is none to show."""
        return self.find_witness() if self.find_witness is not None else None

    @property
    def message(self) -> str:
        """The conflict in words, with the owners to talk to."""
        said = [f"{party.id} (of {party.owner})" for party in self.parties]
        text = _SAYINGS[self.kind](self.parties, said)
        if self.certain:
            return text
        if self.kind == "dead":
            return f"possibly, {text}: no candidate was found that makes its condition true"
        return f"possibly, {text}: no candidate that fires both was found, and nothing rules one out"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "first": self.first,
            "second": self.second,
            "certain": self.certain,
            "owners": [party.owner for party in self.parties],
            "message": self.message,
            "witness": self.witness.to_json() if self.witness is not None else None,
        }


def _contradiction(parties: tuple[Strategy, ...], said: list[str]) -> str:
    return f"{said[0]} excludes what {said[1]} {parties[1].action.name}s"


def _pins(parties: tuple[Strategy, ...], said: list[str]) -> str:
    position = getattr(parties[0].action, "position", None)
    return f"{said[0]} and {said[1]} both pin place {position}; the first wins"


def _cap_reserve(_: tuple[Strategy, ...], said: list[str]) -> str:
    return f"{said[0]} caps so tightly that {said[1]} can never have the places it reserves"


def _shadowed(parties: tuple[Strategy, ...], said: list[str]) -> str:
    deed = "exempts" if parties[0].action.name == "exempt" else "excludes"
    return f"{said[1]} never matters: {said[0]} {deed} every candidate it fires for"


def _dead(_: tuple[Strategy, ...], said: list[str]) -> str:
    return f"{said[0]} never fires: its condition and scope cannot be true together"


def _duplicate(_: tuple[Strategy, ...], said: list[str]) -> str:
    return f"{said[1]} does the same as {said[0]} for the same candidates"


_SAYINGS: dict[str, Callable[[tuple[Strategy, ...], list[str]], str]] = {
    "contradiction": _contradiction,
    "pin_collision": _pins,
    "cap_reserve": _cap_reserve,
    "shadowed": _shadowed,
    "dead": _dead,
    "duplicate": _duplicate,
}
