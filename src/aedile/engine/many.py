"""What becomes of the candidates of many requests at once?

The same as a `Decider` says of each, where nothing was sent with candidates but their ids: requests and candidates are
columns, and the kernel goes from one request to the next. Window caps find nothing spent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine import kernel
from aedile.engine.actions import Cap, WindowCap
from aedile.engine.blind import KEPT
from aedile.engine.catalogue import EntityRows, Store, _distinct
from aedile.engine.decide import _joined_lists
from aedile.engine.engine import Engine, muted_book
from aedile.engine.kernel import ActionBook, Words, codes_at, flagged
from aedile.engine.slate import build_slate
from aedile.engine.slate_plan import SlatePlan
from aedile.engine.verdicts import Verdicts
from aedile.language.columns import Column, unknown_column
from aedile.language.schema import Schema
from aedile.language.types import BOOL, STRING, Type

Numbers = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Requests:
    """m requests with n candidates, end to end.

    features: of the requests by full name, m each; what is not there is unknown. starts: int64 (m + 1,), where the
    candidates of each begin. kinds: the names that `kind` numbers, int8 (n,). ids: n. scores: float64 (n,).
    """

    features: Mapping[str, Column]
    starts: Numbers
    kinds: Sequence[str]
    kind: npt.NDArray[np.int8]
    ids: pa.LargeStringArray
    scores: npt.NDArray[np.float64]
    #: The ids in Python, where they are at hand.
    spelt: list[str] | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def owner(self) -> Numbers:
        """Of each candidate its request."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def rows(self, store: Store, kind: str) -> Int32:
        """The row of each candidate in the catalogue of this kind, -1 where it lacks it; looked up once."""
        catalogue = store.catalogues.get(kind)
        if catalogue is None:
            return np.full(len(self.ids), -1, np.int32)
        known = self._rows.get(kind)
        if known is None or known[0] is not catalogue.index.ids:
            known = self._rows[kind] = (catalogue.index.ids, catalogue.index.find_texts(self.ids))
        return known[1]

    @cached_property
    def _rows(self) -> dict[str, tuple[pa.LargeStringArray, Int32]]:
        return {}

    @cached_property
    def texts(self) -> list[str]:
        """The ids in Python."""
        return self.spelt if self.spelt is not None else self.ids.to_pylist()


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """The verdicts and places of the candidates of many requests.

    rank_after: int64 (n,), the place from 1 in the slate of its request, 0 where it is excluded. pinned, reserved:
    int32 (n,), as in `Slate`.
    """

    verdicts: Verdicts
    rank_after: Numbers
    pinned: Int32
    reserved: Int32


class Fired:
    """Which strategies fire for the candidates of many requests: bits, before anything is made of them."""

    def __init__(self, requests: Requests, groups: Sequence[tuple[_Candidates, Words]]) -> None:
        self.requests = requests
        self.groups = groups

    def requests_with(self, strategies: Words) -> Numbers:
        """The requests in which one of these strategies, uint64 (words,), fires; ascending."""
        has = np.zeros(len(self.requests), np.bool_)
        words = np.flatnonzero(strategies)  # a few, mostly
        for group, bits in self.groups:
            fires = np.zeros(group.length, np.bool_)
            for word in words.tolist():
                fires |= (bits[:, word] & strategies[word]) != 0
            has[group.owner[fires]] = True
        return np.flatnonzero(has)


