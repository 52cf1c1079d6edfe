"""How do many decisions become columns? One row a decision, with its candidates as they were sent.

Nothing is done for each candidate in Python but what NumPy and Arrow cannot: arrays are laid end to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine.decide import Decision
from aedile.engine.slate_task import Pairs

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


@dataclass(frozen=True, slots=True, eq=False)
class Noted:
    """A decision to be logged. names: the ids of its release's strategies, by number. shopper: a pseudonym."""

    decision: Decision
    names: pa.StringArray
    release: int
    shopper: str | None
    decided_at: int


def batch_of(noted: Sequence[Noted]) -> pa.RecordBatch:
    """The decisions, all by strategies of the same names, as rows of `DECISIONS`."""
    requests = [one.decision.request for one in noted]
    pages = [one.decision.slate.page for one in noted]
    columns = [
        pa.array([request.id for request in requests], pa.string()),
        pa.array([one.decided_at for one in noted], pa.int64()).cast(_MOMENT),
        pa.array([one.release for one in noted], pa.int64()),
        pa.array([request.market for request in requests], pa.string()),
        pa.array([request.channel for request in requests], pa.string()),
        pa.array([request.time for request in requests], pa.int64()).cast(_MOMENT),
        pa.array([one.shopper for one in noted], pa.string()),
        pa.array([request.query for request in requests], pa.string()),
        _lists(np.array([len(page) for page in pages]), pa.array(_joined(pages, np.int32))),
        _candidates([one.decision for one in noted], noted[0].names),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DECISIONS)


def _candidates(decisions: Sequence[Decision], names: pa.StringArray) -> pa.ListArray:
    verdicts, slates = [d.verdicts for d in decisions], [d.slate for d in decisions]
    candidates = [d.request.candidates for d in decisions]
    counts = np.array([len(c) for c in candidates], np.int64)
    n = int(counts.sum())
    fired_counts = _joined([np.diff(v.fired_offsets) for v in verdicts], np.int64)
    fired, acts = _joined([v.fired for v in verdicts], np.int32), _joined([v.acts for v in verdicts], np.bool_)
    held = np.repeat(np.arange(n), fired_counts)[~acts] if not acts.all() else np.zeros(0, np.int64)
    shadow_counts = _joined([np.diff(v.shadow_offsets) for v in verdicts], np.int64)
    after = _joined([s.rank_after for s in slates], np.int32)

    def name(numbers: npt.NDArray[np.int32]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.maximum(numbers, 0), mask=numbers < 0), names)

    def named(sizes: npt.NDArray[np.int64], numbers: npt.NDArray[np.int32]) -> pa.Array:
        return _lists(sizes, pa.DictionaryArray.from_arrays(pa.array(numbers), names))

    starts = np.cumsum(counts) - counts

    def flattened(pairs: Sequence[Pairs]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Of each candidate of all decisions how many strategies are noted; and these."""
        candidate = np.concatenate([one.candidate + start for one, start in zip(pairs, starts.tolist(), strict=True)])
        return np.bincount(candidate, minlength=n), _joined([one.strategy for one in pairs], np.int32)

    def noted(pairs: Sequence[Pairs]) -> pa.Array:
        return named(*flattened(pairs))

    plan = slates[0].plan
    badge_sizes, badging = flattened([s.badged for s in slates])
    badges = pa.array(plan.texts, pa.string()).take(pa.array(plan.badge[badging]))
    fields = [
        _kinds([c.kinds for c in candidates], n),
        pa.array(list(chain.from_iterable(c.ids for c in candidates)), pa.string()),
        pa.array(_joined([s.rank_before for s in slates], np.int32)),
        pa.array(after, mask=after == 0),
        pa.array(_joined([s.score for s in slates], np.float64)),
        pa.array(_joined([v.multiplier for v in verdicts], np.float64)),
        name(_joined([v.excluded_by for v in verdicts], np.int32)),
        name(_joined([s.pinned for s in slates], np.int32)),
        name(_joined([s.reserved for s in slates], np.int32)),
        noted([s.held_back for s in slates]),
        noted([s.gave_way for s in slates]),
        _lists(badge_sizes, badges),
        noted([s.referred for s in slates]),
        named(fired_counts, fired),
        named(np.bincount(held, minlength=n), fired[~acts]),
        named(shadow_counts, _joined([v.shadow for v in verdicts], np.int32)),
    ]
    return _lists(counts, pa.StructArray.from_arrays(fields, fields=list(CANDIDATE)), pa.list_(CANDIDATE))


def _joined(arrays: Sequence[npt.NDArray[Any]], type_: Any) -> npt.NDArray[Any]:
    return np.concatenate(arrays).astype(type_, copy=False)


def _lists(sizes: npt.NDArray[np.int64], values: pa.Array, type_: pa.DataType | None = None) -> pa.ListArray:
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=type_)


def _kinds(kinds: Sequence[Sequence[str]], n: int) -> pa.DictionaryArray:
    only = {kind for mine in kinds for kind in set(mine)}
    if len(only) == 1:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int8)), pa.array(sorted(only)))
    known = {kind: number for number, kind in enumerate(sorted(only))}
    codes = np.fromiter((known[kind] for mine in kinds for kind in mine), np.int8, n)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(sorted(only), pa.string()))
