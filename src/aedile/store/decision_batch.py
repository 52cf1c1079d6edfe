"""How do many decisions become columns? One row a decision, with its candidates as they were sent.

A decision's arrays are laid behind those of the decisions before, by the kernel where there is one; Arrow takes them as
they lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine import kernel
from aedile.engine.decide import Decision

_NAME = pa.dictionary(pa.int32(), pa.string())
_NAMES = pa.list_(_NAME)
_MOMENT = pa.timestamp("us", "UTC")

#: A candidate: as in `DECISION_ROWS`, but in the order sent, and without what stands once a decision.
CANDIDATE = pa.struct(
    [
        pa.field("kind", pa.dictionary(pa.int8(), pa.string()), False),
        pa.field("id", pa.string(), False),
        pa.field("rank_before", pa.int32(), False),
        pa.field("rank_after", pa.int32()),
        pa.field("score", pa.float64(), False),
        pa.field("multiplier", pa.float64(), False),
        pa.field("excluded_by", _NAME),
        pa.field("pinned_by", _NAME),
        pa.field("reserved_by", _NAME),
        pa.field("capped_by", _NAMES, False),
        pa.field("relaxed", _NAMES, False),
        pa.field("badges", pa.list_(pa.string()), False),
        pa.field("refers", _NAMES, False),
        pa.field("fired", _NAMES, False),
        pa.field("exempted", _NAMES, False),
        pa.field("shadow_fired", _NAMES, False),
    ]
)
#: A decision: shopper is a pseudonym; page holds the places of `candidates` (from 0) that were answered, in order.
DECISIONS = pa.schema(
    [
        pa.field("request_id", pa.string(), False),
        pa.field("decided_at", _MOMENT, False),
        pa.field("release", pa.int64(), False),
        pa.field("market", pa.string(), False),
        pa.field("channel", pa.string(), False),
        pa.field("time", _MOMENT, False),
        pa.field("shopper", pa.string()),
        pa.field("query", pa.string()),
        pa.field("page", pa.list_(pa.int32()), False),
        pa.field("candidates", pa.list_(CANDIDATE), False),
    ]
)


#: What is kept of the candidates of many decisions, as `_log_append.h` numbers it; of lists first the sizes.
COLUMNS: dict[str, type] = {
    "id_sizes": np.int32, "id_data": np.uint8, "rank_before": np.int32, "rank_after": np.int32, "score": np.float64,
    "multiplier": np.float64, "excluded_by": np.int32, "pinned_by": np.int32, "reserved_by": np.int32,
    "page": np.int32, "capped": np.int32, "capped_by": np.int32, "relaxed": np.int32, "relaxed_by": np.int32,
    "badged": np.int32, "badges": np.int32, "referred": np.int32, "referred_by": np.int32, "fired": np.int32,
    "fired_by": np.int32, "exempted": np.int32, "exempted_by": np.int32, "shadow": np.int32, "shadow_by": np.int32,
}  # fmt: skip


@dataclass(slots=True)
class _Once:
    """What stands once a decision, column by column."""

    request_id: list[str] = field(default_factory=list)
    decided_at: list[int] = field(default_factory=list)
    release: list[int] = field(default_factory=list)
    market: list[str] = field(default_factory=list)
    channel: list[str] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    shopper: list[str | None] = field(default_factory=list)
    query: list[str | None] = field(default_factory=list)
    candidates: list[int] = field(default_factory=list)
    page: list[int] = field(default_factory=list)
    kinds: list[Sequence[str]] = field(default_factory=list)


class Batch:
    """Decisions to be logged, all by strategies of the same names. What is added is copied at once, so that nothing of
    a decision is held; making columns of it is left to whoever writes it."""

    def __init__(self, names: pa.StringArray) -> None:
        """names: the ids of the release's strategies, by number."""
        self.names = names
        self._columns = {name: bytearray() for name in COLUMNS}
        self._once = _Once()
        self._texts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._once.request_id)

    def add(self, decision: Decision, release: int, shopper: str | None, decided_at: int) -> None:
        """shopper: a pseudonym. decided_at: microseconds since 1970."""
        request, once = decision.request, self._once
        (_add_in_python if kernel.compiled is None else _add_compiled)(self._columns, decision)
        self._texts = decision.slate.plan.texts
        once.request_id.append(request.id)
        once.decided_at.append(decided_at)
        once.release.append(release)
        once.market.append(request.market)
        once.channel.append(request.channel)
        once.time.append(request.time)
        once.shopper.append(shopper)
        once.query.append(request.query)
        once.candidates.append(len(request.candidates))
        once.page.append(len(decision.slate.page))
        once.kinds.append(request.candidates.kinds)

    def to_arrow(self) -> pa.RecordBatch:
        """The decisions as rows of `DECISIONS`; nothing may be added afterwards."""
        once = self._once
        flat: dict[str, npt.NDArray[Any]] = {
            name: np.frombuffer(self._columns[name], type_) for name, type_ in COLUMNS.items()
        }
        columns = [
            pa.array(once.request_id, pa.string()),
            pa.array(once.decided_at, pa.int64()).cast(_MOMENT),
            pa.array(once.release, pa.int64()),
            pa.array(once.market, pa.string()),
            pa.array(once.channel, pa.string()),
            pa.array(once.time, pa.int64()).cast(_MOMENT),
            pa.array(once.shopper, pa.string()),
            pa.array(once.query, pa.string()),
            _lists(once.page, pa.array(flat["page"])),
            _lists(once.candidates, self._candidates(flat), pa.list_(CANDIDATE)),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=DECISIONS)

    def _candidates(self, flat: Mapping[str, npt.NDArray[Any]]) -> pa.StructArray:
        def name(column: str) -> pa.Array:
            numbers = flat[column]
            return pa.DictionaryArray.from_arrays(pa.array(np.maximum(numbers, 0), mask=numbers < 0), self.names)

        def named(sizes: str, column: str) -> pa.Array:
            return _lists(flat[sizes], pa.DictionaryArray.from_arrays(pa.array(flat[column]), self.names))

        n, after = len(flat["id_sizes"]), flat["rank_after"]
        texts = pa.array(self._texts, pa.string()).take(pa.array(flat["badges"]))
        ids = pa.py_buffer(_offsets(flat["id_sizes"])), pa.py_buffer(flat["id_data"])
        fields = [
            _kinds(self._once.kinds, n),
            pa.StringArray.from_buffers(n, *ids),
            pa.array(flat["rank_before"]),
            pa.array(after, mask=after == 0),
            pa.array(flat["score"]),
            pa.array(flat["multiplier"]),
            name("excluded_by"),
            name("pinned_by"),
            name("reserved_by"),
            named("capped", "capped_by"),
            named("relaxed", "relaxed_by"),
            _lists(flat["badged"], texts),
            named("referred", "referred_by"),
            named("fired", "fired_by"),
            named("exempted", "exempted_by"),
            named("shadow", "shadow_by"),
        ]
        return pa.StructArray.from_arrays(fields, fields=list(CANDIDATE))