class ManyDecider:
    """Decides many requests by an engine. book: what strategies do, where it is not the engine's own."""

    def __init__(self, engine: Engine, book: ActionBook | None = None, muted: Collection[str] = ()) -> None:
        """muted: as for a `Decider`."""
        self.engine = engine
        book = book or engine.book
        self.book = book if not muted else muted_book(book, engine.strategies, muted)
        actions = [strategy.action for strategy in engine.strategies]
        self._plan = SlatePlan.of(actions)
        self._caps = np.array([isinstance(action, Cap | WindowCap) for action in actions], np.bool_)

    def decide(self, requests: Requests) -> Decided:
        """The decisions: a function of engine, entities and requests, and of nothing else."""
        return self.settle(self.fire(requests))

    def fire(self, requests: Requests) -> Fired:
        """Which strategies fire."""
        found = []
        for group in self._groups(requests):
            out = np.zeros((group.length, self.engine.words), np.uint64)
            for layer in self.engine.layers(group.kind):
                layer.fire_many(group.requests, group.starts, group, group.rows, out)
            found.append((group, out))
        return Fired(requests, found)

    def settle(self, fired: Fired) -> Decided:
        """What becomes of the candidates for whom these fire."""
        n = len(fired.requests.ids)
        verdicts = self._verdicts(fired, n)
        return self.placed(fired.requests, verdicts, self._keys(verdicts, [group for group, _ in fired.groups], n))

    def _groups(self, requests: Requests) -> list[_Candidates]:
        features = _RequestRows(requests, self.engine.store)
        groups = []
        for number, kind in enumerate(requests.kinds):
            places = np.flatnonzero(requests.kind == number)
            if len(places):
                groups.append(_Candidates(requests, features, self.engine.store, kind, places))
        return groups

    def _verdicts(self, fired: Fired, n: int) -> Verdicts:
        parts = [(group.places, kernel.resolve(bits, self.book)) for group, bits in fired.groups]
        if len(parts) == 1:
            return parts[0][1]
        excluded, multiplier = np.full(n, -1, np.int32), np.ones(n)
        for places, part in parts:
            excluded[places], multiplier[places] = part.excluded_by, part.multiplier
        if not parts:
            none, offsets = np.zeros(0, np.int32), np.zeros(n + 1, np.int64)
            return Verdicts(excluded, multiplier, offsets, none, np.zeros(0, np.bool_), offsets, none)
        fired_offsets, (lists, acts) = _joined_lists([(p, v.fired_offsets, (v.fired, v.acts)) for p, v in parts], n)
        shadow_offsets, (shadow,) = _joined_lists([(p, v.shadow_offsets, (v.shadow,)) for p, v in parts], n)
        return Verdicts(excluded, multiplier, fired_offsets, lists, acts, shadow_offsets, shadow)

    def keys(self, requests: Requests, verdicts: Verdicts) -> dict[int, Numbers]:
        """For each cap that fires the codes of its key, of all candidates; -1 where it is unknown."""
        return self._keys(verdicts, self._groups(requests), len(requests.ids))

    def _keys(self, verdicts: Verdicts, groups: Sequence[_Candidates], n: int) -> dict[int, Numbers]:
        found: dict[tuple[str, str], Numbers] = {}
        keys = {}
        for number in flagged(verdicts.fired, self._caps):
            strategy = self.engine.strategies[number]
            if isinstance(strategy.action, Cap):
                place = strategy.applies_to, strategy.action.key
                if place not in found:
                    found[place] = _codes(groups, *place, n)
                keys[number] = found[place]
        return keys

    def placed(self, requests: Requests, verdicts: Verdicts, keys: Mapping[int, Numbers]) -> Decided:
        """The slates of these verdicts. keys: of every cap that fires."""
        n = len(requests.ids)
        nothing = np.zeros(n, np.int64)
        spent = {
            number: nothing
            for number in flagged(verdicts.fired, self._caps)
            if isinstance(self.engine.strategies[number].action, WindowCap)
        }
        after, (pinned, reserved) = np.zeros(n, np.int64), np.full((2, n), -1, np.int32)
        if kernel.compiled is None:
            self._in_python(requests, verdicts, keys, spent, after, pinned, reserved)
        else:
            kernel.compiled.slates(
                requests.scores, requests.texts, requests.starts, len(requests),
                (verdicts.excluded_by, verdicts.multiplier, verdicts.fired_offsets, verdicts.fired, verdicts.acts),
                len(verdicts.fired), self._plan.packed, keys, spent, after, pinned, reserved,
            )  # fmt: skip
        return Decided(verdicts, after, pinned, reserved)

    def _in_python(
        self,
        requests: Requests,
        verdicts: Verdicts,
        keys: Mapping[int, Numbers],
        spent: Mapping[int, Numbers],
        after: Numbers,
        pinned: Int32,
        reserved: Int32,
    ) -> None:
        for first, last in zip(requests.starts[:-1].tolist(), requests.starts[1:].tolist(), strict=True):
            mine = slice(first, last)
            slate = build_slate(
                requests.scores[mine], requests.texts[mine], part_of(verdicts, first, last), self._plan,
                keys={number: codes[mine] for number, codes in keys.items()},
                spent={number: counts[mine] for number, counts in spent.items()},
            )  # fmt: skip
            after[mine], pinned[mine], reserved[mine] = slate.rank_after, slate.pinned, slate.reserved


