"""What would be different if one strategy were off, and which strategies act together?

No condition is evaluated again: what fires is known, so only what becomes of it is made anew, for the requests in which
the strategy fires at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.logged import Logged
from aedile.backtest.outcomes import Followed
from aedile.engine.counterfactual import without
from aedile.engine.many import Decided, ManyDecider, Requests
from aedile.engine.verdicts import Verdicts

Numbers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

#: Of a strategy, over the requests looked at closely: in how many it fires, and in how many of them something would
#: change without it; candidates that it alone excludes; places in what is answered that others would have; clicks of
#: candidates that would no longer be shown, and attention (see `tally.py`) that would go to others.
WITHOUT = ("requests", "requests_changed", "only_it_excludes", "places_changed", "clicks_lost")
WITHOUT_SUMS = ("attention_moved",)


def chosen(requests: Requests, rows: Numbers) -> tuple[Requests, Numbers]:
    """Some of the requests, and the places of their candidates."""
    counts = np.diff(requests.starts)[rows]
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    places = np.repeat(requests.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
    features = {name: column.take(rows) for name, column in requests.features.items()}
    return (
        Requests(
            features, starts, requests.kinds, requests.kind[places], requests.ids.take(pa.array(places)),
            requests.scores[places],
        ),
        places,
    )  # fmt: skip


def verdicts_at(verdicts: Verdicts, places: Numbers) -> Verdicts:
    """The verdicts of some candidates."""
    fired_offsets, at = _lists_at(verdicts.fired_offsets, places)
    shadow_offsets, shadow_at = _lists_at(verdicts.shadow_offsets, places)
    return Verdicts(
        verdicts.excluded_by[places], verdicts.multiplier[places], fired_offsets, verdicts.fired[at],
        verdicts.acts[at], shadow_offsets, verdicts.shadow[shadow_at],
    )  # fmt: skip


def _lists_at(offsets: Numbers, places: Numbers) -> tuple[Numbers, Numbers]:
    sizes = offsets[places + 1] - offsets[places]
    new = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return new, np.repeat(offsets[places] - new[:-1], sizes) + np.arange(new[-1])


@dataclass(frozen=True, slots=True, eq=False)
class CloseLook:
    """Some requests with all that was decided of them. light: (n, 1 more than places) attention of each place."""

    requests: Requests
    decided: Decided
    shown: npt.NDArray[np.bool_]
    first: Numbers
    last: Numbers
    clicks: Numbers
    light_rows: Numbers

    @classmethod
    def at(
        cls, rows: Numbers, logged: Logged, decided: Decided, shown: npt.NDArray[np.bool_], followed: Followed,
        light_rows: Numbers,
    ) -> CloseLook:  # fmt: skip
        requests, places = chosen(logged.requests, rows)
        mine = replace(
            decided, verdicts=verdicts_at(decided.verdicts, places), rank_after=decided.rank_after[places],
            pinned=decided.pinned[places], reserved=decided.reserved[places],
        )  # fmt: skip
        return cls(
            requests, mine, shown[places], logged.first[rows], logged.last[rows], followed.clicks[places],
            light_rows[places],
        )  # fmt: skip


def left_out(look: CloseLook, decider: ManyDecider, attention: object) -> tuple[Numbers, Doubles]:
    """For each strategy of the decider what `WITHOUT` counts, and `WITHOUT_SUMS` sum: (strategies, …) each.

    attention: an `Examination`.
    """
    from aedile.backtest.examination import Examination

    assert isinstance(attention, Examination)
    count = len(decider.engine.strategies)
    counts, sums = np.zeros((count, len(WITHOUT)), np.int64), np.zeros((count, len(WITHOUT_SUMS)))
    verdicts, owner = look.decided.verdicts, look.requests.owner
    entries = np.repeat(np.arange(len(owner)), np.diff(verdicts.fired_offsets))
    order = np.argsort(verdicts.fired, kind="stable")
    numbers, starts = np.unique(verdicts.fired[order], return_index=True)
    for number, mine in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
        rows = np.unique(owner[entries[mine]])
        counts[number, 0] = len(rows)
        if not verdicts.acts[mine].any():
            continue
        requests, places = chosen(look.requests, rows)
        then = verdicts_at(verdicts, places)
        now = without(then, number, decider.book)
        found = decider.placed(requests, now)
        rank = look.decided.rank_after[places]
        differs = found.rank_after != rank
        counts[number, 2] = int(((then.excluded_by == number) & (now.excluded_by < 0)).sum())
        if not differs.any():
            continue
        inside = requests.owner
        counts[number, 1] = len(np.unique(inside[differs]))
        first, last = look.first[rows][inside], look.last[rows][inside]
        shown_now = (found.rank_after > first) & (found.rank_after <= last)
        was_shown = look.shown[places]
        counts[number, 3] = int((shown_now & ~was_shown).sum())
        counts[number, 4] = int(look.clicks[places][was_shown & ~shown_now].sum())
        light = look.light_rows[places]
        before = attention.of_places(light, np.where(was_shown, rank, 0))
        after = attention.of_places(light, np.where(shown_now, found.rank_after, 0))
        sums[number, 0] = float(np.abs(after - before).sum()) / 2
    return counts, sums


def pairs(verdicts: Verdicts, count: int) -> Numbers:
    """How many candidates each two of so many strategies fire for together: int64 (count, count), the upper half."""
    owners = np.repeat(np.arange(len(verdicts)), np.diff(verdicts.fired_offsets))
    fired = verdicts.fired.astype(np.int64)
    found = np.zeros(count * count, np.int64)
    longest = int(np.diff(verdicts.fired_offsets).max(initial=0))
    for apart in range(1, longest):
        same = owners[apart:] == owners[:-apart]
        if same.any():
            found += np.bincount((fired[:-apart] * count + fired[apart:])[same], minlength=count * count)
    return found.reshape(count, count)
