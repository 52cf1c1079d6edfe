"""How is something drawn so that it comes out the same again, however many processes draw?

Whoever draws has a stream of its own, named by what it draws: a market, a day, a purpose. So nothing depends on what
was drawn before it elsewhere.
"""

from __future__ import annotations

import zlib
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Reals = npt.NDArray[np.float64]
Wholes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def chance(seed: int, *names: object) -> np.random.Generator:
    """The stream of random numbers of this name."""
    return np.random.Generator(np.random.PCG64([seed, *(zlib.crc32(str(name).encode()) for name in names)]))


def logistic(x: Reals) -> Reals:
    """1 / (1 + exp(-x)), for any x."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)), np.float64)


def logit(p: float) -> float:
    return float(np.log(p / (1.0 - p)))


def distance_of(auc: float) -> float:
    """How far apart the means of two normal distributions of variance 1 are, whose samples are ordered right with this
    probability: sqrt(2) Φ⁻¹(AUC) (Hanley & McNeil 1982, the binormal model)."""
    return float(np.sqrt(2.0) * NormalDist().inv_cdf(auc))


def spread(rng: np.random.Generator, weights: Reals, n: int) -> Wholes:
    """n places among the weights, each as likely as its weight."""
    edges = np.cumsum(weights)
    return np.asarray(np.searchsorted(edges, rng.random(n) * edges[-1], side="right"), np.int64)


def numbered(prefix: str, numbers: Wholes, width: int) -> pa.StringArray:
    """Texts of a prefix and a number, filled up with zeros."""
    n, head = len(numbers), np.frombuffer(prefix.encode(), np.uint8)
    size = len(head) + width
    text = np.empty((n, size), np.uint8)
    text[:, : len(head)] = head
    rest = numbers.astype(np.int64)
    for place in range(size - 1, len(head) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + 48
    offsets = (np.arange(n + 1, dtype=np.int64) * size).astype(np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text)))
