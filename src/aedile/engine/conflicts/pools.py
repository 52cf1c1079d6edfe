"""Which values of a feature are worth trying?

One for each bucket of its table, and, where its literals ask more than a table knows (parts of texts, lists,
arithmetic, canary draws), values made from what they ask for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np

from aedile.engine.axes import ConstantAxis, OrderedAxis
from aedile.engine.conflicts.points import COMPARISONS, Point, nudged, ordered_points, some_values
from aedile.engine.conflicts.texts import (
    Pieces,
    combined,
    is_simple_list_test,
    is_simple_text_test,
    joined_lists,
    joined_texts,
    pieces_of,
    separator,
)
from aedile.engine.draw import Draw, draw
from aedile.language.ir import Call, Const, Feature, InList, Node, walk
from aedile.language.lists import Lists
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DURATION_MAX,
    INT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Type,
)

#: Entries of a named list that are tried; a longer list is not tried to its end.
ENTRIES_TRIED = 2_000
#: Ids hashed in search of one that is in two canaries.
IDS_DRAWN = 20_000
#: Ids tried for literals that put them into buckets.
IDS_BUCKETED = 500
_NUMBERS_TRIED = 600
_ENDS_TRIED = 50
_HOUR = 3_600_000_000
#: Moments around a time that tell hours, days of the week and months apart.
_SHIFTS = (*(n * _HOUR for n in range(168)), *(n * 732 * _HOUR for n in range(12)))

_PLAIN = (1, -1, 2, 10, -10, 100, 10_000, 1_000_000, -1_000_000)

ClauseLiterals = Mapping[int, Collection[tuple[Node, bool]]]


@dataclass(slots=True)
class Pool:
    """The values to try for one feature, unknown left out.

    exact: the atoms beyond the table that these values settle; each is true and false, alone and with any two clauses'
    literals, wherever it can be. finite: atoms that can be true only for values that are all here.
    """

    points: list[Point]
    exact: set[Node] = field(default_factory=set)
    finite: set[Node] = field(default_factory=set)


def pool_for(
    name: str,
    type_: Type,
    table: OrderedAxis | ConstantAxis | None,
    literals: ClauseLiterals,
    constants: Iterable[str],
    lists: Lists,
    across: bool,
) -> Pool:
    """The values to try for a feature.

    table: its axis, if it has one. literals: for each clause those that read this feature alone and are not in the
    table. constants: texts that other features are compared with, which this one is compared with in turn.
    across: some literal speaks of this feature and of others.
    """
    if type_ == STRING:
        return _text_pool(name, table, literals, constants, lists)
    if type_.element is not None:
        return _list_pool(type_, literals)
    atoms = _atoms(literals)
    if type_ == BOOL:
        return Pool(some_values(BOOL), set(atoms))
    points = ordered_points(table) if isinstance(table, OrderedAxis) else some_values(type_)
    seen = {point.value for point in points}
    more = [
        value for value in (*_numbers(type_, points, atoms), *_plain_numbers(type_, across, lists)) if value not in seen
    ]
    exact = {atom for atom in atoms if _is_self_comparison(atom)}
    return Pool(points + [Point(value) for value in dict.fromkeys(more)][:_NUMBERS_TRIED], exact)


def _is_self_comparison(atom: Node) -> bool:
    """Whether the atom compares the feature with itself: it can tell NaN from the rest, and nothing else."""
    if not isinstance(atom, Call) or atom.function not in COMPARISONS:
        return False
    return isinstance(atom.args[0], Feature) and atom.args[0] == atom.args[1]


def _atoms(literals: ClauseLiterals) -> list[Node]:
    return list(dict.fromkeys(atom for used in literals.values() for atom, _ in used))


# ------------------------------------------------------------ texts


def _text_pool(
    name: str,
    table: OrderedAxis | ConstantAxis | None,
    literals: ClauseLiterals,
    constants: Iterable[str],
    lists: Lists,
) -> Pool:
    if name == "request.channel":
        return Pool([Point(channel, True) for channel in CHANNELS], set(_atoms(literals)))
    own = table.constants if isinstance(table, ConstantAxis) else ()
    known = {value: Point(value, True) for value in own}
    for text in constants:
        known.setdefault(text, Point(text))
    pool = Pool([])
    entries = _entries(literals, lists, pool)
    positive = [_positive_pieces(used) for used in literals.values()]
    atoms = _atoms(literals)
    between = separator((*known, *entries, *(t for p in map(pieces_of, atoms) for t in _texts_in(p))))
    wanted, complete = combined(positive, [pieces_of(atom) for atom in atoms])
    joined = [text for pieces in wanted for text in joined_texts(pieces, between)]
    for text in (*entries, *_ids(name, atoms), _unlike(name, known), *joined):
        known.setdefault(text, Point(text))
    pool.points = [point for text, point in known.items() if is_possible(name, text)]
    if name == "request.market":
        pool.points += [Point(next(m for m in sorted(MARKETS) if m not in known))]
    if complete:
        pool.exact |= {atom for atom in atoms if is_simple_text_test(atom)}
    return pool


def is_possible(name: str, text: str) -> bool:
    """Whether a feature can have this text: a market is a real one, an id has 1 to 128 bytes."""
    if name == "request.market":
        return text in MARKETS
    if name == "request.channel":
        return text in CHANNELS
    return is_id(text) if name.endswith(".id") or name == "request.shopper" else True


def is_id(text: str) -> bool:
    return 0 < len(text.encode()) <= 128


def _positive_pieces(used: Collection[tuple[Node, bool]]) -> Pieces:
    pieces = Pieces()
    for atom, negated in used:
        if not negated:
            pieces |= pieces_of(atom)
    return pieces


def _texts_in(pieces: Pieces) -> Iterable[str]:
    return (*pieces.beginnings, *pieces.ends, *pieces.parts, *pieces.wholes)


def _unlike(name: str, known: Mapping[str, Point]) -> str:
    """A text that is none of these."""
    plain = f"{name.partition('.')[0]}-1" if name.endswith(".id") else "other"
    while plain in known:
        plain += "-1"
    return plain


def _entries(literals: ClauseLiterals, lists: Lists, pool: Pool) -> list[str]:
    """Entries of the named lists asked, the common ones of two lists among them."""
    asked = [node for atom in _atoms(literals) for node in walk(atom) if isinstance(node, InList)]
    names = [name for name in dict.fromkeys(node.list_name for node in asked) if name in lists]
    texts: list[str] = []
    whole = set()
    for name in names:
        texts += lists[name].texts[:ENTRIES_TRIED].to_pylist()
        if len(lists[name]) <= ENTRIES_TRIED:
            whole.add(name)
    for first, second in permutations(names, 2):
        if first not in whole:
            some = lists[first].texts[: 50 * ENTRIES_TRIED]
            texts += some.filter(_both(lists, second, some))[:10].to_pylist()
    for atom in _atoms(literals):
        if isinstance(atom, InList) and isinstance(atom.value, Feature) and atom.list_name in whole:
            pool.finite.add(atom)
            pool.exact.add(atom)
    return texts


def _both(lists: Lists, name: str, texts: Any) -> Any:
    return lists[name].contains(texts, None).tolist()


def _ids(name: str, atoms: Iterable[Node]) -> list[str]:
    """Ids by which any two canaries over this feature are told apart, and one that is in both of them."""
    draws = [atom for atom in atoms if isinstance(atom, Draw)]
    kind = name.rpartition(".")[2] if name.startswith("request.") else name.partition(".")[0]
    kind = "request" if kind == "id" else kind
    if any(isinstance(node, Call) and node.function == "bucket" for atom in atoms for node in walk(atom)):
        return [f"{kind}-{number + 1}" for number in range(IDS_BUCKETED)]
    if not draws:
        return []
    draws.sort(key=lambda atom: atom.share)
    wanted = np.triu(np.ones((len(draws), len(draws)), np.bool_))
    kept: list[str] = []
    for number in range(IDS_DRAWN):
        # A pair is looked for from its rarer side: most ids are ruled out by one hash.
        rarer = np.flatnonzero(wanted.any(axis=1)).tolist()
        if not rarer:
            break
        text = f"{kind}-{number + 1}"
        found = False
        for i in (i for i in rarer if _is_in(draws[i], text)):
            both = [j for j in np.flatnonzero(wanted[i]).tolist() if j == i or _is_in(draws[j], text)]
            wanted[i, both] = False
            found = found or bool(both)
        if found:
            kept.append(text)
    return kept


def _is_in(atom: Draw, text: str) -> bool:
    return draw(atom.strategy_id, text, atom.share)


# ------------------------------------------------------------ lists


def _list_pool(type_: Type, literals: ClauseLiterals) -> Pool:
    atoms = _atoms(literals)
    if type_.element != STRING or not atoms:
        return Pool(some_values(type_), {atom for atom in atoms if is_simple_list_test(atom)})
    positive = [_positive_pieces(used) for used in literals.values()]
    wanted, complete = combined(positive, [pieces_of(atom) for atom in atoms])
    filler = "other"
    while any(filler in _texts_in(pieces_of(atom)) for atom in atoms):
        filler += "-1"
    found = {tuple(some): Point(some) for pieces in wanted for some in joined_lists(pieces, filler)}
    points = [*found.values(), Point([filler])]
    return Pool(points, {atom for atom in atoms if is_simple_list_test(atom)} if complete else set())


# ------------------------------------------------------------ numbers and times


def _numbers(type_: Type, points: Sequence[Point], atoms: Sequence[Node]) -> list[Any]:
    """Values at which computed literals are likely to change."""
    if not atoms:
        return []
    found: list[Any] = []
    for atom in atoms:
        constants = [c for c in _constants(atom) if not isinstance(c, float) or math.isfinite(c)]
        if type_ in (INT, DOUBLE):
            found += [near for c in constants for near in (c, c + 1, c - 1, c * 2, c / 2)]
            for a, b in permutations(constants, 2):
                found += [a + b, a - b, a * b, *([a / b, a / b + 1, a / b - 1] if b else [])]
        else:
            found += [near for c in constants if isinstance(c, int) for near in (c, c + 1, c - 1)]
    bases = [point.value for point in points if isinstance(point.value, int)][:2]
    if type_ == TIMESTAMP:
        near = (*found, *(b + shift for b in bases for shift in _SHIFTS))
        return [v for v in near if TIMESTAMP_MIN <= v <= TIMESTAMP_MAX]
    if type_ == DURATION:
        return [v for v in (*found, *(b + shift for b in bases for shift in _SHIFTS)) if abs(v) <= DURATION_MAX]
    found += [0, *_PLAIN]
    if type_ == DOUBLE:
        return [near for value in found if abs(value) < 1e300 for near in nudged(float(value), DOUBLE)]
    return [near for v in found if abs(v) < 2**62 for near in nudged(int(v), INT)]


def _plain_numbers(type_: Type, across: bool, lists: Lists) -> list[Any]:
    """Numbers of any size and sign, for what is computed with other features; times before entries of lists expire."""
    if not across or type_ not in (INT, DOUBLE, TIMESTAMP):
        return []
    if type_ == TIMESTAMP:
        ends = {end for one in lists.values() if one.until is not None for end in one.until[:ENTRIES_TRIED].tolist()}
        return [end - 1 for end in sorted(ends)[:_ENDS_TRIED] if TIMESTAMP_MIN < end <= TIMESTAMP_MAX]
    return [float(v) for v in (0.01, 0, -0.01, *_PLAIN)] if type_ == DOUBLE else [0, *_PLAIN]


def _constants(atom: Node) -> list[Any]:
    """The numbers, times and spans that stand in the atom."""
    found: list[Any] = []
    for node in walk(atom):
        if isinstance(node, Const):
            values = node.value if node.type.element is not None else (node.value,)
            found += [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return found