def part_of(verdicts: Verdicts, first: int, last: int) -> Verdicts:
    """The verdicts of the candidates from first to last, the end exclusive."""
    fired = verdicts.fired_offsets[first : last + 1]
    shadow = verdicts.shadow_offsets[first : last + 1]
    return Verdicts(
        verdicts.excluded_by[first:last], verdicts.multiplier[first:last],
        fired - fired[0], verdicts.fired[fired[0] : fired[-1]], verdicts.acts[fired[0] : fired[-1]],
        shadow - shadow[0], verdicts.shadow[shadow[0] : shadow[-1]],
    )  # fmt: skip


def _codes(groups: Sequence[_Candidates], kind: str, key: str, n: int) -> Numbers:
    for group in groups:
        if group.kind == kind:
            found = group.codes(key)
            if group.length == n:
                return found
            codes = np.full(n, -1, np.int64)
            codes[group.places] = found
            return codes
    return np.full(n, -1, np.int64)


class _RequestRows:
    """The features of m requests; those of a query's entity are looked up."""

    def __init__(self, requests: Requests, store: Store) -> None:
        self.length = len(requests)
        self._features = requests.features
        self._store = store

    def column(self, name: str) -> Column:
        if name in self._features:
            return self._features[name]
        asked = self._features.get("request.query")
        if name == "query.id" and asked is not None:
            return asked
        catalogue = self._store.catalogues.get("query")
        if name.startswith("query.") and asked is not None and catalogue is not None and name in catalogue.types:
            assert asked.dictionary is not None
            rows = np.where(asked.known, catalogue.index.find_texts(asked.dictionary)[asked.values], -1)
            return catalogue.column(name).take(rows)
        return unknown_column(_type_of(name, self._store.schema), self.length)


def _type_of(name: str, schema: Schema) -> Type:
    if name.startswith(KEPT):
        return BOOL
    for kind in schema.kinds:
        found = schema.visible_for(kind).get(name)
        if found is not None:
            return found
    return STRING


class _Candidates:
    """The candidates of one kind: all that conditions may ask of them, that of their requests included."""

    def __init__(self, requests: Requests, features: _RequestRows, store: Store, kind: str, places: Numbers) -> None:
        self.requests = features
        self.kind = kind
        self.places = places
        self.length = len(places)
        self._store = store
        is_all = len(places) == len(requests.ids)
        self._ids = requests.ids if is_all else requests.ids.take(pa.array(places))
        self.owner = requests.owner if is_all else requests.owner[places]
        self.starts = requests.starts if is_all else np.searchsorted(self.owner, np.arange(len(requests) + 1))
        self.rows: Int32 = requests.rows(store, kind)[places] if not is_all else requests.rows(store, kind)

    def column(self, name: str) -> Column:
        if name.startswith(("request.", "query.")):
            column = self.requests.column(name)
            return column.take(self.owner) if len(column) == self.requests.length else column
        if name == f"{self.kind}.id":
            encoded = self._ids.dictionary_encode()
            codes = np.asarray(encoded.indices).astype(np.int32)
            return Column(STRING, np.ones(self.length, np.bool_), codes, encoded.dictionary)
        spec = self._store.schema.features.get(name)
        if spec is not None and spec.source == "request":
            return unknown_column(spec.type, self.length)
        return EntityRows(self._store, self.kind, self.rows).column(name)

    def codes(self, name: str) -> Numbers:
        """As `CandidateRows.codes`."""
        catalogue = self._store.catalogues.get(self.kind)
        if catalogue is not None and catalogue.types.get(name) == STRING:
            held = catalogue.column(name)
            return codes_at(held.values, held.known, self.rows)
        column = self.column(name)
        return np.where(column.known, _distinct(column), -1)
