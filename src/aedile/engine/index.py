"""Which clauses of a program hold for which entity of the catalogue, ahead of any request?

An `Index` keeps, for each entity, the sparse list of clauses whose literals on the catalogue are true, and the columns
that late literals compare. It follows its store: when entities change, their lists are made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine import kernel
from aedile.engine.axes import Axis
from aedile.engine.catalogue import EntityRows, Rows64, Store
from aedile.engine.kernel import LateColumn, Pair, PostingLists, pack_known
from aedile.engine.program import Program
from aedile.language.columns import Column, Rows
from aedile.language.lists import Lists
from aedile.language.types import STRING

#: Catalogue rows matched at a time: bounds the memory of a build.
CHUNK = 1 << 20


class Index:
    """Posting lists of a program over its store's catalogue, shared by every layer that holds the program."""

    def __init__(self, program: Program, store: Store, lists: Lists) -> None:
        self.program = program
        self.store = store
        self.lists = lists
        self.late_columns: dict[str, LateColumn] = {}
        self.late_codes: dict[str, dict[str, int]] = {}
        self.build()
        store.follow(self)

    @property
    def kind(self) -> str:
        return self.program.kind

    def build(self) -> None:
        """Match the whole catalogue: cost ∝ entities × axes × clauses / 64."""
        program = self.program
        catalogue = self.store.catalogues.get(program.kind)
        n = len(catalogue) if catalogue is not None else 0
        lengths, ids = [], []
        if not program.catalogue_axes:
            n_listed = 0
            lengths.append(np.zeros(n, np.uint16))
        else:
            n_listed = n
        for start in range(0, n_listed, CHUNK):
            stop = min(start + CHUNK, n)
            rows = None if stop - start == n else np.arange(start, stop, dtype=np.int32)
            found = self.match(EntityRows(self.store, program.kind, rows), stop - start)
            lengths.append(found[0])
            ids.append(found[1])
        nothing = self.match(EntityRows(self.store, program.kind, np.full(1, -1, np.int32)), 1)
        lengths.append(nothing[0])
        ids.append(nothing[1])
        self.postings = posting_lists(np.concatenate(lengths), np.concatenate(ids))
        self._garbage = 0
        self._used = len(self.postings.lists)
        self._build_late()

    def match(self, rows: Rows, n: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
        """The clauses whose catalogue literals hold for n rows: lengths of lists, and the lists end to end."""
        pairs = pairs_of(self.program.catalogue_axes, rows, self.lists)
        return kernel.match(pairs, self.program.with_catalogue & self.program.alive, n)

    def refresh(self, rows: Rows64, changed: Mapping[str, Column] | None = None) -> None:
        """Match some rows again, or match rows that are new. `changed`: their own features, where at hand."""
        if len(rows) == 0:
            return
        entities = EntityRows(self.store, self.program.kind, rows, changed)
        lengths, ids = self.match(entities, len(rows))
        postings = self.postings
        grown = len(self.store.catalogues[self.program.kind]) + 1 - len(postings.starts)
        starts, counts = postings.starts, postings.lengths
        if grown > 0:  # new rows stand before the last one, which is for ids the catalogue lacks
            starts = np.concatenate((starts[:-1], np.zeros(grown, np.uint32), starts[-1:]))
            counts = np.concatenate((counts[:-1], np.zeros(grown, np.uint16), counts[-1:]))
        self._garbage += int(counts[rows].sum())
        store = _room(postings.lists, self._used, len(ids))
        store[self._used : self._used + len(ids)] = ids
        starts[rows] = self._used + np.concatenate(([0], np.cumsum(lengths[:-1], dtype=np.int64)))
        counts[rows] = lengths
        self._used += len(ids)
        self.postings = PostingLists(starts, counts, store)
        if self._garbage > max(1 << 16, self._used // 2):
            self._compact()
        self._refresh_late(rows, entities)

    def _compact(self) -> None:
        postings = self.postings
        lengths = postings.lengths.astype(np.int64)
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        ids = postings.lists[np.repeat(postings.starts.astype(np.int64), lengths) + inside]
        self.postings = PostingLists(offsets[:-1].astype(np.uint32), postings.lengths, ids)
        self._used, self._garbage = len(ids), 0

    def _build_late(self) -> None:
        """Columns for late literals on the catalogue; texts are numbered anew, one number a distinct text."""
        self.late_columns, self.late_codes = {}, {}
        if not self.program.late:
            return
        for name in {atom.feature.name for atom in self.program.late}:
            if self.reads_sent(name):
                continue
            column = EntityRows(self.store, self.program.kind, None).column(name)
            if column.type == STRING:
                assert column.dictionary is not None
                texts = column.dictionary.to_pylist()
                codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
                self.late_codes[name] = codes
                lookup = np.array([codes[text] for text in texts] or [0], np.int32)
                self.late_columns[name] = LateColumn(lookup[column.values], pack_known(column.known), True)
            else:
                self.late_columns[name] = LateColumn(column.values, pack_known(column.known), True)

    def reads_sent(self, name: str) -> bool:
        """Whether the feature comes with the candidate."""
        spec = self.store.schema.features.get(name)
        return spec is not None and spec.source == "request"

    def _refresh_late(self, rows: Rows64, entities: EntityRows) -> None:
        for name, late in list(self.late_columns.items()):
            grown = len(self.postings.starts) - 1 - len(late.values)
            values, known = late.values, late.known
            if grown > 0:
                missing = np.zeros(-(-len(self.postings.starts) // 8) - len(known), np.uint8)
                known = np.concatenate((known, missing))
            if name in self.late_codes:
                codes = self.late_codes[name]
                texts = entities.column(name).to_python()
                fresh = np.array([0 if t is None else codes.setdefault(t, len(codes)) for t in texts], np.int32)
                is_known = np.array([t is not None for t in texts], np.bool_)
            else:
                column = entities.column(name)
                fresh, is_known = column.values, column.known
            if self._is_own(name) and name not in self.late_codes:
                values = self.store.catalogues[self.kind].column(name).values  # changed in its place already
            else:
                values = np.concatenate((values, np.zeros(grown, values.dtype))) if grown > 0 else values
                values[rows] = fresh
            np.bitwise_or.at(known, rows >> 3, (1 << (rows & 7)).astype(np.uint8))
            gone = rows[~is_known]
            np.bitwise_and.at(known, gone >> 3, ~(1 << (gone & 7)).astype(np.uint8))
            self.late_columns[name] = LateColumn(values, known, True)

    def _is_own(self, name: str) -> bool:
        return name.partition(".")[0] == self.kind

    @property
    def nbytes(self) -> int:
        """Bytes held for the catalogue beside its features."""
        late = (c for name, c in self.late_columns.items() if name in self.late_codes or not self._is_own(name))
        return self.postings.nbytes + sum(c.values.nbytes for c in late)


def pairs_of(axes: Sequence[Axis], rows: Rows, lists: Lists) -> list[Pair]:
    return [(a.codes, a.bits) for axis in axes for a in axis.assign(rows, lists)]


def posting_lists(lengths: npt.NDArray[np.uint16], lists: npt.NDArray[np.uint8]) -> PostingLists:
    """Lists that lie end to end, in the order of their rows."""
    if len(lists) >= 2**32:
        raise OverflowError("posting lists of 4 GiB and more: split the catalogue")
    starts = np.zeros(len(lengths), np.uint32)
    np.cumsum(lengths[:-1], out=starts[1:], dtype=np.uint32)
    return PostingLists(starts, lengths, lists)


def _room(ids: npt.NDArray[Any], used: int, more: int) -> npt.NDArray[Any]:
    """The array with room behind `used`, a sixteenth more than is needed when it has to grow."""
    if used + more <= len(ids):
        return ids
    grown = np.empty(used + more + max(1 << 16, used // 16), ids.dtype)
    grown[:used] = ids[:used]
    return grown
