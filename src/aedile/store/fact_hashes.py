"""By which numbers are a fact's id and its content known? SHA-256, cut: nobody makes two alike on purpose."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.facts.judging import LONG
from aedile.facts.kinds import TEXT, TEXTS, FactKind

U64 = npt.NDArray[np.uint64]


def hashes_of_ids(ids: pa.Array) -> tuple[U64, U64]:
    """128 bits of each id, in two halves."""
    data = b"".join([sha256(text).digest()[:16] for text in ids.cast(pa.binary()).to_pylist()])
    halves = np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, 2)
    return halves[:, 0].copy(), halves[:, 1].copy()


def hashes_of_contents(kind: FactKind, table: pa.Table) -> U64:
    """64 bits of all that was sent. Values stand one after the other as texts, between characters that no id has; of
    what may hold any character the length stands before it, and what is null is a character of its own."""
    texts = []
    for field in kind.sent:
        column = table[field.name]
        if column.null_count == len(column):
            texts += [pa.scalar("\x00")] * (1 + (field.name in LONG))
            continue
        if field.type == TEXTS:
            column = pc.binary_join(column, "\x1e")
        elif field.type != TEXT:
            column = (column.cast(pa.int64()) if pa.types.is_timestamp(field.type) else column).cast(pa.string())
        if field.name in LONG:
            texts.append(pc.binary_length(column).cast(pa.string()))
        texts.append(column)
    joined = pc.binary_join_element_wise(*texts, "\x1f", null_handling="replace", null_replacement="\x00")
    data = b"".join([sha256(text).digest()[:8] for text in joined.cast(pa.binary()).to_pylist()])
    return np.frombuffer(data, ">u8").astype(np.uint64)
