"""What do Parquet, Arrow, CSV and NDJSON files hold, column by column?

Every reader returns the wanted columns as Arrow arrays; text formats are parsed here, by the features' types.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from aedile.documents import decode
from aedile.engine.arrow_columns import is_text
from aedile.engine.entity_layout import NOT_READABLE, Layout, Target
from aedile.errors import DataError, Place
from aedile.language.types import BOOL, DOUBLE, INT, INT_MAX, INT_MIN, STRING, Type

Arrays = list[tuple[Target, pa.ChunkedArray]]
#: What Arrow's readers raise for a file that is not theirs; names of columns may be no UTF-8 either.
_UNREADABLE = (pa.ArrowException, UnicodeDecodeError)
_CHUNK = 50_000
_BLOCK_BYTES = 16 << 20


def read_parquet(path: Path, layout: Layout) -> Arrays:
    """Texts come dictionary-encoded, as Parquet mostly holds them."""
    try:
        with pa.parquet.ParquetFile(path) as file:
            targets = layout.targets(list(file.schema_arrow.names))
            types = {field.name: field.type for field in file.schema_arrow}
            texts = [t.column for t in targets if t.type == STRING and is_text(types[t.column])]
        with pa.parquet.ParquetFile(path, read_dictionary=texts, memory_map=True) as file:
            table = file.read([target.column for target in targets])
    except _UNREADABLE as error:
        raise damaged(path, "Parquet", str(error)) from None
    return [(target, table.column(target.column)) for target in targets]


def read_arrow(path: Path, layout: Layout) -> Arrays:
    """Arrow IPC, as a file or as a stream."""
    try:
        with pa.memory_map(str(path)) as source:
            try:
                table = pa.ipc.open_file(source).read_all()
            except pa.ArrowInvalid:
                source.seek(0)
                table = pa.ipc.open_stream(source).read_all()
            targets = layout.targets(list(table.column_names))
            table = table.select([target.column for target in targets])
            table.validate(full=True)  # Arrow trusts the offsets in a file; beyond its end lies other memory
    except _UNREADABLE:
        raise damaged(
            path, "Arrow IPC", "such a file is written by Arrow's IPC writer, as a file or a stream"
        ) from None
    return [(target, table.column(target.column)) for target in targets]


def damaged(path: Path, what: str, reason: str) -> DataError:
    """The error for a file that cannot be read as what its name says."""
    return DataError(
        NOT_READABLE,
        f"the file is not readable as {what}",
        place=Place(str(path)),
        hint=reason.split("\n", 1)[0].rstrip(".")[:200],
        fix="check that the file is complete and that its name ends as its format asks",
    )


def read_csv(path: Path, layout: Layout) -> Arrays:
    """CSV with a header line, commas and double quotes; an empty cell is a missing value, `""` an empty text."""
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    try:
        with pa.csv.open_csv(path, read_options=_READING, parse_options=parsing) as probe:
            columns = list(probe.schema.names)
        targets = layout.targets(columns)
        converting = pa.csv.ConvertOptions(
            column_types={target.column: pa.large_string() for target in targets},
            include_columns=[target.column for target in targets],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        table = pa.csv.read_csv(path, read_options=_READING, parse_options=parsing, convert_options=converting)
    except _UNREADABLE as error:
        decode(path.read_bytes(), str(path))
        raise _ragged(path) or damaged(path, "CSV", str(error)) from None
    return [(target, _from_text(table.column(target.column), target)) for target in targets]


_READING = pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)


def _ragged(path: Path) -> DataError | None:
    """The error for the first row with more or fewer cells than the header, None where no row is at fault."""
    rows: list[Any] = []

    def keep(row: Any) -> str:
        rows.append(row)
        return "error"

    parsing = pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep)
    try:
        pa.csv.read_csv(path, read_options=_READING, parse_options=parsing)
    except pa.ArrowException:
        if rows:
            row = rows[0]
            return DataError(
                NOT_READABLE,
                f"a row has {row.actual_columns} cells where the header has {row.expected_columns}",
                place=Place(str(path), row.number),
                hint=f"the row is {row.text[:80]}",
                fix='put cells that hold a comma into double quotes: "a, b"',
            )
    return None


def _from_text(array: pa.ChunkedArray, target: Target) -> pa.ChunkedArray:
    """A column of texts as one of the feature's type; times stay texts, which `to_column` reads."""
    if target.type.element is not None:
        return _json_lists(array, target)
    if target.type not in _TEXT_FORMS:
        return array
    pattern, arrow_type = _TEXT_FORMS[target.type]
    trimmed = pc.utf8_trim_whitespace(array)
    fits = pc.match_substring_regex(trimmed, pattern).fill_null(True)
    _refuse_first(fits, array, target)
    lowered = pc.utf8_lower(trimmed) if target.type == BOOL else trimmed
    try:
        return lowered.cast(arrow_type)
    except pa.ArrowInvalid:  # a whole number of the right form that does not fit 64 bits
        whole = [None if text is None else INT_MIN <= int(text[:40]) <= INT_MAX for text in lowered.to_pylist()]
        _refuse_first(pc.fill_null(pa.chunked_array([pa.array(whole, pa.bool_())]), True), array, target)
        raise


