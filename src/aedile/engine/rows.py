"""How does a decision look as rows, one a candidate?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from aedile.engine.decide import Decision
from aedile.engine.strategy import Strategy

_NAMES = pa.list_(pa.string())

#: The columns of a decision; ranks begin at 1, and `rank_after` is null for an excluded candidate.
DECISION_ROWS = pa.schema(
    [
        pa.field("request_id", pa.string(), False),
        pa.field("release", pa.int64()),
        pa.field("market", pa.string(), False),
        pa.field("channel", pa.string(), False),
        pa.field("kind", pa.string(), False),
        pa.field("id", pa.string(), False),
        pa.field("rank_before", pa.int32(), False),
        pa.field("rank_after", pa.int32()),
        pa.field("score", pa.float64(), False),
        pa.field("multiplier", pa.float64(), False),
        pa.field("excluded_by", pa.string()),
        pa.field("pinned_by", pa.string()),
        pa.field("reserved_by", pa.string()),
        pa.field("capped_by", _NAMES, False),
        pa.field("relaxed", _NAMES, False),
        pa.field("badges", _NAMES, False),
        pa.field("refers", _NAMES, False),
        pa.field("fired", _NAMES, False),
        pa.field("exempted", _NAMES, False),
        pa.field("shadow_fired", _NAMES, False),
        pa.field("unknown", _NAMES),
    ]
)


def decision_rows(
    decision: Decision, strategies: Sequence[Strategy], release: int | None = None
) -> list[dict[str, Any]]:
    """One dict a candidate, in the order of the slate, excluded ones last; keys as in `DECISION_ROWS`."""
    request, verdicts, slate = decision.request, decision.verdicts, decision.slate

    def named(numbers: Iterable[int]) -> list[str]:
        return [strategies[number].id for number in numbers]

    def name(number: int) -> str | None:
        return strategies[number].id if number >= 0 else None

    excluded = [candidate for candidate in range(len(verdicts)) if verdicts.excluded_by[candidate] >= 0]
    rows = []
    capped, relaxed, badges, refers = slate.capped, slate.relaxed, slate.badges, slate.refers
    for candidate in [*slate.order.tolist(), *excluded]:
        acts = verdicts.acts[verdicts.fired_offsets[candidate] : verdicts.fired_offsets[candidate + 1]]
        fired = verdicts.fired_for(candidate)
        rows.append(
            {
                "request_id": request.id,
                "release": release,
                "market": request.market,
                "channel": request.channel,
                "kind": request.candidates.kinds[candidate],
                "id": request.candidates.ids[candidate],
                "rank_before": int(slate.rank_before[candidate]),
                "rank_after": int(slate.rank_after[candidate]) or None,
                "score": float(slate.score[candidate]),
                "multiplier": float(verdicts.multiplier[candidate]),
                "excluded_by": name(int(verdicts.excluded_by[candidate])),
                "pinned_by": name(int(slate.pinned[candidate])),
                "reserved_by": name(int(slate.reserved[candidate])),
                "capped_by": named(capped[candidate]),
                "relaxed": named(relaxed[candidate]),
                "badges": list(badges[candidate]),
                "refers": named(refers[candidate]),
                "fired": named(fired),
                "exempted": named(fired[~acts]),
                "shadow_fired": named(verdicts.shadow_for(candidate)),
                "unknown": None if decision.unknown is None else named(decision.unknown[candidate]),
            }
        )
    return rows
