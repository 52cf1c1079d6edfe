"""What would be different if one strategy were off, and which strategies act together?

No condition is evaluated again: what fires is known, so only what becomes of it is made anew, for the requests in which
the strategy fires at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.examination import Examination
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
    places, starts = _places(requests, rows)
    features = {name: column.take(rows) for name, column in requests.features.items()}
    return (
        Requests(
            features, starts, requests.kinds, requests.kind[places], requests.ids.take(pa.array(places)),
            requests.scores[places],
        ),
        places,
    )  # fmt: skip


def _places(requests: Requests, rows: Numbers) -> tuple[Numbers, Numbers]:
    """The candidates of some requests, and where those of each begin."""
    counts = np.diff(requests.starts)[rows]
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return np.repeat(requests.starts[rows] - starts[:-1], counts) + np.arange(starts[-1]), starts


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
    """Some requests with all that was decided of them. shown, clicks: of their candidates. first, last: the places
    that were asked for. light: of each candidate its row of the examination. keys: of all caps that fire."""

    requests: Requests
    decided: Decided
    shown: npt.NDArray[np.bool_]
    first: Numbers
    last: Numbers
    clicks: Numbers
    light: Numbers
    keys: Mapping[int, Numbers]

    @classmethod
    def at(
        cls, rows: Numbers, logged: Logged, decided: Decided, decider: ManyDecider, followed: Followed, light: Numbers
    ) -> CloseLook:
        """rows: the requests to be looked at."""
        requests, places = chosen(logged.requests, rows)
        requests = replace(requests, spelt=requests.ids.to_pylist())
        mine = replace(
            decided, verdicts=verdicts_at(decided.verdicts, places), rank_after=decided.rank_after[places],
            pinned=decided.pinned[places], reserved=decided.reserved[places],
        )  # fmt: skip
        first, last = logged.first[rows], logged.last[rows]
        rank = mine.rank_after
        shown = (rank > first[requests.owner]) & (rank <= last[requests.owner])
        keys = decider.keys(requests, mine.verdicts)
        return cls(requests, mine, shown, first, last, followed.clicks[places], light[places], keys)


def joined(looks: Sequence[CloseLook]) -> CloseLook:
    """Several as one: caps compare keys within a request alone."""
    if len(looks) == 1:
        return looks[0]
    sizes = [len(look.shown) for look in looks]
    starts = np.concatenate(([0], *(np.diff(look.requests.starts) for look in looks))).cumsum().astype(np.int64)

    def end_to_end(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(look, name) for look in looks])

    requests = Requests(
        {}, starts, looks[0].requests.kinds, np.concatenate([look.requests.kind for look in looks]),
        pa.concat_arrays([look.requests.ids for look in looks]),
        np.concatenate([look.requests.scores for look in looks]),
        [id_ for look in looks for id_ in look.requests.texts],
    )  # fmt: skip
    decided = [look.decided for look in looks]
    verdicts = [one.verdicts for one in decided]
    lists = {
        name: np.concatenate([[0], *(np.diff(getattr(one, name)) for one in verdicts)]).cumsum().astype(np.int64)
        for name in ("fired_offsets", "shadow_offsets")
    }

    def put_together(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(one, name) for one in verdicts])

    whole = Verdicts(
        put_together("excluded_by"), put_together("multiplier"), lists["fired_offsets"], put_together("fired"),
        put_together("acts"), lists["shadow_offsets"], put_together("shadow"),
    )  # fmt: skip
    places = [np.concatenate([getattr(one, name) for one in decided]) for name in ("rank_after", "pinned", "reserved")]
    keys = {
        cap: np.concatenate(
            [look.keys.get(cap, np.full(n, -1, np.int64)) for look, n in zip(looks, sizes, strict=True)]
        )
        for cap in dict.fromkeys(cap for look in looks for cap in look.keys)
    }
    return CloseLook(
        requests, Decided(whole, *places), end_to_end("shown"), end_to_end("first"), end_to_end("last"),
        end_to_end("clicks"), end_to_end("light"), keys,
    )  # fmt: skip


def left_out(look: CloseLook, decider: ManyDecider, attention: Examination) -> tuple[Numbers, Doubles]:
    """For each strategy of the decider what `WITHOUT` counts, and `WITHOUT_SUMS` sum: (strategies, …) each."""
    count = len(decider.engine.strategies)
    counts, sums = np.zeros((count, len(WITHOUT)), np.int64), np.zeros((count, len(WITHOUT_SUMS)))
    verdicts, owner = look.decided.verdicts, look.requests.owner
    entries = np.repeat(np.arange(len(owner)), np.diff(verdicts.fired_offsets))
    order = np.argsort(verdicts.fired, kind="stable")
    numbers, starts = np.unique(verdicts.fired[order], return_index=True)
    spelt = np.array(look.requests.spelt, object)
    for number, mine in zip(numbers.tolist(), np.split(order, starts[1:]) if len(numbers) else (), strict=True):
        rows = np.unique(owner[entries[mine]])
        counts[number, 0] = len(rows)
        if verdicts.acts[mine].any():
            counts[number, 1:], sums[number] = _without(look, number, rows, spelt, decider, attention)
    return counts, sums


def _without(
    look: CloseLook, number: int, rows: Numbers, spelt: npt.NDArray[np.object_], decider: ManyDecider,
    attention: Examination,
) -> tuple[list[int], list[float]]:  # fmt: skip
    """What one strategy that acts in these requests makes of them."""
    places, starts = _places(look.requests, rows)
    then = verdicts_at(look.decided.verdicts, places)
    now = without(then, number, decider.book)
    alone = int(((then.excluded_by == number) & (now.excluded_by < 0)).sum())
    requests = Requests(
        {}, starts, look.requests.kinds, look.requests.kind[places], look.requests.ids.slice(0, len(places)),
        look.requests.scores[places], spelt[places].tolist(),
    )  # fmt: skip
    found = decider.placed(requests, now, {cap: codes[places] for cap, codes in look.keys.items()})
    rank = look.decided.rank_after[places]
    differs = found.rank_after != rank
    if not differs.any():
        return [0, alone, 0, 0], [0.0]
    inside = requests.owner
    shown = (found.rank_after > look.first[rows][inside]) & (found.rank_after <= look.last[rows][inside])
    was_shown, light = look.shown[places], look.light[places]
    before = attention.of_places(light, np.where(was_shown, rank, 0))
    after = attention.of_places(light, np.where(shown, found.rank_after, 0))
    return [
        len(np.unique(inside[differs])), alone, int((shown & ~was_shown).sum()),
        int(look.clicks[places][was_shown & ~shown].sum()),
    ], [float(np.abs(after - before).sum()) / 2]  # fmt: skip


def pairs(verdicts: Verdicts, count: int) -> Numbers:
    """How many candidates each two of so many strategies fire for together: int64 (count, count), the upper half."""
    owners = np.repeat(np.arange(len(verdicts)), np.diff(verdicts.fired_offsets))
    fired = verdicts.fired.astype(np.int64)
    found = np.zeros(count * count, np.int64)
    longest = int(np.diff(verdicts.fired_offsets).max(initial=0))
    for apart in range(1, longest):
        same = owners[apart:] == owners[:-apart]
        np.add.at(found, (fired[:-apart] * count + fired[apart:])[same], 1)
    return found.reshape(count, count)
