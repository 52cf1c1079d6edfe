"""Which row does a value have where its literals must be evaluated: text and list tests, arithmetic, several features?

Texts are evaluated once for each distinct one, and those met lately are remembered.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine import kernel
from aedile.engine.axis_bits import (
    FALSE,
    TRUE,
    UNKNOWN,
    Assignment,
    Outcomes,
    Use,
    clause_bits,
    outcomes,
    spread,
    touched_by,
)
from aedile.language.columns import Column, Rows, unknown_column
from aedile.language.evaluation import Table, evaluate
from aedile.language.ir import Call, Const, Feature, Node, rewrite, walk
from aedile.language.lists import Lists
from aedile.language.shapes import compact
from aedile.language.types import STRING, list_of

#: More outcome patterns than this on one text axis, and its atoms are parted into two axes.
PATTERN_LIMIT = 4096
#: A text axis remembers so many texts; larger dictionaries are evaluated anew.
REMEMBERED = 1 << 16


class OutcomeAxis:
    """Atoms that are evaluated for every row. Each has three rows of bits: where it is false, unknown and true."""

    def __init__(self, atoms: tuple[Node, ...], uses: tuple[Use, ...], words: int, features: frozenset[str]) -> None:
        self.atoms = atoms
        self.uses = uses
        self.words = words
        self.features = features
        self.touched = touched_by(uses, words)
        every = np.array([[FALSE, UNKNOWN, TRUE]], np.int8)
        self.rows = [
            clause_bits(every, [Use(0, use.negated, use.clause) for use in uses if use.atom == place], words)
            for place in range(len(atoms))
        ]

    def assign(self, rows: Rows, lists: Lists) -> list[Assignment]:
        return self.assigned([outcomes(atom, rows, lists) for atom in self.atoms])

    def assigned(self, found: list[Outcomes]) -> list[Assignment]:
        """What each atom's outcomes, int8 (n,), make of the clauses."""
        pairs = zip(found, self.rows, strict=True)
        return [Assignment(outcome.astype(np.int32), bits, possible) for outcome, (bits, possible) in pairs]


class MembershipAxis(OutcomeAxis):
    """Atoms `"text" in feature` over one list of strings: all are found in one pass over the elements."""

    def __init__(self, atoms: tuple[Node, ...], uses: tuple[Use, ...], words: int, feature: str) -> None:
        super().__init__(atoms, uses, words, frozenset((feature,)))
        self._feature = feature
        self._index = kernel.IdIndex(pa.array([_sought(atom) for atom in atoms], pa.large_string()))

    def assign(self, rows: Rows, lists: Lists) -> list[Assignment]:
        column = rows.column(self._feature)
        if len(column) != rows.length:
            return super().assign(rows, lists)
        assert column.items is not None
        assert column.items.dictionary is not None
        assert column.offsets is not None
        found = np.full((len(self.atoms), len(column)), FALSE, np.int8)
        places = kernel.choose(
            column.items.values, column.items.known, self._index.find_texts(column.items.dictionary), -1
        )
        hits = np.flatnonzero(places >= 0)
        owners = np.searchsorted(column.offsets, hits + column.offsets[0], side="right") - 1
        found[places[hits], owners] = TRUE
        found[:, ~column.known] = UNKNOWN
        return self.assigned(list(found))


def is_membership(atom: Node) -> bool:
    """Whether the atom asks for one constant text in a feature that is a list of strings."""
    return (
        isinstance(atom, Call)
        and atom.function == "in"
        and isinstance(atom.args[0], Const)
        and atom.args[0].type == STRING
        and isinstance(atom.args[1], Feature)
        and atom.args[1].type == list_of(STRING)
    )


def _sought(atom: Node) -> str:
    assert isinstance(atom, Call)
    assert isinstance(atom.args[0], Const)
    return str(atom.args[0].value)


