"""Which shoppers, items or requests are inside a canary?

A draw is a hash, not a random number: the same unit stays in as the share grows, on every server and in every replay.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aedile.language.columns import Bools, Column
from aedile.language.ir import Feature, Node, hashed_once
from aedile.language.types import BOOL


@hashed_once
@dataclass(frozen=True)
class Draw(Node):
    """True where the unit is in the canary of `strategy_id`; false where it is not or has no id. Never unknown."""

    unit: Feature
    strategy_id: str
    share: float

    def children(self) -> tuple[Node, ...]:
        return (self.unit,)


def draw(strategy_id: str, unit_id: str, share: float) -> bool:
    """Whether the unit is in: the first 8 bytes of SHA-256(strategy id, NUL, unit id) < share × 2^64."""
    return is_inside(prefix(strategy_id), unit_id.encode(), least_outside(share))


class Share:
    """The same draw for many units: what does not change is made once."""

    def __init__(self, strategy_id: str, share: float) -> None:
        self._before, self._bound = prefix(strategy_id), least_outside(share)
        self._is_certain = share in (0.0, 1.0)
        self._is_whole = share == 1.0

    def has(self, unit_id: str) -> bool:
        return self._is_whole if self._is_certain else is_inside(self._before, unit_id.encode(), self._bound)


def prefix(strategy_id: str) -> bytes:
    """What is hashed before a unit's id."""
    return strategy_id.encode() + b"\0"


def least_outside(share: float) -> bytes:
    """The first 8 bytes of the least digest that is not in, big-endian; after all digests for a share of 1."""
    bound = math.ceil(share * 2.0**64)
    return bound.to_bytes(8, "big") if bound < 2**64 else b"\xff" * 33


def is_inside(before: bytes, unit: bytes, bound: bytes) -> bool:
    # A digest that begins with the bound is longer than it, and so not less: bytes compare as the numbers do.
    return hashlib.sha256(before + unit).digest() < bound


def draw_column(node: Draw, units: Column) -> Column:
    """The draw for a column of unit ids; hashed once for each distinct id in use."""
    used = np.unique(units.values[units.known])
    assert units.dictionary is not None
    texts: Sequence[str] = units.dictionary.take(used).to_pylist()
    inside = np.zeros(len(units.dictionary), np.bool_)
    before, bound = prefix(node.strategy_id), least_outside(node.share)
    inside[used] = [is_inside(before, text.encode(), bound) for text in texts]
    known: Bools = np.ones(len(units), np.bool_)
    return Column(BOOL, known, inside[units.values] & units.known)
