"""What more is known of requests that were logged in full? The context, and the features sent with candidates.

Of all others the features that only the caller knew are unknown, and conditions that ask for them come out so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.logged import Logged
from aedile.engine.decide import Decider, Decision
from aedile.engine.many import Decided, ManyDecider
from aedile.engine.requests import Request, parse_request
from aedile.engine.verdicts import Verdicts
from aedile.errors import DataError
from aedile.language.schema import Schema

#: Requests of which more is known: the request as JSON, and what window caps had counted, as JSON lists of (strategy,
#: unit, exposures).
DETAILS = pa.schema(
    [
        pa.field("request_id", pa.string(), False),
        pa.field("decided_at", pa.int64(), False),
        pa.field("request", pa.binary(), False),
        pa.field(
            "counters", pa.list_(pa.struct([("strategy", pa.string()), ("unit", pa.string()), ("count", pa.int64())]))
        ),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Detailed:
    """A request of a batch, with what is known of it. row: its place in the batch."""

    row: int
    request: bytes
    counters: Mapping[tuple[str, str], int]


class Details:
    """All requests of which more is known, by id and time of decision."""

    def __init__(self, table: pa.Table | None) -> None:
        self._table = table
        keys = zip(table["request_id"].to_pylist(), table["decided_at"].to_pylist(), strict=True) if table else ()
        self._rows = {key: row for row, key in enumerate(keys)}

    def of(self, logged: Logged) -> list[Detailed]:
        """Those of a batch."""
        if not self._rows or self._table is None:
            return []
        found = []
        keys = zip(logged.table["request_id"].to_pylist(), logged.decided_at.tolist(), strict=True)
        for place, key in enumerate(keys):
            row = self._rows.get(key)
            if row is not None:
                counters = self._table["counters"][row].as_py() or []
                counts = {(one["strategy"], one["unit"]): one["count"] for one in counters}
                found.append(Detailed(place, self._table["request"][row].as_py(), counts))
        return found


def decide_detailed(decider: ManyDecider, logged: Logged, detailed: Sequence[Detailed]) -> Decided:
    """All requests of a batch decided together, and those of which more is known with all that is known."""
    decided = decider.decide(logged.requests)
    if not detailed:
        return decided
    alone = Decider(decider.engine, book=decider.book)
    found: dict[int, Decision] = {}
    for one in detailed:
        request = _read(one, logged, decider.engine.schema)
        if request is not None:
            found[one.row] = alone.decide(request, one.counters, with_unknown=False)
    return _spliced(decided, logged, found)


def _read(one: Detailed, logged: Logged, schema: Schema) -> Request | None:
    """The request, where this schema takes it and it has the candidates that were logged."""
    try:
        request = parse_request(one.request, schema)
    except DataError:  # the schema has changed since: it is decided as one of which less is known
        return None
    first, last = logged.requests.starts[one.row : one.row + 2].tolist()
    if request.candidates.ids != logged.requests.ids.slice(first, last - first).to_pylist():
        return None
    return replace(request, offset=0, limit=None)


def _spliced(decided: Decided, logged: Logged, found: Mapping[int, Decision]) -> Decided:
    """The decisions with others in the place of some requests'."""
    if not found:
        return decided
    starts, verdicts = logged.requests.starts, decided.verdicts
    excluded, multiplier = verdicts.excluded_by.copy(), verdicts.multiplier.copy()
    rank, pinned, reserved = decided.rank_after.copy(), decided.pinned.copy(), decided.reserved.copy()
    for row, decision in found.items():
        mine = slice(int(starts[row]), int(starts[row + 1]))
        excluded[mine], multiplier[mine] = decision.verdicts.excluded_by, decision.verdicts.multiplier
        rank[mine], pinned[mine] = decision.slate.rank_after, decision.slate.pinned
        reserved[mine] = decision.slate.reserved
    own = {row: decision.verdicts for row, decision in found.items()}
    fired_offsets, fired, acts = _lists(verdicts, own, starts, "fired")
    shadow_offsets, shadow, _ = _lists(verdicts, own, starts, "shadow")
    joined = Verdicts(excluded, multiplier, fired_offsets, fired, acts, shadow_offsets, shadow)
    return Decided(joined, rank, pinned, reserved)


def _lists(
    verdicts: Verdicts, own: Mapping[int, Verdicts], starts: npt.NDArray[np.int64], name: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """The lists of strategies, those of some requests exchanged."""
    offsets, values = getattr(verdicts, f"{name}_offsets"), getattr(verdicts, name)
    acts = verdicts.acts if name == "fired" else np.zeros(len(values), np.bool_)
    sizes, parts, flags, last = np.diff(offsets), [], [], 0
    for row in sorted(own):
        first, end = int(starts[row]), int(starts[row + 1])
        mine = own[row]
        parts += [values[offsets[last] : offsets[first]], getattr(mine, name)]
        flags += [acts[offsets[last] : offsets[first]]]
        flags += [mine.acts if name == "fired" else np.zeros(len(getattr(mine, name)), np.bool_)]
        sizes[first:end] = np.diff(getattr(mine, f"{name}_offsets"))
        last = end
    parts.append(values[offsets[last] :])
    flags.append(acts[offsets[last] :])
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.int64), np.concatenate(parts), np.concatenate(flags)
