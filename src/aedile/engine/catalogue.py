"""What is known of every entity?

One `Catalogue` a kind of entity, held in memory: an index from id to row, and a column for each feature. `Entities
in memory` of several kinds form a `Store`, which follows joins (`item.seller_id` → seller).
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine.blind import KEPT
from aedile.engine.kernel import IdIndex, codes_at
from aedile.language.columns import Column, column_from_python, unknown_column
from aedile.language.schema import Schema
from aedile.language.types import BOOL, STRING, TIMESTAMP, Type

Rows64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]


class Catalogue:
    """The entities of one kind. Rows are never moved or reused: a withdrawn entity's row knows nothing."""

    def __init__(
        self, kind: str, types: Mapping[str, Type], ids: pa.LargeStringArray, columns: Mapping[str, Column]
    ) -> None:
        """types: every feature of the kind, by full name; columns: those there are data for, as long as ids."""
        self.kind = kind
        self.types = dict(types)
        self.index = IdIndex(ids)
        n = len(ids)
        self._columns = {
            name: _writable(columns[name]) if name in columns else unknown_column(type_, n)
            for name, type_ in types.items()
        }
        self._patches: dict[str, list[tuple[Rows64, Column]]] = {}

    def __len__(self) -> int:
        return len(self.index)

    def column(self, name: str) -> Column:
        """A feature's values for all rows; changes since the last look are put in place first."""
        if name == f"{self.kind}.id":
            n = len(self)
            return Column(STRING, np.ones(n, np.bool_), np.arange(n, dtype=np.int32), self.index.ids)
        patches = self._patches.pop(name, None)
        if patches:
            self._columns[name] = _patched(self._columns[name], patches, len(self))
        return self._columns[name]

    def put(self, ids: pa.LargeStringArray, columns: Mapping[str, Column]) -> Rows64:
        """Change or add entities; a feature without a column becomes unknown. Returns their rows.

        Costs nothing for each entity that is not among `ids`, until a column is looked at.
        """
        texts = ids.to_pylist()
        rows = self.index.find(texts).astype(np.int64)
        new = rows < 0
        if new.any():
            rows[new] = len(self) + np.arange(int(new.sum()))
            self.index.extended(ids.filter(pa.array(new)))
        for name, type_ in self.types.items():
            self._put(name, rows, columns[name] if name in columns else unknown_column(type_, len(texts)))
        return rows

    def withdraw(self, ids: Sequence[str]) -> Rows64:
        """Forget all that is known of these entities; ids that are not there are passed over. Returns the rows."""
        found = self.index.find(list(ids))
        rows = found[found >= 0].astype(np.int64)
        for name, type_ in self.types.items():
            self._put(name, rows, unknown_column(type_, len(rows)))
        return rows

    def _put(self, name: str, rows: Rows64, column: Column) -> None:
        base = self._columns[name]
        if column.type.element is None and column.type != STRING and not self._patches.get(name):
            grown = len(self) - len(base)
            if grown:
                base = Column(base.type, _grown(base.known, grown), _grown(base.values, grown))
                self._columns[name] = base
            base.values[rows] = column.values
            base.known[rows] = column.known
        else:
            self._patches.setdefault(name, []).append((rows, column))


def _writable(column: Column) -> Column:
    values = column.values if column.values.flags.writeable else column.values.copy()
    known = column.known if column.known.flags.writeable else column.known.copy()
    return Column(column.type, known, values, column.dictionary, column.offsets, column.items)


