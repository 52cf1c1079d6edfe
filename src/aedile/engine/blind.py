"""How is a decision made again without knowing who the shopper was?

Literals that read the shopper's id read nothing else but the request (publishing refuses others). How they came out is
kept with a decision that is logged in full, and an engine compiled *blinded* reads that in their place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from aedile.engine.axes import features_read
from aedile.engine.axis_bits import FALSE, TRUE, UNKNOWN, outcomes
from aedile.engine.draw import Draw, draw
from aedile.language.cel import to_cel
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table
from aedile.language.ir import And, Feature, Node, Not, Or, Ternary, features_of, literals_in
from aedile.language.lists import Lists
from aedile.language.schema import Schema
from aedile.language.types import BOOL

SHOPPER = "request.shopper"
#: Features of the request that stand for literals are named by this and the literal's text.
KEPT = "request.~"
_OUTCOME = {FALSE: False, UNKNOWN: None, TRUE: True}


def blinded(condition: Node) -> Node:
    """The condition with a feature of its own in the place of each literal that reads the shopper's id."""
    if isinstance(condition, And | Or | Not | Ternary):
        return condition.with_children(tuple(blinded(child) for child in condition.children()))
    return Feature(BOOL, name_of(condition)) if SHOPPER in features_of(condition) else condition


def name_of(literal: Node) -> str:
    """The name of the feature that stands for a literal."""
    if isinstance(literal, Draw):
        return name_of_canary(literal.strategy_id, literal.share)
    return KEPT + to_cel(literal)


def text_of(literal: Node) -> str:
    """The literal as it was written, though a feature stands for it."""
    if isinstance(literal, Feature) and literal.name.startswith(KEPT):
        return literal.name.removeprefix(KEPT)
    return to_cel(literal)


def name_of_canary(strategy_id: str, share: float) -> str:
    """The name of the feature that says whether the shopper is in a canary."""
    return f"{KEPT}canary of {strategy_id} at {share!r}"


def shopper_literals(conditions: Iterable[Node]) -> dict[str, Node]:
    """All literals of the conditions that read the shopper's id, by the name of what stands for them."""
    literals = (literal for condition in conditions for literal in literals_in(condition))
    return {name_of(literal): literal for literal in literals if SHOPPER in features_of(literal)}


class Keeper:
    """Finds how the literals that read the shopper's id came out; made once for a release."""

    def __init__(self, conditions: Iterable[Node], schema: Schema, lists: Lists) -> None:
        literals = shopper_literals(conditions)
        self._draws = {name: literal for name, literal in literals.items() if isinstance(literal, Draw)}
        self._others = {name: literal for name, literal in literals.items() if name not in self._draws}
        self._lists = lists
        types = {name: type_ for kind in schema.kinds for name, type_ in schema.visible_for(kind).items()}
        names = sorted({name for literal in self._others.values() for name in features_read(literal, lists)})
        self._types = {name: types[name] for name in names}

    @property
    def names(self) -> Collection[str]:
        """The names of all outcomes that are kept."""
        return self._draws.keys() | self._others.keys()

    def outcomes(self, values: Mapping[str, Any]) -> dict[str, bool | None]:
        """By name how each came out for a request's values: true, false, or None for unknown."""
        shopper = values.get(SHOPPER)
        drawn: dict[str, bool | None] = {
            name: shopper is not None and draw(one.strategy_id, shopper, one.share) for name, one in self._draws.items()
        }
        row = Table({name: column_from_python(type_, [values.get(name)]) for name, type_ in self._types.items()}, 1)
        found = {name: outcomes(literal, row, self._lists)[0] for name, literal in self._others.items()}
        return drawn | {name: _OUTCOME[int(outcome)] for name, outcome in found.items()}
