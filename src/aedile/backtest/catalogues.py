"""What was known of entities, and when did it change? Kept in a folder, read wherever batches are worked on.

`<kind>.arrow` is what was known of each entity to begin with; `updates.arrow` holds what it became later: one row a
feature that took a value. Both are Arrow files, so that several processes share their memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from aedile.engine.entities import Entities
from aedile.engine.entity_batches import decode_entities, to_arrow
from aedile.language.schema import Schema

UPDATES = "updates.arrow"
#: A change of one feature: kind, entity, the feature's own name, its value as JSON (null: no longer known), and when.
UPDATE = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("entity", pa.string()),
        pa.field("feature", pa.string()),
        pa.field("value", pa.string()),
        pa.field("at", pa.timestamp("us", "UTC")),
    ]
)


def write_catalogue(folder: Path, entities: Iterable[Entities], updates: pa.Table | None = None) -> str:
    """Write what is known of entities, and how it changed, into an empty folder; returns its path."""
    for some in entities:
        table = pa.table(
            {f"{some.kind}.id": some.ids, **{n: to_arrow(c, in_dictionaries=True) for n, c in some.columns.items()}}
        )
        with (
            pa.OSFile(str(folder / f"{some.kind}.arrow"), "wb") as file,
            pa.ipc.new_stream(file, table.schema) as writer,
        ):
            writer.write_table(table)
    if updates is not None and len(updates):
        table = updates.select(UPDATE.names).cast(UPDATE)
        order = pc.sort_indices(table, [("at", "ascending"), ("kind", "ascending"), ("entity", "ascending")])
        with pa.OSFile(str(folder / UPDATES), "wb") as file, pa.ipc.new_file(file, UPDATE) as writer:
            writer.write_table(table.take(order))
    return str(folder)


def read_catalogue(folder: str | None, schema: Schema) -> tuple[list[Entities], pa.Table]:
    """The entities in a folder, and their changes in the order in which they happened."""
    if folder is None:
        return [], UPDATE.empty_table()
    root = Path(folder)
    found = [
        decode_entities(pa.memory_map(str(root / f"{kind}.arrow")).read_buffer(), kind, schema)
        for kind in schema.kinds
        if (root / f"{kind}.arrow").exists()
    ]
    if not (root / UPDATES).exists():
        return found, UPDATE.empty_table()
    with pa.memory_map(str(root / UPDATES)) as file:
        return found, pa.ipc.open_file(file).read_all()