class TextAxis:
    """Atoms over one text feature, each a function of the text alone.

    A text's row is the pattern of all atoms' outcomes on it.
    """

    def __init__(self, atoms: tuple[Node, ...], uses: tuple[Use, ...], words: int, feature: str) -> None:
        self.atoms = atoms
        self.uses = uses
        self.words = words
        self.feature = feature
        self.features = frozenset((feature,))
        self.touched = touched_by(uses, words)
        # normalized() costs more than all that is asked of its result: it is done once, whoever asks.
        self._normalized: dict[Node, Feature] = {
            node: Feature(STRING, f"normalized({feature})") for node in _normalized_in(atoms)
        }
        self._asked = tuple(rewrite(atom, lambda node: self._normalized.get(node, node)) for atom in atoms)
        self._without_text: Outcomes | None = None
        self._forget()

    def _forget(self) -> None:
        self._known_texts = kernel.IdIndex(pa.array([], pa.large_string()))
        self._row_of_text = np.zeros(0, np.int32)
        self._rows: dict[bytes, int] = {}
        self._bits = self._possible = np.zeros((0, self.words), np.uint64)

    def assign(self, rows: Rows, lists: Lists) -> list[Assignment]:
        column = compact(rows.column(self.feature))
        assert column.dictionary is not None
        if len(column.dictionary) > REMEMBERED // 4:
            return self._anew(column, rows.length, lists)
        places = self._known_texts.find_texts(column.dictionary)
        if len(places) and places.min() < 0:
            self._learn(column.dictionary.filter(pa.array(places < 0)), lists)
            places = self._known_texts.find_texts(column.dictionary)
        unknown = self._row_of_pattern(self._unknown(lists)[:, 0])
        codes = kernel.choose(column.values, column.known, self._row_of_text[places], unknown)
        return [Assignment(spread(codes, rows.length), self._bits, self._possible)]

    def _learn(self, texts: pa.LargeStringArray, lists: Lists) -> None:
        """Remember texts that are not known yet; where there are too many, all others are forgotten."""
        if len(self._known_texts) + len(texts) > REMEMBERED:
            self._forget()
        found = self._outcomes(texts, lists)
        rows = [self._row_of_pattern(found[:, place]) for place in range(len(texts))]
        self._row_of_text = np.concatenate((self._row_of_text, np.array(rows, np.int32)))
        self._known_texts.extended(texts)

    def _row_of_pattern(self, pattern: Outcomes) -> int:
        key = pattern.tobytes()
        if key not in self._rows:
            bits, possible = clause_bits(pattern[:, None], self.uses, self.words)
            self._rows[key] = len(self._rows)
            self._bits, self._possible = np.vstack((self._bits, bits)), np.vstack((self._possible, possible))
        return self._rows[key]

    def _outcomes(self, texts: pa.LargeStringArray, lists: Lists) -> Outcomes:
        count = len(texts)
        return self._evaluated(Column(STRING, np.ones(count, np.bool_), np.arange(count, dtype=np.int32), texts), lists)

    def _evaluated(self, column: Column, lists: Lists) -> Outcomes:
        own = Table({self.feature: column}, len(column))
        columns = {stand_in.name: evaluate(node, own, lists) for node, stand_in in self._normalized.items()}
        table = Table({self.feature: column, **columns}, len(column))
        return np.stack([outcomes(atom, table, lists) for atom in self._asked])

    def _unknown(self, lists: Lists) -> Outcomes:
        """The atoms' outcomes where the feature is unknown, (atoms, 1): `all` over nothing is true even then."""
        if self._without_text is None:
            self._without_text = self._evaluated(unknown_column(STRING, 1), lists)
        return self._without_text

    def _anew(self, column: Column, length: int, lists: Lists) -> list[Assignment]:
        """For a whole catalogue's texts; the last outcome is that of no text at all."""
        assert column.dictionary is not None
        found = np.concatenate((self._outcomes(column.dictionary, lists), self._unknown(lists)), axis=1)
        chosen = np.where(column.known, column.values, np.int32(len(column.dictionary)))
        return self._parted(found, list(range(len(self.atoms))), spread(chosen, length))

    def _parted(self, found: Outcomes, atoms: list[int], chosen: npt.NDArray[np.int32]) -> list[Assignment]:
        patterns, codes = _patterns(found[atoms])
        if len(atoms) > 1 and patterns.shape[1] > PATTERN_LIMIT:
            half = len(atoms) // 2
            return self._parted(found, atoms[:half], chosen) + self._parted(found, atoms[half:], chosen)
        place = {atom: i for i, atom in enumerate(atoms)}
        uses = [Use(place[use.atom], use.negated, use.clause) for use in self.uses if use.atom in place]
        bits, possible = clause_bits(patterns, uses, self.words)
        return [Assignment(codes[chosen], bits, possible)]


def _normalized_in(atoms: tuple[Node, ...]) -> set[Node]:
    """Every `normalized(feature)` in the atoms."""
    calls = (node for atom in atoms for node in walk(atom) if isinstance(node, Call))
    return {call for call in calls if call.function == "normalized" and isinstance(call.args[0], Feature)}


def _patterns(found: Outcomes) -> tuple[Outcomes, npt.NDArray[np.int32]]:
    """The distinct columns of (atoms, n) outcomes, and for each of the n which one it is."""
    codes = np.zeros(found.shape[1], np.int64)
    for row in found:
        codes = codes * 3 + row
        if codes.size and codes.max() > 2**48:
            codes = np.unique(codes, return_inverse=True)[1]
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    return found[:, first], codes.astype(np.int32)
