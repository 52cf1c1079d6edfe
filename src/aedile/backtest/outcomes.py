"""What followed when a candidate was shown? Exposures, clicks and orders of the same request and entity.

They come beside each logged request as a list; joined here to its candidates. What names no request, or an entity that
was no candidate of it, counts for nobody and is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.backtest.logged import Logged

#: What followed for one entity of a request. position: the first place in which it was exposed. gmv: minor units of all
#: orders in one currency; an entity that was ordered in two has two of these, the second with nothing but money.
OUTCOME = pa.struct(
    [
        pa.field("kind", pa.string()),
        pa.field("entity", pa.string()),
        pa.field("exposures", pa.int64()),
        pa.field("position", pa.int64()),
        pa.field("clicks", pa.int64()),
        pa.field("orders", pa.int64()),
        pa.field("gmv", pa.int64()),
        pa.field("currency", pa.string()),
    ]
)
OUTCOMES = pa.list_(OUTCOME)

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What followed for n candidates: exposures, clicks, orders, int64 (n,); position: where it was exposed, 0 if it
    was not. Money by entry: candidate, minor units, currency. strangers: outcomes of entities that were no candidates.
    """

    exposures: Numbers
    position: Numbers
    clicks: Numbers
    orders: Numbers
    paid_candidate: Numbers
    paid: Numbers
    currency: list[str]
    paid_currency: Numbers
    strangers: int


def nothing_followed(n: int) -> Followed:
    none, zero = np.zeros(0, np.int64), np.zeros(n, np.int64)
    return Followed(zero, zero, zero, zero, none, none, [], none, 0)


def followed(logged: Logged) -> Followed:
    """What stands beside each request in the column `outcomes`, by candidate."""
    n = len(logged.requests.ids)
    if "outcomes" not in logged.table.column_names:
        return nothing_followed(n)
    lists = logged.table["outcomes"].combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.array([], OUTCOMES)
    values = lists.flatten()
    if not len(values):
        return nothing_followed(n)
    owner = np.asarray(pc.list_parent_indices(lists)).astype(np.int64)
    fields = dict(zip([field.name for field in values.type], values.flatten(), strict=True))
    place = _candidates(logged, owner, fields["kind"], fields["entity"])
    found = place >= 0

    def summed(name: str) -> Numbers:
        counts = np.asarray(fields[name].fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64)
        total = np.zeros(n, np.int64)
        np.add.at(total, place[found], counts[found])
        return total

    positions = np.asarray(fields["position"].fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64)
    position = np.zeros(n, np.int64)
    has_one = found & (positions > 0)
    position[place[has_one]] = positions[has_one]
    money = np.asarray(fields["gmv"].fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64)
    currency = fields["currency"].dictionary_encode()
    codes = np.asarray(currency.indices.fill_null(-1).to_numpy(zero_copy_only=False)).astype(np.int64)
    paid = found & (codes >= 0) & (money != 0)
    return Followed(
        summed("exposures"), position, summed("clicks"), summed("orders"), place[paid], money[paid],
        currency.dictionary.to_pylist(), codes[paid], int((~found).sum()),
    )  # fmt: skip


def _candidates(logged: Logged, owner: Numbers, kind: pa.Array, entity: pa.Array) -> Numbers:
    """The candidate that each outcome is of, -1 where there is none: same request, same kind, same id."""
    requests = logged.requests
    asked = np.zeros(len(requests), np.bool_)
    asked[owner] = True
    mine = np.flatnonzero(asked[requests.owner])
    both = pa.concat_arrays([requests.ids.take(pa.array(mine)), entity.cast(pa.large_string())]).dictionary_encode()
    texts = np.asarray(both.indices).astype(np.int64)
    kinds = {name: number for number, name in enumerate(requests.kinds)}
    of_kind = np.array([kinds.get(name, len(kinds)) for name in kind.to_pylist()], np.int64)
    width, height = len(both.dictionary) + 1, len(kinds) + 1
    keys = (requests.owner[mine] * height + requests.kind[mine]) * width + texts[: len(mine)]
    sought = (owner * height + of_kind) * width + texts[len(mine) :]
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys, sought, sorter=order), max(len(keys) - 1, 0))
    if not len(keys):
        return np.full(len(owner), -1, np.int64)
    return np.where(keys[order[at]] == sought, mine[order[at]], -1)