def _grown(values: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    return np.concatenate((values, np.zeros(count, values.dtype)))


def _patched(base: Column, patches: list[tuple[Rows64, Column]], n: int) -> Column:
    """The column with patches applied in order, n rows long."""
    whole = concatenated([base, *(column for _, column in patches)])
    source = np.full(n, -1, np.int64)
    source[: len(base)] = np.arange(len(base))
    start = len(base)
    for rows, column in patches:
        source[rows] = start + np.arange(len(column))
        start += len(column)
    return _writable(whole.take(source))


def concatenated(columns: Sequence[Column]) -> Column:
    """The columns end to end; one dictionary of distinct texts for strings."""
    type_ = columns[0].type
    known = np.concatenate([c.known for c in columns])
    if type_.element is not None:
        offsets, start = [np.zeros(1, np.int64)], 0
        for c in columns:
            assert c.offsets is not None
            offsets.append(c.offsets[1:] - c.offsets[0] + start)
            start += int(c.offsets[-1] - c.offsets[0])
        items = []
        for c in columns:
            assert c.items is not None
            assert c.offsets is not None
            items.append(c.items.take(np.arange(c.offsets[0], c.offsets[-1])))
        return Column(type_, known, columns[0].values, None, np.concatenate(offsets), concatenated(items))
    if type_ == STRING:
        texts = pa.concat_arrays([_texts(c) for c in columns]).dictionary_encode()
        encoded, starts = np.asarray(texts.indices, np.int32), np.cumsum([0, *(_size(c) for c in columns)])
        codes = [encoded[c.values + start] for c, start in zip(columns, starts, strict=False)]
        return Column(type_, known, np.concatenate(codes), texts.dictionary)
    return Column(type_, known, np.concatenate([c.values for c in columns]))


def _texts(column: Column) -> pa.LargeStringArray:
    assert column.dictionary is not None
    return column.dictionary


def _size(column: Column) -> int:
    return len(_texts(column))


class Follower(Protocol):
    """Something made from a kind's entities (and those joined to them) that must be made again when they change."""

    @property
    def kind(self) -> str: ...

    def build(self) -> None:
        """All entities are new."""

    def refresh(self, rows: Rows64, changed: Mapping[str, Column] | None = None) -> None:
        """These rows are new or changed; `changed` has their own features where at hand."""


class Store:
    """The catalogues of all kinds, joined as the schema says. Whoever follows a store is told of every change."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.catalogues: dict[str, Catalogue] = {}
        self._joins: dict[str, Int32] = {}
        self._followers: weakref.WeakSet[Follower] = weakref.WeakSet()

    def follow(self, follower: Follower) -> None:
        """Tell this one of changes, as long as somebody else holds it."""
        self._followers.add(follower)

    def load(self, kind: str, ids: pa.LargeStringArray, columns: Mapping[str, Column]) -> None:
        """Take entities of one kind, in place of all there were."""
        self.catalogues[kind] = Catalogue(kind, self._types(kind), ids, columns)
        self._joins.clear()
        for follower in list(self._followers):
            if follower.kind == kind or kind in self.schema.paths(follower.kind):
                follower.build()

    def put(self, kind: str, ids: pa.LargeStringArray, columns: Mapping[str, Column]) -> Rows64:
        """Change or add some entities of a kind; returns their rows."""
        if kind not in self.catalogues:
            self.load(kind, pa.array([], pa.large_string()), {})
        rows = self.catalogues[kind].put(ids, columns)
        self._changed(kind, rows, columns)
        return rows

    def withdraw(self, kind: str, ids: Sequence[str]) -> Rows64:
        """Forget entities; returns their rows."""
        rows = self.catalogues[kind].withdraw(ids) if kind in self.catalogues else np.zeros(0, np.int64)
        self._changed(kind, rows, {})
        return rows

    def _changed(self, kind: str, rows: Rows64, columns: Mapping[str, Column]) -> None:
        for join in self.schema.joins:
            if kind in (join.kind, join.to):
                self._joins.pop(join.source, None)
        followers = list(self._followers)
        for follower in followers:
            if follower.kind == kind:
                follower.refresh(rows, columns)
        if any(follower.kind != kind for follower in followers):
            for other, touched in self.dependents(kind, rows).items():
                for follower in followers:
                    if follower.kind == other:
                        follower.refresh(touched)

    def _types(self, kind: str) -> dict[str, Type]:
        own = {spec.name: spec.type for spec in self.schema.features_of(kind) if spec.source == "entity"}
        return {**own, f"{kind}.as_of": TIMESTAMP}

    def settle(self) -> None:
        """Put all changes in their place: as long as nothing is put, several threads may then read."""
        for catalogue in self.catalogues.values():
            for name in catalogue.types:
                catalogue.column(name)

    def rows(self, kind: str, ids: list[str]) -> Int32:
        """The row of each id, -1 where the catalogue lacks it."""
        catalogue = self.catalogues.get(kind)
        return catalogue.index.find(ids) if catalogue is not None else np.full(len(ids), -1, np.int32)

    def joined_rows(self, source: str, to: str) -> Int32:
        """For each row of the kind that has the feature `source`, the row it names in the catalogue of `to`."""
        if source not in self._joins:
            column = self.catalogues[source.partition(".")[0]].column(source)
            self._joins[source] = self._follow(column, to)
        return self._joins[source]

    def _follow(self, column: Column, to: str) -> Int32:
        assert column.dictionary is not None
        by_text = self.rows(to, column.dictionary.to_pylist())
        if len(by_text) == 0:
            return np.full(len(column), -1, np.int32)
        return np.where(column.known, by_text[column.values], np.int32(-1))

    def dependents(self, kind: str, rows: Rows64) -> dict[str, Rows64]:
        """The rows of other kinds whose joined features change with these: kind → rows."""
        found: dict[str, Rows64] = {}
        for join in self.schema.joins:
            if join.to == kind and join.kind in self.catalogues:
                names = np.flatnonzero(np.isin(self.joined_rows(join.source, kind), rows))
                if len(names):
                    found[join.kind] = np.union1d(found.get(join.kind, names), names)
        for other, names in list(found.items()):
            for further, further_rows in self.dependents(other, names).items():
                found[further] = np.union1d(found.get(further, further_rows), further_rows)
        return found


class EntityRows:
    """Chosen rows of a catalogue (all where `rows` is None) with the features of joined entities beside their own.

    `changed` holds own features that are known better than the catalogue's: those of a batch just put.
    """

    def __init__(
        self, store: Store, kind: str, rows: npt.NDArray[Any] | None, changed: Mapping[str, Column] | None = None
    ) -> None:
        self._store = store
        self._kind = kind
        self._rows = rows
        self._changed = changed or {}
        self._paths = store.schema.paths(kind)
        catalogue = store.catalogues.get(kind)
        self.length = len(rows) if rows is not None else len(catalogue) if catalogue is not None else 0

    def column(self, name: str) -> Column:
        if name in self._changed:
            return self._changed[name]
        kind = name.partition(".")[0]
        if kind == self._kind:
            return self._own(name)
        catalogue = self._store.catalogues.get(kind)
        if catalogue is None:
            return unknown_column(self._type(name), self.length)
        return catalogue.column(name).take(self._reach(kind))

    def _own(self, name: str) -> Column:
        catalogue = self._store.catalogues.get(self._kind)
        if catalogue is None:
            return unknown_column(self._type(name), self.length)
        column = catalogue.column(name)
        return column if self._rows is None else column.take(self._rows)

    def _type(self, name: str) -> Type:
        spec = self._store.schema.features.get(name)
        return spec.type if spec is not None else TIMESTAMP if name.endswith(".as_of") else STRING

    def _reach(self, kind: str) -> Int32:
        """The rows, in the catalogue of a joined kind, of the entities these rows lead to."""
        path = self._paths[kind]
        current: npt.NDArray[Any] | None = self._rows
        targets = [source.partition(".")[0] for source in path[1:]] + [kind]
        for source, to in zip(path, targets, strict=True):
            if source in self._changed:
                current = self._store._follow(self._changed[source], to)
                continue
            owner = source.partition(".")[0]
            if owner not in self._store.catalogues:
                return np.full(self.length, -1, np.int32)
            step = self._store.joined_rows(source, to)
            current = step if current is None else _through(step, current)
        assert current is not None
        return current.astype(np.int32)


def _through(step: Int32, rows: npt.NDArray[Any]) -> Int32:
    if len(step) == 0:
        return np.full(len(rows), -1, np.int32)
    return np.where(rows < 0, np.int32(-1), step[rows])


class CandidateRows:
    """All a condition may ask about the candidates of one request: the request's own features, what was sent along,
    and the catalogue. Made for every request, read for few: nothing is done before a column is asked for.
    """

    def __init__(
        self,
        store: Store,
        kind: str,
        rows: Int32,
        ids: Sequence[str],
        values: Mapping[str, Any],
        sent: Mapping[str, Column],
    ) -> None:
        self.length = len(ids)
        self._store = store
        self._kind = kind
        self._rows = rows
        self._ids = ids
        self._values = values
        self._sent = sent

    def column(self, name: str) -> Column:
        if name in self._sent:
            return self._sent[name]
        schema = self._store.schema
        if name.startswith(("request.", "query.")):
            type_ = BOOL if name.startswith(KEPT) else schema.visible_for(self._kind)[name]
            return column_from_python(type_, [self._values.get(name)])
        if name == f"{self._kind}.id":
            return column_from_python(STRING, list(self._ids))
        spec = schema.features.get(name)
        if spec is not None and spec.source == "request":
            return unknown_column(spec.type, self.length)
        return EntityRows(self._store, self._kind, self._rows).column(name)

    def codes(self, name: str) -> npt.NDArray[np.int64]:
        """A number for each value of the feature, the same for equal values; -1 where it is unknown. As long as the
        column: one number may hold for all candidates."""
        catalogue = self._store.catalogues.get(self._kind)
        if name not in self._sent and catalogue is not None and catalogue.types.get(name) == STRING:
            held = catalogue.column(name)
            return codes_at(held.values, held.known, self._rows)
        column = self.column(name)
        return np.where(column.known, _distinct(column), -1)


def _distinct(column: Column) -> npt.NDArray[np.int64]:
    """A number for each value of the column, the same for equal values, at least 0; meaningless where unknown."""
    if column.type == STRING:  # the dictionary holds each text once
        return column.values.astype(np.int64)
    if column.type.element is not None:
        seen: dict[Any, int] = {}
        lists = (tuple(value) if value is not None else () for value in column.to_python())
        return np.array([seen.setdefault(value, len(seen)) for value in lists], np.int64)
    return np.unique(column.values, return_inverse=True, equal_nan=False)[1].astype(np.int64)
