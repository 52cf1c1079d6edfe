"""By what names are shoppers, their visits and devices kept? By pseudonyms of the month, as in an installation."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.simulator.chance import Wholes


class Pseudonyms(Protocol):
    """Makes pseudonyms; `aedile.store.pseudonyms.Pseudonyms` are those of an installation."""

    def of(self, shopper: str, now: int) -> str:
        """The pseudonym of an id at a time, in microseconds since 1970."""
        ...


class SeededPseudonyms:
    """Pseudonyms of the same form under a key that follows from the seed: for data that belongs to no installation."""

    def __init__(self, seed: int) -> None:
        self._key = hashlib.sha256(b"aedile simulate %d" % seed).digest()

    def of(self, shopper: str, now: int) -> str:
        month = f"{datetime.fromtimestamp(now / 1e6, UTC):%Y-%m}"
        digest = hashlib.blake2b(shopper.encode(), digest_size=16, key=self._key, person=month.encode())
        return f"{month}.{digest.hexdigest()}"


class AsTheyAre:
    """No pseudonyms: what is sent to a server gets them there."""

    def of(self, shopper: str, now: int) -> str:
        del now
        return shopper


class Named:
    """The pseudonyms of one kind of ids, each made once a month."""

    def __init__(self, pseudonyms: Pseudonyms, ids: pa.StringArray) -> None:
        self._pseudonyms = pseudonyms
        self._ids = ids
        self._months: dict[int, npt.NDArray[np.object_]] = {}

    def of(self, rows: Wholes, at: Wholes) -> pa.StringArray:
        """The pseudonym of each of these ids at each of these moments."""
        months = at.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
        found = np.empty(len(rows), object)
        for month in np.unique(months).tolist():
            mine = np.flatnonzero(months == month)
            names = self._months.setdefault(month, np.full(len(self._ids), None, object))
            wanted = np.unique(rows[mine])
            new = wanted[np.array([name is None for name in names[wanted]], np.bool_)]
            now = int(at[mine[0]])
            names[new] = [self._pseudonyms.of(id_, now) for id_ in self._ids.take(pa.array(new)).to_pylist()]
            found[mine] = names[rows[mine]]
        return pa.array(found, pa.string())
