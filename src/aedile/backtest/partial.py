"""How do results of many batches, worked on anywhere and in any order, become one?

A `Partial` is a handful of tables. Two of them add up: rows of the same keys are summed, and of what is drawn by hash
those with the lowest are kept. It does not matter who adds what to what; sums of doubles agree to some 1e-12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

#: How a partial travels: the name of a table, and its rows as an Arrow stream.
PARTIALS = pa.schema([pa.field("table", pa.string(), False), pa.field("rows", pa.binary(), False)])
#: Columns of a table by which its rows are told apart; a table of draws has `draw` (lowest kept) and `group`.
KEYS: Mapping[str, tuple[str, ...]] = {
    "requests": ("market", "channel"),
    "groups": ("by", "key"),
    "money": ("by", "key", "currency"),
    "strategies": ("strategy",),
    "pairs": ("one", "other"),
    "limits": ("what",),
}
DRAWS = ("items", "slates")


@dataclass(slots=True)
class Partial:
    """Tables by name; those that are not there have no rows. most: rows kept of each group of draws."""

    most: int
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def add(self, name: str, table: pa.Table) -> None:
        if len(table):
            mine = self.tables.get(name)
            self.tables[name] = table if mine is None else _joined(name, [mine, table], self.most)

    def merge(self, others: Iterable[Partial]) -> Partial:
        """This and others in one; cost ∝ all their rows, once."""
        waiting: dict[str, list[pa.Table]] = {name: [table] for name, table in self.tables.items()}
        for other in others:
            for name, table in other.tables.items():
                pile = waiting.setdefault(name, [])
                pile.append(table)
                if len(pile) >= MERGED_AT_ONCE:
                    waiting[name] = [_joined(name, pile, self.most)]
        return Partial(self.most, {name: _joined(name, pile, self.most) for name, pile in waiting.items()})

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """Rows of `PARTIALS`."""
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # most of the numbers are 0
        for name, table in self.tables.items():
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
                writer.write_table(table)
            yield pa.RecordBatch.from_arrays(
                [pa.array([name]), pa.array([sink.getvalue().to_pybytes()], pa.binary())], schema=PARTIALS
            )


#: Tables that are put together before another is waited for.
MERGED_AT_ONCE = 16


def from_table(table: pa.Table, most: int) -> Partial:
    """The sum of all partials in rows of `PARTIALS`."""
    found = []
    for name, rows in zip(table["table"].to_pylist(), table["rows"], strict=True):
        with pa.ipc.open_stream(rows.as_buffer()) as stream:
            found.append(Partial(most, {name: stream.read_all()}))
    return Partial(most).merge(found)


def _joined(name: str, tables: list[pa.Table], most: int) -> pa.Table:
    whole = pa.concat_tables(tables)
    return lowest(whole, most) if name in DRAWS else summed(whole, KEYS[name])


def summed(table: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """Rows of the same keys as one, everything else summed."""
    others = [name for name in table.column_names if name not in keys]
    grouped = table.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in others])
    columns = [grouped[key] for key in keys]
    columns += [grouped[f"{name}_sum"].cast(table.schema.field(name).type) for name in others]
    return pa.table(columns, names=[*keys, *others])


def lowest(table: pa.Table, most: int) -> pa.Table:
    """Of each `group` the rows with the lowest `draw`, no more than `most`."""
    ordered = table.sort_by([("group", "ascending"), ("draw", "ascending"), ("request", "ascending")])
    kept: list[int] = []
    seen: dict[str, int] = {}
    for place, group in enumerate(ordered["group"].to_pylist()):
        seen[group] = seen.get(group, 0) + 1
        if seen[group] <= most:
            kept.append(place)
    return ordered.take(pa.array(kept, pa.int64())) if len(kept) < len(ordered) else ordered


def ordered(table: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """The rows by their keys, so that two tables can be compared."""
    return table.take(pc.sort_indices(table, [(key, "ascending") for key in keys]))
