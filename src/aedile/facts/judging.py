"""Which rows of a table are facts of their kind, and what is wrong with the others?

Column by column over all rows at once; only what is wrong is looked at row by row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.errors import DataError
from aedile.facts import trouble
from aedile.facts.kinds import MOMENT, REAL, TEXT, TEXTS, WHOLE, FactKind, Field
from aedile.facts.zones import no_such_market
from aedile.language.markets import CHANNELS, MARKETS

#: Texts that people write, or that hold more than a name; all others are ids and codes.
LONG = frozenset({"text", "user_query", "query_attributes", "event_attributes", "message", "value"})
#: Texts that are JSON, and whether they must be an object.
_JSON = {"query_attributes": True, "event_attributes": True, "value": False}
#: The least and the greatest score, by what a survey measures.
_SCORES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
_SECOND = 1_000_000
#: 2000-01-01; the end of the year 9999.
EARLIEST, LATEST = 946_684_800 * _SECOND, 253_402_300_800 * _SECOND
#: How far a sender's clock may be ahead.
AHEAD = 86_400 * _SECOND
_MARKETS, _CHANNELS = pa.array(sorted(MARKETS)), pa.array(CHANNELS)

Bits = npt.NDArray[np.bool_]
#: (rows that are wrong, what is wrong with one of them)
Found = Iterator[tuple[Bits, Callable[[int], DataError]]]


def judged(kind: FactKind, table: pa.Table, received: int) -> dict[int, DataError]:
    """What is wrong, by row from 0; the first trouble of each row.

    table: of the kind's `sent_schema`, valid as Arrow means it, each column in one chunk. received: when it arrived, in
    microseconds since 1970.
    """
    found: dict[int, DataError] = {}
    if len(table) == 0:
        return found
    for field in kind.sent:
        for wrong, error in _of_column(field, table[field.name].chunk(0), received):
            _note(found, wrong, error)
    for wrong, error in _of_rows(kind, table):
        _note(found, wrong, error)
    return found


def _note(found: dict[int, DataError], wrong: Bits, error: Callable[[int], DataError]) -> None:
    if wrong.any():
        for row in np.flatnonzero(wrong).tolist():
            if row not in found:
                found[row] = error(row)


def _bits(array: pa.Array, null: bool = False) -> Bits:
    return np.asarray(array.fill_null(null))


def _of_column(field: Field, column: pa.Array, received: int) -> Found:
    if field.required and column.null_count:
        yield _bits(column.is_null()), lambda _: trouble.missing(field)
    if column.null_count == len(column):
        return
    if field.type == TEXT:
        yield from _of_texts(field, column)
    elif field.type == TEXTS:
        yield from _of_lists(field, column)
    elif field.type == MOMENT:
        yield from _of_moments(field, column, received)
    elif field.type in (WHOLE, REAL):
        if field.type == REAL:
            yield _bits(pc.invert(pc.is_finite(column))), lambda row: trouble.bad_value(field, column[row].as_py())
        if field.least is not None:
            yield _bits(pc.less(column, field.least)), lambda row: trouble.bad_value(field, column[row].as_py())


def _of_texts(field: Field, column: pa.Array) -> Found:
    if field.name == "market":
        yield _other(column, _MARKETS), lambda row: no_such_market(column[row].as_py())
    elif field.name == "channel":
        yield _other(column, _CHANNELS), lambda row: trouble.no_such_channel(column[row].as_py(), CHANNELS)
    elif field.values:
        values = pa.array(field.values)
        yield _other(column, values), lambda row: trouble.bad_value(field, column[row].as_py())
    elif field.name == "currency":
        right = pc.match_substring_regex(column, "^[A-Z]{3}$")
        yield ~_bits(right, null=True), lambda row: trouble.bad_currency(field, column[row].as_py())
    else:
        yield from _of_names(field, column)
        if field.name in _JSON:
            wanted = "a JSON object" if _JSON[field.name] else "JSON"
            yield _not_json(column, _JSON[field.name]), lambda _: trouble.not_json(field, wanted)


def _other(column: pa.Array, values: pa.Array) -> Bits:
    return _bits(pc.and_(pc.invert(pc.is_in(column, values, skip_nulls=True)), column.is_valid()))


def _of_names(field: Field, column: pa.Array) -> Found:
    is_long = field.name in LONG
    most = trouble.MAX_TEXT_BYTES if is_long else trouble.MAX_ID_BYTES
    sizes = pc.binary_length(column)

    def error(row: int) -> DataError:
        return trouble.bad_text(field, sizes[row].as_py(), most)

    yield _bits(pc.or_(pc.equal(sizes, 0), pc.greater(sizes, most))), error
    if not is_long and _has_controls(column):
        yield _bits(pc.match_substring_regex(column, "[\\x00-\\x1f\\x7f]")), error


def _has_controls(column: pa.Array) -> bool:
    """Whether any of the texts does; looked up in all their bytes at once."""
    if len(column) == 0 or column.buffers()[2] is None:
        return False
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    return bool(((data < 0x20) | (data == 0x7F)).any())


def _of_lists(field: Field, column: pa.Array) -> Found:
    yield (
        _bits(pc.greater(pc.list_value_length(column), trouble.MAX_ENTRIES)),
        lambda row: trouble.bad_text(field, len(column[row]), trouble.MAX_ENTRIES),
    )
    values = column.flatten()
    wrong = np.zeros(len(values), np.bool_)
    if values.null_count:
        wrong |= _bits(values.is_null())
    for bits, _ in _of_names(field, values):
        wrong |= bits
    if wrong.any():
        rows = np.zeros(len(column), np.bool_)
        rows[np.asarray(pc.list_parent_indices(column))[wrong]] = True
        yield rows, lambda _: trouble.bad_text(field, 0, trouble.MAX_ID_BYTES)


def _of_moments(field: Field, column: pa.Array, received: int) -> Found:
    micros = np.asarray(column.cast(pa.int64()).fill_null(received))
    latest = received + AHEAD if field.name == "at" else LATEST - 1

    def error(row: int) -> DataError:
        late = int(micros[row]) > latest
        return trouble.bad_moment(field, shown_moment(int(micros[row])), late=late)

    yield (micros < EARLIEST) | (micros > latest), error


def shown_moment(micros: int) -> str:
    """The time in words, however far away it is."""
    return str(np.datetime_as_string(np.datetime64(micros, "us"), timezone="UTC"))[:40]


def _not_json(column: pa.Array, must_be_object: bool) -> Bits:
    def is_wrong(text: str | None) -> bool:
        if text is None:
            return False
        try:
            said = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return True
        return must_be_object and not isinstance(said, dict)

    return np.fromiter((is_wrong(text) for text in column.to_pylist()), np.bool_, len(column))


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _of_rows(kind: FactKind, table: pa.Table) -> Found:
    """What concerns several columns of a row."""

    def column(name: str) -> Any:
        return table[name].chunk(0)

    fields = kind.fields
    if "amount" in fields and not fields["currency"].required:
        alone = pc.and_(column("amount").is_valid(), column("currency").is_null())
        yield _bits(alone), lambda _: trouble.missing(fields["currency"])
    if "stars" in fields:
        stars = column("stars")
        yield _bits(pc.greater(stars, 5)), lambda row: trouble.out_of_range(fields["stars"], stars[row].as_py(), 1, 5)
    if "measure" in fields:
        yield from _of_scores(fields["score"], column("measure"), column("score"))
    if "examined" in fields:
        share = column("examined")
        yield _bits(pc.greater(share, 1.0)), lambda row: trouble.bad_value(fields["examined"], share[row].as_py())


def _of_scores(field: Field, measure: pa.Array, score: pa.Array) -> Found:
    for name, (low, high) in _SCORES.items():
        outside = pc.or_(pc.less(score, low), pc.greater(score, high))
        wrong = _bits(pc.and_(pc.equal(measure, name), outside))
        yield wrong, lambda row, low=low, high=high: trouble.out_of_range(field, score[row].as_py(), low, high)  # type: ignore[misc]
