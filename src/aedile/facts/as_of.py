"""Which value of an entity was known when it was asked for? The last one from strictly before, if it is not too old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Moments = npt.NDArray[np.int64]


def as_of(
    asked_ids: pa.Array,
    asked_at: pa.Array,
    known_ids: pa.Array,
    known_at: pa.Array,
    *,
    freshness: timedelta | None = None,
) -> npt.NDArray[np.int64]:
    """For each request the row of the value that counts, or -1.

    A value counts from the moment after it was known: a request at that very moment does not see it. Of values known
    at one moment the last row counts. freshness: how old a value may be.
    """
    asked, known = _micros(asked_at), _micros(known_at)
    codes = pa.chunked_array([_texts(known_ids), _texts(asked_ids)]).combine_chunks().dictionary_encode().indices
    numbers = np.asarray(codes.fill_null(-1), np.int64)
    n = len(known)
    # At one moment requests come before values, so that no request sees what became known just then.
    is_value = np.concatenate([np.ones(n, np.int8), np.zeros(len(asked), np.int8)])
    times = np.concatenate([known, asked])
    order = np.lexsort((is_value, times, numbers))
    places = np.where(is_value[order] == 1, np.arange(len(order)), -1)
    last = np.maximum.accumulate(places) if len(places) else places
    found = np.full(len(order), -1, np.int64)
    has = last >= 0
    has[has] = numbers[order[last[has]]] == numbers[order[has]]
    found[has] = order[last[has]]
    rows = np.full(len(asked), -1, np.int64)
    of_requests = order >= n
    rows[order[of_requests] - n] = found[of_requests]
    rows[numbers[n:] < 0] = -1
    if freshness is not None and n:
        age = asked - known[np.maximum(rows, 0)]
        rows[(rows >= 0) & (age > freshness // timedelta(microseconds=1))] = -1
    return rows


def _micros(moments: pa.Array) -> Moments:
    flat = moments.combine_chunks() if isinstance(moments, pa.ChunkedArray) else moments
    if flat.null_count:
        raise ValueError("a time is missing")
    return np.asarray(flat.cast(pa.timestamp("us", "UTC")).cast(pa.int64()))


def _texts(ids: Any) -> pa.Array:
    flat = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    return flat.cast(pa.string())