def _add_compiled(columns: Mapping[str, bytearray], decision: Decision) -> None:
    v, s = decision.verdicts, decision.slate
    pairs = (s.held_back, s.gave_way, s.badged, s.referred)
    kernel.compiled.log_append(
        tuple(columns.values()), decision.request.candidates.ids, len(v),
        (v.excluded_by, v.multiplier, v.fired_offsets, v.fired, v.acts, v.shadow_offsets, v.shadow),
        (s.rank_before, s.rank_after, s.score, s.pinned, s.reserved, s.page), len(s.page),
        tuple(array for one in pairs for array in (one.candidate, one.strategy)),
        tuple(len(one.strategy) for one in pairs), s.plan.badge,
    )  # fmt: skip


def _add_in_python(columns: Mapping[str, bytearray], decision: Decision) -> None:
    """The same for machines without the compiled kernel, and as its oracle in tests."""
    v, s, n = decision.verdicts, decision.slate, len(decision.verdicts)
    ids = [id_.encode() for id_ in decision.request.candidates.ids]
    fired = np.diff(v.fired_offsets)
    owners = np.repeat(np.arange(n), fired)
    found: dict[str, npt.ArrayLike] = {
        "id_sizes": [len(id_) for id_ in ids], "id_data": np.frombuffer(b"".join(ids), np.uint8),
        "rank_before": s.rank_before, "rank_after": s.rank_after, "score": s.score, "multiplier": v.multiplier,
        "excluded_by": v.excluded_by, "pinned_by": s.pinned, "reserved_by": s.reserved, "page": s.page,
        "fired": fired, "fired_by": v.fired,
        "exempted": np.bincount(owners[~v.acts], minlength=n), "exempted_by": v.fired[~v.acts],
        "shadow": np.diff(v.shadow_offsets), "shadow_by": v.shadow,
    }  # fmt: skip
    named = (("capped", "capped_by", s.held_back), ("relaxed", "relaxed_by", s.gave_way))
    for sizes, values, pairs in (*named, ("badged", "badges", s.badged), ("referred", "referred_by", s.referred)):
        found[sizes] = np.bincount(pairs.candidate, minlength=n)
        found[values] = s.plan.badge[pairs.strategy] if values == "badges" else pairs.strategy
    for name, type_ in COLUMNS.items():
        columns[name].extend(np.asarray(found[name], type_).tobytes())


def _offsets(sizes: npt.ArrayLike) -> npt.NDArray[np.int32]:
    sizes = np.asarray(sizes)
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def _lists(sizes: npt.ArrayLike, values: pa.Array, type_: pa.DataType | None = None) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(_offsets(sizes)), values, type=type_)


def _kinds(kinds: Sequence[Sequence[str]], n: int) -> pa.DictionaryArray:
    only = {kind for mine in kinds for kind in set(mine)}
    if len(only) == 1:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int8)), pa.array(sorted(only)))
    known = {kind: number for number, kind in enumerate(sorted(only))}
    codes = np.fromiter((known[kind] for mine in kinds for kind in mine), np.int8, n)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(sorted(only), pa.string()))
