"""Which 64-bit number stands for a text? Millions at a time, without a Python object for any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

# Odd multipliers of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), which spread every bit over all others.
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
#: Texts hashed together, so that temporary arrays stay small beside the texts themselves.
_CHUNK = 1 << 18


def hash_texts(texts: pa.LargeStringArray) -> Hashes:
    """The hash of each text's UTF-8 bytes: equal on every machine and in every process; (n,) uint64. No nulls."""
    offsets, data = buffers_of(texts)
    hashes = np.empty(len(texts), np.uint64)
    for first in range(0, len(texts), _CHUNK):
        bounds = offsets[first : first + _CHUNK + 1]
        start, end = int(bounds[0]), int(bounds[-1])
        # Two words more than needed, so that the last text can be read in whole words.
        padded = np.zeros((end - start) // 8 * 8 + 24, np.uint8)
        padded[: end - start] = data[start:end]
        hashes[first : first + _CHUNK] = _hash_chunk(padded.view("<u8"), bounds - start)
    return hashes


def buffers_of(texts: pa.LargeStringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """The offsets (n + 1,) of the texts, and the bytes they point into."""
    _, offsets, data = texts.buffers()
    if offsets is None or len(texts) == 0:
        return np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.uint8)
    numbers = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return numbers, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def _hash_chunk(words: npt.NDArray[Any], offsets: npt.NDArray[np.int64]) -> Hashes:
    """Eight bytes of every text at a time; texts that have ended drop out."""
    starts, lengths = offsets[:-1], np.diff(offsets)
    hashes = lengths.astype(np.uint64) * _GOLDEN
    active = np.flatnonzero(lengths)
    done = 0
    while len(active):
        places = starts[active] + done
        shift = ((places & 7) << 3).astype(np.uint64)
        word = words[places >> 3] >> shift
        # A shift by 64 would be undefined: where the text is aligned, its second word is shifted out in two steps.
        word |= (words[(places >> 3) + 1] << (np.uint64(63) - shift)) << np.uint64(1)
        left = np.minimum(lengths[active] - done, 8).astype(np.uint64)
        word &= np.uint64(2**64 - 1) >> (np.uint64(64) - (left << np.uint64(3)))
        hashes[active] = _mix((hashes[active] + _GOLDEN) ^ _mix(word))
        done += 8
        active = active[lengths[active] > done]
    return _mix(hashes)


def _mix(numbers: Hashes) -> Hashes:
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _MIX_1
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _MIX_2
    return numbers ^ (numbers >> np.uint64(31))
