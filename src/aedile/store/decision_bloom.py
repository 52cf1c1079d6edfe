"""May a text be among these, without keeping them? A Bloom filter (CACM 13(7), 1970) over 64-bit hashes.

It never says no of a text that is among them; of others it says yes about once in a hundred times.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.language.hashing import Hashes, hash_texts

#: Bits a text, and how many of them it sets: wrong in 0.9 % of the cases, by (1 - exp(-k/b))^k.
BITS, PROBES = 10, 5


def bloom_of(texts: pa.Array) -> bytes:
    """The filter of these texts; a text that stands there twice takes twice the room, and does no harm."""
    hashes = hash_texts(texts.cast(pa.large_string()))
    size = max(64, (len(hashes) * BITS + 63) // 64 * 64)
    bits = np.zeros(size, np.bool_)
    bits[_places(hashes, size)] = True
    return np.packbits(bits, bitorder="little").tobytes()


def hashes_of(texts: Sequence[str]) -> Hashes:
    return hash_texts(pa.array(texts, pa.large_string()))


def may_hold(bloom: bytes, hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Of each hash whether its text may be among those of the filter."""
    bytes_ = np.frombuffer(bloom, np.uint8)
    places = _places(hashes, len(bytes_) * 8)
    found = np.ones(len(hashes), np.bool_)
    for probe in places:
        found &= (bytes_[probe >> 3] >> (probe & 7).astype(np.uint8) & 1).astype(np.bool_)
    return found


def _places(hashes: Hashes, size: int) -> npt.NDArray[np.int64]:
    """The bits of each hash, (PROBES, n): by double hashing (Kirsch & Mitzenmacher, ESA 2006)."""
    first, step = hashes & np.uint64(0xFFFFFFFF), hashes >> np.uint64(32) | np.uint64(1)
    probes = np.arange(PROBES, dtype=np.uint64)[:, None]
    return ((first + probes * step) % np.uint64(size)).astype(np.int64)
