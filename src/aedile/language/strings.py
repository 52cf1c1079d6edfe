"""What do the functions on text give?

Work is done once for each distinct text, or each distinct pair of texts, and then spread over the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.language import shapes
from aedile.language.columns import Column
from aedile.language.text import normalize
from aedile.language.types import INT

ArrowTest = Callable[[pa.Array, str], pa.Array]
PythonTest = Callable[[str, str], bool]


def size(text: Column) -> Column:
    """The number of code points."""
    text = shapes.compact(text)
    lengths = shapes.to_numpy(pc.utf8_length(text.dictionary))
    return Column(INT, text.known, shapes.gather(lengths, text.values))


def lower_ascii(text: Column) -> Column:
    text = shapes.compact(text)
    return shapes.text_column(text.known, text.values, pc.ascii_lower(text.dictionary))


def normalized(text: Column) -> Column:
    text = shapes.compact(text)
    assert text.dictionary is not None
    plain = pa.array([normalize(t) for t in text.dictionary.to_pylist()], pa.large_string())
    return shapes.text_column(text.known, text.values, plain)


def starts_with(text: Column, prefix: Column) -> Column:
    return _test(text, prefix, lambda texts, word: pc.starts_with(texts, pattern=word), str.startswith)


def ends_with(text: Column, suffix: Column) -> Column:
    return _test(text, suffix, lambda texts, word: pc.ends_with(texts, pattern=word), str.endswith)


def contains(text: Column, part: Column) -> Column:
    return _test(text, part, lambda texts, word: pc.match_substring(texts, pattern=word), str.__contains__)


def _test(text: Column, word: Column, arrow: ArrowTest, python: PythonTest) -> Column:
    if len(word) != 1:
        known = shapes.both_known(text, word)
        pairs, texts, words = _pairs(text, word)
        answers = np.fromiter(map(python, texts, words), np.bool_, len(texts))
        return shapes.bools(known, answers[pairs])
    text = shapes.compact(text)
    constant = shapes.text_at(word)
    known = shapes.both_known(text, word)
    if constant is None:
        return shapes.bools(known, np.zeros(len(text), np.bool_))
    return shapes.bools(known, shapes.gather(shapes.to_numpy(arrow(text.dictionary, constant)), text.values))


def matches(text: Column, pattern: Column) -> Column:
    """RE2, unanchored; unknown where the pattern is no regular expression."""
    if len(pattern) == 1:
        text = shapes.compact(text)
        return _match_one(text, shapes.text_at(pattern))
    length = len(pattern)
    text, pattern = shapes.broadcast(text, length), shapes.compact(pattern)
    assert pattern.dictionary is not None
    known, values = text.known & pattern.known, np.zeros(length, np.bool_)
    for code in np.unique(pattern.values[known]):
        rows = np.flatnonzero(known & (pattern.values == code))
        part = _match_one(shapes.compact(text.take(rows)), pattern.dictionary[int(code)].as_py())
        known[rows], values[rows] = part.known, part.values
    return shapes.bools(known, values)


def _match_one(text: Column, pattern: str | None) -> Column:
    nothing = np.zeros(len(text), np.bool_)
    if pattern is None:
        return shapes.bools(nothing, nothing)
    try:
        per_text = pc.match_substring_regex(text.dictionary, pattern=pattern)
    except pa.ArrowInvalid:
        return shapes.bools(nothing, nothing)
    return shapes.bools(text.known, shapes.gather(shapes.to_numpy(per_text), text.values))


def join(a: Column, b: Column) -> Column:
    """`a + b`."""
    known = shapes.both_known(a, b)
    if len(a) == 1 or len(b) == 1:
        a, b = shapes.compact(a), shapes.compact(b)
        left, right = a.dictionary, b.dictionary
        if len(b) == 1:
            right, codes = pa.scalar(shapes.text_at(b) or "", pa.large_string()), a.values
        else:
            left, codes = pa.scalar(shapes.text_at(a) or "", pa.large_string()), b.values
        nothing = pa.scalar("", pa.large_string())
        return shapes.text_column(known, codes, pc.binary_join_element_wise(left, right, nothing))
    pairs, left_texts, right_texts = _pairs(a, b)
    joined = [x + y for x, y in zip(left_texts, right_texts, strict=True)]
    return shapes.text_column(known, pairs, pa.array(joined, pa.large_string()))


def bucket(identity: Column, salt: Column, count: Column) -> Column:
    """The first 8 bytes (big-endian) of SHA-256(salt, NUL, identity) modulo count; unknown unless count > 0."""
    known = shapes.all_known([identity, salt, count])
    pairs, ids, salts = _pairs(identity, salt)
    draws = np.fromiter((draw(i, s) for i, s in zip(ids, salts, strict=True)), np.uint64, len(ids))
    positive = count.values > 0
    modulus = np.where(positive, count.values, 1).astype(np.uint64)
    return Column(INT, known & positive, (draws[pairs] % modulus).astype(np.int64))


def draw(identity: str, salt: str) -> int:
    """The 64-bit number behind `bucket` and the canary draw."""
    return int.from_bytes(sha256(salt.encode() + b"\0" + identity.encode()).digest()[:8], "big")


def _pairs(a: Column, b: Column) -> tuple[npt.NDArray[Any], list[str], list[str]]:
    """For each row the place of its pair of texts in two lists, which hold every distinct pair of known texts once."""
    assert a.dictionary is not None
    assert b.dictionary is not None
    known = shapes.both_known(a, b)
    keys = np.where(known, a.values.astype(np.int64) * len(b.dictionary) + b.values, -1)
    distinct, pairs = np.unique(keys, return_inverse=True)
    left, right = np.divmod(np.maximum(distinct, 0), max(len(b.dictionary), 1))
    return pairs, _texts_at(a, left), _texts_at(b, right)


def _texts_at(column: Column, codes: npt.NDArray[Any]) -> list[str]:
    assert column.dictionary is not None
    if len(column.dictionary) == 0:  # then no row is known
        return [""] * len(codes)
    texts: list[str] = column.dictionary.take(pa.array(codes)).to_pylist()
    return texts


def membership(value: Column, texts: pa.LargeStringArray) -> Column:
    """Whether the text is one of these."""
    value = shapes.compact(value)
    per_text = pc.is_in(value.dictionary, value_set=texts)
    return shapes.bools(value.known, shapes.gather(shapes.to_numpy(per_text), value.values))
