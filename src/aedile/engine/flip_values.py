"""Which values of a feature may mend a failing literal, and how far are they from the present one?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from aedile.engine.conflicts.joint import solutions
from aedile.engine.conflicts.points import RANGES, nudged
from aedile.engine.conflicts.pools import pool_for
from aedile.engine.conflicts.texts import pieces_of
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.ir import Const, Node, features_of, walk
from aedile.language.lists import Lists
from aedile.language.normal import Literal
from aedile.language.types import DOUBLE, STRING, Type

#: Texts longer than this are not compared letter by letter.
_COMPARED = 400


def values_to_try(
    name: str, type_: Type, literals: Sequence[Literal], row: Mapping[str, Any], types: Mapping[str, Type], lists: Lists
) -> list[Any]:
    """Values of the feature for which the literals may hold, the nearest first; None, being unknown, comes last.

    row: the present values of all features, by full name.
    """
    present = row[name]
    if name.endswith(".as_of"):
        return [row["request.time"]]
    mine = [literal for literal in literals if name in features_of(literal.atom)]
    atoms = [literal.atom for literal in mine]
    texts = [text for atom in atoms for text in _texts(atom)]
    pool = pool_for(name, type_, None, {0: [(one.atom, one.negated) for one in mine]}, texts, lists, True)
    found = [point.value for point in pool.points]
    found += _constants(type_, atoms) + _solved(name, type_, atoms, row, types, lists)
    if present is not None:
        found += _from_present(present, type_, atoms)
    distinct = {repr(value): value for value in found if repr(value) != repr(present)}
    ordered = sorted(distinct.values(), key=lambda value: distance(present, value))
    return [*ordered, None] if present is not None else ordered


def distance(before: Any, after: Any) -> float:
    """How far a change goes, from 0 for none to 1 for any other value; 2 for losing the value."""
    if after is None:
        return 2.0
    if before is None or isinstance(before, bool):
        return 1.0
    if isinstance(before, str):
        return 1 - SequenceMatcher(None, before[:_COMPARED], after[:_COMPARED], autojunk=False).ratio()
    if isinstance(before, list):
        return 1 - SequenceMatcher(None, before, after, autojunk=False).ratio()
    if before != before or after != after or math.isinf(before) or math.isinf(after):
        return 1.0
    way = abs(after - before)
    return way / (1 + abs(before) + way) if math.isfinite(way) else 1.0


def halfway(near: Any, far: Any, type_: Type) -> Any:
    """A value strictly between two numbers, times or spans; None where there is none."""
    if near is None or far is None or (type_ != DOUBLE and type_ not in RANGES):
        return None
    if type_ == DOUBLE:
        if not (math.isfinite(near) and math.isfinite(far)):
            return None
        middle = near / 2 + far / 2
        if middle in (near, far):  # neighbours, or one of them so small that half of it is lost
            middle = math.nextafter(near, far)
        return middle if middle not in (near, far) else None
    middle = (near + far) // 2
    return middle if middle not in (near, far) else None


def _texts(atom: Node) -> list[str]:
    found: list[str] = []
    for node in walk(atom):
        if isinstance(node, Const) and node.type == STRING:
            found.append(node.value)
        elif isinstance(node, Const) and node.type.element == STRING:
            found += node.value
    return found


def _constants(type_: Type, atoms: Sequence[Node]) -> list[Any]:
    """The constants of the feature's type that stand in the atoms, and their neighbours."""
    found: list[Any] = []
    if type_ != DOUBLE and type_ not in RANGES:
        return found
    for atom in atoms:
        for node in walk(atom):
            if isinstance(node, Const) and type_ in (node.type, node.type.element):
                for value in node.value if node.type.element is not None else (node.value,):
                    found += nudged(value, type_)
    return found


def _solved(
    name: str, type_: Type, atoms: Sequence[Node], row: Mapping[str, Any], types: Mapping[str, Type], lists: Lists
) -> list[Any]:
    """What the feature is compared with, as things are, and its neighbours."""
    found: list[Any] = []
    table = Table({n: column_from_python(t, [row[n]]) for n, t in types.items()}, 1)
    for atom in atoms:
        for feature, expression in solutions(atom):
            if feature.name == name:
                value = evaluate(expression, table, lists).to_python()[0]
                if value is not None:
                    found += nudged(value, type_) if type_ == DOUBLE or type_ in RANGES else [value]
    return found


def _from_present(present: Any, type_: Type, atoms: Sequence[Node]) -> list[Any]:
    """Values made out of the present one: a part put in or taken out."""
    parts = [
        text
        for pieces in map(pieces_of, atoms)
        for text in sorted((*pieces.parts, *pieces.beginnings, *pieces.ends, *pieces.wholes))
    ]
    if type_ == STRING:
        inside = [present.replace(part, "") for part in parts if part and part in present]
        return [*(part + present for part in parts), *(present + part for part in parts), *inside]
    if type_.element is not None:
        without = [[e for e in present if e != one] for one in dict.fromkeys(present)]
        return [*([*present, part] for part in parts), *without, present[:-1], [*present, "other"], []]
    return []
