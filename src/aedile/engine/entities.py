"""Which entities are there, and what is known of each?

Read from Parquet, Arrow IPC, CSV or NDJSON. A value of the wrong type is an error with its row, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.documents import unreadable
from aedile.engine.arrow_columns import encode, is_text, to_column
from aedile.engine.entity_files import Arrays, read_arrow, read_csv, read_ndjson, read_parquet
from aedile.engine.entity_layout import AS_OF, BAD_ID, DUPLICATE_ID, ID, MISSING_VALUE, WRONG_FORMAT, Layout, Target
from aedile.errors import DataError, Place
from aedile.fields import listing, shorten
from aedile.language.columns import Column, unknown_column
from aedile.language.schema import Schema

MAX_ID_BYTES = 128

_READERS: dict[str, Callable[[Path, Layout], Arrays]] = {
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".csv": read_csv,
    ".ndjson": read_ndjson,
    ".jsonl": read_ndjson,
}


@dataclass(frozen=True, slots=True, eq=False)
class Entities:
    """n entities of one kind.

    ids: n distinct texts without nulls.
    columns: by full name, one for each declared feature of source `entity` (unknown where the file has none), and
        `<kind>.as_of` where the file has it: the time at which a row's values were known.
    ignored: the file's columns that the schema does not speak of.
    """

    kind: str
    ids: pa.LargeStringArray
    columns: Mapping[str, Column]
    ignored: tuple[str, ...] = ()
    file: str | None = None

    def __len__(self) -> int:
        return len(self.ids)


def read_entities(path: Path | str, kind: str, schema: Schema) -> Entities:
    """The entities of a kind in a file, its format told by its name; a `DataError` says what does not fit."""
    path = Path(path)
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise DataError(
            WRONG_FORMAT,
            f"`{path.name}` is not of a format that can be read",
            place=Place(str(path)),
            hint=f"the end of the name tells the format: {listing(_READERS)}",
            fix="write the entities as Parquet, or rename the file",
        )
    schema.visible_for(kind)
    layout = Layout(str(path), kind, schema)
    try:
        arrays = reader(path, layout)
    except OSError as error:
        raise unreadable(path, error) from None
    return _assemble(arrays, layout)


def _assemble(arrays: Arrays, layout: Layout) -> Entities:
    kind = layout.kind
    ids: pa.LargeStringArray = pa.array([], pa.large_string())
    columns: dict[str, Column] = {}
    for target, array in arrays:
        if target.name == f"{kind}.{ID}":
            ids = _ids(array, target)
        else:
            columns[target.name] = to_column(array, target)
    found = {target.name: target for target, _ in arrays}
    for name, spec in layout.wanted().items():
        if name not in columns:
            columns[name] = unknown_column(spec.type, 1).take(np.full(len(ids), -1))
        known = columns[name].known
        if not spec.missing and not known.all():
            row = int(np.argmin(known))
            raise _missing_value(found[name], row, ids[row].as_py())
    order = [*layout.wanted(), f"{kind}.{AS_OF}"]
    ordered = {name: columns[name] for name in order if name in columns}
    return Entities(kind, ids, ordered, tuple(layout.ignored), layout.file)


def _missing_value(target: Target, row: int, id_: str) -> DataError:
    return DataError(
        MISSING_VALUE,
        f"row {row + 1:,} (id {shorten(id_)}) has no value in column `{target.column}`",
        place=Place(target.file, field=target.name),
        hint="the schema says that it is never missing",
        fix=f"fill it in, or write `missing: allowed` for `{target.name}` in the schema",
    )


def _ids(array: pa.ChunkedArray, target: Target) -> pa.LargeStringArray:
    if pa.types.is_null(array.type) or not is_text(array.type):
        return _ids_of_wrong_type(array, target)
    encoded = encode(array, target)
    if encoded.null_count:
        row = pc.index(encoded.is_null(), pa.scalar(True)).as_py()
        raise _bad_id(target, row, "has no id")
    sizes = pc.binary_length(encoded.dictionary).to_numpy(zero_copy_only=False)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    bad = (sizes == 0) | (sizes > MAX_ID_BYTES)
    if bad.any():
        row = int(np.argmax(bad[codes]))
        size = int(sizes[codes[row]])
        raise _bad_id(
            target, row, f"has an id of {size} bytes, the most is {MAX_ID_BYTES}" if size else "has an empty id"
        )
    if len(encoded.dictionary) < len(encoded):
        first, row = _first_twins(codes)
        id_ = encoded.dictionary[codes[row]].as_py()
        raise DataError(
            DUPLICATE_ID,
            f"the rows {first + 1:,} and {row + 1:,} both have the id {shorten(id_)}",
            place=Place(target.file, field=target.name),
            hint="an entity has one row",
            fix="keep the newest of them",
        )
    return encoded.dictionary_decode()


def _ids_of_wrong_type(array: pa.ChunkedArray, target: Target) -> pa.LargeStringArray:
    if len(array) == 0:
        return pa.array([], pa.large_string())
    if array.null_count == len(array):
        raise _bad_id(target, 0, "has no id")
    row = int(np.argmax(array.is_valid().to_numpy()))
    raise target.bad_cell(row, array[row].as_py(), "ids are texts, so that no digit and no leading zero is lost")


def _first_twins(codes: np.ndarray[tuple[int], np.dtype[np.int32]]) -> tuple[int, int]:
    """The first row whose code stood before, and where."""
    _, firsts = np.unique(codes, return_index=True)
    is_first = np.zeros(len(codes), np.bool_)
    is_first[firsts] = True
    row = int(np.argmin(is_first))
    return int(np.argmax(codes == codes[row])), row


def _bad_id(target: Target, row: int, what: str) -> DataError:
    return DataError(
        BAD_ID,
        f"row {row + 1:,} {what}",
        place=Place(target.file, field=target.name),
        hint=f"an id is a text of 1 to {MAX_ID_BYTES} bytes",
        fix="give each row the id by which the marketplace knows the entity, or drop the row",
    )
