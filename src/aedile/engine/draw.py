"""Which shoppers, items or requests are inside a canary?

A draw is a hash, not a random number: the same unit stays in as the share grows, on every server and in every replay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aedile.language.columns import Bools, Column
from aedile.language.ir import Feature, Node, _hashed
from aedile.language.types import BOOL


@_hashed
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
    digest = hashlib.sha256(f"{strategy_id}\0{unit_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2.0**64


def draw_column(node: Draw, units: Column) -> Column:
    """The draw for a column of unit ids; hashed once for each distinct id in use."""
    used = np.unique(units.values[units.known])
    assert units.dictionary is not None
    texts: Sequence[str] = units.dictionary.take(used).to_pylist()
    inside = np.zeros(len(units.dictionary), np.bool_)
    inside[used] = [draw(node.strategy_id, text, node.share) for text in texts]
    known: Bools = np.ones(len(units), np.bool_)
    return Column(BOOL, known, inside[units.values] & units.known)
