"""What was known of entities when a request was decided? Strictly before its time, and nothing later.

An engine's catalogue is moved forth and back in time: only entities that changed in between are put anew. Requests of a
batch whose candidates did not change meanwhile are decided together; where some did, the batch is parted in time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.logged import Logged
from aedile.engine.catalogue import concatenated
from aedile.engine.engine import Engine
from aedile.engine.entities import Entities
from aedile.errors import DataError
from aedile.language.columns import Column, column_from_python, unknown_column
from aedile.language.schema import Schema
from aedile.language.types import TIMESTAMP, Type
from aedile.language.values import from_json

Numbers = npt.NDArray[np.int64]
#: Later than any time.
NEVER = np.int64(2**62)


@dataclass(frozen=True, slots=True, eq=False)
class _Takes:
    """What a feature became: rows ascending, within a row by time; `at` beside them, and the values."""

    row: Numbers
    at: Numbers
    values: Column

    def latest(self, rows: Numbers, moment: int) -> Numbers:
        """For each row the place of the last change before the moment, -1 where there is none."""
        # Rows and times as one number that ascends: times are numbered.
        times = np.unique(self.at)
        width = len(times) + 1
        keys = self.row * width + np.searchsorted(times, self.at)
        sought = rows * width + np.searchsorted(times, moment)  # the first key that is not before the moment
        place = np.searchsorted(keys, sought) - 1
        found = (place >= 0) & (self.row[np.maximum(place, 0)] == rows)
        return np.where(found, place, -1)


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """The entities of one kind: ids, columns to begin with, since when these are known, and what changed when."""

    ids: pa.LargeStringArray
    columns: dict[str, Column]
    born: Numbers
    takes: dict[str, _Takes]
    event_at: Numbers
    event_row: Numbers


class Timeline:
    """The catalogue of an engine at any moment."""

    def __init__(
        self, engines: Sequence[Engine], entities: Sequence[Entities], updates: pa.Table, *, at_the_time: bool,
        earliest: int | None = None,
    ) -> None:  # fmt: skip
        """engines: those that do not share a store. at_the_time: False takes everything as it is in the end. earliest:
        no request is older, so that what was known before then was known always."""
        self._engines = engines
        self._schema = engines[0].schema
        self._at_the_time = at_the_time
        self._kinds = {kind: self._read(kind, entities, updates) for kind in self._schema.kinds}
        self._moment: int | None = None
        self._earliest = earliest if earliest is not None else -(2**62)

    def _types(self, kind: str) -> dict[str, Type]:
        own = {spec.name: spec.type for spec in self._schema.features_of(kind) if spec.source == "entity"}
        return {**own, f"{kind}.as_of": TIMESTAMP}

    def _read(self, kind: str, entities: Sequence[Entities], updates: pa.Table) -> _Kind:
        base = next((some for some in entities if some.kind == kind), None)
        rows = [row for row in updates.to_pylist() if row["kind"] == kind] if len(updates) else []
        ids = base.ids if base is not None else pa.array([], pa.large_string())
        known = set(ids.to_pylist()) if rows else set()
        new = list(dict.fromkeys(row["entity"] for row in rows if row["entity"] not in known))
        count = len(ids)
        ids = pa.concat_arrays([ids, pa.array(new, pa.large_string())])
        types = self._types(kind)
        columns = {
            name: concatenated([column, unknown_column(types[name], len(new))]) if new else column
            for name, column in (base.columns.items() if base is not None else ())
            if name in types
        }
        as_of = columns.get(f"{kind}.as_of")
        born = np.full(len(ids), np.int64(-(2**62)))
        if as_of is not None:
            born[as_of.known] = as_of.values[as_of.known]
        place = {id_: row for row, id_ in enumerate(ids.to_pylist())} if rows else {}
        takes = self._takes(kind, types, [(place[r["entity"]], r) for r in rows])
        at = np.concatenate([born[:count], *(t.at for t in takes.values())])
        row = np.concatenate([np.arange(count), *(t.row for t in takes.values())])
        order = np.argsort(at, kind="stable")
        return _Kind(ids, columns, born, takes, at[order], row[order].astype(np.int64))

    def _takes(self, kind: str, types: dict[str, Type], rows: list[tuple[int, dict[str, Any]]]) -> dict[str, _Takes]:
        by_feature: dict[str, list[tuple[int, int, Any]]] = {}
        for row, update in rows:
            name = f"{kind}.{update['feature']}"
            if name in types and name != f"{kind}.as_of":
                value = _value_of(update["value"], types[name])
                by_feature.setdefault(name, []).append((row, _micros(update["at"]), None if value is _NONE else value))
        found = {}
        for name, entries in by_feature.items():
            entries.sort(key=lambda entry: entry[:2])
            found[name] = _Takes(
                np.array([row for row, _, _ in entries], np.int64), np.array([at for _, at, _ in entries], np.int64),
                column_from_python(types[name], [value for _, _, value in entries]),
            )  # fmt: skip
        return found

    # ------------------------------------------------------------ moving

    def move_to(self, moment: int) -> None:
        """Let the engines know what was known strictly before the moment, in microseconds since 1970."""
        if not self._at_the_time:
            moment = int(NEVER)
        if moment == self._moment:
            return
        for kind, held in self._kinds.items():
            if self._moment is None:
                self._load(kind, held, moment)
                continue
            low, high = sorted((self._moment, moment))
            first, last = np.searchsorted(held.event_at, (low, high))
            rows = np.unique(held.event_row[first:last])
            if len(rows):
                columns = self._state(kind, held, rows, moment)
                for engine in self._engines:
                    engine.put(kind, held.ids.take(pa.array(rows)), columns)
        self._moment = moment

    def _load(self, kind: str, held: _Kind, moment: int) -> None:
        if not len(held.ids):
            return
        if not held.takes and (not self._at_the_time or held.born.max() < self._earliest):
            # Nothing of these entities ever changes: the engine may have the columns themselves.
            for engine in self._engines:
                engine.load(kind, held.ids, held.columns if len(self._engines) == 1 else _all_copied(held.columns))
            held.columns.clear()
            return
        columns = self._state(kind, held, np.arange(len(held.ids)), moment)
        for engine in self._engines:
            engine.load(kind, held.ids, columns if len(self._engines) == 1 else _all_copied(columns))

    def _state(self, kind: str, held: _Kind, rows: Numbers, moment: int) -> dict[str, Column]:
        """The features of these entities as they were known before the moment."""
        is_born = held.born[rows] < moment
        whole = len(rows) == len(held.ids)
        columns = {}
        for name, type_ in self._types(kind).items():
            base = held.columns.get(name)
            column = unknown_column(type_, len(rows)) if base is None else _copied(base) if whole else base.take(rows)
            known = column.known & is_born
            column = Column(column.type, known, column.values, column.dictionary, column.offsets, column.items)
            takes = held.takes.get(name)
            if takes is not None:
                place = takes.latest(rows, moment)
                older = is_born & (takes.at[np.maximum(place, 0)] <= held.born[rows])  # than what is known anyway
                column = _overlaid(column, takes, np.where(older, -1, place))
            columns[name] = column
        columns[f"{kind}.as_of"] = self._as_of(held, rows, moment, is_born)
        return columns

    def _as_of(self, held: _Kind, rows: Numbers, moment: int, is_born: npt.NDArray[np.bool_]) -> Column:
        at = np.where(is_born, held.born[rows], -(2**62))
        for takes in held.takes.values():
            place = takes.latest(rows, moment)
            at = np.maximum(at, np.where(place >= 0, takes.at[np.maximum(place, 0)], -(2**62)))
        known = at > -(2**62)
        return Column(TIMESTAMP, known, np.where(known, at, 0))

    # ------------------------------------------------------------ parting

    def parts(self, logged: Logged) -> Iterator[npt.NDArray[np.int64]]:
        """The requests of a batch in parts, by place; before each is given, the engines know what it may know."""
        left = np.arange(len(logged))
        times = logged.requests.features["request.time"].values
        while len(left):
            moment = int(times[left].min())
            self.move_to(moment)
            changed = self._changed(moment, int(times[left].max())) if self._at_the_time else {}
            if not changed:
                yield left
                return
            stale = self._is_stale(logged, changed)[left]
            # The earliest request is never stale: what it may know is known by now.
            yield left[~stale]
            left = left[stale]

    def known_later(self, logged: Logged) -> int:
        """Candidates of which the catalogue says only what was known after their request: it counts as unknown."""
        if not self._at_the_time:
            return 0
        requests, found = logged.requests, 0
        times = requests.features["request.time"].values[requests.owner]
        for number, kind in enumerate(requests.kinds):
            held = self._kinds.get(kind)
            if held is None or not len(held.born) or held.born.max() < self._earliest:
                continue
            rows = requests.rows(self._engines[0].store, kind)
            mine = (requests.kind == number) & (rows >= 0)
            found += int((held.born[rows[mine]] >= times[mine]).sum())
        return found

    def _changed(self, since: int, until: int) -> dict[str, tuple[Numbers, Numbers]]:
        """Entities that change in between, and those joined to them: kind → (rows ascending, when they first do)."""
        first: dict[str, dict[int, int]] = {}
        for kind, held in self._kinds.items():
            low, high = np.searchsorted(held.event_at, (since, until))
            for at, row in zip(held.event_at[low:high].tolist(), held.event_row[low:high].tolist(), strict=True):
                if row in first.get(kind, {}):
                    continue
                first.setdefault(kind, {})[row] = at
        for kind, rows in list(first.items()):
            for row, at in list(rows.items()):
                for other, dependents in self._engines[0].store.dependents(kind, np.array([row])).items():
                    seen = first.setdefault(other, {})
                    for dependent in dependents.tolist():
                        seen[dependent] = min(at, seen.get(dependent, at))
        found = {}
        for kind, rows in first.items():
            order = sorted(rows)
            found[kind] = np.array(order, np.int64), np.array([rows[row] for row in order], np.int64)
        return found

    def _is_stale(self, logged: Logged, changed: dict[str, tuple[Numbers, Numbers]]) -> npt.NDArray[np.bool_]:
        """The requests that may know more of a candidate, or of their query, than the engines know."""
        requests = logged.requests
        times = requests.features["request.time"].values
        stale = np.zeros(len(logged), np.bool_)
        for number, kind in enumerate(requests.kinds):
            catalogue = self._engines[0].store.catalogues.get(kind)
            if kind in changed and catalogue is not None:
                mine = np.flatnonzero(requests.kind == number)
                rows = catalogue.index.find_texts(requests.ids.take(pa.array(mine)))
                when = _first_change(rows.astype(np.int64), *changed[kind])
                np.logical_or.at(stale, requests.owner[mine], when < times[requests.owner[mine]])
        asked, queries = requests.features["request.query"], self._engines[0].store.catalogues.get("query")
        if "query" in changed and queries is not None and asked.dictionary is not None:
            rows = queries.index.find_texts(asked.dictionary)[asked.values].astype(np.int64)
            stale |= asked.known & (_first_change(rows, *changed["query"]) < times)
        return stale


#: What stands for a value that is not one of the feature's type.
_NONE = object()


def _value_of(text: str | None, type_: Type) -> Any:
    """The value that an update says; `_NONE` where it is not one of the type."""
    if text is None:
        return None
    try:
        value = json.loads(text)
        return from_json(value, type_) if value is not None else None
    except (json.JSONDecodeError, DataError):
        return _NONE


def bad_updates(updates: pa.Table, schema: Schema) -> int:
    """Updates of features that there are not, or with values of another type, which count as unknown."""
    bad = 0
    for kind, feature, value in zip(*(updates[name].to_pylist() for name in ("kind", "feature", "value")), strict=True):
        spec = schema.features.get(f"{kind}.{feature}")
        bad += spec is None or spec.source != "entity" or _value_of(value, spec.type) is _NONE
    return bad


def _first_change(rows: Numbers, changed: Numbers, at: Numbers) -> Numbers:
    place = np.minimum(np.searchsorted(changed, rows), len(changed) - 1)
    return np.where(changed[place] == rows, at[place], NEVER)


def _overlaid(column: Column, takes: _Takes, place: Numbers) -> Column:
    """The column, with values that were taken since in their place."""
    both = concatenated([column, takes.values])
    chosen = np.where(place >= 0, len(column) + place, np.arange(len(column)))
    return both.take(chosen)


def _all_copied(columns: dict[str, Column]) -> dict[str, Column]:
    return {name: _copied(column) for name, column in columns.items()}


def _copied(column: Column) -> Column:
    """The column with memory of its own: a catalogue changes values where they stand."""
    return Column(
        column.type, column.known.copy(), column.values.copy(), column.dictionary, column.offsets, column.items
    )


def _micros(moment: Any) -> int:
    return int(pa.scalar(moment, pa.timestamp("us", "UTC")).value)
