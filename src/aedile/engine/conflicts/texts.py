"""Which texts, and which lists of texts, might satisfy several tests at once?

Tests for a beginning, an end or a part are satisfied by joining what they ask for with a character that stands in none
of them: where such a text fails, none succeeds, because all it has beside what is asked is that character. Of other
tests (patterns, `normalized`, sizes) the texts are good guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from aedile.engine.conflicts.regex_samples import regex_samples
from aedile.language.ir import Call, Const, Feature, Has, Node, walk
from aedile.language.types import DOUBLE, INT, STRING

#: Sets of tests on one feature that are combined two by two.
SETS_COMBINED = 150
_LONGEST = 400
_SEPARATORS = "-_ ~.:;|/+*#=^"
_SIMPLE = frozenset(("startsWith", "endsWith", "contains"))


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a text should begin with, end with, hold and be, how long it might have to be, and numbers it might be."""

    beginnings: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    wholes: frozenset[str] = frozenset()
    sizes: frozenset[int] = frozenset()
    numbers: frozenset[str] = frozenset()

    def __or__(self, other: Pieces) -> Pieces:
        return Pieces(
            self.beginnings | other.beginnings,
            self.ends | other.ends,
            self.parts | other.parts,
            self.wholes | other.wholes,
            self.sizes | other.sizes,
            self.numbers | other.numbers,
        )


def is_simple_text_test(atom: Node) -> bool:
    """Whether joined texts settle the atom: a beginning, an end or a part of the feature as it is."""
    if isinstance(atom, Call) and atom.function in _SIMPLE:
        return isinstance(atom.args[0], Feature) and isinstance(atom.args[1], Const)
    return False


def is_simple_list_test(atom: Node) -> bool:
    """Whether a list of the constants asked for settles the atom: one text in the list, or any value at all."""
    if isinstance(atom, Call) and atom.function == "in":
        return isinstance(atom.args[0], Const) and isinstance(atom.args[1], Feature)
    return isinstance(atom, Has)


def pieces_of(atom: Node) -> Pieces:
    """The texts and sizes the atom asks for, whatever is around them."""
    found = Pieces()
    for node in walk(atom):
        if not isinstance(node, Call):
            continue
        for constant in (arg for arg in node.args if isinstance(arg, Const)):
            found |= _piece(node.function, constant)
    return found


def _piece(function: str, constant: Const) -> Pieces:
    if constant.type == STRING:
        text = frozenset((constant.value,))
        if function == "startsWith":
            return Pieces(beginnings=text)
        if function == "endsWith":
            return Pieces(ends=text)
        if function == "contains":
            return Pieces(parts=text)
        if function == "matches":
            samples = frozenset(regex_samples(constant.value))
            anchored = constant.value.startswith(("^", "\\A")) or constant.value.endswith(("$", "\\z"))
            return Pieces(wholes=samples) if anchored else Pieces(wholes=samples, parts=frozenset(list(samples)[:1]))
        return Pieces(wholes=text)
    if constant.type.element == STRING:
        return Pieces(wholes=frozenset(constant.value))
    if constant.type == INT:
        near = (constant.value - 1, constant.value, constant.value + 1)
        return Pieces(sizes=frozenset(n for n in near if 0 <= n <= _LONGEST), numbers=frozenset(map(str, near)))
    if constant.type == DOUBLE:
        near = (constant.value - 1, constant.value, constant.value + 1)
        return Pieces(numbers=frozenset(map(repr, near)))
    return Pieces()


def separator(texts: Iterable[str]) -> str:
    """A character that stands in none of the texts."""
    used = set("".join(texts))
    return next((c for c in _SEPARATORS if c not in used), None) or next(
        chr(c) for c in range(0xA1, 0x110000) if chr(c) not in used and not 0xD800 <= c <= 0xDFFF
    )


def combined(wanted: Iterable[Pieces], others: Sequence[Pieces]) -> tuple[list[Pieces], bool]:
    """The sets two by two, and each with each of the others; and whether that is all of it, not only a part."""
    sets = list(dict.fromkeys((Pieces(), *wanted)))
    complete = len(sets) <= SETS_COMBINED
    some = sets[:SETS_COMBINED]
    pairs = [a | b for a, b in combinations(some, 2)] + [a | b for a in some for b in others]
    return list(dict.fromkeys((*sets, *pairs))), complete


def joined_texts(pieces: Pieces, between: str) -> list[str]:
    """Texts made of the pieces; the first of them natural, the last with nothing but pieces and `between`."""
    beginning = max(pieces.beginnings, key=len, default="")
    end = max(pieces.ends, key=len, default="")
    parts = sorted(part for part in pieces.parts if part not in beginning and part not in end)
    texts = sorted(pieces.wholes | pieces.numbers)
    texts += [beginning + whole + end for whole in texts if beginning or end]
    plain = between.join(text for text in (beginning, *parts, end) if text)
    apart = between.join((beginning, *parts, end))
    if between not in apart:
        apart += between
    texts += [plain] if plain else []
    for size in sorted(pieces.sizes):
        fill = size - len(beginning + end)
        if fill >= 0:
            inside = between.join(parts)[:fill]
            texts.append(beginning + inside + "x" * (fill - len(inside)) + end)
    return [*texts, apart]


def joined_lists(pieces: Pieces, filler: str) -> list[list[str]]:
    """Lists whose elements are the pieces; the first holds them all and nothing else."""
    elements = sorted(pieces.wholes | pieces.beginnings | pieces.ends | pieces.parts)
    if pieces.beginnings or pieces.ends or pieces.parts:
        elements += [
            text for text in joined_texts(Pieces(pieces.beginnings, pieces.ends, pieces.parts), filler) if text
        ]
    lists = [elements, [*elements, filler], [], *([element] for element in elements)]
    base = elements or [filler]
    for size in sorted(pieces.sizes):
        lists += [(base * size)[:size], (elements + [filler] * size)[:size]]
    return lists