_TEXT_FORMS: dict[Type, tuple[str, pa.DataType]] = {
    BOOL: (r"^(true|false|True|False|TRUE|FALSE)$", pa.bool_()),
    INT: (r"^-?[0-9]+$", pa.int64()),
    DOUBLE: (r"^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$|^NaN$|^-?Infinity$", pa.float64()),
}


def _refuse_first(fits: pa.ChunkedArray, array: pa.ChunkedArray, target: Target) -> None:
    row = pc.index(fits, pa.scalar(False)).as_py()
    if row >= 0:
        raise target.bad_cell(row, array[row].as_py())


def _json_lists(array: pa.ChunkedArray, target: Target) -> pa.ChunkedArray:
    encoded = array.dictionary_encode().unify_dictionaries().combine_chunks()
    texts = encoded.dictionary.to_pylist()
    lists = [_json_list(text) for text in texts]
    bad = np.array([found is None for found in lists] or [False])
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    missed = bad[codes] & encoded.is_valid().to_numpy(zero_copy_only=False)
    if missed.any():
        row = int(np.argmax(missed))
        raise target.bad_cell(row, texts[codes[row]])
    distinct = pa.array(lists, pa.list_(pa.large_string()))
    return pa.chunked_array([distinct.take(encoded.indices)])


def _json_list(text: str) -> list[str] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and all(isinstance(entry, str) for entry in found) else None


def read_ndjson(path: Path, layout: Layout) -> Arrays:
    """One JSON object a line; a field that is absent or null is a missing value."""
    possible = {target.column: target for target in layout.possible()}
    names: dict[str, None] = {}
    parts: dict[str, list[pa.Array]] = {}
    rows = 0
    for batch in _batches(path):
        names.update(dict.fromkeys(name for row in batch for name in row))
        for column in possible.keys() & names.keys():
            target = possible[column]
            if column not in parts:
                parts[column] = [pa.nulls(rows, _json_type(target.type))]
            parts[column].append(_json_column([row.get(column) for row in batch], target, rows))
        rows += len(batch)
    return [(target, pa.chunked_array(parts[target.column])) for target in layout.targets(list(names))]


def _batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    with open(path, "rb") as lines:
        batch: list[dict[str, Any]] = []
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            batch.append(_json_row(line, path, number))
            if len(batch) == _CHUNK:
                yield batch
                batch = []
        if batch:
            yield batch


def _json_row(line: bytes, path: Path, number: int) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) != len(pairs):
            raise _BadLineError("a key stands twice")
        return row

    def no_token(token: str) -> Any:
        raise _BadLineError(f"{token} is not JSON")

    try:
        row = json.loads(line, object_pairs_hook=once, parse_constant=no_token)
    except _BadLineError as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except RecursionError:
        reason = "brackets nest too deep"
    except ValueError as error:
        reason = str(error).partition(": line 1")[0].lower()
    else:
        if isinstance(row, dict):
            return row
        reason = "it is no object"
    raise DataError(
        NOT_READABLE,
        "the line is not a JSON object",
        place=Place(str(path), number),
        hint=reason,
        fix='write {"id": "a", "price": 9.5}, one entity a line',
    )


class _BadLineError(Exception):
    """A line that is JSON for Python and not for us."""


def _json_type(type_: Type) -> pa.DataType:
    if type_.element is not None:
        return pa.list_(pa.large_string())
    return {BOOL: pa.bool_(), INT: pa.int64(), DOUBLE: pa.float64()}.get(type_, pa.large_string())


def _json_column(values: list[Any], target: Target, first_row: int) -> pa.Array:
    fits = _json_check(target.type)
    for row, value in enumerate(values):
        if value is not None and not fits(value):
            raise target.bad_cell(first_row + row, value)
    if target.type == DOUBLE:
        values = [_NOT_FINITE.get(value, value) if isinstance(value, str) else value for value in values]
    return pa.array(values, _json_type(target.type))


_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _json_check(type_: Type) -> Callable[[Any], bool]:
    """Whether a JSON value is one of the type; texts of times are read later."""
    if type_.element is not None:
        return lambda value: isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    if type_ == BOOL:
        return lambda value: isinstance(value, bool)
    if type_ == INT:
        return lambda value: type(value) is int and INT_MIN <= value <= INT_MAX
    if type_ == DOUBLE:
        return _is_double
    return lambda value: isinstance(value, str)


def _is_double(value: Any) -> bool:
    if type(value) is float:  # infinite only where the number in the text was out of range
        return abs(value) != float("inf")
    if type(value) is int:
        return abs(value) <= 2**53
    return isinstance(value, str) and value in _NOT_FINITE
